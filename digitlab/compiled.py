"""The network that trains, compiled; the last one is kept. Runs in the training process.

TensorFlow traces a network's step at its first batch, which takes a second. A training that differs
from the last one only in what the step is told while it runs need not wait for that again.
"""

from functools import cached_property

import keras

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
        self._first = [keras.ops.convert_to_numpy(variable) for variable in self._variables]

    @cached_property
    def exported(self) -> keras.Model:
        """The same network in float32, of Keras's own layers: what is stored."""
        return build(self._config.replace(precision="float32"), self._pixels)

    def begin(self, config: TrainingConfig) -> None:
        """Forgets what was learned: weights by the config's seed, an optimiser as new."""
        for variable, value in zip(self._variables, self._first, strict=True):
            variable.assign(value)
        self.trainee.optimizer.learning_rate = config.learning_rate
        seed_weights(self.trainee, config.seed)


_kept: list[tuple[object, CompiledNetwork]] = []


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
    if not _kept or _kept[0][0] != key:
        _kept.clear()  # first: there may be no room for two
        _kept.append((key, CompiledNetwork(config, pixels, steps)))
    network = _kept[0][1]
    network.begin(config)
    return network
