"""What one look at a run finds: read once, and told in words."""

from collections.abc import Iterable
from dataclasses import dataclass

from digitlab.forks import counted_from
from digitlab.jobs import get_jobs
from digitlab.pace import Pace, pace
from digitlab.records import BatchProgress, Epoch, Run, Status, Wish
from pages.ui.cache import store
from pages.ui.own_epochs import epochs_apart
from pages.ui.train.shown import active_run


@dataclass(frozen=True)
class Look:
    """A run at one moment. Its epochs and reports are its own, counted from 1: see `forks`.

    `planned` are the epochs that it is to have, `inherited` those that it had before it began.
    """

    run: Run
    epochs: tuple[Epoch, ...]
    batches: tuple[BatchProgress, ...]
    planned: int
    inherited: int

    @classmethod
    def of(cls, run: Run, epochs: Iterable[Epoch], batches: Iterable[BatchProgress]) -> "Look":
        """Of a run whose epochs and reports are counted as they are stored."""
        apart = epochs_apart(run.id)
        return cls(
            run,
            counted_from(epochs, apart),
            counted_from(batches, apart),
            run.config.epochs - apart,
            max((run.parent_epoch or 0) - apart, 0),
        )

    @property
    def has_begun(self) -> bool:
        """Whether a first batch is known of, or an epoch of its own training."""
        return bool(self.batches) or len(self.epochs) > self.inherited

    @property
    def latest(self) -> BatchProgress | Epoch | None:
        """The latest figures."""
        return (self.batches or self.epochs or (None,))[-1]

    @property
    def pace(self) -> Pace | None:
        """How fast it goes; None before there are figures."""
        return pace(self.run.config, self.batches, self.epochs)

    @property
    def is_next(self) -> bool:
        """Whether it is the run that trains, or the first that waits where none does."""
        first = active_run()
        return first is not None and first.id == self.run.id


def look(run_id: str) -> Look:
    """Looks at a run.

    Raises:
        UnknownRunError: if there is no such run.
    """
    return Look.of(store().run(run_id), store().epochs(run_id), get_jobs().progress(run_id))


def in_words(seen: Look) -> tuple[float, str]:
    """How far a run is, as a share and in words; that of another process reports whole epochs."""
    run, now, done = seen.run, seen.pace, len(seen.epochs)
    share = min(now.position / seen.planned, 1.0) if now else 0.0
    if not run.status.is_active:
        complete = f"{done} epoch is" if done == 1 else f"{done} epochs are"
        return share, f"{run.status.value.capitalize()}: {complete} complete"
    if run.status is Status.QUEUED:
        waits = "waits for its turn"
        if seen.is_next:
            waits = "waits for the training process: a few seconds, when it starts"
        return done / seen.planned, waits
    if run.controls.wish is Wish.PAUSE:
        return share, "pausing …"
    if run.controls.wish is Wish.STOP:
        return share, "stopping …"
    if now is None or seen.latest is None:
        return share, "starting: the training process loads TensorFlow, a few seconds at first"
    if share == 1.0:
        return share, "storing and testing the model"
    words = [
        f"epoch {seen.latest.epoch} of {seen.planned}",
        now.left_in_words(seen.planned),
        f"accuracy {100 * seen.latest.accuracy:.2f} %",
        f"loss {seen.latest.loss:.4f}",
    ]
    if now.digits_per_second is not None:
        words.append(f"{_round(now.digits_per_second):,} digits a second")
    return share, " · ".join(words)


def _round(number: float) -> int:
    """To two digits, so that it stands still: 12,345 → 12,000."""
    return int(float(f"{number:.1e}"))
