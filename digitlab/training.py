"""train(): fit, and the custom callback that reports. Runs in the training process."""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.util import find_spec
from math import isfinite
from pathlib import Path
from typing import Any, Protocol

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from digitlab.architectures import build, optimizer
from digitlab.augmentation import plain_pipeline, training_pipeline
from digitlab.checkpoints import Checkpoint
from digitlab.compiled import CompiledNetwork, compiled_network
from digitlab.config import TrainingConfig
from digitlab.datasets import Dataset, Split, probe_rows, split_dataset
from digitlab.errors import InputError
from digitlab.evaluation import evaluate
from digitlab.export import keras_bytes, litert_bytes, weights_of
from digitlab.inference import Recogniser
from digitlab.network import MNIST_PIXELS, PixelStatistics, batches_per_epoch
from digitlab.preprocessing import pixel_statistics
from digitlab.records import (
    BatchProgress,
    Controls,
    Epoch,
    Snapshot,
    TestResult,
    Wish,
)
from digitlab.schedules import learning_rate_at

REPORT_SECONDS = 0.25
"""Batches are reported at most this often, and wishes are looked for as often."""


class Reporter(Protocol):
    """Whoever wants to know how a training goes, and may ask something of it."""

    @property
    def folder(self) -> Path:
        """Where logs may be written."""

    def batch(self, progress: BatchProgress) -> None:
        """A few times a second."""

    def epoch(self, epoch: Epoch, snapshot: Snapshot, checkpoint: Checkpoint) -> None:
        """After each completed epoch."""

    def artefact(self, name: str, content: bytes) -> None:
        """A file to keep: `model.keras` after each epoch, `model.tflite` at the end."""

    def controls(self) -> Controls:
        """What is asked of the training now; looked at a few times a second."""

    def stopped(self) -> None:
        """Training has stopped as requested; the model is still to be stored and tested."""

    def tested(self, result: TestResult) -> None:
        """How the final model did on the test part."""


class WishHeard(Exception):
    """Carries a wish to pause or stop out of `fit`, at once."""

    def __init__(self, wish: Wish) -> None:
        super().__init__(wish)
        self.wish = wish


class DivergedError(InputError):
    """The loss is no number any more."""


@dataclass
class LearningRate:
    """Which learning rate holds: the config's, or the one that a person has set meanwhile."""

    config: TrainingConfig
    changed_to: float | None = None

    @property
    def effective(self) -> TrainingConfig:
        """The config, with the learning rate that holds."""
        rate = self.changed_to
        return self.config if rate is None else self.config.replace(learning_rate=rate)


class ReportingCallback(keras.callbacks.Callback):
    """Translates Keras's logs into records and forwards them; carries wishes the other way.

    Args:
        reporter: who is told, and asked.
        batches: steps per epoch.
        keep: makes what is told beside an epoch.
        rate: where a changed learning rate is written.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        reporter: Reporter,
        batches: int,
        keep: "KeepCallback",
        rate: LearningRate,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._reporter, self._batches, self._keep, self._rate = reporter, batches, keep, rate
        self._clock = clock
        self._began = self._epoch_began = self._reported = clock()
        self._epoch, self._last_rate = 1, 0.0

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:
        """Starts the clock."""
        self._began = self._reported = self._clock()

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Epochs count from 1 outside Keras."""
        self._epoch, self._epoch_began = epoch + 1, self._clock()

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        """Reports where training is, and ends it on a wish or on a loss that is no number."""
        values = dict(logs or {})
        self._last_rate = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        if not isfinite(values["loss"]):
            raise DivergedError(
                f"the loss became {values['loss']} in epoch {self._epoch}: training diverged; "
                f"try a learning_rate below {self._last_rate:g}"
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
                    learning_rate=self._last_rate,
                    seconds=self._clock() - self._began,
                )
            )

    def on_test_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        """Validation can be ended, too."""
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
                learning_rate=self._last_rate,
                seconds=self._clock() - self._epoch_began,
            ),
            self._keep.snapshot,
            self._keep.checkpoint,
        )

    def _due(self) -> bool:
        now = self._clock()
        if now - self._reported < REPORT_SECONDS:
            return False
        self._reported = now
        controls = self._reporter.controls()
        if controls.wish is not None:
            raise WishHeard(controls.wish)
        if controls.learning_rate != self._rate.changed_to:
            self._rate.changed_to = controls.learning_rate
            self.model.optimizer.learning_rate = self._rate.effective.learning_rate
        return True


class ScheduleCallback(keras.callbacks.Callback):
    """Sets the learning rate from the config's schedule.

    A callback and not a schedule inside the optimiser, so that saved models load anywhere.
    """

    def __init__(self, rate: LearningRate, batches: int) -> None:
        super().__init__()
        self._rate, self._batches, self._epoch = rate, batches, 0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Remembers the epoch, from 0."""
        self._epoch = epoch

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Sets the rate for the steps that follow."""
        config = self._rate.effective
        step = self._epoch * self._batches + batch
        self.model.optimizer.learning_rate = learning_rate_at(
            config, step, config.epochs * self._batches
        )


class SeedCallback(keras.callbacks.Callback):
    """Makes every random choice of an epoch a function of the seed and the epoch.

    Args:
        epoch: what the input pipeline reads the epoch from.
        seed: 0 … 2³¹ - 1.
    """

    def __init__(self, epoch: tf.Variable, seed: int) -> None:
        super().__init__()
        self._epoch, self._seed = epoch, seed

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Tells the pipeline the epoch, and the dropouts where to begin."""
        self._epoch.assign(epoch)
        for number, layer in enumerate(self.model.layers):
            if isinstance(layer, keras.layers.Dropout):
                layer.seed_generator.state.assign([self._seed + number, epoch * 2**20])


_REMEMBERED = ("wait", "best", "best_epoch", "cooldown_counter")
"""What Keras's early stopping and reduce-on-plateau remember from epoch to epoch, as numbers."""


@dataclass(eq=False)
class KeepCallback(keras.callbacks.Callback):
    """Keeps the state of training after each epoch, and takes it up again at the start.

    Comes after the callbacks that it remembers, and before the one that reports.

    Args:
        exported: makes the same network in float32, saved as `model.keras` after each epoch;
            called after the first one, so that the first batch need not wait for it.
        reporter: who stores that file.
        probe: float32 (p, 28, 28, 1).
        watched: early stopping, reduce-on-plateau.
        rate: the learning rate that holds.
        start: where to go on from.
    """

    exported: Callable[[], keras.Model]
    reporter: Reporter
    probe: np.ndarray
    watched: list[keras.callbacks.Callback]
    rate: LearningRate
    start: Checkpoint | None

    checkpoint: Checkpoint = field(init=False)
    """The state after the last completed epoch; from the start of fit on."""
    snapshot: Snapshot = field(init=False)
    """What can be looked at after it."""

    def __post_init__(self) -> None:
        super().__init__()

    def on_train_begin(self, logs: Any = None) -> None:
        """Takes up the state; Keras's own callbacks have just forgotten theirs."""
        if self.start is None:
            self.checkpoint = self._state(0)
            return
        self.checkpoint = self.start
        self.model.set_weights(self.start.weights)
        self._restore_optimizer(self.start)
        for callback in self.watched:
            for name, value in self.start.callbacks.get(type(callback).__name__, {}).items():
                setattr(callback, name, value)
            if hasattr(callback, "best_weights") and self.start.best_weights:
                callback.best_weights = self.start.best_weights

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Stores the model before the epoch is reported, if it still gives numbers."""
        self.snapshot = self._look()
        validation = (logs or {}).get("val_loss", 0.0)
        if not (isfinite(validation) and np.isfinite(self.snapshot.probabilities).all()):
            raise DivergedError(
                f"the network gives no numbers after epoch {epoch + 1}: training diverged; "
                f"try a learning_rate below {self.rate.effective.learning_rate:g}"
            )
        self.checkpoint = self._state(epoch + 1)
        exported = self.exported()
        exported.set_weights(self.checkpoint.weights)
        self.reporter.artefact("model.keras", keras_bytes(exported))

    def _look(self) -> Snapshot:
        probabilities = keras.ops.convert_to_numpy(self.model.predict_on_batch(self.probe))
        return Snapshot(probabilities.astype(np.float32), self._first_filters())

    def _first_filters(self) -> np.ndarray:
        for layer in self.model.layers:
            if isinstance(layer, keras.layers.Conv2D):
                return keras.ops.convert_to_numpy(layer.kernel)[:, :, 0, :].astype(np.float32)
        return np.zeros((0, 0, 0), np.float32)

    def _state(self, epoch: int) -> Checkpoint:
        best = next((c.best_weights for c in self.watched if hasattr(c, "best_weights")), None)
        return Checkpoint(
            epoch=epoch,
            config=self.rate.config,
            weights=self.model.get_weights(),
            optimizer=[keras.ops.convert_to_numpy(v) for v in self.model.optimizer.variables],
            best_weights=best or [],
            callbacks={type(c).__name__: _memory(c) for c in self.watched},
            learning_rate=self.rate.changed_to,
        )

    def _restore_optimizer(self, start: Checkpoint) -> None:
        """Restores it where it is the same kind; a fork has a learning rate of its own."""
        optimizer, config = self.model.optimizer, self.rate.config
        if config.optimizer != start.config.optimizer:
            return
        for variable, value in zip(optimizer.variables, start.optimizer, strict=True):
            variable.assign(value)
        if start.is_fork:
            optimizer.learning_rate = config.learning_rate


def _memory(callback: keras.callbacks.Callback) -> dict[str, Any]:
    """What a callback remembers, as plain numbers."""
    values = {name: getattr(callback, name, None) for name in _REMEMBERED}
    return {
        name: value if value is None or isinstance(value, int) else float(value)
        for name, value in values.items()
    }


@dataclass(frozen=True)
class Training:
    """One training, made ready: `fit` runs it, `finish` stores and tests what came of it.

    Raises:
        InputError: if the network or the split cannot be made.
    """

    config: TrainingConfig
    dataset: Dataset
    reporter: Reporter
    start: Checkpoint | None = None

    def fit(self) -> None:
        """Trains to the last epoch, or until early stopping, a wish or a diverging loss.

        Raises:
            WishHeard, DivergedError: with the last completed epoch's weights in the model; after
                a wish within the first epoch, with the present ones.
        """
        if wish := self.reporter.controls().wish:
            raise WishHeard(wish)
        if self.start is not None and self.start.has_stopped_early:
            self.trainee.set_weights(self.start.best_weights)
            return
        images, labels = self._part(self.split.train)
        epoch = tf.Variable(0, dtype=tf.int64, trainable=False)
        rate = LearningRate(self.config, self.start.learning_rate if self.start else None)
        watched = watching_callbacks(self.config)
        probe = self.dataset.images[probe_rows(self.dataset, self.config)]
        keep = KeepCallback(
            lambda: self.exported,
            self.reporter,
            probe[..., None].astype(np.float32),
            watched,
            rate,
            self.start,
        )
        callbacks = [SeedCallback(epoch, self.config.seed), *watched, *self._logs(), keep]
        if self.config.learning_rate_schedule != "constant" or self.config.warmup_epochs:
            callbacks.append(ScheduleCallback(rate, self.batches))
        callbacks.append(ReportingCallback(self.reporter, self.batches, keep, rate))
        validation = plain_pipeline(*self._part(self.split.validation))
        try:
            self.trainee.fit(
                training_pipeline(images, labels, self.config, epoch),
                initial_epoch=self.start.epoch if self.start else 0,
                epochs=self.config.epochs,
                validation_data=validation if len(self.split.validation) else None,
                callbacks=callbacks,
                shuffle=False,
                verbose=0,
            )
        except (WishHeard, DivergedError) as ended:
            if keep.checkpoint.epoch or isinstance(ended, DivergedError):
                self.trainee.set_weights(keep.checkpoint.weights)
            raise

    def finish(self) -> None:
        """Stores the model and looks at the test digits, once."""
        self.exported.set_weights(self.trainee.get_weights())
        self.reporter.artefact("model.keras", keras_bytes(self.exported))
        litert = litert_bytes(self.exported)
        self.reporter.artefact("model.tflite", litert)
        images, labels = self._part(self.split.test)
        result = evaluate(labels, Recogniser(litert).probabilities(images))
        self.reporter.tested(
            TestResult(
                result.accuracy, result.accuracy_low, result.accuracy_high, result.loss, result.n
            )
        )

    @cached_property
    def split(self) -> Split:
        """Which rows are for what."""
        return split_dataset(self.dataset, self.config)

    @cached_property
    def batches(self) -> int:
        """Steps per epoch."""
        return batches_per_epoch(len(self.split.train), self.config.batch_size)

    @property
    def trainee(self) -> keras.Model:
        """The network that is trained."""
        return self._network.trainee

    @property
    def exported(self) -> keras.Model:
        """The same network in float32, of Keras's own layers; its weights are to be set."""
        return self._network.exported

    @cached_property
    def _network(self) -> CompiledNetwork:
        return compiled_network(self.config, self._pixels, self.batches)

    @cached_property
    def _pixels(self) -> PixelStatistics:
        """What the network is told of the training pixels: counting them takes a while."""
        if self.config.normalization != "standardize":
            return MNIST_PIXELS  # nobody asks
        return pixel_statistics(self.dataset.images[self.split.train])

    def _part(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self.dataset.images[rows], self.dataset.labels[rows]

    def _logs(self) -> list[keras.callbacks.Callback]:
        if not self.config.tensorboard:
            return []
        if find_spec("tensorboard") is None:
            raise InputError(
                "tensorboard needs the package of that name: pip install tensorboard, or switch "
                "it off"
            )
        return [keras.callbacks.TensorBoard(log_dir=os.fspath(self.reporter.folder))]


def train(
    config: TrainingConfig, dataset: Dataset, reporter: Reporter, start: Checkpoint | None = None
) -> None:
    """Trains the network that `config` describes on `dataset`, stores and tests it.

    A wish to stop keeps the model of the last completed epoch (the present one if none is
    complete yet), a loss that is no number the last good one; both are stored and tested. A wish
    to pause stores nothing more. The test digits are looked at once, by the final model, unless the
    config validates with them, as some tutorials do.

    Args:
        start: goes on from there, instead of from the first epoch.

    Raises:
        InputError: if the network or the split cannot be made, or training diverges.
        WishHeard: on a wish to pause.
    """
    training = Training(config, dataset, reporter, start)
    try:
        training.fit()
    except WishHeard as heard:
        if heard.wish is Wish.PAUSE:
            raise
        reporter.stopped()
    except DivergedError:
        training.finish()
        raise
    training.finish()


def checkpoint_of(keras_file: bytes, config: TrainingConfig, epoch: int) -> Checkpoint:
    """The state of a training that goes on from a model, with an optimiser that knows nothing.

    Args:
        keras_file: a `.keras` file of our own.
        config: of the training that goes on.
        epoch: how many lie behind it.
    """
    network, fresh = build(config), optimizer(config)
    fresh.build(network.trainable_variables)
    variables = [keras.ops.convert_to_numpy(variable) for variable in fresh.variables]
    return Checkpoint(epoch, config, weights_of(keras_file), variables)


def watching_callbacks(config: TrainingConfig) -> list[keras.callbacks.Callback]:
    """Keras's own callbacks that `config` asks for: they watch the validation loss."""
    callbacks: list[keras.callbacks.Callback] = []
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
