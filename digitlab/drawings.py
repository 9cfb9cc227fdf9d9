"""The digits that a visitor has written: kept, taken away, packed, and how well they are read.

A visitor's drawings are one file, `DIGITLAB_HOME/drawings/<visitor>.npz`. As with uploads, those
of the visitor at home are kept, and those of others go a day after they were last looked at.
"""

import hashlib
import io
import re
import threading
import time
import zipfile
from collections.abc import Collection
from dataclasses import dataclass, fields
from functools import cached_property
from os import utime
from pathlib import Path

import numpy as np
from PIL import Image

from digitlab.errors import InputError
from digitlab.evaluation import Count, accuracy_in_words
from digitlab.files import synced_file
from digitlab.preprocessing import SIDE
from digitlab.records import TestResult
from digitlab.sources.uploads import (
    AT_HOME,
    VISIT_SECONDS,
    Upload,
    add_upload,
    remove_upload,
    uploads_of,
    visitors_place,
)

MOST_DRAWINGS = 2_000
LARGEST_TOTAL_BYTES = 200_000_000
"""All drawings of all visitors on disk."""

TITLE = "My handwriting"
"""What a snapshot is called among its visitor's datasets. Their own files keep an ending."""

UNREAD = -1

_TITLED = re.compile(rf"{TITLE}( \(\d+\))?")

_one_at_a_time = threading.Lock()
"""Held while a file is changed: a visitor may have two tabs."""


@dataclass(frozen=True, eq=False)
class Drawings:
    """What one visitor has written, the first first.

    `images`: uint8 (n, 28, 28), ink bright, as networks see them. `labels`: uint8 (n,), 0–9.
    `prompted`: bool (n,): whether the page asked for the digit. The others are corrections: they
    were kept because a network misread them, so they tell nothing of how often one does.
    `read`: int8 (n,): what the network read that was corrected, or UNREAD.
    `kept_at`: int64 (n,): nanoseconds since 1970, each its own: what a drawing is known by.
    """

    images: np.ndarray
    labels: np.ndarray
    prompted: np.ndarray
    read: np.ndarray
    kept_at: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def only(self, rows: np.ndarray) -> "Drawings":
        """Some of them: bool (n,) or int64 (k,)."""
        return Drawings(**{name: array[rows] for name, array in self.arrays.items()})

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """Every field by its name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 over images and labels: equal for equal content only."""
        digest = hashlib.sha256(np.ascontiguousarray(self.labels).data)
        digest.update(np.ascontiguousarray(self.images).data)
        return digest.hexdigest()


NONE = Drawings(
    images=np.empty((0, SIDE, SIDE), np.uint8),
    labels=np.empty(0, np.uint8),
    prompted=np.empty(0, bool),
    read=np.empty(0, np.int8),
    kept_at=np.empty(0, np.int64),
)


def drawings_of(visitor: str) -> Drawings:
    """What a visitor has written; looking at it keeps it for another day."""
    path = _file(visitor)
    try:
        utime(path)
        with np.load(path, allow_pickle=False) as file:
            return Drawings(**{field.name: file[field.name] for field in fields(Drawings)})
    except FileNotFoundError:
        return NONE


def keep_drawing(
    visitor: str, image: np.ndarray, label: int, *, prompted: bool, read: int = UNREAD
) -> int:
    """Adds a drawing to a visitor's.

    Args:
        image: uint8 (28, 28), ink bright, as `preprocess` leaves it.
        label: what it is, 0–9.
        prompted: whether the page asked for it.
        read: what a network read, or UNREAD.

    Returns:
        What it is known by: see `Drawings.kept_at`.

    Raises:
        InputError: if the label is no digit, or there is no room.
    """
    if label not in range(10):
        raise InputError(f"a drawing must be a digit from 0 to 9, got {label}")
    with _one_at_a_time:
        _forget_old_visits()
        before = drawings_of(visitor)
        if len(before) >= MOST_DRAWINGS:
            raise InputError(
                f"at most {MOST_DRAWINGS:,} of your digits are kept: remove some of them first"
            )
        kept_at = max(time.time_ns(), int(before.kept_at.max(initial=0)) + 1)
        after = Drawings(
            images=np.concatenate([before.images, image[None]]),
            labels=np.append(before.labels, np.uint8(label)),
            prompted=np.append(before.prompted, prompted),
            read=np.append(before.read, np.int8(read)),
            kept_at=np.append(before.kept_at, kept_at),
        )
        _write(visitor, after)
    return kept_at


def remove_drawings(visitor: str, kept_at: Collection[int]) -> None:
    """Takes drawings away, by when they were kept; nothing happens to those that have gone."""
    with _one_at_a_time:
        before = drawings_of(visitor)
        after = before.only(~np.isin(before.kept_at, list(kept_at)))
        if len(after):
            _write(visitor, after)
        else:
            _file(visitor).unlink(missing_ok=True)


def as_zip(drawings: Drawings) -> bytes:
    """A folder for each label with 28×28 pictures in it: `7/0012.png`. It can be read back: see
    `sources.files.read_path`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for row, (image, label) in enumerate(zip(drawings.images, drawings.labels, strict=True)):
            picture = io.BytesIO()
            Image.fromarray(image).save(picture, "PNG")
            archive.writestr(f"{label}/{row:04}.png", picture.getvalue())
    return buffer.getvalue()


def as_upload(visitor: str, in_use: Collection[str] | None = None) -> Upload:
    """A visitor's drawings as they stand now, as one of their datasets: to look at, to train on.

    Args:
        visitor: whose.
        in_use: the datasets of all runs. Older snapshots that none of them names are taken away;
            without it, all are kept.

    Raises:
        InputError: if nothing is drawn, or there is no room for another dataset.
    """
    drawings = drawings_of(visitor)
    if not len(drawings):
        raise InputError("you have no digits of your own yet: write some first")
    if in_use is not None:
        for older in snapshots_of(visitor):
            if not any(names_snapshot(dataset, [older]) for dataset in in_use):
                remove_upload(older, visitor)
    return add_upload({"drawings.zip": io.BytesIO(as_zip(drawings))}, visitor, TITLE)


def snapshots_of(visitor: str) -> list[Upload]:
    """Which of a visitor's datasets are made of their drawings."""
    return [upload for upload in uploads_of(visitor) if _TITLED.fullmatch(upload.title)]


def names_snapshot(dataset: str, snapshots: Collection[Upload]) -> bool:
    """Whether a dataset's name is that of a snapshot, or of a lesson made from it."""
    return any(snapshot.digest in dataset for snapshot in snapshots)


def prompts(count: int, generator: np.random.Generator) -> tuple[int, ...]:
    """Digits to ask for, in random order; every ten of them hold each digit once."""
    tens = [generator.permutation(10) for _ in range(-(-count // 10))]
    return tuple(np.concatenate(tens)[:count].tolist())


@dataclass(frozen=True)
class Score:
    """How a network reads a visitor's hand, beside how it did in its own test.

    `network`: `pretrained`, or a run's id. `mine`: of the drawings that were asked for. `dataset`:
    what it was tested on, as people call it.
    """

    network: str
    mine: Count
    test: TestResult | None
    dataset: str

    @property
    def test_in_words(self) -> str:
        """'99.06 % (98.9–99.2)', or '–' for a network that has not been tested."""
        test = self.test
        if test is None:
            return "–"
        return accuracy_in_words(test.accuracy, test.accuracy_low, test.accuracy_high)

    @property
    def in_words(self) -> str:
        """What the two accuracies, with their intervals, allow to be said."""
        if self.test is None:
            return "It has not been tested, so there is nothing to hold your digits against."
        low, high = self.mine.interval
        if high < self.test.accuracy_low:
            return "Your hand is harder for it than the digits of its test."
        if low > self.test.accuracy_high:
            return "Your hand is easier for it than the digits of its test."
        return "That is no clear difference: the intervals overlap."


def count_right(drawings: Drawings, probabilities: np.ndarray) -> Count:
    """How many of the drawings that were asked for a network reads rightly.

    Corrections do not count: they were chosen because a network misread them.

    Args:
        drawings: n of them.
        probabilities: float (n, 10): what the network made of them.

    Raises:
        InputError: if none of them was asked for.
    """
    asked = drawings.prompted
    if not asked.any():
        raise InputError("none of your digits was asked for: write some when the page asks")
    right = probabilities.argmax(axis=1) == drawings.labels
    return Count(int(right[asked].sum()), int(asked.sum()))


def _file(visitor: str) -> Path:
    return visitors_place("drawings", visitor).with_suffix(".npz")


def _write(visitor: str, drawings: Drawings) -> None:
    """Raises InputError if the server has no room for it."""
    path = _file(visitor)
    path.parent.mkdir(parents=True, exist_ok=True)
    taken = sum(other.stat().st_size for other in path.parent.glob("*.npz") if other != path)
    if taken + drawings.images.nbytes > LARGEST_TOTAL_BYTES:
        raise InputError("there is no room for more drawings on this server now: try it later")
    with synced_file(path) as file:
        np.savez(
            file,
            images=drawings.images,
            labels=drawings.labels,
            prompted=drawings.prompted,
            read=drawings.read,
            kept_at=drawings.kept_at,
        )


def _forget_old_visits() -> None:
    """Removes what visitors from elsewhere left behind."""
    before = time.time() - VISIT_SECONDS
    for path in _file(AT_HOME).parent.glob("*.npz"):
        if path.stem != AT_HOME and path.stat().st_mtime < before:
            path.unlink(missing_ok=True)
