"""Runs, epochs and artefacts in SQL: the truth about what was trained.

A run's row is written before its job starts and every epoch as it completes. A file is written
aside, synced and renamed, and only then recorded with its SHA-256. SQLite by default, any
database that SQLAlchemy speaks to by `DIGITLAB_DATABASE_URL`.
"""

import hashlib
import json
import os
import shutil
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sql

from digitlab.config import TrainingConfig
from digitlab.costs import Speed
from digitlab.errors import InputError, UnknownRunError
from digitlab.files import default_home, path_aside, sync_folder, write_synced
from digitlab.records import (
    CHECKPOINT,
    LONGEST_NAME,
    LONGEST_NOTE,
    SNAPSHOT,
    Controls,
    Curve,
    Epoch,
    Run,
    Snapshot,
    Status,
    TestResult,
    Wish,
)
from digitlab.run_rows import (
    controls_of,
    imported_row,
    now,
    queued_row,
    readable_config,
    readable_run,
    run_of,
)
from digitlab.tables import ARTEFACTS, EPOCHS, RUNS, SPEEDS, connect

_ACTIVE = (Status.QUEUED, Status.RUNNING)

_KEPT = RUNS.c.deleted_at.is_(None)

SERIALISATION_FAILURES = ("40001", "40P01")
"""What PostgreSQL calls a transaction that gave way to another's, or was in its way."""

TIMED_EPOCHS = 500
"""How far back `timed_runs` looks."""

BIN_KEEPS = timedelta(hours=24)
"""A deleted run can be brought back for so long."""

MOST_IMPORTED = 1_000
LARGEST_IMPORTED_BYTES = 2_000_000_000
"""All imported runs on disk: anybody can bring some."""


@dataclass(frozen=True)
class StoredFile:
    """What the store knows of a file without reading it."""

    sha256: str
    size_bytes: int


@dataclass(frozen=True)
class Origin:
    """What a run was trained on, and the run that it went on from: see `Run.parent_id`."""

    dataset: str
    parent_id: str | None


@dataclass(frozen=True)
class Newcomer:
    """A run from elsewhere, whole, for `Store.add_runs`."""

    run: Run
    epochs: tuple[Epoch, ...]
    snapshots: tuple[int, ...]
    """The epochs that something can be looked at of."""
    read: Callable[[str], bytes]
    """Reads one of `run.artefacts`, or the SNAPSHOT of an epoch, by its name."""


class Store:
    """What DigitLab remembers. Safe to share between threads, and between processes.

    Args:
        home: the folder of the artefacts and of the SQLite file; made if missing.
        database_url: another database than that file.
    """

    def __init__(self, home: Path | None = None, database_url: str | None = None) -> None:
        self.home = home or default_home()
        try:
            self.home.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(
                f"DIGITLAB_HOME must be a folder that can be written, got {self.home}: "
                f"{error.strerror}"
            ) from None
        default = f"sqlite:///{self.home / 'digitlab.sqlite3'}"
        self.database_url = database_url or os.environ.get("DIGITLAB_DATABASE_URL") or default
        self._engine = connect(self.database_url)

    # Writing

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
        resumable = (RUNS.c.id == run_id) & RUNS.c.status.in_(states) & _KEPT
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

    def add_epoch(
        self, run_id: str, epoch: Epoch, snapshot: Snapshot | None = None, attempt: int = 1
    ) -> bool:
        """Writes a completed epoch; False if the run was queued anew since that attempt."""
        row = {"run_id": run_id, "snapshot": snapshot and snapshot.to_bytes(), **asdict(epoch)}
        values = [sql.literal(value, EPOCHS.c[name].type) for name, value in row.items()]
        mine = sql.exists().where((RUNS.c.id == run_id) & (RUNS.c.attempt == attempt))
        with self._engine.begin() as connection:
            added = connection.execute(
                EPOCHS.insert().from_select(list(row), sql.select(*values).where(mine)),
                execution_options={"preserve_rowcount": True},  # else PostgreSQL's is lost
            )
        return added.rowcount == 1

    def add_artefact(self, run_id: str, name: str, content: bytes) -> None:
        """Stores a file of a run, replacing an older one: it is there whole, or not at all."""
        row = self._written(run_id, name, content)
        key = (ARTEFACTS.c.run_id == run_id) & (ARTEFACTS.c.name == name)
        with self._engine.begin() as connection:
            if connection.execute(ARTEFACTS.update().where(key).values(row)).rowcount == 0:
                connection.execute(ARTEFACTS.insert().values(row))
        self._sweep(run_id, name, row["sha256"])

    def _written(
        self, run_id: str, name: str, content: bytes, folder: Path | None = None
    ) -> dict[str, Any]:
        """Writes a file beside an older one of that name, and returns its row.

        Args:
            folder: another one than the run's.
        """
        digest = hashlib.sha256(content).hexdigest()
        path = (folder or self.folder(run_id)) / _file_name(name, digest)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_synced(path, content)
        return {"run_id": run_id, "name": name, "sha256": digest, "size_bytes": len(content)}

    def _sweep(self, run_id: str, name: str, digest: str | None = None) -> None:
        """Removes the files of that name, but the one of that digest."""
        kept = digest and self._path(run_id, name, digest)
        for path in self.folder(run_id).glob(f"*-{name}"):
            if path != kept:
                path.unlink(missing_ok=True)

    def remove_artefact(self, run_id: str, name: str) -> None:
        """Forgets a file of a run; one that is not there is forgotten already."""
        key = (ARTEFACTS.c.run_id == run_id) & (ARTEFACTS.c.name == name)
        with self._engine.begin() as connection:
            connection.execute(ARTEFACTS.delete().where(key))
        self._sweep(run_id, name)

    def wish(self, run_id: str, wish: Wish) -> None:
        """Asks an active run to pause or to stop; one that still waits does so at once.

        Raises:
            UnknownRunError: if there is no such run.
        """
        self.run(run_id)
        ended = {Wish.PAUSE: Status.PAUSED, Wish.STOP: Status.STOPPED}[wish]
        mine = RUNS.c.id == run_id
        with self._engine.begin() as connection:
            connection.execute(
                RUNS.update().where(mine & RUNS.c.status.in_(_ACTIVE)).values(wish=wish)
            )
            connection.execute(
                RUNS.update()
                .where(mine & (RUNS.c.status == Status.QUEUED))
                .values(status=ended, ended_at=now())
            )

    def set_learning_rate(self, run_id: str, learning_rate: float) -> None:
        """Changes the learning rate of an active run from now on.

        Raises:
            UnknownRunError: if there is no such run.
        """
        self.run(run_id)
        active = (RUNS.c.id == run_id) & RUNS.c.status.in_(_ACTIVE)
        with self._engine.begin() as connection:
            connection.execute(RUNS.update().where(active).values(learning_rate=learning_rate))

    def controls(self, run_id: str, attempt: int) -> Controls | None:
        """What an attempt is asked for; None if it does not train the run any more."""
        mine = (RUNS.c.id == run_id) & (RUNS.c.attempt == attempt)
        with self._engine.connect() as connection:
            row = connection.execute(
                sql.select(RUNS.c.wish, RUNS.c.learning_rate).where(
                    mine & (RUNS.c.status == Status.RUNNING)
                )
            ).first()
        return controls_of(row) if row else None

    def set_test(self, run_id: str, test: TestResult, attempt: int = 1) -> None:
        """Writes how the final model did on the test part, unless it was queued again meanwhile."""
        mine = (RUNS.c.id == run_id) & (RUNS.c.attempt == attempt)
        with self._engine.begin() as connection:
            connection.execute(RUNS.update().where(mine).values(test=json.dumps(asdict(test))))

    def end_run(
        self, run_id: str, status: Status, error: str | None = None, attempt: int | None = None
    ) -> None:
        """Ends an active run; a run that has ended already stays as it is.

        Args:
            attempt: the one that ends; a run that was queued again meanwhile stays as it is.
        """
        active = (RUNS.c.id == run_id) & RUNS.c.status.in_(_ACTIVE)
        if attempt is not None:
            active &= RUNS.c.attempt == attempt
        with self._engine.begin() as connection:
            connection.execute(
                RUNS.update().where(active).values(status=status, ended_at=now(), error=error)
            )

    def touch(self, owner: str) -> None:
        """Notes that the owner of active runs is alive."""
        mine = (RUNS.c.owner == owner) & RUNS.c.status.in_(_ACTIVE)
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
                    RUNS.c.status.in_(_ACTIVE)
                )
            ).all()
        orphans = [r for r in rows if not is_alive(r.owner, now() - r.seen_alive_at)]
        for r in orphans:
            self.end_run(r.id, Status.INTERRUPTED, "the program that trained it ended", r.attempt)
        return [r.id for r in orphans]

    def keep_speed(self, speed: Speed, place: str) -> None:
        """Writes how fast a kind of training runs at a place, replacing what was known of it."""
        row = {field.name: getattr(speed, field.name) for field in fields(Speed)}
        row |= {"place": place, "measured_at": now()}
        del row["run"]
        with self._engine.begin() as connection:
            connection.execute(
                SPEEDS.delete().where((SPEEDS.c.key == speed.key) & (SPEEDS.c.place == place))
            )
            connection.execute(SPEEDS.insert().values(row))

    def label_run(self, run_id: str, name: str, note: str) -> None:
        """Writes what a person calls a run, and notes about it.

        Raises:
            UnknownRunError: if there is no such run.
            InputError: if the name or the note is too long.
        """
        self.run(run_id)
        name, note = check_label(name, note)
        with self._engine.begin() as connection:
            connection.execute(
                RUNS.update().where(RUNS.c.id == run_id).values(name=name, note=note)
            )

    def star_runs(self, run_ids: Sequence[str], starred: bool) -> None:
        """Stars runs, or takes their stars away."""
        with self._engine.begin() as connection:
            connection.execute(RUNS.update().where(RUNS.c.id.in_(run_ids)).values(starred=starred))

    def delete_runs(self, run_ids: Sequence[str]) -> None:
        """Puts runs into the bin, together: all of them, or none.

        Raises:
            InputError: if one of them waits or trains.
        """
        asked = RUNS.c.id.in_(run_ids)
        with self._engine.begin() as connection:
            connection.execute(RUNS.update().where(asked & _KEPT).values(deleted_at=now()))
            active = connection.scalars(
                sql.select(RUNS.c.id).where(asked & RUNS.c.status.in_(_ACTIVE))
            ).all()
            if active:
                raise InputError(f"{active[0]} still waits or trains: stop it before deleting it")

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

    # Reading

    def speeds(self, place: str) -> list[Speed]:
        """All that was measured at a place, latest first."""
        columns = [SPEEDS.c[field.name] for field in fields(Speed) if field.name != "run"]
        with self._engine.connect() as connection:
            rows = connection.execute(
                sql.select(*columns)
                .where(SPEEDS.c.place == place)
                .order_by(SPEEDS.c.measured_at.desc())
            ).all()
        return [Speed(**row._mapping) for row in rows]

    def timed_runs(self, host: str) -> list[tuple[str, TrainingConfig, list[float]]]:
        """Runs of processes of a host, latest first: id, config, and the seconds of their epochs.

        Without the first epoch, which includes building the network, and those of a parent; and
        without imported runs, whose epochs took what a stranger says.
        """
        inherited = sql.func.coalesce(RUNS.c.parent_epoch, 0)
        with self._engine.connect() as connection:
            rows = connection.execute(
                sql.select(RUNS.c.id, RUNS.c.config, EPOCHS.c.seconds)
                .join(EPOCHS)
                .where(RUNS.c.owner.startswith(f"{host} ", autoescape=True))
                .where(~RUNS.c.imported)
                .where(EPOCHS.c.epoch > inherited + 1)
                .order_by(RUNS.c.created_at.desc(), RUNS.c.id, EPOCHS.c.epoch)
                .limit(TIMED_EPOCHS)
            ).all()
        seconds: dict[tuple[str, str], list[float]] = defaultdict(list)
        for row in rows:
            seconds[row.id, row.config].append(row.seconds)
        return [
            (run_id, config, times)
            for (run_id, text), times in seconds.items()
            if (config := readable_config(run_id, text))
        ]

    def active_runs(self) -> list[Run]:
        """The runs that wait or train, oldest first; without the names of their files."""
        with self._engine.connect() as connection:
            rows = connection.execute(
                sql.select(RUNS)
                .where(RUNS.c.status.in_(_ACTIVE))
                .order_by(RUNS.c.created_at, RUNS.c.id.desc())
            ).all()
        return [run for row in rows if (run := readable_run(row, ()))]

    def runs(self) -> list[Run]:
        """All runs, newest first; those of another version that cannot be read are left out.

        Deleted ones are left out here and everywhere else, but for `last_deleted`.
        """
        return self._runs(_KEPT)

    def last_deleted(self) -> list[Run]:
        """The runs that were deleted last, together, as far as they can be brought back."""
        last = sql.select(sql.func.max(RUNS.c.deleted_at)).scalar_subquery()
        return self._runs((RUNS.c.deleted_at == last) & (RUNS.c.deleted_at > now() - BIN_KEEPS))

    def _runs(self, wanted: sql.ColumnElement[bool]) -> list[Run]:
        with self._engine.connect() as connection:
            rows = connection.execute(
                sql.select(RUNS).where(wanted).order_by(RUNS.c.created_at.desc(), RUNS.c.id)
            ).all()
            names = connection.execute(
                sql.select(ARTEFACTS.c.run_id, ARTEFACTS.c.name).order_by(ARTEFACTS.c.name)
            ).all()
        files = _grouped(names)
        return [
            run
            for row in rows
            if (run := readable_run(row, [file.name for file in files.get(row.id, ())]))
        ]

    def run(self, run_id: str) -> Run:
        """One run.

        Raises:
            UnknownRunError: if there is none of that id.
        """
        with self._engine.connect() as connection:
            row = connection.execute(sql.select(RUNS).where((RUNS.c.id == run_id) & _KEPT)).first()
            names = connection.scalars(
                sql.select(ARTEFACTS.c.name)
                .where(ARTEFACTS.c.run_id == run_id)
                .order_by(ARTEFACTS.c.name)
            ).all()
        if row is None:
            raise UnknownRunError(f"there is no run {run_id!r}")
        return run_of(row, names)

    def epochs(self, run_id: str) -> tuple[Epoch, ...]:
        """The completed epochs of a run, first to last."""
        columns = [EPOCHS.c[field.name] for field in fields(Epoch)]
        with self._engine.connect() as connection:
            rows = connection.execute(
                sql.select(*columns).where(EPOCHS.c.run_id == run_id).order_by(EPOCHS.c.epoch)
            ).all()
        return tuple(Epoch(**row._mapping) for row in rows)

    def epoch_counts(self) -> dict[str, int]:
        """How many epochs of each run are complete; runs without any are left out."""
        with self._engine.connect() as connection:
            rows = connection.execute(
                sql.select(EPOCHS.c.run_id, sql.func.count().label("done")).group_by(
                    EPOCHS.c.run_id
                )
            ).all()
        return {row.run_id: row.done for row in rows}

    def curves(self) -> dict[str, Curve]:
        """How every run learned, in one look; runs without a complete epoch are left out."""
        own = EPOCHS.c.epoch > sql.func.coalesce(RUNS.c.parent_epoch, 0)
        columns = (
            EPOCHS.c.run_id,
            sql.func.coalesce(EPOCHS.c.val_accuracy, EPOCHS.c.accuracy).label("accuracy"),
            sql.case((own, EPOCHS.c.seconds), else_=0.0).label("seconds"),
        )
        with self._engine.connect() as connection:
            rows = connection.execute(
                sql.select(*columns)
                .join(RUNS)
                .where(_KEPT)
                .order_by(EPOCHS.c.run_id, EPOCHS.c.epoch)
            ).all()
        return {
            run_id: Curve(tuple(row.accuracy for row in epochs), sum(row.seconds for row in epochs))
            for run_id, epochs in _grouped(rows).items()
        }

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

    def owner(self, run_id: str) -> str:
        """The process that answers for a run.

        Raises:
            UnknownRunError: if there is no such run.
        """
        with self._engine.connect() as connection:
            owner = connection.scalar(sql.select(RUNS.c.owner).where((RUNS.c.id == run_id) & _KEPT))
        if owner is None:
            raise UnknownRunError(f"there is no run {run_id!r}")
        return str(owner)

    def has_queued(self, owner: str) -> bool:
        """Whether a run of that owner waits."""
        waiting = (RUNS.c.owner == owner) & (RUNS.c.status == Status.QUEUED)
        with self._engine.connect() as connection:
            return connection.scalar(sql.select(RUNS.c.id).where(waiting).limit(1)) is not None

    def snapshots(self, run_id: str) -> dict[int, bytes]:
        """What could be looked at after each epoch, as `Snapshot.to_bytes` wrote it."""
        kept = (EPOCHS.c.run_id == run_id) & EPOCHS.c.snapshot.is_not(None)
        with self._engine.connect() as connection:
            rows = connection.execute(
                sql.select(EPOCHS.c.epoch, EPOCHS.c.snapshot).where(kept).order_by(EPOCHS.c.epoch)
            ).all()
        return {row.epoch: row.snapshot for row in rows}

    def files(self, run_ids: Sequence[str]) -> dict[str, dict[str, StoredFile]]:
        """What is known of the files of some runs, by run and name."""
        with self._engine.connect() as connection:
            rows = connection.execute(
                sql.select(ARTEFACTS).where(ARTEFACTS.c.run_id.in_(run_ids))
            ).all()
        return {
            run_id: {file.name: StoredFile(file.sha256, file.size_bytes) for file in files}
            for run_id, files in _grouped(rows).items()
        }

    def snapshot(self, run_id: str, epoch: int) -> Snapshot | None:
        """What could be looked at after an epoch; None if nothing was kept."""
        key = (EPOCHS.c.run_id == run_id) & (EPOCHS.c.epoch == epoch)
        with self._engine.connect() as connection:
            content = connection.scalar(sql.select(EPOCHS.c.snapshot).where(key))
        return Snapshot.from_bytes(content) if content else None

    def artefact(self, run_id: str, name: str) -> bytes:
        """A stored file, checked against its SHA-256.

        Raises:
            UnknownRunError: if there is no such run.
            InputError: if the run has no such file, or it was damaged.
        """
        self.run(run_id)
        key = (ARTEFACTS.c.run_id == run_id) & (ARTEFACTS.c.name == name)
        for _ in range(2):  # it may be replaced between the look at the row and at the file
            with self._engine.connect() as connection:
                digest = connection.scalar(sql.select(ARTEFACTS.c.sha256).where(key))
            if digest is None:
                raise InputError(f"run {run_id} has no {name}")
            path = self._path(run_id, name, digest)
            content = path.read_bytes() if path.exists() else b""
            if hashlib.sha256(content).hexdigest() == digest:
                return content
        raise InputError(f"{name} of run {run_id} is damaged or missing on disk")

    def folder(self, run_id: str) -> Path:
        """Where a run's files lie."""
        return self.home / "runs" / run_id

    def _path(self, run_id: str, name: str, digest: str) -> Path:
        return self.folder(run_id) / _file_name(name, digest)


def _file_name(name: str, digest: str) -> str:
    return f"{digest[:12]}-{name}"


def check_label(name: str, note: str) -> tuple[str, str]:
    """A name as one line, and a note, without what cannot be printed.

    Raises:
        InputError: if one is too long.
    """
    name = " ".join("".join(c if c.isprintable() else " " for c in name).split())
    note = "".join(c if c.isprintable() or c == "\n" else " " for c in note).strip()
    for field, text, longest in (("name", name, LONGEST_NAME), ("note", note, LONGEST_NOTE)):
        if len(text) > longest:
            raise InputError(f"{field} must have at most {longest:,} characters, got {len(text):,}")
    return name, note


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


def _grouped(rows: Sequence[Any]) -> dict[str, list[Any]]:
    """Rows by their run's id."""
    grouped: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        grouped[row.run_id].append(row)
    return grouped


def _came_second(error: sql.exc.OperationalError) -> bool:
    """Whether a transaction failed for no other reason than that somebody else's came first."""
    if isinstance(error.orig, sqlite3.OperationalError):
        return error.orig.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
    return getattr(error.orig, "sqlstate", None) in SERIALISATION_FAILURES
