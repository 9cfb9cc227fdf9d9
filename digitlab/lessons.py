"""What a network is taught somebody's hand with: their drawings, and digits of its own dataset.

A lesson is a dataset by name, `hand:<digest>+<dataset>`: the upload of that digest, and the dataset
whose training digits are replayed, without which a network forgets them (catastrophic
interference: McCloskey & Cohen, 1989). Its test part is that of the drawings, and nothing else.
"""

import re
from typing import NamedTuple

import numpy as np

from digitlab.errors import InputError
from digitlab.sources.arrays import Contents

FEWEST_DRAWINGS = 20
"""About ten to learn from and ten held out: with fewer, before and after say nothing."""

REPLAYED = 3_000
"""Training digits of the other dataset in each epoch, drawn at random once, or all of them."""

_REPLAYED_PER_DRAWING = 3
"""Each drawing comes so often that a quarter of an epoch, or a little more, are drawings."""

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


def compose_lesson(drawings: Contents, replayed: Contents) -> Contents:
    """Puts a lesson together: its test part is what is held out, and nothing else.

    Args:
        drawings: those to learn from first, `train_count` of them, then those held out.
        replayed: the whole dataset, with its `train_count`.

    Raises:
        InputError: if there are too few drawings, none to learn from or none held out, or the
            dataset's training part holds one of these: whoever learned from it knows it.
    """
    count, learned = len(drawings.labels), drawings.train_count or 0
    if count < FEWEST_DRAWINGS:
        raise InputError(
            f"teaching takes at least {FEWEST_DRAWINGS} of your digits, got {count}: write "
            f"{FEWEST_DRAWINGS - count} more"
        )
    if not 0 < learned < count:
        raise InputError(
            "teaching takes digits to learn from and others that are held out: write some when the "
            "page asks for them"
        )
    known = replayed.train_count or 0
    if _share_pictures(drawings.images[learned:], replayed.images[:known]):
        raise InputError(
            "this network has learned from these very drawings: choose one that has not"
        )
    again = _sample(known)
    rows = np.tile(np.arange(learned), -(-len(again) // (_REPLAYED_PER_DRAWING * learned)))
    images = [drawings.images[rows], replayed.images[again], drawings.images[learned:]]
    labels = [drawings.labels[rows], replayed.labels[again], drawings.labels[learned:]]
    return Contents(np.concatenate(images), np.concatenate(labels), len(rows) + len(again))


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
