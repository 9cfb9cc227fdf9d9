"""How a network reads hands that nobody here has seen: digits drawn by made-up people.

    python -m benchmarks.hands
    python -m benchmarks.hands RUN --sheet missed.png

The forms of `benchmarks.forms`, each by several of `WRITERS` writers, who slant, turn, stretch,
tremble and round corners in ways of their own, begin and end strokes with hooks, overshoot, leave
gaps, and draw 60 to 250 pixels tall anywhere on the canvas, up to its border. The pen is sampled as
a tablet does it, at equal times: in quick strokes the points are far apart, with straight lines
between. Everything is drawn and read as the page does it.

Beside them postal digits: training digits of MNIST that nothing learned from, thickened, smoothed
and cropped until they fill 16×16 grey pixels, in several ways.

None of this is anybody's writing. It tells which network bears more, and what it does not bear.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from benchmarks.forms import Form, forms
from benchmarks.handwriting import CANVAS, PENS, SIZES, Row, row_of, table
from digitlab.datasets import load_dataset
from digitlab.errors import BlankImageError
from digitlab.handwriting.strokes import Strokes, drawn
from digitlab.inference import Recogniser
from digitlab.preprocessing import SIDE, preprocess
from digitlab.recognisers import PRETRAINED, litert_model
from digitlab.store import Store

SEED = 31_000
WRITERS = 60
TIMES = 8
"""How often each form is drawn, each time by another writer."""

MENTIONED = 20
"""Forms that were misread, in the report."""

POSTAL_KEPT, POSTAL = 57_000, 1_500
"""MNIST's training digits from here on were learned from by nothing; how many of them are used."""


class Scan(NamedTuple):
    """A way to fill 16×16 pixels: how much thicker the ink gets and how much smoother, in MNIST's
    pixels, and how far a digit may be stretched across, as a factor."""

    name: str
    thicker: float
    blur: float
    widest: float


SCANS = (
    Scan("cropped", 0.0, 0.4, 1.0),
    Scan("thick", 1.0, 0.6, 1.0),
    Scan("smooth", 0.6, 1.0, 1.4),
    Scan("stretched", 0.5, 0.5, 2.0),
    Scan("stretched, thick", 1.2, 0.8, 2.0),
)


@dataclass(frozen=True)
class Writer:
    """A hand. Lengths in hundredths of the digit's height, angles in radians."""

    slant: float
    turn: float
    stretch: float
    height: float
    unsteady: float
    tremor: float
    rounding: float
    hooks: float
    overshoot: float
    gaps: float
    points: float


@dataclass(frozen=True, eq=False)
class Drawing:
    """One digit: what it is, how it is written, and its strokes in pixels of the canvas."""

    digit: int
    form: str
    strokes: Strokes


def writer(random: np.random.Generator) -> Writer:
    """Somebody."""
    return Writer(
        slant=np.radians(np.clip(random.normal(6, 16), -30, 35)),
        turn=np.radians(random.normal(0, 3.5)),
        stretch=float(np.exp(random.uniform(-0.45, 0.45))),
        height=random.uniform(75, 230),
        unsteady=random.uniform(1, 5.5),
        tremor=random.uniform(0, 1.4),
        rounding=random.uniform(0, 7),
        hooks=random.choice([0, 0, 0.2, 0.5]),
        overshoot=random.uniform(0, 9),
        gaps=random.uniform(0, 3.5),
        points=random.uniform(7, 40),
    )


def drawings() -> list[Drawing]:
    """Every form, several times, by writers taken in turn; the same at each call."""
    random = np.random.default_rng(SEED)
    people = [writer(random) for _ in range(WRITERS)]
    answers = []
    for digit, named in forms().items():
        for name, form in named.items():
            for who in random.choice(WRITERS, TIMES, replace=False):
                strokes = written(form, people[who], random, thin=digit == 1)
                answers.append(Drawing(digit, name, strokes))
    return answers


def written(form: Form, who: Writer, random: np.random.Generator, thin: bool) -> Strokes:
    """A form as somebody writes it this time, somewhere on the canvas.

    Args:
        thin: whether it may be narrower than two fifths of its height.
    """
    jittered = [
        np.array([point[:2] for point in stroke]) + random.normal(0, who.unsteady, (len(stroke), 2))
        for stroke in form
    ]
    lines = []
    for points, stroke in zip(jittered, form, strict=True):
        line = _curve(points + random.normal(0, who.gaps, 2), [corner for *_, corner in stroke])
        line = _ended(line, who, random)
        lines.append(_trembling(_rounded(line, who.rounding), who.tremor, random))
    lines = _shaped(lines, who, random, thin)
    sampled = [_sampled(line, who.points * random.uniform(0.8, 1.2)) for line in lines]
    return tuple(_placed(sampled, who.height * random.uniform(0.8, 1.2), random))


def _curve(points: np.ndarray, corners: Sequence[bool]) -> np.ndarray:
    """Through the points, smooth between corners (Catmull & Rom, 1974), a step about every unit."""
    ends = [0, *(i for i in range(1, len(points) - 1) if corners[i]), len(points) - 1]
    pieces = [points[:1]]
    for first, last in pairwise(ends):
        piece = points[first : last + 1]
        padded = np.concatenate([[2 * piece[0] - piece[1]], piece, [2 * piece[-1] - piece[-2]]])
        for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
            steps = max(2, round(float(np.hypot(*(c - b)))))
            t = (np.arange(1, steps + 1) / steps)[:, None]
            bend = 2 * a - 5 * b + 4 * c - d, 3 * b - a - 3 * c + d
            pieces.append(b + 0.5 * t * ((c - a) + t * (bend[0] + t * bend[1])))
    return np.concatenate(pieces)


def _ended(line: np.ndarray, who: Writer, random: np.random.Generator) -> np.ndarray:
    """With what a pen leaves where it lands and lifts: a hook, or a bit too much of the way."""
    for _ in range(2):
        line = line[::-1]
        way = line[-1] - line[max(-6, -len(line))]
        ahead = way / max(float(np.hypot(*way)), 1e-6)
        if random.random() < who.hooks:
            angle = random.choice([-1, 1]) * random.uniform(1.2, 2.6)
            turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
            hook = line[-1] + random.uniform(2, 8) * (ahead @ turn)
            line = np.concatenate([line, np.linspace(line[-1], hook, 6)[1:]])
        elif (length := random.uniform(-0.3, 1) * who.overshoot) > 0:
            line = np.concatenate([line, [line[-1] + length * ahead]])
    return line


def _rounded(line: np.ndarray, deviation: float) -> np.ndarray:
    """Corners cut by a hand in a hurry."""
    return ndimage.gaussian_filter1d(line, deviation, axis=0, mode="nearest") if deviation else line


def _trembling(line: np.ndarray, strength: float, random: np.random.Generator) -> np.ndarray:
    shake = ndimage.gaussian_filter1d(random.normal(0, 1, line.shape), 3, axis=0) * 3
    return line + strength * shake


def _shaped(
    lines: list[np.ndarray], who: Writer, random: np.random.Generator, thin: bool
) -> list[np.ndarray]:
    """Stretched, slanted and turned; two to six fifths as wide as tall before that."""
    low, high = _bounds(lines)
    width, height = np.maximum(high - low, 1)
    across = who.stretch * float(np.exp(random.normal(0, 0.1)))
    least = 0.0 if thin else 0.4
    across = float(np.clip(across, least * height / width, max(1.2 * height / width, 0.3)))
    slant = np.tan(who.slant + np.radians(random.normal(0, 3)))
    turn = float(np.clip(who.turn + np.radians(random.normal(0, 3)), -0.21, 0.21))
    cosine, sine = np.cos(turn), np.sin(turn)
    shape = np.array([[across, 0], [-slant, 1]]) @ np.array([[cosine, sine], [-sine, cosine]])
    return [line @ shape for line in lines]


def _sampled(line: np.ndarray, points: float) -> np.ndarray:
    """Where the pen is at equal times: it slows down in bends, at both ends, and for nothing else.

    Args:
        points: how many for a way of 200, with few bends.
    """
    steps = np.diff(line, axis=0)
    lengths = np.hypot(*steps.T)
    headings = np.unwrap(np.arctan2(steps[:, 1], steps[:, 0]))
    bends = ndimage.uniform_filter1d(np.abs(np.gradient(headings)), 7) if len(steps) > 1 else 0.0
    from_end = np.minimum(np.arange(len(steps)), np.arange(len(steps))[::-1])
    hurry = np.minimum(1, (0.5 + from_end) / 8)
    times = np.concatenate([[0], (lengths * (1 + 6 * bends) / (0.4 + 0.6 * hurry)).cumsum()])
    at = np.linspace(0, times[-1], max(2, round(points * times[-1] / 200)))
    return np.stack([np.interp(at, times, line[:, axis]) for axis in (0, 1)], axis=1)


def _placed(
    lines: list[np.ndarray], height: float, random: np.random.Generator
) -> list[np.ndarray]:
    """Of this height, or as wide as the canvas, anywhere on it: the pen's middle stays inside."""
    low, high = _bounds(lines)
    extent = np.maximum(high - low, 1e-6)
    scale = min(float(np.clip(height, *SIZES)) / extent[1], (CANVAS - 2) / extent[0])
    room = np.maximum(CANVAS - scale * extent, 0)
    corner = room * np.clip(random.normal(0.5, 0.25, 2), 0, 1)
    return [(line - low) * scale + corner for line in lines]


def _bounds(lines: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    points = np.concatenate(lines)
    return points.min(axis=0), points.max(axis=0)


def read_back(strokes: Strokes, pen: float) -> np.ndarray:
    """What the page's recogniser is shown: uint8 (28, 28)."""
    return preprocess(drawn(strokes, pen, CANVAS)).image


def postal(images: np.ndarray, scan: Scan) -> np.ndarray:
    """Digits as a post office's scanner leaves them, and read as an upload is: (n, 28, 28)."""
    answers = []
    for image in images:
        large = np.asarray(Image.fromarray(image).resize((112, 112), Image.Resampling.BICUBIC))
        ink = ndimage.grey_dilation(large, footprint=_disc(4 * scan.thicker))
        ink = ndimage.gaussian_filter(ink.astype(np.float32), 4 * scan.blur)
        rows, columns = (np.flatnonzero((ink > 64).any(axis=axis)) for axis in (1, 0))
        box = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        height, width = box.shape
        wide = min(16, max(4, round(16 * width / height * scan.widest)))
        small = Image.fromarray(box).resize((wide, 16), Image.Resampling.BOX)
        paper, left = np.zeros((16, 16), np.uint8), (16 - wide) // 2
        paper[:, left : left + wide] = np.clip(np.asarray(small), 0, 255)
        try:
            answers.append(preprocess(paper).image)
        except BlankImageError:  # a block without any paper
            answers.append(np.zeros((SIDE, SIDE), np.uint8))
    return np.stack(answers)


def _disc(radius: float) -> np.ndarray:
    reach = int(np.ceil(radius))
    down, across = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    return down**2 + across**2 <= radius**2


def sheet(pictures: np.ndarray, words: Sequence[str], across: int = 16) -> Image.Image:
    """Pictures in rows, four times their size, each with a line of words above."""
    side, head = 4 * pictures.shape[1], 14
    down = -(-len(pictures) // across)
    paper = Image.new("L", (across * (side + 4), down * (side + head)), 60)
    pen = ImageDraw.Draw(paper)
    for number, (picture, text) in enumerate(zip(pictures, words, strict=True)):
        left, top = number % across * (side + 4), number // across * (side + head)
        paper.paste(Image.fromarray(picture).resize((side, side)), (left, top + head))
        pen.text((left + 1, top + 1), text, 255)
    return paper


@dataclass(frozen=True, eq=False)
class Reading:
    """What one pen's drawings were read as: uint8 (n, 28, 28) images, float (n, 10)."""

    pen: int
    images: np.ndarray
    probabilities: np.ndarray


def read_drawings(recogniser: Recogniser, cases: Sequence[Drawing]) -> list[Reading]:
    """All drawings with each pen."""
    readings = []
    for pen in PENS:
        images = np.stack([read_back(case.strokes, pen) for case in cases])
        readings.append(Reading(pen, images, recogniser.probabilities(images)))
    return readings


def measure(
    recogniser: Recogniser, cases: Sequence[Drawing], readings: Sequence[Reading]
) -> list[Row]:
    """A row for each pen, and for each way of scanning."""
    digits = np.array([case.digit for case in cases])
    rows = [
        row_of(f"made-up hands, {reading.pen} px", digits, reading.probabilities)
        for reading in readings
    ]
    mnist = load_dataset("mnist")
    kept = slice(POSTAL_KEPT, POSTAL_KEPT + POSTAL)
    for scan in SCANS:
        probabilities = recogniser.probabilities(postal(mnist.images[kept], scan))
        rows.append(row_of(f"16×16 pixels, {scan.name}", mnist.labels[kept], probabilities))
    return rows


def by_digit(cases: Sequence[Drawing], readings: Sequence[Reading]) -> str:
    """The share of each digit that was read right with each pen, in Markdown."""
    digits = np.array([case.digit for case in cases])
    lines = ["| pen | 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 |", f"|--:|{'--:|' * 10}"]
    for reading in readings:
        right = reading.probabilities.argmax(axis=1) == digits
        shares = [f"{right[digits == digit].mean():.1%}" for digit in range(10)]
        lines.append(f"| {reading.pen} px | {' | '.join(shares)} |")
    return "\n".join(lines)


def misread_forms(cases: Sequence[Drawing], readings: Sequence[Reading]) -> str:
    """Which forms were misread most often, with all pens together: a list, worst first."""
    missed = Counter(
        f"{case.digit} {case.form}"
        for reading in readings
        for case, answer in zip(cases, reading.probabilities.argmax(axis=1), strict=True)
        if answer != case.digit
    )
    worst = missed.most_common(MENTIONED)
    return "\n".join(f"- {form}: {count} of {TIMES * len(PENS)}" for form, count in worst)


def misread_sheet(cases: Sequence[Drawing], readings: Sequence[Reading]) -> Image.Image:
    """What was misread, as the network saw it: what it is, what was read, the pen, the form."""
    pictures, words = [], []
    for reading in readings:
        answers = reading.probabilities.argmax(axis=1)
        for case, image, answer in zip(cases, reading.images, answers, strict=True):
            if answer != case.digit:
                pictures.append(image)
                words.append(f"{case.digit}>{answer} {reading.pen} {case.form}"[:19])
    return sheet(np.stack(pictures), words)


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description="How a network reads unknown hands.")
    parser.add_argument("model", nargs="?", default=PRETRAINED, metavar="RUN|MODEL")
    parser.add_argument("--sheet", type=Path, metavar="PNG", help="a picture of what was misread")
    options = parser.parse_args()
    recogniser = Recogniser(litert_model(Store(), options.model))
    cases = drawings()
    readings = read_drawings(recogniser, cases)
    said = [
        table(measure(recogniser, cases, readings)),
        by_digit(cases, readings),
        misread_forms(cases, readings),
    ]
    sys.stdout.write("\n\n".join(said) + "\n")
    if options.sheet:
        misread_sheet(cases, readings).save(options.sheet)


if __name__ == "__main__":
    main()
