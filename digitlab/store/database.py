"""What the parts of the store stand on: a folder for files, and a database."""

import os
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from digitlab.errors import InputError
from digitlab.files import default_home
from digitlab.records import Status
from digitlab.tables import RUNS, connect

ACTIVE = (Status.QUEUED, Status.RUNNING)

KEPT = RUNS.c.deleted_at.is_(None)
"""The runs that are not in the bin."""


class Database:
    """A store's folder and its database; every part of the store is built upon this.

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

    def folder(self, run_id: str) -> Path:
        """Where a run's files lie."""
        return self.home / "runs" / run_id


def by_run(rows: Sequence[Any]) -> dict[str, list[Any]]:
    """Rows by their run's id."""
    grouped: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        grouped[row.run_id].append(row)
    return grouped
