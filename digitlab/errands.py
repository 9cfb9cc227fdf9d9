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


class ErrandFailedError(Exception):
    """What failed, in a sentence."""


def do(function: Callable[..., str | None], *arguments: str) -> None:
    """Does an errand, in the worker.

    An error reaches whoever sent it with the news that it is over; what a function returns would
    have to be fetched from the worker, which may be dead by then.

    Raises:
        ErrandFailedError: if `function` returns what failed.
    """
    if error := function(*arguments):
        raise ErrandFailedError(error)


class Errands:
    """Sends errands by name; each is done once, whoever asks for it again meanwhile.

    Args:
        tasks: through which they go.
    """

    def __init__(self, tasks: Tasks) -> None:
        self._tasks = tasks
        self._progress: dict[str, StudyProgress] = {}
        self._errors: dict[str, str] = {}

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
            if self.is_out(name):
                return
            if sum(map(self.is_out, self._progress)) >= LONGEST_ERRAND_QUEUE:
                raise InputError(
                    f"at most {LONGEST_ERRAND_QUEUE} measurements and studies can wait: "
                    "try again later"
                )
            self._tasks.connect(trains)
            self._errors.pop(name, None)
            self._progress[name] = StudyProgress()
            self._tasks.send(
                name,
                do,
                function,
                *arguments,
                key=f"{name}-{secrets.token_hex(4)}",
                priority=-1,
                ended=lambda future: self._ended(name, future),
            )

    def is_out(self, name: str) -> bool:
        """Whether an errand waits or is being done."""
        return self._tasks.is_out(name)

    def progress(self, name: str) -> StudyProgress | None:
        """How far an errand is that is out; None for any other."""
        return self._progress[name] if self.is_out(name) else None

    def error(self, name: str) -> str | None:
        """Why an errand failed the last time; None if it did not."""
        return self._errors.get(name)

    def take_back(self, name: str) -> None:
        """Gives an errand up, if it is out."""
        self._tasks.let_go(name)

    def heard(self, name: str, progress: dict[str, Any]) -> None:
        """Notes how far an errand is, unless it is that of another server."""
        if self.is_out(name):
            self._progress[name] = StudyProgress(**progress)

    def _ended(self, name: str, future: Any) -> None:
        """Remembers why an errand failed."""
        if future.status == "finished":
            return
        error = future.exception() if future.status == "error" else None
        is_told = isinstance(error, ErrandFailedError)
        self._errors[name] = str(error) if is_told else PROCESS_DIED
