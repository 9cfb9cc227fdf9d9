"""Browsing a dataset: a filtered, paged gallery, and one digit of it large."""

import numpy as np
import streamlit as st

from digitlab.datasets import Dataset
from pages.ui import cache
from pages.ui.choices import ANY
from pages.ui.dataset_picker import title_of
from pages.ui.explore.filters import LABEL, PART, Filter, open_to, pick_label
from pages.ui.explore.ink import pick_ink
from pages.ui.explore.many_digits import digit_gallery
from pages.ui.explore.one_digit import is_wide, show_digit
from pages.ui.frame import guard
from pages.ui.gallery import PAGE_SIZE, paged, picked_key

JUMP, PAGE = "explore_jump", "explore_page"
ONE = "explore_one"


@st.fragment
@guard()
def browse(digits: Dataset, part: str) -> None:
    """Reruns by itself, so that a click answers at once."""
    if st.session_state[PART] != part:  # a jump opened the page's own filter
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        label = pick_label(digits, LABEL)
        pick_ink(digits, part, label)
    chosen = Filter.chosen()
    rows = chosen.rows(digits)
    if not len(rows):
        wanted = digits.noun if label == ANY else label
        st.info(f"No {wanted} among the {part} {digits.noun}s{chosen.in_words}.")
        return
    detail, many = st.columns([7, 5] if is_wide(ONE) else [5, 6], gap="large")
    with many:
        count = f"{len(rows):,} {digits.nouns(len(rows))}"
        st.markdown(f"{count}{chosen.in_words}. Pick one to see it large.")
        shown = paged(rows, PAGE)
        words = f"{digits.noun.capitalize()}s of {title_of(digits.name)}"
        picked = digit_gallery(digits, shown, _gallery_key(digits), words)
    with detail:
        show_digit(digits, int(shown[0]) if picked is None else picked, ONE)
        _jump(digits)


def _gallery_key(digits: Dataset) -> str:
    return f"explore_gallery_{digits.content_hash[:12]}"


def _jump(digits: Dataset) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.number_input(
            f"Go to {digits.noun}",
            0,
            len(digits) - 1,
            key=JUMP,
            width=160,
            on_change=_open,
            args=(digits.name,),
            help=f"They are numbered from 0; the test part begins at {digits.train_count:,}.",
        )
        st.button(
            "At random",
            key="explore_any",
            icon=":material/casino:",
            on_click=_open_any,
            args=(digits.name,),
        )


def _open_any(name: str) -> None:
    """Opens a digit of those that the filter lets through."""
    with guard():
        rows = Filter.chosen().rows(cache.dataset(name))
        st.session_state[JUMP] = int(np.random.default_rng().choice(rows))
        _open(name)


@guard()
def _open(name: str) -> None:
    """Picks the wanted digit and opens its page; a filter that hides it is opened.

    Takes the dataset's name: Streamlit keeps a widget's callback, which must not hold the digits.
    """
    state, digits = st.session_state, cache.dataset(name)
    index = state[JUMP]
    open_to(index, digits)
    rows = Filter.chosen().rows(digits)
    pages = -(-len(rows) // PAGE_SIZE)
    state[picked_key(_gallery_key(digits))] = index
    if pages > 1:
        state[f"{PAGE}_{pages}"] = int(np.searchsorted(rows, index)) // PAGE_SIZE + 1
