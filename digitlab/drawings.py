"""The digits that a visitor has written: kept, taken away, packed, and how well they are read.

A visitor's drawings are one file, `DIGITLAB_HOME/drawings/<visitor>.npz`. As with uploads, those
of the visitor at home are kept, and those of others go a day after they were last looked at.
"""

import hashlib
import io
import json
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cached_property
from os import utime
from pathlib import Path

import numpy as np
from PIL import Image

from digitlab.datasets import Dataset
from digitlab.errors import InputError
from digitlab.evaluation import Count, accuracy_in_words
from digitlab.files import synced_file, write_synced
from digitlab.preprocessing import SIDE
from digitlab.records import TestResult
from digitlab.sources.arrays import Contents
from digitlab.sources.uploads import (
    AT_HOME,
    VISIT_SECONDS,
    Upload,
    add_made,
    remove_upload,
    uploads_of,
    visitors_place,
)
from digitlab.store import Origin

MOST_DRAWINGS = 2_000
LARGEST_TOTAL_BYTES = 200_000_000
"""All drawings of all visitors on disk."""

TITLE = "My handwriting"
"""How the title of a snapshot begins, among its visitor's datasets; their own files keep an
ending."""

SPARED_SECONDS = 3600
"""A snapshot stays so long even if no run was trained on it: a form may be about to."""

UNREAD = -1

_one_at_a_time = threading.Lock()
"""Held while a file is changed: a visitor may have two tabs."""


@dataclass(frozen=True, eq=False)
class Drawings:
    """What one visitor has written, the first first.

    `images`: uint8 (n, 28, 28), ink bright, as networks see them. `labels`: uint8 (n,), 0–9.
    `prompted`: bool (n,): whether the page asked for the digit. The others are corrections: they
    were kept because a network misread them, so they tell nothing of how often one does.
    `held_out`: bool (n,): what a network is tested on that learns the others, never a correction.
    It is settled when a drawing is kept, so that no later drawing and no removal changes it.
    `read`: int8 (n,): what the network read that was corrected, or UNREAD.
    `kept_at`: int64 (n,): nanoseconds since 1970, each its own: what a drawing is known by.
    """

    images: np.ndarray
    labels: np.ndarray
    prompted: np.ndarray
    held_out: np.ndarray
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


@dataclass(frozen=True, eq=False)
class Removed:
    """What was taken away, for `put_back`.

    `made_at`: the snapshots that were known of, each with when it was asked for last, in seconds
    since 1970.
    """

    drawings: Drawings
    made_at: Mapping[str, float]


NONE = Drawings(
    images=np.empty((0, SIDE, SIDE), np.uint8),
    labels=np.empty(0, np.uint8),
    prompted=np.empty(0, bool),
    held_out=np.empty(0, bool),
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

    The very same picture of the same digit again is no new correction; where the page asked for it
    it counts again, and is held out if the first one is.

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
        same = (before.labels == label) & (before.images == image).all(axis=(1, 2))
        if same.any() and not prompted:
            return int(before.kept_at[same][0])
        _check_room(len(before) + 1)
        held_out = prompted and (
            bool(before.held_out[same][0]) if same.any() else _is_held_out(label, before)
        )
        kept_at = max(time.time_ns(), int(before.kept_at.max(initial=0)) + 1)
        after = Drawings(
            images=np.concatenate([before.images, image[None]]),
            labels=np.append(before.labels, np.uint8(label)),
            prompted=np.append(before.prompted, prompted),
            held_out=np.append(before.held_out, held_out),
            read=np.append(before.read, np.int8(read)),
            kept_at=np.append(before.kept_at, kept_at),
        )
        _write(visitor, after)
    return kept_at


def remove_drawings(visitor: str, kept_at: Collection[int]) -> Removed:
    """Takes drawings away, by when they were kept; nothing happens to those that have gone.

    What is known of snapshots goes with the last drawing.
    """
    with _one_at_a_time:
        before = drawings_of(visitor)
        goes = np.isin(before.kept_at, list(kept_at))
        removed = Removed(before.only(goes), _snapshots(visitor))
        if goes.all():
            _forget(_file(visitor))
        else:
            _write(visitor, before.only(~goes))
    return removed


def put_back(visitor: str, removed: Removed) -> None:
    """Brings drawings back that were removed, each to its place among the others.

    A correction that was made again since does not come a second time. What was known of snapshots
    comes back too: it may have gone with the last drawing, and some network have learned these.

    Raises:
        InputError: if there is no room for them any more.
    """
    with _one_at_a_time:
        mine, gone = drawings_of(visitor), removed.drawings
        here = set(_named(mine.images, mine.labels))
        is_here = np.array([one in here for one in _named(gone.images, gone.labels)], bool)
        gone = gone.only(~np.isin(gone.kept_at, mine.kept_at) & (gone.prompted | ~is_here))
        _check_room(len(mine) + len(gone))
        _write_snapshots(visitor, {**removed.made_at, **_snapshots(visitor)})
        pairs = {name: (array, gone.arrays[name]) for name, array in mine.arrays.items()}
        both = Drawings(**{name: np.concatenate(pair) for name, pair in pairs.items()})
        _write(visitor, both.only(np.argsort(both.kept_at)))


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


def as_upload(visitor: str, in_use: Collection[str], now: datetime | None = None) -> Upload:
    """A visitor's drawings as they stand now, as one of their datasets: to look at, to train on.

    What is held out is its test part.

    Args:
        visitor: whose.
        in_use: the datasets of all runs. Older snapshots that none of them names are taken away.
        now: by the visitor's clock, for the title; by the server's if None.

    Raises:
        InputError: if nothing is drawn, or the server has no room for another dataset.
    """
    drawings = drawings_of(visitor)
    if not len(drawings):
        raise InputError("you have no digits of your own yet: write some first")
    _remove_unused(visitor, in_use)
    upload = add_made(_contents(drawings), visitor, _title(len(drawings), now or datetime.now()))
    with _one_at_a_time:
        _write_snapshots(visitor, _snapshots(visitor) | {upload.digest: time.time()})
    return upload


def snapshots_of(visitor: str) -> set[str]:
    """The digests of all snapshots that were ever made of a visitor's drawings, removed ones too.

    They are forgotten with the last drawing.
    """
    return set(_snapshots(visitor))


def has_learned(run_id: str, origins: Mapping[str, Origin], snapshots: Collection[str]) -> bool:
    """Whether a run was trained on one of these snapshots, or goes on from one that was.

    Args:
        origins: see `Store.origins`.
        snapshots: their digests.
    """
    line: set[str] = set()  # what strangers wrote may go round in circles
    parent: str | None = run_id
    while parent is not None and parent in origins and parent not in line:
        if _names_one(origins[parent].dataset, snapshots):
            return True
        line.add(parent)
        parent = origins[parent].parent_id
    return False


def count_new_and_gone(drawings: Drawings, snapshot: Dataset) -> tuple[int, int]:
    """How many drawings, of those that are not held out, a lesson from a snapshot did not teach,
    and how many it taught that are no longer among them. One with another label is another."""
    learned = slice(snapshot.train_count)
    taught = Counter(_named(snapshot.images[learned], snapshot.labels[learned]))
    now = drawings.only(~drawings.held_out)
    mine = Counter(_named(now.images, now.labels))
    return (mine - taught).total(), (taught - mine).total()


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


def _is_held_out(label: int, mine: Drawings) -> bool:
    """Whether the next drawing that is asked for is held out: every second of each digit is, and of
    few drawings about half."""
    same = mine.labels[mine.prompted] == label
    held_out = mine.held_out[mine.prompted]
    for flags in (held_out[same], held_out):
        if surplus := 2 * int(flags.sum()) - len(flags):
            return surplus < 0
    return False


def _named(images: np.ndarray, labels: np.ndarray) -> list[tuple[bytes, int]]:
    """Each picture, pixel by pixel, with what it is."""
    return [(image.tobytes(), int(label)) for image, label in zip(images, labels, strict=True)]


def _contents(drawings: Drawings) -> Contents:
    """What is to be learned, then what is held out; no parts where one of them would be empty."""
    order = np.argsort(drawings.held_out, kind="stable")
    learned = int((~drawings.held_out).sum())
    parts = learned if 0 < learned < len(drawings) else None
    return Contents(drawings.images[order], drawings.labels[order], parts, "your drawings")


def _remove_unused(visitor: str, in_use: Collection[str]) -> None:
    """Takes the snapshots away that no run was trained on, unless they are young."""
    made_at, long_ago = _snapshots(visitor), time.time() - SPARED_SECONDS
    for upload in uploads_of(visitor):
        is_young = made_at.get(upload.digest, 0) > long_ago
        is_used = any(_names_one(dataset, [upload.digest]) for dataset in in_use)
        if upload.made_here and not is_young and not is_used:
            remove_upload(upload, visitor)


def _title(count: int, now: datetime) -> str:
    """'My handwriting, 24 digits, 21 Nov 14:05': what tells a snapshot from others."""
    return f"{TITLE}, {count:,} {'digit' if count == 1 else 'digits'}, {now.day} {now:%b %H:%M}"


def _names_one(dataset: str, digests: Collection[str]) -> bool:
    """Whether a dataset's name is that of one of these uploads, or of a lesson made from it."""
    return any(digest in dataset for digest in digests)


def _check_room(count: int) -> None:
    """Raises InputError if nobody may keep so many drawings."""
    if count > MOST_DRAWINGS:
        raise InputError(
            f"at most {MOST_DRAWINGS:,} of your digits are kept: remove some of them first"
        )


def _file(visitor: str) -> Path:
    return visitors_place("drawings", visitor).with_suffix(".npz")


def _snapshots_file(visitor: str) -> Path:
    return _file(visitor).with_suffix(".json")


def _snapshots(visitor: str) -> dict[str, float]:
    """Digests of the snapshots ever made → when each was asked for last, in seconds since 1970."""
    try:
        made_at: dict[str, float] = json.loads(_snapshots_file(visitor).read_text())
    except FileNotFoundError:
        return {}
    return made_at


def _write_snapshots(visitor: str, made_at: Mapping[str, float]) -> None:
    write_synced(_snapshots_file(visitor), json.dumps(made_at).encode())


def _write(visitor: str, drawings: Drawings) -> None:
    """Raises InputError if the server has no room for it."""
    path = _file(visitor)
    path.parent.mkdir(parents=True, exist_ok=True)
    taken = sum(other.stat().st_size for other in path.parent.glob("*.npz") if other != path)
    if taken + drawings.images.nbytes > LARGEST_TOTAL_BYTES:
        raise InputError("there is no room for more drawings on this server now: try it later")
    with synced_file(path) as file:
        np.savez(file, allow_pickle=False, **drawings.arrays)


def _forget(path: Path) -> None:
    """Removes a visitor's drawings, and what is known of their snapshots."""
    path.unlink(missing_ok=True)
    path.with_suffix(".json").unlink(missing_ok=True)


def _forget_old_visits() -> None:
    """Removes what visitors from elsewhere left behind."""
    before = time.time() - VISIT_SECONDS
    for path in _file(AT_HOME).parent.glob("*.npz"):
        if path.stem != AT_HOME and path.stat().st_mtime < before:
            _forget(path)
