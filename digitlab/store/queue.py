"""How a run comes to wait, to train, and to its end; and who answers for it meanwhile."""

import json
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import timedelta

import sqlalchemy as sql

from digitlab.config import TrainingConfig
from digitlab.errors import UnknownRunError
from digitlab.records import CHECKPOINT, Epoch, Status, TestResult
from digitlab.run_rows import now, queued_row
from digitlab.store.database import ACTIVE, KEPT
from digitlab.store.files import Files
from digitlab.tables import ARTEFACTS, EPOCHS, RUNS

SERIALISATION_FAILURES = ("40001", "40P01")
"""What PostgreSQL calls a transaction that gave way to another's, or was in its way."""


class Queue(Files):
    """Leads runs from their first row to their end; one trains at a time."""

    def create_run(self, config: TrainingConfig, preset: str | None, owner: str) -> str:
        """Writes a queued run and returns its id: two words and four hexadecimal digits.

        Args:
            owner: the process that answers for the run; see `interrupt_orphans`.
        """
        row = queued_row(config, preset, owner)
        with self._engine.begin() as connection:
            connection.execute(RUNS.insert().values(row))
        return str(row["id"])

    def fork_run(self, run_id: str, epoch: int, config: TrainingConfig, owner: str) -> str:
        """Copies a run as it stood after `epoch`, with another config, as a queued run.

        Returns the new run's id. Whatever becomes of the old run, the new one stands alone.

        Raises:
            UnknownRunError: if there is no such run.
            InputError: if that epoch has no checkpoint.
        """
        name = CHECKPOINT.format(epoch=epoch)
        checkpoint = self.artefact(run_id, name)
        row = queued_row(config, self.run(run_id).preset, owner)
        row |= {"parent_id": run_id, "parent_epoch": epoch}
        columns = [column for column in EPOCHS.c if column.name != "run_id"]
        copied = sql.select(sql.literal(row["id"]), *columns).where(
            (EPOCHS.c.run_id == run_id) & (EPOCHS.c.epoch <= epoch)
        )
        file = self._written(row["id"], name, checkpoint)
        with self._engine.begin() as connection:
            connection.execute(RUNS.insert().values(row))
            connection.execute(
                EPOCHS.insert().from_select(["run_id", *(c.name for c in columns)], copied)
            )
            connection.execute(ARTEFACTS.insert().values(file))
        return str(row["id"])

    def fork_network(
        self, name: str, epochs: Sequence[Epoch], config: TrainingConfig, owner: str
    ) -> str:
        """Writes a queued run that goes on from a network that is no run, and returns its id.

        Args:
            name: of the network, `pretrained`.
            epochs: those that it was trained for.
        """
        row = queued_row(config, None, owner)
        row |= {"parent_id": name, "parent_epoch": len(epochs)}
        rows = [{"run_id": row["id"], "snapshot": None, **asdict(epoch)} for epoch in epochs]
        with self._engine.begin() as connection:
            connection.execute(RUNS.insert().values(row))
            connection.execute(EPOCHS.insert(), rows)
        return str(row["id"])

    def requeue_run(self, run_id: str, owner: str) -> None:
        """Puts a run that can resume back into the queue; any other stays as it is."""
        states = [status for status in Status if status.can_resume]
        values = {
            "status": Status.QUEUED,
            "owner": owner,
            "attempt": RUNS.c.attempt + 1,
            "seen_alive_at": now(),
            "ended_at": None,
            "wish": None,
            "error": None,
            "test": None,
        }
        resumable = (RUNS.c.id == run_id) & RUNS.c.status.in_(states) & KEPT
        with self._engine.begin() as connection:
            connection.execute(RUNS.update().where(resumable).values(values))

    def start_run(self, run_id: str) -> bool:
        """Marks a queued run as running; False if it does not wait any more, or another runs."""
        others = RUNS.alias()
        free = ~sql.exists().where(others.c.status == Status.RUNNING)
        queued = (RUNS.c.id == run_id) & (RUNS.c.status == Status.QUEUED)
        values = {"status": Status.RUNNING, "started_at": now(), "seen_alive_at": now()}
        serial = self._engine.execution_options(isolation_level="SERIALIZABLE")
        try:
            with serial.begin() as connection:
                changed = connection.execute(RUNS.update().where(queued & free).values(values))
                return changed.rowcount == 1
        except sql.exc.OperationalError as error:
            if _came_second(error):
                return False
            raise

    def end_run(
        self, run_id: str, status: Status, error: str | None = None, attempt: int | None = None
    ) -> None:
        """Ends an active run; a run that has ended already stays as it is.

        Args:
            attempt: the one that ends; a run that was queued again meanwhile stays as it is.
        """
        active = (RUNS.c.id == run_id) & RUNS.c.status.in_(ACTIVE)
        if attempt is not None:
            active &= RUNS.c.attempt == attempt
        with self._engine.begin() as connection:
            connection.execute(
                RUNS.update().where(active).values(status=status, ended_at=now(), error=error)
            )

    def set_test(self, run_id: str, test: TestResult, attempt: int = 1) -> None:
        """Writes how the final model did on the test part, unless it was queued again meanwhile."""
        mine = (RUNS.c.id == run_id) & (RUNS.c.attempt == attempt)
        with self._engine.begin() as connection:
            connection.execute(RUNS.update().where(mine).values(test=json.dumps(asdict(test))))

    def has_queued(self, owner: str) -> bool:
        """Whether a run of that owner waits."""
        waiting = (RUNS.c.owner == owner) & (RUNS.c.status == Status.QUEUED)
        with self._engine.connect() as connection:
            return connection.scalar(sql.select(RUNS.c.id).where(waiting).limit(1)) is not None

    def owner(self, run_id: str) -> str:
        """The process that answers for a run.

        Raises:
            UnknownRunError: if there is no such run.
        """
        with self._engine.connect() as connection:
            owner = connection.scalar(sql.select(RUNS.c.owner).where((RUNS.c.id == run_id) & KEPT))
        if owner is None:
            raise UnknownRunError(f"there is no run {run_id!r}")
        return str(owner)

    def touch(self, owner: str) -> None:
        """Notes that the owner of active runs is alive."""
        mine = (RUNS.c.owner == owner) & RUNS.c.status.in_(ACTIVE)
        with self._engine.begin() as connection:
            connection.execute(RUNS.update().where(mine).values(seen_alive_at=now()))

    def interrupt_orphans(self, is_alive: Callable[[str, timedelta], bool]) -> list[str]:
        """Marks active runs whose owner is gone as interrupted, and returns their ids.

        Args:
            is_alive: judges an owner, and how long ago it was last seen alive.
        """
        with self._engine.connect() as connection:
            rows = connection.execute(
                sql.select(RUNS.c.id, RUNS.c.owner, RUNS.c.attempt, RUNS.c.seen_alive_at).where(
                    RUNS.c.status.in_(ACTIVE)
                )
            ).all()
        orphans = [r for r in rows if not is_alive(r.owner, now() - r.seen_alive_at)]
        for r in orphans:
            self.end_run(r.id, Status.INTERRUPTED, "the program that trained it ended", r.attempt)
        return [r.id for r in orphans]


def _came_second(error: sql.exc.OperationalError) -> bool:
    """Whether a transaction failed for no other reason than that somebody else's came first."""
    if isinstance(error.orig, sqlite3.OperationalError):
        return error.orig.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
    return getattr(error.orig, "sqlstate", None) in SERIALISATION_FAILURES
