"""Queue, stop, resume, fork, recover: Dask runs the trainings, one at a time, and studies between.

Locally a scheduler and one worker are started on first need, as processes of their own, and go
away when idle. With `DIGITLAB_SCHEDULER=tcp://host:8786` the runs go to that cluster, whose
workers must reach the same `DIGITLAB_HOME` and database.
"""

import hashlib
import logging
import os
import socket
import threading
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

from digitlab.checkpoints import check_fork
from digitlab.config import TrainingConfig
from digitlab.costs import Cost, count_digits, estimate, free_memory
from digitlab.datasets import Dataset
from digitlab.errands import Errands
from digitlab.errors import InputError
from digitlab.experience import known_speeds
from digitlab.files import remove_leftovers
from digitlab.network import check_cost
from digitlab.owners import is_alive, recover, this_process
from digitlab.recognisers import PRETRAINED, model_card
from digitlab.records import BatchProgress, Run, Status, Wish
from digitlab.store import Store
from digitlab.studies import Shelf, Study, StudyProgress
from digitlab.tasks import Tasks
from digitlab.worker import PROCESS_DIED, run_measurement, run_study, run_training

_logger = logging.getLogger(__name__)

KEPT_BATCHES = 800
"""Points of a run's curve within epochs; a longer one is thinned out."""

LONGEST_QUEUE = 20

LONGEST_TEST = timedelta(minutes=2)
"""A run that has ended and has no test result after so long will get none."""

PULSE_SECONDS = 5
"""How often a process says that it is alive, and looks for runs of those that are not."""


class Jobs:
    """The trainings of one process: it starts them, stops them and hears of their progress.

    Args:
        store: where runs are written.
        scheduler: address of a Dask scheduler; None starts one here on first need.
    """

    def __init__(self, store: Store, scheduler: str | None = None) -> None:
        self.store = store
        self.shelf = Shelf(store.home)
        self._scheduler = scheduler
        self._tasks = Tasks(store.home, scheduler, LONGEST_QUEUE, self._heard)
        self._errands = Errands(self._tasks)
        self._progress: dict[str, list[BatchProgress]] = defaultdict(list)
        self._closing = threading.Event()
        recover(store)
        remove_leftovers(store.home)
        threading.Thread(target=self._beat, name="digitlab-pulse", daemon=True).start()

    def submit(self, config: TrainingConfig, preset: str | None = None) -> str:
        """Queues a training and returns its run id.

        Raises:
            InputError: if the network cannot be built or is too large, or the queue is full.
        """
        check_cost(config)
        with self._tasks.lock:
            self._check_queue()
            self._tasks.connect()
            run_id = self.store.create_run(config, preset, this_process())
            self._send(run_id)
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
        with self._tasks.lock:
            self._check_queue()
            self._tasks.connect()
            self.store.requeue_run(run_id, this_process())
            self._send(run_id)

    def fork(self, run_id: str, epoch: int, config: TrainingConfig) -> str:
        """Queues a run that goes on from an epoch of another, and returns its id.

        The optimiser's state is taken over too, where the optimiser is the same kind. From
        `pretrained` it goes on after the last epoch, with a new optimiser.

        Raises:
            UnknownRunError: if there is no such run.
            InputError: if the weights do not fit, no epoch is left, it is too large, or the queue
                is full.
        """
        check_cost(config)
        card = model_card(self.store, run_id)
        if run_id == PRETRAINED:
            epoch = len(card.epochs)
        check_fork(card.config, epoch, config)
        with self._tasks.lock:
            self._check_queue()
            self._tasks.connect()
            if run_id == PRETRAINED:
                owner = this_process()
                fork_id = self.store.fork_network(run_id, card.epochs, config, owner)
            else:
                fork_id = self.store.fork_run(run_id, epoch, config, this_process())
            self._send(fork_id)
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
        return [run.id for run in self.store.active_runs() if run.status is Status.QUEUED]

    def progress(self, run_id: str) -> list[BatchProgress]:
        """What was reported within the epochs of a run of this process."""
        return list(self._progress.get(run_id, ()))

    def wait(self, run_id: str, timeout: float | None = None) -> bool:
        """Waits for the job of a run of this process; False if `timeout` seconds were too few."""
        return self._tasks.wait(run_id, timeout)

    def may_still_test(self, run: Run) -> bool:
        """Whether the model of a run that has ended may still be stored and tested.

        No more once its job is over, as after the death of the worker, once the process has ended
        that answers for it, or after LONGEST_TEST: what a process of another host does, nobody
        knows here.

        Raises:
            UnknownRunError: if there is no such run.
        """
        if run.ended_at is not None and datetime.now(UTC) - run.ended_at > LONGEST_TEST:
            return False
        if self._tasks.was_sent(run.id):
            return self._tasks.is_out(run.id)
        return is_alive(self.store.owner(run.id), timedelta(0))

    def estimate(self, config: TrainingConfig, dataset: Dataset, done: int = 0) -> Cost:
        """What a training would cost where this process trains: see `costs.estimate`.

        Raises:
            InputError: if the network cannot be built, or the dataset not be split so.
        """
        speeds = known_speeds(self.store, config.dataset, dataset, self._place)
        return estimate(config, count_digits(dataset, config), speeds, done)

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
        home = os.fspath(self.store.home)
        self._errands.send(
            _measurement(config),
            run_measurement,
            config.to_json(),
            self._place,
            home,
            self.store.database_url,
            trains=True,
        )

    def is_measuring(self, config: TrainingConfig) -> bool:
        """Whether a measurement waits or runs."""
        return self._errands.is_out(_measurement(config))

    def measuring_error(self, config: TrainingConfig) -> str | None:
        """Why the last measurement of a config failed; None if it did not."""
        return self._errands.error(_measurement(config))

    def study(self, study: Study) -> None:
        """Sends a study to the worker, after the runs that train or wait; returns at once.

        It gives way to a run that is submitted while it is done: see `worker.run_study`.

        Raises:
            InputError: if too many wait.
        """
        self.shelf.welcome(study)
        self._errands.send(
            study.key,
            run_study,
            study.kind,
            study.arguments,
            os.fspath(self.store.home),
            self.store.database_url,
            this_process(),
        )

    def study_progress(self, study: Study) -> StudyProgress | None:
        """How far a study is that waits or runs; None for any other."""
        return self._errands.progress(study.key)

    def study_error(self, study: Study) -> str | None:
        """Why a study failed the last time; None if it did not."""
        return self._errands.error(study.key)

    def cancel_study(self, study: Study) -> None:
        """Takes a study back: at once if it waits, at its next sign of life if it runs."""
        self.shelf.cancel(study)
        self._errands.take_back(study.key)

    def close(self) -> None:
        """Ends the local worker and scheduler, and whatever they train."""
        self._closing.set()
        self._tasks.disconnect()

    def _check_queue(self) -> None:
        if len(self.queue()) >= LONGEST_QUEUE:
            raise InputError(f"the queue is full: at most {LONGEST_QUEUE} runs can wait")

    def _send(self, run_id: str) -> None:
        for other in list(self._progress):
            if not self._tasks.is_out(other):
                del self._progress[other]
        self._progress.pop(run_id, None)
        attempt = self.store.run(run_id).attempt
        self._tasks.send(
            run_id,
            run_training,
            run_id,
            attempt,
            os.fspath(self.store.home),
            self.store.database_url,
            key=f"{run_id}-{attempt}",
            ended=lambda _: self._ended(run_id, attempt),
        )

    def _beat(self) -> None:
        """Says that this process is alive, ends the runs of those that are not, empties the bin."""
        while not self._closing.wait(PULSE_SECONDS):
            try:
                self._tasks.drop_dead_connection()
                self.store.touch(this_process())
                recover(self.store)
                self.store.empty_bin()
            except Exception:
                _logger.exception("the store does not answer")

    def _heard(self, message: dict[str, Any]) -> None:
        """Notes how far a run or a study is."""
        if "study" in message:
            self._errands.heard(message["study"], message["progress"])
            return
        points = self._progress[message["run"]]
        points.append(BatchProgress(**message["progress"]))
        if len(points) > KEPT_BATCHES:
            del points[:-1:2]

    def _ended(self, run_id: str, attempt: int) -> None:
        """The job writes its own end; what is still active here lost its process."""
        self.store.end_run(run_id, Status.INTERRUPTED, PROCESS_DIED, attempt)

    @property
    def _place(self) -> str:
        """Where this process trains, as measured speeds remember it."""
        return self._scheduler or socket.gethostname()


def _measurement(config: TrainingConfig) -> str:
    """Names the measurement of a config, among runs."""
    return f"measurement-{hashlib.sha256(config.to_json().encode()).hexdigest()[:16]}"


_jobs: Jobs | None = None
_jobs_lock = threading.Lock()


def get_jobs() -> Jobs:
    """The jobs of this process: one queue, whoever asks, for as long as the process lives."""
    global _jobs
    with _jobs_lock:
        if _jobs is None:
            _jobs = Jobs(Store(), os.environ.get("DIGITLAB_SCHEDULER"))
        return _jobs
