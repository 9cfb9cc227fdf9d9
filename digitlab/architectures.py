"""config → keras.Model. Runs in the training process: it imports TensorFlow."""

import keras

from digitlab.config import TrainingConfig
from digitlab.network import CLASSES, COLUMNS, MNIST_PIXELS, SIDE, PixelStatistics, plan


def build(config: TrainingConfig, pixels: PixelStatistics = MNIST_PIXELS) -> keras.Model:
    """The network, uncompiled: raw pixels float32 (n, 28, 28, 1) in 0–255 → probabilities (n, 10).

    The normalisation is its first layer, made of Keras's own parts, so that a saved model loads
    with plain `keras.models.load_model` anywhere.

    Raises:
        InputError: if the picture becomes too small on its way through the blocks.
    """
    inputs = tensor = keras.Input((SIDE, SIDE, 1), name="pixels")
    for layer in plan(config, pixels).layers:
        if layer.kind == COLUMNS:
            tensor = normalize_columns(tensor, layer.name)
            continue
        policy = "float32" if layer.name == "probabilities" else config.precision
        tensor = getattr(keras.layers, layer.kind)(
            name=layer.name, dtype=policy, **layer.arguments
        )(tensor)
    assert tensor.shape[-1] == CLASSES
    return keras.Model(inputs, tensor, name="digitlab")


def normalize_columns(tensor: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """Each column of (n, 28, 28, 1) ÷ its L2 norm, as `keras.utils.normalize(axis=1)`.

    `keras.layers.UnitNormalization` computes the same, but LiteRT makes NaN of its empty columns.
    """
    norm = keras.ops.sqrt(keras.ops.sum(keras.ops.square(tensor), axis=1, keepdims=True))
    return keras.layers.Identity(name=name)(tensor / keras.ops.maximum(norm, 1e-3))


def optimizer(config: TrainingConfig) -> keras.optimizers.Optimizer:
    """The optimiser that `config` names, at its learning rate."""
    if config.optimizer == "sgd":
        return keras.optimizers.SGD(config.learning_rate, momentum=0.9)
    return keras.optimizers.get(
        {"class_name": config.optimizer, "config": {"learning_rate": config.learning_rate}}
    )
