"""Digits drawn by rule: shapes invented, written digits drawn anew, and what is no digit.

All that is drawn goes the drawing's own road, from the pen to `preprocess`. The same seed gives the
same digits.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from scipy import ndimage

from digitlab.handwriting.allographs import DIGITS, OTHERS
from digitlab.handwriting.strokes import Strokes, drawn, skeletons, spaced, traced
from digitlab.network import CLASSES
from digitlab.preprocessing import SIDE, preprocess

_PAPER, _LONGEST_SIDE = 72, 50.0
"""Side of the paper that digits are drawn on, and of a digit without its pen's width: pixels.

A canvas of 280 gives the same 28×28 pixels, only slower.
"""

_PENS = 0.03, 0.33
"""How wide pens are, as shares of the drawing's longest side."""

_SPACINGS = 0.03, 0.2
"""How far the points of a pen are apart, as shares of a shape's height: a quick hand leaves few."""

_USUAL_PEN, _FAITHFUL = 0.15, 0.9
"""A pen as wide as MNIST's, and the least likeness of a digit drawn again with it."""


def invented(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Digits of all the shapes in `allographs`, each written in a way of its own.

    Returns:
        uint8 (count, 28, 28), ink bright; uint8 (count,) labels, equally many of each.
    """
    random = np.random.default_rng(seed)
    labels = np.arange(count, dtype=np.uint8) % CLASSES
    drawings = (written(_any_of(DIGITS[label], random), random) for label in labels)
    return _read(drawings, count, random), labels


def drawn_anew(images: np.ndarray, copies: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Written digits, each reduced to its strokes and drawn again with other pens.

    Args:
        images: uint8 (n, 28, 28), ink bright, none of them empty.

    Returns:
        uint8 (k, 28, 28), and int64 (k,) the row each was made from: those that strokes tell
        faithfully, `copies` times each.
    """
    random = np.random.default_rng(seed)
    originals, rows = strokes_of(images)
    drawings = (varied(strokes, random) for strokes in originals for _ in range(copies))
    return _read(drawings, len(rows) * copies, random), np.repeat(rows, copies)


def strokes_of(images: np.ndarray) -> tuple[list[Strokes], np.ndarray]:
    """The strokes of written digits, where drawing them again gives the same digit.

    Coarse pixels may hide a loop, or tear a line: what is drawn then is another shape.

    Args:
        images: uint8 (n, 28, 28), ink bright, none of them empty.

    Returns:
        Strokes of k digits, in pixels; int64 (k,), their rows.
    """
    strokes = [traced(skeleton) for skeleton in skeletons(inked(images))]
    again = np.zeros_like(images)
    for image, lines in zip(again, strokes, strict=True):
        if lines:
            pen = _USUAL_PEN * _LONGEST_SIDE
            image[:] = preprocess(drawn(placed(lines, _LONGEST_SIDE, _PAPER), pen, _PAPER)).image
    rows = np.flatnonzero(_likeness(images, again) >= _FAITHFUL)
    return [strokes[row] for row in rows], rows


def _likeness(images: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Correlation of each pair of pictures (n, 28, 28), a little blurred: float (n,)."""
    flat = []
    for pictures in (images, others):
        blurred = ndimage.gaussian_filter(pictures.astype(np.float32), (0, 1.2, 1.2))
        blurred = blurred.reshape(len(pictures), -1)
        flat.append(blurred - blurred.mean(axis=1, keepdims=True))
    lengths = np.linalg.norm(flat[0], axis=1) * np.linalg.norm(flat[1], axis=1)
    return (flat[0] * flat[1]).sum(axis=1) / np.maximum(lengths, 1e-6)


def inked(images: np.ndarray) -> np.ndarray:
    """Where ink is: bright pixels, and brighter than those around, so that loops stay open.

    Args:
        images: uint8 (n, 28, 28), ink bright.

    Returns:
        bool (n, 28, 28).
    """
    pixels = images.astype(np.float32)
    around = ndimage.gaussian_filter(pixels, (0, 3, 3))
    return (pixels > 80) & (pixels > 1.3 * around)


def scribbles(count: int, seed: int) -> np.ndarray:
    """What is no digit: letters, signs, dots, strokes at random, tangles and zigzags.

    Returns:
        uint8 (count, 28, 28).
    """
    random = np.random.default_rng(seed)

    def one() -> Strokes:
        kind = random.random()
        if kind < 0.5:
            return written(_any_of(OTHERS, random), random)
        if kind < 0.55:
            return (random.random((1, 2)),)
        if kind < 0.75:
            return tuple(curve(random.random((3, 2))) for _ in range(random.integers(3, 6)))
        return tuple(_tangle(random) for _ in range(random.integers(1, 4)))

    return _read((one() for _ in range(count)), count, random)


def _tangle(random: np.random.Generator) -> np.ndarray:
    """A line to and fro, rounded or with corners."""
    points = random.random((random.integers(5, 14), 2)) * random.uniform(0.4, 1.2, 2)
    if random.random() < 0.3:  # zigzag
        points[:, 0] = np.linspace(0, random.uniform(0.6, 1.5), len(points))
    return points if random.random() < 0.4 else curve(points)


def _any_of(shapes: Sequence[str], random: np.random.Generator) -> str:
    return shapes[int(random.integers(len(shapes)))]


def written(shape: str, random: np.random.Generator) -> Strokes:
    """A shape as somebody writes it once: unsteadily, with corners more or less round, strokes that
    end too late or with a hook, and points of the pen near or far apart; bent, slanted, turned and
    stretched as a whole."""
    unsteady, apart = random.uniform(0.01, 0.05), random.uniform(0, 0.03)
    rounding, tremor = max(0, random.uniform(-3, 5)), max(0, random.uniform(-0.03, 0.036))
    hooks, spacing = random.choice([0, 0, 0.3]), np.exp(random.uniform(*np.log(_SPACINGS)))
    strokes = []
    for text in shape.split(";"):
        line = outlined(text, unsteady, random)
        line = spaced(_ended(_ended(line, hooks, random)[::-1], hooks, random)[::-1], 0.01)
        line += tremor * _smooth(random.normal(0, 1, line.shape), 3)
        if rounding:
            line = _smooth(line, rounding)
        strokes.append(spaced(line, spacing) + random.normal(0, apart, 2))
    return varied(_stretched(strokes, random), random)


def outlined(stroke: str, unsteady: float, random: np.random.Generator) -> np.ndarray:
    """One stroke of a shape, its points displaced, smooth between its corners: float64 (k, 2)."""
    points = np.array([point.split() for point in stroke.split(",")], float) / 100
    twice = np.concatenate([[False], (points[1:] == points[:-1]).all(axis=1)])
    moved = points + random.normal(0, unsteady, points.shape)
    moved[twice] = moved[np.flatnonzero(twice) - 1]
    return np.concatenate([curve(piece) for piece in np.split(moved, np.flatnonzero(twice))])


def _ended(line: np.ndarray, hooks: float, random: np.random.Generator) -> np.ndarray:
    """A line as a pen ends it: with a hook, in this share of cases, or straight on a bit."""
    way = line[-1] - line[-min(4, len(line))]
    ahead = way / max(float(np.hypot(*way)), 1e-6)
    length = max(0, random.normal(0, 0.04))
    if random.random() < hooks:
        angle = random.choice([-1, 1]) * random.uniform(0.8, 2.6)
        length = random.uniform(0.02, 0.09)
        ahead = ahead @ [[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]
    return np.concatenate([line, [line[-1] + length * ahead]])


def _smooth(line: np.ndarray, deviation: float) -> np.ndarray:
    return ndimage.gaussian_filter1d(line, deviation, axis=0, mode="nearest")


def _stretched(strokes: Sequence[np.ndarray], random: np.random.Generator) -> Strokes:
    """Slanted and stretched, as whole hands are: more often to the right."""
    across, slant = np.exp(random.normal(0, 0.15)), np.tan(np.radians(random.normal(3, 7)))
    return tuple(stroke @ [[across, 0], [-slant, 1]] for stroke in strokes)


def curve(points: np.ndarray) -> np.ndarray:
    """A smooth line through points (Catmull & Rom, 1974): float64 (k, 2) → (8·(k - 1) + 1, 2)."""
    if len(points) < 3:
        return points
    before = np.concatenate([2 * points[:1] - points[1:2], points[:-2]])[:, None]
    after = np.concatenate([points[2:], 2 * points[-1:] - points[-2:-1]])[:, None]
    start, end = points[:-1, None], points[1:, None]
    t = np.arange(8)[:, None] / 8
    line = start + t / 2 * (
        end - before
        + t * (2 * before - 5 * start + 4 * end - after + t * (3 * (start - end) + after - before))
    )  # fmt: skip
    return np.concatenate([line.reshape(-1, 2), points[-1:]])


def varied(strokes: Strokes, random: np.random.Generator) -> Strokes:
    """The same strokes by another hand: bent a little, slanted, turned, narrower or wider."""
    points = np.concatenate(strokes)
    low, size = points.min(axis=0), max(float(np.ptp(points, axis=0).max()), 1e-6)
    slant, turn = np.tan(np.radians(random.normal(0, 10))), np.radians(random.normal(0, 5))
    hand = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    hand = hand @ [[1, -slant], [0, 1]] @ np.diag(np.exp(random.normal(0, (0.2, 0.05))))
    waves, phases = random.normal(0, 0.025, 2), random.uniform(0, 2 * np.pi, 2)
    units = [(stroke - low) / size for stroke in strokes]
    bent = [unit + waves * np.sin(2 * np.pi * unit[:, ::-1] + phases) for unit in units]
    return tuple(unit @ hand.T for unit in bent)


def _read(drawings: Iterable[Strokes], count: int, random: np.random.Generator) -> np.ndarray:
    """Each drawing with a pen of its own, and what preprocessing makes of it: (count, 28, 28)."""
    images = np.empty((count, SIDE, SIDE), np.uint8)
    for image, strokes in zip(images, drawings, strict=True):
        pen = np.exp(random.uniform(*np.log(_PENS))) * _LONGEST_SIDE
        paper = drawn(placed(strokes, _LONGEST_SIDE, _PAPER), pen, _PAPER)
        image[:] = preprocess(paper).image
    return images


def placed(strokes: Strokes, size: float, side: int) -> Strokes:
    """Strokes scaled so that their longest side is `size`, in the middle of a paper."""
    points = np.concatenate(strokes)
    low, high = points.min(axis=0), points.max(axis=0)
    scale = size / max(float((high - low).max()), 1e-6)
    return tuple((stroke - (low + high) / 2) * scale + side / 2 for stroke in strokes)
