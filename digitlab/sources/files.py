"""A path → its digits. What a file is, is decided by its content: npz, IDX, CSV or pictures."""

import contextlib
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

import numpy as np

from digitlab.errors import InputError
from digitlab.pictures import LARGEST_FILE_BYTES, count_pixels, read_picture
from digitlab.preprocessing import SIDE, ink_bright
from digitlab.sources.arrays import (
    LARGEST_COUNT,
    READ_FAULTS,
    Contents,
    check_count,
    check_pixels,
    check_unpacked,
    fitted,
    open_plain,
    open_zip_of_digits,
    read_idx,
    read_npz,
)
from digitlab.sources.tables import read_csv

LONGEST_NAME = 250
"""Characters of a member's name, its folders among them."""

Picture = tuple[str, int, Callable[[], bytes]]
"""Name, label, and what reads its bytes."""


def read_path(path: Path, largest: int = LARGEST_COUNT) -> Contents:
    """Reads the digits that a file or folder holds.

    Args:
        path: `.npz` (Keras's layout, or `x` and `y`); `.csv`, or one in a `.zip` or `.gz`; an IDX
            images file with its labels file beside it, or a folder with train and test files;
            or a folder or `.zip` of pictures, one subfolder per label (`3/anything.png`).
        largest: how many digits it may hold.

    Raises:
        InputError: in one sentence, naming the file and the fault.
    """
    try:
        if path.is_dir():
            pairs = _idx_pairs(path)
            return read_idx(pairs, largest) if pairs else _read_folder(path, largest)
        if zipfile.is_zipfile(path):
            return _read_zip(path, largest)
        with open_plain(path) as stream:
            head = stream.read(4096)
        if head[:2] == b"\0\0":
            return read_idx([(path, _labels_beside(path))], largest)
        if not head:
            raise InputError(f"{path} is empty")
        if head[:2] == b"PK":
            raise InputError(f"{path} is a zip file that is cut short or damaged")
        if b"\0" in head:
            raise InputError(f"{path} is no .npz, .csv, IDX file, nor a folder or .zip of pictures")
        with open_plain(path) as stream:
            return read_csv(str(path), stream, path.stat().st_size, largest)
    except READ_FAULTS as error:
        raise InputError(f"{path} cannot be read: {error}") from None


def _idx_pairs(folder: Path) -> list[tuple[Path, Path]]:
    """The images and labels files of a folder: training part, then test part, as far as there."""
    pairs = []
    for prefix in ("train", "t10k", "test"):
        found = sorted(folder.glob(f"{prefix}-images*idx3*"))
        if found:
            pairs.append((found[0], _labels_beside(found[0])))
    return pairs


def _labels_beside(images: Path) -> Path:
    """`train-images-idx3-ubyte.gz` → `train-labels-idx1-ubyte`, gzipped or not."""
    name = images.name.removesuffix(".gz").replace("images", "labels").replace("idx3", "idx1")
    for candidate in (images.with_name(name), images.with_name(f"{name}.gz")):
        if candidate != images and candidate.is_file():
            return candidate
    raise InputError(f"{images} must have its labels file {name} (or {name}.gz) beside it")


def _read_zip(path: Path, largest: int) -> Contents:
    """A `.npz`, a `.csv` in a `.zip`, or pictures in a `.zip`. Nothing is ever unpacked to disk."""
    with open_zip_of_digits(path) as archive:
        _check_names(path, archive.namelist())
        members = [m for m in archive.infolist() if not m.is_dir() and not _hidden(m.filename)]
        if any(member.filename.endswith(".npy") for member in members):
            return read_npz(path, largest)
        tables = [member for member in members if member.filename.lower().endswith(".csv")]
        if len(tables) > 1:
            names = ", ".join(sorted(member.filename for member in tables)[:4])
            raise InputError(
                f"{path} holds {len(tables)} tables, {names}: one of them must come alone"
            )
        if tables:
            name, packed_bytes = f"{path}/{tables[0].filename}", tables[0].compress_size
            with archive.open(tables[0]) as stream:
                return read_csv(name, cast(BinaryIO, stream), packed_bytes, largest)
        check_unpacked(sum(m.file_size for m in members), path.stat().st_size, str(path))
        return _read_pictures(str(path), _zipped_pictures(path, archive, members), largest)


def _check_names(path: Path, names: list[str]) -> None:
    """Raises InputError for names that no archive of digits has."""
    for name in names:
        if len(name) > LONGEST_NAME:
            raise InputError(
                f"{path} holds a name of {len(name):,} characters; at most {LONGEST_NAME} are read"
            )
        if name.startswith(("/", "\\")) or ".." in PurePosixPath(name.replace("\\", "/")).parts:
            raise InputError(f"{path} holds {name!r}, a name that leads out of the archive")


def _hidden(name: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(name).parts)


def _zipped_pictures(
    path: Path, archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]
) -> Iterator[Picture]:
    def reader(member: zipfile.ZipInfo) -> Callable[[], bytes]:
        def read() -> bytes:
            with archive.open(member) as stream:
                return stream.read(LARGEST_FILE_BYTES + 1)

        return read

    for member in members:
        name = f"{path}/{member.filename}"
        yield name, _label(PurePosixPath(member.filename).parent.name, name), reader(member)


def _read_folder(folder: Path, largest: int) -> Contents:
    def pictures() -> Iterator[Picture]:
        for file in sorted(folder.glob("*/*")):
            if file.is_file() and not _hidden(f"{file.parent.name}/{file.name}"):
                yield str(file), _label(file.parent.name, str(file)), _reader(file)

    return _read_pictures(str(folder), pictures(), largest)


def _reader(file: Path) -> Callable[[], bytes]:
    def read() -> bytes:
        with file.open("rb") as stream:
            return stream.read(LARGEST_FILE_BYTES + 1)

    return read


def _label(folder: str, name: str) -> int:
    with contextlib.suppress(ValueError):
        if 0 <= int(folder) <= 9:
            return int(folder)
    raise InputError(f"{name} must lie in a folder named by its label, 0 to 9, got {folder!r}")


def _read_pictures(name: str, found: Iterator[Picture], largest: int) -> Contents:
    """Reads pictures; 28×28 ones are only made ink bright, others go through preprocessing.

    The labels are interleaved, each evenly from first to last, so that any share of the rows, and
    with it the test part, holds every label in proportion.
    """
    pictures = []
    for picture in found:
        pictures.append(picture)
        if len(pictures) > largest:
            break
    check_count(len(pictures), name, largest)
    totals, seen = Counter(label for _, label, _ in pictures), Counter[int]()
    order: list[tuple[float, int, int]] = []
    for picture in pictures:
        seen[picture[1]] += 1
        order.append(((seen[picture[1]] - 0.5) / totals[picture[1]], picture[1], len(order)))
    pictures = [pictures[index] for _, _, index in sorted(order)]
    images = np.empty((len(pictures), SIDE, SIDE), np.uint8)
    pixels = 0
    for row, (file, _, read) in enumerate(pictures):
        data = read()
        pixels += count_pixels(data, file)
        check_pixels(pixels, name)
        grey = read_picture(data, file)
        images[row] = ink_bright(grey) if grey.shape == (SIDE, SIDE) else fitted(grey, file)
    labels = np.array([label for _, label, _ in pictures], np.uint8)
    return Contents(images, labels, form="pictures in folders named by their label")
