"""A Dask client, and locally the process behind it that keeps a scheduler and the one worker."""

import os
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from digitlab.errors import InputError

CLOSING_SECONDS = 5
"""A scheduler that has died answers nobody: after so long its processes are killed instead."""

STARTING_SECONDS = 60
"""A keeper takes a second or two to start, on a machine that has a lot to do ten times as long."""


class Connection:
    """A connection to a Dask scheduler; without an address, to one that is started here.

    Args:
        home: where the local worker may keep scratch files.
        address: a scheduler, such as `tcp://host:8786`.
        restarts: deaths of the local worker that its waiting tasks survive.
        trains: whether the local worker is wanted for a training: it then imports TensorFlow at
            once, instead of with its first task.

    Raises:
        InputError: if nobody answers at that address, or no scheduler starts here in time.
    """

    def __init__(self, home: Path, address: str | None, restarts: int, trains: bool) -> None:
        self._keeper = None if address else _start_keeper(home, restarts, trains)
        from distributed import Client  # takes a second, and the keeper's own imports another

        if self._keeper is not None:
            address = _first_line(self._keeper)
        try:
            self.client: Any = Client(address, set_as_default=False)
        except (OSError, ValueError) as error:
            self._end_keeper()
            raise InputError(
                f"DIGITLAB_SCHEDULER must be a scheduler that answers, got {address!r}: {error}"
            ) from None

    @property
    def is_alive(self) -> bool:
        """Whether the scheduler still answers, and here the worker's keeper still lives."""
        ended = self._keeper is not None and self._keeper.poll() is not None
        return self.client.status == "running" and not ended

    def close(self) -> None:
        """Ends the connection, and the processes that were started for it."""
        with suppress(Exception):
            self.client.close(timeout=CLOSING_SECONDS)
        self._end_keeper()

    def _end_keeper(self) -> None:
        """Kills the keeper and its worker; a graceful end would wait for a training."""
        if self._keeper is None:
            return
        family: list[psutil.Process] = []
        with suppress(psutil.NoSuchProcess):
            family = psutil.Process(self._keeper.pid).children(recursive=True)
        self._keeper.kill()  # first: it would start another worker
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self._keeper.wait()


def _first_line(keeper: subprocess.Popen[str]) -> str:
    """The address of the keeper's scheduler, once it is there.

    Raises:
        InputError: if it is not there after STARTING_SECONDS; then the keeper is killed.
    """
    assert keeper.stdout is not None
    late = threading.Event()

    def give_up() -> None:
        late.set()
        keeper.kill()

    patience = threading.Timer(STARTING_SECONDS, give_up)
    patience.daemon = True  # who is interrupted here ends at once
    patience.start()
    with keeper.stdout as printed:
        address = printed.readline().strip()
    patience.cancel()
    if address:
        return address
    ended = keeper.wait()
    if late.is_set():
        raise InputError(
            f"the training process must start within {STARTING_SECONDS} s, and did not: this "
            "machine has too much to do, try again later"
        )
    raise RuntimeError(f"the keeper of the worker ended with {ended}")


def _start_keeper(home: Path, restarts: int, trains: bool) -> subprocess.Popen[str]:
    """A scheduler and one worker with one thread, in processes that end with this one."""
    # They import this package, wherever the server was started from.
    package = os.fspath(Path(__file__).resolve().parents[1])
    paths = [package, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    environment = {"DASK_LOGGING__DISTRIBUTED": "warning"} | os.environ
    environment["PYTHONPATH"] = os.pathsep.join(paths)
    preloads = ["digitlab.lifeline", *(["digitlab.ahead"] if trains else [])]
    command = [sys.executable, "-m", "digitlab.keeper", os.fspath(home / "scratch"), str(restarts)]
    return subprocess.Popen(
        [*command, *preloads],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
