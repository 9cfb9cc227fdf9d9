"""The LiteRT runtime: probabilities and activations in the server process, no TensorFlow."""

import os
import threading

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from digitlab.errors import InputError
from digitlab.network import SIDE

BATCH = 64
"""Digits per call: measured fastest between 1 and 1,000, and small enough to stay in cache."""

OUTPUT = "probabilities"


class Recogniser:
    """A trained network, ready to read digits. Safe to share between threads.

    Args:
        model: the bytes of a `model.tflite` that `export.litert_bytes` wrote.

    Raises:
        InputError: if the bytes are no such model.
    """

    def __init__(self, model: bytes) -> None:
        self._model = model
        self._lock = threading.Lock()
        self._interpreters: dict[int, Interpreter] = {}
        try:
            details = self._interpreter(1).get_signature_runner().get_output_details()
        except (ValueError, RuntimeError) as error:
            raise InputError(f"this is no LiteRT model of DigitLab's: {error}") from None
        named = {name.partition("_")[2]: details[name] for name in sorted(details)}
        self._outputs = {name: output["index"] for name, output in named.items()}
        self._shapes = {name: tuple(output["shape"][1:]) for name, output in named.items()}
        if OUTPUT not in self._outputs:
            raise InputError(f"this LiteRT model has no output named {OUTPUT!r}")

    @property
    def layer_names(self) -> tuple[str, ...]:
        """The layers whose activations can be seen, input to output."""
        return tuple(self._outputs)

    @property
    def hidden_layer(self) -> str:
        """The last layer before the probabilities: what they are made of."""
        return self.layer_names[-2]

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """Reads digits.

        Args:
            images: uint8 (n, 28, 28), 0–255, ink bright.

        Returns:
            float32 (n, 10); each row sums to 1.
        """
        return self._read(OUTPUT, images)

    def activations(self, image: np.ndarray) -> dict[str, np.ndarray]:
        """What every layer makes of one digit: uint8 (28, 28) → name → float32, no batch axis."""
        with self._lock:
            self._run(image[None])
            interpreter = self._interpreter(1)
            return {name: interpreter.get_tensor(index)[0] for name, index in self._outputs.items()}

    def activations_of(self, layer: str, images: np.ndarray) -> np.ndarray:
        """What one layer makes of digits: uint8 (n, 28, 28) → float32 (n, *shape of the layer).

        Raises:
            InputError: if there is no such layer.
        """
        if layer not in self._outputs:
            raise InputError(f"layer must be one of {', '.join(self._outputs)}, got {layer!r}")
        return self._read(layer, images)

    def _read(self, layer: str, images: np.ndarray) -> np.ndarray:
        answer = np.empty((len(images), *self._shapes[layer]), np.float32)
        with self._lock:
            start = 0
            while start < len(images):
                size = BATCH if len(images) - start >= BATCH else 1
                self._run(images[start : start + size])
                answer[start : start + size] = self._interpreter(size).get_tensor(
                    self._outputs[layer]
                )
                start += size
        return answer

    def _run(self, images: np.ndarray) -> None:
        interpreter = self._interpreter(len(images))
        entry = interpreter.get_input_details()[0]["index"]
        interpreter.set_tensor(entry, images[..., None].astype(np.float32))
        interpreter.invoke()

    def _interpreter(self, size: int) -> Interpreter:
        """One interpreter per batch size, so that none is ever resized."""
        if size not in self._interpreters:
            threads = min(os.cpu_count() or 1, 4) if size > 1 else 1
            interpreter = Interpreter(model_content=self._model, num_threads=threads)
            entry = interpreter.get_input_details()[0]["index"]
            interpreter.resize_tensor_input(entry, (size, SIDE, SIDE, 1))
            interpreter.allocate_tensors()
            self._interpreters[size] = interpreter
        return self._interpreters[size]
