"""The maps behind `corruptions`: batches of digits, spoiled by NumPy and SciPy.

Each takes pixels, float32 (n, 28, 28) in 0–255, ink bright; a level above 0, in the unit that its
corruption names; and where chance comes from. Each returns float (n, 28, 28), perhaps beyond 0–255.
What is drawn does not depend on the level where that can be helped: so a stronger rotation turns a
digit further the same way.
"""

import numpy as np
from scipy import ndimage

from digitlab.network import SIDE

WHITE = 255
MUD = 63
"""The grey of spatter, as in MNIST-C."""

ROWS, COLUMNS = np.indices((SIDE, SIDE), np.float32)
CENTRE = (SIDE - 1) / 2

Random = np.random.Generator


def shift(pixels: np.ndarray, level: float, random: Random) -> np.ndarray:
    """Moves each by `level` pixels to the left, right, top or bottom."""
    sides = np.array([[1, 0], [-1, 0], [0, 1], [0, -1]], np.float32)
    return _mapped(pixels, np.eye(2), level * sides[random.integers(4, size=len(pixels))])


def rotation(pixels: np.ndarray, level: float, random: Random) -> np.ndarray:
    """Turns each by `level` degrees, to the left or to the right."""
    angle = np.radians(level) * _signs(len(pixels), random)
    matrices = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return _mapped(pixels, np.moveaxis(matrices, -1, 0))


def shrinking(pixels: np.ndarray, level: float, random: Random) -> np.ndarray:
    """Makes width and height `level` per cent smaller, about the centre."""
    return _mapped(pixels, np.eye(2) / (1 - level / 100))


def shear(pixels: np.ndarray, level: float, random: Random) -> np.ndarray:
    """Slants each by `level` degrees, to the left or to the right."""
    slant = np.tan(np.radians(level)) * _signs(len(pixels), random)
    matrices = np.tile(np.eye(2), (len(pixels), 1, 1))
    matrices[:, 0, 1] = slant
    return _mapped(pixels, matrices)


def noise(pixels: np.ndarray, level: float, random: Random) -> np.ndarray:
    """Adds Gaussian noise with a standard deviation of `level` grey levels."""
    return pixels + level * random.standard_normal(pixels.shape, np.float32)


def blur(pixels: np.ndarray, level: float, random: Random) -> np.ndarray:
    """Smooths with a Gaussian whose standard deviation is `level` pixels."""
    return ndimage.gaussian_filter(pixels, (0, level, level))


def contrast_loss(pixels: np.ndarray, level: float, random: Random) -> np.ndarray:
    """Brings every pixel `level` per cent nearer to its picture's mean."""
    mean = pixels.mean(axis=(1, 2), keepdims=True)
    return pixels + (mean - pixels) * (level / 100)


def inversion(pixels: np.ndarray, level: float, random: Random) -> np.ndarray:
    """Goes `level` per cent of the way to dark ink on bright paper; 50 would be an even grey."""
    return pixels + (WHITE - 2 * pixels) * (level / 100)


def thickness(pixels: np.ndarray, level: float, random: Random) -> np.ndarray:
    """Makes strokes thicker or thinner by `level` pixels on every side."""
    thicker, thinner = _grown(pixels, level), WHITE - _grown(WHITE - pixels, level)
    return np.where(_signs(len(pixels), random)[:, None, None] > 0, thicker, thinner)


def occlusion(pixels: np.ndarray, level: float, random: Random) -> np.ndarray:
    """Lays a square of bare paper, `level` pixels a side, anywhere on the picture."""
    top, left = random.random((2, len(pixels), 1, 1)) * (SIDE + 1 - level) // 1
    hidden = (top <= ROWS) & (top + level > ROWS) & (left <= COLUMNS) & (left + level > COLUMNS)
    return np.where(hidden, 0, pixels)


def shot_noise(pixels: np.ndarray, level: float, random: Random) -> np.ndarray:
    """Counts photons, so few that a white pixel is off by `level` per cent on average."""
    photons = (100 / level) ** 2
    return random.poisson(pixels / WHITE * photons) * (WHITE / photons)


def impulse_noise(pixels: np.ndarray, level: float, random: Random) -> np.ndarray:
    """Makes `level` per cent of the pixels white or black."""
    chance, share = random.random(pixels.shape, np.float32), level / 100
    return np.where(chance < share / 2, WHITE, np.where(chance > 1 - share / 2, 0, pixels))


def glass_blur(pixels: np.ndarray, level: float, random: Random) -> np.ndarray:
    """Takes each pixel from a place up to `level` pixels away, as through frosted glass."""
    sigma = (0, 0.4 * level, 0.4 * level)
    away = np.rint(level * random.uniform(-1, 1, (len(pixels), 2, SIDE, SIDE)))
    scattered = _sampled(ndimage.gaussian_filter(pixels, sigma), np.stack([COLUMNS, ROWS]) + away)
    return ndimage.gaussian_filter(scattered, sigma)


def motion_blur(pixels: np.ndarray, level: float, random: Random) -> np.ndarray:
    """Averages along a line of `level` pixels, within 45 degrees of the horizontal.

    By the Fourier transform, in which a line is a sinc; at most 24 pixels, or the edges meet.
    """
    padding = 12
    padded = np.pad(pixels, ((0, 0), (padding, padding), (padding, padding)))
    side = padded.shape[1]
    angle = np.radians(random.uniform(-45, 45, (len(pixels), 1, 1)))
    down, across = np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)
    line = np.sinc(level * (np.cos(angle) * across + np.sin(angle) * down)).astype(np.float32)
    blurred = np.fft.irfft2(np.fft.rfft2(padded) * line, (side, side))
    return blurred[:, padding:-padding, padding:-padding]


def brightness(pixels: np.ndarray, level: float, random: Random) -> np.ndarray:
    """Adds `level` per cent of white everywhere."""
    return pixels + WHITE * level / 100


def stripe(pixels: np.ndarray, level: float, random: Random) -> np.ndarray:
    """Inverts `level` columns on the left and on the right; MNIST-C has 7."""
    outer = (level > COLUMNS) | (SIDE - level <= COLUMNS)
    return np.where(outer, WHITE - pixels, pixels)


def fog(pixels: np.ndarray, level: float, random: Random) -> np.ndarray:
    """Mixes in clouds of `level` per cent of the ink's brightness.

    Clouds: noise whose amplitude falls with the frequency to the power of 1.5.
    """
    frequency = np.hypot(np.fft.fftfreq(SIDE)[:, None], np.fft.rfftfreq(SIDE))
    frequency[0, 0] = np.inf
    spectrum = np.fft.rfft2(random.standard_normal(pixels.shape, np.float32)) / frequency**1.5
    clouds = np.fft.irfft2(spectrum, (SIDE, SIDE))
    clouds -= clouds.min(axis=(1, 2), keepdims=True)
    clouds /= clouds.max(axis=(1, 2), keepdims=True)
    return (pixels + level / 100 * WHITE * clouds) / (1 + level / 100)


def spatter(pixels: np.ndarray, level: float, random: Random) -> np.ndarray:
    """Covers about `level` per cent of the picture with specks of mud."""
    specks = ndimage.gaussian_filter(random.standard_normal(pixels.shape, np.float32), (0, 1, 1))
    edge = np.quantile(specks, 1 - level / 100, axis=(1, 2), keepdims=True)
    mud = ndimage.gaussian_filter((specks > edge).astype(np.float32), (0, 0.5, 0.5))
    return pixels + (MUD - pixels) * mud


def dotted_line(pixels: np.ndarray, level: float, random: Random) -> np.ndarray:
    """Draws `level` dotted lines from edge to edge; MNIST-C has 1."""
    for _ in range(int(level)):
        left, right = random.uniform(0, SIDE - 1, (2, len(pixels), 1))
        heights = left + (right - left) * COLUMNS[0] / (SIDE - 1)
        pixels = pixels + _ink(heights) * (COLUMNS // 2 % 2)
    return pixels


def zigzag(pixels: np.ndarray, level: float, random: Random) -> np.ndarray:
    """Draws `level` zigzags across, four pixels high; MNIST-C has 1."""
    teeth = np.abs((COLUMNS[0] + 2) % 8 - 4) - 2
    for _ in range(int(level)):
        left = random.uniform(0, SIDE - 1, (len(pixels), 1))
        right = left + random.uniform(-5, 5, (len(pixels), 1))
        heights = left + (right - left) * COLUMNS[0] / (SIDE - 1) + teeth
        pixels = pixels + _ink(heights) * ((COLUMNS >= 2) & (COLUMNS <= SIDE - 3))
    return pixels


def canny_edges(pixels: np.ndarray, level: float, random: Random) -> np.ndarray:
    """Goes `level` per cent of the way to the outlines alone (Canny, 1986); MNIST-C has 100."""
    smooth = ndimage.gaussian_filter(pixels / WHITE, (0, 1, 1))
    down, across = _slope(smooth, 1, 2), _slope(smooth, 2, 1)
    slope = np.hypot(down, across)
    sector = np.rint(np.arctan2(down, across) / (np.pi / 4)) % 4
    ridge = np.zeros(pixels.shape, bool)
    for number, (row, column) in enumerate([(0, 1), (1, 1), (1, 0), (1, -1)]):
        ahead = np.roll(slope, (-row, -column), (1, 2))
        behind = np.roll(slope, (row, column), (1, 2))
        ridge |= (sector == number) & (slope >= ahead) & (slope > behind)
    within_a_digit = np.zeros((3, 3, 3), bool)
    within_a_digit[1] = True
    edges = ndimage.binary_propagation(
        ridge & (slope > 0.2), structure=within_a_digit, mask=ridge & (slope > 0.1)
    )
    return pixels + (WHITE * edges - pixels) * (level / 100)


def _slope(pixels: np.ndarray, along: int, beside: int) -> np.ndarray:
    """Sobel's derivative along one axis; `ndimage.sobel` would mix the digits of a batch."""
    difference = ndimage.correlate1d(pixels, [-1, 0, 1], along)
    return ndimage.correlate1d(difference, [1, 2, 1], beside)


def _signs(count: int, random: Random) -> np.ndarray:
    """-1 or 1 for each digit."""
    return random.integers(2, size=count) * 2 - 1


def _mapped(
    pixels: np.ndarray, matrices: np.ndarray, shifts: np.ndarray | None = None
) -> np.ndarray:
    """Takes each pixel from where an affine map about the centre leads.

    Args:
        matrices: (2, 2) or (n, 2, 2), from output to input, on (across, down).
        shifts: (n, 2), in pixels.
    """
    places = np.stack([COLUMNS, ROWS]).reshape(2, -1) - CENTRE
    sources = np.broadcast_to(matrices, (len(pixels), 2, 2)).astype(np.float32) @ places + CENTRE
    if shifts is not None:
        sources += shifts[:, :, None]
    return _sampled(pixels, sources.reshape(-1, 2, SIDE, SIDE))


def _sampled(pixels: np.ndarray, sources: np.ndarray) -> np.ndarray:
    """Interpolates linearly at `sources`, (n, 2, 28, 28): across, down; paper beyond the edge."""
    padded = np.pad(pixels, ((0, 0), (1, 2), (1, 2)))
    width = padded.shape[2]
    places = np.clip(sources, -1, SIDE) + 1
    corners = places.astype(np.int64)
    across, down = np.moveaxis((places - corners).astype(np.float32), 1, 0)
    first = np.arange(len(pixels))[:, None, None] * padded[0].size
    first = first + corners[:, 1] * width + corners[:, 0]
    upper, lower = (
        padded.take(start) * (1 - across) + padded.take(start + 1) * across
        for start in (first, first + width)
    )
    return upper * (1 - down) + lower * down


def _grown(pixels: np.ndarray, radius: float) -> np.ndarray:
    """What is bright grows by so many pixels; fractions are blended."""
    for _ in range(int(radius)):
        pixels = ndimage.maximum_filter(pixels, (1, 3, 3), mode="nearest")
    more = ndimage.maximum_filter(pixels, (1, 3, 3), mode="nearest")
    return pixels + (more - pixels) * (radius % 1)


def _ink(heights: np.ndarray) -> np.ndarray:
    """Lines three pixels thick, through one height in each column: (n, 28) → (n, 28, 28)."""
    return WHITE * np.clip(1.5 - np.abs(ROWS - heights[:, None, :]), 0, 1)
