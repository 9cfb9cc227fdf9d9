"""Views of a whole dataset: a random sample, its classes, its pixels, its table."""

import numpy as np
import pandas as pd
import streamlit as st
from plotly.graph_objects import Figure

from digitlab.config import TrainingConfig
from digitlab.datasets import Dataset
from digitlab.domains import Choice, declared
from digitlab.network import PixelStatistics
from digitlab.plots import CONFIG, class_counts, mean_digits, pixel_histogram
from digitlab.preprocessing import normalized, pixel_statistics
from pages.ui.browse import rows_of
from pages.ui.gallery import gallery
from pages.ui.one_digit import digit_in_words, show_digit

NORMALIZATIONS = next(
    p.domain.options
    for p in declared(TrainingConfig)
    if p.name == "normalization" and isinstance(p.domain, Choice)
)
SEED = "explore_seed"
TABLE_ROWS = 10
HISTOGRAM_DIGITS = 2_000


@st.cache_data(max_entries=8, show_spinner="Averaging the digits …")
def mean_figure(content_hash: str, part: str, _digits: Dataset) -> Figure:
    """Drawn once for each content and part."""
    rows = rows_of(_digits, part)
    return mean_digits(_digits.images[rows[0] : rows[-1] + 1], _digits.labels[rows])


@st.cache_data(max_entries=8, show_spinner="Counting the pixels …")
def training_pixels(content_hash: str, _digits: Dataset) -> PixelStatistics:
    """Of the training part, once for each content."""
    return pixel_statistics(_digits.images[: _digits.train_count])


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
        picked = gallery(
            digits.images[shown],
            shown,
            [str(label) for label in digits.labels[shown]],
            [digit_in_words(digits, index) for index in shown],
            key="explore_sample",
            label="Random digits with their labels",
            columns=side,
        )
    with one:
        show_digit(digits, int(shown[0]) if picked is None else picked, "explore_sampled")


def classes(digits: Dataset, part: str) -> None:
    """How many of each class, and what each looks like on average."""
    counts, means = st.columns(2, gap="large")
    parts = {name: digits.labels[rows_of(digits, name)] for name in ("training", "test")}
    counts.plotly_chart(
        class_counts({name: labels for name, labels in parts.items() if part in (name, "all")}),
        config=CONFIG,
        key="explore_counts",
        alt="How many digits of each class there are",
    )
    means.plotly_chart(
        mean_figure(digits.content_hash, part, digits),
        config=CONFIG,
        key="explore_means",
        alt="The average picture of each class",
    )


def pixels(digits: Dataset, part: str) -> None:
    """How bright pixels are before and after each normalisation."""
    how = st.segmented_control(
        "Normalisation",
        list(NORMALIZATIONS),
        default="divide",
        required=True,
        key="explore_normalization",
        bind="query-params",
        help="How pixels are scaled before they enter the network.",
    )
    images = digits.images[random_rows(digits, part, HISTOGRAM_DIGITS, seed=0)]
    after = normalized(images, how, training_pixels(digits.content_hash, digits))
    st.plotly_chart(
        pixel_histogram({"before": images, f"after: {how}": after}),
        config=CONFIG,
        key="explore_histogram",
        alt=f"Brightness of pixels before and after the normalisation {how}",
    )
    st.caption(f"{how}: {NORMALIZATIONS[how]}. Counted on {len(images):,} random digits.")


def table(digits: Dataset, part: str) -> None:
    """A random sample as the table that machine-learning tutorials begin with."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        rows = random_rows(digits, part, TABLE_ROWS, pick_seed())
    names = [f"pixel{number}" for number in range(1, 785)]
    frame = pd.DataFrame(digits.images[rows].reshape(-1, 784), rows, names)
    frame["class"] = digits.labels[rows]
    st.dataframe(
        frame,
        column_config={"class": st.column_config.NumberColumn(pinned=True)},
        alt="Pixel values and class of ten random digits",
    )
    st.caption(
        "One digit a row: pixel1 to pixel784 from left to right, top to bottom (0 black, 255 "
        "white), and the class. The edges are empty: scroll to the middle to meet the ink."
    )
