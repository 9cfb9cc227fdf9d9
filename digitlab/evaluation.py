"""Labels and probabilities → metrics, confusions, and what was read wrongly.

Written in NumPy: scikit-learn's metrics would cost the server 74 MB and a second at the first
evaluation. The tests hold that every number equals scikit-learn's.
"""

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from digitlab.calibration import calibration_error, reliability
from digitlab.errors import InputError

SMALLEST_PROBABILITY = 1e-7
"""Probabilities are raised to this before the logarithm, as Keras does (`keras.config.epsilon`)."""

NORMAL_QUANTILE = 1.959963984540054
"""The 97.5 % quantile of the normal distribution: two-sided 95 %."""


@dataclass(frozen=True)
class ClassMetrics:
    """How one class was read. A ratio with nothing below the line is 0, as in scikit-learn."""

    label: int
    precision: float
    """Of those read as this class, the fraction that are."""
    recall: float
    """Of those that are this class, the fraction read as it."""
    f1: float
    """The harmonic mean of precision and recall."""
    support: int
    """How many are this class."""


@dataclass(frozen=True)
class Confusion:
    """How often digits of the class `true` were read as `read`."""

    true: int
    read: int
    count: int


@dataclass(frozen=True)
class Evaluation:
    """How a network did on labelled digits; `accuracy_low` and `accuracy_high` span 95 %."""

    n: int
    accuracy: float
    accuracy_low: float
    accuracy_high: float
    top_2: float
    """The fraction whose true class is among the two highest probabilities."""
    loss: float
    """Mean cross-entropy, in nats."""
    calibration_error: float
    """See `calibration.calibration_error`."""
    per_class: tuple[ClassMetrics, ...]
    confusion: tuple[tuple[int, ...], ...]
    """Counts; row: the true class, column: the class it was read as."""

    @property
    def wrong(self) -> int:
        """How many were read wrongly."""
        return self.n - sum(self.confusion[i][i] for i in range(len(self.confusion)))

    @property
    def in_words(self) -> str:
        """'99.06 % (98.9–99.2) · 94 of 10,000 wrong · top-2 99.93 % · loss 0.028 · ECE 0.4 %'."""
        accuracy = accuracy_in_words(self.accuracy, self.accuracy_low, self.accuracy_high)
        return (
            f"{accuracy} · {self.wrong:,} of {self.n:,} wrong · top-2 {100 * self.top_2:.2f} % · "
            f"loss {self.loss:.3f} · ECE {100 * self.calibration_error:.1f} %"
        )

    @property
    def confusions(self) -> tuple["Confusion", ...]:
        """Every pair of classes that was confused, the most frequent first."""
        pairs = (
            Confusion(true, read, count)
            for true, row in enumerate(self.confusion)
            for read, count in enumerate(row)
            if count and true != read
        )
        return tuple(sorted(pairs, key=lambda pair: -pair.count))

    def to_dictionary(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        return dataclasses.asdict(self)


@dataclass(frozen=True)
class Count:
    """How many of some digits were read rightly; `n` > 0."""

    hits: int
    n: int

    @property
    def accuracy(self) -> float:
        """The fraction read rightly."""
        return self.hits / self.n

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the accuracy."""
        return wilson_interval(self.hits, self.n)

    @property
    def in_words(self) -> str:
        """'99.06 % (98.9–99.2)'."""
        return accuracy_in_words(self.accuracy, *self.interval)


def evaluate(labels: np.ndarray, probabilities: np.ndarray) -> Evaluation:
    """Compares what was read with what is true.

    Args:
        labels: uint8 (n,), the true classes.
        probabilities: float (n, classes), each row summing to 1; the highest is the answer.

    Raises:
        InputError: if there are no digits, or a label or a probability is none.
    """
    confusion = _confusion(labels, probabilities)
    n = len(labels)
    hits = int(np.trace(confusion))
    low, high = wilson_interval(hits, n)
    return Evaluation(
        n=n,
        accuracy=hits / n,
        accuracy_low=low,
        accuracy_high=high,
        top_2=_top_2(labels, probabilities),
        loss=float(losses(labels, probabilities).mean()),
        calibration_error=calibration_error(reliability(labels, probabilities)),
        per_class=_per_class(confusion),
        confusion=tuple(tuple(row) for row in confusion.tolist()),
    )


def misclassified(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """The digits read wrongly, the surest first: int64 positions in `labels`."""
    answers = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(answers != labels)
    certainty = probabilities[wrong, answers[wrong]]
    return wrong[np.argsort(-certainty, kind="stable")]


def least_sure(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """The digits read rightly, the least sure first: int64 positions in `labels`."""
    right = np.flatnonzero(probabilities.argmax(axis=1) == labels)
    return right[np.argsort(probabilities[right].max(axis=1), kind="stable")]


def true_probabilities(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """What the network gave to the true class of each digit: float (n,)."""
    return probabilities[np.arange(len(labels)), labels]


def losses(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """The cross-entropy of each digit, in nats: float64 (n,)."""
    true = true_probabilities(labels, probabilities).astype(np.float64)
    return -np.log(np.clip(true, SMALLEST_PROBABILITY, 1))


def wilson_interval(hits: int, n: int) -> tuple[float, float]:
    """The 95 % score interval of a proportion (Wilson, 1927, J. Am. Stat. Assoc. 22, 209–212)."""
    z2 = NORMAL_QUANTILE**2
    centre = (hits + z2 / 2) / (n + z2)
    half = NORMAL_QUANTILE / (n + z2) * math.sqrt(hits * (n - hits) / n + z2 / 4)
    return (0.0 if hits == 0 else centre - half), (1.0 if hits == n else centre + half)


def accuracy_in_words(accuracy: float, low: float, high: float) -> str:
    """'99.06 % (98.9–99.2)'."""
    return f"{accuracy:.2%} ({100 * low:.1f}–{100 * high:.1f})".replace("%", " %")


def sureness_in_words(probability: float) -> str:
    """'97 %'; never a rounded 0, and never 100: 'under 1 %', 'over 99 %'.

    A network that gives 1 has run out of decimals, and not of doubt.
    """
    percent = round(100 * probability)
    if percent == 0 and probability > 0:
        return "under 1 %"
    if percent == 100:
        return "over 99 %"
    return f"{percent} %"


def _confusion(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Counts, int64 (classes, classes): row true, column read."""
    if len(labels) == 0:
        raise InputError("there is nothing to evaluate: no digits")
    if len(labels) != len(probabilities):
        raise InputError(
            f"labels and probabilities must be as many, got {len(labels)} and {len(probabilities)}"
        )
    classes = probabilities.shape[1]
    if labels.max() >= classes:
        raise InputError(f"labels must be in [0, {classes - 1}], got {labels.max()}")
    if not np.isfinite(probabilities).all():
        raise InputError("probabilities must be finite numbers, got NaN or infinity")
    pairs = labels.astype(np.int64) * classes + probabilities.argmax(axis=1)
    return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)


def _top_2(labels: np.ndarray, probabilities: np.ndarray) -> float:
    true = true_probabilities(labels, probabilities)[:, None]
    return float(((probabilities > true).sum(axis=1) < 2).mean())


def _per_class(confusion: np.ndarray) -> tuple[ClassMetrics, ...]:
    hits, read, support = confusion.diagonal(), confusion.sum(axis=0), confusion.sum(axis=1)
    precision = _ratio(hits, read)
    recall = _ratio(hits, support)
    f1 = _ratio(2 * hits, read + support)
    return tuple(
        ClassMetrics(i, float(precision[i]), float(recall[i]), float(f1[i]), int(support[i]))
        for i in range(len(confusion))
    )


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    return np.divide(above, below, out=np.zeros(len(above)), where=below > 0)
