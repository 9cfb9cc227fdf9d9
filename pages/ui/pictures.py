"""Digits as pictures on screen: enlarged by whole factors, ink bright on dark."""

import numpy as np
from PIL import Image

from digitlab.datasets import Dataset
from pages.ui.gallery import data_url, enlarge, sprite

THUMBNAIL = 112
"""Side of a thumbnail on screen, in pixels: four for each of the network's 28."""


def thumbnail(image: np.ndarray) -> np.ndarray:
    """A picture of any size on a black square: uint8 (h, w) → (THUMBNAIL, THUMBNAIL).

    Small pictures grow by a whole factor, so that their pixels can be seen; large ones shrink.
    """
    longest = max(image.shape)
    if longest <= THUMBNAIL:
        scaled = enlarge(image, THUMBNAIL // longest)
    else:
        width, height = (max(1, side * THUMBNAIL // longest) for side in image.shape[::-1])
        scaled = np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BOX))
    square = np.zeros((THUMBNAIL, THUMBNAIL), np.uint8)
    top, left = ((THUMBNAIL - side) // 2 for side in scaled.shape)
    square[top : top + scaled.shape[0], left : left + scaled.shape[1]] = scaled
    return square


def embedded(image: np.ndarray) -> str:
    """A small grey picture as an address that carries it: uint8 (n, n).

    `st.image` shows it without the browser's asking for a file, so that a page with ten of them
    saves the server ten answers.
    """
    return data_url(sprite(image[None]))


def one_of_each(digits: Dataset, factor: int) -> np.ndarray:
    """The first test digit of every class, side by side: uint8 (28·factor, n·28·factor)."""
    labels = digits.labels[digits.train_count :]
    firsts = [digits.train_count + int(np.argmax(labels == label)) for label in np.unique(labels)]
    return enlarge(np.concatenate(list(digits.images[firsts]), axis=1), factor)
