"""Which digits of a dataset are browsed: part, class, amount of ink and its brightness."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from digitlab.datasets import Dataset
from digitlab.pixels import Ink, ink_of
from pages.ui.choices import ANY, any_or, keep_known, number_of

PARTS = ("training", "test", "all")
LABEL, PART, INK, BRIGHTNESS = "explore_label", "explore_part", "explore_ink", "explore_brightness"
ALL_INK, ALL_BRIGHTNESS = (0, 100), (0, 255)


def rows_of(digits: Dataset, part: str, label: str = ANY) -> np.ndarray:
    """The rows of a part, and of the class that is called `label`: int64 (k,), in file order."""
    start = digits.train_count if part == "test" else 0
    stop = digits.train_count if part == "training" else len(digits)
    rows, number = np.arange(start, stop), number_of(label, digits.class_names)
    return rows if number is None else rows[digits.labels[start:stop] == number]


@dataclass(frozen=True)
class Filter:
    """`ink`: per cent of the pixels that are not black; `brightness`: their mean value, 0–255.
    Both as the least and the most."""

    part: str
    label: str = ANY
    ink: tuple[int, int] = ALL_INK
    brightness: tuple[int, int] = ALL_BRIGHTNESS

    @classmethod
    def chosen(cls) -> "Filter":
        """What the widgets say."""
        state = st.session_state
        ink = state.get(INK, ALL_INK)
        brightness = state.get(BRIGHTNESS, ALL_BRIGHTNESS)
        return cls(state[PART], state[LABEL], tuple(ink), tuple(brightness))

    def rows(self, digits: Dataset) -> np.ndarray:
        """The rows that it lets through: int64 (k,), in file order."""
        rows = rows_of(digits, self.part, self.label)
        if self.ink == ALL_INK and self.brightness == ALL_BRIGHTNESS:
            return rows
        ink = measured_ink(digits.content_hash, digits)
        return rows[
            _within(100 * ink.amount[rows], self.ink)
            & _within(ink.brightness[rows], self.brightness)
        ]

    @property
    def in_words(self) -> str:
        """What of ink and brightness it asks: ' with 10–20 % ink', or nothing."""
        asked = []
        if self.ink != ALL_INK:
            asked.append(f"{self.ink[0]}–{self.ink[1]} % ink")
        if self.brightness != ALL_BRIGHTNESS:
            asked.append(f"brightness {self.brightness[0]}–{self.brightness[1]}")
        return f" with {' and '.join(asked)}" if asked else ""


@st.cache_resource(max_entries=4, show_spinner="Measuring the ink …")
def measured_ink(content_hash: str, _digits: Dataset) -> Ink:
    """Of every digit, once for each content."""
    return ink_of(_digits.images)


def pick_label(digits: Dataset, key: str) -> str:
    """The row of classes; returns what the chosen one is called, or `ANY`."""
    options = any_or(digits.class_names)
    keep_known(key, options, ANY)
    return st.pills(
        f"Which {digits.class_noun}",
        options,
        default=ANY,
        required=True,
        key=key,
        wrap=True,
        bind="query-params",
    )


def open_to(index: int, digits: Dataset) -> None:
    """Opens, in a callback, whatever hides this digit."""
    state = st.session_state
    if index not in rows_of(digits, state[PART]):
        state[PART] = "all"
    if index not in rows_of(digits, "all", state[LABEL]):
        state[LABEL] = ANY
    if index not in Filter.chosen().rows(digits):
        state[INK], state[BRIGHTNESS] = ALL_INK, ALL_BRIGHTNESS


def _within(values: np.ndarray, bounds: tuple[int, int]) -> np.ndarray:
    return (values >= bounds[0]) & (values <= bounds[1])
