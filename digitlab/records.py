"""What training reports and the store keeps: plain, frozen records."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import numpy as np

from digitlab.config import TrainingConfig
from digitlab.npz import arrays_in, npz_of


class Status(StrEnum):
    """Where a run stands. `interrupted`: its process died; `stopped`: a person stopped it."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    STOPPED = "stopped"
    INTERRUPTED = "interrupted"
    FAILED = "failed"

    @property
    def is_active(self) -> bool:
        """Whether the run still waits or trains."""
        return self in (Status.QUEUED, Status.RUNNING)

    @property
    def can_resume(self) -> bool:
        """Whether the run can be taken up again where it ended."""
        return self in (Status.PAUSED, Status.STOPPED, Status.INTERRUPTED)


class Wish(StrEnum):
    """What a person asks a run to do. Both keep the completed epochs and give up the rest."""

    PAUSE = "pause"
    STOP = "stop"


@dataclass(frozen=True)
class Controls:
    """What a training is asked for while it runs."""

    wish: Wish | None = None
    learning_rate: float | None = None
    """Replaces the config's from now on; None leaves it."""


@dataclass(frozen=True)
class Epoch:
    """One completed epoch as Keras reported it; `epoch` counts from 1, accuracies are fractions."""

    epoch: int
    accuracy: float
    loss: float
    val_accuracy: float | None
    val_loss: float | None
    learning_rate: float
    seconds: float


@dataclass(frozen=True)
class Curve:
    """How a run learned, in short: for a list of many runs."""

    accuracies: tuple[float, ...]
    """By epoch: those on the validation digits, or on the training digits without any."""
    seconds: float
    """What its epochs took, without those of a parent."""


@dataclass(frozen=True, eq=False)
class Snapshot:
    """What can be looked at after an epoch."""

    probabilities: np.ndarray
    """float32 (p, 10): how the network reads the probe digits."""
    filters: np.ndarray
    """float32 (k, k, f): the first convolution's kernels; (0, 0, 0) in a network without one."""

    def to_bytes(self) -> bytes:
        """An .npz file."""
        return npz_of(**vars(self))

    @classmethod
    def from_bytes(cls, content: bytes) -> "Snapshot":
        """Reads what `to_bytes` wrote."""
        return cls(**arrays_in(content))


@dataclass(frozen=True)
class BatchProgress:
    """Where training is within an epoch; `accuracy` and `loss` are the epoch's running means."""

    epoch: int
    batch: int
    batches: int
    accuracy: float
    loss: float
    learning_rate: float
    seconds: float
    """Seconds since training began."""

    @property
    def position(self) -> float:
        """Epochs done, with the fraction of the present one: 1.5 is half-way through the second."""
        return self.epoch - 1 + self.batch / self.batches


@dataclass(frozen=True)
class TestResult:
    """How the final model did on the test part; `accuracy_low` and `accuracy_high` span 95 %."""

    accuracy: float
    accuracy_low: float
    accuracy_high: float
    loss: float
    n: int

    __test__ = False  # not a test class, whatever pytest thinks of its name


@dataclass(frozen=True)
class Run:
    """One training run as the store knows it. Times are UTC."""

    id: str
    config: TrainingConfig
    status: Status
    preset: str | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    error: str | None
    test: TestResult | None
    artefacts: tuple[str, ...]
    """Names of the stored files, `model.keras` and `model.tflite` among them."""
    controls: Controls = Controls()
    attempt: int = 1
    """How often it was queued: once, and once more with every resume."""
    parent_id: str | None = None
    """The run that this one was forked from, after `parent_epoch` epochs."""
    parent_epoch: int | None = None
    name: str = ""
    """What a person calls it; one line."""
    note: str = ""
    starred: bool = False
    imported: bool = False
    """Whether it came out of an archive: its `model.keras` may be a stranger's, never load it."""

    @property
    def has_model(self) -> bool:
        """Whether the run can be evaluated and drawn for."""
        return "model.tflite" in self.artefacts

    @property
    def checkpoints(self) -> tuple[int, ...]:
        """The epochs that the run can be forked from, in order."""
        head, tail = CHECKPOINT.split("{epoch}")
        kept = (name[len(head) : -len(tail)] for name in self.artefacts if name.startswith(head))
        return tuple(sorted(map(int, kept)))


LONGEST_NAME = 60
LONGEST_NOTE = 2000

CHECKPOINT = "checkpoint-{epoch}.npz"
"""Name of the file that holds the state of training after an epoch: see `checkpoints`."""

SNAPSHOT = "snapshot-{epoch}.npz"
"""Name of the file that holds the snapshot of an epoch where a run travels: see `archive`."""
