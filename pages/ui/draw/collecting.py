"""Digits written one after another, as the page asks for them. No answer is shown meanwhile."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import streamlit as st

from digitlab.drawings import Drawings, drawings_of, keep_drawing, prompts, remove_drawings
from digitlab.errors import InputError
from digitlab.pictures import decode_canvas
from digitlab.preprocessing import preprocess
from pages.ui.answers import a
from pages.ui.draw.canvas import clear, latest_drawing
from pages.ui.draw.own_digits import REMOVED
from pages.ui.draw.sent import SIDE, SITTING
from pages.ui.draw.sitting import LONGEST, Sitting, put_sitting, sitting_now
from pages.ui.train.strip import strip
from pages.ui.visitor import visitor

REFUSED = "hand_refused"
COUNT = "hand_count"
COUNTS = (20, 30, 40, LONGEST)
USUAL_COUNT = 30


def offer_sitting(mine: Drawings) -> None:
    """How many digits, and the button that starts."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        count = st.segmented_control(
            "How many digits",
            COUNTS,
            default=USUAL_COUNT,
            required=True,
            key=COUNT,
            persist_state="session",
        )
        st.button(
            "Write more" if len(mine) else "Start writing",
            type="secondary" if len(mine) else "primary",
            icon=":material/draw:",
            key="hand_start",
            on_click=_start,
            args=(count,),
        )


def collect(sitting: Sitting, paper: Callable[[], object]) -> None:
    """Asks for the next digit.

    Args:
        paper: draws the canvas and its tools.
    """
    place = len(sitting.kept)
    with st.container(horizontal=True, gap="large"):
        with st.container(width=SIDE):
            with st.container(horizontal=True, vertical_alignment="center"):
                st.header(f"Write {a(sitting.prompt)}", anchor=False)
                st.button(
                    "Next",
                    type="primary",
                    icon=":material/arrow_forward:",
                    key="hand_next",
                    shortcut="N",
                    on_click=_accept,
                )
            with st.container():  # always there: the canvas would begin anew in another place
                if refused := st.session_state.pop(REFUSED, None):
                    st.warning(refused, icon=":material/draw:")
            paper()
        with st.container(width="stretch"):
            st.progress(place / len(sitting.prompts), f"{place} of {len(sitting.prompts)} written")
            with st.container(horizontal=True):
                st.button(
                    "Back one",
                    icon=":material/undo:",
                    key="hand_back",
                    disabled=not sitting.kept,
                    on_click=_back,
                    help="Takes the last digit away and asks for it again.",
                )
                st.button(
                    "Stop here",
                    icon=":material/stop:",
                    key="hand_stop",
                    on_click=_stop,
                    help="What you have written is kept, but for what is still on the paper.",
                )
            _show_written(sitting)


def _show_written(sitting: Sitting) -> None:
    mine = drawings_of(visitor())
    written = mine.only(np.isin(mine.kept_at, sitting.kept))
    if not len(written):
        st.caption(
            "Each digit is kept as you go on. Answers come at the end: they would change "
            "how you write."
        )
        return
    names = [str(label) for label in written.labels]
    strip(written.images, names, [a(name) for name in names], "hand_written", "Written so far")


def _start(count: int) -> None:
    for told in (REFUSED, REMOVED):
        st.session_state.pop(told, None)
    put_sitting(Sitting(prompts(count, np.random.default_rng())))
    clear(SITTING)


def _accept() -> None:
    """Keeps what is on the canvas and goes on to the next digit, or to the end.

    A callback, since it must see the stroke that came together with the click.
    """
    sitting = sitting_now()
    if sitting is None:  # a second click, before the first was answered
        return
    try:
        drawing = latest_drawing(SITTING)
        if drawing is None:
            raise InputError(f"The paper is empty: write {a(sitting.prompt)} on it first.")
        image = preprocess(decode_canvas(drawing.picture, SIDE, SIDE)).image
        kept = keep_drawing(visitor(), image, sitting.prompt, prompted=True)
    except InputError as error:
        st.session_state[REFUSED] = str(error)
        return
    clear(SITTING)
    if len(sitting.kept) + 1 == len(sitting.prompts):
        _stop()
    else:
        put_sitting(replace(sitting, kept=(*sitting.kept, kept)))


def _back() -> None:
    sitting = sitting_now()
    if sitting is None or not sitting.kept:
        return
    *others, last = sitting.kept
    remove_drawings(visitor(), [last])
    put_sitting(replace(sitting, kept=tuple(others)))
    clear(SITTING)


def _stop() -> None:
    put_sitting(None)
    clear(SITTING)
