"""train(): fit, and the custom callback that reports. Runs in the training process."""

import math
import os
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from digitlab.architectures import build, optimizer
from digitlab.augmentation import plain_pipeline, training_pipeline
from digitlab.config import TrainingConfig
from digitlab.datasets import Dataset, split_dataset
from digitlab.errors import InputError
from digitlab.evaluation import evaluate
from digitlab.export import keras_bytes, litert_bytes
from digitlab.inference import Recogniser
from digitlab.network import batches_per_epoch, seconds_per_step
from digitlab.preprocessing import pixel_statistics
from digitlab.records import BatchProgress, Epoch, TestResult
from digitlab.schedules import learning_rate_at

REPORT_SECONDS = 0.25
"""Batches are reported at most this often, and a wish to stop is looked for as often."""


class Reporter(Protocol):
    """Whoever wants to know how a training goes."""

    def batch(self, progress: BatchProgress) -> None:
        """A few times a second."""

    def epoch(self, epoch: Epoch) -> None:
        """After each completed epoch."""

    def artefact(self, name: str, content: bytes) -> None:
        """A file to keep: `model.keras` after each epoch, `model.tflite` at the end."""

    def stop_requested(self) -> bool:
        """Whether training should stop now; asked a few times a second."""

    def stopped(self) -> None:
        """Training has stopped as requested; the model is still to be stored and tested."""

    def tested(self, result: TestResult) -> None:
        """How the final model did on the test part."""


class StopRequested(Exception):
    """Carries a wish to stop out of `fit`, at once."""


class ReportingCallback(keras.callbacks.Callback):
    """Translates Keras's logs into records and forwards them; computes and draws nothing.

    Args:
        reporter: who is told.
        batches: steps per epoch.
        clock: seconds, monotonic.
    """

    def __init__(
        self, reporter: Reporter, batches: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        self._reporter = reporter
        self._batches = batches
        self._clock = clock
        self._began = self._epoch_began = self._reported = clock()
        self._epoch = 1

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:
        """Starts the clock."""
        self._began = self._reported = self._clock()

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Epochs count from 1 outside Keras."""
        self._epoch, self._epoch_began = epoch + 1, self._clock()

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        """Reports where training is, and stops it on a wish or on a loss that is no number."""
        values = dict(logs or {})
        if not math.isfinite(values["loss"]):
            raise InputError(
                f"the loss became {values['loss']} in epoch {self._epoch}: training diverged; "
                f"try a learning_rate below {self._learning_rate():g}"
            )
        done = min(batch + 1, self._batches)  # Keras counts on to the end of its last execution
        if self._due() or done == self._batches:
            self._reporter.batch(
                BatchProgress(
                    epoch=self._epoch,
                    batch=done,
                    batches=self._batches,
                    accuracy=values["accuracy"],
                    loss=values["loss"],
                    learning_rate=self._learning_rate(),
                    seconds=self._clock() - self._began,
                )
            )

    def on_test_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        """Validation can be stopped, too."""
        self._due()

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Reports the completed epoch."""
        values = dict(logs or {})
        self._reporter.epoch(
            Epoch(
                epoch=epoch + 1,
                accuracy=values["accuracy"],
                loss=values["loss"],
                val_accuracy=values.get("val_accuracy"),
                val_loss=values.get("val_loss"),
                learning_rate=self._learning_rate(),
                seconds=self._clock() - self._epoch_began,
            )
        )

    def _due(self) -> bool:
        now = self._clock()
        if now - self._reported < REPORT_SECONDS:
            return False
        self._reported = now
        if self._reporter.stop_requested():
            raise StopRequested
        return True

    def _learning_rate(self) -> float:
        return float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))


class ScheduleCallback(keras.callbacks.Callback):
    """Sets the learning rate from the config's schedule.

    A callback and not a schedule inside the optimiser, so that saved models load anywhere.
    """

    def __init__(self, config: TrainingConfig, batches: int) -> None:
        super().__init__()
        self._config, self._batches, self._epoch = config, batches, 0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Remembers the epoch, from 0."""
        self._epoch = epoch

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Sets the rate for the steps that follow."""
        steps = self._config.epochs * self._batches
        step = self._epoch * self._batches + batch
        self.model.optimizer.learning_rate = learning_rate_at(self._config, step, steps)


class KeepCallback(keras.callbacks.Callback):
    """Keeps the model of the last completed epoch: in memory, and as `model.keras`."""

    def __init__(self, model: keras.Model, reporter: Reporter) -> None:
        super().__init__()
        self._exported, self._reporter = model, reporter
        self.weights: list[np.ndarray] | None = None

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Stores it before the epoch is reported."""
        self.weights = self.model.get_weights()
        self._exported.set_weights(self.weights)
        self._reporter.artefact("model.keras", keras_bytes(self._exported))


def train(config: TrainingConfig, dataset: Dataset, reporter: Reporter) -> None:
    """Trains the network that `config` describes on `dataset`.

    A wish to stop keeps the model of the last completed epoch (the present one if none is
    complete yet). The test digits are looked at once, by the final model.

    Raises:
        InputError: if the network or the split cannot be made, or training diverges.
    """
    split = split_dataset(dataset, config)
    images, labels = dataset.images[split.train], dataset.labels[split.train]
    keras.backend.clear_session()
    keras.utils.set_random_seed(config.seed)
    pixels = pixel_statistics(images)
    network = build(config, pixels)
    exported = build(config.replace(precision="float32"), pixels)
    trainee = keras.Model(network.inputs, network.outputs)
    batches = batches_per_epoch(len(images), config.batch_size)
    trainee.compile(
        optimizer=optimizer(config),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        steps_per_execution=_steps_per_execution(config, batches),
        jit_compile=False,
    )
    keep = KeepCallback(exported, reporter)
    epoch = tf.Variable(0, dtype=tf.int64, trainable=False)
    validation = dataset.images[split.validation], dataset.labels[split.validation]
    try:
        trainee.fit(
            training_pipeline(images, labels, config, epoch),
            epochs=config.epochs,
            validation_data=plain_pipeline(*validation) if len(split.validation) else None,
            callbacks=[
                keras.callbacks.LambdaCallback(on_epoch_begin=lambda e, _: epoch.assign(e)),
                *_callbacks(config, batches, keep, reporter),
            ],
            shuffle=False,
            verbose=0,
        )
    except StopRequested:
        reporter.stopped()
        if keep.weights is not None:
            trainee.set_weights(keep.weights)
    exported.set_weights(trainee.get_weights())
    reporter.artefact("model.keras", keras_bytes(exported))
    litert = litert_bytes(exported)
    reporter.artefact("model.tflite", litert)
    probabilities = Recogniser(litert).probabilities(dataset.images[split.test])
    result = evaluate(dataset.labels[split.test], probabilities)
    reporter.tested(
        TestResult(
            result.accuracy, result.accuracy_low, result.accuracy_high, result.loss, result.n
        )
    )


def _callbacks(
    config: TrainingConfig, batches: int, keep: KeepCallback, reporter: Reporter
) -> list[keras.callbacks.Callback]:
    callbacks: list[keras.callbacks.Callback] = [keep]
    if config.learning_rate_schedule != "constant":
        callbacks.append(ScheduleCallback(config, batches))
    callbacks.append(ReportingCallback(reporter, batches))
    if config.reduce_on_plateau_patience is not None:
        callbacks.append(
            keras.callbacks.ReduceLROnPlateau(
                monitor="val_loss",
                factor=config.reduce_on_plateau_factor,
                patience=config.reduce_on_plateau_patience,
                min_lr=config.minimum_learning_rate,
            )
        )
    if config.early_stopping_patience is not None:
        callbacks.append(
            keras.callbacks.EarlyStopping(
                monitor="val_loss",
                patience=config.early_stopping_patience,
                restore_best_weights=True,
            )
        )
    return callbacks


def _steps_per_execution(config: TrainingConfig, batches: int) -> int:
    """Steps that Keras runs between two looks at the callbacks: about a third of a second, and
    eight looks an epoch at least."""
    return max(1, min(50, batches // 8, int(0.35 / seconds_per_step(config))))
