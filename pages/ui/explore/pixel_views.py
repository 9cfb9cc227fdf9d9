"""The pixels of a dataset: how bright, before and after normalisation; which are used."""

import numpy as np
import streamlit as st
from plotly.graph_objects import Figure

from digitlab.config import TrainingConfig
from digitlab.datasets import Dataset
from digitlab.domains import Choice, declared
from digitlab.network import SIDE, PixelStatistics
from digitlab.pixels import with_brightness
from digitlab.plots import CONFIG, pixel_histogram, used_pixels
from digitlab.preprocessing import normalized, pixel_statistics
from pages.ui.choices import clicked
from pages.ui.explore.dataset_views import random_rows
from pages.ui.explore.filters import rows_of
from pages.ui.explore.many_digits import digit_gallery
from pages.ui.frame import guard
from pages.ui.gallery import paged

NORMALIZATION = next(p for p in declared(TrainingConfig) if p.name == "normalization")
HISTOGRAM_DIGITS = 2_000
HISTOGRAM, BRIGHTNESS = "explore_histogram", "explore_histogram_bar"
USED, ROW, COLUMN = "explore_used", "explore_pixel_row", "explore_pixel_column"


@st.cache_data(max_entries=8, show_spinner="Counting the pixels …")
def training_pixels(content_hash: str, _digits: Dataset) -> PixelStatistics:
    """Of the training part, once for each content."""
    return pixel_statistics(_digits.images[: _digits.train_count])


@st.cache_data(max_entries=8, show_spinner="Counting the pixels …")
def used_figure(content_hash: str, part: str, _digits: Dataset) -> Figure:
    """Drawn once for each content and part."""
    rows = rows_of(_digits, part)
    return used_pixels(_digits.images[rows[0] : rows[-1] + 1], _digits.noun)


@st.cache_data(max_entries=8, show_spinner="Counting the pixels …")
def bright_rows(content_hash: str, part: str, low: int, high: int, _digits: Dataset) -> np.ndarray:
    """The rows of a part that have pixels from `low` to `high`, those with most first: int64."""
    rows = rows_of(_digits, part)
    return rows[with_brightness(_digits.images[rows[0] : rows[-1] + 1], low, high)]


@st.fragment
@guard()
def pixels(digits: Dataset, part: str) -> None:
    """How bright pixels are, and which of them no digit uses."""
    if not len(rows_of(digits, part)):
        st.info(f"There are no {part} {digits.noun}s.")
        return
    brightness, use = st.columns([6, 5], gap="large")
    with brightness:
        _histogram(digits, part)
    with use:
        _use(digits, part)


def _histogram(digits: Dataset, part: str) -> None:
    assert isinstance(NORMALIZATION.domain, Choice)
    ways = NORMALIZATION.domain.options
    how = st.segmented_control(
        NORMALIZATION.label,
        list(ways),
        default="divide",
        required=True,
        key="explore_normalization",
        bind="query-params",
        help=NORMALIZATION.help,
    )
    images = digits.images[random_rows(digits, part, HISTOGRAM_DIGITS, seed=0)]
    after = normalized(images, how, training_pixels(digits.content_hash, digits))
    chosen = st.session_state.get(BRIGHTNESS)
    key = f"{HISTOGRAM}_{chosen}"  # a new chart, so that the same bar can be clicked again
    st.plotly_chart(
        pixel_histogram(images, after, how, chosen),
        config=CONFIG,
        key=key,
        on_select=lambda: _open_bar(key, chosen),
        selection_mode="points",
        alt=f"Brightness of pixels before and after the normalisation {how}",
    )
    st.caption(f"{how}: {ways[how]}. Counted on {len(images):,} random {digits.noun}s.")
    if chosen is None:
        st.caption(f"Click a bar on the left to see the {digits.noun}s with most such pixels.")
    else:
        _show_bright(digits, part, *chosen)


def _show_bright(digits: Dataset, part: str, low: int, high: int) -> None:
    rows = bright_rows(digits.content_hash, part, low, high, digits)
    what = f"pixels of {low}–{high}"
    _show_found(digits, rows, what, "those with most", f"With most {what}", "explore_bright")


def _show_found(
    digits: Dataset, rows: np.ndarray, what: str, first: str, label: str, key: str
) -> None:
    """The digits that have something, those first that have most of it."""
    if not len(rows):
        st.info(f"No {digits.noun} has {what}.")
        return
    st.markdown(f"{len(rows):,} have {what}, {first} first.")
    shown = paged(rows, f"{key}_page", size=30)
    digit_gallery(digits, shown, f"{key}_{digits.content_hash[:12]}", label)


def _open_bar(key: str, chosen: tuple[int, int] | None) -> None:
    """Takes the brightness of the clicked bar; clicked again, lets it go. Bars of normalised
    pixels, which have no brightness of their own, open nothing."""
    ends = clicked(key)
    if ends:
        st.session_state[BRIGHTNESS] = None if tuple(ends) == chosen else tuple(ends)


def _use(digits: Dataset, part: str) -> None:
    with st.container(horizontal=True):
        row, column = (
            st.number_input(name, 0, SIDE - 1, None, key=key, bind="query-params", width=110)
            for name, key in (("Row", ROW), ("Column", COLUMN))
        )
    st.plotly_chart(
        used_figure(digits.content_hash, part, digits),
        config=CONFIG,
        key=USED,
        on_select=_open_pixel,
        selection_mode="points",
        alt=f"In how many {digits.noun}s each pixel has ink",
    )
    if row is None or column is None:
        st.caption(
            f"Click a pixel, or name its row and column, to see the {digits.noun}s that use it."
        )
        return
    rows = using(digits, rows_of(digits, part), row, column)
    what = f"ink in row {row}, column {column}"
    _show_found(digits, rows, what, "the brightest", f"With {what}", "explore_using")


def using(digits: Dataset, rows: np.ndarray, row: int, column: int) -> np.ndarray:
    """Those of some rows that have ink in a pixel, the brightest there first: int64 (k,)."""
    values = digits.images[rows, row, column]
    brightest = np.argsort(-values.astype(np.int16), kind="stable")
    return rows[brightest[: np.count_nonzero(values)]]


def _open_pixel() -> None:
    """Takes the clicked pixel into the two numbers; with none selected, empties them."""
    row, column = clicked(USED) or (None, None)
    st.session_state[ROW], st.session_state[COLUMN] = row, column
