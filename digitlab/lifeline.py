"""Keeper and worker, which preloads this: neither outlives its parent process.

Without it a killed server would leave a worker that trains on, for nobody; and Ctrl-C in a
terminal, which goes to the whole process group, would kill the worker instead of asking it to stop.
"""

import contextlib
import os
import threading

import psutil


def dask_setup(_worker: object) -> None:
    """What Dask calls as the worker starts."""
    follow_parent()


def follow_parent() -> None:
    """Leaves the terminal, and ends this process as soon as its parent has ended."""
    with contextlib.suppress(OSError):  # a group's leader has left already
        os.setsid()
    parent = psutil.Process(os.getppid())

    def follow() -> None:
        parent.wait()
        os._exit(1)

    threading.Thread(target=follow, name="lifeline", daemon=True).start()
