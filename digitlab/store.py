"""Runs, epochs and artefacts in SQL: the truth about what was trained.

A run's row is written before its job starts and every epoch as it completes. A file is written
aside, synced and renamed, and only then recorded with its SHA-256. SQLite by default, any
database that SQLAlchemy speaks to by `DIGITLAB_DATABASE_URL`.
"""

import hashlib
import json
import logging
import os
import secrets
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import sqlalchemy as sql

from digitlab.config import TrainingConfig
from digitlab.costs import Speed
from digitlab.errors import InputError, UnknownRunError
from digitlab.files import default_home, write_synced
from digitlab.names import run_name
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
from digitlab.tables import ARTEFACTS, EPOCHS, RUNS, SPEEDS, connect

_logger = logging.getLogger(__name__)

_ACTIVE = (Status.QUEUED, Status.RUNNING)

_KEPT = RUNS.c.deleted_at.is_(None)

TIMED_EPOCHS = 500
"""How far back `timed_runs` looks."""

BIN_KEEPS = timedelta(hours=24)
"""A deleted run can be brought back for so long."""

IMPORTED = "imported"
"""The owner of a run that came out of an archive: no process answers for it."""


@dataclass(frozen=True)
class StoredFile:
    """What the store knows of a file without reading it."""

    sha256: str
    size_bytes: int


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
        row = _new_row(config, preset, owner)
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
        row = _new_row(config, self.run(run_id).preset, owner)
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

    def requeue_run(self, run_id: str, owner: str) -> None:
        """Puts a run that can resume back into the queue; any other stays as it is."""
        states = [status for status in Status if status.can_resume]
        values = {
            "status": Status.QUEUED,
            "owner": owner,
            "attempt": RUNS.c.attempt + 1,
            "seen_alive_at": _now(),
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
        values = {"status": Status.RUNNING, "started_at": _now(), "seen_alive_at": _now()}
        with (
            suppress(sql.exc.OperationalError),  # somebody else's transaction came first
            self._engine.connect().execution_options(isolation_level="SERIALIZABLE") as connection,
            connection.begin(),
        ):
            changed = connection.execute(RUNS.update().where(queued & free).values(values))
            return changed.rowcount == 1
        return False

    def add_epoch(
        self, run_id: str, epoch: Epoch, snapshot: Snapshot | None = None, attempt: int = 1
    ) -> bool:
        """Writes a completed epoch; False if the run was queued anew since that attempt."""
        row = {"run_id": run_id, "snapshot": snapshot and snapshot.to_bytes(), **asdict(epoch)}
        values = [sql.literal(value, EPOCHS.c[name].type) for name, value in row.items()]
        mine = sql.exists().where((RUNS.c.id == run_id) & (RUNS.c.attempt == attempt))
        with self._engine.begin() as connection:
            added = connection.execute(
                EPOCHS.insert().from_select(list(row), sql.select(*values).where(mine))
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

    def _written(self, run_id: str, name: str, content: bytes) -> dict[str, Any]:
        """Writes a file beside an older one of that name, and returns its row."""
        digest = hashlib.sha256(content).hexdigest()
        path = self._path(run_id, name, digest)
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
                .values(status=ended, ended_at=_now())
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
        return _controls(row) if row else None

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
                RUNS.update().where(active).values(status=status, ended_at=_now(), error=error)
            )

    def touch(self, owner: str) -> None:
        """Notes that the owner of active runs is alive."""
        mine = (RUNS.c.owner == owner) & RUNS.c.status.in_(_ACTIVE)
        with self._engine.begin() as connection:
            connection.execute(RUNS.update().where(mine).values(seen_alive_at=_now()))

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
        orphans = [r for r in rows if not is_alive(r.owner, _now() - r.seen_alive_at)]
        for r in orphans:
            self.end_run(r.id, Status.INTERRUPTED, "the program that trained it ended", r.attempt)
        return [r.id for r in orphans]

    def keep_speed(self, speed: Speed, place: str) -> None:
        """Writes how fast a kind of training runs at a place, replacing what was known of it."""
        row = {field.name: getattr(speed, field.name) for field in fields(Speed)}
        row |= {"place": place, "measured_at": _now()}
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
            connection.execute(RUNS.update().where(asked & _KEPT).values(deleted_at=_now()))
            active = connection.scalars(
                sql.select(RUNS.c.id).where(asked & RUNS.c.status.in_(_ACTIVE))
            ).all()
            if active:
                raise InputError(f"{active[0]} still waits or trains: stop it before deleting it")

    def restore_runs(self, run_ids: Sequence[str]) -> None:
        """Takes runs out of the bin again; one that is not there any more stays away."""
        asked = RUNS.c.id.in_(run_ids) & (RUNS.c.deleted_at > _now() - BIN_KEEPS)
        with self._engine.begin() as connection:
            connection.execute(RUNS.update().where(asked).values(deleted_at=None))

    def empty_bin(self) -> None:
        """Removes for good what has been in the bin for BIN_KEEPS: files, epochs, runs."""
        over = RUNS.c.deleted_at <= _now() - BIN_KEEPS
        with self._engine.connect() as connection:
            run_ids = connection.scalars(sql.select(RUNS.c.id).where(over)).all()
        for run_id in run_ids:
            shutil.rmtree(self.folder(run_id), ignore_errors=True)
            with self._engine.begin() as connection:
                connection.execute(RUNS.delete().where((RUNS.c.id == run_id) & over))

    def add_runs(self, newcomers: Iterable[Newcomer]) -> None:
        """Writes runs from elsewhere with their epochs and files: all of them, or none.

        Raises:
            InputError: if a run of such an id has come meanwhile, or the disk is full.
        """
        newcomers = list(newcomers)
        try:
            with self._engine.begin() as connection:
                for newcomer in newcomers:
                    connection.execute(RUNS.insert().values(_newcomer_row(newcomer.run)))
                try:  # from here on the folders are ours: nobody else has runs of these ids
                    for newcomer in newcomers:
                        self._add_contents(connection, newcomer)
                except BaseException:
                    for newcomer in newcomers:
                        shutil.rmtree(self.folder(newcomer.run.id), ignore_errors=True)
                    raise
        except sql.exc.IntegrityError:
            raise InputError("somebody else has just brought these runs here") from None
        except OSError as error:
            raise InputError(f"the runs cannot be written here: {error.strerror}") from None

    def _add_contents(self, connection: sql.Connection, newcomer: Newcomer) -> None:
        run = newcomer.run
        for name in run.artefacts:
            row = self._written(run.id, name, newcomer.read(name))
            connection.execute(ARTEFACTS.insert().values(row))
        rows = [{"run_id": run.id, "snapshot": None, **asdict(epoch)} for epoch in newcomer.epochs]
        for row in rows:
            if row["epoch"] in newcomer.snapshots:
                row["snapshot"] = newcomer.read(SNAPSHOT.format(epoch=row["epoch"]))
        if rows:
            connection.execute(EPOCHS.insert(), rows)

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
            if (config := _readable_config(run_id, text))
        ]

    def active_runs(self) -> list[Run]:
        """The runs that wait or train, oldest first; without the names of their files."""
        with self._engine.connect() as connection:
            rows = connection.execute(
                sql.select(RUNS)
                .where(RUNS.c.status.in_(_ACTIVE))
                .order_by(RUNS.c.created_at, RUNS.c.id.desc())
            ).all()
        return [run for row in rows if (run := _readable_run(row, ()))]

    def runs(self) -> list[Run]:
        """All runs, newest first; those of another version that cannot be read are left out.

        Deleted ones are left out here and everywhere else, but for `last_deleted`.
        """
        return self._runs(_KEPT)

    def last_deleted(self) -> list[Run]:
        """The runs that were deleted last, together, as far as they can be brought back."""
        last = sql.select(sql.func.max(RUNS.c.deleted_at)).scalar_subquery()
        return self._runs((RUNS.c.deleted_at == last) & (RUNS.c.deleted_at > _now() - BIN_KEEPS))

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
            if (run := _readable_run(row, [file.name for file in files.get(row.id, ())]))
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
        return _run(row, names)

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
        return self.folder(run_id) / f"{digest[:12]}-{name}"


def new_id() -> str:
    """Two words and four hexadecimal digits."""
    return f"{run_name()}-{secrets.token_hex(2)}"


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


def _grouped(rows: Sequence[Any]) -> dict[str, list[Any]]:
    """Rows by their run's id."""
    grouped: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        grouped[row.run_id].append(row)
    return grouped


_config = lru_cache(maxsize=1024)(TrainingConfig.from_json)


def _readable_run(row: Any, artefacts: Any) -> Run | None:
    try:
        return _run(row, artefacts)
    except (InputError, TypeError, ValueError):
        _logger.warning("run %s cannot be read and is left out", row.id, exc_info=True)
        return None


def _readable_config(run_id: str, text: str) -> TrainingConfig | None:
    try:
        return _config(text)
    except (InputError, TypeError, ValueError):
        _logger.warning("the config of run %s cannot be read", run_id)
        return None


def _run(row: Any, artefacts: Any) -> Run:
    return Run(
        id=row.id,
        config=_config(row.config),
        status=Status(row.status),
        preset=row.preset,
        created_at=row.created_at.replace(tzinfo=UTC),
        started_at=row.started_at and row.started_at.replace(tzinfo=UTC),
        ended_at=row.ended_at and row.ended_at.replace(tzinfo=UTC),
        error=row.error,
        test=TestResult(**json.loads(row.test)) if row.test else None,
        artefacts=tuple(artefacts),
        controls=_controls(row),
        attempt=row.attempt,
        parent_id=row.parent_id,
        parent_epoch=row.parent_epoch,
        name=row.name or "",
        note=row.note or "",
        starred=row.starred,
        imported=row.imported,
    )


def _controls(row: Any) -> Controls:
    return Controls(Wish(row.wish) if row.wish else None, row.learning_rate)


def _new_row(config: TrainingConfig, preset: str | None, owner: str) -> dict[str, Any]:
    return {
        "id": new_id(),
        "config": config.to_json(),
        "preset": preset,
        "status": Status.QUEUED,
        "owner": owner,
        "created_at": _now(),
        "seen_alive_at": _now(),
        "attempt": 1,
    }


def _newcomer_row(run: Run) -> dict[str, Any]:
    def stored(moment: datetime | None) -> datetime | None:
        return moment and moment.astimezone(UTC).replace(tzinfo=None)

    return {
        "id": run.id,
        "config": run.config.to_json(),
        "preset": run.preset,
        "status": run.status,
        "owner": IMPORTED,
        "seen_alive_at": _now(),
        "created_at": stored(run.created_at),
        "started_at": stored(run.started_at),
        "ended_at": stored(run.ended_at),
        "attempt": run.attempt,
        "learning_rate": run.controls.learning_rate,
        "parent_id": run.parent_id,
        "parent_epoch": run.parent_epoch,
        "error": run.error,
        "test": json.dumps(asdict(run.test)) if run.test else None,
        "name": run.name,
        "note": run.note,
        "starred": run.starred,
        "imported": True,
    }


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
