"""Ready-made configs: the published tutorials, and recipes of our own."""

from dataclasses import dataclass, field

from digitlab.config import ConvBlock, DenseLayer, TrainingConfig
from digitlab.errors import InputError


@dataclass(frozen=True)
class AuthorFigures:
    """What a tutorial's author prints, as fractions; epoch by epoch where the author does.

    A value that the author does not print is missing, not zero.
    """

    accuracy: tuple[float, ...] = ()
    val_accuracy: tuple[float, ...] = ()
    loss: tuple[float, ...] = ()
    val_loss: tuple[float, ...] = ()
    test_accuracy: float | None = None
    test_loss: float | None = None
    note: str = ""

    def curves(self) -> dict[str, tuple[float, ...]]:
        """The figures printed for every epoch, by Keras's name."""
        names = ("accuracy", "val_accuracy", "loss", "val_loss")
        return {name: getattr(self, name) for name in names if getattr(self, name)}


@dataclass(frozen=True)
class Preset:
    """A named config, with where it comes from and what it shows."""

    key: str
    title: str
    source: str
    summary: str
    config: TrainingConfig
    author: AuthorFigures = field(default_factory=AuthorFigures)


_NDLOVU_MLP = TrainingConfig(
    split="random",
    test_fraction=0.2,
    split_seed=42,
    validation="none",
    conv_blocks=(),
    dense_layers=(DenseLayer(128),),
    batch_size=64,
    epochs=10,
)

_TUXACADEMY = TrainingConfig(
    validation_fraction=0.2,
    conv_blocks=(ConvBlock(32), ConvBlock(64), ConvBlock(64, pooling="none")),
    dense_layers=(DenseLayer(64, dropout=0.5),),
    epochs=10,
)

_ONE_CYCLE = TrainingConfig(
    validation="none",
    beta_1=0.7,
    beta_2=0.9,
    learning_rate=0.01,
    learning_rate_schedule="one-cycle",
    batch_size=128,
    precision="auto",
)
"""What our own recipes share."""

_FAST = _ONE_CYCLE.replace(
    conv_blocks=(ConvBlock(16, kernel_size=5), ConvBlock(32)),
    dense_layers=(DenseLayer(128),),
    label_smoothing=0.1,
    epochs=1,
)


def _convolutional(filters: int, epochs: int) -> TrainingConfig:
    """Four convolutions, the first of so many filters and the others of twice as many, and no
    hidden dense layer; augmented so gently that every digit stays a plausible one of MNIST's."""
    return _ONE_CYCLE.replace(
        conv_blocks=(
            ConvBlock(filters, kernel_size=5, batch_normalization=True),
            ConvBlock(2 * filters, batch_normalization=True, pooling="none"),
            ConvBlock(2 * filters, batch_normalization=True),
            ConvBlock(2 * filters, batch_normalization=True, pooling="none"),
        ),
        dense_layers=(),
        epochs=epochs,
        rotation=8.0,
        shift=0.05,
        zoom=0.08,
        shear=6.0,
    )


_ALL = (
    Preset(
        "first-steps",
        "First steps",
        "DigitLab",
        "A small network on 1,437 digits: trained in seconds, the same road as the large ones.",
        TrainingConfig(
            dataset="digits",
            conv_blocks=(ConvBlock(16, padding="same"), ConvBlock(32, padding="same")),
            dense_layers=(DenseLayer(64, dropout=0.3),),
            learning_rate=0.003,
            learning_rate_schedule="one-cycle",
            batch_size=32,
            epochs=15,
            rotation=12,
            shift=0.08,
            zoom=0.15,
            shear=10,
            stroke_thickness=0.4,
        ),
    ),
    Preset(
        "tutorialspoint",
        "Beginner's guide",
        "A Beginner's Guide to Image Classification using CNN, Tutorialspoint",
        "Two convolutions with dropout after each pool; the test set watched as validation data.",
        TrainingConfig(
            validation="test",
            conv_blocks=(ConvBlock(32, dropout=0.25), ConvBlock(64, dropout=0.25)),
            dense_layers=(DenseLayer(128, dropout=0.5),),
            epochs=5,
        ),
        AuthorFigures(
            accuracy=(0.9196, 0.9745, 0.9802, 0.9835, 0.9854),
            val_accuracy=(0.9827, 0.9878, 0.9889, 0.9896, 0.9906),
            loss=(0.2615, 0.0856, 0.0650, 0.0547, 0.0463),
            val_loss=(0.0537, 0.0388, 0.0331, 0.0305, 0.0280),
            test_accuracy=0.9906,
            test_loss=0.0280,
        ),
    ),
    Preset(
        "ndlovu",
        "CNN after an MLP",
        "Image Classification with Convolutional Neural Networks (CNNs), Fortune Ndlovu, 2025",
        "All 70,000 digits split at random; the convolutional half of the tutorial.",
        _NDLOVU_MLP.replace(
            conv_blocks=(ConvBlock(32, padding="same"), ConvBlock(64, padding="same")),
            dense_layers=(DenseLayer(64, dropout=0.5),),
        ),
        AuthorFigures(
            accuracy=(
                0.8588,
                0.9469,
                0.9582,
                0.9649,
                0.9671,
                0.9705,
                0.9734,
                0.9754,
                0.9770,
                0.9773,
            ),
            test_accuracy=0.9904,
            note="The tutorial's running loss is a sum over 875 batches, not a mean: "
            "386.764 … 57.378 is 0.442 … 0.066 a batch.",
        ),
    ),
    Preset(
        "ndlovu-mlp",
        "A plain MLP first",
        "Image Classification with Convolutional Neural Networks (CNNs), Fortune Ndlovu, 2025",
        "The multilayer perceptron that the tutorial starts from: one hidden layer of 128.",
        _NDLOVU_MLP,
        AuthorFigures(note="The author gives no layer sizes and no figures for it."),
    ),
    Preset(
        "kazmi",
        "Regularised, with callbacks",
        "MNIST Handwritten Digits Classification Using a CNN, Asad Kazmi",
        "Batch normalisation, augmentation, early stopping and a falling learning rate.",
        TrainingConfig(
            validation="random",
            validation_fraction=0.2,
            split_seed=42,
            conv_blocks=(
                ConvBlock(32, batch_normalization=True),
                ConvBlock(64, batch_normalization=True),
            ),
            dense_layers=(DenseLayer(128, dropout=0.2),),
            batch_size=32,
            epochs=10,
            early_stopping_patience=3,
            reduce_on_plateau_patience=2,
            reduce_on_plateau_factor=0.1,
            minimum_learning_rate=1e-6,
            rotation=10,
            zoom=0.1,
            shift=0.1,
        ),
        AuthorFigures(note="The author prints no figures."),
    ),
    Preset(
        "soorya",
        "Three convolutions",
        "Mnist handwritten digit classification using CNN, Milind Soorya, 2021",
        "Column-wise normalisation, three small convolutions, your own picture at the end.",
        TrainingConfig(
            normalization="columns",
            validation_fraction=0.3,
            conv_blocks=(ConvBlock(64), ConvBlock(64), ConvBlock(64)),
            dense_layers=(DenseLayer(64), DenseLayer(32)),
            batch_size=32,
            epochs=5,
        ),
    ),
    Preset(
        "tuxacademy",
        "Step by step",
        "Why Convolutional Neural Networks? step-by-step CNN guide, TuxAcademy",
        "Three convolutions, the last without a pool, and what to look for in the curves.",
        _TUXACADEMY,
        AuthorFigures(
            test_accuracy=0.9910,
            note="The author's epoch 1: accuracy 0.9323, val_accuracy 0.9835, loss 0.2260, "
            "val_loss 0.0563. Epoch 10: 0.9895, 0.9913, 0.0349, 0.0271. Test accuracy "
            "0.9900–0.9920. The text says 'around 1.2 million' parameters: it is 93,322.",
        ),
    ),
    Preset(
        "tuxacademy-augmented",
        "Step by step, augmented",
        "Why Convolutional Neural Networks? step-by-step CNN guide, TuxAcademy",
        "The same network on turned, shifted and zoomed digits.",
        _TUXACADEMY.replace(epochs=15, rotation=10, shift=0.1, zoom=0.1),
        AuthorFigures(note="The author reports a validation accuracy of about 0.993."),
    ),
    Preset(
        "fast",
        "Fast",
        "DigitLab, after tuomaso/train_mnist_fast and one-cycle (Smith & Topin, 2018)",
        "99 % after a single pass: two convolutions, a steep one-cycle, smoothed labels.",
        _FAST,
    ),
    Preset(
        "balanced",
        "Balanced",
        "DigitLab; one-cycle after Smith & Topin, 2018",
        "About 99.5 % in six passes: four convolutions with batch normalisation, gentle variation.",
        _convolutional(24, epochs=6),
    ),
    Preset(
        "accurate",
        "Accurate",
        "DigitLab, after C. Deotte's 99.75 % networks, and Simard et al., 2003",
        "As good as one compact network gets here: more filters, dropout, bent strokes, 20 passes.",
        _ONE_CYCLE.replace(
            conv_blocks=(
                ConvBlock(32, kernel_size=5, batch_normalization=True),
                ConvBlock(64, batch_normalization=True, pooling="none"),
                ConvBlock(64, batch_normalization=True, dropout=0.15),
                ConvBlock(96, batch_normalization=True, pooling="none", dropout=0.3),
            ),
            dense_layers=(),
            epochs=20,
            rotation=10.0,
            shift=0.06,
            zoom=0.1,
            shear=8.0,
            elastic=0.4,
        ),
    ),
    Preset(
        "tiny",
        "Tiny",
        "DigitLab, after the 20,000-parameter challenge of the EVA course",
        "Four small convolutions, no hidden dense layer: 14,650 weights, and above 99.4 %.",
        _convolutional(12, epochs=12),
    ),
    Preset(
        "pretrained",
        "The shipped recogniser",
        "DigitLab",
        "A compact network for drawings by anyone's hand: MNIST, scikit-learn's digits, and digits "
        "redrawn or made up with pens of every width.",
        _convolutional(48, epochs=18).replace(
            dataset="handwriting",
            validation="last",
            validation_fraction=0.05,
            rotation=7.0,
            zoom=0.12,
            shear=6.0,
            elastic=0.5,
            stroke_thickness=0.4,
        ),
    ),
)

PRESETS = {preset.key: preset for preset in _ALL}


def find_preset(key: str) -> Preset:
    """The preset of that key.

    Raises:
        InputError: naming those that exist.
    """
    if key not in PRESETS:
        raise InputError(f"preset must be one of {', '.join(PRESETS)}, got {key!r}")
    return PRESETS[key]


def author_of(config: TrainingConfig, preset_key: str | None) -> AuthorFigures | None:
    """The figures that a run can be held against: those of the author of its preset.

    None without a preset, and on another dataset than the preset's.
    """
    preset = PRESETS.get(preset_key or "")
    return preset.author if preset and preset.config.dataset == config.dataset else None


def is_unchanged(config: TrainingConfig, preset_key: str | None) -> bool:
    """Whether a run's config is its preset's, in every field."""
    preset = PRESETS.get(preset_key or "")
    return preset is not None and preset.config == config


def author_in_words(config: TrainingConfig, preset_key: str | None) -> str:
    """What the dotted curves are, and the author's note; empty where there is neither."""
    author = author_of(config, preset_key)
    if author is None:
        return ""
    whose = "" if is_unchanged(config, preset_key) else ", for the unchanged preset"
    dotted = f"Dotted: the author's figures{whose}." if author.curves() else ""
    return f"{dotted} {author.note}".strip()
