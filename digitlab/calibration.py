"""Whether a network is as sure as it is right: bins of sureness, temperature, refusing the unsure.

How sure a network is of an answer is its highest probability (Guo, Pleiss, Sun & Weinberger, 2017,
On Calibration of Modern Neural Networks, arXiv:1706.04599).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

BINS = 15
"""Equal-width bins of sureness, as many as in Guo et al. (2017)."""

TEMPERATURES = (0.05, 20.0)
"""The lowest and the highest temperature that is fitted."""

HALVINGS = 50
"""Steps of the bisection: they leave a temperature no other float32 would show."""


@dataclass(frozen=True)
class Bin:
    """The answers that the network was more than `low` and at most `high` sure of."""

    low: float
    high: float
    n: int
    hits: int
    """How many of them are right."""
    sureness: float
    """Their mean."""

    @property
    def accuracy(self) -> float:
        """The fraction that is right."""
        return self.hits / self.n

    @property
    def number(self) -> int:
        """Which of the `BINS` it is, from 0."""
        return round(self.low * BINS)


def reliability(labels: np.ndarray, probabilities: np.ndarray) -> tuple[Bin, ...]:
    """The bins that hold any answers, least sure first.

    Args:
        labels: uint8 (n,), the true classes.
        probabilities: float (n, classes); the highest of a row is how sure its answer is.
    """
    sureness = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == labels
    numbers = bin_numbers(probabilities)
    counts = np.bincount(numbers, minlength=BINS)
    hits = np.bincount(numbers, right, BINS).astype(int)
    sums = np.bincount(numbers, sureness, BINS).tolist()
    return tuple(
        Bin(i / BINS, (i + 1) / BINS, int(counts[i]), int(hits[i]), sums[i] / int(counts[i]))
        for i in range(BINS)
        if counts[i]
    )


def bin_numbers(probabilities: np.ndarray) -> np.ndarray:
    """The number of the bin that each answer lies in, from 0: int64 (n,)."""
    edges = np.linspace(0, 1, BINS + 1)
    sureness = probabilities.max(axis=1).astype(np.float64)
    return np.clip(np.searchsorted(edges, sureness) - 1, 0, BINS - 1)


def calibration_error(bins: Sequence[Bin]) -> float:
    """How far sureness and accuracy are apart, on average over the answers: expected calibration
    error (Guo et al., 2017)."""
    n = sum(b.n for b in bins)
    return sum(b.n / n * abs(b.accuracy - b.sureness) for b in bins)


def pooled(bins: Sequence[Bin]) -> Bin:
    """Several bins as one; there must be one at least."""
    n = sum(b.n for b in bins)
    sureness = sum(b.n * b.sureness for b in bins) / n
    return Bin(bins[0].low, bins[-1].high, n, sum(b.hits for b in bins), sureness)


def with_temperature(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Divides the logits by a temperature: above 1 the network becomes less sure, below 1 surer.

    The logits are the logarithms of the probabilities, but for a constant in each row that the
    softmax takes out again; so none but the probabilities are needed.

    Args:
        probabilities: float (n, classes), each row summing to 1.

    Returns:
        float64 (n, classes), each row summing to 1. What is read stays the same.
    """
    return _softmax(_logits(probabilities) / temperature)


def fit_temperature(labels: np.ndarray, probabilities: np.ndarray) -> float | None:
    """The temperature at which the cross-entropy of these answers is lowest.

    Cross-entropy is convex in 1 / temperature, so the place where its slope changes sign is found
    by halving. None where every answer is right: the surer the better then, without end.

    Args:
        labels: uint8 (n,), the true classes: of validation digits, never of test digits.
        probabilities: float (n, classes).

    Returns:
        A number within `TEMPERATURES`.
    """
    if (probabilities.argmax(axis=1) == labels).all():
        return None
    logits = _logits(probabilities)
    wanted = logits[np.arange(len(labels)), labels].mean()
    low, high = np.log(TEMPERATURES)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        expected = (_softmax(logits / np.exp(middle)) * logits).sum(axis=1).mean()
        if expected > wanted:  # surer than right: a higher temperature lowers the cross-entropy
            low = middle
        else:
            high = middle
    return float(np.exp((low + high) / 2))


@dataclass(frozen=True)
class Refusal:
    """What is left when answers that the network is less than `threshold` sure of are refused."""

    threshold: float
    n: int
    answered: int
    wrong: int
    """Answers that are given, and wrong."""
    wrong_refused: int
    """Answers that are refused, and would have been wrong."""

    @property
    def refused(self) -> int:
        """How many get no answer."""
        return self.n - self.answered


def refuse(labels: np.ndarray, probabilities: np.ndarray, threshold: float) -> Refusal:
    """Refuses the answers whose sureness is below `threshold`, a fraction."""
    answered = probabilities.max(axis=1) >= threshold
    wrong = probabilities.argmax(axis=1) != labels
    return Refusal(
        threshold,
        len(labels),
        int(answered.sum()),
        int((wrong & answered).sum()),
        int((wrong & ~answered).sum()),
    )


def selective_accuracy(
    labels: np.ndarray, probabilities: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Accuracy against the share answered, from the surest answers alone to all of them
    (El-Yaniv & Wiener, 2010, On the Foundations of Noise-free Selective Classification).

    Answers that are equally sure are given or refused together.

    Returns:
        The share answered and the accuracy among those: float (k,), k ≤ n, the share rising to 1.
    """
    sureness = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    order = np.argsort(-sureness, kind="stable")
    answered = np.arange(1, len(labels) + 1)
    last_of_its_kind = np.append(np.diff(sureness[order]) != 0, True)
    accuracy = np.cumsum(right[order]) / answered
    return (answered / len(labels))[last_of_its_kind], accuracy[last_of_its_kind]


def _logits(probabilities: np.ndarray) -> np.ndarray:
    """float64 (n, classes). A probability of 0 counts as the smallest that float32 can hold."""
    return np.log(np.maximum(probabilities.astype(np.float64), np.finfo(np.float32).tiny))


def _softmax(logits: np.ndarray) -> np.ndarray:
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)
