"""Keras's datasets, fetched by processes of their own, so that TensorFlow stays out of ours."""

import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path


class Download:
    """Keras fetches a dataset into its cache.

    Args:
        title: what is fetched, in messages.
        command: the process.
        places: the files that grow, for each place where they may appear.
        size_bytes: all the files of one place, complete.
    """

    def __init__(
        self,
        title: str,
        command: Sequence[str],
        places: Sequence[Sequence[Path]],
        size_bytes: int,
    ) -> None:
        self._title, self._places, self._size_bytes = title, places, size_bytes
        self._messages = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self._messages
        )

    @property
    def done(self) -> bool:
        """Whether the process has ended, well or not."""
        return self._process.poll() is not None

    @property
    def fraction(self) -> float:
        """How much is here, in [0, 1]."""
        if self.done and self.error is None:
            return 1.0
        sizes = [sum(f.stat().st_size for f in files if f.is_file()) for files in self._places]
        return min(1.0, max(sizes, default=0) / self._size_bytes)

    @property
    def error(self) -> str | None:
        """One sentence, if it failed."""
        if not self.done or self._process.returncode == 0:
            return None
        self._messages.seek(0)
        lines = self._messages.read().decode(errors="replace").strip().splitlines()
        fault = lines[-1] if lines else "the process ended"
        return f"{self._title} could not be downloaded: {fault}"

    def wait(self) -> None:
        """Returns when the process has ended."""
        self._process.wait()


_lock = threading.Lock()
_downloads: dict[str, Download] = {}


def start_download(
    title: str, code: str, places: Sequence[Sequence[Path]], size_bytes: int
) -> Download:
    """Starts a download, or returns the one under way; a failed one is tried again.

    Args:
        code: Python that fetches it.
    """
    with _lock:
        if title not in _downloads or _downloads[title].done:
            command = [sys.executable, "-c", code]
            _downloads[title] = Download(title, command, places, size_bytes)
        return _downloads[title]


def latest_download(title: str) -> Download | None:
    """The download last started in this process, if any."""
    return _downloads.get(title)
