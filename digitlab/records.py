"""What training reports and the store keeps: plain, frozen records."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from digitlab.config import TrainingConfig


class Status(StrEnum):
    """Where a run stands. `interrupted`: its process died; `stopped`: a person stopped it."""

    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    STOPPED = "stopped"
    INTERRUPTED = "interrupted"
    FAILED = "failed"

    @property
    def is_active(self) -> bool:
        """Whether the run still waits or trains."""
        return self in (Status.QUEUED, Status.RUNNING)


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

    @property
    def has_model(self) -> bool:
        """Whether the run can be evaluated and drawn for."""
        return "model.tflite" in self.artefacts
