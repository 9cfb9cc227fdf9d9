"""The drawing canvas: white ink on black, with undo; it survives other pages and reloads."""

from contextlib import suppress
from typing import Any

import streamlit as st
from streamlit_drawable_canvas import st_canvas

from digitlab.errors import InputError
from pages.ui.draw.memory import keep_in_tab
from pages.ui.draw.sent import LONGEST_HISTORY, SIDE, Drawing, checked, remembered

HISTORY = "draw_history"
MOUNT = "draw_mount"
PLACE = "draw_place"
GIVEN = "draw_given"


def drawing_canvas(stroke_width: int, place: str, width: int) -> Drawing | None:
    """Shows the canvas and returns what is drawn on it; None if that is nothing.

    The canvas forgets its strokes when it leaves the screen. A fresh one, whose key the session
    does not hold yet, is therefore given the last drawing; the gift stays the same until the next
    fresh one, since the canvas starts over whenever it changes.

    Args:
        stroke_width: in pixels.
        place: where on the page it stands; another place begins with an empty canvas. The browser
            would mount the old one anew there, without its strokes, and the session not notice.
            A place has one width only.
        width: of the paper, in pixels; where there is less room it is shown smaller.
    """
    state = st.session_state
    if state.setdefault(PLACE, place) != place:
        state[PLACE] = place
        clear()
    key = canvas_key(state.setdefault(MOUNT, 0))
    if key not in state:
        state[GIVEN] = state[HISTORY][-1].strokes if state.get(HISTORY) else None
    with st.container(gap=None):
        st_canvas(
            width=width,
            height=SIDE,
            stroke_width=stroke_width,
            stroke_color="#ffffff",
            background_color="#000000",
            initial_drawing=state.get(GIVEN),
            return_image_data=True,
            key=key,
        )
        drawing = latest_drawing()
        keep_in_tab(key, place, state.get(HISTORY), _recall)
    return drawing


def latest_drawing() -> Drawing | None:
    """What is drawn on the canvas by what it last sent; None if that is nothing.

    A callback that needs it asks here: it runs before the canvas is drawn again.

    Raises:
        InputError: for what no canvas of ours would have sent.
    """
    state = st.session_state
    history: list[Drawing] = state.get(HISTORY, [])
    sent = (state.get(canvas_key(state.setdefault(MOUNT, 0))) or {}).get("drawing") or {}
    if sent.get("data") and (not history or history[-1].picture != sent["data"]):
        history = [*history, checked(sent)][-LONGEST_HISTORY:]
        state[HISTORY] = history
    return history[-1] if history and history[-1].strokes.get("objects") else None


def _recall(kept: Any) -> None:
    """Goes on from what the browser's tab has kept."""
    if HISTORY in st.session_state:  # drawn on since it was asked
        return
    st.session_state[HISTORY] = remembered(kept)
    st.session_state[MOUNT] += 1


def canvas_key(mount: int) -> str:
    """The canvas's key; another number mounts a fresh canvas."""
    return f"draw_canvas_{mount}"


def clear() -> None:
    """Starts over with an empty canvas, whether one was shown before or not."""
    st.session_state[HISTORY] = []
    st.session_state[MOUNT] = st.session_state.get(MOUNT, 0) + 1


def undo() -> None:
    """Takes the last stroke back; a second click, before the first was answered, may find none."""
    with suppress(InputError):
        latest_drawing()  # the stroke that came together with the click
    if not st.session_state.get(HISTORY):
        return
    st.session_state[HISTORY].pop()
    st.session_state[MOUNT] += 1
