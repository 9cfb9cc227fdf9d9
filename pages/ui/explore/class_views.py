"""The classes of a dataset: how many there are, and what each looks like; a click opens digits."""

from collections.abc import Sequence

import numpy as np
import streamlit as st
from plotly.graph_objects import Figure

from digitlab.datasets import Dataset
from digitlab.plots import (
    CONFIG,
    class_counts,
    class_difference,
    framed,
    framed_pixel,
    mean_digits,
    spread_digits,
)
from pages.ui.answers import a
from pages.ui.choices import clicked, keep_known
from pages.ui.explore.filters import PARTS, rows_of
from pages.ui.explore.many_digits import digit_gallery
from pages.ui.explore.pixel_views import using
from pages.ui.frame import guard
from pages.ui.gallery import paged

MEANS, SPREAD, DIFFERENCE = "Mean", "Spread", "Two compared"
COUNTS, PICTURES = "explore_counts", "explore_means"
LABEL, AMONG = "explore_class", "explore_class_part"
FIRST, SECOND = "explore_first", "explore_second"
PIXEL = "explore_difference_pixel"


@st.cache_data(max_entries=32, show_spinner="Averaging the digits …")
def class_figure(
    content_hash: str, part: str, kind: str, first: int, second: int, _digits: Dataset
) -> Figure:
    """Drawn once for each content, part and choice; `first` and `second` are those compared."""
    rows = rows_of(_digits, part)
    images, labels = _digits.images[rows[0] : rows[-1] + 1], _digits.labels[rows]
    if kind == DIFFERENCE:
        return class_difference(images, labels, first, second, _digits.class_names)
    draw = {MEANS: mean_digits, SPREAD: spread_digits}[kind]
    return draw(images, labels, _digits.class_names)


@st.fragment
@guard()
def classes(digits: Dataset, part: str) -> None:
    """How many of each class, what each looks like; a bar or a picture opens its digits."""
    if not len(rows_of(digits, part)):
        st.info(f"There are no {part} {digits.noun}s.")
        return
    charts = st.container()
    label, among = _pick(digits, part)  # before the charts, which mark what is chosen
    with charts:
        counts, pictures = st.columns(2, gap="large")
    with counts:
        _counts(digits, part, label, among)
    with pictures:
        pair = _pictures(digits, part, label)
    pixel = st.session_state.get(PIXEL)
    if pair and pixel:
        _of_pixel(digits, part, pair, pixel)
    elif label is None:
        st.caption(f"Pick a class, here, by its bar or by its picture, to see its {digits.noun}s.")
    else:
        rows = rows_of(digits, among, label)
        whose = "" if among == "all" else f"{among} "
        st.markdown(f"{len(rows):,} {whose}{digits.noun}s are {a(label)}.")
        _show(digits, rows, f"{digits.noun.capitalize()}s: {label}")


def _pick(digits: Dataset, part: str) -> tuple[str | None, str]:
    """The class whose digits are shown, if one is, and the part that they are of."""
    keep_known(LABEL, digits.class_names, None)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        label = st.pills(
            f"The {digits.noun}s of one class",
            digits.class_names,
            key=LABEL,
            wrap=True,
            bind="query-params",
            on_change=_look_at,
            args=(None,),
        )
        if part != "all" or label is None:
            return label, part
        among = st.segmented_control(
            "Among",
            PARTS[::-1],
            default="all",
            required=True,
            key=AMONG,
            bind="query-params",
        )
    return label, among


def _of_pixel(digits: Dataset, part: str, pair: tuple[str, str], pixel: tuple[int, int]) -> None:
    """The gallery of those of two classes that have ink in one pixel."""
    both = np.concatenate([rows_of(digits, part, label) for label in dict.fromkeys(pair)])
    rows = using(digits, both, *pixel)
    names = " or ".join(a(name) for name in dict.fromkeys(pair))
    where = f"row {pixel[0]}, column {pixel[1]}"
    st.markdown(f"{len(rows):,} that are {names} have ink in {where}, the brightest first.")
    _show(digits, rows, f"With ink in {where}")


def _show(digits: Dataset, rows: np.ndarray, words: str) -> None:
    shown = paged(rows, "explore_class_page")
    digit_gallery(digits, shown, f"explore_class_{digits.content_hash[:12]}", words)


def _counts(digits: Dataset, part: str, label: str | None, among: str) -> None:
    parts = {name: digits.labels[rows_of(digits, name)] for name in ("training", "test")}
    key = f"{COUNTS}_{label}_{among}"  # a new chart, so that the same bar can be clicked again
    names = digits.class_names  # Streamlit keeps `on_select`: it must not hold the digits
    st.plotly_chart(
        class_counts(
            {name: labels for name, labels in parts.items() if part in (name, "all")},
            names,
            None if label is None else names.index(label),
            None if among == "all" else among,
        ),
        config=CONFIG,
        key=key,
        on_select=lambda: _open_bar(names, key, part, label, among),
        selection_mode="points",
        alt=f"How many {digits.noun}s of each class there are",
    )


def _open_bar(names: tuple[str, ...], key: str, part: str, label: str | None, among: str) -> None:
    """Opens the class and the part of the clicked bar; clicked again, closes them."""
    point = clicked(key)
    if point is None:
        return
    bar_part, number, _ = point
    if (names[number], bar_part) == (label, among):
        _open(None, part)
    else:
        _open(names[number], part, bar_part)


def _open(label: str | None, part: str, among: str = "all") -> None:
    """Opens a class; `among`: which part of it, a choice that stands beside all parts only."""
    st.session_state[LABEL] = label
    if part == "all":
        st.session_state[AMONG] = among
    _look_at(None)


def _look_at(pixel: tuple[int, int] | None) -> None:
    st.session_state[PIXEL] = pixel


def _pictures(digits: Dataset, part: str, label: str | None) -> tuple[str, str] | None:
    """What the classes look like; returns the two that are compared, if any are."""
    names = digits.class_names
    kind = st.segmented_control(
        "Every class as",
        [MEANS, SPREAD, DIFFERENCE],
        default=MEANS,
        required=True,
        key="explore_pictures",
        bind="query-params",
    )
    pair = names[4], names[9]
    if kind == DIFFERENCE:
        with st.container(horizontal=True):
            pair = _pick_two(names)
    first, second = map(names.index, pair)
    figure = class_figure(digits.content_hash, part, kind, first, second, digits)
    if kind == DIFFERENCE:
        pixel = st.session_state.get(PIXEL)
        key = f"{PICTURES}_{pixel}"
        figure = figure if pixel is None else framed_pixel(figure, *pixel)
    else:
        key = f"{PICTURES}_{kind}_{label}"
        figure = figure if label is None else framed(figure, names.index(label))

    def open_clicked() -> None:
        if kind == DIFFERENCE:
            _open_pixel(key)
        else:
            _open_picture(key, names, part, label)

    st.plotly_chart(
        figure,
        config=CONFIG,
        key=key,
        on_select=open_clicked,
        selection_mode="points",
        alt={
            MEANS: "The average picture of each class",
            SPREAD: "How much each pixel of each class varies",
            DIFFERENCE: f"Where {pair[0]} has more ink than {pair[1]}, and where less",
        }[kind],
    )
    if kind == DIFFERENCE:
        st.caption(f"Click a pixel to see the {digits.noun}s of both that use it.")
    return pair if kind == DIFFERENCE else None


def _pick_two(names: tuple[str, ...]) -> tuple[str, str]:
    width = 90 if max(map(len, names)) == 1 else 150
    chosen = []
    for title, start, key in (("Compare", 4, FIRST), ("with", 9, SECOND)):
        keep_known(key, names, names[start])
        chosen.append(st.selectbox(title, names, start, key=key, bind="query-params", width=width))
    return chosen[0], chosen[1]


def _open_picture(key: str, names: Sequence[str], part: str, label: str | None) -> None:
    """Opens the class of the clicked picture; clicked again, closes it."""
    number = clicked(key)
    if number is not None:
        _open(None if names[number] == label else names[number], part)


def _open_pixel(key: str) -> None:
    """Opens the digits of the clicked pixel; clicked again, closes them."""
    pixel = clicked(key)
    if pixel is not None:
        _look_at(None if tuple(pixel) == st.session_state.get(PIXEL) else tuple(pixel))
