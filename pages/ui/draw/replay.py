"""The drawing once more, from the first drop of ink to the last, and what was believed."""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import numpy as np
import streamlit as st

from digitlab.errors import BlankImageError
from digitlab.plots import CONFIG, belief_curves
from digitlab.preprocessing import SIDE, preprocess
from digitlab.replay import PenStroke, flips, pen_strokes, picture, until
from pages.ui.draw.canvas import SIDE as CANVAS
from pages.ui.draw.reading import Reader

MOMENTS = 40
SHARES = np.arange(1, MOMENTS + 1) / MOMENTS
BEGUN = "draw_replayed"


def show_replay(drawing: Mapping[str, Any], image: np.ndarray, by: Reader) -> None:
    """A slider over the ink, the drawing so far, and the ten probabilities over all of it.

    Args:
        drawing: the canvas's objects.
        image: uint8 (28, 28): what the network saw of the whole drawing, and of its last moment.
        by: who reads.
    """
    strokes = pen_strokes(drawing)
    images, inked = _moments_once(drawing, strokes)
    read = np.zeros((MOMENTS, 10), np.float32)
    read[inked] = by.read(images[inked])
    read[-1] = by.read(image[None])[0]
    percent = st.slider(
        "Ink drawn, in per cent",
        100 // MOMENTS,
        100,
        100,
        key="draw_moment",
        help="The canvas tells the order and the way of your strokes, not how fast they were: time "
        "is measured in ink here.",
    )
    now = max(0, min(MOMENTS - 1, round(percent / 100 * MOMENTS) - 1))
    so_far, curves = st.columns([CANVAS, 620], gap="medium")
    with so_far:
        words, more = by.in_words(read[now]) if read[now].any() else ("Nothing yet", "")
        st.image(
            picture(until(strokes, SHARES[now]), CANVAS),
            output_format="PNG",
            alt=f"The drawing with {percent} % of its ink",
        )
        st.markdown(f"**{words}**")
        st.caption(more)
    with curves:
        changes = flips(read)
        st.plotly_chart(
            belief_curves(SHARES, read, changes, now, by.class_names),
            config=CONFIG,
            key="draw_belief",
            alt=f"How sure it was as the ink came; belief changed {len(changes)} times",
        )
        st.caption("Dotted: from here on it reads what stands above, ? for no digit.")


def _moments_once(
    drawing: Mapping[str, Any], strokes: tuple[PenStroke, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """What the network sees at each moment; the session keeps that of the last drawing.

    Returns:
        uint8 (MOMENTS, 28, 28), and bool (MOMENTS,): whether there was anything to see.
    """
    content = sha256(json.dumps(drawing).encode()).digest()
    if BEGUN not in st.session_state or st.session_state[BEGUN][0] != content:
        images = np.zeros((MOMENTS, SIDE, SIDE), np.uint8)
        inked = np.zeros(MOMENTS, bool)
        for moment, share in enumerate(SHARES):
            try:
                images[moment] = preprocess(picture(until(strokes, share), CANVAS)).image
                inked[moment] = True
            except BlankImageError:
                continue
        st.session_state[BEGUN] = content, images, inked
    return st.session_state[BEGUN][1:]
