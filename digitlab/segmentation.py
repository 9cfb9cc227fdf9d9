"""A picture of several digits → one picture a digit, left to right.

Patches of ink that lie over one another are one digit: the bar of a five, the stem of a four. A
patch that is wide, or that the network does not take for a digit, is cut where it reads the pieces
better than the whole; where it does not, that is said.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
from scipy import ndimage

from digitlab.errors import InputError
from digitlab.preprocessing import preprocess
from digitlab.reading import reading

Read = Callable[[np.ndarray], np.ndarray]
"""A network: uint8 (n, 28, 28) → float (n, 10)."""

MOST_DIGITS = 20
"""That a picture may hold: more is a page of writing, or a texture."""

SMALLEST_HEIGHT = 0.25
"""Of the tallest piece of ink: what is lower stands for no digit, such as a comma or a dash."""

OVERLAP = 0.5
"""Share of the narrower patch's width over or under the other: then both are one digit."""

WIDE = 1.15
"""Width by height from which a digit may be two that touch."""

MOST_PIECES = 3
CUTS = 6
"""Places tried for cutting: the thinnest of the ink, apart from one another."""

MARGIN = 4
"""Pixels of paper round a digit that is handed on: its edge must be paper."""


@dataclass(frozen=True, eq=False)
class FoundDigit:
    """One digit of a picture.

    `top`, `left`, `bottom`, `right`: its box, in pixels, the last two exclusive.
    `image`: uint8 (28, 28), what the network sees. `probabilities`: float (10,).
    `was_touching`: it was cut from its neighbour. `may_be_several`: it looks like digits that
    touch, and no cut was better.
    """

    top: int
    left: int
    bottom: int
    right: int
    image: np.ndarray
    probabilities: np.ndarray
    was_touching: bool = False
    may_be_several: bool = False

    @property
    def is_digit(self) -> bool:
        """Whether it is read as one at all."""
        return reading(self.probabilities).is_digit


def read_number(clean: np.ndarray, read: Read) -> tuple[FoundDigit, ...]:
    """Finds and reads the digits of one line, left to right.

    Args:
        clean: uint8 (h, w), ink bright, paper 0: what `preprocess` has after `noise_floor`.
        read: the network.

    Raises:
        InputError: if there are more than `MOST_DIGITS` pieces of ink.
    """
    groups = _groups(clean)
    if len(groups) > MOST_DIGITS:
        raise InputError(
            f"A number may have at most {MOST_DIGITS} digits, got {len(groups)} pieces of ink."
        )
    return tuple(digit for ink, top, left in groups for digit in _digits(ink, top, left, read))


_Piece = tuple[np.ndarray, int, int]
"""Ink alone, cropped: uint8 (h, w); and where its top and its left are in the picture."""


def _groups(clean: np.ndarray) -> list[_Piece]:
    """The patches of ink, those that lie over one another taken together, left to right."""
    patches, _ = ndimage.label(clean, structure=np.ones((3, 3), np.int8))
    boxes = enumerate(ndimage.find_objects(patches), 1)
    groups: list[tuple[int, int, list[int]]] = []
    for start, stop, numbers in sorted((box[1].start, box[1].stop, [i]) for i, box in boxes):
        while groups and _over(groups[-1], (start, stop)):
            before = groups.pop()
            start, stop = min(start, before[0]), max(stop, before[1])
            numbers += before[2]
        groups.append((start, stop, numbers))
    pieces = [_cropped(np.where(np.isin(patches, numbers), clean, 0)) for _, _, numbers in groups]
    tallest = max((len(ink) for ink, _, _ in pieces), default=0)
    return [piece for piece in pieces if len(piece[0]) >= SMALLEST_HEIGHT * tallest]


def _over(one: Sequence, other: Sequence) -> bool:
    """Whether two spans of columns share enough of the narrower one."""
    shared = min(one[1], other[1]) - max(one[0], other[0])
    return shared >= OVERLAP * min(one[1] - one[0], other[1] - other[0])


def _cropped(ink: np.ndarray, top: int = 0, left: int = 0) -> _Piece:
    rows, columns = (np.flatnonzero(ink.any(axis=axis)) for axis in (1, 0))
    cut = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return cut, top + int(rows[0]), left + int(columns[0])


def _digits(ink: np.ndarray, top: int, left: int, read: Read) -> list[FoundDigit]:
    """The digits of one piece: itself, or what it is best cut into."""
    whole = _found([(ink, top, left)], read)
    is_wide = ink.shape[1] > WIDE * ink.shape[0]
    if whole[0].is_digit and not is_wide:
        return whole
    ways = [_found(pieces, read, was_touching=True) for pieces in _cuts(ink, top, left)]
    best = max(ways, key=_least_sure, default=whole)
    if _least_sure(best) > _least_sure(whole):
        return best
    if is_wide and not whole[0].is_digit:
        return _found([(ink, top, left)], read, may_be_several=True)
    return whole


def _least_sure(digits: Sequence[FoundDigit]) -> float:
    return min(float(digit.probabilities.max()) for digit in digits)


def _found(pieces: Sequence[_Piece], read: Read, **facts: bool) -> list[FoundDigit]:
    images = np.stack([preprocess(np.pad(ink, MARGIN)).image for ink, _, _ in pieces])
    return [
        FoundDigit(top, left, top + len(ink), left + ink.shape[1], image, row, **facts)
        for (ink, top, left), image, row in zip(pieces, images, read(images), strict=True)
    ]


def _cuts(ink: np.ndarray, top: int, left: int) -> Iterator[list[_Piece]]:
    """Every way of cutting at one or two of the thinnest places, straight down."""
    height, width = ink.shape
    narrowest = max(1, round(0.2 * height))
    depth = ink.sum(axis=0, dtype=np.int64)
    places: list[int] = []
    for column in np.argsort(depth, kind="stable").tolist():
        if narrowest <= column <= width - narrowest and all(
            abs(column - other) >= narrowest for other in places
        ):
            places.append(column)
        if len(places) == CUTS:
            break
    for count in range(1, MOST_PIECES):
        for chosen in combinations(sorted(places), count):
            edges = [0, *chosen, width]
            parts = [(ink[:, a:b], a) for a, b in pairwise(edges)]
            if all(part.any() for part, _ in parts):
                yield [_cropped(part, top, left + start) for part, start in parts]
