"""The tables of the runs, and a connection to the database that holds them."""

from typing import Any

import sqlalchemy as sql
from sqlalchemy.engine import Engine
from sqlalchemy.schema import CreateColumn

from digitlab.errors import InputError

METADATA = sql.MetaData()

RUNS = sql.Table(
    "runs",
    METADATA,
    sql.Column("id", sql.String(64), primary_key=True),
    sql.Column("config", sql.Text, nullable=False),
    sql.Column("preset", sql.String(64)),
    sql.Column("status", sql.String(16), nullable=False),
    sql.Column("owner", sql.String(255), nullable=False),
    sql.Column("seen_alive_at", sql.DateTime, nullable=False),
    sql.Column("created_at", sql.DateTime, nullable=False),
    sql.Column("started_at", sql.DateTime),
    sql.Column("ended_at", sql.DateTime),
    sql.Column("attempt", sql.Integer, nullable=False, server_default="1"),
    sql.Column("wish", sql.String(16)),
    sql.Column("learning_rate", sql.Double),
    sql.Column("parent_id", sql.String(64)),
    sql.Column("parent_epoch", sql.Integer),
    sql.Column("error", sql.Text),
    sql.Column("test", sql.Text),
    sql.Column("name", sql.String(60)),
    sql.Column("note", sql.Text),
    sql.Column("starred", sql.Boolean, nullable=False, server_default=sql.false()),
    sql.Column("imported", sql.Boolean, nullable=False, server_default=sql.false()),
    sql.Column("deleted_at", sql.DateTime),
)

EPOCHS = sql.Table(
    "epochs",
    METADATA,
    sql.Column("run_id", sql.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    sql.Column("epoch", sql.Integer, primary_key=True),
    sql.Column("accuracy", sql.Double, nullable=False),
    sql.Column("loss", sql.Double, nullable=False),
    sql.Column("val_accuracy", sql.Double),
    sql.Column("val_loss", sql.Double),
    sql.Column("learning_rate", sql.Double, nullable=False),
    sql.Column("seconds", sql.Double, nullable=False),
    sql.Column("snapshot", sql.LargeBinary),
)

ARTEFACTS = sql.Table(
    "artefacts",
    METADATA,
    sql.Column("run_id", sql.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    sql.Column("name", sql.String(64), primary_key=True),
    sql.Column("sha256", sql.String(64), nullable=False),
    sql.Column("size_bytes", sql.Integer, nullable=False),
)

SPEEDS = sql.Table(
    "speeds",
    METADATA,
    sql.Column("key", sql.String(32), primary_key=True),
    sql.Column("place", sql.String(255), primary_key=True),
    sql.Column("seconds_per_step", sql.Double, nullable=False),
    sql.Column("seconds_per_validation_digit", sql.Double, nullable=False),
    sql.Column("seconds_between_epochs", sql.Double, nullable=False),
    sql.Column("seconds_to_begin", sql.Double, nullable=False),
    sql.Column("pace", sql.Double, nullable=False),
    sql.Column("measured_at", sql.DateTime, nullable=False),
)


VERDICTS = sql.Table(
    "verdicts",
    METADATA,
    sql.Column("content_hash", sql.String(64), primary_key=True),
    sql.Column("row", sql.Integer, primary_key=True, autoincrement=False),
    sql.Column("verdict", sql.String(16), nullable=False),
    sql.Column("corrected", sql.Integer),
    sql.Column("judged_at", sql.DateTime, nullable=False),
)


def connect(url: str) -> Engine:
    """A connection to the database, its tables and columns made if they are missing.

    Raises:
        InputError: if it cannot be used.
    """
    try:
        engine = sql.create_engine(url, pool_pre_ping=True)
        if engine.dialect.name == "sqlite":
            sql.event.listen(engine, "connect", _prepare_sqlite)
        METADATA.create_all(engine)
        _add_missing_columns(engine)
    except (sql.exc.SQLAlchemyError, ModuleNotFoundError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"the database of the runs cannot be used: {reason}") from None
    return engine


def _add_missing_columns(engine: Engine) -> None:
    """Brings the tables of an older version up to date: columns are only ever added."""
    for table in METADATA.sorted_tables:
        there = {column["name"] for column in sql.inspect(engine).get_columns(table.name)}
        for column in table.columns:
            if column.name not in there:
                definition = CreateColumn(column).compile(dialect=engine.dialect)
                with engine.begin() as connection:
                    connection.execute(
                        sql.text(f"ALTER TABLE {table.name} ADD COLUMN {definition}")
                    )


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """Rollback journal, fully synced: SQLite before 3.51.3 can corrupt a write-ahead log."""
    for pragma in ("journal_mode=DELETE", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("PRAGMA busy_timeout=30000")
