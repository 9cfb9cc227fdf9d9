"""Photographs of paper: uneven light is taken off, so that one level tells ink from paper."""

import numpy as np
from PIL import Image
from scipy import ndimage

SMALLEST_SIDE = 100
"""Below it, a picture is a scan of one digit, whose strokes may be as wide as shadows are here."""

WIDEST_STROKE = 0.25
"""Share of the shorter side: what is wider in both directions is light and paper, not ink."""

UNEVEN = 25
"""Grey levels by which paper must differ from place to place before anything is done."""

_WORKING_SIDE = 128
_EVENED_PAPER = 32
"""How far the evened paper lies from the end of the scale: its grain still shows on both sides."""

_FAINTEST_LIGHT = 30
"""Grey level of paper below which division would stretch its grain beyond use."""


def evened(grey: np.ndarray) -> np.ndarray:
    """Brings paper to one level and ink to one contrast, as if the light had been even.

    The paper at each place is what remains of the picture when all that is narrower than a stroke
    may be is taken off (a grey closing or opening: Serra, 1982). Dark ink leaves a share of the
    light that falls on it, so that its contrast is restored by division.

    Args:
        grey: uint8 (h, w), not empty.

    Returns:
        uint8 (h, w): the same array where the light is even, or the picture no photograph.
    """
    if min(grey.shape) < SMALLEST_SIDE or _is_drawn(grey):
        return grey
    reduced = Image.fromarray(grey).reduce(max(1, max(grey.shape) // _WORKING_SIDE))
    levels = np.asarray(reduced).astype(np.float32)
    width = max(3, round(WIDEST_STROKE * min(levels.shape)))
    # Ink is little and far from the paper round it; so the rare deviations have its sign.
    deviations = levels - ndimage.uniform_filter(levels, width)
    dark_ink = (deviations**3).sum() <= 0
    taken_off = ndimage.grey_closing if dark_ink else ndimage.grey_opening
    wider = np.pad(levels, width, mode="reflect", reflect_type="odd")  # light goes on beyond edges
    paper = taken_off(wider, (width, width))[width:-width, width:-width]
    low, high = np.percentile(paper, (2, 98))
    if high - low < UNEVEN:
        return grey
    smooth = Image.fromarray(ndimage.gaussian_filter(paper, 1))
    whole = np.asarray(smooth.resize(grey.shape[::-1], Image.Resampling.BILINEAR))
    if dark_ink:
        even = grey / np.maximum(whole, _FAINTEST_LIGHT) * (255 - _EVENED_PAPER)
    else:
        even = grey - whole + _EVENED_PAPER
    return np.clip(even + 0.5, 0, 255).astype(np.uint8)


def _is_drawn(grey: np.ndarray) -> bool:
    """Whether half of it has the very same level, as a canvas or a print has; paper has grain."""
    return int(np.bincount(grey.ravel(), minlength=256).max()) > grey.size / 2
