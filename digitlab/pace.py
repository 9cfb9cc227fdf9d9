"""How fast a training goes, and how long it will still take."""

from collections.abc import Sequence
from dataclasses import dataclass

from digitlab.config import TrainingConfig
from digitlab.records import BatchProgress, Epoch

RECENT = 24
"""The pace is that of so many last reports, about six seconds."""


@dataclass(frozen=True)
class Pace:
    """Where a training stands. `position` counts epochs; `digits_per_second` is None for a run of
    another process, which reports whole epochs only."""

    position: float
    seconds_per_epoch: float
    digits_per_second: float | None

    def seconds_left(self, epochs: int) -> float:
        """Until so many epochs are complete."""
        return max(epochs - self.position, 0) * self.seconds_per_epoch


def pace(
    config: TrainingConfig, batches: Sequence[BatchProgress], epochs: Sequence[Epoch]
) -> Pace | None:
    """From the reports within epochs if there are any, else from the complete epochs; else None.

    A run that was taken up again counts from where it went on.
    """
    if batches:
        begun = (float(batches[0].epoch - 1), 0.0)
        points = [begun, *((b.position, b.seconds) for b in batches)][-RECENT:]
        (before, then), (position, now) = points[0], points[-1]
        if position <= before or now <= then:
            return None
        seconds = (now - then) / (position - before)
        return Pace(position, seconds, batches[-1].batches * config.batch_size / seconds)
    if epochs:
        seconds = sum(epoch.seconds for epoch in epochs) / len(epochs)
        return Pace(len(epochs), seconds, None)
    return None


def clock(seconds: float) -> str:
    """'1:05', minutes and seconds; '2:00:05' with hours."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
