"""One digit, large: as a picture, as a heatmap, as the numbers that it is."""

import numpy as np
import streamlit as st

from digitlab.datasets import Dataset
from digitlab.plots import CONFIG, digit_heatmap
from pages.ui.answers import a
from pages.ui.gallery import enlarge

VIEWS = ("Picture", "Heatmap", "Numbers")
FACTOR = 12


def digit_name(digits: Dataset, index: int) -> str:
    """'training digit 17' or 'test digit 17', counted from 0 within its part."""
    if index < digits.train_count:
        return f"training digit {index}"
    return f"test digit {index - digits.train_count}"


def digit_in_words(digits: Dataset, index: int) -> str:
    """'a 4, test digit 17'."""
    return f"{a(int(digits.labels[index]))}, {digit_name(digits, index)}"


def shows_numbers(key: str) -> bool:
    """Whether `show_digit(…, key)` shows numbers, which want more room than a picture."""
    return st.session_state.get(key) == "Numbers"


def show_digit(digits: Dataset, index: int, key: str) -> None:
    """The digit in one of three views; the choice of view is kept in the session."""
    words = digit_in_words(digits, index)
    name = digit_name(digits, index).capitalize()
    number = f", digit {index} of all" if index >= digits.train_count else ""
    st.markdown(f"**This is {a(int(digits.labels[index]))}.** {name}{number}.")
    view = st.segmented_control(
        "Show it as",
        VIEWS,
        default=VIEWS[0],
        required=True,
        key=key,
        persist_state="session",
        label_visibility="collapsed",
    )
    image = digits.images[index]
    if view == "Heatmap":
        figure = digit_heatmap(image, "Brightness of every pixel (0–255)")
        st.plotly_chart(figure, config=CONFIG, key=f"{key}_heatmap", alt=f"Heatmap of {words}")
    elif view == "Numbers":
        st.html(numbers_table(image, f"The 784 pixel values of {words}"))
    else:
        st.image(enlarge(image, FACTOR), output_format="PNG", alt=words)


STYLE = """<style>
.pixel-numbers { overflow-x: auto; container-type: inline-size; }
.pixel-numbers table { border-collapse: collapse; min-width: 27rem; width: 100%;
  table-layout: fixed; background: #000; font-size: clamp(0.5rem, 1.75cqw, 0.75rem); }
.pixel-numbers td { padding: 0; border: 0; height: max(0.95rem, calc(100cqw / 28)); line-height: 1;
  text-align: center; font-variant-numeric: tabular-nums; }
</style>"""


def numbers_table(image: np.ndarray, caption: str) -> str:
    """The pixel values as an HTML table, each on its own grey, so that the shape can be seen.

    Args:
        image: uint8 (28, 28).
    """
    rows = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in image.tolist())
    return (
        f'{STYLE}<div class="pixel-numbers" tabindex="0" role="group" aria-label="{caption}">'
        f"<table>{rows}</table></div>"
    )


def _cell(value: int) -> str:
    ink = "#111" if value > 127 else "#fff" if value else "#777"
    return f'<td style="background:rgb({value},{value},{value});color:{ink}">{value}</td>'
