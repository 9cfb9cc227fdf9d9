"""What can be said of digits by their pixels alone: how much ink, how bright, where."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

BLOCK = 2_000
"""Digits looked at together: few enough to need little memory."""


@dataclass(frozen=True, eq=False)
class Ink:
    """Of every digit: `amount`, the share of its pixels that are not black, float32 (n,), 0–1;
    `brightness`, their mean value, float32 (n,), 0–255, and 0 where there is no ink."""

    amount: np.ndarray
    brightness: np.ndarray


def ink_of(images: np.ndarray) -> Ink:
    """Measures the ink of digits: uint8 (n, 28, 28), ink bright."""
    counts = np.empty(len(images), np.float32)
    totals = np.empty(len(images), np.float32)
    for rows in _blocks(len(images)):
        counts[rows] = np.count_nonzero(images[rows], axis=(1, 2))
        totals[rows] = images[rows].sum(axis=(1, 2), dtype=np.uint32)
    pixels = images.shape[1] * images.shape[2]
    return Ink(counts / pixels, totals / np.maximum(counts, 1))


def uses(images: np.ndarray) -> np.ndarray:
    """How many digits have ink in each pixel: uint8 (n, 28, 28) → int64 (28, 28)."""
    counts = np.zeros(images.shape[1:], np.int64)
    for rows in _blocks(len(images)):
        counts += np.count_nonzero(images[rows], axis=0)
    return counts


def with_brightness(images: np.ndarray, low: int, high: int) -> np.ndarray:
    """The digits that have pixels from `low` to `high`, those with most of them first.

    Args:
        images: uint8 (n, 28, 28).

    Returns:
        Positions: int64 (k,).
    """
    counts = np.empty(len(images), np.int64)
    for rows in _blocks(len(images)):
        within = (images[rows] >= low) & (images[rows] <= high)
        counts[rows] = np.count_nonzero(within, axis=(1, 2))
    order = np.argsort(-counts, kind="stable")
    return order[: np.count_nonzero(counts)]


def deviations(images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The standard deviation of every pixel within every class: float (10, 28, 28), NaN where a
    class has no digits.

    Args:
        images: uint8 (n, 28, 28).
        labels: int (n,), 0–9.
    """
    spread = np.full((10, *images.shape[1:]), np.nan)
    for label in np.unique(labels):
        spread[label] = images[labels == label].std(axis=0, dtype=np.float32)
    return spread


def _blocks(count: int) -> Iterator[slice]:
    return (slice(start, start + BLOCK) for start in range(0, count, BLOCK))
