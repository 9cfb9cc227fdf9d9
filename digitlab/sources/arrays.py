"""Digits stored as arrays: `.npz` and IDX files, read as a stream after their header is checked.

Nothing is unpickled, nothing is unpacked to disk, and no more is held than the digits themselves.
"""

import gzip
import lzma
import math
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

from digitlab.errors import InputError
from digitlab.preprocessing import SIDE, preprocess

LARGEST_COUNT = 500_000
"""Digits in one dataset: 390 MB."""

LARGEST_SIDE = 1024

LARGEST_SUM_OF_PIXELS = 3_000_000_000
"""Of all pictures together: half a minute's decoding."""

LARGEST_LIST_BYTES = 10_000_000
"""An archive's list of its members: a hundred thousand names."""

BLOCK_BYTES = 4_000_000

MOST_TIMES_PACKED, SMALL_BYTES = 100, 20_000_000
"""Compressed digits take a tenth of their size: what unpacks to so much more is a bomb.

Within SMALL_BYTES anything goes: a few thousand digits that are all alike, as tests make them."""

READ_FAULTS = (
    OSError,
    EOFError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    RuntimeError,  # zipfile, for encrypted members
    NotImplementedError,  # zipfile, for unknown compression
)


@dataclass(frozen=True, eq=False)
class Contents:
    """What a file holds.

    `images`: uint8 (n, 28, 28), ink bright. `labels`: uint8 (n,), 0–9. `train_count`: rows before
    this are the training part, or None where the file does not say. `form`: what was read, in
    words.
    """

    images: np.ndarray
    labels: np.ndarray
    train_count: int | None = None
    form: str = ""


@dataclass(frozen=True, eq=False)
class _Array:
    """An array whose header was read; `stream` stands at its first value."""

    name: str
    dtype: np.dtype
    shape: tuple[int, ...]
    stream: BinaryIO
    packed_bytes: int

    @property
    def unpacked_bytes(self) -> int:
        """What its values take."""
        return math.prod(self.shape) * self.dtype.itemsize

    def blocks(self) -> Iterator[np.ndarray]:
        """The rows, a few megabytes at a time: (k, *shape[1:])."""
        row_bytes = math.prod(self.shape[1:]) * self.dtype.itemsize
        rows = max(1, BLOCK_BYTES // row_bytes)
        for start in range(0, self.shape[0], rows):
            wanted = min(rows, self.shape[0] - start) * row_bytes
            data = self.stream.read(wanted)
            if len(data) < wanted:
                stop = min(start + rows, self.shape[0])
                raise InputError(f"{self.name} is cut short: it ends before row {stop}")
            yield np.frombuffer(data, self.dtype).reshape(-1, *self.shape[1:])
        if self.stream.read(1):
            raise InputError(f"{self.name} is longer than its header says")


def read_npz(path: Path, largest: int = LARGEST_COUNT) -> Contents:
    """Reads x_train, y_train, x_test, y_test (Keras's layout), or x and y.

    Images are whole numbers 0–255: (n, 28, 28), (n, 784) or (n, 28, 28, 1), ink bright; of another
    size, they are preprocessed as drawings are.

    Raises:
        InputError: naming the file, the array and the fault.
    """
    try:
        with open_zip_of_digits(path) as archive:
            held = {n.removesuffix(".npy") for n in archive.namelist() if n.endswith(".npy")}
            if {"x_train", "y_train", "x_test", "y_test"} <= held:
                pairs = [("x_train", "y_train"), ("x_test", "y_test")]
            elif {"x", "y"} <= held:
                pairs = [("x", "y")]
            else:
                raise InputError(
                    f"{path} must hold x_train, y_train, x_test and y_test, or x and y; "
                    f"it holds {', '.join(sorted(held)[:8]) or 'nothing'}"
                )
            arrays = [(_npy(path, archive, x), _npy(path, archive, y)) for x, y in pairs]
            return _read(str(path), arrays, largest, f"the arrays {', '.join(sum(pairs, ()))}")
    except READ_FAULTS as error:
        raise InputError(f"{path} cannot be read: {error}") from None


def read_idx(pairs: list[tuple[Path, Path]], largest: int = LARGEST_COUNT) -> Contents:
    """Reads IDX files, gzipped or not: (images, labels), training part first.

    Format: http://yann.lecun.com/exdb/mnist (big-endian header, then unsigned bytes).

    Raises:
        InputError: naming the file and the fault.
    """
    opened: list[BinaryIO] = []
    try:
        arrays = []
        for images, labels in pairs:
            opened += [open_plain(images), open_plain(labels)]
            arrays.append((_idx(images, 3, opened[-2]), _idx(labels, 1, opened[-1])))
        return _read(str(pairs[0][0]), arrays, largest, "IDX files")
    except READ_FAULTS as error:
        raise InputError(f"{pairs[0][0]} cannot be read: {error}") from None
    finally:
        for stream in opened:
            stream.close()


def open_plain(path: Path) -> BinaryIO:
    """Opens a file for reading, through gzip if its first bytes say so."""
    stream = path.open("rb")
    if stream.peek(2)[:2] == b"\x1f\x8b":
        stream.close()
        return cast(BinaryIO, gzip.open(path))
    return stream


def open_zip_of_digits(path: Path) -> zipfile.ZipFile:
    """Opens an archive, unless its list of members is longer than any list of digits.

    zipfile makes an object of every entry before it answers anything.
    """
    with path.open("rb") as file:
        end = zipfile._EndRecData(file)  # type: ignore[attr-defined]
    if end is not None and end[zipfile._ECD_SIZE] > LARGEST_LIST_BYTES:  # type: ignore[attr-defined]
        raise InputError(
            f"{path} lists too many files: its list must have at most "
            f"{LARGEST_LIST_BYTES / 1e6:.0f} MB, about {LARGEST_LIST_BYTES // 100_000},000 files"
        )
    return zipfile.ZipFile(path)


def check_count(count: int, name: str, largest: int = LARGEST_COUNT) -> None:
    """Raises InputError unless there is something, and not too much."""
    if not 1 <= count <= largest:
        raise InputError(f"{name} must hold 1 to {largest:,} digits, got {count:,}")


def check_pixels(count: int, name: str) -> None:
    """Raises InputError if pictures have more pixels than can be read in good time."""
    if count > LARGEST_SUM_OF_PIXELS:
        raise InputError(
            f"{name} must have at most {LARGEST_SUM_OF_PIXELS / 1e6:,.0f} megapixels in all its "
            "pictures, got more: make them smaller"
        )


def check_unpacked(unpacked_bytes: int, packed_bytes: int, name: str) -> None:
    """Raises InputError if something compressed unpacks to more than digits ever do."""
    if unpacked_bytes > max(SMALL_BYTES, MOST_TIMES_PACKED * packed_bytes):
        raise InputError(
            f"{name} unpacks to {unpacked_bytes / 1e6:,.0f} MB or more, over {MOST_TIMES_PACKED} "
            "times what it is stored in: digits never shrink so far"
        )


def _npy(path: Path, archive: zipfile.ZipFile, name: str) -> _Array:
    """Reads the header of an array; pickled objects are refused.

    Only headers of version 1, of at most 64 KB: NumPy writes longer ones for tables alone, and
    reads whatever length they claim.
    """
    label = f"{path}: {name}"
    stream = cast(BinaryIO, archive.open(f"{name}.npy"))
    try:
        version = np.lib.format.read_magic(stream)
        if version != (1, 0):
            raise InputError(f"{label} must be of version 1.0 of NumPy's format, got {version}")
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
    except (InputError, *READ_FAULTS):
        raise
    except Exception as error:  # a broken header leads NumPy to many
        fault = str(error).partition("\n")[0][:100]
        raise InputError(f"{label} is no NumPy array: {fault}") from None
    if dtype.kind not in "iu":
        raise InputError(f"{label} must hold whole numbers such as uint8, got {dtype}")
    if fortran:
        raise InputError(f"{label} must be stored in C order (numpy.ascontiguousarray)")
    return _Array(label, dtype, shape, stream, archive.getinfo(f"{name}.npy").compress_size)


def _idx(path: Path, dimensions: int, stream: BinaryIO) -> _Array:
    """Reads the header of an IDX file."""
    header = stream.read(4)
    if header != bytes((0, 0, 8, dimensions)):
        raise InputError(
            f"{path} must be an IDX file of unsigned bytes with {dimensions} dimensions, "
            f"its first bytes 00 00 08 {dimensions:02x}, got {header.hex(' ') or 'nothing'}"
        )
    sizes = stream.read(4 * dimensions)
    if len(sizes) < 4 * dimensions:
        raise InputError(f"{path} is cut short: its header is not complete")
    shape = struct.unpack(f">{dimensions}I", sizes)
    return _Array(str(path), np.dtype(np.uint8), shape, stream, path.stat().st_size)


def _read(name: str, pairs: list[tuple[_Array, _Array]], largest: int, form: str) -> Contents:
    """Checks every header, then reads the bodies into one array."""
    for images, labels in pairs:
        _check_image_shape(images)
        if len(labels.shape) != 1 and labels.shape[1:] != (1,):
            raise InputError(f"{labels.name} must have the shape (n,), got {labels.shape}")
        if images.shape[0] != labels.shape[0]:
            raise InputError(
                f"{images.name} holds {images.shape[0]:,} digits, but {labels.name} "
                f"{labels.shape[0]:,} labels"
            )
    count = sum(images.shape[0] for images, _ in pairs)
    check_count(count, name, largest)
    check_pixels(sum(math.prod(images.shape) for images, _ in pairs), name)
    for array in (array for pair in pairs for array in pair):
        check_unpacked(array.unpacked_bytes, array.packed_bytes, array.name)
    pixels = np.empty((count, SIDE, SIDE), np.uint8)
    classes = np.empty(count, np.uint8)
    start = 0
    for images, labels in pairs:
        stop = start + images.shape[0]
        _fill_images(images, pixels[start:stop])
        for block in labels.blocks():
            classes[start : start + len(block)] = _checked_labels(block.reshape(-1), labels.name)
            start += len(block)
    return Contents(pixels, classes, pairs[0][0].shape[0] if len(pairs) == 2 else None, form)


def _checked_labels(values: np.ndarray, name: str) -> np.ndarray:
    wrong = np.flatnonzero((values < 0) | (values > 9))
    if len(wrong):
        raise InputError(f"{name} must hold labels in [0, 9], got {values[wrong[0]]}")
    return values.astype(np.uint8)


def _check_image_shape(array: _Array) -> None:
    """Raises InputError unless the shape is one of pictures."""
    shape = array.shape[:-1] if len(array.shape) == 4 and array.shape[-1] == 1 else array.shape
    flat = len(shape) == 2 and shape[1] == SIDE * SIDE
    square = len(shape) == 3 and all(1 <= side <= LARGEST_SIDE for side in shape[1:])
    if not (flat or square):
        raise InputError(
            f"{array.name} must have the shape (n, 28, 28), (n, 784) or (n, height, width) with "
            f"sides of at most {LARGEST_SIDE}, got {array.shape}"
        )


def _fill_images(array: _Array, target: np.ndarray) -> None:
    """Reads `array` into `target`, uint8 (n, 28, 28)."""
    row = 0
    for block in array.blocks():
        if block.dtype != np.uint8 and (block.min() < 0 or block.max() > 255):
            raise InputError(
                f"{array.name} must hold pixels in [0, 255], got {block.min()} to {block.max()}"
            )
        pictures = block.astype(np.uint8, copy=False)
        if pictures[0].size == SIDE * SIDE and pictures.shape[1] in (SIDE, SIDE * SIDE):
            target[row : row + len(block)] = pictures.reshape(-1, SIDE, SIDE)
        else:
            for offset, picture in enumerate(pictures):
                target[row + offset] = fitted(
                    picture.reshape(block.shape[1:3]), f"{array.name}[{row + offset}]"
                )
        row += len(block)


def fitted(grey: np.ndarray, name: str) -> np.ndarray:
    """One picture of another size, preprocessed as drawings are: uint8 (28, 28)."""
    try:
        return preprocess(grey).image
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
