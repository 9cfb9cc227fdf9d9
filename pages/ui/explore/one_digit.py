"""One digit, large: a picture, a heatmap, the numbers that it is, and the digits most like it."""

import numpy as np
import pandas as pd
import streamlit as st

from digitlab.datasets import Dataset
from digitlab.plots import CONFIG, digit_heatmap
from pages.ui.answers import a
from pages.ui.explore.look_alikes import show_look_alikes
from pages.ui.explore.many_digits import digit_in_words, digit_name
from pages.ui.gallery import enlarge

VIEWS = ("Picture", "Heatmap", "Numbers", "Row", "Alike")
FACTOR = 12


def is_wide(key: str) -> bool:
    """Whether `show_digit(…, key)` shows what wants more room than a picture."""
    return st.session_state.get(key) in ("Numbers", "Row")


def show_digit(digits: Dataset, index: int, key: str) -> None:
    """The digit in one of its views; the choice of view is kept in the session."""
    words = digit_in_words(digits, index)
    name = digit_name(digits, index).capitalize()
    number = f", {digits.noun} {index} of all" if index >= digits.train_count else ""
    st.markdown(f"**This is {a(digits.class_names[digits.labels[index]])}.** {name}{number}.")
    view = st.segmented_control(
        "Show it as",
        VIEWS,
        default=VIEWS[0],
        required=True,
        key=key,
        wrap=True,
        persist_state="session",
        label_visibility="collapsed",
    )
    image = digits.images[index]
    if view == "Heatmap":
        figure = digit_heatmap(image, "Brightness of every pixel (0–255)")
        st.plotly_chart(figure, config=CONFIG, key=f"{key}_heatmap", alt=f"Heatmap of {words}")
    elif view == "Numbers":
        st.html(numbers_table(image, f"The 784 pixel values of {words}"))
    elif view == "Row":
        st.dataframe(table_of(digits, np.array([index])), alt=f"{words} as a row of a table")
        st.caption("The 28 rows of the picture one after another, and the class at the end.")
    elif view == "Alike":
        show_look_alikes(digits, index, f"{key}_alike")
    else:
        st.image(enlarge(image, FACTOR), output_format="PNG", alt=words)


def table_of(digits: Dataset, rows: np.ndarray) -> pd.DataFrame:
    """Digits as the tutorials' table: pixel1 to pixel784, then the class; a row for each."""
    names = [f"pixel{number}" for number in range(1, 785)]
    frame = pd.DataFrame(digits.images[rows].reshape(-1, 784), rows, names)
    frame["class"] = digits.labels[rows]
    return frame


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
