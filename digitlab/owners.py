"""Which process answers for a run, and whether it is still there."""

import socket
from datetime import timedelta

import psutil

from digitlab.store import Store

CLOCK_SECONDS = 60
"""A process's start, told after the clock was set, may differ by so much."""

LONGEST_SILENCE = timedelta(minutes=2)
"""A process not heard of for so long is dead, wherever it ran."""


def recover(store: Store) -> list[str]:
    """Marks the runs of processes that are gone as interrupted, and returns their ids."""
    return store.interrupt_orphans(is_alive)


def this_process() -> str:
    """This process as an owner of runs: host, process id, start in seconds."""
    me = psutil.Process()
    return f"{socket.gethostname()} {me.pid} {me.create_time():.2f}"


def is_alive(owner: str, silence: timedelta) -> bool:
    """Whether the owner still runs: heard of lately, and here not a process that is gone."""
    host, *process_and_start = owner.rsplit(" ", 2)
    if silence > LONGEST_SILENCE or len(process_and_start) < 2:  # `IMPORTED` names no process
        return False
    pid, created = process_and_start
    if host != socket.gethostname():
        return True
    try:
        process = psutil.Process(int(pid))
        same = abs(process.create_time() - float(created)) < CLOCK_SECONDS
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
