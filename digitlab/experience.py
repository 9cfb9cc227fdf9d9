"""What this place has learned of how fast trainings go: from its past runs, and by measuring."""

import socket
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from digitlab.config import TrainingConfig
from digitlab.costs import Digits, Speed, count_digits, speed_of_run
from digitlab.datasets import Dataset
from digitlab.domains import declared
from digitlab.errors import InputError
from digitlab.store import Store

TIMED_RUNS = 30
"""A cost is estimated from so many of the latest runs."""

_DATA = [parameter.name for parameter in declared(TrainingConfig) if parameter.group == "Data"]


def known_speeds(store: Store, name: str, dataset: Dataset, place: str) -> list[Speed]:
    """Those of the latest runs of this host on a dataset, then what was measured at a place.

    Args:
        name: of the dataset, as configs spell it.
    """
    return [*_timed(store, name, dataset), *store.speeds(place)]


def _timed(store: Store, name: str, dataset: Dataset) -> Iterator[Speed]:
    """What the latest runs on a dataset tell."""
    runs = store.timed_runs(socket.gethostname())
    counted: dict[Any, Digits] = {}  # splitting takes milliseconds, and most runs split alike
    for run_id, config, seconds in [run for run in runs if run[1].dataset == name][:TIMED_RUNS]:
        data = tuple(getattr(config, field) for field in _DATA)
        with suppress(InputError):  # the dataset has changed since
            digits = counted.get(data) or count_digits(dataset, config)
            counted[data] = digits
            yield speed_of_run(run_id, config, digits, seconds)
