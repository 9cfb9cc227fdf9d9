"""The network of the last training is trained anew as one that was made for it."""

import gc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

pytest.importorskip("tensorflow")
import tensorflow as tf

from digitlab import compiled
from digitlab.compiled import compiled_network, forget
from digitlab.config import ConvBlock, DenseLayer, TrainingConfig
from digitlab.datasets import load_dataset
from digitlab.network import MNIST_PIXELS, PixelStatistics
from digitlab.records import Controls
from digitlab.training import Training

CONFIG = TrainingConfig(
    dataset="digits",
    conv_blocks=(ConvBlock(4, batch_normalization=True, dropout=0.2),),
    dense_layers=(DenseLayer(8, dropout=0.3),),
    batch_size=64,
    epochs=2,
)
BATCHES = 20
EAGER = type(tf.constant(0))


@pytest.fixture(autouse=True)
def nothing_is_kept():
    """Neither before a test nor after it."""
    forget()
    yield
    forget()


class Nobody:
    """A reporter that wants nothing, and keeps nothing."""

    def controls(self):
        return Controls()

    def batch(self, progress):
        pass

    def epoch(self, epoch, snapshot, checkpoint):
        pass

    def artefact(self, name, content):
        pass


def learned(config):
    """The weights, and the optimiser's state, after a training."""
    training = Training(config, load_dataset("digits"), Nobody())
    training.fit()
    return [
        *training.trainee.get_weights(),
        *(np.asarray(variable) for variable in training.trainee.optimizer.variables),
    ]


def test_what_was_learned_before_leaves_no_trace():
    config = CONFIG.replace(learning_rate=0.003, seed=3, rotation=5.0)
    fresh = learned(config)
    forget()
    learned(CONFIG.replace(learning_rate_schedule="one-cycle"))
    kept = compiled._kept.network
    again = learned(config)
    assert compiled._kept.network is kept
    for one, other in zip(fresh, again, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    "change",
    [
        {"learning_rate": 0.01},
        {"learning_rate_schedule": "cosine"},
        {"epochs": 9},
        {"seed": 7},
        {"zoom": 0.1},
        {"validation": "none"},
        {"early_stopping_patience": 2},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_a_step_is_told_while_it_runs_needs_no_other_network(change):
    network = compiled_network(CONFIG, MNIST_PIXELS, BATCHES)
    assert compiled_network(CONFIG.replace(**change), MNIST_PIXELS, BATCHES) is network
    rate = float(network.trainee.optimizer.learning_rate.numpy())
    assert rate == pytest.approx(change.get("learning_rate", CONFIG.learning_rate))


@pytest.mark.parametrize(
    "change",
    [
        {"conv_blocks": ()},
        {"dense_layers": ()},
        {"normalization": "standardize"},
        {"optimizer": "sgd"},
        {"beta_1": 0.8},
        {"weight_decay": 0.01},
        {"label_smoothing": 0.1},
        {"batch_size": 32},
        {"precision": "mixed_bfloat16"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_a_step_is_made_of_needs_another_network(change):
    network = compiled_network(CONFIG, MNIST_PIXELS, BATCHES)
    assert compiled_network(CONFIG.replace(**change), MNIST_PIXELS, BATCHES) is not network


def test_so_do_other_pixels_and_steps():
    network = compiled_network(CONFIG, MNIST_PIXELS, BATCHES)
    brighter = compiled_network(CONFIG, PixelStatistics(90.0, 80.0), BATCHES)
    assert brighter is not network
    assert compiled_network(CONFIG, PixelStatistics(90.0, 80.0), 50 * BATCHES) is not brighter


def test_another_thread_has_a_network_of_its_own():
    network = compiled_network(CONFIG, MNIST_PIXELS, BATCHES)
    with ThreadPoolExecutor(1) as thread:
        other = thread.submit(compiled_network, CONFIG, MNIST_PIXELS, BATCHES).result()
    assert other is not network


def test_the_digits_of_the_training_before_are_given_back():
    training = Training(CONFIG, load_dataset("digits"), Nobody())
    training.fit()
    shape = (len(training.split.train), 28, 28)
    assert pixels_held(shape)
    del training
    compiled_network(CONFIG, MNIST_PIXELS, BATCHES)
    assert not pixels_held(shape)


def pixels_held(shape):
    """The tensors of that shape which are in memory."""
    return [held for held in gc.get_objects() if type(held) is EAGER and held.shape == shape]


def test_every_name_is_one_of_a_hyperparameter():
    assert set(vars(CONFIG)) > compiled._TOLD_LATER
