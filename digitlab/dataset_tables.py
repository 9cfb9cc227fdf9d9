"""Digits as a table: 784 pixels and a label in every row of a CSV file."""

from collections.abc import Callable
from typing import BinaryIO

import numpy as np
import pandas as pd

from digitlab.dataset_arrays import LARGEST_COUNT, Contents, check_count
from digitlab.errors import InputError
from digitlab.preprocessing import SIDE

PIXELS = SIDE * SIDE
LABEL_NAMES = ("class", "label", "target", "digit", "y")
LONGEST_LINE = 100_000
ROWS_AT_ONCE = 2048


def read_csv(name: str, open_table: Callable[[], BinaryIO]) -> Contents:
    """Reads `pixel1 … pixel784,class` (OpenML), `label,pixel0 …` (Kaggle), or either unnamed.

    Without a telling name, the label is whichever of the first and the last column varies more
    among whole numbers 0–9 (corner pixels hardly vary); the first, if neither does.

    Args:
        name: what to call the table in messages.
        open_table: opens it anew, from its first byte.

    Raises:
        InputError: naming the file, the row (counted from 1, header not counted) and the column.
    """
    names, has_header = _first_line(name, open_table)
    pixels, labels = bytearray(), bytearray()
    label_column: int | None = None
    with open_table() as stream:
        try:
            reader = pd.read_csv(
                stream,
                header=None,
                skiprows=int(has_header),
                names=range(len(names)),
                index_col=False,
                chunksize=ROWS_AT_ONCE,
                low_memory=False,
            )
            for table in reader:
                values = _whole_numbers(table, names, name, len(labels))
                if label_column is None:
                    label_column = _label_column(names, values)
                block, classes = _divided(values, label_column, names, name, len(labels))
                pixels += block.tobytes()
                labels += classes.tobytes()
                if len(labels) > LARGEST_COUNT:
                    break
        except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
            raise InputError(f"{name} is no table: {str(error).strip()}") from None
    check_count(len(labels), name)
    images = np.frombuffer(pixels, np.uint8).reshape(-1, SIDE, SIDE)
    return Contents(images, np.frombuffer(labels, np.uint8))


def _first_line(name: str, open_table: Callable[[], BinaryIO]) -> tuple[list[str], bool]:
    """The names of the columns, and whether the file states them."""
    with open_table() as stream:
        line = stream.readline(LONGEST_LINE).decode("utf-8-sig", "replace")
    fields = [field.strip().strip("\"'") for field in line.split(",")]
    if len(fields) != PIXELS + 1:
        raise InputError(
            f"{name} must have {PIXELS + 1} columns, {PIXELS} pixels and a label, got {len(fields)}"
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


def _whole_numbers(table: pd.DataFrame, names: list[str], name: str, done: int) -> np.ndarray:
    """The cells as int64 (k, 785)."""
    numbers = table.apply(pd.to_numeric, errors="coerce") if _has_text(table) else table
    values = numbers.to_numpy()
    if values.dtype.kind in "iu":
        return values
    wrong = np.argwhere(~np.isfinite(values.astype(float)) | (values != np.round(values)))
    if len(wrong):
        row, column = wrong[0]
        cell = table.iat[row, column]
        raise InputError(
            f"{name}, row {done + row + 1}, column {names[column]} must be a whole number, "
            f"got {'nothing' if pd.isna(cell) else repr(cell) if isinstance(cell, str) else cell}"
        )
    return values.astype(np.int64)


def _has_text(table: pd.DataFrame) -> bool:
    return any(dtype.kind not in "iuf" for dtype in table.dtypes)


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
    highest = np.full(PIXELS + 1, 255)
    highest[label_column] = 9
    wrong = np.argwhere((values < 0) | (values > highest))
    if len(wrong):
        row, column = wrong[0]
        raise InputError(
            f"{name}, row {done + row + 1}, column {names[column]} must be in "
            f"[0, {highest[column]}], got {values[row, column]}"
        )
    small = values.astype(np.uint8)
    return np.delete(small, label_column, axis=1), small[:, label_column]
