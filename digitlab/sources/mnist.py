"""MNIST: where its file lies, whether it is the real one, and how it gets here."""

import hashlib
import os
import zipfile
from functools import lru_cache
from pathlib import Path

import numpy as np

from digitlab.errors import InputError
from digitlab.sources.arrays import Contents, read_npz
from digitlab.sources.downloads import Download, latest_download, start_download

TITLE = "MNIST"

TRAIN_COUNT, TEST_COUNT = 60_000, 10_000

IDX_MD5 = {
    "training images": "6bbc9ace898e44ae57da46a324031adb",
    "training labels": "a25bea736e30d166cdddb491f175f624",
    "test images": "2646ac647ad5339dbf082846283269ea",
    "test labels": "27ae3e4e09519cfbb04c329615203637",
}
"""MD5 of the four original files (LeCun, Cortes, Burges), unpacked: header and values."""

SHARED_KERAS_HOME = Path("/tmp/.keras")

DOWNLOAD_BYTES = 11_490_434
DOWNLOAD = "import keras; keras.datasets.mnist.load_data()"


def find_mnist() -> Path | None:
    """The `mnist.npz` in `DIGITLAB_DATA_DIR`, or else in Keras's cache; None if there is none.

    A file that is still growing does not count.
    """
    folder = os.environ.get("DIGITLAB_DATA_DIR")
    places = [Path(folder).expanduser() / "mnist.npz"] if folder else []
    return next((file for file in [*places, *_keras_files()] if _is_whole(file)), None)


def _keras_files() -> list[Path]:
    """Where Keras may keep its copy."""
    return [folder / "mnist.npz" for folder in keras_folders()]


def keras_folders() -> list[Path]:
    """Where Keras keeps datasets; the second place is for a home that cannot be written to."""
    home = Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser()
    return [folder / "datasets" for folder in (home, SHARED_KERAS_HOME)]


def _is_whole(file: Path) -> bool:
    """Whether the archive's directory, which is written last, is there."""
    return file.is_file() and zipfile.is_zipfile(file)


def read_mnist() -> Contents:
    """The 70,000 digits, checked value by value; held once for the whole process.

    Raises:
        InputError: if there is no file, or it holds something else.
    """
    file = find_mnist()
    if file is None:
        raise InputError(
            "MNIST is not on this machine yet: download it on the Explore page or with "
            "`python -m digitlab train --dataset mnist`, or use the dataset digits"
        )
    status = file.stat()
    return _read_checked(file, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=1)
def _read_checked(file: Path, modified_ns: int, size_bytes: int) -> Contents:
    contents = read_npz(file)
    check_mnist(contents, str(file))
    return contents


def check_mnist(contents: Contents, name: str) -> None:
    """Raises InputError unless the arrays are MNIST's, each value of them."""
    count = len(contents.labels)
    if contents.train_count != TRAIN_COUNT or count != TRAIN_COUNT + TEST_COUNT:
        raise InputError(
            f"{name} must hold {TRAIN_COUNT:,} training and {TEST_COUNT:,} test digits, "
            f"got {contents.train_count} of {count:,}"
        )
    arrays = (
        contents.images[:TRAIN_COUNT],
        contents.labels[:TRAIN_COUNT],
        contents.images[TRAIN_COUNT:],
        contents.labels[TRAIN_COUNT:],
    )
    for (part, expected), array in zip(IDX_MD5.items(), arrays, strict=True):
        if _idx_md5(array) != expected:
            raise InputError(f"{name} is not MNIST: its {part} differ from the original's")


def _idx_md5(array: np.ndarray) -> str:
    """MD5 of a C-ordered uint8 array as an IDX file."""
    digest = hashlib.md5(bytes((0, 0, 8, array.ndim)), usedforsecurity=False)
    digest.update(np.array(array.shape, ">u4").tobytes())
    digest.update(array.data)
    return digest.hexdigest()


def start_mnist_download() -> Download:
    """Starts the download, or returns the one under way; a failed one is tried again.

    Keras fetches the file and checks its SHA-256.
    """
    return start_download(TITLE, DOWNLOAD, [[file] for file in _keras_files()], DOWNLOAD_BYTES)


def mnist_download() -> Download | None:
    """The download last started in this process, if any."""
    return latest_download(TITLE)
