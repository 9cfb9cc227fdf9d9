"""Digits as points of one or more maps, drawn as themselves; a box round some of them picks them.

    where = places(points)                               # float (n, 2), any → the unit square
    chosen = digit_map(dataset.images[rows], labels, {"Pixels": where}, key="explore_map", …)
    rows[chosen]                                         # those in the box, or all

All digits travel as one grey PNG; the browser tints each with the colour of its class. What is
picked in one map is lit in all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from digitlab.plots import CLASS_COLOURS
from pages.ui.gallery import data_url, sprite

ACROSS = 50
"""Digits in a row of the PNG."""

_COMPONENT = st.components.v2.component(
    "digitlab_map",
    html='<div class="maps"></div><div class="legend"></div>',
    css=Path(__file__).with_name("digit_map.css").read_text(encoding="utf-8"),
    js=Path(__file__).with_name("digit_map.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True)
class Box:
    """A rectangle on the map of this number, in the unit square, y downwards."""

    number: int
    left: float
    top: float
    right: float
    bottom: float

    @classmethod
    def sent(cls, values: Any, maps: int) -> "Box | None":
        """What a browser sent, if it is a box on one of the maps."""
        if not isinstance(values, list) or len(values) != 5:
            return None
        if not all(isinstance(v, int | float) and isfinite(v) for v in values):
            return None
        number = int(values[0])
        return cls(number, *map(float, values[1:])) if 0 <= number < maps else None

    def holds(self, where: np.ndarray) -> np.ndarray:
        """Which of the places lie in it: float (n, 2) → bool (n,)."""
        x, y = where.T
        return (x >= self.left) & (x <= self.right) & (y >= self.top) & (y <= self.bottom)


def places(points: np.ndarray) -> np.ndarray:
    """Points brought into the unit square, y downwards, with one scale for both directions.

    Args:
        points: float (n, 2), y upwards.
    """
    flipped = points * (1, -1)
    low, high = flipped.min(axis=0), flipped.max(axis=0)
    scale = max(float((high - low).max()), 1e-9)
    return (flipped - (low + high) / 2) / scale + 0.5


def digit_map(
    images: np.ndarray,
    labels: np.ndarray,
    class_names: Sequence[str],
    maps: Mapping[str, np.ndarray],
    lit: np.ndarray,
    key: str,
    label: str,
) -> np.ndarray:
    """Draws the maps and returns which digits are picked: bool (n,); all that are lit if no box is.

    Args:
        images: uint8 (n, 28, 28), 0–255, ink bright.
        labels: uint8 (n,), 0–9: the colours.
        class_names: what the labels are called.
        maps: title → places of the digits, float (n, 2) in the unit square.
        lit: bool (n,), what is not faded.
        key: of the component; the box is kept under `box_key(key)` and survives reruns.
        label: the whole in words, for screen readers.
    """
    box: Box | None = st.session_state.get(box_key(key))

    def pick() -> None:
        st.session_state[box_key(key)] = Box.sent(st.session_state[key].box, len(maps))

    _COMPONENT(
        key=key,
        data={
            "sprite": data_url(sheet(images)),
            "across": ACROSS,
            "labels": labels.tolist(),
            "names": list(class_names),
            "lit": lit.tolist(),
            "colours": CLASS_COLOURS,
            "maps": [
                {"title": title, "places": np.round(where, 4).tolist()}
                for title, where in maps.items()
            ],
            "box": None if box is None else astuple(box),
            "label": label,
        },
        on_box_change=pick,
    )
    if box is None:
        return lit
    return lit & box.holds(list(maps.values())[box.number])


def box_key(key: str) -> str:
    """Where in the session's state the box of map `key` is kept."""
    return f"{key}_box"


def sheet(images: np.ndarray) -> bytes:
    """The digits as one grey PNG, `ACROSS` in a row: uint8 (n, 28, 28)."""
    missing = -len(images) % ACROSS
    padded = np.pad(images, ((0, missing), (0, 0), (0, 0)))
    side = images.shape[1]
    rows = padded.reshape(-1, ACROSS, side, side).transpose(0, 2, 1, 3)
    return sprite(rows.reshape(1, -1, ACROSS * side))
