"""Where DigitLab keeps its files, and files that are there whole, or not at all."""

import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

LEFT_SECONDS = 3600
"""Nobody writes a file for so long."""

_ASIDE = re.compile(r"\..+\.[0-9a-f]{8}")


def default_home() -> Path:
    """`DIGITLAB_HOME`, or `.digitlab` in the working directory."""
    return Path(os.environ.get("DIGITLAB_HOME") or ".digitlab").resolve()


def write_synced(path: Path, content: bytes) -> None:
    """Writes a file, whole or not at all: see `synced_file`."""
    with synced_file(path) as file:
        file.write(content)


@contextmanager
def synced_file(path: Path) -> Iterator[BinaryIO]:
    """Written aside, synced, renamed: a reader sees the old file or the new one, whole."""
    aside = path_aside(path)
    try:
        with aside.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
    sync_folder(path.parent)


def path_aside(path: Path) -> Path:
    """Where a file or folder is made before it gets its name: beside it, hidden."""
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}")


def sync_folder(folder: Path) -> None:
    """Sees to it that the names in a folder survive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_leftovers(home: Path) -> None:
    """Removes what killed writers left aside, in a folder of the home or in one below that."""
    before = time.time() - LEFT_SECONDS
    for path in [*home.glob("*/.*"), *home.glob("*/*/.*")]:
        with suppress(FileNotFoundError):  # its writer lives, and was done just now
            if _ASIDE.fullmatch(path.name) and path.stat().st_mtime < before:
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink()
