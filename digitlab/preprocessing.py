"""The one road from any pixels to model input: canvas, uploads, command line, people's own data.

The last three stages are MNIST's own normalisation (LeCun et al., 1998; LeCun's MNIST page): the
ink is fitted into 20×20 with its aspect kept, then placed in 28×28 by its centre of mass.

A step can be left out, to show what it is for.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from PIL import Image
from scipy import ndimage

from digitlab.errors import BlankImageError
from digitlab.network import SIDE, PixelStatistics
from digitlab.photographs import evened
from digitlab.pictures import decode_canvas, read_picture, to_grey

__all__ = [
    "ROAD",
    "SIDE",
    "Preprocessed",
    "Stage",
    "as_input",
    "decode_canvas",
    "ink_bright",
    "normalized",
    "pixel_statistics",
    "preprocess",
    "read_picture",
]

FITTED_SIDE = 20
"""Longest side of the ink within it."""

FAINTEST_INK = 20
"""Grey levels by which ink must stand out from the paper: below, JPEG noise looks like ink."""

NO_INK = "There is nothing to read: no ink stands out from the paper."

SPECK = 0.01
"""A patch with less than this share of the largest patch's ink is dust, not part of a digit."""


@dataclass(frozen=True, eq=False)
class Stage:
    """One step on the road. `image`: uint8 (h, w)."""

    key: str
    title: str
    image: np.ndarray


@dataclass(frozen=True, eq=False)
class Preprocessed:
    """What the network sees, and how it came about.

    `stages`: raw, then the steps of `ROAD`; a step left out shows what came to it.
    `image`: uint8 (28, 28), 0–255, ink bright: the last stage's, unless the last step is left out.
    """

    stages: tuple[Stage, ...]
    image: np.ndarray


def preprocess(pixels: np.ndarray, left_out: frozenset[str] = frozenset()) -> Preprocessed:
    """Turns a picture of one digit into what MNIST would have made of it.

    Args:
        pixels: uint8 (h, w) grey, (h, w, 3) RGB or (h, w, 4) RGBA, of any size and polarity.
        left_out: keys of `ROAD`: steps not taken. What then ends in another size than 28×28 is
            brought to it by `as_input`.

    Raises:
        BlankImageError: if no ink stands out from the paper.
        InputError: if the array is no picture.
    """
    image = to_grey(pixels)
    if not image.size:
        raise BlankImageError("There is nothing to read: the picture has no pixels.")
    if not image.any():
        raise BlankImageError(NO_INK)
    stages = [Stage("raw", "As it came", image)]
    for key, (title, step) in ROAD.items():
        if key not in left_out:
            image = step(image)
        stages.append(Stage(key, title, image))
    return Preprocessed(tuple(stages), as_input(image))


def as_input(image: np.ndarray) -> np.ndarray:
    """Any picture in 28×28: in the middle if it fits, else squashed, whatever that does to it.

    Args:
        image: uint8 (h, w), not empty.
    """
    if image.shape == (SIDE, SIDE):
        return image
    if max(image.shape) > SIDE:
        return np.asarray(Image.fromarray(image).resize((SIDE, SIDE), Image.Resampling.BOX))
    room = [SIDE - length for length in image.shape]
    return np.pad(image, [(gap // 2, gap - gap // 2) for gap in room])


def ink_bright(grey: np.ndarray) -> np.ndarray:
    """Inverts dark ink on light paper; returns light ink on dark paper as it is.

    Paper is what most of the picture's edge is made of, ink what differs most from it.

    Args:
        grey: uint8 (h, w), not empty.
    """
    paper = _paper_level(grey)
    if paper - int(grey.min()) > int(grey.max()) - paper:
        return 255 - grey
    return grey


def _polarity(grey: np.ndarray) -> np.ndarray:
    return ink_bright(evened(grey))


def _paper_level(grey: np.ndarray) -> int:
    edge = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    edge.sort()
    return int(edge[len(edge) // 2])


def _noise_floor(bright: np.ndarray) -> np.ndarray:
    """Zeroes the paper, its grain, shadows and dust; stretches what remains to 255.

    Grain and shadows lie on both sides of the paper's level, ink on one: the dark side measures
    how far the bright one can be trusted.
    """
    difference = bright.astype(np.int16) - _paper_level(bright)
    strongest = int(difference.max())
    below = np.sort(-difference[difference < 0])
    grain = int(below[int(0.99 * (len(below) - 1))]) if len(below) else 0
    if strongest < max(FAINTEST_INK, 2 * grain):
        raise BlankImageError(NO_INK)
    floor = np.clip(1.5 * grain, 0.1 * strongest, 0.5 * strongest)
    ink = np.where(difference >= floor, difference, 0)
    return _stretch(_without_specks(ink), 0.9)


def _without_specks(ink: np.ndarray) -> np.ndarray:
    """Keeps the connected patches that hold at least `SPECK` of the largest one's ink."""
    patches, count = ndimage.label(ink, structure=np.ones((3, 3), np.int8))
    if count < 2:
        return ink
    weights = np.bincount(patches.ravel(), weights=ink.ravel())
    weights[0] = 0
    return np.where((weights >= SPECK * weights.max())[patches], ink, 0)


def _stretch(ink: np.ndarray, quantile: float) -> np.ndarray:
    """Scales so that this quantile of the ink reaches 255; what is brighter is cut off there.

    Averaging a large picture that was not cropped may have lost a dot.
    """
    if not ink.any():
        raise BlankImageError(NO_INK)
    values = np.sort(ink[ink > 0.05 * ink.max()])
    reference = float(values[int(quantile * (len(values) - 1))])
    return np.clip(ink * (255 / reference) + 0.5, 0, 255).astype(np.uint8)


def _crop(clean: np.ndarray) -> np.ndarray:
    rows = np.flatnonzero(clean.any(axis=1))
    columns = np.flatnonzero(clean.any(axis=0))
    return clean[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _fit(cropped: np.ndarray) -> np.ndarray:
    """Brings the longest side to 20, averaging areas on the way down.

    A pen much thinner than MNIST's comes out grey from the averaging; it is stretched until a
    quarter of the ink is white, which is what MNIST's own digits look like.
    """
    height, width = cropped.shape
    scale = FITTED_SIDE / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    method = Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC
    fitted = np.asarray(Image.fromarray(cropped.astype(np.float32)).resize(size, method))
    return _stretch(np.clip(fitted, 0, 255), 0.75)


def _centre(fitted: np.ndarray) -> np.ndarray:
    """Places the ink in 28×28 with its centre of mass on pixel (14, 14), as MNIST's is.

    What was not fitted is squashed; ink that is lost so is nothing to place.
    """
    if max(fitted.shape) > SIDE:
        squashed = as_input(fitted)
        return _centre(_crop(squashed)) if squashed.any() else squashed
    centred = np.zeros((SIDE, SIDE), np.uint8)
    top, left = (
        _offset(fitted.sum(axis=other, dtype=np.int64), fitted.shape[axis])
        for axis, other in ((0, 1), (1, 0))
    )
    centred[top : top + fitted.shape[0], left : left + fitted.shape[1]] = fitted
    return centred


def _offset(mass: np.ndarray, length: int) -> int:
    """Where to start so that the mass lies on the middle, and nothing falls off the edge."""
    middle = float(mass @ np.arange(length)) / float(mass.sum())
    return min(max(round(SIDE / 2 - middle), 0), SIDE - length)


ROAD: Mapping[str, tuple[str, Callable[[np.ndarray], np.ndarray]]] = MappingProxyType(
    {
        "polarity": ("Ink bright, light evened", _polarity),
        "noise_floor": ("Paper and dust removed", _noise_floor),
        "crop": ("Cropped to the ink", _crop),
        "fit": (f"Fitted into {FITTED_SIDE}×{FITTED_SIDE}", _fit),
        "centre": ("Centred by its mass", _centre),
    }
)
"""The steps in their order: key, title and what is done; each takes and gives uint8 (h, w)."""


def pixel_statistics(images: np.ndarray) -> PixelStatistics:
    """Mean and standard deviation of all pixels, from their histogram: no float copy is made.

    Args:
        images: uint8 (n, h, w), not empty.
    """
    counts = np.zeros(256)
    for start in range(0, len(images), 1000):
        counts += np.bincount(images[start : start + 1000].ravel(), minlength=256)
    levels = np.arange(256)
    mean = counts @ levels / counts.sum()
    return PixelStatistics(
        float(mean), float(np.sqrt(counts @ (levels - mean) ** 2 / counts.sum()))
    )


def normalized(images: np.ndarray, normalization: str, pixels: PixelStatistics) -> np.ndarray:
    """What a network's first layer makes of digits, without the network.

    Args:
        images: uint8 (n, 28, 28).
        normalization: an option of `TrainingConfig.normalization`.
        pixels: of the training digits; for `standardize`.

    Returns:
        float32 (n, 28, 28).
    """
    values = images.astype(np.float32)
    if normalization == "columns":
        norms = np.linalg.norm(values, axis=1, keepdims=True)
        return values / np.where(norms == 0, 1, norms)
    if normalization == "standardize":
        return (values - pixels.mean) / (pixels.standard_deviation or 1.0)
    return values / 255
