"""How a network bears spoiled digits: a button, then a small chart and pictures for each way."""

import io
import threading
from dataclasses import dataclass

import numpy as np
import streamlit as st
from PIL import Image
from plotly.graph_objects import Figure

from digitlab.corruptions import EVERYDAY, MNIST_C, Corruption
from digitlab.plots import CONFIG, severity_curve
from digitlab.plots.robustness import MARGIN_LEFT, MARGIN_RIGHT
from digitlab.robustness import SAMPLE, TOLERANCE, Card, Curve, card, sample
from pages.ui import cache
from pages.ui.answers import Answers
from pages.ui.frame import guard
from pages.ui.gallery import data_url, enlarge

FAMILIES = {"Everyday": EVERYDAY, "MNIST-C": MNIST_C}
ABREAST = 3
FACTOR = 4
LEVELS_PER_SECOND = 6
"""The shipped recogniser's pace on two idle cores, `SAMPLE` digits at each level."""

ONE_AT_A_TIME = threading.Lock()
"""A test keeps every core busy: the server does one, whoever asked for it."""


@dataclass(frozen=True, eq=False)
class Tested:
    """A card and what is drawn of it: for each curve a figure, and a strip of pictures as HTML."""

    card: Card
    figures: tuple[Figure, ...]
    strips: tuple[str, ...]


@st.fragment
@guard()
def show_robustness(answers: Answers) -> None:
    """The card if anybody has had it made since the server started, else the button that does."""
    family = st.segmented_control(
        "Kinds of corruption",
        list(FAMILIES),
        default="Everyday",
        required=True,
        key="evaluate_corruptions",
        bind="query-params",
        help="Everyday: what happens to drawings and photographs. MNIST-C: the kinds of the "
        "published test set of that name (Mu & Gilmer, 2019), made here.",
    )
    place = _place(
        answers.network,
        answers.digits.content_hash,
        hash(answers.rows.tobytes()),
        hash(answers.probabilities.tobytes()),
        family,
    )
    if not place:
        _test(answers, FAMILIES[family], place)
    if place:
        _show(place[0])


@st.cache_resource(max_entries=16, show_spinner=False)
def _place(
    network: str, content_hash: str, rows_hash: int, answers_hash: int, family: str
) -> list[Tested]:
    """Where a card is kept once it is made, for all visitors; empty until then.

    A network that has learned more gives other answers, and gets another card.
    """
    return []


def _test(answers: Answers, corruptions: tuple[Corruption, ...], place: list[Tested]) -> None:
    """The button; once pressed, the test with its progress, whose result it puts in its place."""
    offer = st.empty()
    with offer.container():
        st.markdown(
            "How well does it read digits that are not as they should be? "
            f"{_digits_in_words(len(answers.rows))} are spoiled in {len(corruptions)} ways, from "
            "mild to severe, and read again."
        )
        seconds = sum(len(corruption.levels) for corruption in corruptions) / LEVELS_PER_SECOND
        if not st.button(
            f"Test it: about {seconds:.0f} seconds",
            icon=":material/vital_signs:",
            key="evaluate_spoil",
        ):
            return
    if not ONE_AT_A_TIME.acquire(blocking=False):
        st.info(
            "Another network is being tested just now. Press again in a few seconds.",
            icon=":material/hourglass_top:",
        )
        return
    try:
        bar = offer.progress(0.0)
        positions = sample(len(answers.rows))
        made = card(
            cache.recogniser(answers.network).probabilities,
            answers.images(positions),
            answers.labels[positions],
            corruptions,
            bar.progress,
        )
        place.append(_drawn(made))
    finally:
        ONE_AT_A_TIME.release()
        offer.empty()


def _digits_in_words(count: int) -> str:
    if count <= SAMPLE:
        return f"All {count:,} test digits"
    return f"{SAMPLE:,} of the {count:,} test digits, the same for every network,"


def _show(tested: Tested) -> None:
    """What it bears in words, then the charts, the most harmful corruption first."""
    unchanged = tested.card.unchanged
    st.markdown(f"**{tested.card.in_words}**")
    st.caption(
        f"{unchanged.in_words} on the {unchanged.n:,} digits as they are. To survive a level is to "
        f"lose at most {100 * TOLERANCE:g} point of that, there and at all milder ones. The band "
        "is the 95 % interval. Most harmful first, by the accuracy lost on average."
    )
    parts = list(zip(tested.card.curves, tested.figures, tested.strips, strict=True))
    for start in range(0, len(parts), ABREAST):
        columns = st.columns(ABREAST, gap="medium")
        for column, part in zip(columns, parts[start : start + ABREAST], strict=False):
            with column.container(gap="xsmall"):
                _show_curve(*part)


def _show_curve(curve: Curve, figure: Figure, strip: str) -> None:
    corruption = curve.corruption
    st.plotly_chart(
        figure,
        config=CONFIG,
        key=f"evaluate_severity_{corruption.key}",
        alt=f"Accuracy under {corruption.title.lower()}, by level. {curve.in_words}",
    )
    st.html(strip)
    st.caption(f"{corruption.sentence} {curve.in_words}")


def _drawn(made: Card) -> Tested:
    curves = made.curves
    return Tested(made, tuple(map(severity_curve, curves)), tuple(map(strip_of_pictures, curves)))


def strip_of_pictures(curve: Curve) -> str:
    """The examples as HTML: a column a level, each under its place in the chart above."""
    edges = ((0, 0), (0, 0), (1, 1), (1, 1))
    opacity = np.full_like(curve.examples, 255)
    layers = [_sheet(np.pad(layer, edges)) for layer in (curve.examples, opacity)]
    buffer = io.BytesIO()
    Image.fromarray(np.stack(layers, axis=-1)).save(buffer, "PNG")
    beside = MARGIN_LEFT + MARGIN_RIGHT
    return (
        f'<img src="{data_url(buffer.getvalue())}" alt="{_examples_in_words(curve)}" '
        f'style="display: block; margin-left: {MARGIN_LEFT}px; width: calc(100% - {beside}px);">'
    )


def _sheet(examples: np.ndarray) -> np.ndarray:
    """Digits (levels, k, h, w) side by side, enlarged: (k·h·FACTOR, levels·w·FACTOR)."""
    levels, count, height, width = examples.shape
    sheet = examples.transpose(1, 2, 0, 3).reshape(count * height, levels * width)
    return enlarge(sheet, FACTOR)


def _examples_in_words(curve: Curve) -> str:
    count, title = curve.examples.shape[1], curve.corruption.title.lower()
    levels = [curve.corruption.level_in_words(point.level) for point in curve.points[1:]]
    return f"{count} digits under {title}: unchanged, then at {', '.join(levels)}"
