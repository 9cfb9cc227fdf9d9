"""The process beside a server: a Dask scheduler, and the nanny that keeps its one worker alive.

`cluster` starts it: `python -m digitlab.keeper SCRATCH RESTARTS PRELOADS…`. The first line that it
prints is the scheduler's address. Both in one process, since importing Dask takes a second each
time, and 60 MB.
"""

import asyncio
import os
import sys

from digitlab.lifeline import follow_parent

HERE = "127.0.0.1"

CALM = {
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "5s",
    "distributed.scheduler.active-memory-manager.start": False,
    "distributed.scheduler.work-stealing": False,
    "distributed.worker.profile.enabled": False,
}
"""Dask looks at its loops fifty times a second, and at what a worker does a hundred times: nobody
asks, there is one worker, and the time is the training's."""


async def keep(scratch: str, restarts: int, preloads: list[str]) -> None:
    """Schedules, and restarts the worker when it dies; ends when either has closed for good.

    A worker whose heartbeat is refused closes together with its nanny: without an end of this
    process, tasks would wait for ever.

    Args:
        scratch: a folder for the worker's files.
        restarts: deaths of the worker that its waiting tasks survive.
        preloads: modules that the worker imports first.
    """
    # Here, since the worker's process begins by importing this module.
    import dask
    from distributed import Nanny, Scheduler

    dask.config.set(CALM)  # the nanny hands it on to the worker
    async with Scheduler(
        host=HERE,
        port=0,
        dashboard=False,
        dashboard_address=f"{HERE}:0",  # it listens there all the same, for its health and figures
        allowed_failures=restarts,
    ) as tasks:
        print(tasks.address, flush=True)
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # nobody reads a second line
        async with Nanny(
            tasks.address,
            host=HERE,
            nthreads=1,
            local_directory=scratch,
            memory_limit=0,
            preload=preloads,
        ) as worker:
            ends = [asyncio.ensure_future(part.finished()) for part in (tasks, worker)]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)


if __name__ == "__main__":
    follow_parent()
    asyncio.run(keep(sys.argv[1], int(sys.argv[2]), sys.argv[3:]))
