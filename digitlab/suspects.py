"""Which labels may be wrong: confident learning.

Networks read digits that they had not learnt from. Where one is surer of another class than it
usually is of that class, the label is suspected. The method, and its words, are those of C. G.
Northcutt, L. Jiang and I. L. Chuang, "Confident Learning: Estimating Uncertainty in Dataset
Labels", JAIR 70 (2021), which the package cleanlab implements.
"""

from dataclasses import dataclass

import numpy as np

from digitlab.config import TrainingConfig
from digitlab.datasets import Dataset
from digitlab.npz import arrays_in, npz_of
from digitlab.presets import PRESETS
from digitlab.studies import Study

SCOPES = ("training", "all")
"""Which digits are read: those of the training part, or all."""

SEEN_DIGITS = 60_000
"""A network of the study sees about so many, each as often as it takes."""

MOST_EPOCHS, SMALL_BATCH = 8, 32

_CLASSES = 10

_ROUNDING = 1e-6
"""A mean of equal numbers may come out above them."""


@dataclass(frozen=True, eq=False)
class Readings:
    """What networks made of digits that they had not learnt from.

    `rows`: int64 (n,), of the dataset. `probabilities`: float32 (n, 10).
    """

    rows: np.ndarray
    probabilities: np.ndarray

    def to_bytes(self) -> bytes:
        """An .npz file."""
        return npz_of(**vars(self))

    @classmethod
    def from_bytes(cls, content: bytes) -> "Readings":
        """Reads what `to_bytes` wrote."""
        return cls(**arrays_in(content))


@dataclass(frozen=True, eq=False)
class Suspects:
    """Digits whose labels may be wrong, the most suspicious first; a position counts within them.

    `rows`: int64 (k,), of the dataset. `probabilities`: float32 (k, 10).
    `given`, `read`: int64 (k,), the label, and the class that the network is confident of.
    `self_confidence`: float (k,), how probable the label is: the less, the earlier.
    `joint`: float (10, 10), the estimated share of digits labelled i (row) that are a j (column).
    `n`: how many digits were read.
    """

    rows: np.ndarray
    probabilities: np.ndarray
    given: np.ndarray
    read: np.ndarray
    self_confidence: np.ndarray
    joint: np.ndarray
    n: int

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def estimated_errors(self) -> int:
        """How many labels are estimated to be wrong: it need not be the number of suspects."""
        return round(self.n * float(self.joint.sum() - np.trace(self.joint)))

    @property
    def commonest(self) -> tuple[int, int, int] | None:
        """The label, the class and the number of the largest group; None without suspects."""
        if not len(self):
            return None
        pairs, counts = np.unique(self.given * _CLASSES + self.read, return_counts=True)
        given, read = divmod(int(pairs[counts.argmax()]), _CLASSES)
        return given, read, int(counts.max())


def find_suspects(readings: Readings, labels: np.ndarray) -> Suspects:
    """Ranks the labels that confident learning suspects, by self-confidence.

    Args:
        labels: uint8 (n,), the labels of the rows that were read.
    """
    given, probabilities = labels.astype(np.int64), readings.probabilities
    confident = confident_classes(given, probabilities)
    own = self_confidence(given, probabilities)
    places = np.flatnonzero((confident >= 0) & (confident != given))
    places = places[np.argsort(own[places], kind="stable")]
    return Suspects(
        rows=readings.rows[places],
        probabilities=probabilities[places],
        given=given[places],
        read=confident[places],
        self_confidence=own[places],
        joint=joint_of(confident_joint(given, confident), given),
        n=len(given),
    )


def self_confidence(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """The probability of each digit's own label: float (n,)."""
    return probabilities[np.arange(len(labels)), labels]


def thresholds(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """How sure the networks are of each class on average, where it is the label: float (10,).

    Infinite for a class without digits.
    """
    own = self_confidence(labels, probabilities)
    return np.array(
        [
            own[labels == label].mean(dtype=float) if (labels == label).any() else np.inf
            for label in range(probabilities.shape[1])
        ]
    )


def confident_classes(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """The likeliest class of those that reach their threshold: int64 (n,); -1 where none does."""
    reached = probabilities >= thresholds(labels, probabilities) - _ROUNDING
    best = np.where(reached, probabilities, -1.0).argmax(axis=1)
    return np.where(reached.any(axis=1), best, -1)


def confident_joint(labels: np.ndarray, confident: np.ndarray) -> np.ndarray:
    """Counts: int64 (10, 10), row the label, column the confident class."""
    counted = confident >= 0
    joint = np.zeros((_CLASSES, _CLASSES), np.int64)
    np.add.at(joint, (labels[counted], confident[counted]), 1)
    return joint


def joint_of(counts: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The confident joint brought to the labels' own frequencies, with the sum 1: (10, 10)."""
    rows = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    joint = rows * np.bincount(labels, minlength=_CLASSES)[:, None]
    return joint / max(joint.sum(), 1)


def fold_of(labels: np.ndarray, folds: int, seed: int) -> np.ndarray:
    """Deals digits into folds at random, each class evenly: int64 (n,), 0 … folds - 1."""
    order = np.random.default_rng(seed).permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    fold = np.empty(len(labels), np.int64)
    fold[order] = np.arange(len(labels)) % folds
    return fold


def rows_in(digits: Dataset, scope: str) -> np.ndarray:
    """The rows of a scope: int64 (n,)."""
    return np.arange(digits.train_count if scope == "training" else len(digits))


def network_for(digits: Dataset, scope: str) -> TrainingConfig:
    """The `fast` preset, with as many epochs and as small batches as a small dataset needs.

    Its labels are not smoothed: the method asks how sure the network is of each of them.
    """
    fast, count = PRESETS["fast"].config, len(rows_in(digits, scope))
    epochs = min(max(1, round(SEEN_DIGITS / max(1, count))), MOST_EPOCHS)
    small = {"batch_size": SMALL_BATCH} if epochs == MOST_EPOCHS else {}
    return fast.replace(dataset=digits.name, epochs=epochs, label_smoothing=0.0, **small)


def study_of(digits: Dataset, scope: str, folds: int) -> Study:
    """The study that reads the digits of a scope: see `out_of_sample.read_out_of_sample`."""
    return Study.of(
        "suspects",
        dataset=digits.name,
        content_hash=digits.content_hash,
        scope=scope,
        folds=folds,
        config=network_for(digits, scope).to_json(),
    )
