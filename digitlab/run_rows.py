"""Runs as rows of their table, and back."""

import json
import logging
import secrets
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from digitlab.config import TrainingConfig
from digitlab.errors import InputError
from digitlab.names import run_name
from digitlab.records import Controls, Run, Status, TestResult, Wish

_logger = logging.getLogger(__name__)

IMPORTED = "imported"
"""The owner of a run that came out of an archive: no process answers for it."""


def now() -> datetime:
    """This moment as the tables hold it: UTC, and not said so."""
    return datetime.now(UTC).replace(tzinfo=None)


def new_id() -> str:
    """Two words and four hexadecimal digits."""
    return f"{run_name()}-{secrets.token_hex(2)}"


def queued_row(config: TrainingConfig, preset: str | None, owner: str) -> dict[str, Any]:
    """The row of a new run that waits."""
    return {
        "id": new_id(),
        "config": config.to_json(),
        "preset": preset,
        "status": Status.QUEUED,
        "owner": owner,
        "created_at": now(),
        "seen_alive_at": now(),
        "attempt": 1,
    }


def imported_row(run: Run) -> dict[str, Any]:
    """The row of a run from elsewhere."""

    def stored(moment: datetime | None) -> datetime | None:
        return moment and moment.astimezone(UTC).replace(tzinfo=None)

    return {
        "id": run.id,
        "config": run.config.to_json(),
        "preset": run.preset,
        "status": run.status,
        "owner": IMPORTED,
        "seen_alive_at": now(),
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


def run_of(row: Any, artefacts: Sequence[str]) -> Run:
    """The run that a row tells of.

    Raises:
        InputError: if another version wrote it.
    """
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
        controls=controls_of(row),
        attempt=row.attempt,
        parent_id=row.parent_id,
        parent_epoch=row.parent_epoch,
        name=row.name or "",
        note=row.note or "",
        starred=row.starred,
        imported=row.imported,
    )


def readable_run(row: Any, artefacts: Sequence[str]) -> Run | None:
    """The run that a row tells of; None, and a word in the log, if it cannot be read."""
    try:
        return run_of(row, artefacts)
    except (InputError, TypeError, ValueError):
        _logger.warning("run %s cannot be read and is left out", row.id, exc_info=True)
        return None


def readable_config(run_id: str, text: str) -> TrainingConfig | None:
    """The config of a row; None, and a word in the log, if it cannot be read."""
    try:
        return _config(text)
    except (InputError, TypeError, ValueError):
        _logger.warning("the config of run %s cannot be read", run_id)
        return None


def controls_of(row: Any) -> Controls:
    """What a row asks of the training."""
    return Controls(Wish(row.wish) if row.wish else None, row.learning_rate)


_config = lru_cache(maxsize=1024)(TrainingConfig.from_json)
