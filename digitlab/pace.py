"""How fast a training goes, and how long it will still take."""

from collections.abc import Sequence
from dataclasses import dataclass

from digitlab.config import TrainingConfig
from digitlab.records import BatchProgress, Epoch

RECENT = 24
"""The pace is that of so many last reports, about six seconds."""

FEWEST = 3
"""The first report holds the making of the graph, which takes longer than many batches: the pace is
told once two more have come, and counts from the first."""


@dataclass(frozen=True)
class Pace:
    """Where a training stands. `position` counts epochs; `seconds_per_epoch` is None as long as
    nobody can tell, `digits_per_second` also for a run of another process, which reports whole
    epochs only."""

    position: float
    seconds_per_epoch: float | None = None
    digits_per_second: float | None = None

    def left_in_words(self, epochs: int) -> str:
        """Until so many epochs are complete: '1:05 left', or 'a moment …' before it can be told."""
        if self.seconds_per_epoch is None:
            return "a moment …"
        return f"{clock(max(epochs - self.position, 0) * self.seconds_per_epoch)} left"


def pace(
    config: TrainingConfig, batches: Sequence[BatchProgress], epochs: Sequence[Epoch]
) -> Pace | None:
    """From the reports within epochs if there are any, else from the complete epochs; else None.

    A run that was taken up again counts from where it went on.
    """
    if batches:
        first, last = batches[-RECENT:][0], batches[-1]
        way, time = last.position - first.position, last.seconds - first.seconds
        if len(batches) < FEWEST or way <= 0 or time <= 0:
            return Pace(last.position)
        seconds = time / way
        return Pace(last.position, seconds, last.batches * config.batch_size / seconds)
    if epochs:
        seconds = sum(epoch.seconds for epoch in epochs) / len(epochs)
        return Pace(len(epochs), seconds)
    return None


def clock(seconds: float) -> str:
    """'1:05', minutes and seconds; '2:00:05' with hours."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
