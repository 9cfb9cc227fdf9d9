"""The way back: a page that was left keeps its choices in the browser's history; and the way on:
the next page begins at its top."""

from pathlib import Path

import streamlit as st

_COMPONENT = st.components.v2.component(
    "digitlab_history",
    html="<span></span>",
    js=Path(__file__).with_name("history.js").read_text(encoding="utf-8"),
)


def keep_the_way_back() -> None:
    """Draws nothing; its script works from then on, on every page: see `history.js`."""
    _COMPONENT(key="frame_history")
