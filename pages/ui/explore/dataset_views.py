"""Views of some digits at random: a grid of them, and the table that they are."""

import numpy as np
import streamlit as st

from digitlab.datasets import Dataset
from pages.ui.explore.filters import rows_of
from pages.ui.explore.many_digits import digit_gallery
from pages.ui.explore.one_digit import show_digit, table_of
from pages.ui.frame import guard

SEED = "explore_seed"
TABLE_ROWS = 10


def pick_seed() -> int:
    """The seed of a sample and its button, side by side in a container."""
    seed = st.number_input("Seed", 0, 99_999, 42, key=SEED, width=130, bind="query-params")
    st.button("Another sample", key="explore_again", icon=":material/casino:", on_click=_again)
    return seed


def random_rows(digits: Dataset, part: str, count: int, seed: int) -> np.ndarray:
    """Rows of a part, at most `count`, each once: int64 (k,). The same seed, the same rows."""
    rows = rows_of(digits, part)
    return np.random.default_rng(seed).choice(rows, min(count, len(rows)), replace=False)


def _again() -> None:
    st.session_state[SEED] = (st.session_state[SEED] + 1) % 100_000


@st.fragment
@guard()
def sample(digits: Dataset, part: str) -> None:
    """A 3×3 or 5×5 grid of random digits with their labels."""
    many, one = st.columns(2, gap="large")
    with many:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            size = st.segmented_control(
                "Grid",
                ["3×3", "5×5"],
                default="5×5",
                required=True,
                key="explore_grid",
                persist_state="session",
            )
            seed = pick_seed()
        side = 3 if size == "3×3" else 5
        shown = random_rows(digits, part, side * side, seed)
        label = f"Random {digits.noun}s with their labels"
        picked = digit_gallery(digits, shown, "explore_sample", label, columns=side)
    with one:
        show_digit(digits, int(shown[0]) if picked is None else picked, "explore_sampled")


@st.fragment
@guard()
def table(digits: Dataset, part: str) -> None:
    """A random sample as the table that machine-learning tutorials begin with."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        rows = random_rows(digits, part, TABLE_ROWS, pick_seed())
    st.dataframe(
        table_of(digits, rows),
        column_config={"class": st.column_config.NumberColumn(pinned=True)},
        alt=f"Pixel values and class of ten random {digits.noun}s",
    )
    st.caption(
        f"One {digits.noun} a row: pixel1 to pixel784 from left to right, top to bottom (0 black, "
        "255 white), and the class. The edges are empty: scroll to the middle to meet the ink."
    )
