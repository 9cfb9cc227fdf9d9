"""Arrays as the bytes of a compressed `.npz` file, and back. Nothing is ever pickled."""

import io

import numpy as np


def npz_of(**arrays: np.ndarray) -> bytes:
    """The file that holds these arrays, each by its name."""
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=False, **arrays)
    return file.getvalue()


def arrays_in(content: bytes) -> dict[str, np.ndarray]:
    """Every array of a file, by its name."""
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        return dict(file)
