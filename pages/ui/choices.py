"""What a visitor picks: a class from a list, a point of a chart.

A list of classes holds what they are called. What stands in a list stands in the URL too, so it has
no `format_func`. And another dataset has other classes: a choice that is left over from one is
taken back before its widget is drawn.
"""

from collections.abc import Sequence
from typing import Any

import streamlit as st

ANY = "any"


def any_or(class_names: Sequence[str]) -> tuple[str, ...]:
    """The options of a list where one class can be chosen, or all of them."""
    return ANY, *class_names


def keep_known(key: str, options: Sequence[str], otherwise: str | None) -> None:
    """Takes back the choice of widget `key` if it is none of its options any more."""
    if st.session_state.get(key, otherwise) not in (*options, otherwise):
        st.session_state[key] = otherwise


def number_of(chosen: str, class_names: Sequence[str]) -> int | None:
    """The label of the chosen class; None for all of them."""
    return None if chosen == ANY else class_names.index(chosen)


def clicked(key: str) -> Any:
    """The customdata of the point of chart `key` that was clicked; None if it was let go."""
    points = st.session_state[key]["selection"]["points"]
    return points[0]["customdata"] if points else None
