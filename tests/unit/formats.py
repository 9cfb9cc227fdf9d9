"""Data files as tests make them: IDX, PNG, zip."""

import io
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image


def idx(array: np.ndarray) -> bytes:
    """An IDX file of unsigned bytes."""
    return struct.pack(f">I{array.ndim}I", 0x800 + array.ndim, *array.shape) + array.tobytes()


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """A picture file."""
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def png(array: np.ndarray) -> bytes:
    """A PNG of these pixels."""
    return encoded(Image.fromarray(array))


def zipped(
    path: Path, members: Mapping[str, bytes | str], compression: int = zipfile.ZIP_DEFLATED
) -> Path:
    """Writes a zip of these files, and returns its path."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path
