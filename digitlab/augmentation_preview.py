"""config → what augmentation makes of a few digits, to be looked at: no TensorFlow.

The maps of `augmentation`, in NumPy and SciPy: the same draws give the same pictures.
"""

import numpy as np
from scipy import ndimage

from digitlab.config import TrainingConfig
from digitlab.network import SIDE

_SMOOTHNESS = 4
_COARSE = np.arange(14) * _SMOOTHNESS - 12.5


def augmented(images: np.ndarray, config: TrainingConfig, seed: int) -> np.ndarray:
    """Each digit changed at random as `config` allows; the same seed, the same changes.

    Everything is drawn, needed or not: so a stronger rotation turns a digit further the same way,
    and leaves everything else about it alone.

    Args:
        images: uint8 (n, 28, 28), 0–255, ink bright.
        seed: at least 0; these draws are not those of a training with this seed.

    Returns:
        uint8 (n, 28, 28).
    """
    random, count = np.random.default_rng(seed), len(images)
    affine = random.uniform(-1, 1, (6, count))
    noise = random.standard_normal((count, 2, len(_COARSE), len(_COARSE)))
    thickness = random.random((2, count))
    pixels = warped(images.astype(np.float64), config, affine, noise)
    pixels = thickened(pixels, thickness, config.stroke_thickness)
    return np.rint(pixels).clip(0, 255).astype(np.uint8)


def warped(
    pixels: np.ndarray, config: TrainingConfig, draws: np.ndarray, noise: np.ndarray
) -> np.ndarray:
    """Rotation, shear, zoom, shift and elastic displacement, in one resampling.

    Args:
        pixels: float64 (n, 28, 28).
        draws: (6, n) in [-1, 1): angle, slant, two zooms, two shifts.
        noise: (n, 2, 14, 14), standard normal; across, down.

    Returns:
        float64 (n, 28, 28).
    """
    matrices, shifts = affine_maps(draws, config)
    centre = (SIDE - 1) / 2
    rows, columns = np.indices((SIDE, SIDE)) - centre
    # Where each pixel of the result is taken from: (n, 2, 28, 28), across and down.
    sources = np.einsum("nij,jrc->nirc", matrices, np.stack([columns, rows]))
    sources += shifts[:, :, None, None] + centre + config.elastic * smooth(noise)
    numbers = np.broadcast_to(np.arange(len(pixels))[:, None, None], pixels.shape)
    places = np.stack([numbers, sources[:, 1], sources[:, 0]])
    return ndimage.map_coordinates(pixels, places, order=1, mode="grid-constant")


def affine_maps(draws: np.ndarray, config: TrainingConfig) -> tuple[np.ndarray, np.ndarray]:
    """Rotation · shear · scale about the centre, from output to input pixels; and the shift.

    Returns:
        float64 (n, 2, 2) matrices on (across, down), float64 (n, 2) in pixels.
    """
    angle = np.radians(draws[0] * config.rotation)
    slant = np.tan(np.radians(draws[1] * config.shear))
    none, one = np.zeros_like(angle), np.ones_like(angle)
    rotation = _matrices([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    shear = _matrices([[one, slant], [none, one]])
    across, down = 1 / (1 + draws[2:4] * config.zoom)
    scale = _matrices([[across, none], [none, down]])
    return rotation @ shear @ scale, draws[4:6].T * config.shift * SIDE


def _matrices(entries: list[list[np.ndarray]]) -> np.ndarray:
    """Entries (n,) each → (n, 2, 2)."""
    return np.moveaxis(np.array(entries), -1, 0)


def smooth(noise: np.ndarray) -> np.ndarray:
    """White noise (n, 2, 14, 14) → smooth fields (n, 2, 28, 28), as `augmentation.smooth`."""
    weights = np.exp(-((np.arange(SIDE)[:, None] - _COARSE) ** 2) / (2 * _SMOOTHNESS**2))
    weights /= np.linalg.norm(weights, axis=1, keepdims=True)
    return weights @ noise @ weights.T


def thickened(pixels: np.ndarray, draws: np.ndarray, share: float) -> np.ndarray:
    """Blends a share of the digits with their dilation or erosion (3×3), half of them each.

    Args:
        pixels: float64 (n, 28, 28).
        draws: (2, n) in [0, 1): which digits, and how much.
    """
    chosen, strength = draws[0][:, None, None], draws[1][:, None, None] * 0.8
    thicker = ndimage.maximum_filter(pixels, (1, 3, 3), mode="nearest")
    thinner = ndimage.minimum_filter(pixels, (1, 3, 3), mode="nearest")
    blended = pixels + (np.where(chosen < share / 2, thicker, thinner) - pixels) * strength
    brightness = pixels.max(axis=(1, 2), keepdims=True)
    blended *= brightness / np.maximum(blended.max(axis=(1, 2), keepdims=True), 1)
    return np.where(chosen < share, blended, pixels)
