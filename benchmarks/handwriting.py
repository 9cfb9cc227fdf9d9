"""How a network reads drawings, as far as that can be told without any.

    python -m benchmarks.handwriting
    python -m benchmarks.handwriting RUN --json

Held-out digits of MNIST and of scikit-learn are reduced to their strokes and drawn again on a
canvas of 280×280 with pens of four widths: 60 to 250 pixels tall, anywhere, slanted, turned and
bent. The same digits are also squeezed into 16×16 grey pixels, as a post office's scanner would
leave them. What is no digit is drawn from the shapes below, which nothing learned from, and from
tangles of another seed than those learned from.

Coarse pixels hide loops, and a digit that lost one on its way to strokes cannot be read by anybody:
so these shares tell which network is better, and less what people will meet.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from PIL import Image

from digitlab.calibration import calibration_error, reliability
from digitlab.datasets import load_dataset
from digitlab.handwriting.drawing import placed, scribbles, strokes_of, varied, written
from digitlab.handwriting.strokes import Strokes, drawn
from digitlab.inference import Recogniser
from digitlab.preprocessing import preprocess
from digitlab.reading import LEAST_CONFIDENCE
from digitlab.recognisers import PRETRAINED, litert_model
from digitlab.store import Store

CANVAS = 280
PENS = 8, 12, 16, 20
SIZES = 60, 250
SEED = 20_000

REDRAWN = 1_500
"""Digits of MNIST that are redrawn and squeezed: the first of its held-out ones."""

UNSEEN = (
    "10 56, 36 96, 36 96, 96 4",
    "6 6, 94 6, 94 6, 6 94, 6 94, 94 94; 10 50, 90 50",
    "50 4, 10 30, 10 100, 90 100, 90 30, 50 4; 40 100, 40 66, 62 66, 62 100",
    "4 40, 96 40, 96 40, 20 96, 20 96, 50 4, 50 4, 80 96, 80 96, 4 40",
    "4 20, 96 20; 30 20, 24 96; 70 20, 72 80, 88 96",
    "50 0, 96 50, 96 50, 50 100, 50 100, 4 50, 4 50, 50 0",
    "6 50, 26 20, 48 50, 70 80, 94 50",
    "80 10, 60 0, 46 14, 46 100; 20 46, 78 46",
    "0 0, 46 46, 46 46, 92 0; 46 46, 46 100; 20 72, 72 72",
    "10 0, 10 80, 40 100, 70 80, 72 0; 72 0, 72 100, 96 98",
    "0 100, 50 0, 50 0, 100 100; 0 0, 100 0; 50 0, 50 100",
    "10 100, 10 0, 10 0, 90 50, 90 50, 10 100; 10 50, 90 50",
)
"""Letters and signs that `allographs` does not hold: ✓ Ƶ π ◇ ∼ f ¥ u and others."""


@dataclass(frozen=True)
class Row:
    """How some pictures were read: accuracy, and how far it is from the mean sureness (expected
    calibration error); the shares as fractions. No accuracy for what is no digit."""

    pictures: str
    n: int
    accuracy: float | None
    calibration_error: float | None
    refused: float


def measure(
    recogniser: Recogniser, mnist: Sequence[np.ndarray], digits: Sequence[np.ndarray]
) -> list[Row]:
    """Every row of the table.

    Args:
        mnist, digits: images uint8 (n, 28, 28) and labels uint8 (n,), never trained on.
    """
    rows = []
    for name, (images, labels) in (("MNIST", mnist), ("scikit-learn's digits", digits)):
        for what, pictures, answers in _changed(images, labels):
            rows.append(row_of(f"{name}, {what}", answers, recogniser.probabilities(pictures)))
    for name, pictures in (("tangles, dots and letters", scribbles(1_000, SEED)), _unseen()):
        refused = _refused(recogniser.probabilities(pictures))
        rows.append(Row(name, len(pictures), None, None, refused))
    return rows


def row_of(pictures: str, labels: np.ndarray, probabilities: np.ndarray) -> Row:
    """How these pictures, float (n, 10), were read."""
    return Row(
        pictures,
        len(labels),
        float((probabilities.argmax(axis=1) == labels).mean()),
        calibration_error(reliability(labels, probabilities)),
        _refused(probabilities),
    )


def _changed(
    images: np.ndarray, labels: np.ndarray
) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """The digits as they are; the first of them squeezed, and redrawn with each pen."""
    yield "as they are", images, labels
    images, labels = images[:REDRAWN], labels[:REDRAWN]
    yield "squeezed to 16×16", squeezed(images), labels
    originals, rows = strokes_of(images)
    for pen in PENS:
        yield f"drawn with {pen} px", redrawn(originals, pen), labels[rows]


def redrawn(originals: list[Strokes], pen_width: float) -> np.ndarray:
    """Each drawn on the canvas by another hand, and read as the page reads it: (n, 28, 28)."""
    random = np.random.default_rng(SEED)
    answers = []
    for strokes in originals:
        size = random.uniform(*SIZES)
        room = max(0.0, (CANVAS - size - pen_width) / 2)
        corner = random.uniform(-room, room, 2)
        anywhere = [line + corner for line in placed(varied(strokes, random), size, CANVAS)]
        answers.append(preprocess(drawn(tuple(anywhere), pen_width, CANVAS)).image)
    return np.stack(answers)


def squeezed(images: np.ndarray) -> np.ndarray:
    """Each digit's box stretched to 16 grey pixels in height and as much as 16 in width, and from
    there through preprocessing: (n, 28, 28)."""
    answers = []
    for image in images:
        rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
        box = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        height, width = box.shape
        wide = max(4, round(16 * min(1, 1.25 * width / height)))
        small = Image.fromarray(box).resize((wide, 16), Image.Resampling.BOX)
        paper, left = np.zeros((18, 18), np.uint8), (18 - wide) // 2
        paper[1:17, left : left + wide] = np.asarray(small)
        answers.append(preprocess(paper).image)
    return np.stack(answers)


def _unseen() -> tuple[str, np.ndarray]:
    random = np.random.default_rng(SEED)
    answers = []
    for number in range(600):
        strokes = written(UNSEEN[number % len(UNSEEN)], random)
        size, pen = random.uniform(*SIZES), random.choice(PENS)
        answers.append(preprocess(drawn(placed(strokes, size, CANVAS), pen, CANVAS)).image)
    return "letters and signs never seen", np.stack(answers)


def _refused(probabilities: np.ndarray) -> float:
    """The share that is answered 'not a digit, I think'."""
    return float((probabilities.max(axis=1) < LEAST_CONFIDENCE).mean())


def held_out() -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The test parts of MNIST and of scikit-learn's digits: images and labels."""
    for name in ("mnist", "digits"):
        dataset = load_dataset(name)
        yield dataset.images[dataset.train_count :], dataset.labels[dataset.train_count :]


def table(rows: Sequence[Row]) -> str:
    """The rows in Markdown."""
    lines = [
        "| pictures | n | right | sureness off by | 'not a digit, I think' |",
        "|---|--:|--:|--:|--:|",
    ]
    for row in rows:
        right, off = (
            "–" if share is None else f"{share:.2%}"
            for share in (row.accuracy, row.calibration_error)
        )
        lines.append(f"| {row.pictures} | {row.n:,} | {right} | {off} | {row.refused:.1%} |")
    return "\n".join(lines)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description="How a network reads drawings.")
    parser.add_argument("model", nargs="?", default=PRETRAINED, metavar="RUN|MODEL")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    rows = measure(Recogniser(litert_model(Store(), options.model)), *held_out())
    text = json.dumps([asdict(row) for row in rows], indent=2) if options.json else table(rows)
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    main()
