"""config → a Python script that trains the same network with plain Keras, outside DigitLab.

The script holds what this one config needs and no more, in the order in which it happens. The same
seed gives the same figures as `training.train`, to the last bit on one machine. What changes the
digits at random is carried over from `augmentation`, as it stands there.
"""

import ast
import io
import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from textwrap import fill, indent, wrap
from typing import Any

import numpy as np

from digitlab.config import TrainingConfig
from digitlab.datasets import Dataset
from digitlab.domains import declared
from digitlab.network import COLUMNS, SIDE, LayerPlan, plan, steps_per_execution
from digitlab.schedules import ONE_CYCLE_RISE

DIGITS_FILE = "digits.npz"
"""What the script reads where the dataset is not mnist; `digits_file` writes it."""


def keras_script(config: TrainingConfig) -> str:
    """A self-contained script for this config.

    It prints the figures of each epoch and the test accuracy, and saves `digits.keras`. It needs
    the packages of `requirements` and, for any dataset but mnist, `digits.npz` where it is run.
    """
    parts = (_data, _split, _batches, _network, _training, _test)
    body = "\n".join(part(config) for part in parts)
    imports, settings = "\n".join(_imports(body)), "\n".join(_settings(config, body))
    head = _HEAD.format(needs=requirements(config), imports=imports, settings=settings)
    return _spaced(head + body)


def requirements(config: TrainingConfig) -> str:
    """What `pip install` must be given for the script of this config."""
    packages = {
        "tensorflow": True,
        "scikit-learn": "random" in (config.split, config.validation),
        "tensorboard": config.tensorboard,
    }
    return " ".join(package for package, needed in packages.items() if needed)


def digits_file(dataset: Dataset) -> bytes:
    """The digits as the script reads them: an .npz of x, y and train_count."""
    file = io.BytesIO()
    np.savez_compressed(file, x=dataset.images, y=dataset.labels, train_count=dataset.train_count)
    return file.getvalue()


_HEAD = '''"""Trains a network that reads handwritten digits, with plain Keras. Written by DigitLab.

Needs: pip install {needs}
The same seed gives the same figures as in DigitLab, to the last bit on the same machine.
"""

{imports}

# What can be changed.
config = SimpleNamespace(
{settings}
)

'''

_IMPORTS = {
    "from pathlib import Path": "Path",
    "from types import SimpleNamespace\n": "config",
    "import keras": "keras",
    "import numpy as np": "np",
    "import tensorflow as tf": "tf",
    "from keras import layers": "layers",
    "from sklearn.model_selection import train_test_split": "train_test_split",
}
"""Statement → the name that makes it needed."""


def _imports(body: str) -> Iterator[str]:
    used = _names(ast.parse(body))
    yield f"from math import {', '.join(sorted(used & {'ceil', 'cos', 'pi'}))}"
    yield from (statement for statement, name in _IMPORTS.items() if name in used)


def _names(tree: ast.AST) -> set[str]:
    """The variables that some code mentions."""
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def _settings(config: TrainingConfig, body: str) -> Iterator[str]:
    """The values that the body reads, each below what it means."""
    for parameter in declared(TrainingConfig):
        if re.search(rf"\bconfig\.{parameter.name}\b", body):
            yield from (f"    # {line}" for line in wrap(parameter.help, 94))
            yield f"    {parameter.name}={_literal(getattr(config, parameter.name))},"


def _literal(value: Any) -> str:
    return json.dumps(value) if isinstance(value, str) else repr(value)


def _spaced(text: str) -> str:
    """Python with two empty lines round each function and class, and never more."""
    text = re.sub(r"\n+(?=(def|class) )", "\n\n\n", text)
    text = re.sub(r"(\n +[^\n]*)\n+(?=[^\s)\]])", r"\1\n\n\n", text)
    return re.sub(r"\n{4,}", "\n\n\n", text)


def _call(function: str, arguments: list[str]) -> str:
    """A call, one argument or comment a line; empty ones are left out."""
    lines = "\n".join(line if line[0] == "#" else f"{line}," for line in arguments if line)
    return f"{function}(\n{indent(lines, '    ')}\n)"


def _data(config: TrainingConfig) -> str:
    source = _MNIST if config.dataset == "mnist" else _FILE.format(dataset=config.dataset)
    return f"# The digits: images uint8 (n, 28, 28), ink bright; labels uint8 (n,).\n{source}"


_MNIST = """(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
images, labels = np.concatenate([x_train, x_test]), np.concatenate([y_train, y_test])
"""

_FILE = """# They come from a file beside this script. Where DigitLab is installed, this writes it:
#   import pathlib
#   from digitlab.datasets import load_dataset
#   from digitlab.script import digits_file
#   pathlib.Path("digits.npz").write_bytes(digits_file(load_dataset({dataset!r})))
file = np.load("digits.npz")
images, labels = file["x"], file["y"]  # the test part last
"""


def _split(config: TrainingConfig) -> str:
    """Rows to train on, to watch and to test, as `datasets.split_dataset` divides them."""
    rows, count = "np.arange(len(images))", 'int(file["train_count"])'
    if config.dataset == "mnist":
        count = "len(x_train)"
    parts = [
        f"train, test = np.split({rows}, [{count}])"
        if config.split == "official"
        else "train, test = " + _divided(rows, "config.test_fraction"),
        "train = train[: config.training_size]" if config.training_size else "",
        {
            "none": "",
            "test": "validation = test  # for watching only: it chooses nothing",
            "last": "kept = int(len(train) * (1 - config.validation_fraction))\n"
            "train, validation = train[:kept], train[kept:]",
            "random": "train, validation = " + _divided("train", "config.validation_fraction"),
        }[config.validation],
    ]
    if config.left_out:
        parts.append(_without_left_out(config))
    watched = "" if config.validation == "none" else "which are watched, "
    heading = f"# Which of them are trained on, {watched}which are kept for the test: their rows.\n"
    return heading + "\n".join(part for part in parts if part) + "\n"


def _without_left_out(config: TrainingConfig) -> str:
    """Takes away the rows of `left_out`, as `datasets.split_dataset` does; the test stays whole."""
    stretches = [piece.split("-") for piece in config.left_out.split(", ")]
    rows = ", ".join(
        first if not last else f"{first}:{int(last[0]) + 1}" for first, *last in stretches
    )
    parts = ["train"] if config.validation in ("none", "test") else ["train", "validation"]
    lines = [f"{part} = {part}[~np.isin({part}, left_out)]" for part in parts]
    return "\n".join(["left_out = np.r_[", indent(fill(rows, 94), "    "), "]", *lines])


def _divided(rows: str, fraction: str) -> str:
    return _call(
        "train_test_split", [rows, f"test_size={fraction}", "random_state=config.split_seed"]
    )


def _batches(config: TrainingConfig) -> str:
    """The pipeline of `augmentation`; without changes to the digits, only shuffled."""
    changes = [p.name for p in declared(TrainingConfig) if p.group == "Augmentation"]
    if not any(getattr(config, name) for name in changes):
        return _BATCHES.format(numbered="", load=_LOAD)
    excerpt = _excerpt("augmentation.py", "augment", config)
    side = f"SIDE = {SIDE}  # of a digit, in pixels\n" if "SIDE" in excerpt else ""
    heading = "# How digits are changed at random while they are learned.\n"
    return heading + side + excerpt + _BATCHES.format(numbered=".enumerate()", load=_LOAD_CHANGED)


_BATCHES = '''
# The batches. Each epoch sees every digit once, in an order that follows from seed and epoch.
x, y = tf.constant(images[train]), tf.constant(labels[train].astype(np.int32))
batches = ceil(len(train) / config.batch_size)
epoch = tf.Variable(0, dtype=tf.int64, trainable=False)  # counted from 0

def order(_):
    """The places of all training digits, shuffled and cut into batches."""
    seed = tf.stack([tf.cast(config.seed, tf.int64), epoch])
    places = tf.random.experimental.stateless_shuffle(tf.range(len(train)), seed)
    return tf.data.Dataset.from_tensor_slices(places).batch(config.batch_size){numbered}

{load}

options = tf.data.Options()
options.autotune.enabled = False  # its timer can hold up the end of an epoch (TensorFlow 2.21)
training_batches = (
    tf.data.Dataset.range(1)
    .flat_map(order)
    .map(load, num_parallel_calls=2)
    .apply(tf.data.experimental.assert_cardinality(batches))
    .prefetch(4)
    .with_options(options)
)

def pixels_of(rows):
    """What the network is given of digits that are not changed: float32 (n, 28, 28, 1), 0–255."""
    return images[rows][..., None].astype(np.float32)
'''

_LOAD = '''def load(places):
    """A batch of digits, float32 (b, 28, 28, 1) in 0–255, and what they are, int32 (b,)."""
    return tf.cast(tf.gather(x, places), tf.float32)[..., None], tf.gather(y, places)
'''

_LOAD_CHANGED = '''def load(batch, places):
    """A batch of changed digits, float32 (b, 28, 28, 1) in 0–255, and what they are, int32 (b,)."""
    digits = tf.cast(tf.gather(x, places), tf.float32)[..., None]
    seed = tf.stack([tf.cast(config.seed, tf.int64), epoch * 1_000_003 + batch])
    return augment(digits, config, seed), tf.gather(y, places)
'''


def _network(config: TrainingConfig) -> str:
    """The model. A function makes it where what is tested and saved is not made like it."""
    parts = ["# The network, from raw pixels to ten probabilities."]
    if config.normalization == "columns":
        parts.append(_excerpt("architectures.py", "normalize_columns", config))
    elif config.normalization == "standardize":
        parts.append("mean, deviation = float(images[train].mean()), float(images[train].std())")
    if config.precision == "auto":
        parts.append(_excerpt("architectures.py", "processor_precision", config))
    quick = _quick_kinds(config)
    parts += [_excerpt("quick_layers.py", f"Quick{kind}", config) for kind in quick]
    lines = [f"{kind} = Quick{kind} if quick else layers.{kind}" for kind in quick]
    lines.append('pixels = tensor = keras.Input((28, 28, 1), name="pixels")')
    lines += [_layer(layer, config) for layer in plan(config).layers]
    if _is_built_twice(config):
        parts.append(
            _BUILD.format(given=", ".join(_given(config)), lines=indent("\n".join(lines), "    "))
        )
        auto = config.precision == "auto"
        precision = "processor_precision()" if auto else "config.precision"
        parts.append(f"model = {_built(config, precision, quick=True)}")
    else:
        parts += [*lines, _MODEL]
    parts.append(_WEIGHTS)
    return "\n".join([*parts, "model.summary()\n"])


def _quick_kinds(config: TrainingConfig) -> list[str]:
    """The kinds of layers in this network that are trained as `quick_layers` has them."""
    kinds = {layer.kind for layer in plan(config).layers}
    return [kind for kind in ("Dropout", "BatchNormalization") if kind in kinds]


def _is_built_twice(config: TrainingConfig) -> bool:
    return bool(_given(config))


def _built(config: TrainingConfig, precision: str, quick: bool) -> str:
    """A call of the script's `build`."""
    values = {"precision": precision, "quick": f"quick={quick}"}
    return f"build({', '.join(values[name] for name in _given(config))})"


def _given(config: TrainingConfig) -> list[str]:
    """What the script's `build` asks for."""
    asked = {"precision": config.precision != "float32", "quick": bool(_quick_kinds(config))}
    return [name for name, needed in asked.items() if needed]


_WEIGHTS = """
# The first weights, as a function of the seed alone.
kernels = [layer.kernel for layer in model.layers if hasattr(layer, "kernel")]
for number, kernel in enumerate(kernels):
    kernel.assign(keras.initializers.GlorotUniform(config.seed + number)(kernel.shape))
"""


_MODEL = 'model = keras.Model(pixels, tensor, name="digits")'

_BUILD = '''def build({given}):
    """The network: one to train, and one to test and save, that has the same weights."""
{lines}
    return keras.Model(pixels, tensor, name="digits")
'''


def _layer(layer: LayerPlan, config: TrainingConfig) -> str:
    if layer.kind == COLUMNS:
        return f'tensor = normalize_columns(tensor, "{layer.name}")'
    arguments = _normalization(layer) if layer.kind == "Rescaling" else _arguments(layer)
    if config.precision != "float32":
        arguments.append('dtype="float32"' if layer.name == "probabilities" else "dtype=precision")
    kind = layer.kind if layer.kind in _quick_kinds(config) else f"layers.{layer.kind}"
    shape = "×".join(map(str, layer.output_shape))
    return f"tensor = {kind}({', '.join(arguments)})(tensor)  # {shape}"


def _normalization(layer: LayerPlan) -> list[str]:
    if "offset" in layer.arguments:
        return ["1 / deviation", "offset=-mean / deviation"]
    return ["1 / 255"]


def _arguments(layer: LayerPlan) -> list[str]:
    """As people write them: the first by place, and none that says what Keras does anyway."""
    given = {**layer.arguments}
    if given.get("padding") == "valid":
        del given["padding"]
    by_place = [given.pop(name) for name in _FIRST if name in given]
    return [
        *map(_literal, by_place),
        *(f"{name}={_literal(value)}" for name, value in given.items()),
    ]


_FIRST = ("filters", "kernel_size", "pool_size", "units", "rate")
"""The arguments that Keras's layers take first, in its order."""


def _training(config: TrainingConfig) -> str:
    """Callbacks, loss, optimiser, and the fit."""
    dropout = any(layer.kind == "Dropout" for layer in plan(config).layers)
    parts = ["# Training.", _SEEDS + _DROPOUTS if dropout else _SEEDS]
    if _is_scheduled(config):
        parts.append(_schedule(config))
    if config.label_smoothing:
        parts.append(_SMOOTHED)
    together = steps_per_execution(config, batches=10**9)
    compiling = [
        f"optimizer={_optimizer(config)}",
        "loss=smoothed" if config.label_smoothing else 'loss="sparse_categorical_crossentropy"',
        'metrics=["accuracy"]',
        "# Only so often does Keras stop to look at the callbacks." if together > 1 else "",
        f"steps_per_execution=max(1, min({together}, batches // 8))" if together > 1 else "",
        "# XLA would be slower on a processor.",
        "jit_compile=False",
    ]
    watched = config.validation != "none"
    fitting = [
        "training_batches",
        "epochs=config.epochs",
        "validation_data=(pixels_of(validation), labels[validation])" if watched else "",
        "validation_batch_size=500" if watched else "",
        _callbacks(config),
        "shuffle=False",
        "verbose=2",
    ]
    return "\n".join([*parts, _call("model.compile", compiling), _call("model.fit", fitting), ""])


_SEEDS = '''class Seeds(keras.callbacks.Callback):
    """Makes whatever is random in an epoch follow from the seed and the epoch alone."""

    def on_epoch_begin(self, number, logs=None):
        epoch.assign(number)
'''

_DROPOUTS = """        for index, layer in enumerate(self.model.layers):
            if isinstance(layer, layers.Dropout):
                layer.seed_generator.state.assign([config.seed + index, number * 2**20])
"""

_SMOOTHED = '''def smoothed(labels, probabilities):
    """Cross-entropy that asks for a little less than certainty (Szegedy et al., 2016)."""
    targets = keras.ops.one_hot(keras.ops.reshape(labels, (-1,)), 10)
    return keras.losses.categorical_crossentropy(
        targets, probabilities, label_smoothing=config.label_smoothing
    )
'''


def _is_scheduled(config: TrainingConfig) -> bool:
    return config.learning_rate_schedule != "constant" or config.warmup_epochs > 0


def _schedule(config: TrainingConfig) -> str:
    """The arithmetic of `schedules.learning_rate_at` for one schedule, and what applies it."""
    name = config.learning_rate_schedule
    warms_up = config.warmup_epochs > 0 and name != "one-cycle"
    lines = [
        "peak = config.learning_rate",
        _WARMUP if warms_up else "",
        "" if name == "constant" else "done = step / max(steps - 1, 1)  # 0 … 1",
        _RATES[name],
    ]
    return _SCHEDULE.format(lines=indent("\n".join(line for line in lines if line), "    "))


_WARMUP = """warmup = config.warmup_epochs * steps / config.epochs
if step < warmup:
    peak *= (step + 1) / (warmup + 1)"""

_RATES = {
    "constant": "return peak",
    "cosine": "return peak * (1 + cos(pi * done)) / 2",
    "exponential": "return peak * 0.01**done",
    "one-cycle": f"""rise = {ONE_CYCLE_RISE}
if done < rise:
    return peak * (0.1 + 0.9 * done / rise)
fallen = (done - rise) / (1 - rise)
return peak * (0.001 + 0.999 * (1 + cos(pi * fallen)) / 2)""",
}

_SCHEDULE = '''steps = config.epochs * batches

def learning_rate_at(step):
    """The learning rate of a step, counted from 0."""
{lines}

class Schedule(keras.callbacks.Callback):
    """Sets the learning rate each time that Keras looks at its callbacks."""

    def on_epoch_begin(self, number, logs=None):
        self.first = number * batches

    def on_train_batch_begin(self, batch, logs=None):
        self.model.optimizer.learning_rate = learning_rate_at(self.first + batch)
'''


def _optimizer(config: TrainingConfig) -> str:
    """As `architectures.optimizer` makes it."""
    names = {"adam": "Adam", "nadam": "Nadam", "rmsprop": "RMSprop", "sgd": "SGD"}
    betas = config.optimizer in ("adam", "nadam") and (config.beta_1, config.beta_2) != (0.9, 0.999)
    arguments = [
        "config.learning_rate",
        "momentum=0.9" if config.optimizer == "sgd" else "",
        "beta_1=config.beta_1" if betas else "",
        "beta_2=config.beta_2" if betas else "",
        "weight_decay=config.weight_decay" if config.weight_decay else "",
    ]
    name = f"keras.optimizers.{names[config.optimizer]}"
    return _call(name, arguments) if any(arguments[1:]) else f"{name}({arguments[0]})"


def _callbacks(config: TrainingConfig) -> str:
    """In the order of `training`."""
    plateau = [
        "factor=config.reduce_on_plateau_factor",
        "patience=config.reduce_on_plateau_patience",
        "min_lr=config.minimum_learning_rate",
    ]
    patience = ["patience=config.early_stopping_patience", "restore_best_weights=True"]
    possible = {
        "Seeds()": True,
        _call("keras.callbacks.ReduceLROnPlateau", plateau): config.reduce_on_plateau_patience,
        _call("keras.callbacks.EarlyStopping", patience): config.early_stopping_patience,
        'keras.callbacks.TensorBoard("logs")': config.tensorboard,
        "Schedule()": _is_scheduled(config),
    }
    asked = [callback for callback, wanted in possible.items() if wanted]
    if len(asked) == 1:
        return f"callbacks=[{asked[0]}]"
    return "callbacks=[\n" + indent("".join(f"{line},\n" for line in asked), "    ") + "]"


def _test(config: TrainingConfig) -> str:
    if not _is_built_twice(config):
        return _FINISHED + _TEST
    return _FINISHED_ANEW.format(built=_built(config, '"float32"', quick=False)) + _TEST


_FINISHED = """# The trained network, without what training alone needs.
finished = keras.Model(model.input, model.output)
"""

_FINISHED_ANEW = """# The trained network in 32 bits, of nothing but Keras's own layers.
finished = {built}
finished.set_weights(model.get_weights())
"""

_TEST = """finished.save("digits.keras")

# The finished network reads the test digits.
probabilities = finished.predict(pixels_of(test), batch_size=500, verbose=0)
wrong = np.count_nonzero(probabilities.argmax(axis=1) != labels[test])
print(f"test accuracy {1 - wrong / len(test):.2%} ({wrong} of {len(test)} wrong)")
"""


def _excerpt(module: str, entry: str, config: TrainingConfig) -> str:
    """The source of a function or class, and of what in its module it needs for this config."""
    text = (Path(__file__).parent / module).read_text(encoding="utf-8")
    parts = _parts(_decided(text, config))
    needed: set[str] = set()
    found = {entry}
    while found:
        needed |= found
        used = {name for part in found for name in _names(ast.parse(parts[part]))}
        found = used & parts.keys() - needed
    kept = [source for name, source in parts.items() if name in needed]
    return "\n\n".join(kept).replace("config: TrainingConfig", "config") + "\n"


def _parts(text: str) -> dict[str, str]:
    """What a module defines, by name; a constant's words become a comment."""
    parts, lines = {}, text.splitlines()
    for node, following in pairwise([*ast.parse(text).body, ast.Pass()]):
        source = "\n".join(lines[node.lineno - 1 : node.end_lineno])
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            parts[node.name] = source
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            parts[node.targets[0].id] = _comment(following) + source
    return parts


def _comment(node: ast.stmt) -> str:
    if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
        return ""
    return "".join(f"# {line}".rstrip() + "\n" for line in str(node.value.value).splitlines())


def _decided(text: str, config: TrainingConfig) -> str:
    """A module's source without the branches that this config never takes.

    An `if` that asks of nothing but the config gives way to what it comes to.
    """
    lines: list[str | None] = list(text.splitlines())
    for branch in ast.walk(ast.parse(text)):
        if not isinstance(branch, ast.If) or _names(branch.test) != {"config"}:
            continue
        question = compile(ast.Expression(branch.test), "config", "eval")
        kept = branch.body if eval(question, {"config": config}) else branch.orelse
        taken = range(kept[0].lineno, (kept[-1].end_lineno or 0) + 1) if kept else range(0)
        for number in range(branch.lineno, (branch.end_lineno or 0) + 1):
            line = lines[number - 1]
            lines[number - 1] = line[4:] if line is not None and number in taken else None
    return "\n".join(line for line in lines if line is not None)
