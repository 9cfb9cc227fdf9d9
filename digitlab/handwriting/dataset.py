"""The dataset `handwriting`: written digits, digits drawn anew, and digits that nobody wrote.

What MNIST lacks for digits drawn with a pen on a screen: the styles of other countries, and strokes
from a hair's breadth to a third of the digit's height. The same seeds give the same digits.
"""

import numpy as np

from digitlab.handwriting.drawing import drawn_anew, invented, scribbles
from digitlab.network import CLASSES
from digitlab.sources.arrays import Contents

LEARNED, WATCHED = 112_100, 5_900
"""Rows of the training part: to learn from, and behind them those to validate with."""

_WRITTEN_SHARE = 0.95
"""Of the written digits of a training part, those to learn from; the others validate."""


def compose(mnist: Contents, digits: Contents) -> Contents:
    """Puts the dataset together; takes about a minute.

    Both sources' test parts, and nothing else, are its test part: MNIST's first. Of their training
    parts, the last twentieth goes into the rows to validate with (`validation_fraction` 0.05 of
    `validation` last), with drawings made of these digits alone.
    """
    learned, watched = [], []
    for source in (mnist, digits):
        count = source.train_count or 0
        kept = int(count * _WRITTEN_SHARE)
        learned.append((source.images[:kept], source.labels[:kept]))
        watched.append((source.images[kept:count], source.labels[kept:count]))
    tests = [(s.images[s.train_count :], s.labels[s.train_count :]) for s in (mnist, digits)]
    parts = [*_to_learn(*learned), *_to_watch(*watched), *tests]
    images, labels = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return Contents(images, labels, LEARNED + WATCHED)


_WRITTEN, _FEW, _NONE, _NEW = 1_500, 600, 300, 600
"""Rows of an excerpt: MNIST's digits, scikit-learn's, what is no digit, and digits invented."""


def excerpt(mnist: Contents | None, digits: Contents) -> Contents:
    """A little of what is learned from, all of it for training; takes half a second.

    Args:
        mnist: None if it is not here: scikit-learn's digits stand in for it.
    """
    random = np.random.default_rng(8)

    def some(source: Contents, count: int) -> _Part:
        rows = random.choice(source.train_count or 0, count, replace=False)
        return source.images[rows], source.labels[rows]

    parts = [some(digits, _FEW), _nothing(_NONE, seed=9), invented(_NEW, seed=10)]
    parts.append(some(mnist, _WRITTEN) if mnist else some(digits, _FEW))
    images, labels = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return Contents(images, labels, len(labels))


_Part = tuple[np.ndarray, np.ndarray]
"""uint8 (n, 28, 28) images, uint8 (n,) labels."""


def _to_learn(mnist: _Part, digits: _Part) -> list[_Part]:
    """The few written digits of scikit-learn several times over, so that they count."""
    parts = [mnist, *[digits] * 4]
    parts.append(_anew(mnist, slice(None, None, 6), 1, seed=1))
    parts.append(_anew(digits, slice(None), 8, seed=2))
    parts.append(_nothing(4_000, seed=3))
    return [*parts, invented(LEARNED - _count(parts), seed=4)]


def _to_watch(mnist: _Part, digits: _Part) -> list[_Part]:
    parts = [mnist, digits]
    parts.append(_anew(mnist, slice(None, None, 6), 1, seed=5))
    parts.append(_anew(digits, slice(None), 8, seed=6))
    return [*parts, invented(WATCHED - _count(parts), seed=7)]


def _nothing(count: int, seed: int) -> _Part:
    """What is no digit. No answer is right for it: learned with every answer in turn, it is read
    as all of them a little (outlier exposure: Hendrycks et al., 2019)."""
    nothing = scribbles(count, seed)
    return nothing, np.arange(len(nothing), dtype=np.uint8) % CLASSES


def _anew(part: _Part, rows: slice, copies: int, seed: int) -> _Part:
    images, labels = part[0][rows], part[1][rows]
    drawings, origins = drawn_anew(images, copies, seed)
    return drawings, labels[origins]


def _count(parts: list[_Part]) -> int:
    return sum(len(labels) for _, labels in parts)
