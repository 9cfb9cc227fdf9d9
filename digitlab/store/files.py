"""The files of runs: each there whole, or not at all, and known by its SHA-256."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sql

from digitlab.errors import InputError
from digitlab.files import write_synced
from digitlab.store.database import by_run
from digitlab.store.runs import Runs
from digitlab.tables import ARTEFACTS


@dataclass(frozen=True)
class StoredFile:
    """What the store knows of a file without reading it."""

    sha256: str
    size_bytes: int


class Files(Runs):
    """Keeps the files of runs."""

    def add_artefact(self, run_id: str, name: str, content: bytes) -> None:
        """Stores a file of a run, replacing an older one: it is there whole, or not at all."""
        row = self._written(run_id, name, content)
        key = (ARTEFACTS.c.run_id == run_id) & (ARTEFACTS.c.name == name)
        with self._engine.begin() as connection:
            if connection.execute(ARTEFACTS.update().where(key).values(row)).rowcount == 0:
                connection.execute(ARTEFACTS.insert().values(row))
        self._sweep(run_id, name, row["sha256"])

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

    def remove_artefact(self, run_id: str, name: str) -> None:
        """Forgets a file of a run; one that is not there is forgotten already."""
        key = (ARTEFACTS.c.run_id == run_id) & (ARTEFACTS.c.name == name)
        with self._engine.begin() as connection:
            connection.execute(ARTEFACTS.delete().where(key))
        self._sweep(run_id, name)

    def files(self, run_ids: Sequence[str]) -> dict[str, dict[str, StoredFile]]:
        """What is known of the files of some runs, by run and name."""
        with self._engine.connect() as connection:
            rows = connection.execute(
                sql.select(ARTEFACTS).where(ARTEFACTS.c.run_id.in_(run_ids))
            ).all()
        return {
            run_id: {file.name: StoredFile(file.sha256, file.size_bytes) for file in files}
            for run_id, files in by_run(rows).items()
        }

    def _written(
        self, run_id: str, name: str, content: bytes, folder: Path | None = None
    ) -> dict[str, Any]:
        """Writes a file beside an older one of that name, and returns its row.

        Args:
            folder: another one than the run's.
        """
        digest = hashlib.sha256(content).hexdigest()
        path = (folder or self.folder(run_id)) / _file_name(name, digest)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_synced(path, content)
        return {"run_id": run_id, "name": name, "sha256": digest, "size_bytes": len(content)}

    def _sweep(self, run_id: str, name: str, digest: str | None = None) -> None:
        """Removes the files of that name, but the one of that digest."""
        kept = digest and self._path(run_id, name, digest)
        for path in self.folder(run_id).glob(f"*-{name}"):
            if path != kept:
                path.unlink(missing_ok=True)

    def _path(self, run_id: str, name: str, digest: str) -> Path:
        return self.folder(run_id) / _file_name(name, digest)


def _file_name(name: str, digest: str) -> str:
    return f"{digest[:12]}-{name}"
