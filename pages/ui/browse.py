"""Browsing a dataset: a filtered, paged gallery, and one digit of it large."""

import numpy as np
import streamlit as st

from digitlab.datasets import Dataset
from pages.ui.frame import guard
from pages.ui.gallery import PAGE_SIZE, gallery, paged, picked_key
from pages.ui.one_digit import digit_in_words, show_digit, shows_numbers

ANY = "any"
LABELS = (ANY, *"0123456789")
PARTS = ("training", "test", "all")
LABEL, PART, JUMP, PAGE = "explore_label", "explore_part", "explore_jump", "explore_page"
ONE = "explore_one"


def rows_of(digits: Dataset, part: str, label: str = ANY) -> np.ndarray:
    """The rows of a part that carry a label: int64 (k,), in file order."""
    start = digits.train_count if part == "test" else 0
    stop = digits.train_count if part == "training" else len(digits)
    rows = np.arange(start, stop)
    return rows if label == ANY else rows[digits.labels[start:stop] == int(label)]


@st.fragment
@guard()
def browse(digits: Dataset, part: str) -> None:
    """Reruns by itself, so that a click answers at once."""
    if st.session_state[PART] != part:  # a jump opened the page's own filter
        st.rerun()
    label = st.pills(
        "Which digit",
        LABELS,
        default=ANY,
        required=True,
        key=LABEL,
        bind="query-params",
    )
    rows = rows_of(digits, part, label or ANY)
    if not len(rows):
        st.info(f"No {label} among the {part} digits.")
        return
    detail, many = st.columns([7, 5] if shows_numbers(ONE) else [5, 6], gap="large")
    with many:
        picked = _gallery(digits, rows)
    with detail:
        index = int(picked[0]) if len(picked) == 1 else int(rows[0])
        show_digit(digits, index, ONE)
        _jump(digits)


def _gallery(digits: Dataset, rows: np.ndarray) -> np.ndarray:
    """One page of the digits; returns the picked one, or else the page's."""
    key = _gallery_key(digits)
    st.markdown(f"{len(rows):,} digits. Pick one to see it large.")
    shown = paged(rows, PAGE)
    picked = gallery(
        digits.images[shown],
        shown,
        [str(label) for label in digits.labels[shown]],
        [digit_in_words(digits, index) for index in shown],
        key=key,
        label=f"Digits of {digits.name}",
    )
    return shown[:1] if picked is None else np.array([picked])


def _gallery_key(digits: Dataset) -> str:
    return f"explore_gallery_{digits.content_hash[:12]}"


def _jump(digits: Dataset) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.number_input(
            "Go to digit",
            0,
            len(digits) - 1,
            key=JUMP,
            width=160,
            on_change=_open,
            args=(digits,),
            help=f"Digits are numbered from 0; the test part begins at {digits.train_count:,}.",
        )
        st.button(
            "At random",
            key="explore_any",
            icon=":material/casino:",
            on_click=_open_any,
            args=(digits,),
        )


def _open_any(digits: Dataset) -> None:
    """Opens a digit of those that the filter lets through."""
    state = st.session_state
    rows = rows_of(digits, state[PART], state[LABEL])
    state[JUMP] = int(np.random.default_rng().choice(rows))
    _open(digits)


def _open(digits: Dataset) -> None:
    """Picks the wanted digit and opens its page; a filter that hides it is opened."""
    state = st.session_state
    index = state[JUMP]
    if index not in rows_of(digits, state[PART]):
        state[PART] = "all"
    if state[LABEL] != ANY and digits.labels[index] != int(state[LABEL]):
        state[LABEL] = ANY
    rows = rows_of(digits, state[PART], state[LABEL])
    pages = -(-len(rows) // PAGE_SIZE)
    state[picked_key(_gallery_key(digits))] = index
    if pages > 1:
        state[f"{PAGE}_{pages}"] = int(np.searchsorted(rows, index)) // PAGE_SIZE + 1
