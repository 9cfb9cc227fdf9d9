"""Runs as they stand, and where they come from."""

from dataclasses import dataclass

import sqlalchemy as sql

from digitlab.errors import UnknownRunError
from digitlab.records import Run
from digitlab.run_rows import readable_config, readable_run, run_of
from digitlab.store.database import ACTIVE, KEPT, Database, by_run
from digitlab.tables import ARTEFACTS, RUNS


@dataclass(frozen=True)
class Origin:
    """What a run was trained on, and the run that it went on from: see `Run.parent_id`."""

    dataset: str
    parent_id: str | None


class Runs(Database):
    """Finds runs."""

    def run(self, run_id: str) -> Run:
        """One run.

        Raises:
            UnknownRunError: if there is none of that id.
        """
        if "\0" in run_id:  # PostgreSQL refuses to look for it
            raise UnknownRunError(f"there is no run {run_id!r}")
        with self._engine.connect() as connection:
            row = connection.execute(sql.select(RUNS).where((RUNS.c.id == run_id) & KEPT)).first()
            names = connection.scalars(
                sql.select(ARTEFACTS.c.name)
                .where(ARTEFACTS.c.run_id == run_id)
                .order_by(ARTEFACTS.c.name)
            ).all()
        if row is None:
            raise UnknownRunError(f"there is no run {run_id!r}")
        return run_of(row, names)

    def runs(self) -> list[Run]:
        """All runs, newest first; those of another version that cannot be read are left out.

        Deleted ones are left out here and everywhere else, but for `last_deleted`.
        """
        return self._runs(KEPT)

    def _runs(self, wanted: sql.ColumnElement[bool]) -> list[Run]:
        with self._engine.connect() as connection:
            rows = connection.execute(
                sql.select(RUNS).where(wanted).order_by(RUNS.c.created_at.desc(), RUNS.c.id)
            ).all()
            names = connection.execute(
                sql.select(ARTEFACTS.c.run_id, ARTEFACTS.c.name).order_by(ARTEFACTS.c.name)
            ).all()
        files = by_run(names)
        return [
            run
            for row in rows
            if (run := readable_run(row, [file.name for file in files.get(row.id, ())]))
        ]

    def active_runs(self) -> list[Run]:
        """The runs that wait or train, oldest first; without the names of their files."""
        with self._engine.connect() as connection:
            rows = connection.execute(
                sql.select(RUNS)
                .where(RUNS.c.status.in_(ACTIVE))
                .order_by(RUNS.c.created_at, RUNS.c.id.desc())
            ).all()
        return [run for row in rows if (run := readable_run(row, ()))]

    def holds(self, run_id: str) -> bool:
        """Whether the id is taken: by a run, or by one in the bin."""
        with self._engine.connect() as connection:
            taken = connection.scalar(sql.select(RUNS.c.id).where(RUNS.c.id == run_id))
        return taken is not None

    def origins(self) -> dict[str, Origin]:
        """Where every run comes from, by its id; those in the bin too, for they may come back."""
        with self._engine.connect() as connection:
            rows = connection.execute(sql.select(RUNS.c.id, RUNS.c.config, RUNS.c.parent_id)).all()
        return {
            row.id: Origin(config.dataset, row.parent_id)
            for row in rows
            if (config := readable_config(row.id, row.config))
        }
