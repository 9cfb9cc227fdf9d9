"""Queue, worker, stop, recover: Dask runs the trainings, one at a time.

Locally a scheduler and one worker are started on first need, as processes of their own, and go
away when idle. With `DIGITLAB_SCHEDULER=tcp://host:8786` the runs go to that cluster, whose
workers must reach the same `DIGITLAB_HOME` and database.
"""

import hashlib
import logging
import os
import secrets
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil

from digitlab.checkpoints import Checkpoint, check_fork, superfluous_checkpoints
from digitlab.cluster import Connection
from digitlab.config import TrainingConfig
from digitlab.costs import Cost, Digits, Speed, count_digits, estimate, free_memory, speed_of_run
from digitlab.datasets import Dataset
from digitlab.domains import declared
from digitlab.errors import InputError
from digitlab.network import check_cost
from digitlab.records import (
    CHECKPOINT,
    BatchProgress,
    Controls,
    Epoch,
    Run,
    Snapshot,
    Status,
    TestResult,
    Wish,
)
from digitlab.store import Store

_logger = logging.getLogger(__name__)

TOPIC = "digitlab-progress"
IDLE_SECONDS = 600
"""After so long without work the local scheduler and worker end, and give their memory back."""

PROCESS_DIED = "the training process ended unexpectedly, perhaps for lack of memory"

KEPT_BATCHES = 800
"""Points of a run's curve within epochs; a longer one is thinned out."""

LONGEST_QUEUE = 20

TIMED_RUNS = 30
"""A cost is estimated from so many of the latest runs."""

_DATA = [parameter.name for parameter in declared(TrainingConfig) if parameter.group == "Data"]

_MEASUREMENT = "measurement-"

LONGEST_MEASURING_QUEUE = 5

ANSWER_SECONDS = 10
"""A worker that has measured tells how it went within so long."""

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
        self._measuring_errors: dict[str, str] = {}
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
            self._check_queue()
            client = self._client()
            run_id = self.store.create_run(config, preset, _this_process())
            self._send(client, run_id)
        return run_id

    def resume(self, run_id: str) -> None:
        """Queues a run again that was paused, stopped or interrupted: it goes on where it ended.

        Raises:
            UnknownRunError: if there is no such run.
            InputError: if it cannot be resumed, or the queue is full.
        """
        run = self.store.run(run_id)
        if not run.status.can_resume:
            raise InputError(
                f"only a paused, stopped or interrupted run can be resumed: {run_id} is "
                f"{run.status.value}"
            )
        with self._lock:
            self._check_queue()
            client = self._client()
            self.store.requeue_run(run_id, _this_process())
            self._send(client, run_id)

    def fork(self, run_id: str, epoch: int, config: TrainingConfig) -> str:
        """Queues a run that goes on from an epoch of another, and returns its id.

        The optimiser's state is taken over too, where the optimiser is the same kind.

        Raises:
            UnknownRunError: if there is no such run.
            InputError: if the weights do not fit, no epoch is left, or the queue is full.
        """
        check_fork(self.store.run(run_id).config, epoch, config)
        with self._lock:
            self._check_queue()
            client = self._client()
            fork_id = self.store.fork_run(run_id, epoch, config, _this_process())
            self._send(client, fork_id)
        return fork_id

    def pause(self, run_id: str) -> None:
        """Pauses a run: it gives up its place, and the epoch that is not complete.

        Raises:
            UnknownRunError: if there is no such run.
        """
        self.store.wish(run_id, Wish.PAUSE)

    def stop(self, run_id: str) -> None:
        """Stops a run: at once if it waits, within a second or so if it trains.

        Raises:
            UnknownRunError: if there is no such run.
        """
        self.store.wish(run_id, Wish.STOP)

    def set_learning_rate(self, run_id: str, learning_rate: float) -> None:
        """Changes the learning rate of a run that waits or trains, within a second or so.

        With a schedule it changes the highest value; reduce-on-plateau goes on from it.

        Raises:
            UnknownRunError: if there is no such run.
            InputError: if it is out of its bounds.
        """
        self.store.run(run_id).config.replace(learning_rate=learning_rate)
        self.store.set_learning_rate(run_id, learning_rate)

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

    def estimate(self, config: TrainingConfig, dataset: Dataset) -> Cost:
        """What a training would cost where this process trains: see `costs.estimate`.

        Raises:
            InputError: if the network cannot be built, or the dataset not be split so.
        """
        speeds = [*self._timed(config.dataset, dataset), *self.store.speeds(self._place)]
        return estimate(config, count_digits(dataset, config), speeds)

    def free_memory(self) -> int | None:
        """Bytes that a training may take; None on a cluster elsewhere: nobody knows here."""
        return None if self._scheduler else free_memory()

    def measure(self, config: TrainingConfig) -> None:
        """Sends a measurement to the worker, for `estimate` to know; returns at once.

        It takes some seconds, after the runs that train or wait.

        Raises:
            InputError: if the network cannot be built or is too large, or too many wait.
        """
        check_cost(config)
        task = _measurement(config)
        with self._lock:
            if task in self._futures:
                return
            if sum(map(_is_measurement, self._futures)) >= LONGEST_MEASURING_QUEUE:
                raise InputError(
                    f"at most {LONGEST_MEASURING_QUEUE} measurements can wait: try again later"
                )
            client = self._client()
            self._measuring_errors.pop(task, None)
            self._done[task] = threading.Event()
            self._futures[task] = future = client.submit(
                run_measurement,
                config.to_json(),
                self._place,
                os.fspath(self.store.home),
                self.store.database_url,
                key=f"{task}-{secrets.token_hex(4)}",
                pure=False,
            )
        future.add_done_callback(lambda future: self._measured(task, future))

    def is_measuring(self, config: TrainingConfig) -> bool:
        """Whether a measurement waits or runs."""
        return _measurement(config) in self._futures

    def measuring_error(self, config: TrainingConfig) -> str | None:
        """Why the last measurement of a config failed; None if it did not."""
        return self._measuring_errors.get(_measurement(config))

    def close(self) -> None:
        """Ends the local worker and scheduler, and whatever they train."""
        self._closing.set()
        self._disconnect()

    def _check_queue(self) -> None:
        if len(self.queue()) >= LONGEST_QUEUE:
            raise InputError(f"the queue is full: at most {LONGEST_QUEUE} runs can wait")

    def _send(self, client: Any, run_id: str) -> None:
        self._done[run_id] = threading.Event()
        for ended in self._progress.keys() - self._futures.keys():
            del self._progress[ended]
        self._progress.pop(run_id, None)
        attempt = self.store.run(run_id).attempt
        self._futures[run_id] = future = client.submit(
            run_training,
            run_id,
            attempt,
            os.fspath(self.store.home),
            self.store.database_url,
            key=f"{run_id}-{attempt}",
            pure=False,
        )
        future.add_done_callback(lambda future: self._ended(run_id, attempt, future))

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

    def _ended(self, run_id: str, attempt: int, future: Any) -> None:
        """The job writes its own end; what is still active here lost its process."""
        try:
            self.store.end_run(run_id, Status.INTERRUPTED, PROCESS_DIED, attempt)
        finally:
            with self._lock:
                if self._futures.get(run_id) is future:
                    del self._futures[run_id]
                    self._done[run_id].set()
                if not self._futures:
                    self._rest = threading.Timer(IDLE_SECONDS, self._close_if_idle)
                    self._rest.daemon = True
                    self._rest.start()

    def _measured(self, task: str, future: Any) -> None:
        """Remembers why a measurement failed; then it is over, as a run is."""
        error: str | None = PROCESS_DIED
        try:
            if future.status == "finished":
                error = future.result(timeout=ANSWER_SECONDS)
        finally:
            if error:
                self._measuring_errors[task] = error
            self._ended(task, 1, future)

    def _timed(self, name: str, dataset: Dataset) -> Iterator[Speed]:
        """What the latest runs on a dataset tell."""
        runs = self.store.timed_runs(socket.gethostname())
        counted: dict[Any, Digits] = {}  # splitting takes milliseconds, and most runs split alike
        for run_id, config, seconds in [run for run in runs if run[1].dataset == name][:TIMED_RUNS]:
            data = tuple(getattr(config, field) for field in _DATA)
            with suppress(InputError):  # the dataset has changed since
                digits = counted.get(data) or count_digits(dataset, config)
                counted[data] = digits
                yield speed_of_run(run_id, config, digits, seconds)

    @property
    def _place(self) -> str:
        """Where this process trains, as measured speeds remember it."""
        return self._scheduler or socket.gethostname()

    def _close_if_idle(self) -> None:
        with self._lock:
            if not self._futures:
                self._disconnect()


class _Reporter:
    """Tells the store of epochs and files, and the server of batches."""

    def __init__(self, run: Run, store: Store, worker: Any) -> None:
        self._run_id, self._attempt = run.id, run.attempt
        self._store, self._worker = store, worker

    @property
    def folder(self) -> Path:
        return self._store.folder(self._run_id) / "tensorboard"

    def batch(self, progress: BatchProgress) -> None:
        self._worker.log_event(TOPIC, {"run": self._run_id, "progress": vars(progress)})

    def epoch(self, epoch: Epoch, snapshot: Snapshot, checkpoint: Checkpoint) -> None:
        self.artefact(CHECKPOINT.format(epoch=epoch.epoch), checkpoint.to_bytes())
        self._store.add_epoch(self._run_id, epoch, snapshot)
        for name in superfluous_checkpoints(self._store.run(self._run_id)):
            self._store.remove_artefact(self._run_id, name)

    def artefact(self, name: str, content: bytes) -> None:
        self._store.add_artefact(self._run_id, name, content)

    def controls(self) -> Controls:
        return self._store.controls(self._run_id)

    def stopped(self) -> None:
        self._store.end_run(self._run_id, Status.STOPPED, attempt=self._attempt)

    def tested(self, result: TestResult) -> None:
        self._store.set_test(self._run_id, result, self._attempt)


def run_training(run_id: str, attempt: int, home: str, database_url: str) -> None:
    """The job: trains one queued run, in a worker process, and writes how it ended.

    When a worker dies, Dask gives all that it held to the next one: a run that had begun is
    interrupted then, one that waited is trained. While a run of another process trains, this one
    goes back into the queue. One that was queued anew meanwhile is left to its new attempt.
    """
    from distributed import Reschedule, get_worker

    store = Store(Path(home), database_url)
    run = store.run(run_id)
    if run.status is Status.RUNNING:
        store.end_run(run_id, Status.INTERRUPTED, PROCESS_DIED, attempt)
    if run.status is not Status.QUEUED or run.attempt != attempt:
        return
    if not store.start_run(run_id):
        time.sleep(TURN_SECONDS)
        raise Reschedule
    try:
        ended, error = _train(run, store, get_worker()), None
    except InputError as wrong:
        ended, error = Status.FAILED, str(wrong)
    except Exception as wrong:
        ended, error = Status.FAILED, f"training failed: {type(wrong).__name__}: {wrong}"
        _logger.exception("run %s failed", run_id)
    store.end_run(run_id, ended, error, attempt)


def _train(run: Run, store: Store, worker: Any) -> Status:
    """Trains a run, from its last completed epoch on if it has one; returns how it ended."""
    from digitlab.datasets import load_dataset
    from digitlab.training import WishHeard, train

    done, start = len(store.epochs(run.id)), None
    if done:
        start = Checkpoint.from_bytes(store.artefact(run.id, CHECKPOINT.format(epoch=done)))
    if start is not None and done == run.parent_epoch:
        start = start.forked()
    try:
        train(run.config, load_dataset(run.config.dataset), _Reporter(run, store, worker), start)
    except WishHeard:
        return Status.PAUSED
    return Status.FINISHED


def run_measurement(config: str, place: str, home: str, database_url: str) -> str | None:
    """The job: measures a config in a worker process and stores its speed; returns what failed.

    It waits while a run of another process trains: both would be slower. When its worker dies,
    Dask gives it to the next one: it has begun then, and is given up.

    Args:
        config: as JSON.
    """
    from distributed import Reschedule, get_worker

    from digitlab.datasets import load_dataset
    from digitlab.measuring import measure

    store = Store(Path(home), database_url)
    if any(run.status is Status.RUNNING for run in store.runs()):
        time.sleep(TURN_SECONDS)
        raise Reschedule
    begun = store.home / f".{get_worker().get_current_task()}"
    try:
        begun.touch(exist_ok=False)
        wanted = TrainingConfig.from_json(config)
        store.keep_speed(measure(wanted, load_dataset(wanted.dataset)), place)
    except FileExistsError:
        return PROCESS_DIED
    except InputError as wrong:
        return str(wrong)
    except Exception as wrong:
        _logger.exception("a measurement failed")
        return f"{type(wrong).__name__}: {wrong}"
    finally:
        begun.unlink(missing_ok=True)
    return None


def _measurement(config: TrainingConfig) -> str:
    """Names the measurement of a config, among runs."""
    return f"{_MEASUREMENT}{hashlib.sha256(config.to_json().encode()).hexdigest()[:16]}"


def _is_measurement(task: str) -> bool:
    return task.startswith(_MEASUREMENT)


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
