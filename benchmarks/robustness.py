"""What the shipped recogniser bears, and how long the test takes.

    DIGITLAB_DATA_DIR=… python -m benchmarks.robustness

The card of Evaluate, on the same 2,000 test digits of MNIST; seconds over three rounds. Needs
MNIST, and an idle machine for the seconds; the accuracies are the same on any.
"""

import statistics
import time

from digitlab.corruptions import EVERYDAY, MNIST_C
from digitlab.datasets import load_dataset
from digitlab.inference import Recogniser
from digitlab.recognisers import MODELS
from digitlab.robustness import Card, card, sample

ROUNDS = 3


def main() -> None:
    """Prints the seconds, the card in words and one Markdown table for each family."""
    digits = load_dataset("mnist")
    rows = digits.train_count + sample(len(digits) - digits.train_count)
    images, labels = digits.images[rows], digits.labels[rows]
    recogniser = Recogniser((MODELS / "pretrained.tflite").read_bytes())
    for name, corruptions in (("everyday", EVERYDAY), ("MNIST-C", MNIST_C)):
        seconds = []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            made = card(recogniser.probabilities, images, labels, corruptions, lambda *_: None)
            seconds.append(time.perf_counter() - began)
        print(
            f"{name}: {len(corruptions)} corruptions of {len(rows):,} digits in "
            f"{statistics.median(seconds):.1f} s ({min(seconds):.1f}–{max(seconds):.1f})"
        )
        show(made)


def show(made: Card) -> None:
    """The card in words, and a row for each corruption, the most harmful first."""
    print(f"\n{made.unchanged.in_words} as they are. {made.in_words}\n")
    print("| corruption | accuracy by level, % | survives up to |\n|---|---|--:|")
    for curve in made.curves:
        words = curve.corruption.level_in_words
        points = ", ".join(f"{words(p.level)}: {100 * p.accuracy:.1f}" for p in curve.points[1:])
        survived = words(curve.survived) if curve.survived else "–"
        print(f"| {curve.corruption.title} | {points} | {survived} |")
    print()


if __name__ == "__main__":
    main()
