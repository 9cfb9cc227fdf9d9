"""Sources of digits → Dataset, and how one is divided into training, validation and test."""

import hashlib
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from digitlab.config import TrainingConfig
from digitlab.errors import InputError
from digitlab.handwriting.dataset import compose, excerpt
from digitlab.lessons import Lesson, compose_lesson, lesson_of
from digitlab.preprocessing import preprocess
from digitlab.sources.arrays import Contents
from digitlab.sources.fashion import CLASS_NAMES as FASHION_NAMES
from digitlab.sources.fashion import find_fashion_mnist, read_fashion_mnist
from digitlab.sources.files import read_path
from digitlab.sources.mnist import find_mnist, mnist_download, read_mnist, start_mnist_download
from digitlab.sources.uploads import is_made_here, is_upload, read_upload

__all__ = [
    "Dataset",
    "Split",
    "available",
    "canonical_name",
    "class_names_of",
    "class_noun_of",
    "default_dataset",
    "find_mnist",
    "load_dataset",
    "loads_at_once",
    "mnist_download",
    "noun_of",
    "split_dataset",
    "start_mnist_download",
    "test_rows",
]

NAMED = ("mnist", "digits", "fashion_mnist", "handwriting")
CLASS_NAMES = tuple("0123456789")


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled digits. Read, never written: visitors share it.

    `images`: uint8 (n, 28, 28), 0–255, ink bright. `labels`: uint8 (n,), 0–9.
    `name`: see `canonical_name`.
    `train_count`: rows before it are the official training part, the rest the official test part.
    `has_test_part`: whether its makers set that apart, rather than our rule for paths.
    """

    name: str
    images: np.ndarray
    labels: np.ndarray
    train_count: int
    has_test_part: bool = True
    class_names: tuple[str, ...] = CLASS_NAMES

    @property
    def noun(self) -> str:
        """What one of its pictures is called: see `noun_of`."""
        return noun_of(self.class_names)

    def nouns(self, count: int) -> str:
        """What so many of its pictures are called: 'digit', 'digits'."""
        return self.noun if count == 1 else f"{self.noun}s"

    @property
    def class_noun(self) -> str:
        """What one of its classes is called: see `class_noun_of`."""
        return class_noun_of(self.class_names)

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 over images, labels and train_count: equal for equal content only."""
        digest = hashlib.sha256(f"{len(self)} {self.train_count}".encode())
        digest.update(np.ascontiguousarray(self.images).data)
        digest.update(np.ascontiguousarray(self.labels).data)
        return digest.hexdigest()


def canonical_name(name_or_path: str) -> str:
    """Named datasets and uploads as they are; a path in its one absolute spelling."""
    if name_or_path in NAMED or is_upload(name_or_path):
        return name_or_path
    if lesson := lesson_of(name_or_path):
        return lesson._replace(replayed=canonical_name(lesson.replayed)).name
    return str(Path(name_or_path).expanduser().resolve())


def load_dataset(name_or_path: str) -> Dataset:
    """Loads a named dataset, an upload, a lesson, or a path's data (see `sources.files.read_path`).

    Nothing is ever downloaded here. A path or an upload without a test part of its own lends the
    last fifth of its rows to the test: rows from ⌊4n/5⌋ on.

    Raises:
        InputError: in one sentence, if there is no such dataset or it is not as it should be.
    """
    if name_or_path == "mnist":
        contents = read_mnist()
    elif name_or_path == "fashion_mnist":
        contents = read_fashion_mnist()
    elif name_or_path == "handwriting":
        contents = _handwriting()
    elif is_upload(name_or_path):
        contents = read_upload(name_or_path)
    elif lesson := lesson_of(name_or_path):
        contents = _lesson(lesson)
    elif name_or_path == "digits":
        return _digits()
    else:
        path = Path(name_or_path).expanduser()
        if not os.path.exists(path):  # `Path.exists` raises for what is too long to be one
            raise InputError(
                f"unknown dataset {name_or_path!r}: neither {', '.join(NAMED)} nor an existing path"
            )
        contents = read_path(path)
    train_count = contents.train_count
    if train_count is None:
        train_count = len(contents.labels) * 4 // 5
    own = contents.train_count is not None
    name = canonical_name(name_or_path)
    names = class_names_of(name)
    _freeze(contents.images, contents.labels)
    return Dataset(name, contents.images, contents.labels, train_count, own, names)


def _freeze(*arrays: np.ndarray) -> None:
    """From now on they refuse to be written to."""
    for array in arrays:
        array.flags.writeable = False


def class_names_of(name: str) -> tuple[str, ...]:
    """What the ten classes of a dataset are called."""
    return FASHION_NAMES if name == "fashion_mnist" else CLASS_NAMES


def noun_of(class_names: Sequence[str]) -> str:
    """What one picture of a dataset with these classes is called: 'digit', else 'picture'."""
    return "digit" if tuple(class_names) == CLASS_NAMES else "picture"


def class_noun_of(class_names: Sequence[str]) -> str:
    """What one of these classes is called: 'digit', else 'class'."""
    return "digit" if tuple(class_names) == CLASS_NAMES else "class"


@cache
def _digits() -> Dataset:
    """The 1,797 digits that scikit-learn bundles, 8×8, brought to 28×28 by our preprocessing.

    They are the test part of UCI's Optical Recognition of Handwritten Digits (Alpaydin & Kaynak,
    1998; CC BY 4.0): 13 writers, who are not named row by row. The sequence of labels recurs
    about every 130 rows, as if form followed form; so the official test part, the last fifth of
    the rows in file order, most likely holds other writers than the training part, but for the
    one whose form the cut falls into.

    Read from scikit-learn's own file, without importing it: `sklearn.datasets.load_digits` gives
    the same, but its import takes a second and 60 MB of the server.
    """
    package = find_spec("sklearn")
    if package is None or package.origin is None:
        raise InputError("the dataset digits needs scikit-learn: pip install scikit-learn")
    file = Path(package.origin).parent / "datasets" / "data" / "digits.csv.gz"
    table = np.loadtxt(file, delimiter=",", dtype=np.uint8)
    pixels = np.round(table[:, :64].reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8)
    images = np.stack([preprocess(picture).image for picture in pixels])
    labels = table[:, 64].copy()
    _freeze(images, labels)
    return Dataset("digits", images, labels, len(images) * 4 // 5)


def _handwriting() -> Contents:
    """What the shipped recogniser learns from; see `handwriting.compose`."""
    return compose(read_mnist(), _written())


def _written() -> Contents:
    """scikit-learn's digits, as sources are."""
    digits = _digits()
    return Contents(digits.images, digits.labels, digits.train_count)


def _lesson(lesson: Lesson) -> Contents:
    """What somebody's hand is taught with; see `lessons.compose_lesson`."""
    drawings = read_upload(lesson.drawings)
    if lesson.replayed == "handwriting":  # the whole of it takes a minute
        mnist = read_mnist() if find_mnist() else None
        return compose_lesson(drawings, excerpt(mnist, _written()))
    known = load_dataset(lesson.replayed)
    return compose_lesson(drawings, Contents(known.images, known.labels, known.train_count))


def available() -> tuple[str, ...]:
    """The named datasets that load at once, the preferred one first."""
    here = {"mnist": find_mnist, "digits": lambda: True, "fashion_mnist": find_fashion_mnist}
    return tuple(name for name, is_here in here.items() if is_here())


def loads_at_once(name: str) -> bool:
    """Whether a page can offer a dataset: not one that is still to be fetched or put together."""
    return name in available() or name not in NAMED


def default_dataset() -> str:
    """`mnist` where it is at hand, otherwise `digits`."""
    return available()[0]


@dataclass(frozen=True, eq=False)
class Split:
    """Rows of a dataset: int64 arrays. `validation` may be empty, or the very rows of `test`."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


def split_dataset(dataset: Dataset, config: TrainingConfig) -> Split:
    """Divides a dataset as `config` says: split, then training_size, then validation.

    The rows of `left_out` are taken away last, so that all others stay where they would be.

    A random split is scikit-learn's `train_test_split(test_size, random_state=split_seed)` over
    all rows; random validation the same over the training rows; `last` is Keras's
    `validation_split`.

    Raises:
        InputError: if a random division would put copies of a digit on both sides, or somebody's
            drawings that are held out among those to learn from, there are fewer training digits
            than training_size, a row left out does not exist, or a part is empty.
    """
    repeats = dataset.name == "handwriting" or lesson_of(dataset.name)
    if repeats and "random" in (config.split, config.validation):
        raise InputError(
            "this dataset holds its written digits several times: split must be official and "
            f"validation not random, got {config.split} and {config.validation}"
        )
    if config.split == "random" and is_made_here(dataset.name):
        raise InputError(
            "which drawings are held out is settled when they are written: split must be official, "
            "got random"
        )
    train, test = _set_apart(dataset, config)
    if config.training_size is not None:
        if config.training_size > len(train):
            raise InputError(
                f"training_size must be at most {len(train)}, the training digits of "
                f"{dataset.name}, got {config.training_size}"
            )
        train = train[: config.training_size]
    validation = np.arange(0)
    if config.validation == "random":
        train, validation = _divided(train, config.validation_fraction, config.split_seed)
    elif config.validation == "last":
        kept = int(len(train) * (1 - config.validation_fraction))
        train, validation = train[:kept], train[kept:]
    train, validation = _without_left_out(train, validation, dataset, config)
    if config.validation == "test":
        validation = test
    return _checked(Split(train, validation, test), dataset, config)


PROBES_PER_CLASS = 2


def probe_rows(dataset: Dataset, config: TrainingConfig) -> np.ndarray:
    """Rows of the digits that a training is watched with: the first two of each class.

    They are validation digits, or training digits where there is no validation. int64 (p,).
    """
    split = split_dataset(dataset, config)
    rows = split.validation if len(split.validation) else split.train
    labels = dataset.labels[rows]
    firsts = [rows[labels == digit][:PROBES_PER_CLASS] for digit in np.unique(labels)]
    return np.concatenate(firsts)


def _set_apart(dataset: Dataset, config: TrainingConfig) -> tuple[np.ndarray, np.ndarray]:
    """The rows to train on, validation among them, and the rows of the test."""
    rows = np.arange(len(dataset))
    if config.split == "random":
        return _divided(rows, config.test_fraction, config.split_seed)
    return rows[: dataset.train_count], rows[dataset.train_count :]


def _divided(rows: np.ndarray, fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The very rows, in the very order, of scikit-learn's `train_test_split(rows,
    test_size=fraction, random_state=seed)`, without the 66 MB that its import costs a server."""
    if len(rows) < 2:
        return rows, rows[:0]
    order = rows[np.random.RandomState(seed).permutation(len(rows))]
    taken = math.ceil(fraction * len(rows))
    return order[taken:], order[:taken]


def _without_left_out(
    train: np.ndarray, validation: np.ndarray, dataset: Dataset, config: TrainingConfig
) -> tuple[np.ndarray, np.ndarray]:
    left_out = config.left_out_rows
    if not left_out:
        return train, validation
    if left_out[-1] >= len(dataset):
        raise InputError(
            f"left_out must name rows from 0 to {len(dataset) - 1}, those of {dataset.name}, got "
            f"{left_out[-1]}"
        )
    return train[~np.isin(train, left_out)], validation[~np.isin(validation, left_out)]


def _checked(split: Split, dataset: Dataset, config: TrainingConfig) -> Split:
    parts = {"training": split.train, "test": split.test}
    if config.validation != "none":
        parts["validation"] = split.validation
    left_out = len(config.left_out_rows)
    without = f", with {left_out:,} left out" if left_out else ""
    for part, rows in parts.items():
        if len(rows) == 0:
            raise InputError(
                f"no digits are left for {part}: {dataset.name} has {len(dataset)} digits, too few "
                f"for split {config.split} and validation {config.validation}{without}"
            )
    return split


def test_rows(dataset: Dataset, config: TrainingConfig | None) -> np.ndarray:
    """The rows of `dataset` that a network trained by `config` may be tested on: int64 (k,).

    On the dataset of its own training, the test part that `config` kept back, and so on those that
    its lesson was made of; on any other, and without a config, the test part that its makers set
    apart, or everything if they did not.
    """
    if config is not None:
        learned = [config.dataset, *(lesson_of(config.dataset) or ())]
        if dataset.name in (*learned, *map(canonical_name, learned)):
            return _set_apart(dataset, config)[1]
    return np.arange(dataset.train_count if dataset.has_test_part else 0, len(dataset))
