"""The state of a training after an epoch, as one file: all that going on from there takes.

Shuffling, augmentation and dropout need no state: they are functions of seed, epoch and batch.
"""

import io
import json
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from digitlab.config import TrainingConfig
from digitlab.errors import InputError
from digitlab.network import plan
from digitlab.records import CHECKPOINT, Run

_GROUPS = ("weights", "optimizer", "best_weights")


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """Weights in Keras's order, the optimiser's variables, and what the callbacks remember.

    `best_weights` are those that early stopping would go back to; empty without it. `callbacks`
    holds numbers by attribute name, by callback class.
    """

    epoch: int
    config: TrainingConfig
    weights: list[np.ndarray]
    optimizer: list[np.ndarray]
    best_weights: list[np.ndarray] = field(default_factory=list)
    callbacks: dict[str, dict[str, Any]] = field(default_factory=dict)
    learning_rate: float | None = None
    """What a person had set while it ran; None if nobody did."""
    is_fork: bool = False
    """Whether another training takes over from here: then its config's learning rate holds."""

    def forked(self) -> "Checkpoint":
        """The same state for another training: nothing is remembered of stopping and plateaus."""
        return replace(self, callbacks={}, best_weights=[], learning_rate=None, is_fork=True)

    @property
    def has_stopped_early(self) -> bool:
        """Whether early stopping has ended the training at this epoch."""
        patience = self.config.early_stopping_patience
        waited = self.callbacks.get("EarlyStopping", {}).get("wait", 0)
        return patience is not None and waited >= patience and self.epoch > 1

    def to_bytes(self) -> bytes:
        """An .npz file."""
        arrays = {
            f"{group}/{index:03}": array
            for group in _GROUPS
            for index, array in enumerate(getattr(self, group))
        }
        words = {
            "epoch": self.epoch,
            "config": self.config.to_json(),
            "callbacks": self.callbacks,
            "learning_rate": self.learning_rate,
        }
        file = io.BytesIO()
        np.savez(file, words=np.array(json.dumps(words)), **arrays)
        return file.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> "Checkpoint":
        """Reads what `to_bytes` wrote."""
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            words = json.loads(str(file["words"]))
            words["config"] = TrainingConfig.from_json(words["config"])
            for group in _GROUPS:
                names = sorted(name for name in file.files if name.startswith(f"{group}/"))
                words[group] = [file[name] for name in names]
        return cls(**words)


KEPT_BYTES = 100_000_000
"""Checkpoints of one run take at most about so much room."""


def superfluous_checkpoints(run: Run) -> list[str]:
    """Names of the checkpoints to remove, so that the rest fit into KEPT_BYTES.

    The last one always stays, and so do those of every 2nd, 4th, 8th … epoch, as many as fit.
    """
    size, last = checkpoint_bytes(run.config), run.checkpoints[-1]
    kept, step = set(run.checkpoints), 1
    while len(kept) > 2 and len(kept) * size > KEPT_BYTES:
        step *= 2
        kept = {epoch for epoch in run.checkpoints if epoch % step == 0} | {last}
    return [CHECKPOINT.format(epoch=epoch) for epoch in run.checkpoints if epoch not in kept]


def checkpoint_bytes(config: TrainingConfig) -> int:
    """About how large a checkpoint is: the weights, the optimiser's means, the best weights."""
    copies = {"sgd": 2, "rmsprop": 2, "adam": 3, "nadam": 3}[config.optimizer]
    copies += config.early_stopping_patience is not None
    return 4 * copies * plan(config).parameters


def check_fork(old: TrainingConfig, epoch: int, new: TrainingConfig) -> None:
    """Whether a training of `new` can go on from `epoch` of a training of `old`.

    Raises:
        InputError: if the weights have other shapes, or `new` has no epoch left.
    """
    if _weights(old) != _weights(new):
        raise InputError(
            "a fork keeps its weights: conv_blocks and dense_layers must have the same layers, "
            "filters, kernels, pooling and units as before"
        )
    if new.epochs <= epoch:
        raise InputError(f"epochs must be at least {epoch + 1} to go on, got {new.epochs}")


def _weights(config: TrainingConfig) -> list[tuple[Any, ...]]:
    """What must be the same for one network's weights to fit another's."""
    return [
        (layer.kind, layer.parameters, layer.output_shape)
        for layer in plan(config).layers
        if layer.parameters
    ]
