"""What a network is taught somebody's handwriting with: their drawings, and digits it knew before.

A lesson is a dataset by name, `hand:<digest>+<dataset>`: the upload of that digest, and the dataset
whose training digits are replayed, without which a network forgets them (catastrophic
interference: McCloskey & Cohen, 1989). Every second drawing of each digit is held out for the test.
"""

import re
from typing import NamedTuple

import numpy as np

from digitlab.errors import InputError
from digitlab.sources.arrays import Contents

FEWEST_DRAWINGS = 20
"""Ten to learn from and ten held out: with fewer, before and after say nothing."""

REPLAYED = 3_000
"""Digits known before in each epoch, drawn at random once."""

_REPETITIONS = 1_000
"""Rows of drawings in each epoch: each comes so often that together they are about a quarter."""

_SEED = 1

_NAME = re.compile(r"hand:([0-9a-f]{20})\+(.+)", re.DOTALL)


class Lesson(NamedTuple):
    """The datasets that a lesson is made of, by name."""

    drawings: str
    replayed: str

    @property
    def name(self) -> str:
        """What a config calls it."""
        return f"hand:{self.drawings.partition(':')[2]}+{self.replayed}"


def lesson_of(name: str) -> Lesson | None:
    """The lesson of a dataset's name; None for any other dataset."""
    match = _NAME.fullmatch(name)
    return Lesson(f"upload:{match[1]}", match[2]) if match else None


def held_out(labels: np.ndarray) -> np.ndarray:
    """The drawings that are never learned from: every second of each digit, int64 (k,), ascending.

    Of an even digit the first is one of them, of an odd one the second, so that they are about half
    of few drawings too. More drawings change nothing, so that a later lesson holds out the same.

    Args:
        labels: uint8 (n,), in the order they were drawn.
    """
    rows = [np.flatnonzero(labels == digit)[digit % 2 :: 2] for digit in np.unique(labels)]
    return np.sort(np.concatenate(rows)) if rows else np.arange(0)


def compose_lesson(drawings: Contents, replayed: Contents) -> Contents:
    """Puts a lesson together: its test part is what is held out, and nothing else.

    Args:
        replayed: the whole dataset, with its `train_count`.

    Raises:
        InputError: if there are too few drawings, or the dataset holds some of them: whoever
            learned from it knows what is held out here.
    """
    count = len(drawings.labels)
    if count < FEWEST_DRAWINGS:
        raise InputError(
            f"teaching takes at least {FEWEST_DRAWINGS} of your digits, got {count}: write "
            f"{FEWEST_DRAWINGS - count} more"
        )
    test = held_out(drawings.labels)
    if _share_pictures(drawings.images[test], replayed.images):
        raise InputError(
            "this network has learned from these very drawings: choose one that has not"
        )
    learned = np.setdiff1d(np.arange(count), test)
    known = _sample(replayed.train_count or 0)
    rows = np.tile(learned, -(-_REPETITIONS // len(learned)))
    images = [drawings.images[rows], replayed.images[known], drawings.images[test]]
    labels = [drawings.labels[rows], replayed.labels[known], drawings.labels[test]]
    return Contents(np.concatenate(images), np.concatenate(labels), len(rows) + len(known))


def _sample(count: int) -> np.ndarray:
    """Rows to replay, of the first `count`: int64 (at most REPLAYED,), ascending."""
    generator = np.random.default_rng(_SEED)
    return np.sort(generator.choice(count, min(REPLAYED, count), replace=False))


def _share_pictures(few: np.ndarray, many: np.ndarray) -> bool:
    """Whether a picture of the one (k, 28, 28) is among the other (n, 28, 28), pixel by pixel."""
    known = {picture.tobytes() for picture in few}
    sums = {int(picture.sum()) for picture in few}
    alike = np.flatnonzero(np.isin(many.sum(axis=(1, 2)), list(sums)))
    return any(many[row].tobytes() in known for row in alike)
