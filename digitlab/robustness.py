"""How a network bears spoiled digits: accuracy by kind of corruption and level.

Nothing here knows which network: `read` is any function from digits to probabilities.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from digitlab.corruptions import Corruption
from digitlab.evaluation import Count, misclassified

SAMPLE = 2_000
"""Digits to test on: enough for an interval of ± 0.4 points at 99 %, few enough for seconds."""

EXAMPLES = 3
TOLERANCE = 0.01
"""A level is survived if the accuracy lies at most so far below that on unchanged digits."""

CHANCE = 0.1
"""The accuracy of a network that guesses."""

SEED = 0

Read = Callable[[np.ndarray], np.ndarray]
"""uint8 (n, 28, 28) → float (n, 10)."""

Tell = Callable[[float, str], object]
"""Told how far it is: a fraction, and what comes next in words."""


@dataclass(frozen=True)
class Point(Count):
    """How many digits were read rightly at one level."""

    level: float


@dataclass(frozen=True, eq=False)
class Curve:
    """What one corruption does.

    `points`: by rising level, the first one at level 0.
    `examples`: uint8 (levels, k, 28, 28), the same digits at each level.
    """

    corruption: Corruption
    points: tuple[Point, ...]
    examples: np.ndarray

    @property
    def harm(self) -> float:
        """The accuracy lost, on average over the levels above 0."""
        lost = [self.points[0].accuracy - point.accuracy for point in self.points[1:]]
        return sum(lost) / len(lost)

    @property
    def survived(self) -> float:
        """The highest level that is survived, and all below it; 0 if not even the mildest is."""
        highest = 0.0
        for point in self.points[1:]:
            if self.points[0].hits - point.hits > TOLERANCE * point.n:
                break
            highest = point.level
        return highest

    @property
    def in_words(self) -> str:
        """'Survives up to 30°; 59.20 % (57.0–61.3) at 60°.'"""
        words, last = self.corruption.level_in_words, self.points[-1]
        end = f"{last.in_words} at {words(last.level)}"
        if self.survived == last.level:
            return f"Survives all levels: {end}."
        if self.survived:
            return f"Survives up to {words(self.survived)}; {end}."
        return f"Not even {words(self.points[1].level)} is survived; {end}."


@dataclass(frozen=True, eq=False)
class Card:
    """What a network bears, from the most to the least harmful corruption."""

    curves: tuple[Curve, ...]

    @property
    def unchanged(self) -> Point:
        """How it does on the digits as they are."""
        return self.curves[0].points[0]

    @property
    def in_words(self) -> str:
        """'It survives rotation up to 20° and shift up to 3 px, but not even the mildest fog.'"""
        survived = [
            f"{c.corruption.title.lower()} up to {c.corruption.level_in_words(c.survived)}"
            for c in reversed(self.curves)
            if c.survived
        ]
        failed = [c.corruption.title.lower() for c in self.curves if not c.survived]
        if not survived:
            return f"It survives not even the mildest {_listed(failed, 'or')}."
        limit = f", but not even the mildest {_listed(failed, 'or')}" if failed else ""
        return f"It survives {_listed(survived, 'and')}{limit}."


def sample(count: int) -> np.ndarray:
    """Which of so many digits to test on: sorted positions, int64 (k,), the same at every call.

    All of them if they are at most `SAMPLE`, else that many at random.
    """
    if count <= SAMPLE:
        return np.arange(count)
    return np.sort(np.random.default_rng(SEED).choice(count, SAMPLE, replace=False))


def card(
    read: Read,
    images: np.ndarray,
    labels: np.ndarray,
    corruptions: Sequence[Corruption],
    tell: Tell,
) -> Card:
    """Lets a network read the digits under each corruption at each of its levels.

    Args:
        images: uint8 (n, 28, 28), 0–255, ink bright; n > 0.
        labels: uint8 (n,), the true classes.
    """
    examples = _examples(labels)

    def count(changed: np.ndarray, level: float) -> Point:
        right = read(changed).argmax(axis=1) == labels
        return Point(int(right.sum()), len(labels), level)

    unchanged = count(images, 0)
    curves = []
    for number, corruption in enumerate(corruptions):
        points, pictures = [unchanged], [images[examples]]
        for step, level in enumerate(corruption.levels):
            done = (number + step / len(corruption.levels)) / len(corruptions)
            tell(done, f"{corruption.title}, {corruption.level_in_words(level)}")
            changed = corruption.apply(images, level, np.random.default_rng(SEED))
            points.append(count(changed, level))
            pictures.append(changed[examples])
        curves.append(Curve(corruption, tuple(points), np.stack(pictures)))
    return Card(tuple(sorted(curves, key=lambda curve: -curve.harm)))


def misread(
    read: Read, images: np.ndarray, labels: np.ndarray, corruption: Corruption, level: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which digits are misread at a level, spoiled as `card` spoils them, the surest first.

    Args:
        images, labels: as `card` was given them.
        level: one of the corruption's, or 0.

    Returns:
        int64 (k,), positions; uint8 (k, 28, 28), as they were read; float32 (k, 10).
    """
    changed = images
    if level:
        changed = corruption.apply(images, level, np.random.default_rng(SEED))
    probabilities = read(changed)
    wrong = misclassified(labels, probabilities)
    return wrong, changed[wrong], probabilities[wrong]


def _examples(labels: np.ndarray) -> np.ndarray:
    """Positions of a few digits of different classes: int64 (k,)."""
    _, firsts = np.unique(labels, return_index=True)
    return firsts[2::3][:EXAMPLES] if len(firsts) > EXAMPLES else firsts[:EXAMPLES]


def _listed(words: Sequence[str], last: str) -> str:
    """'a', 'a and b', 'a, b and c'."""
    *first, end = words
    return f"{', '.join(first)} {last} {end}" if first else end
