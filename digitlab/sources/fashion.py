"""Fashion-MNIST: photographs of clothes, as many and as small as MNIST's digits.

Made by Zalando Research (Xiao, Rasul & Vollgraf, 2017, arXiv:1708.07747; MIT licence) to take
MNIST's place where MNIST is too easy: 60,000 to train on and 10,000 to test, of ten kinds, each as
often as any other.
"""

import os
import struct
from functools import lru_cache
from pathlib import Path

import numpy as np

from digitlab.errors import InputError
from digitlab.sources.arrays import Contents, read_npz
from digitlab.sources.downloads import Download, latest_download, start_download
from digitlab.sources.files import read_path
from digitlab.sources.mnist import keras_folders

TITLE = "Fashion-MNIST"

CLASS_NAMES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)

TRAIN_OF_EACH, TEST_OF_EACH = 6_000, 1_000

UNPACKED_BYTES = {
    "train-images-idx3-ubyte.gz": 16 + 60_000 * 784,
    "train-labels-idx1-ubyte.gz": 8 + 60_000,
    "t10k-images-idx3-ubyte.gz": 16 + 10_000 * 784,
    "t10k-labels-idx1-ubyte.gz": 8 + 10_000,
}
DOWNLOAD_BYTES = 30_900_000
DOWNLOAD = "import keras; keras.datasets.fashion_mnist.load_data()"


def find_fashion_mnist() -> Path | None:
    """Its folder of four files, or its `fashion_mnist.npz`; None if there is neither.

    Looked for as `fashion_mnist.npz` and `fashion-mnist/` in `DIGITLAB_DATA_DIR`, then as
    `fashion-mnist/` in Keras's cache. Files that are still growing do not count.
    """
    folder = os.environ.get("DIGITLAB_DATA_DIR")
    own = Path(folder).expanduser() if folder else None
    if own is not None and (own / "fashion_mnist.npz").is_file():
        return own / "fashion_mnist.npz"
    folders = [place / "fashion-mnist" for place in ([own] if own else []) + keras_folders()]
    return next((folder for folder in folders if _is_whole(folder)), None)


def _is_whole(folder: Path) -> bool:
    """Whether all four files are there, and end as gzip files of their size do."""
    try:
        return all(_ends_with(folder / n, size) for n, size in UNPACKED_BYTES.items())
    except OSError:
        return False


def _ends_with(file: Path, size_bytes: int) -> bool:
    with file.open("rb") as stream:
        stream.seek(-4, os.SEEK_END)
        return stream.read() == struct.pack("<I", size_bytes)


def read_fashion_mnist() -> Contents:
    """The 70,000 pictures; held once for the whole process.

    Nobody publishes a checksum that Keras would check: shapes, labels and how many there are of
    each kind must be right.

    Raises:
        InputError: if there are no files, or they hold something else.
    """
    place = find_fashion_mnist()
    if place is None:
        raise InputError(
            "Fashion-MNIST is not on this machine yet: download it on the Explore page, or use the "
            "dataset digits"
        )
    return _read_checked(place, place.stat().st_mtime_ns)


@lru_cache(maxsize=1)
def _read_checked(place: Path, modified_ns: int) -> Contents:
    contents = read_npz(place) if place.suffix == ".npz" else read_path(place)
    cut = contents.train_count or 0
    parts = ((contents.labels[:cut], TRAIN_OF_EACH), (contents.labels[cut:], TEST_OF_EACH))
    for part, expected in parts:
        counts = np.bincount(part, minlength=len(CLASS_NAMES))
        if (counts != expected).any():
            raise InputError(
                f"{place} is not Fashion-MNIST: it must hold {expected:,} pictures of each kind, "
                f"got {counts.min():,} to {counts.max():,}"
            )
    return contents


def start_fashion_download() -> Download:
    """Starts the download, or returns the one under way; a failed one is tried again."""
    places = [[folder / "fashion-mnist" / n for n in UNPACKED_BYTES] for folder in keras_folders()]
    return start_download(TITLE, DOWNLOAD, places, DOWNLOAD_BYTES)


def fashion_download() -> Download | None:
    """The download last started in this process, if any."""
    return latest_download(TITLE)
