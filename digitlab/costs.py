"""What a training costs, before it starts: parameters, memory, seconds. Without TensorFlow."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import floor, inf, log10, prod
from pathlib import Path
from statistics import median

import psutil

from digitlab.config import TrainingConfig
from digitlab.datasets import Dataset, split_dataset
from digitlab.network import (
    SIDE,
    STEP_SPEED,
    batches_per_epoch,
    plan,
    steps_per_execution,
)

STEP_OVERHEAD = 0.001
"""Seconds that a step takes beside its arithmetic."""

EXECUTION_OVERHEAD = 0.005
"""Seconds that Keras takes between two executions of `steps_per_execution` steps."""

BETWEEN_EPOCHS, TO_BEGIN = 0.2, 3.0
"""Seconds to store an epoch, and to build a network: measured 0.05–0.5 and 1.2–7."""

VALIDATION_SHARE = 1 / 3
"""A digit read costs a third of a digit learnt from: no gradients for inputs nor for weights."""

SPREAD = 2.0
"""A guess may be wrong by so much either way; on two cores, 1.7 for the networks of the presets."""

ASK_SECONDS = 3600
LONGEST_SECONDS = 24 * 3600

TENSORFLOW_BYTES = 850_000_000
"""A worker with the smallest network: TensorFlow 2.21 once imported (716 MB), Dask, the graphs."""

DATASET_COPIES, TRAINING_COPIES = 1.3, 2.8
"""Pixels as they were read; and of the training part, TensorFlow's own copies with it."""

VALIDATION_BATCH = 500
"""Digits that `augmentation.plain_pipeline` reads at a time."""


@dataclass(frozen=True)
class Digits:
    """How many digits a training has: in its dataset, to train on, to validate with."""

    all: int
    train: int
    validation: int


@dataclass(frozen=True)
class Speed:
    """How fast one kind of training runs at one place.

    `pace` is its step over the step that a guess expects: 2 is twice as slow. `run` names the
    run whose epochs tell; None for a measurement.
    """

    key: str
    seconds_per_step: float
    seconds_per_validation_digit: float
    seconds_between_epochs: float
    seconds_to_begin: float
    pace: float
    run: str | None = None


@dataclass(frozen=True)
class Memory:
    """Bytes of the training process, by what they are for."""

    tensorflow: int
    dataset: int
    weights: int
    batch: int

    @property
    def total(self) -> int:
        """At the peak."""
        return self.tensorflow + self.dataset + self.weights + self.batch


@dataclass(frozen=True)
class Cost:
    """What a training costs. `spread` is 1 for seconds that were measured; a guess lies between
    seconds ÷ spread and seconds · spread."""

    parameters: int
    multiply_adds: int
    memory: Memory
    seconds_per_epoch: float
    seconds: float
    basis: str
    spread: float = 1.0

    @property
    def is_rough(self) -> bool:
        """Whether nobody has measured it."""
        return self.spread > 1

    @property
    def is_long(self) -> bool:
        """Whether a person should know how long it takes before it starts."""
        return self.seconds > ASK_SECONDS

    @cached_property
    def in_words(self) -> str:
        """One line."""
        return (
            f"About {self.duration(self.seconds_per_epoch)} an epoch, "
            f"{self.duration(self.seconds)} in all · {size_in_words(self.memory.total)} of memory"
            f" · {self.parameters:,} parameters · {_count(self.multiply_adds)} multiply-adds "
            "a digit"
        )

    def duration(self, seconds: float) -> str:
        """Seconds of this cost in words: `45 s`, or as a guess `20–90 s`."""
        if not self.is_rough:
            return duration_in_words(seconds)
        return range_in_words(seconds / self.spread, seconds * self.spread)


def estimate(config: TrainingConfig, digits: Digits, speeds: Sequence[Speed] = ()) -> Cost:
    """What a training will cost.

    Args:
        speeds: what is known of the place where it will run; the first that fits counts.
    """
    network, batches = plan(config), batches_per_epoch(digits.train, config.batch_size)
    key = speed_key(config, batches)
    known = next((speed for speed in speeds if speed.key == key), None)
    speed = known or _guess(config, batches, median([s.pace for s in speeds] or [1.0]))
    seconds = (
        speed.seconds_per_step * batches
        + speed.seconds_per_validation_digit * digits.validation
        + speed.seconds_between_epochs
    )
    return Cost(
        parameters=network.parameters,
        multiply_adds=network.multiply_adds,
        memory=memory_needed(config, digits),
        seconds_per_epoch=seconds,
        seconds=speed.seconds_to_begin + config.epochs * seconds,
        basis=_basis(known, len(speeds)),
        spread=1.0 if known else SPREAD,
    )


def obstacle(cost: Cost, config: TrainingConfig, free_bytes: int | None) -> str | None:
    """Why a training cannot be started, and what to change; None if it can.

    Args:
        free_bytes: what its process may take; None if nobody knows.
    """
    if free_bytes is not None and cost.memory.total > free_bytes:
        return (
            f"This training would need about {size_in_words(cost.memory.total)} of memory, and "
            f"{size_in_words(free_bytes)} are free: {_way_out(cost.memory)}."
        )
    if cost.seconds / cost.spread <= LONGEST_SECONDS:
        return None
    epochs = int(LONGEST_SECONDS / cost.seconds_per_epoch)
    fewer = f"set epochs to {epochs} at most, " if 0 < epochs < config.epochs else ""
    return (
        f"This training would run for about {cost.duration(cost.seconds)}, and "
        f"{duration_in_words(LONGEST_SECONDS)} is the limit: {fewer}use fewer filters or "
        "smaller kernels, or set training_size."
    )


def count_digits(dataset: Dataset, config: TrainingConfig) -> Digits:
    """The digits of a training.

    Raises:
        InputError: if the dataset cannot be split so.
    """
    split = split_dataset(dataset, config)
    return Digits(len(dataset), len(split.train), len(split.validation))


@lru_cache(maxsize=1024)
def speed_key(config: TrainingConfig, batches: int) -> str:
    """A hash of all that decides how long a step takes: equal for trainings equally fast.

    Learning rates, seeds, shares of dropout and how far digits are turned do not matter; that
    they are dropped or turned does.
    """
    layers = [
        (layer.kind, layer.output_shape, layer.parameters, layer.arguments.get("activation"))
        for layer in plan(config).layers
    ]
    matters = (
        layers,
        config.batch_size,
        steps_per_execution(config, batches),
        config.optimizer,
        config.precision,
        bool(config.rotation or config.zoom or config.shift or config.shear),
        bool(config.elastic),
        bool(config.stroke_thickness),
    )
    return hashlib.sha256(json.dumps(matters).encode()).hexdigest()[:32]


def guess_step(config: TrainingConfig, batches: int) -> float:
    """Seconds of a step, from its arithmetic: forward, and backward for inputs and for weights."""
    arithmetic = 3 * plan(config).multiply_adds * config.batch_size / STEP_SPEED
    return arithmetic + STEP_OVERHEAD + EXECUTION_OVERHEAD / steps_per_execution(config, batches)


def speed_of_run(
    run_id: str, config: TrainingConfig, digits: Digits, seconds: Iterable[float]
) -> Speed:
    """What a run's completed epochs tell.

    Args:
        seconds: of each epoch, without the first: that one includes building the network.
    """
    batches = batches_per_epoch(digits.train, config.batch_size)
    steps = batches + VALIDATION_SHARE * digits.validation / config.batch_size
    step = median(seconds) / steps
    return Speed(
        key=speed_key(config, batches),
        seconds_per_step=step,
        seconds_per_validation_digit=step * VALIDATION_SHARE / config.batch_size,
        seconds_between_epochs=0.0,
        seconds_to_begin=TO_BEGIN,
        pace=step / guess_step(config, batches),
        run=run_id,
    )


def memory_needed(config: TrainingConfig, digits: Digits) -> Memory:
    """What the training process takes at its peak.

    Held against the peak resident memory of a bare process for 17 networks (5,546 parameters to
    5.8 million, batches of 4 to 4,096): 10 % too little to 8 % too much. Of a worker for three
    whole runs, export included: 12 % (first-steps), 6 % (tutorialspoint on 30,000 digits) and 2 %
    (a large MLP) too little.
    """
    layers = plan(config).layers
    values = [prod(layer.output_shape) for layer in layers]
    learning = 2 * sum(values) * config.batch_size  # kept for the way back, and their gradients
    reading = 2 * max(values) * min(VALIDATION_BATCH, digits.validation)
    slots = {"sgd": 1, "rmsprop": 1, "adam": 2, "nadam": 2}[config.optimizer]
    # value and gradient, slots, the exported twin; a checkpoint, its file, and the file's copy
    copies = 2 + slots + 1 + 3 * (1 + slots + (config.early_stopping_patience is not None))
    return Memory(
        tensorflow=TENSORFLOW_BYTES,
        dataset=int(SIDE**2 * (DATASET_COPIES * digits.all + TRAINING_COPIES * digits.train)),
        weights=4 * copies * plan(config).parameters,
        batch=4 * max(learning, reading),
    )


def free_memory() -> int:
    """Bytes that a training of this process may take: what is free, and what its worker holds.

    In a container with a limit, no more than that leaves.
    """
    held = 0
    for child in psutil.Process().children(recursive=True):
        try:
            held += child.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return min(psutil.virtual_memory().available, _free_in_container()) + held


def _free_in_container(folder: Path = Path("/sys/fs/cgroup")) -> int:
    """What the limit of a Linux control group leaves; files that the system caches are free."""
    try:
        limit = int((folder / "memory.max").read_text())
        used = int((folder / "memory.current").read_text())
        lines = (folder / "memory.stat").read_text().splitlines()
    except (OSError, ValueError):  # no control group, or the limit "max"
        return psutil.virtual_memory().total
    cached = dict(line.split() for line in lines).get("inactive_file", 0)
    return limit - used + int(cached)


def duration_in_words(seconds: float) -> str:
    """`0.4 s`, `45 s`, `12 min`, `3.5 h`, `2 days`."""
    number, unit = _duration(seconds, seconds)
    return f"{number} {unit}"


def range_in_words(low: float, high: float) -> str:
    """`3–12 s`, `20–60 s`: two durations in the unit of the longer one."""
    (first, _), (last, unit) = _duration(low, high, rough=True), _duration(high, high, rough=True)
    return f"{first}–{last} {unit}"


def size_in_words(size_bytes: float) -> str:
    """`310 MB`, `1.2 GB`."""
    if size_bytes < 999.5e6:
        return f"{_two_digits(size_bytes / 1e6)} MB"
    return f"{_two_digits(size_bytes / 1e9)} GB"


def _duration(seconds: float, unit_of: float, rough: bool = False) -> tuple[str, str]:
    """The number and the unit, that of another duration; rough ones are whole from 2 on."""
    units = ((90, 1, "s"), (90 * 60, 60, "min"), (48 * 3600, 3600, "h"), (inf, 86400, "days"))
    length, unit = next((length, unit) for below, length, unit in units if unit_of < below)
    value = seconds / length
    return _two_digits(round(value) if rough and value >= 2 else value), unit


def _two_digits(value: float) -> str:
    """Two significant digits, and no decimals from 10 on: `0.4`, `9.1`, `45`, `120`."""
    if value < 0.1:
        return "0.1"
    decimals = 1 - floor(log10(value))
    rounded = round(value, min(1, decimals))
    return f"{rounded:,.0f}" if rounded >= 10 or rounded == int(rounded) else f"{rounded:.1f}"


def _count(number: int) -> str:
    return f"{number / 1e6:.1f} M" if number >= 1e6 else f"{number:,}"


def _guess(config: TrainingConfig, batches: int, pace: float) -> Speed:
    step = pace * guess_step(config, batches)
    reading = VALIDATION_SHARE * step / config.batch_size
    return Speed("", step, reading, BETWEEN_EPOCHS, TO_BEGIN, pace)


def _basis(known: Speed | None, others: int) -> str:
    if known is None:
        corrected = f", corrected by {others} timed on this machine" if others else ""
        return f"a rough guess from multiply-adds{corrected}"
    if known.run is None:
        return "measured on this machine for this very configuration"
    return f"from run {known.run}, the same network"


def _way_out(memory: Memory) -> str:
    """What to change, by what takes the most."""
    ways = {
        memory.dataset: "use a smaller dataset",
        memory.weights: "use fewer units or filters",
        memory.batch: "use a smaller batch_size, or fewer filters",
        memory.tensorflow: "close other programs; TensorFlow alone needs "
        f"{size_in_words(memory.tensorflow)}",
    }
    return ways[max(ways)]
