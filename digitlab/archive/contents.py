"""The files of a run out of a stranger's archive: each is checked against the run's config."""

from io import BytesIO
from math import prod
from typing import Any
from zipfile import ZipFile

import numpy as np

from digitlab.archive.zips import open_plain_zip, shortened
from digitlab.checkpoints import Checkpoint, checkpoint_bytes
from digitlab.config import TrainingConfig
from digitlab.errors import InputError
from digitlab.network import plan
from digitlab.records import Snapshot

Shape = tuple[int, ...]

SPARE_BYTES = 2_000_000
"""What a file may hold beside the weights: names, layers, the program that reads it."""

LARGEST_WORDS_BYTES = 1_000_000
"""What a checkpoint says beside its arrays: parsed, JSON takes many times its room."""

MOST_PROBES = 100
MOST_ARRAYS = 500

_WATCHERS = ("EarlyStopping", "ReduceLROnPlateau")
_REMEMBERED = ("wait", "best", "best_epoch", "cooldown_counter")


def largest_model_bytes(config: TrainingConfig) -> int:
    """What a model of the config can take, in either format."""
    return 4 * plan(config).parameters + SPARE_BYTES


def largest_checkpoint_bytes(config: TrainingConfig) -> int:
    """What the state of a training of the config can take."""
    return checkpoint_bytes(config) + SPARE_BYTES


def weight_shapes(config: TrainingConfig) -> list[tuple[Shape, bool]]:
    """The network's weights in Keras's order: shape, and whether training changes it."""
    shapes: list[tuple[Shape, bool]] = []
    inputs: Shape = (28, 28, 1)
    for layer in plan(config).layers:
        if layer.kind == "Conv2D":
            side, filters = layer.arguments["kernel_size"], layer.arguments["filters"]
            shapes += [((side, side, inputs[-1], filters), True), ((filters,), True)]
        elif layer.kind == "BatchNormalization":
            shapes += [((inputs[-1],), trained) for trained in (True, True, False, False)]
        elif layer.kind == "Dense":
            units = layer.arguments["units"]
            shapes += [((inputs[-1], units), True), ((units,), True)]
        inputs = layer.output_shape
    return shapes


def optimizer_shapes(config: TrainingConfig) -> list[Shape]:
    """The shapes of the optimiser's variables, sorted: its counters, and its means by weight."""
    counters = 3 if config.optimizer == "nadam" else 2
    means = 2 if config.optimizer in ("adam", "nadam") else 1
    trained = [shape for shape, is_trained in weight_shapes(config) if is_trained]
    return sorted([()] * counters + trained * means)


def check_checkpoint(content: bytes, config: TrainingConfig, epoch: int) -> None:
    """Checks the state of a training of `config` after an epoch.

    Raises:
        InputError: unless a training can go on from it.
    """
    shapes = _array_shapes(content, largest_checkpoint_bytes(config))
    expected = [shape for shape, _ in weight_shapes(config)]
    grouped = {
        group: [shapes[name] for name in sorted(shapes) if name.startswith(f"{group}/")]
        for group in ("weights", "optimizer", "best_weights")
    }
    if grouped["weights"] != expected or grouped["best_weights"] not in ([], expected):
        raise InputError("its weights must have the shapes of its network")
    checkpoint = Checkpoint.from_bytes(content)
    if weight_shapes(checkpoint.config) != weight_shapes(config):
        raise InputError("its config must be of the same network")
    if sorted(grouped["optimizer"]) != optimizer_shapes(checkpoint.config):
        raise InputError(f"its optimiser must be {checkpoint.config.optimizer}, it is not")
    if checkpoint.epoch != epoch or isinstance(checkpoint.epoch, bool):
        raise InputError(f"its epoch must be {epoch}, got {shortened(str(checkpoint.epoch))}")
    if checkpoint.learning_rate is not None:
        config.replace(learning_rate=checkpoint.learning_rate)
    _check_memory(checkpoint.callbacks)
    for array in (*checkpoint.weights, *checkpoint.optimizer, *checkpoint.best_weights):
        if not np.isfinite(array).all():
            raise InputError("it must hold finite numbers")


def check_snapshot(content: bytes, config: TrainingConfig) -> None:
    """Checks what could be looked at after an epoch.

    Raises:
        InputError: unless it holds probabilities and the first convolution's kernels.
    """
    filters: Shape = (0, 0, 0)
    if config.conv_blocks:
        first = config.conv_blocks[0]
        filters = (first.kernel_size, first.kernel_size, first.filters)
    shapes = _array_shapes(content, SPARE_BYTES)
    if shapes.keys() != {"probabilities", "filters"} or shapes["filters"] != filters:
        raise InputError(f"it must hold probabilities, and filters of the shape {filters}")
    rows, *classes = shapes["probabilities"] or (0,)
    if rows > MOST_PROBES or classes != [10]:
        raise InputError(f"its probabilities must be (n, 10), got {shapes['probabilities']}")
    snapshot = Snapshot.from_bytes(content)
    values = snapshot.probabilities
    if not ((values >= 0) & (values <= 1)).all() or not np.isfinite(snapshot.filters).all():
        raise InputError("its probabilities must be in [0, 1], and its filters finite")


def _check_memory(callbacks: Any) -> None:
    """What the callbacks remember is given back to them by name: only the names that we know."""
    for watcher, memory in callbacks.items():
        if watcher not in _WATCHERS:
            raise InputError(f"it remembers {shortened(watcher)}, which is none of ours")
        for name, value in memory.items():
            if name not in _REMEMBERED or not isinstance(value, int | float | None):
                raise InputError(f"it remembers {shortened(name)} of {watcher}: none of ours")


def _array_shapes(content: bytes, most_bytes: int) -> dict[str, Shape]:
    """The shapes of the arrays in an .npz file, found before any of them is read."""
    with open_plain_zip(BytesIO(content), MOST_ARRAYS, most_bytes) as archive:
        return {
            name.removesuffix(".npy"): _array_shape(archive, name) for name in archive.namelist()
        }


def _array_shape(archive: ZipFile, name: str) -> Shape:
    """The shape in an array's header: numbers or text, as long as the header says."""
    with archive.open(name) as stream:
        if np.lib.format.read_magic(stream) != (1, 0):
            raise InputError(f"{shortened(name)} is no array of ours")
        shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
        announced = stream.tell() + prod(shape) * dtype.itemsize
    if dtype.kind not in ("U" if name == "words.npy" else "fi"):
        raise InputError(f"{shortened(name)} must hold numbers, got {dtype}")
    if announced != archive.getinfo(name).file_size:
        raise InputError(f"{shortened(name)} is not as long as it says")
    if name == "words.npy" and announced > LARGEST_WORDS_BYTES:
        raise InputError(f"it says more than {LARGEST_WORDS_BYTES / 1e6:.0f} MB of words")
    return tuple(shape)
