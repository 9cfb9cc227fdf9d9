"""TrainingConfig: everything that decides a training, each hyperparameter declared once."""

import dataclasses
import json
from dataclasses import dataclass
from typing import Any

from digitlab.domains import (
    Choice,
    Flag,
    Integer,
    Items,
    Real,
    Rows,
    Text,
    check_fields,
    from_dictionary,
    hyperparameter,
)
from digitlab.errors import InputError
from digitlab.rows import rows_of_text

MOST_LEFT_OUT = 10_000

ACTIVATIONS = Choice(
    {
        "relu": "zero for negative input, the input itself otherwise",
        "leaky_relu": "like relu, with a small slope for negative input",
        "elu": "smooth below zero, saturating at -1",
        "gelu": "a smooth relu",
        "silu": "input times its sigmoid",
        "tanh": "squashes to (-1, 1)",
        "sigmoid": "squashes to (0, 1)",
    }
)


def _dropout() -> Any:
    """The field that convolution blocks and dense layers share."""
    return hyperparameter(
        0.0,
        Real(0, 1, open_high=True),
        "Share of activations silenced at random while training, against overfitting.",
    )


@dataclass(frozen=True)
class ConvBlock:
    """Convolution → activation, then optionally batch normalisation, pooling and dropout."""

    filters: int = hyperparameter(32, Integer(1, 512), "Patterns this layer looks for.")
    kernel_size: int = hyperparameter(3, Integer(1, 11), "Side of each pattern, in pixels.")
    padding: str = hyperparameter(
        "valid",
        Choice({"valid": "no border: the picture shrinks", "same": "a zero border keeps the size"}),
        "What happens at the edges.",
    )
    activation: str = hyperparameter("relu", ACTIVATIONS, "The nonlinearity after the convolution.")
    batch_normalization: bool = hyperparameter(
        False, Flag(), "Re-centres and re-scales activations; often faster and steadier learning."
    )
    pooling: str = hyperparameter(
        "max",
        Choice(
            {
                "none": "keep every pixel",
                "max": "keep the strongest of each 2×2",
                "average": "keep the mean of each 2×2",
            }
        ),
        "How the picture is halved after the convolution.",
    )
    dropout: float = _dropout()

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True)
class DenseLayer:
    """A fully connected layer: ReLU, then dropout."""

    units: int = hyperparameter(128, Integer(1, 4096), "Neurons in this layer.")
    dropout: float = _dropout()

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True)
class TrainingConfig:
    """A training, complete: data, network, optimisation, augmentation.

    Raises:
        InputError: on construction, naming the field, the bound and the value.
    """

    dataset: str = hyperparameter(
        "mnist",
        Text(),
        "`mnist`, `digits`, `fashion_mnist`, or one of yours; on the command line, its path, or "
        "`handwriting`, which the shipped recogniser learned from.",
        "Data",
    )
    split: str = hyperparameter(
        "official",
        Choice(
            {
                "official": "the test set that the dataset's makers set apart",
                "random": "a random share of everything (scikit-learn's train_test_split)",
            }
        ),
        "Which digits are kept back for the final test.",
        "Data",
    )
    test_fraction: float = hyperparameter(
        0.2,
        Real(0.05, 0.9),
        "Share of all digits kept for the test, with a random split.",
        "Data",
        only_if=("split", ("random",)),
    )
    split_seed: int = hyperparameter(
        42,
        Integer(0, 2**31 - 1),
        "Seed of the random split and of random validation digits.",
        "Data",
        advanced=True,
    )
    training_size: int | None = hyperparameter(
        None,
        Integer(100, 10_000_000, none="all"),
        "Train on the first so many digits only; all if not set.",
        "Data",
        advanced=True,
    )
    validation: str = hyperparameter(
        "last",
        Choice(
            {
                "none": "no validation",
                "last": "the last digits of the training set (Keras's validation_split)",
                "random": "random digits of the training set",
                "test": "the test set, as some tutorials do: for watching only",
            }
        ),
        "The digits that training is checked on after each epoch.",
        "Data",
    )
    validation_fraction: float = hyperparameter(
        0.1,
        Real(0.01, 0.9),
        "Share of the training digits kept for validation.",
        "Data",
        only_if=("validation", ("last", "random")),
    )
    left_out: str = hyperparameter(
        "",
        Rows(MOST_LEFT_OUT),
        "Rows that are neither trained on nor validated with, such as 17, 2034, 40000-40010; the "
        "test part stays whole.",
        "Data",
        advanced=True,
    )
    normalization: str = hyperparameter(
        "divide",
        Choice(
            {
                "divide": "pixels ÷ 255, into [0, 1]",
                "columns": "each column to unit L2 norm, as keras.utils.normalize(axis=1)",
                "standardize": "minus the training mean, divided by the standard deviation",
            }
        ),
        "How pixels are scaled; built into the model, so that nobody can forget it.",
        "Data",
    )
    conv_blocks: tuple[ConvBlock, ...] = hyperparameter(
        (ConvBlock(filters=32), ConvBlock(filters=64)),
        Items(ConvBlock, 8),
        "The convolution blocks, first to last; none at all makes a multilayer perceptron.",
        "Network",
    )
    dense_layers: tuple[DenseLayer, ...] = hyperparameter(
        (DenseLayer(units=128, dropout=0.5),),
        Items(DenseLayer, 5),
        "The dense layers before the ten outputs.",
        "Network",
    )
    optimizer: str = hyperparameter(
        "adam",
        Choice(
            {
                "adam": "adapts the step of each weight; with weight_decay it is AdamW",
                "nadam": "Adam with Nesterov momentum",
                "rmsprop": "divides by a running mean of the gradient's size",
                "sgd": "plain gradient descent with momentum 0.9",
            }
        ),
        "The rule that turns gradients into steps.",
        "Optimisation",
    )
    learning_rate: float = hyperparameter(
        0.001,
        Real(1e-6, 1, logarithmic=True),
        "Size of the steps; with a schedule, its highest value.",
        "Optimisation",
    )
    learning_rate_schedule: str = hyperparameter(
        "constant",
        Choice(
            {
                "constant": "the same throughout",
                "cosine": "falls along a half cosine to 0 (Loshchilov & Hutter, 2017)",
                "exponential": "falls by the same factor each step, to a hundredth",
                "one-cycle": "rises, then falls far below where it began (Smith & Topin, 2018)",
            }
        ),
        "How the learning rate changes from the first step to the last.",
        "Optimisation",
    )
    warmup_epochs: float = hyperparameter(
        0.0,
        Real(0, 20),
        "The learning rate rises to its full value over so many epochs first (Goyal et al., 2017).",
        "Optimisation",
        advanced=True,
        only_if=("learning_rate_schedule", ("constant", "cosine", "exponential")),
    )
    beta_1: float = hyperparameter(
        0.9,
        Real(0, 1, open_high=True),
        "How long the mean of the gradients reaches back.",
        "Optimisation",
        advanced=True,
        only_if=("optimizer", ("adam", "nadam")),
    )
    beta_2: float = hyperparameter(
        0.999,
        Real(0, 1, open_high=True),
        "How long the mean of their squares reaches back.",
        "Optimisation",
        advanced=True,
        only_if=("optimizer", ("adam", "nadam")),
    )
    weight_decay: float = hyperparameter(
        0.0,
        Real(0, 0.5),
        "Shrinks each weight by learning_rate times this, every step (Loshchilov & Hutter, 2019).",
        "Optimisation",
    )
    label_smoothing: float = hyperparameter(
        0.0,
        Real(0, 0.5),
        "Share of certainty taken from the right answer while learning (Szegedy et al., 2016); "
        "the losses shown include it.",
        "Optimisation",
    )
    batch_size: int = hyperparameter(
        128,
        Integer(1, 4096),
        "Digits per step; small is noisy and slow, large is smooth.",
        "Optimisation",
    )
    epochs: int = hyperparameter(
        5, Integer(1, 500), "Passes through the training digits.", "Optimisation"
    )
    early_stopping_patience: int | None = hyperparameter(
        None,
        Integer(1, 100, none="off"),
        "Stop when val_loss has not improved for so many epochs, and go back to the best weights.",
        "Optimisation",
    )
    reduce_on_plateau_patience: int | None = hyperparameter(
        None,
        Integer(1, 100, none="off"),
        "Lower the learning rate when val_loss has not improved for so many epochs.",
        "Optimisation",
    )
    reduce_on_plateau_factor: float = hyperparameter(
        0.1,
        Real(0.01, 0.9),
        "What the learning rate is multiplied by then.",
        "Optimisation",
        advanced=True,
        only_if=("reduce_on_plateau_patience", None),
    )
    minimum_learning_rate: float = hyperparameter(
        1e-6,
        Real(0, 0.1),
        "The learning rate is never lowered below this.",
        "Optimisation",
        advanced=True,
        only_if=("reduce_on_plateau_patience", None),
    )
    precision: str = hyperparameter(
        "float32",
        Choice(
            {
                "float32": "32-bit throughout",
                "auto": "16-bit products where the processor is made for them, else 32-bit",
                "mixed_bfloat16": "16-bit products: faster only on processors made for it",
            }
        ),
        "Arithmetic used for training.",
        "Optimisation",
        advanced=True,
    )
    seed: int = hyperparameter(
        42,
        Integer(0, 2**31 - 1),
        "Seed of weights, shuffling, dropout and augmentation.",
        "Optimisation",
        advanced=True,
    )
    tensorboard: bool = hyperparameter(
        False,
        Flag(),
        "Also write TensorBoard logs beside the run; needs the package tensorboard.",
        "Optimisation",
        advanced=True,
    )
    rotation: float = hyperparameter(
        0.0, Real(0, 180), "Turn each training digit by up to ± so many degrees.", "Augmentation"
    )
    zoom: float = hyperparameter(
        0.0,
        Real(0, 0.9),
        "Enlarge or shrink by up to ± this share, each axis by itself.",
        "Augmentation",
    )
    shift: float = hyperparameter(
        0.0, Real(0, 0.5), "Move by up to ± this share of the picture's side.", "Augmentation"
    )
    shear: float = hyperparameter(
        0.0, Real(0, 45), "Slant by up to ± so many degrees.", "Augmentation"
    )
    elastic: float = hyperparameter(
        0.0,
        Real(0, 3),
        "Bend the strokes at random, by so many pixels on average (Simard et al., 2003).",
        "Augmentation",
    )
    stroke_thickness: float = hyperparameter(
        0.0,
        Real(0, 1),
        "Share of the digits whose strokes are made thicker or thinner.",
        "Augmentation",
    )

    def __post_init__(self) -> None:
        check_fields(self)
        watched = self.validation in ("last", "random")
        for name in ("early_stopping_patience", "reduce_on_plateau_patience"):
            if getattr(self, name) is not None and not watched:
                raise InputError(
                    f"{name} watches val_loss: validation must be last or random, got "
                    f"{self.validation!r} (the test set chooses nothing)"
                )
        if (
            self.reduce_on_plateau_patience is not None
            and self.learning_rate_schedule != "constant"
        ):
            raise InputError(
                "reduce_on_plateau_patience needs learning_rate_schedule constant, got "
                f"{self.learning_rate_schedule!r}"
            )
        if self.reduce_on_plateau_patience is not None and self.warmup_epochs:
            raise InputError(
                f"reduce_on_plateau_patience needs warmup_epochs 0, got {self.warmup_epochs:g}"
            )

    @property
    def left_out_rows(self) -> tuple[int, ...]:
        """The rows that `left_out` names, in order."""
        return rows_of_text("left_out", self.left_out, MOST_LEFT_OUT)

    def replace(self, **changes: Any) -> "TrainingConfig":
        """A copy with some fields changed, checked again."""
        return dataclasses.replace(self, **changes)

    def to_dictionary(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        return dataclasses.asdict(self)

    def to_json(self) -> str:
        """One JSON object; `from_json` reads it back to an equal config."""
        return json.dumps(self.to_dictionary())

    @classmethod
    def from_json(cls, text: str) -> "TrainingConfig":
        """Reads what `to_json` wrote.

        Raises:
            InputError: for text that is no JSON object, unknown fields and wrong values.
        """
        try:
            values = json.loads(text)
        except json.JSONDecodeError as error:
            raise InputError(f"a configuration must be JSON: {error}") from None
        return from_dictionary(cls, values)
