"""What the worker process does: train one queued run, measure one configuration, or do a study."""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from digitlab.checkpoints import Checkpoint, superfluous_checkpoints
from digitlab.config import TrainingConfig
from digitlab.errors import InputError
from digitlab.recognisers import PRETRAINED, keras_model
from digitlab.records import (
    CHECKPOINT,
    BatchProgress,
    Controls,
    Epoch,
    Run,
    Snapshot,
    Status,
    TestResult,
)
from digitlab.store import Store
from digitlab.studies import Shelf, Study, StudyCancelledError, compute

_logger = logging.getLogger(__name__)

TOPIC = "digitlab-progress"

PROCESS_DIED = "the training process ended unexpectedly, perhaps for lack of memory"

TURN_SECONDS = 0.3
"""How often a run looks whether that of another process has ended."""

FINISHING_SECONDS = 10
"""A run waits so long for a study that is about to end."""


class OvertakenError(Exception):
    """The run was given up, or queued anew, while this attempt still trained it."""


class _Reporter:
    """Tells the store of epochs and files, and the server of batches.

    Raises:
        OvertakenError: when told or asked anything after the run has left this attempt.
    """

    def __init__(self, run: Run, store: Store, worker: Any) -> None:
        self._run_id, self._attempt = run.id, run.attempt
        self._store, self._worker = store, worker

    @property
    def folder(self) -> Path:
        return self._store.folder(self._run_id) / "tensorboard"

    def batch(self, progress: BatchProgress) -> None:
        self._worker.log_event(TOPIC, {"run": self._run_id, "progress": vars(progress)})

    def epoch(self, epoch: Epoch, snapshot: Snapshot, checkpoint: Checkpoint) -> None:
        self.controls()
        self.artefact(CHECKPOINT.format(epoch=epoch.epoch), checkpoint.to_bytes())
        if not self._store.add_epoch(self._run_id, epoch, snapshot, self._attempt):
            raise OvertakenError
        for name in superfluous_checkpoints(self._store.run(self._run_id)):
            self._store.remove_artefact(self._run_id, name)

    def artefact(self, name: str, content: bytes) -> None:
        self._store.add_artefact(self._run_id, name, content)

    def controls(self) -> Controls:
        controls = self._store.controls(self._run_id, self._attempt)
        if controls is None:
            raise OvertakenError
        return controls

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
    except OvertakenError:
        return
    except InputError as wrong:
        ended, error = Status.FAILED, str(wrong)
    except Exception as wrong:
        ended, error = Status.INTERRUPTED, f"training broke off: {type(wrong).__name__}: {wrong}"
        _logger.exception("run %s broke off", run_id)
    store.end_run(run_id, ended, error, attempt)


def _train(run: Run, store: Store, worker: Any) -> Status:
    """Trains a run, from its last completed epoch on if it has one; returns how it ended."""
    from digitlab.datasets import load_dataset

    digits = load_dataset(run.config.dataset)  # first: TensorFlow may still be on its way, `ahead`
    from digitlab.training import WishHeard, train

    done = len(store.epochs(run.id))
    start = _state(run, done, store) if done else None
    if start is not None and done == run.parent_epoch:
        start = start.forked()
    try:
        train(run.config, digits, _Reporter(run, store, worker), start)
    except WishHeard:
        return Status.PAUSED
    return Status.FINISHED


def _state(run: Run, epoch: int, store: Store) -> Checkpoint:
    """What a run goes on from after an epoch; the shipped recogniser has no more than a model."""
    if run.parent_id == PRETRAINED and epoch == run.parent_epoch:
        from digitlab.training import checkpoint_of

        return checkpoint_of(keras_model(store, PRETRAINED), run.config, epoch)
    return Checkpoint.from_bytes(store.artefact(run.id, CHECKPOINT.format(epoch=epoch)))


def run_measurement(config: str, place: str, home: str, database_url: str) -> str | None:
    """The job: measures a config in a worker process and stores its speed; returns what failed.

    It waits while a run of another process trains: both would be slower.

    Args:
        config: as JSON.
    """
    from distributed import Reschedule

    from digitlab.datasets import load_dataset
    from digitlab.measuring import measure

    store = Store(Path(home), database_url)
    if any(run.status is Status.RUNNING for run in store.active_runs()):
        time.sleep(TURN_SECONDS)
        raise Reschedule

    def work() -> None:
        wanted = TrainingConfig.from_json(config)
        store.keep_speed(measure(wanted, load_dataset(wanted.dataset)), place)

    return _once(store.home, work)


def run_study(kind: str, arguments: str, home: str, database_url: str, owner: str) -> str | None:
    """The job: does a study in a worker process and keeps its result; returns what failed.

    One that was done meanwhile is not done again. A study gives way to a run that waits, and
    begins anew after it, unless it is about to end: see `is_nearly_done`.

    Args:
        owner: of the runs that wait for this worker.
    """
    from distributed import Reschedule, get_worker

    store, worker = Store(Path(home), database_url), get_worker()
    study, shelf, began = Study(kind, arguments), Shelf(store.home), time.monotonic()

    def tell(fraction: float, words: str) -> None:
        told = {"fraction": fraction, "words": words}
        worker.log_event(TOPIC, {"study": study.key, "progress": told})

    def progress(fraction: float, words: str) -> None:
        if shelf.is_cancelled(study):
            raise StudyCancelledError
        nearly_done = is_nearly_done(fraction, time.monotonic() - began)
        if not nearly_done and store.has_queued(owner):
            tell(0.0, "lets a training go first")
            time.sleep(TURN_SECONDS)  # it may have to wait itself, for one of another process
            raise Reschedule
        tell(fraction, words)

    def work() -> None:
        with suppress(StudyCancelledError):
            progress(0.0, "begins")
            if shelf.result(study) is None:
                shelf.keep(study, compute(study, progress))

    return _once(store.home, work)


def is_nearly_done(fraction: float, seconds: float) -> bool:
    """Whether a study ends within FINISHING_SECONDS, if it goes on as fast.

    A study keeps nothing when it gives way. That may cost minutes; but somebody sits before a
    training and waits for its first epoch, while a study is looked at when it is done.
    """
    return seconds * (1 - fraction) < FINISHING_SECONDS * fraction


def _once(home: Path, work: Callable[[], None]) -> str | None:
    """Does some work and returns what failed, if anything.

    When a worker dies, Dask gives its task to the next one: it has begun then, and is given up.
    """
    from distributed import Reschedule, get_worker

    begun = home / f".{get_worker().get_current_task()}"
    try:
        begun.touch(exist_ok=False)
        work()
    except FileExistsError:
        return PROCESS_DIED
    except InputError as wrong:
        return str(wrong)
    except Reschedule:
        raise
    except Exception as wrong:
        _logger.exception("a job failed")
        return f"{type(wrong).__name__}: {wrong}"
    finally:
        begun.unlink(missing_ok=True)
    return None
