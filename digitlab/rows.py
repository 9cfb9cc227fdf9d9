"""Rows of a dataset as short text: `17, 2034, 40000-40010`, counted from 0."""

import re
from collections.abc import Iterable

from digitlab.errors import InputError

_PIECE = re.compile(r"(\d{1,9})(?:\s*-\s*(\d{1,9}))?", re.ASCII)
"""One row, or the first and the last of several."""


def text_of_rows(rows: Iterable[int]) -> str:
    """The shortest text for some rows, in order, each once; '' for none."""
    stretches: list[tuple[int, int]] = []
    for row in sorted(set(rows)):
        if stretches and row == stretches[-1][1] + 1:
            stretches[-1] = stretches[-1][0], row
        else:
            stretches.append((row, row))
    return ", ".join(
        str(first) if first == last else f"{first}-{last}" for first, last in stretches
    )


def rows_of_text(name: str, text: str, most: int) -> tuple[int, ...]:
    """The rows that a text names, in order, each once.

    Args:
        name: of the field, for the error.
        most: rows that it may name.

    Raises:
        InputError: if it names no rows, or too many.
    """
    rows: set[int] = set()
    named = 0
    for piece in text.split(",") if text.strip() else ():
        found = _PIECE.fullmatch(piece.strip())
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
        if last < first:
            raise InputError(
                f"{name} must be row numbers such as 17, 2034, 40000-40010, "
                f"got {piece.strip()[:40]!r}"
            )
        named += last - first + 1
        if named > most:  # before they are made
            raise InputError(f"{name} must name at most {most:,} rows, got {named:,} or more")
        rows.update(range(first, last + 1))
    return tuple(sorted(rows))
