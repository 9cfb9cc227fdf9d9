"""Runs from elsewhere: all of them come in, whole, or none."""

import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sql

from digitlab.errors import InputError
from digitlab.files import path_aside, sync_folder
from digitlab.records import SNAPSHOT, Epoch, Run
from digitlab.run_rows import imported_row
from digitlab.store.files import Files
from digitlab.tables import ARTEFACTS, EPOCHS, RUNS

MOST_IMPORTED = 1_000
LARGEST_IMPORTED_BYTES = 2_000_000_000
"""All imported runs on disk: anybody can bring some."""


@dataclass(frozen=True)
class Newcomer:
    """A run from elsewhere, whole, for `Store.add_runs`."""

    run: Run
    epochs: tuple[Epoch, ...]
    snapshots: tuple[int, ...]
    """The epochs that something can be looked at of."""
    read: Callable[[str], bytes]
    """Reads one of `run.artefacts`, or the SNAPSHOT of an epoch, by its name."""


class Newcomers(Files):
    """Takes runs in."""

    def add_runs(self, newcomers: Iterable[Newcomer]) -> None:
        """Writes runs from elsewhere with their epochs and files: all of them, or none.

        The files are written aside first, so that the database is held for a moment only.

        Raises:
            InputError: if a run of such an id has come meanwhile, there is no room for more
                imported runs, or the disk is full.
        """
        newcomers = list(newcomers)
        aside = path_aside(self.home / "runs" / "import")
        try:
            files = [
                self._written(newcomer.run.id, name, newcomer.read(name), aside / newcomer.run.id)
                for newcomer in newcomers
                for name in newcomer.run.artefacts
            ]
            self._take_in(newcomers, files, aside)
        except sql.exc.IntegrityError:
            raise InputError("somebody else has just brought these runs here") from None
        except OSError as error:
            raise InputError(f"the runs cannot be written here: {error.strerror}") from None
        finally:
            shutil.rmtree(aside, ignore_errors=True)

    def _take_in(
        self, newcomers: Sequence[Newcomer], files: Sequence[dict[str, Any]], aside: Path
    ) -> None:
        """Writes the rows of newcomers and of their files, and moves their folders from aside."""
        moved: list[Path] = []
        try:
            with self._engine.begin() as connection:
                for newcomer in newcomers:
                    connection.execute(RUNS.insert().values(imported_row(newcomer.run)))
                    _add_epochs(connection, newcomer)
                if files:
                    connection.execute(ARTEFACTS.insert(), files)
                _check_room(connection)
                # The folders are ours from here on: nobody else has runs of these ids.
                for folder in sorted({self.folder(file["run_id"]) for file in files}):
                    shutil.rmtree(folder, ignore_errors=True)
                    moved.append(folder)
                    (aside / folder.name).replace(folder)
                if moved:
                    sync_folder(aside.parent)
        except BaseException:
            for folder in moved:
                shutil.rmtree(folder, ignore_errors=True)
            raise


def _add_epochs(connection: sql.Connection, newcomer: Newcomer) -> None:
    """Writes the epochs of a run from elsewhere, and what can be looked at after them."""
    rows = [
        {"run_id": newcomer.run.id, "snapshot": None, **asdict(epoch)} for epoch in newcomer.epochs
    ]
    for row in rows:
        if row["epoch"] in newcomer.snapshots:
            row["snapshot"] = newcomer.read(SNAPSHOT.format(epoch=row["epoch"]))
    if rows:
        connection.execute(EPOCHS.insert(), rows)


def _check_room(connection: sql.Connection) -> None:
    """Raises InputError if imported runs have become too many, those in the bin among them."""
    imported = sql.select(RUNS.c.id).where(RUNS.c.imported)
    count = connection.scalar(sql.select(sql.func.count()).where(RUNS.c.imported)) or 0
    size_bytes = sum(
        connection.scalar(sql.select(sql.func.sum(size)).where(run_id.in_(imported))) or 0
        for size, run_id in (
            (ARTEFACTS.c.size_bytes, ARTEFACTS.c.run_id),
            (sql.func.length(EPOCHS.c.snapshot), EPOCHS.c.run_id),
        )
    )
    if count > MOST_IMPORTED or size_bytes > LARGEST_IMPORTED_BYTES:
        raise InputError(
            f"at most {MOST_IMPORTED:,} imported runs of {LARGEST_IMPORTED_BYTES / 1e9:.0f} GB in "
            "all are kept here: delete some, which makes room a day later"
        )
