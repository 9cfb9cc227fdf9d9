"""The classes of a dataset: how many there are, and what each looks like."""

import streamlit as st
from plotly.graph_objects import Figure

from digitlab.datasets import Dataset
from digitlab.plots import CONFIG, class_counts, class_difference, mean_digits, spread_digits
from pages.ui.answers import a
from pages.ui.explore.filters import LABELS, rows_of
from pages.ui.explore.many_digits import digit_gallery
from pages.ui.frame import guard
from pages.ui.gallery import paged

MEANS, SPREAD, DIFFERENCE = "Mean", "Spread", "Two compared"
COUNTS, LABEL = "explore_counts", "explore_class"
FIRST, SECOND = "explore_first", "explore_second"


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
    """How many of each class, what each looks like; a bar that is clicked opens its digits."""
    if not len(rows_of(digits, part)):
        st.info(f"There are no {part} digits.")
        return
    counts, pictures = st.columns(2, gap="large")
    with counts:
        _counts(digits, part)
    with pictures:
        _pictures(digits, part)
    label = st.pills("The digits of one class", LABELS[1:], key=LABEL, bind="query-params")
    if label is None:
        st.caption("Pick a class, here or by its bar, to see its digits.")
        return
    rows = rows_of(digits, part, label)
    words = f"{len(rows):,} {part} digits are {a(digits.class_names[int(label)])}."
    st.markdown(words.replace("all digits", "digits"))
    shown = paged(rows, "explore_class_page")
    digit_gallery(digits, shown, f"explore_class_{digits.content_hash[:12]}", f"Digits: {label}")


def _counts(digits: Dataset, part: str) -> None:
    parts = {name: digits.labels[rows_of(digits, name)] for name in ("training", "test")}
    st.plotly_chart(
        class_counts(
            {name: labels for name, labels in parts.items() if part in (name, "all")},
            digits.class_names,
        ),
        config=CONFIG,
        key=COUNTS,
        on_select=_open_bar,
        selection_mode="points",
        alt="How many digits of each class there are",
    )


def _open_bar() -> None:
    """Takes the class of the clicked bar into the pills; with none selected, closes them."""
    points = st.session_state[COUNTS]["selection"]["points"]
    st.session_state[LABEL] = str(points[0]["x"]) if points else None


def _pictures(digits: Dataset, part: str) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = st.segmented_control(
            "Every class as",
            [MEANS, SPREAD, DIFFERENCE],
            default=MEANS,
            required=True,
            key="explore_pictures",
            bind="query-params",
        )
        first, second = 4, 9
        if kind == DIFFERENCE:
            first, second = (
                int(st.selectbox(name, LABELS[1:], start, key=key, bind="query-params", width=90))
                for name, start, key in (("Compare", first, FIRST), ("with", second, SECOND))
            )
    st.plotly_chart(
        class_figure(digits.content_hash, part, kind, first, second, digits),
        config=CONFIG,
        key="explore_means",
        alt={
            MEANS: "The average picture of each class",
            SPREAD: "How much each pixel of each class varies",
            DIFFERENCE: f"Where {first} has more ink than {second}, and where less",
        }[kind],
    )
