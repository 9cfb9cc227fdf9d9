"""Digits as strokes: from pixels to the pen's path, and from the path to what a canvas shows.

A stroke is float64 (k, 2), k ≥ 1: the points that the pen went through, across and down.
"""

import numpy as np
from PIL import Image, ImageDraw

Strokes = tuple[np.ndarray, ...]

_FINENESS = 2
"""Pixels drawn for each pixel of the result, along each axis: their mean softens the edges."""

_AROUND = ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))
"""The eight neighbours of a pixel (row, column), in a circle."""


def drawn(strokes: Strokes, pen_width: float, side: int) -> np.ndarray:
    """What a round white pen leaves on black paper, as the drawing canvas shows it.

    Args:
        strokes: in pixels of the paper; what lies beyond its edges is lost.
        pen_width: in pixels.

    Returns:
        uint8 (side, side).
    """
    paper = Image.new("L", (side * _FINENESS, side * _FINENESS))
    pen = ImageDraw.Draw(paper)
    width = pen_width * _FINENESS
    radius = max(width / 2, 0.5)
    for stroke in strokes:
        points = [(x, y) for x, y in (stroke * _FINENESS).tolist()]
        pen.line(points, 255, max(1, round(width)))
        for x, y in points:
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), 255)
    return np.asarray(paper.reduce(_FINENESS))


def spaced(stroke: np.ndarray, spacing: float) -> np.ndarray:
    """Points about so far apart along the same line, both ends among them: (k, 2), k ≥ 2."""
    ways = np.concatenate([[0], np.hypot(*np.diff(stroke, axis=0).T).cumsum()])
    at = np.linspace(0, ways[-1], 1 + max(1, round(ways[-1] / spacing)))
    return np.stack([np.interp(at, ways, stroke[:, axis]) for axis in (0, 1)], axis=1)


def skeletons(inked: np.ndarray) -> np.ndarray:
    """Thins ink to lines one pixel wide (Zhang & Suen, 1984, Commun. ACM 27, 236–239).

    Args:
        inked: bool (n, h, w); all pictures are thinned at once.

    Returns:
        bool (n, h, w).
    """
    ink = np.pad(inked, ((0, 0), (1, 1), (1, 1)))
    while True:
        before = ink.sum()
        for first in (True, False):
            ink &= ~_removable(ink, first)
        if ink.sum() == before:
            return ink[:, 1:-1, 1:-1]


def _removable(ink: np.ndarray, first: bool) -> np.ndarray:
    """Pixels at the south-east (first pass) or north-west edge that no line needs."""
    around = np.stack([np.roll(ink, (-row, -column), (1, 2)) for row, column in _AROUND])
    count = around.sum(axis=0, dtype=np.int8)
    starts = (~around & np.roll(around, -1, axis=0)).sum(axis=0, dtype=np.int8)
    north, east, south, west = around[::2]
    corner = (east & south & (north | west)) if first else (north & west & (east | south))
    return ink & (count >= 2) & (count <= 6) & (starts == 1) & ~corner


def traced(skeleton: np.ndarray) -> Strokes:
    """Follows the lines of a skeleton, straight on where they cross, each once.

    Args:
        skeleton: bool (h, w).

    Returns:
        Strokes in pixels, smoothed; a pixel alone is a stroke of one point.
    """
    links = _links(skeleton)
    strokes = [np.array([[c, r]], float) for (r, c), others in links.items() if not others]
    while pixel := _line_end(links):
        path = [pixel]
        while others := links[pixel]:
            behind = path[-2] if len(path) > 1 else pixel
            following = min(others, key=lambda other: _turn(behind, path[-1], other))
            links[pixel].discard(following)
            links[following].discard(pixel)
            path.append(following)
            pixel = following
        strokes.append(_smoothed(np.array(path, float)[:, ::-1]))
    return tuple(strokes)


_Pixel = tuple[int, int]


def _links(skeleton: np.ndarray) -> dict[_Pixel, set[_Pixel]]:
    """Each pixel's neighbours; across a corner only where no pixel beside both links them."""
    pixels = {(int(row), int(column)) for row, column in np.argwhere(skeleton)}
    links: dict[_Pixel, set[_Pixel]] = {}
    for row, column in sorted(pixels):
        near = links[row, column] = set()
        for down, across in _AROUND:
            other = row + down, column + across
            beside = {(row + down, column), (row, column + across)}
            if other in pixels and not (down and across and beside & pixels):
                near.add(other)
    return links


def _line_end(links: dict[_Pixel, set[_Pixel]]) -> _Pixel | None:
    """Where a line begins; anywhere on a closed one; None when all lines are drawn."""
    left = [pixel for pixel, others in links.items() if others]
    return min(left, key=lambda pixel: len(links[pixel]) % 2 == 0, default=None)


def _turn(behind: _Pixel, here: _Pixel, ahead: _Pixel) -> float:
    """How sharply a path turns: 0 straight on, 1 back."""
    before = np.subtract(here, behind)
    after = np.subtract(ahead, here)
    lengths = float(np.hypot(*before) * np.hypot(*after))
    return 0.5 - 0.5 * float(before @ after) / lengths if lengths else 0.0


def _smoothed(path: np.ndarray) -> np.ndarray:
    """Rounds the staircase that pixels make of a line; the ends stay where they are."""
    for _ in range(2):
        if len(path) > 2:
            path = np.concatenate(
                [path[:1], (path[:-2] + 2 * path[1:-1] + path[2:]) / 4, path[-1:]]
            )
    return path
