"""Ways to spoil a digit, each with its levels of severity.

`EVERYDAY`: ten that drawings and photographs suffer. `MNIST_C`: the fifteen kinds of MNIST-C (Mu &
Gilmer, 2019, arXiv:1906.02337), written anew; four of them are everyday ones. That dataset holds
one level of each kind, and its randomness is another: what is measured here is near its figures,
not equal to them.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from digitlab.corruptions import maps
from digitlab.corruptions.maps import Random


@dataclass(frozen=True)
class Corruption:
    """One way to spoil a digit. `levels` rise in `unit`s, from mild to severe; 0 is no change."""

    key: str
    title: str
    sentence: str
    levels: tuple[float, ...]
    unit: str
    spoil: Callable[[np.ndarray, float, Random], np.ndarray]

    def apply(self, images: np.ndarray, level: float, random: Random) -> np.ndarray:
        """Spoils digits: uint8 (n, 28, 28) → uint8 (n, 28, 28).

        Args:
            level: 0 or more.
            random: in the same state, it spoils the same digits the same way.
        """
        if level == 0:
            return images
        spoiled = self.spoil(images.astype(np.float32), level, random)
        return np.rint(spoiled).clip(0, 255).astype(np.uint8)

    def level_in_words(self, level: float) -> str:
        """'3 px', '20°', '40 %', '2'."""
        space = "" if self.unit in ("", "°") else " "
        return f"{level:g}{space}{self.unit}"


SHIFT = Corruption(
    "shift",
    "Shift",
    "Moved to one side, up or down.",
    (1, 2, 3, 4, 6, 8),
    "px",
    maps.shift,
)
ROTATION = Corruption(
    "rotation",
    "Rotation",
    "Turned to the left or to the right.",
    (10, 20, 30, 40, 50, 60),
    "°",
    maps.rotation,
)
SHRINKING = Corruption(
    "scale",
    "Shrinking",
    "Width and height made smaller.",
    (10, 20, 30, 40, 50, 60),
    "%",
    maps.shrinking,
)
SHEAR = Corruption(
    "shear",
    "Shear",
    "Slanted to the left or to the right.",
    (10, 20, 30, 40, 50, 60),
    "°",
    maps.shear,
)

EVERYDAY = (
    SHIFT,
    ROTATION,
    SHRINKING,
    SHEAR,
    Corruption(
        "noise",
        "Noise",
        "Grain of so many grey levels (standard deviation; white is 255).",
        (10, 20, 40, 60, 90, 120),
        "grey levels",
        maps.noise,
    ),
    Corruption(
        "blur",
        "Blur",
        "Out of focus: a Gaussian of this standard deviation.",
        (0.5, 1, 1.5, 2, 2.5, 3),
        "px",
        maps.blur,
    ),
    Corruption(
        "contrast",
        "Contrast loss",
        "Ink and paper nearer to their mean.",
        (10, 20, 40, 60, 80, 90),
        "%",
        maps.contrast_loss,
    ),
    Corruption(
        "inversion",
        "Inversion",
        "On the way to dark ink on bright paper, past an even grey at 50 %.",
        (10, 20, 40, 60, 80, 100),
        "%",
        maps.inversion,
    ),
    Corruption(
        "thickness",
        "Stroke thickness",
        "Strokes of half the digits thicker, of the others thinner, on every side.",
        (0.25, 0.5, 0.75, 1, 1.25, 1.5),
        "px",
        maps.thickness,
    ),
    Corruption(
        "occlusion",
        "Occlusion",
        "A square of this side is missing somewhere.",
        (3, 5, 7, 9, 11, 13),
        "px",
        maps.occlusion,
    ),
)

MNIST_C = (
    Corruption(
        "shot_noise",
        "Shot noise",
        "Too little light: white is off by this much on average.",
        (13, 20, 29, 45, 58),
        "%",
        maps.shot_noise,
    ),
    Corruption(
        "impulse_noise",
        "Impulse noise",
        "So many pixels turned white or black.",
        (3, 6, 9, 17, 27),
        "%",
        maps.impulse_noise,
    ),
    Corruption(
        "glass_blur",
        "Glass blur",
        "Seen through frosted glass that scatters so far.",
        (1, 2, 3, 4),
        "px",
        maps.glass_blur,
    ),
    Corruption(
        "motion_blur",
        "Motion blur",
        "Moved so far while it was photographed.",
        (3, 6, 9, 12, 15),
        "px",
        maps.motion_blur,
    ),
    SHEAR,
    SHRINKING,
    ROTATION,
    Corruption(
        "brightness",
        "Brightness",
        "Ink and paper brighter by this share of white.",
        (10, 20, 30, 40, 50),
        "%",
        maps.brightness,
    ),
    SHIFT,
    Corruption(
        "stripe",
        "Stripe",
        "So many columns inverted at each side.",
        (1, 3, 5, 7, 9),
        "px",
        maps.stripe,
    ),
    Corruption(
        "fog",
        "Fog",
        "Clouds, so bright beside the ink.",
        (50, 100, 150, 200, 300),
        "%",
        maps.fog,
    ),
    Corruption(
        "spatter",
        "Spatter",
        "Specks of mud on so much of the picture.",
        (10, 20, 30, 40, 50),
        "%",
        maps.spatter,
    ),
    Corruption(
        "dotted_line",
        "Dotted lines",
        "So many dotted lines across.",
        (1, 2, 3, 4),
        "",
        maps.dotted_line,
    ),
    Corruption(
        "zigzag",
        "Zigzags",
        "So many zigzags across.",
        (1, 2, 3, 4),
        "",
        maps.zigzag,
    ),
    Corruption(
        "canny_edges",
        "Edges",
        "On the way to the outlines alone.",
        (20, 40, 60, 80, 100),
        "%",
        maps.canny_edges,
    ),
)

CORRUPTIONS = {corruption.key: corruption for corruption in (*EVERYDAY, *MNIST_C)}
