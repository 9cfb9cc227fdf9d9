"""The callback translates and forwards: tested with literal logs, without fit."""

import pytest

pytest.importorskip("tensorflow")
import keras

from digitlab.config import TrainingConfig
from digitlab.errors import InputError
from digitlab.records import Controls, Wish
from digitlab.training import LearningRate, ReportingCallback, WishHeard


class Listener:
    def __init__(self):
        self.batches, self.epochs, self.wishes = [], [], Controls()

    def batch(self, progress):
        self.batches.append(progress)

    def epoch(self, epoch, snapshot, checkpoint):
        self.epochs.append((epoch, snapshot, checkpoint))

    def controls(self):
        return self.wishes


class Keep:
    checkpoint = "a checkpoint"
    snapshot = "a snapshot"


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def listener():
    return Listener()


@pytest.fixture
def rate():
    return LearningRate(TrainingConfig(learning_rate=0.25))


@pytest.fixture
def callback(listener, clock, rate):
    callback = ReportingCallback(listener, 10, Keep(), rate, clock)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.SGD(0.25))
    callback.set_model(model)
    callback.on_train_begin()
    callback.on_epoch_begin(0)
    return callback


LOGS = {"accuracy": 0.75, "loss": 0.5}


def test_batches_are_reported_a_few_times_a_second_and_at_the_end(callback, listener, clock):
    for batch in range(10):
        clock.now += 0.1
        callback.on_train_batch_end(batch, LOGS)
    assert [p.batch for p in listener.batches] == [3, 6, 9, 10]
    assert listener.batches[0].position == 0.3
    assert listener.batches[-1].seconds == pytest.approx(1.0)


def test_an_epoch_counts_from_one_and_keeps_every_figure(callback, listener, clock):
    callback.on_train_batch_end(9, LOGS)
    clock.now = 4.0
    callback.on_epoch_end(0, LOGS | {"val_accuracy": 0.8, "val_loss": 0.4})
    ((epoch, snapshot, checkpoint),) = listener.epochs
    assert (snapshot, checkpoint) == ("a snapshot", "a checkpoint")
    assert (epoch.epoch, epoch.accuracy, epoch.loss) == (1, 0.75, 0.5)
    assert (epoch.val_accuracy, epoch.val_loss) == (0.8, 0.4)
    assert (epoch.learning_rate, epoch.seconds) == (0.25, 4.0)


def test_without_validation_its_figures_are_missing(callback, listener):
    callback.on_epoch_end(0, LOGS)
    epoch = listener.epochs[0][0]
    assert epoch.val_accuracy is None
    assert epoch.val_loss is None


@pytest.mark.parametrize("hook", ["on_train_batch_end", "on_test_batch_end"])
@pytest.mark.parametrize("wish", Wish)
def test_a_wish_ends_training_and_validation(callback, listener, clock, hook, wish):
    getattr(callback, hook)(0, LOGS)
    listener.wishes = Controls(wish)
    clock.now = 0.3
    with pytest.raises(WishHeard) as heard:
        getattr(callback, hook)(1, LOGS)
    assert heard.value.wish is wish


def test_a_new_learning_rate_is_set_once(callback, listener, clock, rate):
    listener.wishes = Controls(learning_rate=0.125)
    clock.now = 0.3
    callback.on_train_batch_end(0, LOGS)
    assert rate.effective.learning_rate == 0.125
    callback.model.optimizer.learning_rate = 0.0625  # as reduce-on-plateau does
    clock.now = 0.6
    callback.on_train_batch_end(1, LOGS)
    assert listener.batches[-1].learning_rate == 0.0625


def test_a_loss_that_is_no_number_is_told_in_words(callback):
    with pytest.raises(InputError, match="loss became nan in epoch 1.*below 0.25"):
        callback.on_train_batch_end(0, {"accuracy": 0.1, "loss": float("nan")})
