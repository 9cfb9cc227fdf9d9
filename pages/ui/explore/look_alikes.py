"""The digits most like one, and two digits side by side."""

import numpy as np
import streamlit as st

from digitlab.datasets import Dataset
from digitlab.similarity import Sketches, nearest
from pages.ui.explore.many_digits import digit_gallery, digit_in_words
from pages.ui.gallery import enlarge

COUNT = 12
FACTOR = 5
GAP = 2

WHAT_LIKENESS_IS = (
    "The cosine between the pixels of two pictures: 100 % is the same picture, however bright; "
    "0 % where no ink meets ink."
)


@st.cache_resource(max_entries=2, show_spinner="Preparing to compare the digits …")
def sketches(content_hash: str, _digits: Dataset) -> Sketches:
    """Of all digits, once for each content: 15 MB for 70,000."""
    return Sketches.of(_digits.images)


def show_look_alikes(digits: Dataset, index: int, key: str) -> None:
    """The digits of the whole dataset that are most like one; the one picked beside it."""
    rows, alike = nearest(sketches(digits.content_hash, digits), index, COUNT)
    if not len(rows):
        st.info(f"There is no other {digits.noun} in this dataset.")
        return
    own = int((digits.labels[rows] == digits.labels[index]).sum())
    st.caption(
        f"The {len(rows)} most like it among all {len(digits):,}; {own} of them have its label.",
        help=WHAT_LIKENESS_IS,
    )
    picked = digit_gallery(
        digits,
        rows,
        key,
        f"The {digits.noun}s most like {digit_in_words(digits, index)}",
        [
            f"{digits.class_names[digits.labels[row]]} · {100 * one:.0f} %"
            for row, one in zip(rows, alike, strict=True)
        ],
    )
    other = int(rows[0]) if picked is None else picked
    show_pair(digits, index, other, float(alike[rows == other][0]))


def show_pair(digits: Dataset, first: int, second: int, alike: float) -> None:
    """Two digits side by side, and how much each pixel differs."""
    left, right = digits.images[first], digits.images[second]
    difference = np.abs(left.astype(np.int16) - right).astype(np.uint8)
    gap = np.zeros((len(left), GAP), np.uint8)
    words = (
        f"{digit_in_words(digits, first)}, and {digit_in_words(digits, second)}: "
        f"{likeness_in_words(alike)} alike"
    )
    picture = np.concatenate([left, gap, right, gap, difference], axis=1)
    st.image(enlarge(picture, FACTOR), output_format="PNG", alt=words)
    st.caption(f"{words[0].upper()}{words[1:]}. On the right what differs, brighter where more.")


def likeness_in_words(alike: float) -> str:
    """'98.3 %'; never a rounded 100."""
    return f"{min(100 * alike, 100 if alike >= 1 - 1e-6 else 99.9):.1f} %"
