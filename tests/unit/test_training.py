"""A training can be repeated, and taken up again, to the last bit."""

import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow")
import keras

from digitlab.checkpoints import Checkpoint
from digitlab.compiled import forget
from digitlab.config import ConvBlock, DenseLayer, TrainingConfig
from digitlab.datasets import load_dataset
from digitlab.errors import InputError
from digitlab.records import Controls, Wish
from digitlab.training import DivergedError, KeepCallback, LearningRate, Training, WishHeard, train

CONFIG = TrainingConfig(
    dataset="digits",
    validation="random",
    conv_blocks=(ConvBlock(4, batch_normalization=True, dropout=0.2),),
    dense_layers=(DenseLayer(8, dropout=0.3),),
    learning_rate=0.01,
    batch_size=32,
    epochs=4,
    rotation=10,
    stroke_thickness=0.3,
)
WATCHED = CONFIG.replace(
    early_stopping_patience=2, reduce_on_plateau_patience=1, learning_rate=0.3, epochs=6
)
ONE_CYCLE = CONFIG.replace(learning_rate_schedule="one-cycle", optimizer="sgd", label_smoothing=0.1)


class Listener:
    """Remembers what it is told; wishes for a pause, or the highest rate, after some epoch."""

    def __init__(self, pause_after=None, raised_after=None, controls=None):
        self.epochs, self.checkpoints, self.snapshots, self.files = [], [], [], {}
        self._controls, self._pause_after = controls or Controls(), pause_after
        self._raised_after = raised_after
        self.batches, self.result = [], None

    def batch(self, progress):
        self.batches.append(progress)

    def epoch(self, epoch, snapshot, checkpoint):
        self.epochs.append(epoch)
        self.snapshots.append(snapshot)
        self.checkpoints.append(Checkpoint.from_bytes(checkpoint.to_bytes()))

    def artefact(self, name, content):
        self.files[name] = content

    def controls(self):
        if len(self.epochs) == self._raised_after:
            return Controls(learning_rate=1.0)
        paused = len(self.epochs) == self._pause_after
        return replace(self._controls, wish=Wish.PAUSE) if paused else self._controls

    def stopped(self):
        pass

    def tested(self, result):
        self.result = result

    @property
    def figures(self):
        return [replace(epoch, seconds=0.0) for epoch in self.epochs]


@pytest.fixture(scope="module")
def digits():
    return load_dataset("digits")


@pytest.fixture(scope="module", autouse=True)
def looks_often():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("digitlab.training.REPORT_SECONDS", 0.0)
        yield


def fitted(config, digits, start=None, **how):
    """The listener of a training that is not stored and tested, which takes longest here."""
    listener = Listener(**how)
    Training(config, digits, listener, start).fit()
    return listener


@pytest.fixture(scope="module")
def whole(digits):
    """`whole(config)` is the listener of an unbroken training, done once: only to be looked at."""
    return cache(lambda config: fitted(config, digits))


@pytest.mark.parametrize("config", [CONFIG, WATCHED, ONE_CYCLE], ids=["plain", "watched", "cycle"])
def test_a_resumed_training_ends_with_the_very_weights_of_an_unbroken_one(config, digits, whole):
    broken = Listener(pause_after=2)
    with pytest.raises(WishHeard):
        train(config, digits, broken)
    assert len(broken.epochs) == 2
    resumed = fitted(config, digits, broken.checkpoints[-1])
    assert broken.figures + resumed.figures == whole(config).figures
    for ours, theirs in zip(
        resumed.checkpoints[-1].weights, whole(config).checkpoints[-1].weights, strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_early_stopping_that_had_ended_a_training_does_not_go_on(digits):
    config = CONFIG.replace(early_stopping_patience=1, learning_rate=1.0, epochs=20)
    train(config, digits, ended := Listener())
    assert len(ended.epochs) < 20, "the learning rate is meant to be far too high"
    train(config, digits, again := Listener(), ended.checkpoints[-1])
    assert again.epochs == []
    assert again.result == ended.result is not None
    fork = fitted(config, digits, ended.checkpoints[-1].forked())
    assert fork.epochs, "a fork is another training: it waits anew"


def test_the_same_seed_gives_the_same_training_and_another_seed_another(digits, whole):
    first, *_ = figures = whole(CONFIG).figures
    assert fitted(CONFIG, digits).figures == figures
    assert fitted(CONFIG.replace(seed=7, epochs=1), digits).figures != [first]


def test_a_step_is_traced_once_for_trainings_of_one_network(digits, monkeypatch):
    forget()
    traced, step = [], keras.Model.train_step
    monkeypatch.setattr(
        keras.Model, "train_step", lambda model, data: traced.append(model) or step(model, data)
    )
    fitted(CONFIG.replace(epochs=1), digits)
    fitted(CONFIG.replace(epochs=1, learning_rate=0.02, seed=5), digits)
    forget()
    assert len(traced) == 1, "each time takes half a second of what Start waits for"


def test_a_fork_goes_on_with_another_learning_rate_and_the_optimizer_as_it_was(digits, whole):
    start = whole(CONFIG).checkpoints[1]
    fork = fitted(CONFIG.replace(learning_rate=0.002, epochs=3), digits, start.forked())
    (epoch,) = fork.epochs
    assert epoch.epoch == 3
    assert epoch.learning_rate == pytest.approx(0.002)
    steps = fork.checkpoints[0].optimizer[0]
    assert steps == 1.5 * start.optimizer[0]


def test_a_fork_with_another_optimizer_starts_that_one_afresh(digits, whole):
    start = whole(CONFIG).checkpoints[1]
    fork = fitted(CONFIG.replace(optimizer="sgd", epochs=3), digits, start.forked())
    assert fork.checkpoints[0].optimizer[0] == start.optimizer[0] / 2


def test_the_learning_rate_can_be_changed_while_it_trains(digits):
    controls = Controls(learning_rate=0.0005)
    listener = fitted(CONFIG.replace(epochs=2), digits, controls=controls)
    assert [epoch.learning_rate for epoch in listener.epochs] == [pytest.approx(0.0005)] * 2
    scheduled = fitted(ONE_CYCLE.replace(epochs=2), digits, controls=controls)
    assert max(epoch.learning_rate for epoch in scheduled.epochs) < 0.0006
    assert scheduled.checkpoints[-1].learning_rate == 0.0005


def test_the_probe_and_the_filters_of_each_epoch_can_be_looked_at(whole):
    first, *_, last = whole(CONFIG).snapshots
    assert last.probabilities.shape == (20, 10)
    np.testing.assert_allclose(last.probabilities.sum(axis=1), 1, rtol=1e-5)
    assert last.filters.shape == (3, 3, 4)
    assert not np.array_equal(first.filters, last.filters)


def test_a_diverging_training_says_so_and_keeps_the_last_good_state(digits):
    config = CONFIG.replace(
        optimizer="sgd",
        learning_rate=0.001,
        conv_blocks=(ConvBlock(8, activation="leaky_relu"),) * 2,
        dense_layers=(),
    )
    listener = Listener(raised_after=1)
    with pytest.raises(DivergedError, match="in epoch 2: training diverged"):
        train(config, digits, listener)
    (kept,) = listener.checkpoints
    for ours, theirs in zip(weights_of(listener.files["model.keras"]), kept.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert np.isfinite(listener.result.loss)


@pytest.mark.parametrize("sign", ["weights", "val_loss"])
def test_a_network_that_breaks_in_the_last_step_of_an_epoch_is_not_kept(digits, sign):
    training = Training(CONFIG, digits, listener := Listener())
    probe = digits.images[:2, ..., None].astype(np.float32)
    keep = KeepCallback(lambda: training.exported, listener, probe, [], LearningRate(CONFIG), None)
    keep.set_model(training.trainee)
    keep.on_train_begin()
    if sign == "weights":
        weights = training.trainee.get_weights()
        training.trainee.set_weights([np.full_like(array, np.nan) for array in weights])
    with pytest.raises(DivergedError, match="no numbers after epoch 1: training diverged"):
        keep.on_epoch_end(0, {"val_loss": np.nan if sign == "val_loss" else 0.5})
    assert keep.checkpoint.epoch == 0
    assert listener.files == {}


def test_logs_for_a_tensorboard_that_is_not_installed_are_refused(digits, monkeypatch):
    monkeypatch.setattr("digitlab.training.find_spec", lambda name: None)
    with pytest.raises(InputError, match="pip install tensorboard"):
        fitted(CONFIG.replace(tensorboard=True), digits)


def weights_of(keras_file):
    """The weights in a `.keras` file."""
    import keras

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.keras")
        path.write_bytes(keras_file)
        return keras.models.load_model(path).get_weights()
