"""A convolution's filters as one picture."""

import math

import numpy as np

NEGATIVE, ZERO, POSITIVE = (33, 102, 172), (247, 247, 247), (178, 24, 43)
"""Ends and middle of ColorBrewer's RdBu (Harrower & Brewer, 2003), which colour-blind eyes read."""

WIDEST = 264
"""The picture's width in pixels, at most, so that it fits a narrow column."""


def filter_picture(filters: np.ndarray, widest: int = WIDEST) -> np.ndarray:
    """All filters side by side, each weight a square: blue below zero, white at zero, red above.

    One scale for all, from minus to plus the largest weight. A whole number of pixels for each
    weight, and gaps of one weight that let the page's background through.

    Args:
        filters: float (k, k, f), f above 0.

    Returns:
        uint8 (height, width, 4): red, green, blue, opacity; `widest` wide at most.
    """
    side, _, count = filters.shape
    columns = math.ceil(math.sqrt(2 * count))
    rows = math.ceil(count / columns)
    tiles = np.zeros((rows * columns, side + 1, side + 1, 4), np.uint8)
    tiles[:count, :side, :side] = diverging(filters.transpose(2, 0, 1))
    grid = tiles.reshape(rows, columns, side + 1, side + 1, 4).transpose(0, 2, 1, 3, 4)
    picture = grid.reshape(rows * (side + 1), columns * (side + 1), 4)[:-1, :-1]
    factor = max(1, widest // picture.shape[1])
    return picture.repeat(factor, axis=0).repeat(factor, axis=1)


def diverging(values: np.ndarray) -> np.ndarray:
    """Numbers of both signs as colours: float (…) → uint8 (…, 4), opaque."""
    shares = values / (np.abs(values).max() or 1)
    ends = np.where(shares[..., None] < 0, NEGATIVE, POSITIVE)
    colours = ZERO + np.abs(shares)[..., None] * (ends - np.array(ZERO))
    opaque = np.full((*values.shape, 1), 255)
    return np.concatenate([colours.round(), opaque], axis=-1).astype(np.uint8)
