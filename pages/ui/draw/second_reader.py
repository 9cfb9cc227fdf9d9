"""The same drawing read by another network, side by side."""

import numpy as np
import streamlit as st

from digitlab.plots import CONFIG, probability_pairs
from pages.ui.cache import store
from pages.ui.draw.reading import Reader, reader
from pages.ui.frame import icon_of, page_of
from pages.ui.recogniser_picker import pick_recogniser


def show_second_reader(image: np.ndarray, probabilities: np.ndarray, first: Reader) -> None:
    """Lets a second network be chosen, and shows both answers.

    Args:
        image: uint8 (28, 28): what both see.
        probabilities: float (10,): the first one's answer.
        first: who reads above.
    """
    if not any(run.has_model for run in store().runs()):
        st.info("There is only one network yet.", icon=":material/model_training:")
        st.page_link(page_of("train"), label="Train another in a minute", icon=icon_of("train"))
        return
    choice, answers = st.columns([1, 2], gap="large")
    with choice:
        other = pick_recogniser("draw_second", newest=True)
        if other == first.name:
            st.caption("This is the network that reads above: choose another.")
            return
    second = reader(other)
    answer = second.read(image[None])[0]
    with answers:
        for by, row in ((first, probabilities), (second, answer)):
            words, more = by.in_words(row)
            st.markdown(f"**{by.name}**: {words}. {more}.")
        st.plotly_chart(
            probability_pairs({first.name: probabilities, other: answer}, first.class_names),
            config=CONFIG,
            key="draw_pairs",
            alt=f"How sure {first.name} and {other} are of each digit",
        )
