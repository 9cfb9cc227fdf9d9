"""Keeper and worker, which preloads this: neither outlives its parent process, nor holds up a page.

Without it a killed server would leave a worker that trains on, for nobody; and Ctrl-C in a
terminal, which goes to the whole process group, would kill the worker instead of asking it to stop.
"""

import contextlib
import os
import threading

import psutil

POLITE = 5
"""How far a worker stands back, as of `nice`, where a server or a browser wants the processor too:
they need it for a moment, and somebody waits. Nothing is lost where nobody else wants it."""


def dask_setup(_worker: object) -> None:
    """What Dask calls as the worker starts."""
    follow_parent()
    os.nice(POLITE)


def follow_parent() -> None:
    """Leaves the terminal, and ends this process as soon as its parent has ended."""
    with contextlib.suppress(OSError):  # a group's leader has left already
        os.setsid()
    parent = psutil.Process(os.getppid())

    def follow() -> None:
        parent.wait()
        os._exit(1)

    threading.Thread(target=follow, name="lifeline", daemon=True).start()
