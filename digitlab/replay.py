"""A drawing from the canvas as strokes in the order of writing, and how far it was at any moment.

The canvas tells in which order strokes were written, and the way of each; not how fast. So time is
measured in ink: a moment is a share of all that was drawn.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from digitlab.errors import InputError
from digitlab.handwriting.strokes import drawn, spaced
from digitlab.reading import reading

SPACING = 2.0
"""Pixels between the points of a stroke."""

MOST_POINTS = 2_000
"""Of a drawing; a longer one has its points further apart."""

FARTHEST = 10_000.0
"""Pixels beyond which no pen of ours comes."""

WIDEST_PEN = 100.0


@dataclass(frozen=True, eq=False)
class PenStroke:
    """One stroke: float64 (k, 2) points across and down in pixels, k ≥ 1, and the pen's width."""

    points: np.ndarray
    width: float

    @property
    def ink(self) -> float:
        """How much was drawn: the way, and the pen's own width, so that a dot is ink too."""
        return _way(self.points) + self.width


def pen_strokes(drawing: Mapping[str, Any]) -> tuple[PenStroke, ...]:
    """The strokes of a canvas's drawing, in the order of writing.

    Args:
        drawing: the canvas's objects as Fabric.js writes them; untrusted.

    Raises:
        InputError: for what no canvas would have sent.
    """
    try:
        strokes = [_stroke(path) for path in drawing["objects"]]
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError):
        raise InputError("The drawing's strokes cannot be read: clear it and draw again.") from None
    spacing = max(SPACING, sum(_way(stroke.points) for stroke in strokes) / MOST_POINTS)
    return tuple(PenStroke(spaced(stroke.points, spacing), stroke.width) for stroke in strokes)


def _stroke(path: Mapping[str, Any]) -> PenStroke:
    """A Fabric.js path: its commands, then where it was moved, how scaled and turned since."""
    points = np.concatenate(_pieces(path["path"]))
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    place = np.array([path["left"], path["top"]], float)
    scale = np.array([path.get("scaleX", 1), path.get("scaleY", 1)], float)
    angle = np.radians(float(path.get("angle", 0)))
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    points = (points - middle) * scale @ turn + place
    width = float(path["strokeWidth"])
    if not (np.abs(points) < FARTHEST).all() or not 0 < width <= WIDEST_PEN:
        raise ValueError
    return PenStroke(points, width)


def _pieces(commands: Sequence[Sequence[Any]]) -> list[np.ndarray]:
    """The points of each command: M and L go to one, Q bends towards its first on the way."""
    pieces: list[np.ndarray] = []
    for name, *numbers in commands:
        to = np.array(numbers, float).reshape(-1, 2)
        if len(to) != {"M": 1, "L": 1, "Q": 2}[name]:
            raise ValueError
        if name == "Q":
            t = np.arange(1, 9)[:, None] / 8
            start, (bend, end) = pieces[-1][-1], to
            to = (1 - t) ** 2 * start + 2 * t * (1 - t) * bend + t**2 * end
        pieces.append(to)
    return pieces


def _way(points: np.ndarray) -> float:
    return float(np.hypot(*np.diff(points, axis=0).T).sum())


def until(strokes: Sequence[PenStroke], share: float) -> tuple[PenStroke, ...]:
    """What of the strokes is drawn when this share of the ink is, in (0, 1]."""
    left, begun = share * sum(stroke.ink for stroke in strokes), []
    for stroke in strokes:
        part = min(left / stroke.ink, 1)
        if part > 0:
            count = max(1, round(part * len(stroke.points)))
            begun.append(PenStroke(stroke.points[:count], stroke.width))
        left -= stroke.ink
    return tuple(begun)


def picture(strokes: Sequence[PenStroke], side: int) -> np.ndarray:
    """The strokes on black paper, as the canvas shows them: uint8 (side, side)."""
    paper = np.zeros((side, side), np.uint8)
    for width in dict.fromkeys(stroke.width for stroke in strokes):
        same = tuple(stroke.points for stroke in strokes if stroke.width == width)
        paper = np.maximum(paper, drawn(same, width, side))
    return paper


@dataclass(frozen=True)
class Flip:
    """A moment at which the belief changes. `label`: the new one; None for 'not a digit'."""

    moment: int
    label: int | None


def flips(probabilities: np.ndarray) -> tuple[Flip, ...]:
    """The moments at which another answer is given than the moment before.

    Args:
        probabilities: float (moments, 10); zeros where there was nothing to read.
    """
    readings = [reading(row) for row in probabilities]
    beliefs = [read.label if read.is_digit else None for read in readings]
    return tuple(
        Flip(moment, now)
        for moment, (before, now) in enumerate(pairwise(beliefs), 1)
        if before != now
    )
