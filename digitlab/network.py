"""A config's network as plain data: layers, shapes, parameters, multiply-adds.

Pure arithmetic, so that a page can show the network before it exists. `architectures.build`
makes the Keras model from the very same plan.
"""

from dataclasses import dataclass
from functools import cached_property
from math import ceil, prod
from typing import Any

from digitlab.config import ConvBlock, TrainingConfig
from digitlab.errors import InputError

SIDE = 28
"""Side of every digit, in pixels."""

CLASSES = 10

COLUMNS = "ColumnNormalization"
"""The one kind of layer that Keras does not have: see `architectures.normalize_columns`."""

VALIDATION_BATCH = 500
"""Digits read at a time where nothing is learned from them."""

STEP_SPEED = 30e9
"""Multiply-adds per second in training, assumed: measured 10–80e9 on two cores."""

LARGEST_PARAMETERS = 20_000_000
LARGEST_ACTIVATIONS = 500_000
LARGEST_BATCH_ACTIVATIONS = 150_000_000
LONGEST_STEP_SECONDS = 3


@dataclass(frozen=True)
class PixelStatistics:
    """Mean and standard deviation of the training pixels, 0–255."""

    mean: float
    standard_deviation: float


MNIST_PIXELS = PixelStatistics(33.318421, 78.567490)


@dataclass(frozen=True)
class LayerPlan:
    """One layer: `kind` is its class in `keras.layers` (or COLUMNS), `arguments` what it is given.

    `output_shape` leaves out the batch axis; `multiply_adds` are per digit.
    """

    name: str
    kind: str
    arguments: dict[str, Any]
    output_shape: tuple[int, ...]
    parameters: int = 0
    trainable_parameters: int = 0
    multiply_adds: int = 0


@dataclass(frozen=True)
class Plan:
    """All layers of a network, input to output."""

    layers: tuple[LayerPlan, ...]

    @cached_property
    def parameters(self) -> int:
        """All weights."""
        return sum(layer.parameters for layer in self.layers)

    @cached_property
    def trainable_parameters(self) -> int:
        """Weights that training changes."""
        return sum(layer.trainable_parameters for layer in self.layers)

    @cached_property
    def multiply_adds(self) -> int:
        """Multiply-adds to read one digit."""
        return sum(layer.multiply_adds for layer in self.layers)


def plan(config: TrainingConfig, pixels: PixelStatistics = MNIST_PIXELS) -> Plan:
    """The layers that `config` describes, from raw pixels (28, 28, 1) to ten probabilities.

    Raises:
        InputError: if the picture becomes too small for a convolution or a pooling.
    """
    layers = [_normalization(config.normalization, pixels)]
    for number, block in enumerate(config.conv_blocks, 1):
        layers += _convolution(number, block, layers[-1].output_shape)
    layers.append(LayerPlan("flatten", "Flatten", {}, (prod(layers[-1].output_shape),)))
    for number, dense in enumerate(config.dense_layers, 1):
        inputs = layers[-1].output_shape[0]
        layers.append(_dense(f"dense_{number}", inputs, dense.units, "relu"))
        layers += _dropout(f"dense_dropout_{number}", dense.dropout, (dense.units,))
    layers.append(_dense("probabilities", layers[-1].output_shape[0], CLASSES, "softmax"))
    return Plan(tuple(layers))


def check_cost(config: TrainingConfig) -> None:
    """Refuses a network that would not fit, or that could not be stopped between two steps.

    The speed assumed is that of two ordinary cores; see `STEP_SPEED`.

    Raises:
        InputError: naming the bound and what this network needs.
    """
    network = plan(config)
    values = sum(prod(layer.output_shape) for layer in network.layers)
    costs = (
        ("parameters", network.parameters, LARGEST_PARAMETERS),
        ("activations per digit", values, LARGEST_ACTIVATIONS),
        ("activations per batch", values * config.batch_size, LARGEST_BATCH_ACTIVATIONS),
        ("seconds per step", seconds_per_step(config), LONGEST_STEP_SECONDS),
    )
    for what, needed, most in costs:
        if needed > most:
            raise InputError(
                f"this network is too large to train here: at most {most:,} {what}, it has "
                f"{needed:,.0f}; use fewer filters or units, smaller kernels or batches"
            )


def seconds_per_step(config: TrainingConfig) -> float:
    """A rough estimate: a step takes three times the multiply-adds of reading its digits (forward,
    and backward for inputs and for weights)."""
    return 3 * plan(config).multiply_adds * config.batch_size / STEP_SPEED


def steps_per_execution(config: TrainingConfig, batches: int) -> int:
    """Steps that Keras runs between two looks at the callbacks: about a third of a second, and
    eight looks an epoch at least."""
    return max(1, min(50, batches // 8, int(0.35 / seconds_per_step(config))))


def _normalization(how: str, pixels: PixelStatistics) -> LayerPlan:
    shape = (SIDE, SIDE, 1)
    if how == "columns":
        return LayerPlan("normalization", COLUMNS, {}, shape)
    if how == "standardize":
        deviation = pixels.standard_deviation or 1.0
        arguments = {"scale": 1 / deviation, "offset": -pixels.mean / deviation}
    else:
        arguments = {"scale": 1 / 255}
    return LayerPlan("normalization", "Rescaling", arguments, shape)


def _convolution(number: int, block: ConvBlock, inputs: tuple[int, ...]) -> list[LayerPlan]:
    """Convolution → activation → batch normalisation → pooling → dropout."""
    side, _, channels = inputs
    name = f"conv_blocks[{number}]"
    if block.padding == "valid":
        if side < block.kernel_size:
            raise InputError(
                f"{name}: kernel_size must be at most {side}, the side of the picture that "
                f"reaches it, got {block.kernel_size}"
            )
        side -= block.kernel_size - 1
    shape: tuple[int, ...] = (side, side, block.filters)
    weights = block.kernel_size**2 * channels * block.filters
    arguments = {
        "filters": block.filters,
        "kernel_size": block.kernel_size,
        "padding": block.padding,
        "activation": block.activation,
    }
    parameters = weights + block.filters
    layers = [
        LayerPlan(
            f"conv_{number}", "Conv2D", arguments, shape, parameters, parameters, weights * side**2
        )
    ]
    if block.batch_normalization:
        layers.append(
            LayerPlan(
                f"batch_normalization_{number}",
                "BatchNormalization",
                {},
                shape,
                4 * block.filters,
                2 * block.filters,
                prod(shape),
            )
        )
    if block.pooling != "none":
        if side < 2:
            raise InputError(
                f"{name}: pooling must be none for a {side}×{side} picture, got {block.pooling!r}"
            )
        shape = (side // 2, side // 2, block.filters)
        kind = {"max": "MaxPooling2D", "average": "AveragePooling2D"}[block.pooling]
        layers.append(LayerPlan(f"pool_{number}", kind, {"pool_size": 2}, shape))
    return layers + _dropout(f"dropout_{number}", block.dropout, shape)


def _dense(name: str, inputs: int, units: int, activation: str) -> LayerPlan:
    parameters = inputs * units + units
    arguments = {"units": units, "activation": activation}
    return LayerPlan(name, "Dense", arguments, (units,), parameters, parameters, inputs * units)


def _dropout(name: str, rate: float, shape: tuple[int, ...]) -> list[LayerPlan]:
    return [LayerPlan(name, "Dropout", {"rate": rate}, shape)] if rate else []


def batches_per_epoch(digits: int, batch_size: int) -> int:
    """Steps in one pass, the last, smaller one included."""
    return ceil(digits / batch_size)
