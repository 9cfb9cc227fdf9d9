"""What an active run is asked for while it waits or trains."""

import sqlalchemy as sql

from digitlab.records import Controls, Status, Wish
from digitlab.run_rows import controls_of, now
from digitlab.store.database import ACTIVE
from digitlab.store.runs import Runs
from digitlab.tables import RUNS


class Steering(Runs):
    """Takes wishes, and tells whoever trains the run."""

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
                RUNS.update().where(mine & RUNS.c.status.in_(ACTIVE)).values(wish=wish)
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
        active = (RUNS.c.id == run_id) & RUNS.c.status.in_(ACTIVE)
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
