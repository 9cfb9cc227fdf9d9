"""The drawing canvas: white ink on black, with undo; it survives other pages and reloads."""

from contextlib import suppress
from functools import partial
from typing import Any

import streamlit as st
from streamlit_drawable_canvas import st_canvas

from digitlab.errors import InputError
from pages.ui.draw.memory import keep_in_tab
from pages.ui.draw.sent import LONGEST_HISTORY, SIDE, Drawing, Paper, checked, remembered

MOUNT = "draw_mount"
PLACE = "draw_place"
GIVEN = "draw_given"


def drawing_canvas(stroke_width: int, paper: Paper) -> Drawing | None:
    """Shows the canvas and returns what is drawn on it; None if that is nothing.

    The canvas forgets its strokes when it leaves the screen. A fresh one, whose key the session
    does not hold yet, is therefore given the paper's last drawing; the gift stays the same until
    the next fresh one, since the canvas starts over whenever it changes. Another paper is a fresh
    one: the browser would mount the old one anew there, without its strokes, and the session not
    notice.

    Args:
        stroke_width: in pixels.
        paper: where there is less room than its width it is shown smaller.
    """
    state = st.session_state
    mount = state.setdefault(MOUNT, 0)
    if state.setdefault(PLACE, paper.place) != paper.place:
        state[PLACE] = paper.place
        mount = state[MOUNT] = mount + 1
    key, history = canvas_key(mount), state.get(history_key(paper))
    if key not in state:
        state[GIVEN] = history[-1].strokes if history else None
    with st.container(gap=None):
        st_canvas(
            width=paper.width,
            height=SIDE,
            stroke_width=stroke_width,
            stroke_color="#ffffff",
            background_color="#000000",
            initial_drawing=state.get(GIVEN),
            return_image_data=True,
            key=key,
        )
        drawing = latest_drawing(paper)
        keep_in_tab(key, paper.place, state.get(history_key(paper)), partial(_recall, paper))
    return drawing


def latest_drawing(paper: Paper) -> Drawing | None:
    """What is drawn on the canvas by what it last sent; None if that is nothing.

    A callback that needs it asks here: it runs before the canvas is drawn again.

    Args:
        paper: the one that is on the screen.

    Raises:
        InputError: for what no canvas of ours would have sent.
    """
    state = st.session_state
    history: list[Drawing] = state.get(history_key(paper), [])
    sent = (state.get(canvas_key(state.setdefault(MOUNT, 0))) or {}).get("drawing") or {}
    if sent.get("data") and (not history or history[-1].picture != sent["data"]):
        history = [*history, checked(sent, paper)][-LONGEST_HISTORY:]
        state[history_key(paper)] = history
    return history[-1] if history and history[-1].strokes.get("objects") else None


def _recall(paper: Paper, kept: Any) -> None:
    """Goes on from what the browser's tab has kept."""
    if history_key(paper) in st.session_state:  # drawn on since it was asked
        return
    st.session_state[history_key(paper)] = remembered(kept, paper)
    st.session_state[MOUNT] += 1


def history_key(paper: Paper) -> str:
    """Where the session holds what was drawn on a paper, stroke by stroke: a list of `Drawing`."""
    return f"draw_history_{paper.place}"


def canvas_key(mount: int) -> str:
    """The canvas's key; another number mounts a fresh canvas."""
    return f"draw_canvas_{mount}"


def clear(paper: Paper) -> None:
    """Starts over with an empty canvas, whether one was shown before or not, and no way back."""
    st.session_state[history_key(paper)] = []
    st.session_state[MOUNT] = st.session_state.get(MOUNT, 0) + 1


def wipe(paper: Paper) -> None:
    """Empties the canvas; undo brings back what was on it."""
    history = _history_now(paper)
    if history and history[-1].strokes.get("objects"):
        # The tab's memory tells drawings apart by their pictures.
        empty = Drawing({"objects": []}, f"wiped after {len(history)}")
        st.session_state[history_key(paper)] = [*history, empty][-LONGEST_HISTORY:]
    st.session_state[MOUNT] += 1


def undo(paper: Paper) -> None:
    """Takes the last stroke back, or what wiped it off; a second click, before the first was
    answered, may find none."""
    history = _history_now(paper)
    if history:
        history.pop()
        st.session_state[MOUNT] += 1


def can_undo(paper: Paper) -> bool:
    """Whether anything was drawn."""
    return bool(st.session_state.get(history_key(paper)))


def _history_now(paper: Paper) -> list[Drawing]:
    """What was drawn, the stroke included that came together with a click."""
    with suppress(InputError):
        latest_drawing(paper)
    history: list[Drawing] = st.session_state.setdefault(history_key(paper), [])
    return history
