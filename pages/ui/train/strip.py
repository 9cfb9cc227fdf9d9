"""A few digits in two rows, each with a word beneath: a picture to look at, not to click.

The digits travel once, as one small PNG in a style of their own; what is written beneath them may
change without a flicker.
"""

import html
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import streamlit as st

from pages.ui.gallery import DIGIT_STYLE, cells, data_url, sprite

STYLE = DIGIT_STYLE + Path(__file__).with_name("strip.css").read_text(encoding="utf-8")


def strip(
    images: np.ndarray,
    captions: Sequence[str],
    hovers: Sequence[str],
    key: str,
    label: str,
    right: Sequence[bool] | None = None,
    marked: Sequence[bool] = (),
) -> None:
    """Draws digits, ten abreast where there is room, else five.

    Args:
        images: uint8 (n, 28, 28), 0–255, ink bright.
        captions: a few characters under each digit.
        hovers: each digit in words, for the mouse and for screen readers.
        key: names the style; letters, digits, - and _.
        label: the whole in words, for screen readers.
        right: whether each was read rightly: a green frame and ✓, or a red one and ✗.
        marked: whose captions stand out.
    """
    picture = data_url(sprite(images))
    st.html(
        f"<style>{STYLE}.{key} .digit {{ background-image: url({picture}); }}"
        f".{key} {{ --count: {len(images)}; }}</style>"
    )
    parts = [
        f'<div role="listitem" class="cell {cell["verdict"]}" title="{html.escape(cell["hover"])}">'
        f'<span class="digit" style="--position: {position}" role="img" '
        f'aria-label="{html.escape(cell["hover"])}"></span>'
        f'<span class="{"marked" if position < len(marked) and marked[position] else ""}" '
        f'aria-hidden="true">{html.escape(cell["caption"])}</span></div>'
        for position, cell in enumerate(cells(captions, hovers, right))
    ]
    st.html(
        f'<div role="list" class="strip {key}" aria-label="{html.escape(label)}">'
        f"{''.join(parts)}</div>"
    )
