"""Datasets that visitors bring: checked, kept as files of our own making, and taken away again.

An upload is `DIGITLAB_HOME/uploads/<visitor>/<digest>.npz` with a `.json` beside it that says what
it is. What came over the network is read once and not kept. A config names an upload by its
content, `upload:<digest>`; whose it is, the pages ask `is_mine`.
"""

import hashlib
import json
import os
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import chain, count
from pathlib import Path, PurePosixPath
from typing import BinaryIO

import numpy as np

from digitlab.errors import InputError
from digitlab.files import default_home, synced_file
from digitlab.sources.arrays import Contents, read_npz
from digitlab.sources.files import read_path

AT_HOME = "local"
"""The visitor who sits at the computer that the server runs on. His uploads are kept; those of
others live as long as their visits."""

LARGEST_UPLOAD_BYTES = 200_000_000
LARGEST_UPLOAD = 100_000
"""Digits in one upload: 78 MB, which the server holds while somebody looks at them."""

MOST_UPLOADS = 5
"""What one visitor brings; what is made for them here does not count."""

LARGEST_TOTAL_BYTES = 2_000_000_000
"""All uploads of all visitors on disk."""

VISIT_SECONDS = 24 * 3600
"""An upload of a visitor from elsewhere that nobody has read for so long goes."""

_NAME = re.compile(r"upload:([0-9a-f]{20})")
_VISITOR = re.compile(r"[0-9a-z]{1,64}")

_one_at_a_time = threading.Lock()
"""Held while an upload is read: two visitors do not need twice the memory."""


@dataclass(frozen=True)
class Upload:
    """What is known of an upload without reading it.

    `title`: what its visitor calls it, 'mine.csv'; each of a visitor's uploads has its own.
    `form`: what it was read from, in words. `labels`: which of them it holds. `train_count`: see
    `Contents`. `made_here`: whether it was put together here, and not brought.
    """

    digest: str
    title: str
    form: str
    count: int
    labels: tuple[int, ...]
    train_count: int | None
    made_here: bool = False

    @property
    def name(self) -> str:
        """What a config calls it."""
        return f"upload:{self.digest}"

    @property
    def in_words(self) -> str:
        """'1,200 digits, 0–9, 28×28, read from 784 pixels and class.'"""
        first, last = self.labels[0], self.labels[-1]
        whole = self.labels == tuple(range(first, last + 1)) and len(self.labels) > 2
        labels = f"{first}–{last}" if whole else ", ".join(map(str, self.labels))
        return f"{self.count:,} digits, {labels}, 28×28, read from {self.form}."


def is_upload(name: str) -> bool:
    """Whether a dataset's name is that of an upload."""
    return _NAME.fullmatch(name) is not None


def add_upload(files: Mapping[str, BinaryIO], visitor: str) -> Upload:
    """Reads what a visitor brought and keeps it.

    The same digits again are the same upload, under its first title.

    Args:
        files: what they are called → their content: one file, or the IDX files of a dataset. Each
            is closed once it is copied aside, so that nobody holds it while it is read.
        visitor: whose it becomes.

    Raises:
        InputError: in one sentence, naming the file by its visitor's own name.
    """
    main = min(files, key=lambda name: ("images" not in name, "train" not in name, name))
    plain = PurePosixPath(plain_name(main))
    with _one_at_a_time:
        # With an ending, none is called as a named dataset is, or as what is made here.
        return _add(_read(files), visitor, plain.stem, plain.suffix or ".data")


def add_made(contents: Contents, visitor: str, title: str) -> Upload:
    """Keeps digits that were put together here as one of a visitor's datasets.

    The same digits again are the same upload, under its first title.

    Raises:
        InputError: if the server has no room for it.
    """
    with _one_at_a_time:
        return _add(contents, visitor, title, "", made_here=True)


def _add(
    contents: Contents, visitor: str, stem: str, ending: str, made_here: bool = False
) -> Upload:
    """Keeps digits, unless the visitor has them already."""
    _forget_old_visits()
    mine, digest = uploads_of(visitor), _digest(contents)
    if (kept := next((upload for upload in mine if upload.digest == digest), None)) is not None:
        return kept
    if not made_here and has_brought_most(mine):
        raise InputError(f"at most {MOST_UPLOADS} datasets are kept: remove one of yours first")
    present = tuple(int(label) for label in np.unique(contents.labels))
    title = _title(stem, ending, {upload.title for upload in mine})
    upload = Upload(
        digest,
        title,
        contents.form,
        len(contents.labels),
        present,
        contents.train_count,
        made_here,
    )
    _keep(upload, contents, visitor)
    return upload


def has_brought_most(mine: Iterable[Upload]) -> bool:
    """Whether a visitor who has these can bring no more."""
    return sum(not upload.made_here for upload in mine) >= MOST_UPLOADS


def uploads_of(visitor: str) -> tuple[Upload, ...]:
    """What a visitor has brought, oldest first."""
    found = [(path.stat().st_mtime_ns, path) for path in _folder(visitor).glob("*.json")]
    return tuple(_upload(path) for _, path in sorted(found))


def upload_of(name: str, visitor: str) -> Upload | None:
    """The upload of that name, if it is one of this visitor's."""
    if not is_mine(name, visitor):
        return None
    return _upload(_folder(visitor) / f"{name.partition(':')[2]}.json")


def is_mine(name: str, visitor: str) -> bool:
    """Whether an upload is one of this visitor's."""
    match = _NAME.fullmatch(name)
    return match is not None and (_folder(visitor) / f"{match[1]}.json").is_file()


def _upload(path: Path) -> Upload:
    words = json.loads(path.read_text())
    return Upload(**{**words, "labels": tuple(words["labels"])})


def is_made_here(name: str) -> bool:
    """Whether a dataset is an upload that was put together here; False if it was removed."""
    match = _NAME.fullmatch(name)
    found = _uploads().glob(f"*/{match[1]}.json") if match else ()
    return any(_upload(path).made_here for path in found)


def read_upload(name: str) -> Contents:
    """What an upload holds, whosever it is.

    Raises:
        InputError: if it has been removed.
    """
    match = _NAME.fullmatch(name)
    found = sorted(_uploads().glob(f"*/{match[1]}.json")) if match else []
    try:
        path = found[0].with_suffix(".npz")
        os.utime(path)
    except (IndexError, FileNotFoundError):
        raise InputError(
            f"there is no dataset {name}: it was removed, or came from elsewhere"
        ) from None
    return read_npz(path)


def remove_upload(upload: Upload, visitor: str) -> None:
    """Takes an upload away; nothing happens if it has gone."""
    for suffix in (".json", ".npz"):
        (_folder(visitor) / f"{upload.digest}{suffix}").unlink(missing_ok=True)


def _uploads() -> Path:
    return default_home() / "uploads"


def _folder(visitor: str) -> Path:
    return visitors_place("uploads", visitor)


def visitors_place(kind: str, visitor: str) -> Path:
    """Where one kind of a visitor's belongings lies; it may not be there yet.

    Raises:
        ValueError: if that is no visitor's id.
    """
    if not _VISITOR.fullmatch(visitor):
        raise ValueError(f"{visitor!r} is no visitor")
    return default_home() / kind / visitor


def _read(files: Mapping[str, BinaryIO]) -> Contents:
    """Writes the files aside, where only `read_path` sees them, and reads them."""
    with tempfile.TemporaryDirectory(prefix="digitlab-") as place:
        folder = Path(place)
        written = 0
        for name, content in files.items():
            with content, (folder / plain_name(name)).open("wb") as file:
                shutil.copyfileobj(content, file)
                written += file.tell()
        if written > LARGEST_UPLOAD_BYTES:
            raise InputError(
                f"a dataset must have at most {LARGEST_UPLOAD_BYTES / 1e6:.0f} MB, "
                f"got {written / 1e6:.0f} MB"
            )
        paths = sorted(folder.iterdir())
        if len(paths) > 1 and not list(folder.glob("*-images*idx3*")):
            raise InputError(
                "several files at once must be the IDX files of one dataset, such as "
                f"train-images-idx3-ubyte.gz, got {paths[0].name} and {paths[1].name}"
            )
        try:
            return read_path(paths[0] if len(paths) == 1 else folder, LARGEST_UPLOAD)
        except InputError as error:
            words = str(error).replace(f"{folder}/", "").replace(str(folder), "the dataset")
            raise InputError(words) from None


def plain_name(name: str) -> str:
    """A file's name as a visitor's browser gave it → one that leads nowhere: at most 60 characters,
    letters, digits, spaces and `._()-`, and no folders."""
    last = PurePosixPath(name.replace("\\", "/")).name
    plain = re.sub(r"[^\w .()-]", "_", last)[-60:].strip(". ")
    return plain or "file"


def _title(stem: str, ending: str, taken: set[str]) -> str:
    """A name that none of the visitor's other uploads has: 'mine.csv', 'mine (2).csv'."""
    numbers = chain([""], (f" ({number})" for number in count(2)))
    titles = (f"{stem}{number}{ending}" for number in numbers)
    return next(title for title in titles if title not in taken)


def _digest(contents: Contents) -> str:
    digest = hashlib.sha256(f"{contents.train_count}".encode())
    digest.update(np.ascontiguousarray(contents.images).data)
    digest.update(np.ascontiguousarray(contents.labels).data)
    return digest.hexdigest()[:20]


def _keep(upload: Upload, contents: Contents, visitor: str) -> None:
    """Writes the digits, and then the words that make them count."""
    taken = sum(path.stat().st_size for path in _uploads().glob("*/*.npz"))
    if taken + contents.images.nbytes > LARGEST_TOTAL_BYTES:
        raise InputError("there is no room for another dataset on this server now: try it later")
    folder = _folder(visitor)
    folder.mkdir(parents=True, exist_ok=True)
    images, labels, cut = contents.images, contents.labels, contents.train_count
    with synced_file(folder / f"{upload.digest}.npz") as file:
        if cut is None:
            np.savez(file, x=images, y=labels)
        else:
            train, test = slice(cut), slice(cut, None)
            np.savez(
                file,
                x_train=images[train],
                y_train=labels[train],
                x_test=images[test],
                y_test=labels[test],
            )
    with synced_file(folder / f"{upload.digest}.json") as file:
        file.write(json.dumps(asdict(upload)).encode())


def _forget_old_visits() -> None:
    """Removes what visitors from elsewhere left behind."""
    before = time.time() - VISIT_SECONDS
    for path in _uploads().glob("*/*.npz"):
        if path.parent.name != AT_HOME and path.stat().st_mtime < before:
            path.with_suffix(".json").unlink(missing_ok=True)
            path.unlink(missing_ok=True)
            with suppress(OSError):
                path.parent.rmdir()
