"""Digits as a table: 784 pixels and a label in every row of a CSV file."""

from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from digitlab.errors import InputError
from digitlab.preprocessing import SIDE
from digitlab.sources.arrays import LARGEST_COUNT, Contents, check_count, check_unpacked

PIXELS = SIDE * SIDE
COLUMNS = PIXELS + 1
LABEL_NAMES = ("class", "label", "target", "digit", "y")
LONGEST_LINE = 100_000
BLOCK_BYTES = 250_000
"""Text read at a time: large enough for NumPy, small enough for a processor's cache."""


def read_csv(
    name: str, stream: BinaryIO, packed_bytes: int, largest: int = LARGEST_COUNT
) -> Contents:
    """Reads `pixel1 … pixel784,class` (OpenML), `label,pixel0 …` (Kaggle), or either unnamed.

    Without a telling name, the label is whichever of the first and the last column varies more
    among whole numbers 0–9 (corner pixels hardly vary); the first, if neither does.

    Args:
        name: what to call the table in messages.
        stream: the table's text, from its first byte.
        packed_bytes: how large the table is where it is stored, perhaps compressed.
        largest: how many digits it may hold.

    Raises:
        InputError: naming the file, the row (counted from 1, header not counted) and the column.
    """
    line = stream.readline(LONGEST_LINE).removeprefix(b"\xef\xbb\xbf")
    names, has_header = _columns(line, name)
    pixels, labels = bytearray(), bytearray()
    label_column: int | None = None
    unpacked_bytes = 0
    for block in _blocks(stream, b"" if has_header else line, name):
        unpacked_bytes += len(block)
        check_unpacked(unpacked_bytes, packed_bytes, name)
        values = _plain_numbers(block)
        if values is None:
            values = _any_numbers(block, names, name, len(labels))
        if label_column is None:
            label_column = _label_column(names, values)
        block_pixels, classes = _divided(values, label_column, names, name, len(labels))
        pixels += block_pixels.tobytes()
        labels += classes.tobytes()
        if len(labels) > largest:
            break
    check_count(len(labels), name, largest)
    images = np.frombuffer(pixels, np.uint8).reshape(-1, SIDE, SIDE)
    label = names[label_column or 0][:40] if has_header else "a label"
    form = f"a table of {PIXELS} pixels and {label}"
    return Contents(images, np.frombuffer(labels, np.uint8), form=form)


def _columns(line: bytes, name: str) -> tuple[list[str], bool]:
    """The names of the columns, and whether the first line states them."""
    fields = [field.strip().strip("\"'") for field in line.decode("utf-8", "replace").split(",")]
    if len(fields) != COLUMNS:
        raise InputError(
            f"{name} must have {COLUMNS} columns, {PIXELS} pixels and a label, separated by "
            f"commas, got {len(fields):,}{' or more' * (len(line) == LONGEST_LINE)}"
        )
    if all(_is_number(field) for field in fields):
        return [str(column) for column in range(1, len(fields) + 1)], False
    return fields, True


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _blocks(stream: BinaryIO, rest: bytes, name: str) -> Iterator[bytes]:
    """The text after `rest`, and `rest` before it: whole lines, each with its end."""
    while block := stream.read(BLOCK_BYTES):
        block = rest + block
        if b"\r" in block:
            block = block.replace(b"\r\n", b"\n")
        lines, _, rest = block.rpartition(b"\n")
        if lines:
            yield lines + b"\n"
        elif len(rest) > LONGEST_LINE:
            raise InputError(f"{name} has a row of more than {LONGEST_LINE:,} characters")
    if rest.strip():
        yield rest.replace(b"\r\n", b"\n").removesuffix(b"\n") + b"\n"


def _plain_numbers(block: bytes) -> np.ndarray | None:
    """The cells of a block of one to three decimal digits each: int16 (k, 785), 0–999.

    None if anything else stands in it. This is what makes a table of 120 MB take a second.
    """
    text = np.frombuffer(block, np.uint8)
    numerals = text - ord("0")  # uint8: whatever comes before 0 is far above 9
    ends = np.flatnonzero(numerals > 9)
    if len(ends) % COLUMNS:
        return None
    marks = text[ends].reshape(-1, COLUMNS)
    if (marks[:, :-1] != ord(",")).any() or (marks[:, -1] != ord("\n")).any():
        return None
    widths = np.diff(ends, prepend=-1) - 1
    if widths.min() < 1 or widths.max() > 3:
        return None
    values = numerals[ends - 1].astype(np.int16)
    for width, worth in ((2, 10), (3, 100)):
        wide = np.flatnonzero(widths >= width)
        values[wide] += worth * numerals[ends[wide] - width].astype(np.int16)
    return values.reshape(-1, COLUMNS)


def _any_numbers(block: bytes, names: list[str], name: str, done: int) -> np.ndarray:
    """The cells of a block, however they are spelt, blank lines left out: float64 (k, 785)."""
    lines = [line for line in block.decode("utf-8", "replace").splitlines() if line.strip()]
    values = np.empty((len(lines), COLUMNS))
    for row, line in enumerate(lines):
        where = f"{name}, row {done + row + 1}"
        cells = line.replace('"', "").split(",")
        if len(cells) != COLUMNS:
            raise InputError(f"{where} must have {COLUMNS} values, got {len(cells):,}")
        values[row] = _row(cells, names, where)
    return values


def _row(cells: list[str], names: list[str], where: str) -> list[float]:
    """The numbers of a row, every one of them whole."""
    try:
        values = [float(cell) for cell in cells]
        if all(map(float.is_integer, values)):
            return values
    except ValueError:
        pass
    column = next(i for i, cell in enumerate(cells) if not _is_whole(cell))
    cell = cells[column].strip()[:40]
    got = "nothing" if not cell else cell if _is_number(cell) else repr(cell)
    raise InputError(f"{where}, column {names[column]} must be a whole number, got {got}")


def _is_whole(text: str) -> bool:
    return _is_number(text) and float(text).is_integer()


def _label_column(names: list[str], values: np.ndarray) -> int:
    ends = (0, PIXELS)
    for column in ends:
        if names[column].lower() in LABEL_NAMES:
            return column
    variety = [
        len(np.unique(values[:, column])) if _are_labels(values[:, column]) else 0
        for column in ends
    ]
    return ends[variety[1] > variety[0]]


def _are_labels(values: np.ndarray) -> bool:
    return bool(((values >= 0) & (values <= 9)).all())


def _divided(
    values: np.ndarray, label_column: int, names: list[str], name: str, done: int
) -> tuple[np.ndarray, np.ndarray]:
    """Pixels and labels, uint8 (k, 784) and (k,), their ranges checked."""
    highest = np.full(COLUMNS, 255, np.int16)
    highest[label_column] = 9
    wrong = np.argwhere((values < 0) | (values > highest))
    if len(wrong):
        row, column = wrong[0]
        raise InputError(
            f"{name}, row {done + row + 1}, column {names[column]} must be in "
            f"[0, {highest[column]}], got {values[row, column]:g}"
        )
    small = values.astype(np.uint8)
    return np.delete(small, label_column, axis=1), small[:, label_column]
