"""What each ingredient of the shipped recogniser brings: small networks, with and without it.

    nice -n 19 python -m benchmarks.ablation
    python -m benchmarks.ablation --table

Each network has a quarter of the shipped one's multiply-adds and learns from 32,000 digits an
epoch, four epochs long, seed 42: what one ingredient adds, the others make room for. They are
measured as `benchmarks.handwriting` does it, on the last digits of the training parts, which none
of them learned from; the test parts choose nothing. Each is one line of `results/ablation.jsonl`,
written as it ends; one that is there already is not repeated.
"""

import json
import statistics
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

import benchmarks.presets
from benchmarks.handwriting import Row, measure
from digitlab.config import TrainingConfig
from digitlab.datasets import Dataset, load_dataset
from digitlab.handwriting.drawing import drawn_anew, invented, scribbles
from digitlab.inference import Recogniser
from digitlab.presets import PRESETS

RESULTS = Path(__file__).parent / "results" / "ablation.jsonl"
COUNT = 32_000
MNIST_KEPT, DIGITS_KEPT = 57_000, 1_000
"""Rows from here to the end of the training part are read, those before are learned from."""

Part = tuple[np.ndarray, np.ndarray]
"""uint8 (n, 28, 28) images, uint8 (n,) labels."""


@dataclass(frozen=True)
class Variant:
    """A network to train: how its digits are varied, and how many of them are not plain MNIST.

    `digits`: scikit-learn's, each four times as it is and about three times redrawn.
    """

    name: str
    strong: bool = True
    thickness: float = 0.0
    elastic: float = 0.0
    redrawn: int = 0
    invented: int = 0
    scribbles: int = 0
    digits: bool = False


VARIANTS = (
    Variant("MNIST, varied gently", strong=False),
    Variant("MNIST, varied strongly"),
    Variant("… with strokes made thicker or thinner", thickness=0.6),
    Variant("… with digits redrawn", redrawn=10_000),
    Variant("… with digits invented", invented=10_000),
    Variant("… with both", redrawn=8_000, invented=8_000),
    Variant("… with both, bent", elastic=0.5, redrawn=8_000, invented=8_000),
    Variant("… with both, and scribbles", redrawn=8_000, invented=8_000, scribbles=1_500),
    Variant("… with scikit-learn's, redrawn, bent", elastic=0.5, redrawn=5_000, digits=True),
    Variant(
        "… with scikit-learn's, both, bent",
        elastic=0.5,
        redrawn=5_000,
        invented=8_000,
        digits=True,
    ),
)


def config(variant: Variant) -> TrainingConfig:
    """The configuration of a variant's training."""
    small = PRESETS["tiny"].config
    blocks = [replace(b, filters=16 if n == 0 else 32) for n, b in enumerate(small.conv_blocks)]
    varied = {"rotation": 12.0, "shift": 0.06, "zoom": 0.15, "shear": 12.0}
    return small.replace(
        conv_blocks=tuple(blocks),
        epochs=4,
        stroke_thickness=variant.thickness,
        elastic=variant.elastic,
        **varied if variant.strong else {},
    )


def learned(variant: Variant) -> Part:
    """The digits that a variant learns from."""
    mnist, digits = load_dataset("mnist"), load_dataset("digits")
    parts = []
    if variant.redrawn:
        images, rows = drawn_anew(mnist.images[:12_000], 1, seed=5)
        parts.append((images[: variant.redrawn], mnist.labels[rows[: variant.redrawn]]))
    if variant.invented:
        parts.append(invented(variant.invented, seed=1))
    if variant.scribbles:
        images = scribbles(variant.scribbles, seed=3)
        parts.append((images, np.arange(len(images), dtype=np.uint8) % 10))
    if variant.digits:
        images, rows = drawn_anew(digits.images[:DIGITS_KEPT], 4, seed=11)
        parts += [(images, digits.labels[rows])]
        parts += [(digits.images[:DIGITS_KEPT], digits.labels[:DIGITS_KEPT])] * 4
    left = COUNT - sum(len(labels) for _, labels in parts)
    plain = slice(12_000, 12_000 + left)
    parts.append((mnist.images[plain], mnist.labels[plain]))
    images, labels = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return images, labels


def held_back() -> Iterator[Part]:
    """The last rows of the training parts of MNIST and of scikit-learn's digits."""
    for name, kept in (("mnist", MNIST_KEPT), ("digits", DIGITS_KEPT)):
        dataset = load_dataset(name)
        rows = slice(kept, dataset.train_count)
        yield dataset.images[rows], dataset.labels[rows]


class Listener(benchmarks.presets.Listener):
    """Keeps the model, too."""

    model = b""

    def artefact(self, name: str, content: bytes) -> None:
        """Keeps the last one that LiteRT can read."""
        if name == "model.tflite":
            self.model = content


def train_once(variant: Variant) -> list[Row]:
    """Trains a variant and reads the held-back digits with it."""
    from digitlab.training import train

    images, labels = learned(variant)
    tests = next(held_back())
    dataset = Dataset(
        "ablation",
        np.concatenate([images, tests[0][:500]]),
        np.concatenate([labels, tests[1][:500]]),
        len(images),
    )
    listener = Listener()
    train(config(variant), dataset, listener)
    return measure(Recogniser(listener.model), *held_back())


def results() -> dict[str, list[Row]]:
    """What has been measured so far, by variant."""
    lines = RESULTS.read_text().splitlines() if RESULTS.exists() else []
    return {
        line["variant"]: [Row(**row) for row in line["rows"]] for line in map(json.loads, lines)
    }


def table() -> str:
    """The results in Markdown; drawn: the mean over the pens."""
    measured = results()
    lines = [
        "| learned from | MNIST | drawn | scikit-learn's digits | drawn | squeezed "
        "| scribbles refused | unseen signs refused |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for variant in VARIANTS:
        if variant.name not in measured:
            continue
        rows = {row.pictures: row for row in measured[variant.name]}
        cells = []
        for name in ("MNIST", "scikit-learn's digits"):
            pens = [right for key, row in rows.items() if f"{name}, drawn" in key
                    and (right := row.accuracy) is not None]  # fmt: skip
            cells += [rows[f"{name}, as they are"].accuracy, statistics.mean(pens)]
        cells.append(rows["scikit-learn's digits, squeezed to 16×16"].accuracy)
        cells += [row.refused for row in measured[variant.name] if row.accuracy is None]
        lines.append(f"| {variant.name} | {' | '.join(f'{cell:.1%}' for cell in cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Trains what has not been trained yet, then prints the table."""
    for variant in [] if "--table" in sys.argv else VARIANTS:
        if variant.name not in results():
            sys.stderr.write(f"{variant.name}\n")
            keep(variant, train_once(variant))
    sys.stdout.write(f"{table()}\n")


def keep(variant: Variant, rows: list[Row]) -> None:
    """Appends one line to the results."""
    line = {"variant": variant.name, "rows": [asdict(row) for row in rows]}
    with RESULTS.open("a") as file:
        file.write(json.dumps(line, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
