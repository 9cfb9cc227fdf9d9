"""The completed epochs of runs, and what can be looked at after each."""

from dataclasses import asdict, fields

import sqlalchemy as sql

from digitlab.records import Curve, Epoch, Snapshot
from digitlab.store.database import KEPT, Database, by_run
from digitlab.tables import EPOCHS, RUNS


class Epochs(Database):
    """Keeps the epochs of runs."""

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
                .where(KEPT)
                .order_by(EPOCHS.c.run_id, EPOCHS.c.epoch)
            ).all()
        return {
            run_id: Curve(tuple(row.accuracy for row in epochs), sum(row.seconds for row in epochs))
            for run_id, epochs in by_run(rows).items()
        }

    def snapshot(self, run_id: str, epoch: int) -> Snapshot | None:
        """What could be looked at after an epoch; None if nothing was kept."""
        key = (EPOCHS.c.run_id == run_id) & (EPOCHS.c.epoch == epoch)
        with self._engine.connect() as connection:
            content = connection.scalar(sql.select(EPOCHS.c.snapshot).where(key))
        return Snapshot.from_bytes(content) if content else None

    def snapshots(self, run_id: str) -> dict[int, bytes]:
        """What could be looked at after each epoch, as `Snapshot.to_bytes` wrote it."""
        kept = (EPOCHS.c.run_id == run_id) & EPOCHS.c.snapshot.is_not(None)
        with self._engine.connect() as connection:
            rows = connection.execute(
                sql.select(EPOCHS.c.epoch, EPOCHS.c.snapshot).where(kept).order_by(EPOCHS.c.epoch)
            ).all()
        return {row.epoch: row.snapshot for row in rows}
