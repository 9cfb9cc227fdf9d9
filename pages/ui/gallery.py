"""Many digits as one picture that can be clicked; used wherever digits are browsed.

    shown = paged(indices, key="explore_page")            # the digits of the page that is open
    picked = gallery(
        dataset.images[shown],                             # uint8 (n, 28, 28)
        shown,                                             # what a click answers with
        captions=[str(label) for label in dataset.labels[shown]],
        hovers=[f"digit {i}, a {dataset.labels[i]}" for i in shown],
        key="explore_gallery",
        label="Digits of the test set",
    )
    if picked is not None:
        st.image(enlarge(dataset.images[picked], 8), alt=…, output_format="PNG")

The digits of a page travel as one small PNG, not as a picture each. Each cell is a
button: hover and screen readers say it in words, Tab enters the grid, arrow keys move, Enter picks.
As many columns as fit, each digit enlarged two- or threefold, so that strokes show on a telephone.
With `right` each cell is framed in green with ✓ or in red with ✗: the tutorials' 5×5 grid.
"""

import base64
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from PIL import Image

PAGE_SIZE = 60
"""Digits on one page: rows of five, six and ten come out even."""

DIGIT_STYLE = Path(__file__).with_name("digit.css").read_text(encoding="utf-8")
"""How an element shows one digit out of `sprite`, at `--position` of `--count`, `--side` wide; and
how it is framed where something `right` or `wrong` is around it."""

_COMPONENT = st.components.v2.component(
    "digitlab_gallery",
    html='<div class="grid" role="group"></div>',
    css=DIGIT_STYLE + Path(__file__).with_name("gallery.css").read_text(encoding="utf-8"),
    js=Path(__file__).with_name("gallery.js").read_text(encoding="utf-8"),
)


def paged(indices: np.ndarray, key: str, size: int = PAGE_SIZE) -> np.ndarray:
    """Shows a pager where there is more than one page, and returns the indices of the open page."""
    pages = max(1, -(-len(indices) // size))
    page = 1
    if pages > 1:
        # A key of its own for every number of pages, so that a narrower filter starts on page 1.
        page = st.pagination(pages, key=f"{key}_{pages}", persist_state="session")
        page = min(max(page, 1), pages)
    return indices[(page - 1) * size : page * size]


def gallery(
    images: np.ndarray,
    numbers: Sequence[int] | np.ndarray,
    captions: Sequence[str],
    hovers: Sequence[str],
    key: str,
    label: str,
    columns: int | None = None,
    right: Sequence[bool] | None = None,
) -> int | None:
    """Draws digits and returns the one that was picked.

    Args:
        images: uint8 (n, 28, 28), 0–255, ink bright; all of them are drawn.
        numbers: what each digit is called, such as its index in the dataset.
        captions: a few characters under each digit.
        hovers: each digit in words.
        key: of the component; the pick is kept under `picked_key(key)` and survives reruns.
        label: the whole in words, for screen readers.
        columns: fixed number of columns; as many as fit if None.
        right: whether each was read rightly: a green frame and ✓, or a red one and ✗.

    Returns:
        The number of the picked digit if it is among `numbers`, else None.
    """
    if not len(images):
        return None
    names = [int(number) for number in numbers]
    picked = st.session_state.get(picked_key(key))
    position = names.index(picked) if picked in names else None

    def pick() -> None:
        chosen = st.session_state[key].picked
        if isinstance(chosen, int) and 0 <= chosen < len(names):
            st.session_state[picked_key(key)] = names[chosen]

    _COMPONENT(
        key=key,
        data={
            "sprite": data_url(sprite(images)),
            "cells": cells(captions, hovers, right),
            "columns": columns,
            "label": label,
            "picked": position,
        },
        on_picked_change=pick,
    )
    return None if position is None else names[position]


def picked_key(key: str) -> str:
    """Where in the session's state the pick of gallery `key` is kept."""
    return f"{key}_picked"


def sprite(images: np.ndarray) -> bytes:
    """The digits side by side as one grey PNG: uint8 (n, 28, 28) → 28n × 28 pixels."""
    side = images.shape[1]
    strip = images.transpose(1, 0, 2).reshape(side, -1)
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(strip)).save(buffer, "PNG")
    return buffer.getvalue()


def data_url(png: bytes) -> str:
    """A PNG as a `data:` address."""
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")


def cells(
    captions: Sequence[str], hovers: Sequence[str], right: Sequence[bool] | None
) -> list[dict[str, Any]]:
    """What is written in each cell; the verdict is a mark and a word, never a colour alone."""
    if right is None:
        return [
            {"caption": caption, "hover": hover, "verdict": ""}
            for caption, hover in zip(captions, hovers, strict=True)
        ]
    return [
        {
            "caption": f"{'✓' if good else '✗'} {caption}",
            "hover": f"{'right' if good else 'wrong'}: {hover}",
            "verdict": "right" if good else "wrong",
        }
        for caption, hover, good in zip(captions, hovers, right, strict=True)
    ]


def enlarge(image: np.ndarray, factor: int) -> np.ndarray:
    """Each pixel becomes a square of `factor` × `factor`: uint8 (h, w) → (h·factor, w·factor)."""
    return image.repeat(factor, axis=0).repeat(factor, axis=1)
