"""The quick layers learn what Keras's own learn, and only the network that trains has them."""

import numpy as np
import pytest

pytest.importorskip("tensorflow")
import keras
import tensorflow as tf

from digitlab.architectures import build, seed_weights
from digitlab.config import ConvBlock, DenseLayer, TrainingConfig
from digitlab.datasets import load_dataset
from digitlab.quick_layers import QuickBatchNormalization, QuickDropout
from digitlab.records import Controls
from digitlab.training import Training

CONFIG = TrainingConfig(
    dataset="digits",
    validation="none",
    conv_blocks=(ConvBlock(4, batch_normalization=True, dropout=0.2),),
    dense_layers=(DenseLayer(8, dropout=0.3),),
)


@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
@pytest.mark.parametrize("rate", [0.001, 0.3, 0.5, 0.999_999])
def test_dropout_silences_its_share_and_keeps_the_mean(rate, dtype):
    layer = QuickDropout(rate, seed=0, dtype=dtype)
    values = layer(tf.ones((1001, 1001)), training=True).numpy().astype(np.float32)
    share, noise = (values == 0).mean(), np.sqrt(rate * (1 - rate)) / 1001
    assert share == pytest.approx(rate, abs=2**-16 + 4 * noise)
    if rate < 0.9:
        assert values.mean() == pytest.approx(1, abs=0.01)
    assert np.unique(values).size == 2, "the values that stay are scaled alike"


def test_neighbours_rows_and_steps_are_silenced_independently():
    layer = QuickDropout(0.5, seed=0)
    first, second = (layer(tf.ones((999, 999)), training=True).numpy() - 1 for _ in range(2))
    for one, other in ((first[:, 1:], first[:, :-1]), (first[1:], first[:-1]), (first, second)):
        assert abs((one * other).mean()) < 0.005


def test_dropout_follows_from_the_state_of_its_seed():
    layer = QuickDropout(0.5)
    drawn = []
    for state in ([3, 0], [3, 0], [4, 0], [3, 2**20]):
        layer.seed_generator.state.assign(state)
        drawn.append(layer(tf.ones((20, 7)), training=True).numpy())
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[0], drawn[2])
    assert not np.array_equal(drawn[0], drawn[3])


def test_what_is_silenced_learns_nothing_and_reading_silences_nothing():
    layer, values = QuickDropout(0.4), tf.Variable(tf.ones((10, 10)))
    with tf.GradientTape() as tape:
        silenced = layer(values, training=True)
    np.testing.assert_array_equal(tape.gradient(silenced, values), silenced)
    np.testing.assert_array_equal(layer(values, training=False), values)


def normalized(layer, values):
    """One step of training through a layer: outputs, gradients, and what is remembered."""
    layer.build(values.shape)
    layer.gamma.assign(np.linspace(0.5, 2.0, values.shape[-1]))
    layer.beta.assign(np.linspace(-1.0, 3.0, values.shape[-1]))
    values = tf.Variable(values)
    with tf.GradientTape() as tape:
        outputs = layer(values, training=True)
        loss = tf.reduce_sum(tf.cast(outputs, tf.float32) ** 3)
    sources = [values, layer.gamma.value, layer.beta.value]
    gradients = tape.gradient(loss, sources)
    after = [layer.moving_mean, layer.moving_variance, layer(values, training=False)]
    return [
        keras.ops.convert_to_numpy(keras.ops.cast(x, "float32"))
        for x in (outputs, *gradients, *after)
    ]


@pytest.mark.parametrize("channels", [3, 16])
@pytest.mark.parametrize(("dtype", "close"), [("float32", 1e-4), ("mixed_bfloat16", 0.03)])
def test_batch_normalization_is_keras_s(dtype, close, channels):
    values = np.random.default_rng(0).normal(2, 3, (32, 9, 9, channels)).astype(np.float32)
    ours = normalized(QuickBatchNormalization(dtype=dtype), values)
    theirs = normalized(keras.layers.BatchNormalization(dtype=dtype), values)
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, other, rtol=close, atol=close * np.abs(other).max())


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_weights_fit_from_the_quick_network_to_keras_s_own_and_back(precision):
    config = CONFIG.replace(precision=precision)
    quick, plain = build(config, quick=True), build(config)
    seed_weights(quick, 3)
    plain.set_weights(quick.get_weights())
    pixels = load_dataset("digits").images[:50, ..., None].astype(np.float32)
    np.testing.assert_array_equal(
        quick.predict(pixels, verbose=0), plain.predict(pixels, verbose=0)
    )
    names = [variable.path for variable in quick.trainable_variables]
    assert names == [variable.path for variable in plain.trainable_variables]


class Nobody:
    def controls(self):
        return Controls()


def test_what_is_stored_is_made_of_keras_s_own_layers():
    training = Training(CONFIG, load_dataset("digits"), Nobody())
    ours = {type(layer) for layer in training.trainee.layers}
    assert {QuickDropout, QuickBatchNormalization} <= ours
    for layer in training.exported.layers:
        assert getattr(keras.layers, type(layer).__name__) is type(layer)
