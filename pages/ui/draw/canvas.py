"""The drawing canvas: white ink on black, with undo, and a drawing that survives other pages."""

import json
from dataclasses import dataclass
from typing import Any

import streamlit as st
from streamlit_drawable_canvas import st_canvas

from digitlab.errors import InputError
from digitlab.pictures import longest_data_url

SIDE = 280
"""Side of the canvas in pixels: ten for each of the network's 28."""

LONGEST_HISTORY = 50
LONGEST_STROKES = 200_000
"""Of Fabric.js's objects as JSON: some hundred times what one digit takes."""

HISTORY = "draw_history"
MOUNT = "draw_mount"
GIVEN = "draw_given"


@dataclass(frozen=True)
class Drawing:
    """What the canvas sent after a stroke: Fabric.js's objects, and a PNG as data URL."""

    strokes: dict[str, Any]
    picture: str


def drawing_canvas(stroke_width: int) -> Drawing | None:
    """Shows the canvas and returns what is drawn on it; None if that is nothing.

    The canvas forgets its strokes when it leaves the screen. A fresh one, whose key the session
    does not hold yet, is therefore given the last drawing; the gift stays the same until the next
    fresh one, since the canvas starts over whenever it changes.
    """
    state = st.session_state
    history: list[Drawing] = state.setdefault(HISTORY, [])
    key = canvas_key(state.setdefault(MOUNT, 0))
    if key not in state:
        state[GIVEN] = history[-1].strokes if history else None
    st_canvas(
        width=SIDE,
        height=SIDE,
        stroke_width=stroke_width,
        stroke_color="#ffffff",
        background_color="#000000",
        initial_drawing=state.get(GIVEN),
        return_image_data=True,
        key=key,
    )
    sent = (state.get(key) or {}).get("drawing") or {}
    if sent.get("data") and (not history or history[-1].picture != sent["data"]):
        history.append(_checked(sent))
        del history[:-LONGEST_HISTORY]
    return history[-1] if history and history[-1].strokes.get("objects") else None


def _checked(sent: dict[str, Any]) -> Drawing:
    """What the browser sent, if it is small enough to be kept; what it shows is checked later.

    Raises:
        InputError: for what no canvas of ours would have sent.
    """
    strokes, picture = sent.get("raw"), sent["data"]
    if not (isinstance(strokes, dict) and isinstance(picture, str)):
        raise InputError("The drawing must arrive as strokes and a PNG data URL.")
    if max(len(picture) - longest_data_url(SIDE), len(json.dumps(strokes)) - LONGEST_STROKES) > 0:
        raise InputError("The drawing is too large to be kept: clear it and draw one digit.")
    return Drawing(strokes, picture)


def canvas_key(mount: int) -> str:
    """The canvas's key; another number mounts a fresh canvas."""
    return f"draw_canvas_{mount}"


def clear() -> None:
    """Starts over with an empty canvas."""
    st.session_state[HISTORY] = []
    st.session_state[MOUNT] += 1


def undo() -> None:
    """Takes the last stroke back; a second click, before the first was answered, may find none."""
    if not st.session_state.get(HISTORY):
        return
    st.session_state[HISTORY].pop()
    st.session_state[MOUNT] += 1
