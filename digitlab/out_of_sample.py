"""The study behind `suspects`: every digit read by a network that had not learnt from it.

Runs in the training process: it imports TensorFlow.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from digitlab.augmentation import plain_pipeline
from digitlab.checkpoints import Checkpoint
from digitlab.config import TrainingConfig
from digitlab.datasets import Dataset, load_dataset
from digitlab.errors import InputError
from digitlab.records import BatchProgress, Controls, Epoch, Snapshot, TestResult
from digitlab.studies import Progress
from digitlab.suspects import Readings, fold_of, rows_in
from digitlab.training import Training


def read_out_of_sample(
    progress: Progress, dataset: str, content_hash: str, scope: str, folds: int, config: str
) -> bytes:
    """Trains one network for each fold on the others, lets it read its own; returns `Readings`.

    Args:
        progress: told a few times a second.
        content_hash: what the dataset must hold.
        scope: one of `suspects.SCOPES`.
        config: as JSON.

    Raises:
        InputError: if the dataset has changed, or there are too few digits.
    """
    digits, wanted = load_dataset(dataset), TrainingConfig.from_json(config)
    if digits.content_hash != content_hash:
        raise InputError(f"{digits.name} has changed meanwhile: load it again")
    rows = rows_in(digits, scope)
    if len(rows) < 2 * folds:
        raise InputError(f"{folds} parts need at least {2 * folds} digits, got {len(rows)}")
    fold = fold_of(digits.labels[rows], folds, wanted.seed)
    probabilities = np.zeros((len(rows), 10), np.float32)
    for number in range(folds):
        part = _fold(digits, rows[fold != number], rows[fold == number])

        def batch(now: BatchProgress, number: int = number) -> None:
            share = (number + now.position / wanted.epochs) / folds
            epoch = f"epoch {now.epoch} of {wanted.epochs}"
            progress(share, f"network {number + 1} of {folds}, {epoch}")

        probabilities[fold == number] = _read_test_part(part, wanted, batch)
    return Readings(rows, probabilities).to_bytes()


def _fold(digits: Dataset, others: np.ndarray, own: np.ndarray) -> Dataset:
    """A dataset whose training part are the others, and whose test part is the fold's own."""
    order = np.concatenate([others, own])
    return Dataset(digits.name, digits.images[order], digits.labels[order], len(others))


def _read_test_part(
    digits: Dataset, config: TrainingConfig, batch: Callable[[BatchProgress], None]
) -> np.ndarray:
    """Trains on the training part and reads the test part: float32 (k, 10)."""
    training = Training(
        config.replace(split="official", validation="none"), digits, _Listener(batch)
    )
    training.fit()
    training.exported.set_weights(training.trainee.get_weights())
    own = slice(digits.train_count, None)
    batches = plain_pipeline(digits.images[own], digits.labels[own])
    answers = [np.asarray(training.exported(pixels, training=False)) for pixels, _ in batches]
    return np.concatenate(answers)


@dataclass(frozen=True)
class _Listener:
    """A reporter that hears of batches, and keeps nothing."""

    batch: Callable[[BatchProgress], None]

    @property
    def folder(self) -> Path:
        """Where logs would be written; a config that wants them gets none here."""
        raise InputError("a study writes no logs: tensorboard must be off")

    def epoch(self, epoch: Epoch, snapshot: Snapshot, checkpoint: Checkpoint) -> None:
        """Nothing is kept."""

    def artefact(self, name: str, content: bytes) -> None:
        """Nothing is kept."""

    def controls(self) -> Controls:
        """Nobody asks for anything."""
        return Controls()

    def stopped(self) -> None:
        """Nothing is kept."""

    def tested(self, result: TestResult) -> None:
        """Nothing is kept."""
