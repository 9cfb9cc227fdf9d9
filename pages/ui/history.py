"""The way back: a page that was left keeps its choices in the browser's history; and the way on:
the next page begins at its top, and what a button leads to is brought into sight."""

import time
from pathlib import Path

import streamlit as st

_COMPONENT = st.components.v2.component(
    "digitlab_history",
    html="<span></span>",
    js=Path(__file__).with_name("history.js").read_text(encoding="utf-8"),
)

WISH = "frame_sight"


def keep_the_way_back() -> None:
    """Draws nothing; its script works from then on, on every page: see `history.js`.

    To be called at the page's end: what is to be brought into sight is there by then.
    """
    _COMPONENT(key="frame_history", data=st.session_state.get(WISH))


def bring_into_sight(key: str) -> None:
    """Scrolls to what has this key as the page is next drawn, or to the top where nothing has."""
    st.session_state[WISH] = {"key": key, "wished": time.time()}
