"""Digits that stand out: all are compared, in the worker; then those unlike their class."""

import numpy as np
import streamlit as st

from digitlab.datasets import Dataset
from digitlab.similarity import NEIGHBOURS, Comparison, comparison_study
from pages.ui.explore.filters import pick_label, rows_of
from pages.ui.explore.look_alikes import WHAT_LIKENESS_IS
from pages.ui.explore.many_digits import digit_gallery
from pages.ui.explore.one_digit import is_wide, show_digit
from pages.ui.explore.twins import show_twins
from pages.ui.frame import guard
from pages.ui.gallery import paged
from pages.ui.studies import results

OUTLIERS, TWINS, LEAKS = "Unlike their class", "Near-duplicates", "In training and test"
LABEL, KIND = "explore_unusual_label", "explore_unusual"
ONE = "explore_outlier"
SHOWN_OUTLIERS = 300
COSTS = {10_000: "a few seconds", 100_000: "about a minute"}
"""What a comparison of at most so many digits takes; the time grows with their square."""


@st.fragment
@guard()
def unusual(digits: Dataset, part: str) -> None:
    """All digits compared once, in the worker; then three ways to look at what came out."""
    cost = next((cost for most, cost in COSTS.items() if len(digits) <= most), "many minutes")
    found = results(
        [comparison_study(digits)],
        Comparison.from_bytes,
        f"Compare all {len(digits):,} {digits.noun}s ({cost})",
        "explore_comparison",
    )
    if found is None:
        st.caption(
            f"Every {digits.noun} is compared with every other. It shows which are unlike their "
            "class, and which are there nearly twice, perhaps in training and test."
        )
        return
    (comparison,) = found
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = st.segmented_control(
            "Show",
            [OUTLIERS, TWINS, LEAKS],
            default=OUTLIERS,
            required=True,
            key=KIND,
            wrap=True,
            bind="query-params",
        )
        label = pick_label(digits, LABEL)
    if kind == OUTLIERS:
        _outliers(digits, comparison, rows_of(digits, part, label), part)
    else:
        show_twins(digits, comparison, label, kind == LEAKS)


def _outliers(digits: Dataset, comparison: Comparison, rows: np.ndarray, part: str) -> None:
    if not len(rows):
        st.info(f"There are none among the {part} {digits.noun}s.")
        return
    rows = rows[np.argsort(comparison.kinship[rows], kind="stable")[:SHOWN_OUTLIERS]]
    detail, many = st.columns([7, 5] if is_wide(ONE) else [5, 6], gap="large")
    with many:
        whose = "" if part == "all" else f"{part} "
        st.markdown(
            f"The {len(rows)} {whose}{digits.noun}s least like others of their label, the "
            "strangest first."
        )
        shown = paged(rows, "explore_outliers_page", size=30)
        picked = digit_gallery(
            digits,
            shown,
            f"explore_outliers_{digits.content_hash[:12]}",
            f"{digits.noun.capitalize()}s unlike their class",
            [
                f"{digits.class_names[digits.labels[row]]} · {100 * comparison.kinship[row]:.0f} %"
                for row in shown
            ],
        )
        st.caption(
            f"Under each: its label, and how alike it is on average to the {NEIGHBOURS} of "
            "that label that are most like it (Angiulli & Pizzuti, 2002).",
            help=WHAT_LIKENESS_IS,
        )
    with detail:
        show_digit(digits, int(shown[0]) if picked is None else picked, ONE)
