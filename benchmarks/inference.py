"""One digit and ten thousand: LiteRT as DigitLab runs it, beside plain Keras.

    DIGITLAB_DATA_DIR=… python -m benchmarks.inference

Interleaved, medians and spread over the rounds. Needs MNIST.
"""

import os
import statistics
import time
from collections.abc import Callable

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from digitlab.datasets import load_dataset
from digitlab.evaluation import evaluate
from digitlab.inference import Recogniser
from digitlab.recognisers import MODELS

ROUNDS = 7
SINGLES = 100


def main() -> None:
    """Prints one Markdown table."""
    digits = load_dataset("mnist")
    images, labels = digits.images[digits.train_count :], digits.labels[digits.train_count :]
    recogniser = Recogniser((MODELS / "pretrained.tflite").read_bytes())
    model = keras.models.load_model(MODELS / "pretrained.keras")
    tensors = images[..., None].astype(np.float32)

    def all_by_keras() -> None:
        probabilities = model.predict(tensors, batch_size=500, verbose=0)
        assert evaluate(labels, probabilities).n == len(labels)

    def all_by_litert() -> None:
        assert evaluate(labels, recogniser.probabilities(images)).n == len(labels)

    agree = np.abs(recogniser.probabilities(images[:500]) - model.predict(tensors[:500], verbose=0))
    print(f"largest difference between the two: {agree.max():.1e}\n")
    print("| what | LiteRT (DigitLab) | plain Keras | ratio |\n|---|--:|--:|--:|")
    table(
        "one digit, `predict`, ms",
        lambda i: recogniser.probabilities(images[i : i + 1]),
        lambda i: model.predict(tensors[i : i + 1], verbose=0),
        SINGLES,
        1000,
    )
    table(
        "one digit, `model(x)`, ms",
        lambda i: recogniser.probabilities(images[i : i + 1]),
        lambda i: np.asarray(model(tensors[i : i + 1])),
        SINGLES,
        1000,
    )
    table("10,000 digits evaluated, s", lambda i: all_by_litert(), lambda i: all_by_keras(), 1, 1)


def table(
    what: str,
    ours: Callable[[int], object],
    plain: Callable[[int], object],
    repeats: int,
    scale: float,
) -> None:
    """One row: medians (lowest–highest round) of both, run in turns, and their ratio."""
    times: dict[str, list[float]] = {"ours": [], "plain": []}
    for function in (ours, plain):
        function(0)
    for _ in range(ROUNDS):
        for name, function in (("ours", ours), ("plain", plain)):
            took = []
            for i in range(repeats):
                began = time.perf_counter()
                function(i)
                took.append(time.perf_counter() - began)
            times[name].append(statistics.median(took) * scale)
    cells = [f"{statistics.median(t):.2f} ({min(t):.2f}–{max(t):.2f})" for t in times.values()]
    ratio = statistics.median(times["plain"]) / statistics.median(times["ours"])
    print(f"| {what} | {cells[0]} | {cells[1]} | {ratio:.1f}× |")


if __name__ == "__main__":
    main()
