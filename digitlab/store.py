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
from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import sqlalchemy as sql
from sqlalchemy.engine import Engine

from digitlab.config import TrainingConfig
from digitlab.errors import InputError, UnknownRunError
from digitlab.names import run_name
from digitlab.records import Epoch, Run, Status, TestResult

_logger = logging.getLogger(__name__)

_METADATA = sql.MetaData()

_RUNS = sql.Table(
    "runs",
    _METADATA,
    sql.Column("id", sql.String(64), primary_key=True),
    sql.Column("config", sql.Text, nullable=False),
    sql.Column("preset", sql.String(64)),
    sql.Column("status", sql.String(16), nullable=False),
    sql.Column("owner", sql.String(255), nullable=False),
    sql.Column("seen_alive_at", sql.DateTime, nullable=False),
    sql.Column("created_at", sql.DateTime, nullable=False),
    sql.Column("started_at", sql.DateTime),
    sql.Column("ended_at", sql.DateTime),
    sql.Column("stop_requested", sql.Boolean, nullable=False, default=False),
    sql.Column("error", sql.Text),
    sql.Column("test", sql.Text),
)

_EPOCHS = sql.Table(
    "epochs",
    _METADATA,
    sql.Column("run_id", sql.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    sql.Column("epoch", sql.Integer, primary_key=True),
    sql.Column("accuracy", sql.Double, nullable=False),
    sql.Column("loss", sql.Double, nullable=False),
    sql.Column("val_accuracy", sql.Double),
    sql.Column("val_loss", sql.Double),
    sql.Column("learning_rate", sql.Double, nullable=False),
    sql.Column("seconds", sql.Double, nullable=False),
)

_ARTEFACTS = sql.Table(
    "artefacts",
    _METADATA,
    sql.Column("run_id", sql.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    sql.Column("name", sql.String(64), primary_key=True),
    sql.Column("sha256", sql.String(64), nullable=False),
    sql.Column("size_bytes", sql.Integer, nullable=False),
)

_ACTIVE = (Status.QUEUED, Status.RUNNING)


def default_home() -> Path:
    """`DIGITLAB_HOME`, or `.digitlab` in the working directory."""
    return Path(os.environ.get("DIGITLAB_HOME") or ".digitlab").resolve()


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
        self._engine = _connect(self.database_url)

    # Writing

    def create_run(self, config: TrainingConfig, preset: str | None, owner: str) -> str:
        """Writes a queued run and returns its id: two words and four hexadecimal digits.

        Args:
            owner: the process that answers for the run; see `interrupt_orphans`.
        """
        run_id = f"{run_name()}-{secrets.token_hex(2)}"
        row = {
            "id": run_id,
            "config": config.to_json(),
            "preset": preset,
            "status": Status.QUEUED,
            "owner": owner,
            "created_at": _now(),
            "seen_alive_at": _now(),
            "stop_requested": False,
        }
        with self._engine.begin() as connection:
            connection.execute(_RUNS.insert().values(row))
        return run_id

    def start_run(self, run_id: str) -> bool:
        """Marks a queued run as running; False if it does not wait any more, or another runs."""
        others = _RUNS.alias()
        free = ~sql.exists().where(others.c.status == Status.RUNNING)
        queued = (_RUNS.c.id == run_id) & (_RUNS.c.status == Status.QUEUED)
        values = {"status": Status.RUNNING, "started_at": _now(), "seen_alive_at": _now()}
        with self._engine.begin() as connection:
            changed = connection.execute(_RUNS.update().where(queued & free).values(values))
        return changed.rowcount == 1

    def add_epoch(self, run_id: str, epoch: Epoch) -> None:
        """Writes a completed epoch."""
        with self._engine.begin() as connection:
            connection.execute(_EPOCHS.insert().values(run_id=run_id, **asdict(epoch)))

    def add_artefact(self, run_id: str, name: str, content: bytes) -> None:
        """Stores a file of a run, replacing an older one: it is there whole, or not at all."""
        path = self._path(run_id, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_synced(path, content)
        key = (_ARTEFACTS.c.run_id == run_id) & (_ARTEFACTS.c.name == name)
        row = {
            "run_id": run_id,
            "name": name,
            "sha256": hashlib.sha256(content).hexdigest(),
            "size_bytes": len(content),
        }
        with self._engine.begin() as connection:
            connection.execute(_ARTEFACTS.delete().where(key))
            connection.execute(_ARTEFACTS.insert().values(row))

    def request_stop(self, run_id: str) -> None:
        """Asks a run to stop; one that still waits is stopped at once.

        Raises:
            UnknownRunError: if there is no such run.
        """
        self.run(run_id)
        with self._engine.begin() as connection:
            mine = _RUNS.c.id == run_id
            connection.execute(_RUNS.update().where(mine).values(stop_requested=True))
            connection.execute(
                _RUNS.update()
                .where(mine & (_RUNS.c.status == Status.QUEUED))
                .values(status=Status.STOPPED, ended_at=_now())
            )

    def stop_requested(self, run_id: str) -> bool:
        """Whether somebody asked the run to stop."""
        with self._engine.connect() as connection:
            return bool(
                connection.scalar(sql.select(_RUNS.c.stop_requested).where(_RUNS.c.id == run_id))
            )

    def set_test(self, run_id: str, test: TestResult) -> None:
        """Writes how the final model did on the test part."""
        with self._engine.begin() as connection:
            connection.execute(
                _RUNS.update().where(_RUNS.c.id == run_id).values(test=json.dumps(asdict(test)))
            )

    def end_run(self, run_id: str, status: Status, error: str | None = None) -> None:
        """Ends an active run; a run that has ended already stays as it is."""
        active = (_RUNS.c.id == run_id) & _RUNS.c.status.in_(_ACTIVE)
        with self._engine.begin() as connection:
            connection.execute(
                _RUNS.update().where(active).values(status=status, ended_at=_now(), error=error)
            )

    def touch(self, owner: str) -> None:
        """Notes that the owner of active runs is alive."""
        mine = (_RUNS.c.owner == owner) & _RUNS.c.status.in_(_ACTIVE)
        with self._engine.begin() as connection:
            connection.execute(_RUNS.update().where(mine).values(seen_alive_at=_now()))

    def interrupt_orphans(self, is_alive: Callable[[str, timedelta], bool]) -> list[str]:
        """Marks active runs whose owner is gone as interrupted, and returns their ids.

        Args:
            is_alive: judges an owner, and how long ago it was last seen alive.
        """
        with self._engine.connect() as connection:
            rows = connection.execute(
                sql.select(_RUNS.c.id, _RUNS.c.owner, _RUNS.c.seen_alive_at).where(
                    _RUNS.c.status.in_(_ACTIVE)
                )
            ).all()
        orphans = [r.id for r in rows if not is_alive(r.owner, _now() - r.seen_alive_at)]
        for run_id in orphans:
            self.end_run(run_id, Status.INTERRUPTED, "the program that trained it ended")
        return orphans

    # Reading

    def runs(self) -> list[Run]:
        """All runs, newest first; those of another version that cannot be read are left out."""
        with self._engine.connect() as connection:
            rows = connection.execute(
                sql.select(_RUNS).order_by(_RUNS.c.created_at.desc(), _RUNS.c.id)
            ).all()
            names = connection.execute(
                sql.select(_ARTEFACTS.c.run_id, _ARTEFACTS.c.name).order_by(_ARTEFACTS.c.name)
            ).all()
        artefacts: dict[str, list[str]] = defaultdict(list)
        for name in names:
            artefacts[name.run_id].append(name.name)
        return [run for row in rows if (run := _readable_run(row, artefacts[row.id]))]

    def run(self, run_id: str) -> Run:
        """One run.

        Raises:
            UnknownRunError: if there is none of that id.
        """
        with self._engine.connect() as connection:
            row = connection.execute(sql.select(_RUNS).where(_RUNS.c.id == run_id)).first()
            names = connection.scalars(
                sql.select(_ARTEFACTS.c.name)
                .where(_ARTEFACTS.c.run_id == run_id)
                .order_by(_ARTEFACTS.c.name)
            ).all()
        if row is None:
            raise UnknownRunError(f"there is no run {run_id!r}")
        return _run(row, names)

    def epochs(self, run_id: str) -> tuple[Epoch, ...]:
        """The completed epochs of a run, first to last."""
        columns = [column for column in _EPOCHS.c if column.name != "run_id"]
        with self._engine.connect() as connection:
            rows = connection.execute(
                sql.select(*columns).where(_EPOCHS.c.run_id == run_id).order_by(_EPOCHS.c.epoch)
            ).all()
        return tuple(Epoch(**row._mapping) for row in rows)

    def artefact(self, run_id: str, name: str) -> bytes:
        """A stored file, checked against its SHA-256.

        Raises:
            UnknownRunError: if there is no such run.
            InputError: if the run has no such file, or it was damaged.
        """
        self.run(run_id)
        with self._engine.connect() as connection:
            digest = connection.scalar(
                sql.select(_ARTEFACTS.c.sha256).where(
                    (_ARTEFACTS.c.run_id == run_id) & (_ARTEFACTS.c.name == name)
                )
            )
        if digest is None:
            raise InputError(f"run {run_id} has no {name}")
        path = self._path(run_id, name)
        content = path.read_bytes() if path.exists() else b""
        if hashlib.sha256(content).hexdigest() != digest:
            raise InputError(f"{name} of run {run_id} is damaged or missing on disk")
        return content

    def _path(self, run_id: str, name: str) -> Path:
        return self.home / "runs" / run_id / name


def _connect(url: str) -> Engine:
    try:
        engine = sql.create_engine(url)
        if engine.dialect.name == "sqlite":
            sql.event.listen(engine, "connect", _prepare_sqlite)
        _METADATA.create_all(engine)
    except (sql.exc.SQLAlchemyError, ModuleNotFoundError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"the database of the runs cannot be used: {reason}") from None
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """Rollback journal, fully synced: SQLite before 3.51.3 can corrupt a write-ahead log."""
    for pragma in ("journal_mode=DELETE", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("PRAGMA busy_timeout=30000")


def _write_synced(path: Path, content: bytes) -> None:
    """Writes aside, syncs, renames: a reader sees the old file or the new one, whole."""
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with aside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


_config = lru_cache(maxsize=1024)(TrainingConfig.from_json)


def _readable_run(row: Any, artefacts: Any) -> Run | None:
    try:
        return _run(row, artefacts)
    except (InputError, TypeError, ValueError):
        _logger.warning("run %s cannot be read and is left out", row.id, exc_info=True)
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
    )


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
