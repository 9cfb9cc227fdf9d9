"""A trained model → `.keras` and LiteRT. Runs in the training process: it imports TensorFlow."""

import os
import tempfile
from pathlib import Path

import keras
import numpy as np


def keras_bytes(model: keras.Model) -> bytes:
    """The model as a `.keras` file, without training state: loads with plain Keras anywhere."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.keras")
        model.save(path)
        return path.read_bytes()


def weights_of(keras_file: bytes) -> list[np.ndarray]:
    """The weights of a `.keras` file of our own, in Keras's order."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.keras")
        path.write_bytes(keras_file)
        weights: list[np.ndarray] = keras.models.load_model(path, compile=False).get_weights()
        return weights


def litert_bytes(model: keras.Model) -> bytes:
    """The model as LiteRT, the activation of every layer that computes one as an output.

    Outputs are named `NN_layer`, numbered in the network's order (LiteRT sorts them by name).
    """
    layers = [layer for layer in model.layers if not isinstance(layer, _WITHOUT_ACTIVATION)]
    outputs = {f"{i:02}_{layer.name}": layer.output for i, layer in enumerate(layers)}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.tflite")
        everything = keras.Model(model.inputs, outputs)
        everything.export(os.fspath(path), format="litert", verbose=False)
        return path.read_bytes()


_WITHOUT_ACTIVATION = (keras.layers.InputLayer, keras.layers.Dropout, keras.layers.Flatten)


def onnx_bytes(keras_file: bytes) -> bytes:
    """A `.keras` file as ONNX: raw pixels float32 (n, 28, 28, 1) → probabilities (n, 10)."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "model.keras"), Path(folder, "model.onnx")
        source.write_bytes(keras_file)
        keras.models.load_model(source).export(os.fspath(target), format="onnx", verbose=False)
        return target.read_bytes()
