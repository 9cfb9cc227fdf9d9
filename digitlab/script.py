"""config → a Python script that trains the same network with plain Keras, outside DigitLab.

The script carries the source of the input pipeline and of the schedules as they stand here, so
that it makes the same batches from the same seed.
"""

import ast
from pathlib import Path

from digitlab.config import TrainingConfig
from digitlab.network import COLUMNS, LayerPlan, PixelStatistics, plan

_HEAD = '''"""Trains one digit network with plain Keras. Written by DigitLab.

Needs: pip install tensorflow scikit-learn
"""

from math import ceil, cos, pi
from types import SimpleNamespace

import keras
import numpy as np
import tensorflow as tf
from sklearn.model_selection import train_test_split

config = SimpleNamespace(
{settings}
)
SIDE = 28
keras.utils.set_random_seed(config.seed)

# The digits: images uint8 (n, 28, 28), ink bright; labels uint8 (n,).
{data}

# Which are trained on, which are watched, which are kept for the test.
{split}
x, y = images[train], labels[train]

{pipeline}

# The network, from raw pixels to ten probabilities.
pixel_mean, pixel_deviation = float(x.mean()), float(x.std())
policy = config.precision
inputs = tensor = keras.Input((28, 28, 1), name="pixels")
{layers}
model = keras.Model(inputs, tensor, name="digitlab")
model.summary()

# Training.
batches = ceil(len(x) / config.batch_size)
epoch = tf.Variable(0, dtype=tf.int64, trainable=False)
callbacks = [keras.callbacks.LambdaCallback(on_epoch_begin=lambda e, _: epoch.assign(e))]
{callbacks}
model.compile(
    optimizer={optimizer},
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
    jit_compile=False,
)
model.fit(
    training_pipeline(x, y, config, epoch),
    epochs=config.epochs,
    validation_data=plain_pipeline(images[validation], labels[validation])
    if len(validation)
    else None,
    callbacks=callbacks,
    shuffle=False,
    verbose=2,
)

# The test digits are looked at once, by the final model.
loss, accuracy = model.evaluate(plain_pipeline(images[test], labels[test]), verbose=0)
print(f"test accuracy {{accuracy:.4f}}, test loss {{loss:.4f}}")
model.save("digits.keras")
'''

_MNIST = """(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
images, labels = np.concatenate([x_train, x_test]), np.concatenate([y_train, y_test])
train_count = len(x_train)"""

_FILE = """# They come from digits.npz beside this script, the test part last. DigitLab writes it:
#   import numpy; from digitlab.datasets import load_dataset; d = load_dataset({dataset!r}); \
numpy.savez("digits.npz", x=d.images, y=d.labels, train_count=d.train_count)
file = np.load("digits.npz")
images, labels, train_count = file["x"], file["y"], int(file["train_count"])"""

_SCHEDULE = """

class ScheduleCallback(keras.callbacks.Callback):
    epoch = 0

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_begin(self, batch, logs=None):
        step = self.epoch * batches + batch
        rate = learning_rate_at(config, step, config.epochs * batches)
        self.model.optimizer.learning_rate = rate


callbacks.append(ScheduleCallback())"""


def keras_script(config: TrainingConfig) -> str:
    """A self-contained script for this config; it prints the test accuracy and saves the model.

    The learning rate follows its schedule step by step; DigitLab itself sets it once for the
    few steps that Keras runs together.
    """
    settings = {
        name: value
        for name, value in config.to_dictionary().items()
        if name not in ("conv_blocks", "dense_layers")
    }
    return _HEAD.format(
        settings="\n".join(f"    {name}={value!r}," for name, value in settings.items()),
        data=_MNIST if config.dataset == "mnist" else _FILE.format(dataset=config.dataset),
        split=_split(config),
        pipeline=_source("augmentation.py"),
        layers="\n".join(_layer(layer) for layer in plan(config, _SYMBOLIC).layers),
        callbacks=_callbacks(config),
        optimizer=_optimizer(config.optimizer),
    )


_SYMBOLIC = PixelStatistics(0.0, 1.0)


def _split(config: TrainingConfig) -> str:
    lines = []
    if config.split == "official":
        lines.append("train = np.arange(train_count)")
        lines.append("test = np.arange(train_count, len(images))")
    else:
        lines.append(
            "train, test = train_test_split(np.arange(len(images)), "
            "test_size=config.test_fraction, random_state=config.split_seed)"
        )
    if config.training_size is not None:
        lines.append("train = train[: config.training_size]")
    lines.append(
        {
            "none": "validation = np.arange(0)",
            "test": "validation = test",
            "last": "kept = int(len(train) * (1 - config.validation_fraction))\n"
            "train, validation = train[:kept], train[kept:]",
            "random": "train, validation = train_test_split(train, "
            "test_size=config.validation_fraction, random_state=config.split_seed)",
        }[config.validation]
    )
    return "\n".join(lines)


def _layer(layer: LayerPlan) -> str:
    if layer.kind == COLUMNS:
        return (
            "norm = keras.ops.sqrt(keras.ops.sum(keras.ops.square(tensor), axis=1, keepdims=True))"
            "\ntensor = tensor / keras.ops.maximum(norm, 1e-3)  # each column to unit L2 norm"
        )
    arguments = {"name": layer.name, **layer.arguments}
    texts = [f"{name}={value!r}" for name, value in arguments.items()]
    if "offset" in layer.arguments:
        texts = [
            f"name={layer.name!r}",
            "scale=1 / pixel_deviation",
            "offset=-pixel_mean / pixel_deviation",
        ]
    texts.append('dtype="float32"' if layer.name == "probabilities" else "dtype=policy")
    shape = "×".join(map(str, layer.output_shape))
    return f"tensor = keras.layers.{layer.kind}({', '.join(texts)})(tensor)  # {shape}"


def _callbacks(config: TrainingConfig) -> str:
    parts = []
    if config.learning_rate_schedule != "constant":
        parts.append(_source("schedules.py") + _SCHEDULE)
    if config.reduce_on_plateau_patience is not None:
        parts.append(
            "callbacks.append(keras.callbacks.ReduceLROnPlateau(monitor='val_loss', "
            "factor=config.reduce_on_plateau_factor, patience=config.reduce_on_plateau_patience, "
            "min_lr=config.minimum_learning_rate))"
        )
    if config.early_stopping_patience is not None:
        parts.append(
            "callbacks.append(keras.callbacks.EarlyStopping(monitor='val_loss', "
            "patience=config.early_stopping_patience, restore_best_weights=True))"
        )
    return "\n".join(parts)


def _optimizer(name: str) -> str:
    classes = {"adam": "Adam", "adamw": "AdamW", "nadam": "Nadam", "rmsprop": "RMSprop"}
    if name == "sgd":
        return "keras.optimizers.SGD(config.learning_rate, momentum=0.9)"
    return f"keras.optimizers.{classes[name]}(config.learning_rate)"


def _source(module: str) -> str:
    """A module's source without its docstring, its imports and the types that need them."""
    text = (Path(__file__).parent / module).read_text()
    tree = ast.parse(text)
    kept = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.Assign)]
    parts = [ast.get_source_segment(text, node) or "" for node in kept]
    return "\n\n\n".join(parts).replace("config: TrainingConfig", "config")
