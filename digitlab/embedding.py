"""Digits as points in the plane, the alike ones close together.

Principal components (Pearson, 1901) at once, in NumPy; t-SNE (van der Maaten & Hinton, 2008) as a
study, by scikit-learn in the worker.
"""

import base64
import io
import re
from contextlib import redirect_stdout
from dataclasses import dataclass

import numpy as np

from digitlab.studies import Progress, Study

KEPT_DIRECTIONS = 50
"""Principal components that t-SNE is given, as its authors do with MNIST."""

PERPLEXITY = 30
"""About how many neighbours count for each point; the usual choice."""

ITERATIONS = 1_000


@dataclass(frozen=True, eq=False)
class Components:
    """`points`: float32 (n, k), k ≥ 2. `shares`: float (k,), of the variance, in falling order."""

    points: np.ndarray
    shares: np.ndarray


def principal_components(vectors: np.ndarray, count: int = KEPT_DIRECTIONS) -> Components:
    """The directions in which vectors differ most, and where along them each lies.

    A direction's sign is such that the point farthest along it lies at a positive place: nothing
    is ever mirrored. A tenth of a second for 2,000 digits.

    Args:
        vectors: numbers (n, d), n not 0.
        count: of directions at most. Where there is but one, all lie at 0 along a second.
    """
    values = vectors.astype(np.float64)
    values -= values.mean(axis=0)
    few = len(values) < values.shape[1]  # then the smaller matrix has the same eigenvalues
    squares, directions = np.linalg.eigh(values @ values.T if few else values.T @ values)
    squares, directions = np.maximum(squares[::-1], 0), directions[:, ::-1][:, :count]
    points = directions * np.sqrt(squares[:count]) if few else values @ directions
    farthest = points[np.abs(points).argmax(axis=0), np.arange(points.shape[1])]
    points = (points * np.where(farthest < 0, -1, 1)).astype(np.float32)
    shares = squares[:count] / max(squares.sum(), 1e-12)
    missing = max(0, 2 - points.shape[1])
    return Components(np.pad(points, ((0, 0), (0, missing))), np.pad(shares, (0, missing)))


def tsne_study(points: np.ndarray) -> Study:
    """The study that arranges points in the plane by t-SNE: read it with `plane`.

    The points themselves are the argument, so that the worker needs neither dataset nor network.

    Args:
        points: float32 (n, k), principal components; 400 KB for 2,000.
    """
    return Study.of("embedding", points=_packed(points))


def study(progress: Progress, points: str) -> bytes:
    """Does `tsne_study`: some seconds for 2,000 points. Fewer than five stay where they are."""
    vectors = _unpacked(points)
    if len(vectors) < 5:
        return _file(vectors[:, :2])
    progress(0.0, "loads scikit-learn")
    from sklearn.manifold import TSNE

    progress(0.05, "finds the neighbours of every digit")
    arrange = TSNE(
        perplexity=min(PERPLEXITY, (len(vectors) - 1) / 4),
        max_iter=ITERATIONS,
        random_state=0,
        verbose=2,
    )
    with redirect_stdout(_Listener(progress)):
        return _file(arrange.fit_transform(vectors))


def plane(content: bytes) -> np.ndarray:
    """What a study found: float32 (n, 2)."""
    return np.load(io.BytesIO(content), allow_pickle=False)


class _Listener(io.TextIOBase):
    """Hears from what scikit-learn prints how far it is: it has no callback, but says so.

    What `progress` raises when the study was cancelled ends scikit-learn's work from within.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def write(self, text: str) -> int:
        if found := re.search(r"Iteration (\d+)", text):
            step = int(found[1])
            self._progress(
                0.1 + 0.9 * step / ITERATIONS, f"step {step:,} of at most {ITERATIONS:,}"
            )
        return len(text)


def _packed(points: np.ndarray) -> str:
    return base64.b64encode(_file(points)).decode("ascii")


def _unpacked(points: str) -> np.ndarray:
    return plane(base64.b64decode(points))


def _file(points: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, points.astype(np.float32))
    return file.getvalue()
