"""Queue, worker, stop, recover: Dask runs the trainings, one at a time.

Locally a scheduler and one worker are started on first need, as processes of their own, and go
away when idle. With `DIGITLAB_SCHEDULER=tcp://host:8786` the runs go to that cluster, whose
workers must reach the same `DIGITLAB_HOME` and database.
"""

import logging
import os
import socket
import threading
import time
from collections import defaultdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil

from digitlab.cluster import Connection
from digitlab.config import TrainingConfig
from digitlab.errors import InputError
from digitlab.network import check_cost
from digitlab.records import BatchProgress, Epoch, Status, TestResult
from digitlab.store import Store

_logger = logging.getLogger(__name__)

TOPIC = "digitlab-progress"
IDLE_SECONDS = 600
"""After so long without work the local scheduler and worker end, and give their memory back."""

PROCESS_DIED = "the training process ended unexpectedly, perhaps for lack of memory"

KEPT_BATCHES = 800
"""Points of a run's curve within epochs; a longer one is thinned out."""

LONGEST_QUEUE = 20

TURN_SECONDS = 0.3
"""How often a run looks whether that of another process has ended."""

PULSE_SECONDS = 20
"""How often a process says that it is alive, and looks for runs of those that are not."""

CLOCK_SECONDS = 60
"""A process's start, told after the clock was set, may differ by so much."""

LONGEST_SILENCE = timedelta(minutes=2)
"""A process not heard of for so long is dead, wherever it ran."""


class Jobs:
    """The trainings of one process: it starts them, stops them and hears of their progress.

    Args:
        store: where runs are written.
        scheduler: address of a Dask scheduler; None starts one here on first need.
    """

    def __init__(self, store: Store, scheduler: str | None = None) -> None:
        self.store = store
        self._scheduler = scheduler
        self._lock = threading.RLock()
        self._connection: Connection | None = None
        self._rest: threading.Timer | None = None
        self._futures: dict[str, Any] = {}
        self._done: dict[str, threading.Event] = {}
        self._progress: dict[str, list[BatchProgress]] = defaultdict(list)
        self._closing = threading.Event()
        recover(store)
        threading.Thread(target=self._beat, name="digitlab-pulse", daemon=True).start()

    def submit(self, config: TrainingConfig, preset: str | None = None) -> str:
        """Queues a training and returns its run id.

        Raises:
            InputError: if the network cannot be built or is too large, or the queue is full.
        """
        check_cost(config)
        with self._lock:
            if len(self.queue()) >= LONGEST_QUEUE:
                raise InputError(f"the queue is full: at most {LONGEST_QUEUE} runs can wait")
            client = self._client()
            run_id = self.store.create_run(config, preset, _this_process())
            self._done[run_id] = threading.Event()
            for ended in self._progress.keys() - self._futures.keys():
                del self._progress[ended]
            self._futures[run_id] = future = client.submit(
                run_training,
                run_id,
                os.fspath(self.store.home),
                self.store.database_url,
                key=run_id,
                pure=False,
            )
        future.add_done_callback(self._ended)
        return run_id

    def stop(self, run_id: str) -> None:
        """Stops a run: at once if it waits, within a second or so if it trains.

        Raises:
            UnknownRunError: if there is no such run.
        """
        self.store.request_stop(run_id)

    def queue(self) -> list[str]:
        """The runs that wait, first to train first."""
        waiting = [run for run in self.store.runs() if run.status is Status.QUEUED]
        return [run.id for run in reversed(waiting)]

    def progress(self, run_id: str) -> list[BatchProgress]:
        """What was reported within the epochs of a run of this process."""
        return list(self._progress.get(run_id, ()))

    def wait(self, run_id: str, timeout: float | None = None) -> bool:
        """Waits for the job of a run of this process; False if `timeout` seconds were too few."""
        return self._done[run_id].wait(timeout)

    def close(self) -> None:
        """Ends the local worker and scheduler, and whatever they train."""
        self._closing.set()
        self._disconnect()

    def _beat(self) -> None:
        """Says that this process is alive, and ends the runs of those that are not."""
        while not self._closing.wait(PULSE_SECONDS):
            try:
                self.store.touch(_this_process())
                recover(self.store)
            except Exception:
                _logger.exception("the store does not answer")

    def _disconnect(self) -> None:
        with self._lock:
            if self._rest is not None:
                self._rest.cancel()
            if self._connection is not None:
                self._connection.close()
            self._connection = None

    def _client(self) -> Any:
        """The client of a scheduler that is alive."""
        if self._rest is not None:
            self._rest.cancel()
        if self._connection is None or not self._connection.is_alive:
            self._disconnect()
            self._connection = Connection(self.store.home, self._scheduler, LONGEST_QUEUE)
            self._connection.client.subscribe_topic(TOPIC, self._heard)
        return self._connection.client

    def _heard(self, event: tuple[float, dict[str, Any]]) -> None:
        message = event[1]
        points = self._progress[message["run"]]
        points.append(BatchProgress(**message["progress"]))
        if len(points) > KEPT_BATCHES:
            del points[:-1:2]

    def _ended(self, future: Any) -> None:
        """The job writes its own end; what is still active here lost its process."""
        try:
            self.store.end_run(future.key, Status.INTERRUPTED, PROCESS_DIED)
        finally:
            with self._lock:
                self._futures.pop(future.key, None)
                if not self._futures:
                    self._rest = threading.Timer(IDLE_SECONDS, self._close_if_idle)
                    self._rest.daemon = True
                    self._rest.start()
            self._done[future.key].set()

    def _close_if_idle(self) -> None:
        with self._lock:
            if not self._futures:
                self._disconnect()


class _Reporter:
    """Tells the store of epochs and files, and the server of batches."""

    def __init__(self, run_id: str, store: Store, worker: Any) -> None:
        self._run_id, self._store, self._worker = run_id, store, worker

    def batch(self, progress: BatchProgress) -> None:
        self._worker.log_event(TOPIC, {"run": self._run_id, "progress": vars(progress)})

    def epoch(self, epoch: Epoch) -> None:
        self._store.add_epoch(self._run_id, epoch)

    def artefact(self, name: str, content: bytes) -> None:
        self._store.add_artefact(self._run_id, name, content)

    def stop_requested(self) -> bool:
        return self._store.stop_requested(self._run_id)

    def stopped(self) -> None:
        self._store.end_run(self._run_id, Status.STOPPED)

    def tested(self, result: TestResult) -> None:
        self._store.set_test(self._run_id, result)


def run_training(run_id: str, home: str, database_url: str) -> None:
    """The job: trains one queued run, in a worker process, and writes how it ended.

    When a worker dies, Dask gives all that it held to the next one: a run that had begun is
    interrupted then, one that waited is trained. While a run of another process trains, this one
    goes back into the queue.
    """
    from distributed import Reschedule, get_worker

    store = Store(Path(home), database_url)
    status = store.run(run_id).status
    if status is Status.RUNNING:
        store.end_run(run_id, Status.INTERRUPTED, PROCESS_DIED)
    if status is not Status.QUEUED:
        return
    if not store.start_run(run_id):
        time.sleep(TURN_SECONDS)
        raise Reschedule
    try:
        from digitlab.datasets import load_dataset
        from digitlab.training import train

        config = store.run(run_id).config
        train(config, load_dataset(config.dataset), _Reporter(run_id, store, get_worker()))
    except InputError as error:
        store.end_run(run_id, Status.FAILED, str(error))
    except Exception as error:
        store.end_run(run_id, Status.FAILED, f"training failed: {type(error).__name__}: {error}")
        raise
    else:
        store.end_run(run_id, Status.FINISHED)


_jobs: Jobs | None = None
_jobs_lock = threading.Lock()


def get_jobs() -> Jobs:
    """The jobs of this process: one queue, whoever asks, for as long as the process lives."""
    global _jobs
    with _jobs_lock:
        if _jobs is None:
            _jobs = Jobs(Store(), os.environ.get("DIGITLAB_SCHEDULER"))
        return _jobs


def recover(store: Store) -> list[str]:
    """Marks the runs of processes that are gone as interrupted, and returns their ids."""
    return store.interrupt_orphans(_is_alive)


def _this_process() -> str:
    me = psutil.Process()
    return f"{socket.gethostname()} {me.pid} {me.create_time():.2f}"


def _is_alive(owner: str, silence: timedelta) -> bool:
    """Whether the owner still runs: heard of lately, and here not a process that is gone."""
    host, pid, created = owner.rsplit(" ", 2)
    if silence > LONGEST_SILENCE:
        return False
    if host != socket.gethostname():
        return True
    try:
        process = psutil.Process(int(pid))
        same = abs(process.create_time() - float(created)) < CLOCK_SECONDS
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
