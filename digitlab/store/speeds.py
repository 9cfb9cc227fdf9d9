"""How fast runs train here, as measured and as past runs tell."""

from collections import defaultdict
from dataclasses import fields

import sqlalchemy as sql

from digitlab.config import TrainingConfig
from digitlab.costs import Speed
from digitlab.run_rows import now, readable_config
from digitlab.store.database import Database
from digitlab.tables import EPOCHS, RUNS, SPEEDS

TIMED_EPOCHS = 500
"""How far back `timed_runs` looks."""


class Speeds(Database):
    """Keeps what is known of speed."""

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
