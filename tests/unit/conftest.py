"""What several unit tests share."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar

import psutil
import pytest

from digitlab.jobs import Jobs
from digitlab.records import Epoch
from digitlab.store import Store

PATIENCE = 60
"""Seconds that a worker may take for what a test asks of it."""

Found = TypeVar("Found")


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jobs]:
    """Jobs over an empty store, with a worker of their own for one module."""
    jobs = Jobs(Store(tmp_path_factory.mktemp("home")))
    yield jobs
    jobs.close()


def wait_until(condition: Callable[[], Found]) -> Found:
    """Waits on a condition, at most PATIENCE seconds, and returns what made it true."""
    until = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < until, "waited too long"
        time.sleep(0.02)
    return found


def keeper_of(jobs: Jobs) -> psutil.Process:
    """The process that holds the scheduler and the worker's nanny."""
    return psutil.Process(jobs._tasks._connection._keeper.pid)


def worker_of(jobs: Jobs) -> psutil.Process:
    """The process that trains."""
    return max(keeper_of(jobs).children(), key=lambda child: child.memory_info().rss)


def kill_worker(jobs: Jobs) -> None:
    """Kills the worker as the system does when memory runs out."""
    worker_of(jobs).kill()


def figures(store: Store, run_id: str) -> list[Epoch]:
    """A run's epochs without how long they took."""
    return [replace(epoch, seconds=0.0) for epoch in store.epochs(run_id)]
