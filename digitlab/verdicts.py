"""What people say of suspicious labels: kept for a dataset by its content, and written as CSV.

Saved verdicts belong to the installation, as runs do: nobody logs in to DigitLab, so that there
is nobody else whose they could be.
"""

import csv
import io
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

import numpy as np
import sqlalchemy as sql

from digitlab.tables import VERDICTS, connect


class Verdict(StrEnum):
    """`other`: it is another digit. `unclear`: nobody can tell what it is."""

    RIGHT = "right"
    OTHER = "other"
    UNCLEAR = "unclear"


@dataclass(frozen=True)
class Judgement:
    """What a person says of the label of one row; `corrected` is the other digit that it is."""

    row: int
    verdict: Verdict
    corrected: int | None = None

    @classmethod
    def of(cls, row: int, label: int, digit: int | None) -> "Judgement":
        """Of somebody who sees a digit there, or cannot tell (None), where the label says one."""
        if digit is None:
            return cls(row, Verdict.UNCLEAR)
        return cls(row, Verdict.RIGHT) if digit == label else cls(row, Verdict.OTHER, digit)


class Verdicts:
    """The saved judgements of every dataset.

    Args:
        database_url: of the store.
    """

    def __init__(self, database_url: str) -> None:
        self._engine = connect(database_url)

    def saved(self, content_hash: str) -> tuple[Judgement, ...]:
        """Those of a dataset, the first judged first."""
        with self._engine.connect() as connection:
            rows = connection.execute(
                sql.select(VERDICTS.c.row, VERDICTS.c.verdict, VERDICTS.c.corrected)
                .where(VERDICTS.c.content_hash == content_hash)
                .order_by(VERDICTS.c.judged_at, VERDICTS.c.row)
            ).all()
        return tuple(Judgement(row, Verdict(verdict), digit) for row, verdict, digit in rows)

    def save(
        self, content_hash: str, judged: Collection[Judgement], taken_back: Iterable[int] = ()
    ) -> None:
        """Writes judgements over older ones of the same rows; those of other rows stay.

        Args:
            taken_back: rows whose judgements are forgotten.
        """
        now = datetime.now(UTC).replace(tzinfo=None)
        rows = [
            {
                "content_hash": content_hash,
                "row": judgement.row,
                "verdict": judgement.verdict,
                "corrected": judgement.corrected,
                "judged_at": now,
            }
            for judgement in judged
        ]
        gone = [{"gone": row} for row in {*taken_back, *(j.row for j in judged)}]
        mine = VERDICTS.c.content_hash == content_hash
        with self._engine.begin() as connection:
            if gone:
                old = mine & (VERDICTS.c.row == sql.bindparam("gone"))
                connection.execute(VERDICTS.delete().where(old), gone)
            if rows:
                connection.execute(VERDICTS.insert(), rows)


def as_csv(
    judged: Iterable[Judgement], labels: np.ndarray, self_confidence: Mapping[int, float]
) -> str:
    """A table of judgements, by row.

    Args:
        labels: uint8 (n,), of the whole dataset.
        self_confidence: row → how probable the networks find its label; empty where it is unknown.
    """
    file = io.StringIO()
    table = csv.writer(file, lineterminator="\n")
    table.writerow(["row", "label", "verdict", "corrected", "probability"])
    for judgement in sorted(judged, key=lambda judgement: judgement.row):
        row, verdict, digit = judgement.row, judgement.verdict, judgement.corrected
        own = f"{self_confidence[row]:.6f}" if row in self_confidence else ""
        table.writerow([row, labels[row], verdict, "" if digit is None else digit, own])
    return file.getvalue()
