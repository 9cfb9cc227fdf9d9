"""Digits of a dataset: what each is called, and many of them as a gallery, one large beside it."""

from collections.abc import Sequence

import numpy as np

from digitlab.datasets import Dataset
from pages.ui.answers import a
from pages.ui.gallery import gallery


def digit_name(digits: Dataset, index: int) -> str:
    """'training digit 17' or 'test digit 17', counted from 0 within its part."""
    if index < digits.train_count:
        return f"training {digits.noun} {index}"
    return f"test {digits.noun} {index - digits.train_count}"


def digit_in_words(digits: Dataset, index: int) -> str:
    """'a 4, test digit 17'."""
    return f"{a(digits.class_names[digits.labels[index]])}, {digit_name(digits, index)}"


def digit_gallery(
    digits: Dataset,
    rows: np.ndarray,
    key: str,
    label: str,
    captions: Sequence[str] | None = None,
    columns: int | None = None,
) -> int | None:
    """Draws digits of a dataset; returns the row that was picked, if it is among them.

    Args:
        rows: int64 (k,); all of them are drawn.
        key: of the gallery.
        label: the whole in words, for screen readers.
        captions: under each digit; its label if None.
        columns: fixed number of columns; as many as fit if None.
    """
    return gallery(
        digits.images[rows],
        rows,
        captions or [digits.class_names[label] for label in digits.labels[rows]],
        [digit_in_words(digits, row) for row in rows],
        key=key,
        label=label,
        columns=columns,
    )
