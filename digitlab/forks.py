"""Which of a fork's epochs are told as its own.

A fork takes over the epochs of its parent. Where these were validated on other digits, as those of
a network whose copy learns somebody's hand, two kinds of figures would stand in one row: the epochs
that were taken over are then set apart, and the fork's own count from 1.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from digitlab.config import TrainingConfig
from digitlab.errors import UnknownRunError
from digitlab.lessons import lesson_of
from digitlab.records import BatchProgress, Epoch, Run
from digitlab.store import Store

Part = TypeVar("Part", Epoch, BatchProgress)

_VALIDATION = (
    "dataset",
    "split",
    "test_fraction",
    "split_seed",
    "training_size",
    "validation",
    "validation_fraction",
)
"""The fields that decide which digits a training is validated on."""


def epochs_set_apart(store: Store, run: Run) -> int:
    """How many of a run's first epochs are not told with its own: 0 for most runs.

    Those of its line that were validated on other digits. A deleted parent is taken for one that
    had the same; that of a copy cannot have had them, for they came with the lesson.
    """
    line, digits = [run], _validation(run.config)
    while (parent := _parent(store, line[-1])) is not None and _validation(parent.config) == digits:
        if parent.id in {member.id for member in line}:
            return 0  # what strangers wrote may go round in circles
        line.append(parent)
    if parent is None and not lesson_of(run.config.dataset):
        return 0
    return min(member.parent_epoch or 0 for member in line)


def counted_from(parts: Iterable[Part], apart: int) -> tuple[Part, ...]:
    """The epochs after the first `apart`, or what was reported within them, counted from 1."""
    if not apart:
        return tuple(parts)
    return tuple(replace(part, epoch=part.epoch - apart) for part in parts if part.epoch > apart)


def _parent(store: Store, run: Run) -> Run | None:
    try:
        return store.run(run.parent_id) if run.parent_id else None
    except UnknownRunError:
        return None


def _validation(config: TrainingConfig) -> list[object]:
    return [getattr(config, name) for name in _VALIDATION]
