"""A number read digit by digit: the boxes in the picture, and how sure each digit is."""

from collections.abc import Sequence

import numpy as np
import streamlit as st
from PIL import Image, ImageDraw

from digitlab.evaluation import sureness_in_words
from digitlab.reading import reading
from digitlab.segmentation import FoundDigit, read_number
from pages.ui.answers import a, brief
from pages.ui.draw.reading import Reader
from pages.ui.train.strip import strip

UNREAD = "?"
CERTAIN = 0.99
"""Where every digit is surer than that, none is said to be the least sure."""

FRAME, DOUBT = (63, 144, 218), (255, 169, 14)
WIDEST, TALLEST, MARGIN = 560, 240, 8
"""Of the line with its boxes, and of the paper round it: screen pixels."""


def number_in_words(digits: Sequence[FoundDigit]) -> tuple[str, str]:
    """'I read 407', and 'Least sure: digit 2 of 3, a 0 · 81 %.'"""
    readings = [reading(digit.probabilities) for digit in digits]
    text = "".join(str(one.label) if one.is_digit else UNREAD for one in readings)
    read = [(place, one) for place, one in enumerate(readings, 1) if one.is_digit]
    more = []
    if read:
        place, least = min(read, key=lambda numbered: numbered[1].confidence)
        sure, many = sureness_in_words(least.confidence), len(read) > 1
        which = f"Least sure: digit {place} of {len(digits)}," if many else "The only digit is"
        doubt = f"{which} {a(least.label)} · {sure}."
        more.append(f"Each digit: {sure} sure." if many and least.confidence > CERTAIN else doubt)
    if UNREAD in text:
        more.append("? is no digit, I think.")
    if any(digit.was_touching for digit in digits):
        more.append("Some touched and were cut apart: look at their boxes.")
    if any(digit.may_be_several for digit in digits):
        more.append("One piece may be several digits that touch; no cut reads better than it.")
    return f"I read {text}", " ".join(more)


def boxed(clean: np.ndarray, digits: Sequence[FoundDigit]) -> np.ndarray:
    """The line of digits with a box round each, those in doubt in another colour.

    Args:
        clean: uint8 (h, w).
        digits: found in it, at least one.

    Returns:
        uint8 (h, w, 3).
    """
    top, left = (min(getattr(digit, side) for digit in digits) for side in ("top", "left"))
    bottom, right = (max(getattr(digit, side) for digit in digits) for side in ("bottom", "right"))
    factor = min(WIDEST / (right - left), TALLEST / (bottom - top))
    size = [max(1, round(factor * length)) for length in (right - left, bottom - top)]
    line = Image.fromarray(clean[top:bottom, left:right]).resize(size)
    picture = Image.new("RGB", [length + 2 * MARGIN for length in size])
    picture.paste(line, (MARGIN, MARGIN))
    pen = ImageDraw.Draw(picture)
    for digit in digits:
        corners = digit.left - left, digit.top - top, digit.right - left, digit.bottom - top
        box = [MARGIN + round(factor * corner) for corner in corners]
        colour = FRAME if digit.is_digit and not digit.may_be_several else DOUBT
        pen.rectangle(box, outline=colour, width=2)
    return np.asarray(picture)


def show_number(clean: np.ndarray, by: Reader, may_grow: bool) -> str:
    """Reads the digits of a picture and shows them.

    Args:
        clean: uint8 (h, w), ink bright, paper 0.
        by: who reads.
        may_grow: whether more can be written beside them, as where a single digit was drawn first.

    Returns:
        The answer: 'I read 407'.

    Raises:
        InputError: if there are too many pieces of ink.
    """
    digits = read_number(clean, by.read)
    words, more = number_in_words(digits)
    if may_grow and len(digits) == 1:
        more += " Write the next digit beside it, or clear the paper."
    st.caption(more)
    st.image(boxed(clean, digits), output_format="PNG", alt=f"{words}, with a box round each digit")
    strip(
        np.stack([digit.image for digit in digits]),
        [brief(by.guess(digit.probabilities)) for digit in digits],
        [f"digit {i}: {by.guess(digit.probabilities)}" for i, digit in enumerate(digits, 1)],
        "draw_digits",
        "The digits as the network sees them",
    )
    return words
