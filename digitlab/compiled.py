"""The network that trains, compiled; the last one is kept. Runs in the training process.

TensorFlow traces a network's step at its first batch, which takes a second. A training that differs
from the last one only in what the step is told while it runs need not wait for that again.
"""

import gc
import threading
from functools import cached_property

import keras
import numpy as np

from digitlab.architectures import build, loss, optimizer, seed_weights
from digitlab.config import TrainingConfig
from digitlab.network import PixelStatistics, steps_per_execution

_TOLD_LATER = {
    "dataset", "split", "test_fraction", "split_seed", "training_size", "validation",
    "validation_fraction", "left_out", "learning_rate", "learning_rate_schedule", "warmup_epochs",
    "epochs", "early_stopping_patience", "reduce_on_plateau_patience", "reduce_on_plateau_factor",
    "minimum_learning_rate", "seed", "tensorboard", "rotation", "zoom", "shift", "shear", "elastic",
    "stroke_thickness",
}  # fmt: skip
"""The hyperparameters that are no part of network and step: variables, callbacks, batches.

A new hyperparameter counts as a part until it is named here.
"""


class CompiledNetwork:
    """A network in both its forms.

    Args:
        config: what it is made from.
        pixels: what its first layer is told of the training pixels.
        steps: that Keras runs between two looks at the callbacks.

    Raises:
        InputError: if it cannot be made.
    """

    def __init__(self, config: TrainingConfig, pixels: PixelStatistics, steps: int) -> None:
        keras.backend.clear_session()
        self._config, self._pixels = config, pixels
        self.trainee = build(config, pixels, quick=True)
        """What trains: made of `quick_layers`, in the config's precision."""
        self.trainee.compile(
            optimizer=optimizer(config),
            loss=loss(config),
            # Keras makes a metric that is only named while it traces the step, and then has to
            # trace it once more.
            metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
            steps_per_execution=steps,
            jit_compile=False,
        )
        self.trainee.optimizer.build(self.trainee.trainable_variables)
        self._variables = [*self.trainee.weights, *self.trainee.optimizer.variables]
        self._first = [_first(variable) for variable in self._variables]

    @cached_property
    def exported(self) -> keras.Model:
        """The same network in float32, of Keras's own layers: what is stored."""
        return build(self._config.replace(precision="float32"), self._pixels)

    def begin(self, config: TrainingConfig) -> None:
        """Forgets what was learned: weights by the config's seed, an optimiser as new."""
        for variable, value in zip(self._variables, self._first, strict=True):
            variable.assign(keras.ops.zeros_like(variable) if value is None else value)
        self.trainee.optimizer.learning_rate = config.learning_rate
        seed_weights(self.trainee, config.seed)


def _first(variable: keras.Variable) -> np.ndarray | None:
    """A variable's value before the first step; None for zeros, and for what a seed decides."""
    value = keras.ops.convert_to_numpy(variable)
    return value if value.ndim < 2 and value.any() else None


class _Kept(threading.local):
    """The last network of a thread: workers of a cluster may have several."""

    key: object = None
    network: CompiledNetwork | None = None


_kept = _Kept()


def compiled_network(
    config: TrainingConfig, pixels: PixelStatistics, batches: int
) -> CompiledNetwork:
    """The network that `config` describes, about to begin; whoever had it last has lost it.

    Args:
        pixels: what its first layer is told of the training pixels.
        batches: steps of an epoch.

    Raises:
        InputError: if it cannot be made.
    """
    steps = steps_per_execution(config, batches)
    parts = {name: value for name, value in vars(config).items() if name not in _TOLD_LATER}
    key = parts, pixels, steps
    if _kept.network is None or _kept.key != key:
        forget()  # first: there may be no room for two
        _kept.key, _kept.network = key, CompiledNetwork(config, pixels, steps)
    else:  # the pixels of the training before lie in circles; `clear_session` collects them, too
        gc.collect()
    _kept.network.begin(config)
    return _kept.network


def forget() -> None:
    """The next training traces its network, whichever it is: for those who measure that."""
    _kept.key = _kept.network = None
