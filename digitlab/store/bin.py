"""Deleted runs: they lie in a bin for a while, and can be brought back."""

import shutil
from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sql

from digitlab.errors import InputError
from digitlab.records import Run
from digitlab.run_rows import now
from digitlab.store.database import ACTIVE, KEPT
from digitlab.store.runs import Runs
from digitlab.tables import RUNS

BIN_KEEPS = timedelta(hours=24)
"""A deleted run can be brought back for so long."""


class Bin(Runs):
    """Deletes runs."""

    def delete_runs(self, run_ids: Sequence[str]) -> None:
        """Puts runs into the bin, together: all of them, or none.

        Raises:
            InputError: if one of them waits or trains.
        """
        asked = RUNS.c.id.in_(run_ids)
        with self._engine.begin() as connection:
            connection.execute(RUNS.update().where(asked & KEPT).values(deleted_at=now()))
            active = connection.scalars(
                sql.select(RUNS.c.id).where(asked & RUNS.c.status.in_(ACTIVE))
            ).all()
            if active:
                raise InputError(f"{active[0]} still waits or trains: stop it before deleting it")

    def last_deleted(self) -> list[Run]:
        """The runs that were deleted last, together, as far as they can be brought back."""
        last = sql.select(sql.func.max(RUNS.c.deleted_at)).scalar_subquery()
        return self._runs((RUNS.c.deleted_at == last) & (RUNS.c.deleted_at > now() - BIN_KEEPS))

    def restore_runs(self, run_ids: Sequence[str]) -> None:
        """Takes runs out of the bin again; one that is not there any more stays away."""
        asked = RUNS.c.id.in_(run_ids) & (RUNS.c.deleted_at > now() - BIN_KEEPS)
        with self._engine.begin() as connection:
            connection.execute(RUNS.update().where(asked).values(deleted_at=None))

    def empty_bin(self) -> None:
        """Removes for good what has been in the bin for BIN_KEEPS: files, epochs, runs."""
        over = RUNS.c.deleted_at <= now() - BIN_KEEPS
        with self._engine.connect() as connection:
            run_ids = connection.scalars(sql.select(RUNS.c.id).where(over)).all()
        for run_id in run_ids:
            shutil.rmtree(self.folder(run_id), ignore_errors=True)
            with self._engine.begin() as connection:
                connection.execute(RUNS.delete().where((RUNS.c.id == run_id) & over))
