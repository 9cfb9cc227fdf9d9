"""What a training costs, before it starts: parameters, memory, seconds. Without TensorFlow."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import prod
from pathlib import Path
from statistics import median

import psutil

from digitlab.checkpoints import checkpoint_bytes
from digitlab.config import TrainingConfig
from digitlab.datasets import Dataset, split_dataset
from digitlab.network import (
    SIDE,
    STEP_SPEED,
    VALIDATION_BATCH,
    batches_per_epoch,
    plan,
    steps_per_execution,
)
from digitlab.quantities import (
    count_in_words,
    duration_in_words,
    range_in_words,
    size_in_words,
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
    """What a training costs, or the rest of one after `done` epochs.

    `spread` is 1 for seconds that were measured; a guess lies between seconds ÷ spread and
    seconds · spread.
    """

    parameters: int
    multiply_adds: int
    memory: Memory
    seconds_per_epoch: float
    seconds: float
    basis: str
    spread: float = 1.0
    done: int = 0

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
        what = f"from epoch {self.done + 1} on" if self.done else "in all"
        return (
            f"About {self.duration(self.seconds_per_epoch)} an epoch, "
            f"{self.duration(self.seconds)} {what} · {size_in_words(self.memory.total)} of memory"
            f" · {self.parameters:,} parameters · "
            f"{count_in_words(self.multiply_adds)} multiply-adds a digit"
        )

    def duration(self, seconds: float) -> str:
        """Seconds of this cost in words: `45 s`, or as a guess `20–90 s`."""
        if not self.is_rough:
            return duration_in_words(seconds)
        return range_in_words(seconds / self.spread, seconds * self.spread)


def estimate(
    config: TrainingConfig, digits: Digits, speeds: Sequence[Speed] = (), done: int = 0
) -> Cost:
    """What a training will cost.

    Args:
        speeds: what is known of the place where it will run; the first that fits counts.
        done: epochs that it goes on from.
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
        seconds=speed.seconds_to_begin + max(0, config.epochs - done) * seconds,
        basis=_basis(known, len(speeds)),
        spread=1.0 if known else SPREAD,
        done=done,
    )


def obstacle(cost: Cost, config: TrainingConfig, free_bytes: int | None) -> str | None:
    """Why a training cannot be started or gone on with, and what to change; None if it can.

    Args:
        free_bytes: what its process may take; None if nobody knows.
    """
    return lack_of_memory(cost, free_bytes) or _lack_of_time(cost, config)


def lack_of_memory(cost: Cost, free_bytes: int | None) -> str | None:
    """Why a training does not fit, and what to change; None if it does, or nobody knows."""
    if free_bytes is None or cost.memory.total <= free_bytes:
        return None
    return (
        f"this training would need about {size_in_words(cost.memory.total)} of memory, and "
        f"{size_in_words(free_bytes)} are free: {_way_out(cost.memory)}"
    )


def _lack_of_time(cost: Cost, config: TrainingConfig) -> str | None:
    if cost.seconds / cost.spread <= LONGEST_SECONDS:
        return None
    epochs = cost.done + int(LONGEST_SECONDS / cost.seconds_per_epoch)
    fewer = f"set epochs to {epochs} at most, " if cost.done < epochs < config.epochs else ""
    return (
        f"this training would run for about {cost.duration(cost.seconds)}, and "
        f"{duration_in_words(LONGEST_SECONDS)} is the limit: {fewer}use fewer filters or "
        "smaller kernels, or set training_size"
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
    beside = 4 * 2 * plan(config).parameters  # gradients, and the exported twin
    # what a checkpoint holds, as it is trained; the checkpoint, its file, and the file's copy
    states = 4 * checkpoint_bytes(config)
    return Memory(
        tensorflow=TENSORFLOW_BYTES,
        dataset=int(SIDE**2 * (DATASET_COPIES * digits.all + TRAINING_COPIES * digits.train)),
        weights=beside + states,
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
