"""Where DigitLab keeps its files, and files that are there whole, or not at all."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


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
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with aside.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
