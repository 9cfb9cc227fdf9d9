"""Training speed beside plain Keras: both in one process, in turns, medians over pairs.

    python -m benchmarks.training throughput augmentation fast

throughput    our training, told to a reporter, beside `model.fit` on NumPy arrays, Keras's defaults
augmentation  the `tutorialspoint` network with rotation, zoom and shift beside none
fast          the `fast` preset to its end beside Keras's own `mnist_convnet` example, stopped at
              the first epoch with 99.0 % of the test digits right
"""

import argparse
import os
import statistics
from collections.abc import Callable
from time import monotonic
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from benchmarks.presets import Listener
from digitlab.architectures import build, loss, optimizer, processor_precision
from digitlab.compiled import forget
from digitlab.config import TrainingConfig
from digitlab.datasets import Dataset, load_dataset
from digitlab.presets import PRESETS
from digitlab.training import Training

PAIRS = 5
DIGITS = 24_000
"""Digits of an epoch whose speed is compared; the first epoch, which builds, does not count."""

NETWORKS = ("tutorialspoint", "kazmi", "fast")


def compare(
    what: str, ours: Callable[[], float], plain: Callable[[], float], pairs: int = PAIRS
) -> None:
    """Runs both in turns and prints a row: medians, extremes in brackets, and their ratio."""
    times = [(ours(), plain()) for _ in range(pairs)]
    columns = [sorted(column) for column in zip(*times, strict=True)]
    texts = [f"{statistics.median(c):.2f} ({c[0]:.2f}–{c[-1]:.2f})" for c in columns]
    ratio = statistics.median(b / a for a, b in times)
    print(f"| {what} | {texts[0]} | {texts[1]} | {ratio:.2f}× |", flush=True)


def epoch_seconds(config: TrainingConfig, dataset: Dataset) -> float:
    """Seconds of our second epoch, everything that a live training does included."""
    listener = Listener()
    Training(config, dataset, listener).fit()
    return float(listener.epochs[-1].seconds)


def plain_epoch_seconds(config: TrainingConfig, dataset: Dataset) -> float:
    """Seconds of the second epoch of `model.fit` on arrays, Keras's defaults: float32."""
    config = config.replace(precision="float32")
    images = dataset.images[: config.training_size, ..., None].astype(np.float32)
    labels = dataset.labels[: config.training_size].astype(np.int32)
    keras.backend.clear_session()
    model = build(config)
    model.compile(optimizer=optimizer(config), loss=loss(config), metrics=["accuracy"])
    seconds: list[float] = []
    clock = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda *_: seconds.append(monotonic()),
        on_epoch_end=lambda *_: seconds.append(monotonic()),
    )
    fit: dict[str, Any] = {"batch_size": config.batch_size, "epochs": 2, "verbose": 0}
    model.fit(images, labels, callbacks=[clock], **fit)
    return seconds[-1] - seconds[-2]


def of_two_epochs(config: TrainingConfig) -> TrainingConfig:
    """The same network and batch, two short epochs, nothing but training."""
    return config.replace(
        epochs=2,
        training_size=DIGITS,
        validation="none",
        early_stopping_patience=None,
        reduce_on_plateau_patience=None,
        rotation=0.0,
        zoom=0.0,
        shift=0.0,
    )


def throughput() -> None:
    """Ours, in each precision that this processor is made for, beside plain `model.fit`."""
    dataset = load_dataset("mnist")
    print("| network, seconds an epoch of 24,000 digits | DigitLab | plain Keras, float32 | |")
    print("|---|--:|--:|--:|")
    for key in NETWORKS:
        for precision in dict.fromkeys(("float32", processor_precision())):
            config = of_two_epochs(PRESETS[key].config).replace(precision=precision)
            compare(
                f"`{key}`, batch {config.batch_size}, {precision}",
                lambda config=config: epoch_seconds(config, dataset),
                lambda config=config: plain_epoch_seconds(config, dataset),
            )


def augmentation() -> None:
    """With rotation, zoom and shift beside without."""
    dataset = load_dataset("mnist")
    plain = of_two_epochs(PRESETS["tutorialspoint"].config)
    varied = plain.replace(rotation=10, zoom=0.1, shift=0.1)
    print("| seconds an epoch of 24,000 digits | without | with | |")
    print("|---|--:|--:|--:|")
    compare(
        "rotation, zoom and shift",
        lambda: epoch_seconds(plain, dataset),
        lambda: epoch_seconds(varied, dataset),
    )


def fast_seconds(dataset: Dataset) -> float:
    """From `fit` on to the end of the `fast` preset."""
    forget()  # Keras's example is traced each time, too
    training = Training(PRESETS["fast"].config, dataset, Listener())
    assert training.exported.built  # before the clock starts, as Keras's example is
    began = monotonic()
    training.fit()
    return monotonic() - began


def convnet_seconds(dataset: Dataset) -> float:
    """Keras's example `mnist_convnet`, from `fit` on to the first epoch with 99.0 % right.

    Source: keras.io/examples/vision/mnist_convnet: batch 128, Adam, a tenth for validation.
    """
    images = dataset.images[..., None].astype(np.float32) / 255
    labels = keras.utils.to_categorical(dataset.labels, 10)
    train, test = slice(0, dataset.train_count), slice(dataset.train_count, None)
    keras.backend.clear_session()
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.Conv2D(32, 3, activation="relu"),
            keras.layers.MaxPooling2D(2),
            keras.layers.Conv2D(64, 3, activation="relu"),
            keras.layers.MaxPooling2D(2),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    spent = 0.0
    for _ in range(15):
        began = monotonic()
        fit: dict[str, Any] = {"batch_size": 128, "epochs": 1, "validation_split": 0.1}
        model.fit(images[train], labels[train], verbose=0, **fit)
        spent += monotonic() - began
        if model.evaluate(images[test], labels[test], verbose=0)[1] >= 0.99:
            return spent
    raise RuntimeError("mnist_convnet did not reach 99.0 % in its 15 epochs")


def fast() -> None:
    """`fast` beside `mnist_convnet`."""
    dataset = load_dataset("mnist")
    print("| seconds from fit on | `fast`, to its end | `mnist_convnet`, to 99.0 % | |")
    print("|---|--:|--:|--:|")
    compare("all of MNIST", lambda: fast_seconds(dataset), lambda: convnet_seconds(dataset))


def main() -> None:
    """Runs the parts that are named."""
    parts = {"throughput": throughput, "augmentation": augmentation, "fast": fast}
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(parts)}; or all")
    for part in parser.parse_args().parts or parts:
        parts[part]()
        print()


if __name__ == "__main__":
    main()
