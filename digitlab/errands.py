"""Work for the worker that is no run: measurements and studies, which wait behind the runs."""

import secrets
from collections.abc import Callable
from typing import Any

from digitlab.errors import InputError
from digitlab.studies import StudyProgress
from digitlab.tasks import Tasks
from digitlab.worker import PROCESS_DIED

LONGEST_ERRAND_QUEUE = 5
"""Measurements and studies that can wait."""

ANSWER_SECONDS = 10
"""A worker that has done an errand tells how it went within so long."""


class Errands:
    """Sends errands by name; each is done once, whoever asks for it again meanwhile.

    Args:
        tasks: through which they go.
    """

    def __init__(self, tasks: Tasks) -> None:
        self._tasks = tasks
        self._out: set[str] = set()
        self._errors: dict[str, str] = {}
        self._progress: dict[str, StudyProgress] = {}

    def send(
        self,
        name: str,
        function: Callable[..., str | None],
        *arguments: str,
        trains: bool = False,
    ) -> None:
        """Sends an errand, unless it is out already; returns at once.

        Args:
            function: returns what failed, if anything.
            trains: see `Tasks.connect`.

        Raises:
            InputError: if too many wait.
        """
        with self._tasks.lock:
            if name in self._out:
                return
            if len(self._out) >= LONGEST_ERRAND_QUEUE:
                raise InputError(
                    f"at most {LONGEST_ERRAND_QUEUE} measurements and studies can wait: "
                    "try again later"
                )
            self._tasks.connect(trains)
            self._errors.pop(name, None)
            self._progress.pop(name, None)
            self._tasks.send(
                name,
                function,
                *arguments,
                key=f"{name}-{secrets.token_hex(4)}",
                priority=-1,
                ended=lambda future: self._ended(name, future),
            )
            self._out.add(name)

    def is_out(self, name: str) -> bool:
        """Whether an errand waits or is being done."""
        return name in self._out

    def progress(self, name: str) -> StudyProgress | None:
        """How far an errand is that is out; None for any other."""
        return self._progress.get(name, StudyProgress()) if name in self._out else None

    def error(self, name: str) -> str | None:
        """Why an errand failed the last time; None if it did not."""
        return self._errors.get(name)

    def take_back(self, name: str) -> None:
        """Gives an errand up, if it is out."""
        with self._tasks.lock:
            if name in self._out:
                self._out.discard(name)
                self._tasks.let_go(name)

    def heard(self, name: str, progress: dict[str, Any]) -> None:
        """Notes how far an errand is, unless it is that of another server."""
        if name in self._out:
            self._progress[name] = StudyProgress(**progress)

    def _ended(self, name: str, future: Any) -> None:
        """Remembers why an errand failed."""
        error: str | None = PROCESS_DIED
        try:
            if future.status == "finished":
                error = future.result(timeout=ANSWER_SECONDS)
        finally:
            if error:
                self._errors[name] = error
            self._out.discard(name)
