"""How fast a training runs here: a few steps of the very training. Runs in the training process."""

import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from digitlab.augmentation import plain_pipeline, training_pipeline
from digitlab.checkpoints import Checkpoint
from digitlab.compiled import forget
from digitlab.config import TrainingConfig
from digitlab.costs import VALIDATION_SHARE, Speed, guess_step, speed_key
from digitlab.datasets import Dataset, probe_rows
from digitlab.files import write_synced
from digitlab.records import Controls, Epoch, Snapshot, TestResult
from digitlab.training import KeepCallback, LearningRate, SeedCallback, Training

STEP_SECONDS, EXECUTIONS, LONGEST_SECONDS = 1.5, 3, 6
"""Steps are timed for so long at least, in so many executions; but for LONGEST_SECONDS at most."""

VALIDATION_SECONDS = 0.5
"""About so long for validation, and again to warm up; never more than VALIDATION_DIGITS."""

VALIDATION_DIGITS = 2000


def measure(config: TrainingConfig, dataset: Dataset) -> Speed:
    """Trains for a moment as `config` says, augmentation and all, and throws the network away.

    Takes 3–5 s for ordinary networks on two cores; two steps at least for any.

    Raises:
        InputError: if the network or the split cannot be made.
    """
    forget()  # to begin takes longer where the network was not trained just before
    with tempfile.TemporaryDirectory() as folder:
        training = Training(config, dataset, Nobody(Path(folder)))
        began = time.perf_counter()
        steps = _time_steps(training)
        validation = _time_validation(
            training, VALIDATION_SHARE * steps.seconds_per_step / config.batch_size
        )
        between = _time_between(training)
    warming = steps.warm - began - steps.warm_steps * steps.seconds_per_step
    return Speed(
        key=speed_key(config, training.batches),
        seconds_per_step=steps.seconds_per_step,
        seconds_per_validation_digit=validation.again,
        seconds_between_epochs=between.again,
        seconds_to_begin=warming + validation.extra + between.extra,
        pace=steps.seconds_per_step / guess_step(config, training.batches),
    )


@dataclass(frozen=True)
class _Twice:
    """Seconds of something done twice: of the second time, and what the first took more."""

    again: float = 0.0
    extra: float = 0.0


def _twice(action: Callable[[], Any]) -> _Twice:
    times = [time.perf_counter()]
    for _ in range(2):
        action()
        times.append(time.perf_counter())
    first, second = times[1] - times[0], times[2] - times[1]
    return _Twice(second, max(0.0, first - second))


def _time_steps(training: Training) -> "_Stopwatch":
    """Trains on the very batches, as many at a time as a training would."""
    rows, epoch = training.split.train, tf.Variable(0, dtype=tf.int64, trainable=False)
    images, labels = training.dataset.images[rows], training.dataset.labels[rows]
    stopwatch = _Stopwatch(training.batches)
    training.trainee.fit(
        training_pipeline(images, labels, training.config, epoch),
        epochs=1_000_000,
        callbacks=[SeedCallback(epoch, training.config.seed), stopwatch],
        shuffle=False,
        verbose=0,
    )
    return stopwatch


def _time_validation(training: Training, guess: float) -> _Twice:
    """Seconds per digit, given a guess of them."""
    most = int(min(VALIDATION_DIGITS, max(1, VALIDATION_SECONDS / guess)))
    rows = training.split.validation[:most]
    if not len(rows):
        return _Twice()
    digits = plain_pipeline(training.dataset.images[rows], training.dataset.labels[rows])
    whole = _twice(lambda: training.trainee.evaluate(digits, verbose=0))
    return _Twice(whole.again / len(rows), whole.extra)


def _time_between(training: Training) -> _Twice:
    """Storing the model and the checkpoint, as after each epoch."""
    probe = training.dataset.images[probe_rows(training.dataset, training.config)]
    keep = KeepCallback(
        lambda: training.exported,
        training.reporter,
        probe[..., None].astype(np.float32),
        [],
        LearningRate(training.config),
        None,
    )
    keep.set_model(training.trainee)
    epoch = Epoch(1, 0.0, 0.0, None, None, 0.0, 0.0)

    def between() -> None:
        keep.on_epoch_end(0)
        training.reporter.epoch(epoch, keep.snapshot, keep.checkpoint)

    return _twice(between)


@dataclass(eq=False)
class _Stopwatch(keras.callbacks.Callback):
    """Ends a training when its steps were timed for long enough; the first execution warms up.

    An execution is what Keras runs between two looks at the callbacks: one step, or several.
    """

    batches: int
    warm: float = field(init=False, default=0.0)
    warm_steps: int = field(init=False, default=0)
    seconds_per_step: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        super().__init__()
        self._epoch = self._executions = 0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Remembers the epoch, from 0."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Comes after each execution."""
        now = time.perf_counter()
        done = self._epoch * self.batches + min(batch + 1, self.batches)
        if not self.warm_steps:
            self.warm, self.warm_steps = now, done
            return
        self._executions += 1
        seconds = now - self.warm
        self.seconds_per_step = seconds / (done - self.warm_steps)
        enough = seconds >= STEP_SECONDS and self._executions >= EXECUTIONS
        self.model.stop_training = enough or seconds >= LONGEST_SECONDS


@dataclass(frozen=True)
class Nobody:
    """A reporter that writes what it is told where nobody will read it: writing takes time."""

    folder: Path

    def batch(self, progress: Any) -> None:
        """Nothing is kept."""

    def epoch(self, epoch: Epoch, snapshot: Snapshot, checkpoint: Checkpoint) -> None:
        """Writes what a training stores after each epoch."""
        self.artefact("checkpoint", checkpoint.to_bytes())
        self.artefact("snapshot", snapshot.to_bytes())

    def artefact(self, name: str, content: bytes) -> None:
        """Writes a file."""
        write_synced(self.folder / name, content)

    def controls(self) -> Controls:
        """Nobody asks for anything."""
        return Controls()

    def stopped(self) -> None:
        """Nothing is kept."""

    def tested(self, result: TestResult) -> None:
        """Nothing is kept."""
