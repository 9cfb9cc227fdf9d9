"""The road from the picture to the network, step by step; each step can be left out."""

import html

import numpy as np
import streamlit as st

from digitlab.errors import BlankImageError
from digitlab.preprocessing import ROAD, SIDE, Preprocessed, as_input, preprocess
from pages.ui.draw.reading import Reader
from pages.ui.pictures import THUMBNAIL, embedded, thumbnail

STEPS = "draw_steps"
DIVIDE = "divide"
TITLES = {key: title for key, (title, _) in ROAD.items()} | {DIVIDE: "Divided by 255"}
"""What can be left out. The last is the network's own first layer: fed pixels 255 times as large,
it hands on what it would have been given without it."""


def show_road(seen: Preprocessed, whole: np.ndarray, by: Reader) -> None:
    """The stages as pictures, each with what would be read if the road ended there.

    Args:
        seen: the picture, and every step it took.
        whole: float (10,): what is read with every step.
        by: who reads.
    """
    switches = [key for key in TITLES if key != DIVIDE or by.divides]
    taken = st.pills(
        "Leave a step out and see what it is for",
        [TITLES[key] for key in switches],
        selection_mode="multi",
        default=[TITLES[key] for key in switches],
        key=f"{STEPS}_{len(switches)}",  # other networks, other steps
        persist_state="session",
    )
    left_out = {key for key in switches if TITLES[key] not in taken}
    pictures, words = _walk(seen, left_out, by)
    stages = zip(["raw", *switches], pictures, words, strict=False)
    st.html(_row([_stage(key, picture, read, key in left_out) for key, picture, read in stages]))
    st.caption(
        "Under each picture: what the network would read if the road ended there; no digit where "
        "it is sure of none, as where ink fills the picture more than it ever saw."
    )
    if left_out:
        missing = ", ".join(f"“{TITLES[key]}”" for key in switches if key in left_out)
        st.markdown(f"With every step: **{by.guess(whole)}**. Without {missing}: **{words[-1]}**.")


def _walk(
    whole: Preprocessed, left_out: set[str], by: Reader
) -> tuple[list[np.ndarray], list[str]]:
    """The picture at each stage, uint8 (h, w), and what is read there."""
    steps = frozenset(left_out - {DIVIDE})
    try:
        seen = preprocess(whole.stages[0].image, steps) if steps else whole
    except BlankImageError:
        nothing = np.zeros((SIDE, SIDE), np.uint8)
        return [nothing] * (len(TITLES) + 1), ["nothing left to read"] * (len(TITLES) + 1)
    pictures = [*(stage.image for stage in seen.stages), seen.image]
    read = by.read(np.stack([as_input(picture) for picture in pictures]))
    if DIVIDE in left_out:
        read[-1] = by.read(seen.image[None].astype(np.float32) * 255)[0]
    return pictures, [by.guess(row) for row in read]


def _row(stages: list[str]) -> str:
    """All of them as one text: as a picture, a switch and two lines each they were 28 messages."""
    return (
        '<div role="list" style="display:flex;flex-wrap:wrap;gap:16px 10px;font-size:14px;'
        f'line-height:1.3">{"".join(stages)}</div>'
    )


def _stage(key: str, picture: np.ndarray, words: str, is_left_out: bool) -> str:
    """One picture with its title and what is read there; struck out where it is left out."""
    title = html.escape(TITLES.get(key, "As it came"))
    shown = f"<s>{title}</s> (left out)" if is_left_out else title
    return (
        f'<div role="listitem" style="width:{THUMBNAIL}px">'
        f'<img src="{embedded(thumbnail(picture))}" alt="" '
        f'width="{THUMBNAIL}" height="{THUMBNAIL}" style="border-radius:8px">'
        f'<div style="margin:4px 0;min-height:2.6em">{shown}</div>'
        f"<b>{html.escape(words)}</b></div>"
    )
