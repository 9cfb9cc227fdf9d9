"""Long computations that are no trainings: asked for once, done in the worker, kept as a file.

A study is a kind and its arguments, which name what it is of by content. Whoever asks for the same
study again, in whatever session, finds its result.
"""

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from digitlab.files import write_synced

KEPT_RESULTS = 60
"""Results kept on disk; the ones longest ago computed or read go first."""

KINDS = {
    "embedding": "digitlab.embedding:study",
    "similarity": "digitlab.similarity:study",
    "suspects": "digitlab.out_of_sample:read_out_of_sample",
}
"""Kind → `module:function`, called as function(progress, **arguments) → the result's bytes.

Imported in the worker only, since it may need TensorFlow or scikit-learn."""

Progress = Callable[[float, str], None]
"""Told how far a study is: a fraction, and what it does now, in words.

Raises StudyCancelledError when nobody wants the result any more, and Dask's Reschedule when a
training comes first: let both pass."""


class StudyCancelledError(Exception):
    """Somebody took the study back."""


@dataclass(frozen=True)
class Study:
    """What is to be computed. `arguments`: JSON of keyword arguments, in one spelling."""

    kind: str
    arguments: str

    @classmethod
    def of(cls, kind: str, **arguments: Any) -> "Study":
        """A study of a kind in `KINDS`; the arguments are plain data."""
        return cls(kind, json.dumps(arguments, sort_keys=True))

    @property
    def key(self) -> str:
        """Names the study: equal for equal content."""
        return f"{self.kind}-{hashlib.sha256(self.arguments.encode()).hexdigest()[:24]}"


@dataclass(frozen=True)
class StudyProgress:
    """How far a study is: `fraction` in [0, 1], and what it does now."""

    fraction: float = 0.0
    words: str = "waits for its turn"


class Shelf:
    """The results of studies, in a folder of the store's home.

    Args:
        home: the store's folder.
    """

    def __init__(self, home: Path) -> None:
        self._folder = home / "studies"

    def result(self, study: Study) -> bytes | None:
        """What the study found; None if it has not been done, or not been kept."""
        path = self._path(study)
        try:
            content = path.read_bytes()
            os.utime(path)  # not `touch`: it would make an empty result of one just let go
        except FileNotFoundError:
            return None
        return content

    def keep(self, study: Study, content: bytes) -> None:
        """Stores a result, whole or not at all, and lets the oldest go."""
        self._folder.mkdir(parents=True, exist_ok=True)
        write_synced(self._path(study), content)
        self.welcome(study)
        # Hidden files are marks, and results that somebody is about to write.
        results = [path for path in self._folder.iterdir() if not path.name.startswith(".")]
        for path in sorted(results, key=_age, reverse=True)[KEPT_RESULTS:]:
            path.unlink(missing_ok=True)

    def cancel(self, study: Study) -> None:
        """Asks whoever computes the study to leave it."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._mark(study).touch()

    def welcome(self, study: Study) -> None:
        """Wants a study again that was cancelled."""
        self._mark(study).unlink(missing_ok=True)

    def is_cancelled(self, study: Study) -> bool:
        """Whether somebody took it back."""
        return self._mark(study).exists()

    def _path(self, study: Study) -> Path:
        return self._folder / study.key

    def _mark(self, study: Study) -> Path:
        return self._folder / f".cancelled-{study.key}"


def compute(study: Study, progress: Progress) -> bytes:
    """Does a study here and now."""
    module, _, name = KINDS[study.kind].partition(":")
    result: bytes = getattr(import_module(module), name)(progress, **json.loads(study.arguments))
    return result


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
