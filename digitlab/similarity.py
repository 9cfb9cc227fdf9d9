"""Which digits look alike: nearest neighbours, near-duplicates, and those unlike their class.

The likeness of two pictures is the cosine between their pixels: 1 for the same picture, however
bright; 0 where no ink meets ink. A picture without ink is like nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from digitlab.datasets import Dataset, load_dataset
from digitlab.errors import InputError
from digitlab.npz import arrays_in, npz_of
from digitlab.studies import Progress, Study

DIRECTIONS = 50
"""Numbers that a sketch keeps of the 784 pixels: of MNIST's they hold 88 %."""

FITTED_DIGITS = 5_000
"""The sketches' directions are fitted to so many digits, evenly spread over all."""

BLOCK = 256
"""Digits compared with others at once, at most."""

CELLS = 18_000_000
"""Comparisons at once, at most: 70 MB."""

LEAST_ALIKE = 0.98
"""From here on two digits are near-duplicates. In MNIST almost all of them are straight ones."""

MOST_PAIRS = 5_000
"""Near-duplicates that are kept, the most alike ones."""

MOST_CANDIDATES = 20_000
"""Pairs that a block may offer: a dataset of copies has more than any memory holds."""

NEIGHBOURS = 10
"""Digits of its own class that each is compared with."""

ROUNDING = 1e-5
"""What float32 may lose of a bound."""


@dataclass(frozen=True, eq=False)
class Sketches:
    """Digits made quick to compare; the answers are exact, see `bounds`.

    `images`: uint8 (n, 28, 28). `lengths`: float32 (n,), of the pixels, 1 where there is no ink.
    `values`: float32 (n, DIRECTIONS + 1): a digit of length 1 seen along the directions that most
    of the ink follows, and the length of what they miss.
    """

    images: np.ndarray
    lengths: np.ndarray
    values: np.ndarray

    @classmethod
    def of(cls, images: np.ndarray) -> "Sketches":
        """Takes about a fifth of a second for 70,000 digits.

        Args:
            images: uint8 (n, 28, 28), not empty.
        """
        pixels = images.reshape(len(images), -1)
        lengths = np.empty(len(images), np.float32)
        values = np.empty((len(images), DIRECTIONS + 1), np.float32)
        fitted = _unit(pixels[:: -(-len(pixels) // FITTED_DIGITS)])[0]
        directions = np.linalg.eigh(fitted.T @ fitted)[1][:, -DIRECTIONS:]
        for start in range(0, len(images), 2_000):
            rows = slice(start, start + 2_000)
            unit, lengths[rows] = _unit(pixels[rows])
            seen = unit @ directions
            missed = np.square(unit).sum(axis=1) - np.square(seen).sum(axis=1)
            values[rows, :-1] = seen
            values[rows, -1] = np.sqrt(np.maximum(missed, 0))
        return cls(images, lengths, values)

    def bounds(self, some: slice, others: slice) -> np.ndarray:
        """No two digits are more alike than this: float32 (some, others).

        Along the directions the cosine is known; off them it is at most the product of the two
        lengths that are missed (Cauchy and Schwarz).
        """
        return self.values[some] @ self.values[others].T + ROUNDING

    def likeness(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Of pairs of rows: int (k,), int (k,) → float32 (k,)."""
        alike = np.empty(len(first), np.float32)
        for start in range(0, len(first), 2_000):
            pairs = slice(start, start + 2_000)
            one, two = (self.images[rows[pairs]].astype(np.float32) for rows in (first, second))
            alike[pairs] = np.einsum("ijk,ijk->i", one, two)
        return alike / (self.lengths[first] * self.lengths[second])


def nearest(sketches: Sketches, row: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The other digits most like one, the most alike first: rows int64 (k,), likeness (k,)."""
    bounds = sketches.bounds(slice(row, row + 1), slice(None))[0]
    bounds[row] = -np.inf
    order = np.argsort(-bounds, kind="stable")[: len(bounds) - 1]
    alike = np.empty(0, np.float32)
    for start in range(0, len(order), BLOCK):
        enough = np.sort(alike)[-count] if start >= count else -np.inf
        if enough >= bounds[order[start]]:  # what is left is less alike
            break
        block = order[start : start + BLOCK]
        alike = np.append(alike, sketches.likeness(np.full(len(block), row), block))
    best = np.argsort(-alike, kind="stable")[:count]
    return order[best], alike[best]


@dataclass(frozen=True, eq=False)
class Comparison:
    """Every digit of a dataset compared with every other.

    `pairs`: int64 (k, 2), near-duplicates, the most alike first; `alike`: float32 (k,).
    `all_pairs`: whether these are all there are.
    `kinship`: float32 (n,), the mean likeness of a digit to the `NEIGHBOURS` of its own class that
    are most like it. Low: unlike its class (the distance to all of one's nearest neighbours as a
    measure of outliers is Angiulli & Pizzuti's, 2002).
    """

    pairs: np.ndarray
    alike: np.ndarray
    all_pairs: bool
    kinship: np.ndarray

    def to_bytes(self) -> bytes:
        """As an `.npz` file."""
        return npz_of(**vars(self))

    @classmethod
    def from_bytes(cls, content: bytes) -> "Comparison":
        """What `to_bytes` wrote."""
        arrays = arrays_in(content)
        return cls(arrays["pairs"], arrays["alike"], bool(arrays["all_pairs"]), arrays["kinship"])


def comparison_study(dataset: Dataset) -> Study:
    """The study that compares all digits of a dataset: a `Comparison`, as bytes."""
    return Study.of("similarity", dataset=dataset.name, content_hash=dataset.content_hash)


def study(progress: Progress, dataset: str, content_hash: str) -> bytes:
    """Does `comparison_study`: some seconds for 70,000 digits.

    Raises:
        InputError: if the dataset cannot be had, or is not what it was.
    """
    digits = load_dataset(dataset)
    if digits.content_hash != content_hash:
        raise InputError(f"the dataset {dataset} has changed: reload the page")
    pairs, alike, all_pairs = near_duplicates(
        Sketches.of(digits.images),
        lambda done: progress(done / 2, "looks for near-duplicates"),
    )
    related = kinship(
        digits.images,
        digits.labels,
        lambda done: progress(0.5 + done / 2, "compares each digit with its class"),
    )
    return Comparison(pairs, alike, all_pairs, related).to_bytes()


def near_duplicates(
    sketches: Sketches, progress: Callable[[float], None]
) -> tuple[np.ndarray, np.ndarray, bool]:
    """The pairs that are at least `LEAST_ALIKE` alike: see `Comparison`.

    Args:
        progress: told the fraction that is done.
    """
    count = len(sketches.images)
    pairs, alike, complete = np.empty((0, 2), np.int64), np.empty(0, np.float32), True
    block = min(BLOCK, max(1, CELLS // count))
    for start in range(0, count, block):
        progress(1 - (1 - start / count) ** 2)  # the later a block, the fewer are left to compare
        bounds = sketches.bounds(slice(start, start + block), slice(start, None))
        bounds[np.tril_indices(len(bounds))] = -np.inf  # each pair once, and none with itself
        cells = np.flatnonzero(bounds >= LEAST_ALIKE)
        if len(cells) > MOST_CANDIDATES:
            best = np.argpartition(-bounds.flat[cells], MOST_CANDIDATES)[:MOST_CANDIDATES]
            cells, complete = cells[best], False
        found = np.stack(np.divmod(cells, bounds.shape[1]), axis=1) + start
        likeness = sketches.likeness(*found.T)
        near = likeness >= LEAST_ALIKE
        pairs, alike = np.concatenate([pairs, found[near]]), np.append(alike, likeness[near])
        order = np.argsort(-alike, kind="stable")[:MOST_PAIRS]
        complete &= len(order) == len(alike)
        pairs, alike = pairs[order], alike[order]
    return pairs, alike, complete


def kinship(
    images: np.ndarray, labels: np.ndarray, progress: Callable[[float], None]
) -> np.ndarray:
    """How much each digit is like its class: see `Comparison`. One that is alone in it: 1.

    Args:
        images: uint8 (n, 28, 28).
        labels: int (n,).
        progress: told the fraction that is done.
    """
    related = np.ones(len(images), np.float32)
    done = 0
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        others = min(NEIGHBOURS, len(rows) - 1)
        unit = _unit(images[rows].reshape(len(rows), -1))[0]
        for start in range(0, len(rows) if others else 0, BLOCK):
            progress((done + start) / len(images))
            alike = unit[start : start + BLOCK] @ unit.T
            alike[np.arange(len(alike)), start + np.arange(len(alike))] = -np.inf
            nearest_ones = np.partition(alike, -others, axis=1)[:, -others:]
            related[rows[start : start + BLOCK]] = nearest_ones.mean(axis=1)
        done += len(rows)
    return related


def _unit(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows brought to length 1, and their lengths: float32 (n, 784), float32 (n,)."""
    values = pixels.astype(np.float32)
    lengths = np.sqrt(np.einsum("ij,ij->i", values, values))
    lengths[lengths == 0] = 1
    return values / lengths[:, None], lengths
