"""Files that are there whole, or not at all."""

import os
import secrets
from pathlib import Path


def write_synced(path: Path, content: bytes) -> None:
    """Writes aside, syncs, renames: a reader sees the old file or the new one, whole."""
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with aside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
