"""How a digit was read: the sentence, the ten probabilities, what the network saw, and the road."""

import numpy as np
import streamlit as st

from digitlab.evaluation import sureness_in_words
from digitlab.plots import CONFIG, probability_bars
from digitlab.preprocessing import SIDE, Stage
from pages.ui.answers import a
from pages.ui.gallery import enlarge
from pages.ui.pictures import THUMBNAIL, thumbnail

BLANK = np.zeros((SIDE, SIDE), np.uint8)
"""What the network sees before there is anything to see."""

SIGHT = 8 * SIDE
"""Width of the picture of what the network sees, in screen pixels: eight for each of its own."""


def reading_in_words(probabilities: np.ndarray) -> tuple[str, str]:
    """'I read a 7 · 98 % sure', and 'Next guess: a 1 · 2 %'.

    Args:
        probabilities: float (10,).
    """
    first, second = (int(digit) for digit in np.argsort(-probabilities)[:2])
    sure, chance = (sureness_in_words(float(probabilities[digit])) for digit in (first, second))
    return f"I read {a(first)} · {sure} sure", f"Next guess: {a(second)} · {chance}"


def show_probabilities(probabilities: np.ndarray) -> None:
    """The ten bars: float (10,)."""
    st.plotly_chart(probability_bars(probabilities), config=CONFIG, key="draw_probabilities")


def show_input(image: np.ndarray) -> None:
    """What the network sees: uint8 (28, 28)."""
    caption = "What the network sees: 28×28 pixels"
    st.image(enlarge(image, SIGHT // SIDE), caption, output_format="PNG", alt=caption)


def show_stages(stages: tuple[Stage, ...]) -> None:
    """The road from the drawing to the network, a small picture a stage."""
    st.subheader("How it got there", anchor=False)
    with st.container(horizontal=True, gap="small"):
        for number, stage in enumerate(stages, 1):
            caption = f"{number}. {stage.title}"
            st.image(thumbnail(stage.image), caption, THUMBNAIL, output_format="PNG", alt=caption)
