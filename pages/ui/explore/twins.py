"""Near-duplicates: digits that are there nearly twice, perhaps in training and in test."""

import numpy as np
import streamlit as st

from digitlab.datasets import Dataset
from digitlab.similarity import LEAST_ALIKE, Comparison
from pages.ui.answers import a
from pages.ui.choices import ANY, number_of
from pages.ui.explore.look_alikes import WHAT_LIKENESS_IS, likeness_in_words, show_pair
from pages.ui.explore.many_digits import digit_in_words
from pages.ui.gallery import gallery, paged

LEAST = f"{100 * LEAST_ALIKE:.0f} %"


def show_twins(digits: Dataset, comparison: Comparison, label: str, across: bool) -> None:
    """The pairs as a gallery, one of them large. `across`: only those of training and test."""
    numbers = twins(digits, comparison, label, across)
    where = " across training and test" if across else ""
    if not len(numbers):
        whose = "" if label == ANY else f" with {a(label)}"
        st.info(
            f"No near-duplicates{whose}{where}: no two {digits.noun}s are {LEAST} alike.",
            icon=":material/check:",
        )
        return
    detail, many = st.columns([5, 6], gap="large")
    with many:
        st.markdown(f"{_count_in_words(len(numbers), comparison)}{where}: {LEAST} alike or more.")
        st.caption(
            "The most alike first. Short straight strokes are soon alike: look before you judge.",
            help=WHAT_LIKENESS_IS,
        )
        shown = paged(numbers, "explore_twins_page", size=30)
        pairs, alike = comparison.pairs[shown], comparison.alike[shown]
        picked = gallery(
            digits.images[pairs[:, 0]],
            shown,
            [
                f"{_labels(digits, pair)} {likeness_in_words(one)}"
                for pair, one in zip(pairs, alike, strict=True)
            ],
            [
                f"{digit_in_words(digits, first)}, and {digit_in_words(digits, second)}"
                for first, second in pairs
            ],
            key=f"explore_twins_{digits.content_hash[:12]}",
            label=f"Pairs of {digits.noun}s that are alike; the first of each is drawn",
        )
    with detail:
        number = int(shown[0]) if picked is None else picked
        first, second = (int(row) for row in comparison.pairs[number])
        show_pair(digits, first, second, float(comparison.alike[number]))


def twins(digits: Dataset, comparison: Comparison, label: str, across: bool) -> np.ndarray:
    """Which of the pairs have a digit of this class; with `across`, one in training, one in test.

    Returns:
        int64 (k,), numbers of pairs, the most alike first.
    """
    pairs = comparison.pairs
    wanted = np.full(len(pairs), True)
    number = number_of(label, digits.class_names)
    if number is not None:
        wanted = (digits.labels[pairs] == number).any(axis=1)
    if across:
        wanted &= (pairs < digits.train_count).sum(axis=1) == 1
    return np.flatnonzero(wanted)


def _count_in_words(count: int, comparison: Comparison) -> str:
    if not comparison.all_pairs:
        return f"{count:,} pairs, or more, are near-duplicates"
    return "One pair is a near-duplicate" if count == 1 else f"{count:,} pairs are near-duplicates"


def _labels(digits: Dataset, pair: np.ndarray) -> str:
    """'1=1', or '1≠7' where two labels stand for nearly the same picture."""
    first, second = (digits.class_names[label] for label in digits.labels[pair])
    return f"{first}{'=' if first == second else '≠'}{second}"
