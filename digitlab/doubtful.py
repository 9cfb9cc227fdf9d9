"""The labels of MNIST's test part that people did not uphold.

Northcutt, Athalye & Mueller (2021, Pervasive Label Errors in Test Sets Destabilize Machine
Learning Benchmarks, arXiv:2103.14749) let confident learning choose the test digits whose labels
looked wrong, and asked five people about each: is it the given label, the guessed one, or neither?
The votes are those of `mturk/mnist_mturk.json` in github.com/cleanlab/label-errors; here stand the
fifteen digits whose given label got fewer than three of the five.
"""

from dataclasses import dataclass

import numpy as np

from digitlab.evaluation import Count

VOTERS = 5
MAJORITY = 3

SOURCE = "https://github.com/cleanlab/label-errors"
PAPER = "https://arxiv.org/abs/2103.14749"


@dataclass(frozen=True)
class Doubt:
    """One doubtful label, and how many of the five voted for what."""

    test_digit: int
    """Its place within MNIST's 10,000 test digits."""
    label: int
    guess: int
    for_label: int
    for_guess: int
    for_neither: int

    @property
    def correction(self) -> int | None:
        """The class that most of the five saw, where that is a class."""
        return self.guess if self.for_guess >= MAJORITY else None

    @property
    def verdict(self) -> str:
        """What the five said, in a few words."""
        if self.correction is not None:
            return f"{self.for_guess} of {VOTERS} saw {self.guess}"
        if self.for_neither >= MAJORITY:
            return f"{self.for_neither} of {VOTERS} saw neither"
        return "no majority"


DOUBTS = (
    Doubt(947, 8, 9, 0, 5, 0),
    Doubt(1621, 0, 6, 2, 3, 0),
    Doubt(1901, 9, 4, 2, 3, 0),
    Doubt(2130, 4, 9, 2, 2, 1),
    Doubt(2462, 2, 0, 0, 4, 1),
    Doubt(2597, 5, 3, 0, 4, 1),
    Doubt(2654, 6, 1, 0, 2, 3),
    Doubt(3520, 6, 4, 2, 0, 3),
    Doubt(3558, 5, 0, 1, 4, 0),
    Doubt(5937, 5, 3, 1, 3, 1),
    Doubt(6651, 0, 6, 0, 5, 0),
    Doubt(6783, 1, 6, 2, 3, 0),
    Doubt(8527, 4, 9, 2, 2, 1),
    Doubt(9679, 6, 3, 2, 0, 3),
    Doubt(9729, 5, 6, 2, 3, 0),
)


@dataclass(frozen=True)
class Recount:
    """The same answers, counted in three ways."""

    as_labelled: Count
    set_apart: Count
    """Without the doubtful digits."""
    corrected: Count
    """With the label that most people saw, and without the digits where that is none."""


def doubts_among(test_digits: np.ndarray) -> list[tuple[int, Doubt]]:
    """The doubtful ones of some MNIST test digits, each with its position among them.

    Args:
        test_digits: int (n,), places within the official test part.
    """
    places = ((np.flatnonzero(test_digits == doubt.test_digit), doubt) for doubt in DOUBTS)
    return [(int(place[0]), doubt) for place, doubt in places if len(place)]


def recount(labels: np.ndarray, read: np.ndarray, doubts: list[tuple[int, Doubt]]) -> Recount:
    """Counts what was read rightly as labelled, without the doubtful digits, and corrected.

    Args:
        labels: uint8 (n,), the true classes.
        read: int (n,), the classes that were read.
        doubts: from `doubts_among`.
    """
    right = labels == read
    undisputed = np.full(len(labels), True)
    undisputed[[position for position, _ in doubts]] = False
    corrected = [(position, d) for position, d in doubts if d.correction is not None]
    sound = Count(int(right[undisputed].sum()), int(undisputed.sum()))
    return Recount(
        Count(int(right.sum()), len(labels)),
        sound,
        Count(
            sound.hits + sum(int(read[position]) == d.correction for position, d in corrected),
            sound.n + len(corrected),
        ),
    )
