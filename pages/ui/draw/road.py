"""The road from the picture to the network, step by step, with a switch that leaves a step out."""

import numpy as np
import streamlit as st

from digitlab.errors import BlankImageError
from digitlab.preprocessing import ROAD, SIDE, as_input, preprocess
from pages.ui.draw.reading import Reader
from pages.ui.pictures import THUMBNAIL, embedded, thumbnail

DIVIDE = "divide"
TITLES = {key: title for key, (title, _) in ROAD.items()} | {DIVIDE: "Divided by 255"}
"""What can be left out. The last is the network's own first layer: fed pixels 255 times as large,
it hands on what it would have been given without it."""


def show_road(pixels: np.ndarray, whole: np.ndarray, by: Reader) -> None:
    """The stages as pictures, each with what would be read if the road ended there.

    Args:
        pixels: uint8 (h, w): the picture as it came.
        whole: float (10,): what is read with every step.
        by: who reads.
    """
    st.caption(
        "Under each picture: what the network would read if the road ended there. Leave a step out "
        "and see what it is for."
    )
    switches = [key for key in TITLES if key != DIVIDE or by.divides]
    left_out = {key for key in switches if not st.session_state.get(_switch(key), True)}
    pictures, words = _walk(pixels, left_out, by)
    with st.container(horizontal=True, gap="small"):
        for key, picture, read in zip(["raw", *switches], pictures, words, strict=False):
            _show_stage(key, picture, read)
    if left_out:
        missing = ", ".join(f"“{TITLES[key]}”" for key in switches if key in left_out)
        st.markdown(f"With every step: **{by.guess(whole)}**. Without {missing}: **{words[-1]}**.")


def _walk(pixels: np.ndarray, left_out: set[str], by: Reader) -> tuple[list[np.ndarray], list[str]]:
    """The picture at each stage, uint8 (h, w), and what is read there."""
    try:
        seen = preprocess(pixels, frozenset(left_out - {DIVIDE}))
    except BlankImageError:
        nothing = np.zeros((SIDE, SIDE), np.uint8)
        return [nothing] * (len(TITLES) + 1), ["nothing left to read"] * (len(TITLES) + 1)
    pictures = [*(stage.image for stage in seen.stages), seen.image]
    read = by.read(np.stack([as_input(picture) for picture in pictures]))
    if DIVIDE in left_out:
        read[-1] = by.read(seen.image[None].astype(np.float32) * 255)[0]
    return pictures, [by.guess(row) for row in read]


def _show_stage(key: str, picture: np.ndarray, words: str) -> None:
    title = TITLES.get(key, "As it came")
    with st.container(width=THUMBNAIL, gap="xsmall"):
        st.image(embedded(thumbnail(picture)), alt=f"{title}: {words}")
        if key in TITLES:
            st.toggle(title, value=True, key=_switch(key), persist_state="session")
        else:
            st.markdown(title)
        st.caption(words)


def _switch(key: str) -> str:
    return f"draw_step_{key}"
