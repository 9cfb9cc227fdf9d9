"""How much ink digits have and how bright it is: two bar charts and two sliders that filter."""

import numpy as np
import streamlit as st

from digitlab.datasets import Dataset
from digitlab.plots import CONFIG, range_bars
from pages.ui.choices import clicked
from pages.ui.explore.filters import (
    ALL_BRIGHTNESS,
    ALL_INK,
    BRIGHTNESS,
    INK,
    measured_ink,
    rows_of,
)

INK_STEP, BRIGHTNESS_STEP = 2, 15
"""Width of a bar: per cent, and steps of brightness."""


def pick_ink(digits: Dataset, part: str, label: str) -> None:
    """The two ranges, folded away; nothing is measured or drawn before they are opened."""
    with st.popover(
        "Ink and brightness", icon=":material/tune:", key="explore_ink_open", on_change="rerun"
    ) as box:
        if box.open:
            rows = rows_of(digits, part, label)
            ink = measured_ink(digits.content_hash, digits)
            _bars(
                100 * ink.amount[rows], INK, ALL_INK, INK_STEP, "How much ink they have", " % ink"
            )
        st.slider(
            "Ink (% of the pixels)",
            *ALL_INK,
            ALL_INK,
            key=INK,
            bind="query-params",
            help="How many of a picture's 784 pixels are not black. Of MNIST's digits half have "
            "between 16 and 22 %.",
        )
        if box.open:
            _bars(
                ink.brightness[rows],
                BRIGHTNESS,
                ALL_BRIGHTNESS,
                BRIGHTNESS_STEP,
                "How bright it is",
                "",
            )
        st.slider(
            "Brightness of the ink",
            *ALL_BRIGHTNESS,
            ALL_BRIGHTNESS,
            key=BRIGHTNESS,
            bind="query-params",
            help="The mean value of the pixels that are not black, at most 255.",
        )


def _bars(
    values: np.ndarray, slider: str, everything: tuple[int, int], step: int, title: str, unit: str
) -> None:
    """The bars of one measure; a click sets the slider to the range of a bar, the same bar again
    opens it."""
    chosen = tuple(st.session_state.get(slider, everything))
    key = f"{slider}_bars_{chosen[0]}_{chosen[1]}"  # a new chart: the same bar can be clicked again

    def take() -> None:
        ends = clicked(key)
        if ends is not None:
            st.session_state[slider] = everything if tuple(ends) == chosen else tuple(ends)

    st.plotly_chart(
        range_bars(values, step, chosen, title, unit),
        config=CONFIG,
        key=key,
        on_select=take,
        selection_mode="points",
        alt=f"{title}: how often each range occurs",
    )
