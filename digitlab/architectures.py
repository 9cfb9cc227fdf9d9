"""config → keras.Model. Runs in the training process: it imports TensorFlow."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras

from digitlab.config import TrainingConfig
from digitlab.network import CLASSES, COLUMNS, MNIST_PIXELS, SIDE, PixelStatistics, plan
from digitlab.quick_layers import QUICK


def build(
    config: TrainingConfig, pixels: PixelStatistics = MNIST_PIXELS, quick: bool = False
) -> keras.Model:
    """The network, uncompiled: raw pixels float32 (n, 28, 28, 1) in 0–255 → probabilities (n, 10).

    The normalisation is its first layer, made of Keras's own parts, so that a saved model loads
    with plain `keras.models.load_model` anywhere.

    Args:
        quick: made of `quick_layers` where there is one, to be trained and not to be saved.

    Raises:
        InputError: if the picture becomes too small on its way through the blocks.
    """
    precision = processor_precision() if config.precision == "auto" else config.precision
    kinds = vars(keras.layers) | (QUICK if quick else {})
    inputs = tensor = keras.Input((SIDE, SIDE, 1), name="pixels")
    for layer in plan(config, pixels).layers:
        if layer.kind == COLUMNS:
            tensor = normalize_columns(tensor, layer.name)
            continue
        policy = "float32" if layer.name == "probabilities" else precision
        tensor = kinds[layer.kind](name=layer.name, dtype=policy, **layer.arguments)(tensor)
    assert tensor.shape[-1] == CLASSES
    return keras.Model(inputs, tensor, name="digitlab")


def seed_weights(model: keras.Model, seed: int) -> None:
    """Draws the first weights anew, as a function of the seed alone.

    Keras draws them from Python's one generator, which other threads of a process use too: the
    same seed would now and then begin elsewhere.
    """
    kernels = [layer.kernel for layer in model.layers if hasattr(layer, "kernel")]
    for number, kernel in enumerate(kernels):
        kernel.assign(keras.initializers.GlorotUniform(seed + number)(kernel.shape))


def processor_precision() -> str:
    """`mixed_bfloat16` where this processor multiplies in 16 bits, else `float32`."""
    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return "float32"
    return "mixed_bfloat16" if {"avx512_bf16", "amx_bf16"} & set(flags.split()) else "float32"


def normalize_columns(tensor: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """Each column of (n, 28, 28, 1) ÷ its L2 norm, as `keras.utils.normalize(axis=1)`.

    `keras.layers.UnitNormalization` computes the same, but LiteRT makes NaN of its empty columns.
    """
    norm = keras.ops.sqrt(keras.ops.sum(keras.ops.square(tensor), axis=1, keepdims=True))
    return keras.layers.Identity(name=name)(tensor / keras.ops.maximum(norm, 1e-3))


def optimizer(config: TrainingConfig) -> keras.optimizers.Optimizer:
    """The optimiser that `config` names, at its learning rate."""
    arguments = {
        "learning_rate": config.learning_rate,
        "weight_decay": config.weight_decay or None,
    }
    if config.optimizer == "sgd":
        arguments["momentum"] = 0.9
    if config.optimizer in ("adam", "nadam"):
        arguments |= {"beta_1": config.beta_1, "beta_2": config.beta_2}
    return keras.optimizers.get({"class_name": config.optimizer, "config": arguments})


def loss(config: TrainingConfig) -> Callable[[Any, Any], Any]:
    """Cross-entropy from labels int (n,) and probabilities (n, 10), smoothed as `config` says."""

    def cross_entropy(labels: Any, probabilities: Any) -> Any:
        targets = keras.ops.one_hot(keras.ops.reshape(labels, (-1,)), CLASSES)
        return keras.losses.categorical_crossentropy(
            targets, probabilities, label_smoothing=config.label_smoothing
        )

    return cross_entropy if config.label_smoothing else keras.losses.sparse_categorical_crossentropy
