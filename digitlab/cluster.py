"""A Dask client, and locally the scheduler and the one worker behind it, as processes."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from digitlab.errors import InputError

CLOSING_SECONDS = 5
"""A scheduler that has died answers nobody: after so long its processes are killed instead."""


class Connection:
    """A connection to a Dask scheduler; without an address, to one that is started here.

    Args:
        home: where the local worker may keep scratch files.
        address: a scheduler, such as `tcp://host:8786`.
        restarts: deaths of the local worker that its waiting tasks survive.

    Raises:
        InputError: if nobody answers at that address.
    """

    def __init__(self, home: Path, address: str | None, restarts: int) -> None:
        from distributed import Client

        self._cluster = None if address else _local_cluster(home, restarts)
        try:
            self.client: Any = Client(self._cluster or address, set_as_default=False)
        except (OSError, ValueError) as error:
            if self._cluster is not None:
                self._cluster.close(timeout=CLOSING_SECONDS)
            raise InputError(
                f"DIGITLAB_SCHEDULER must be a scheduler that answers, got {address!r}: {error}"
            ) from None

    @property
    def is_alive(self) -> bool:
        """Whether the scheduler still answers, and here the worker's keeper still lives."""
        return self.client.status == "running" and all(
            part.process is None or part.process.returncode is None for part in self._parts()
        )

    def close(self) -> None:
        """Ends the connection, and the processes that were started for it."""
        processes = self._processes()
        with suppress(Exception):
            self.client.close(timeout=CLOSING_SECONDS)
        if self._cluster is not None:
            with suppress(Exception):
                self._cluster.close(timeout=CLOSING_SECONDS)
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.kill()

    def _parts(self) -> list[Any]:
        """The local scheduler and the keeper of the worker, which restarts it."""
        if self._cluster is None:
            return []
        return [self._cluster.scheduler, *self._cluster.workers.values()]

    def _processes(self) -> list[psutil.Process]:
        found = []
        for part in self._parts():
            with suppress(psutil.NoSuchProcess, AttributeError):
                process = psutil.Process(part.process.pid)
                found += [process, *process.children(recursive=True)]
        return found


def _local_cluster(home: Path, restarts: int) -> Any:
    """A scheduler and one worker with one thread, as processes that end with this one."""
    from distributed import SubprocessCluster

    # The processes import this package, wherever the server was started from.
    package = os.fspath(Path(__file__).resolve().parents[1])
    paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    if package not in paths:
        os.environ["PYTHONPATH"] = os.pathsep.join([package, *filter(None, paths)])
    os.environ.setdefault("DASK_LOGGING__DISTRIBUTED", "warning")
    lifeline = ["digitlab.lifeline"]
    return SubprocessCluster(
        n_workers=1,
        threads_per_worker=1,
        dashboard_address=None,  # type: ignore[arg-type]
        scheduler_kwargs={"preload": lifeline, "allowed_failures": restarts},
        worker_kwargs={
            "preload": lifeline,
            "preload_nanny": lifeline,
            "local_directory": os.fspath(home / "scratch"),
            "memory_limit": 0,
        },
    )
