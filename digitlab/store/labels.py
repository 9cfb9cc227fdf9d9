"""What a person calls runs, writes about them, and stars."""

from collections.abc import Sequence

from digitlab.errors import InputError
from digitlab.records import LONGEST_NAME, LONGEST_NOTE
from digitlab.store.runs import Runs
from digitlab.tables import RUNS


class Labels(Runs):
    """Keeps names, notes and stars."""

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
