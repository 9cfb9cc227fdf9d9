"""How a network bears spoiled digits: a button, then a small chart and pictures for each way."""

import io
import threading
from dataclasses import dataclass

import numpy as np
import streamlit as st
from PIL import Image
from plotly.graph_objects import Figure

from digitlab.corruptions import EVERYDAY, MNIST_C, Corruption
from digitlab.evaluation import sureness_in_words
from digitlab.plots import CONFIG, severity_curve
from digitlab.plots.robustness import MARGIN_LEFT, MARGIN_RIGHT
from digitlab.robustness import SAMPLE, TOLERANCE, Card, Curve, card, misread, sample
from pages.ui import cache
from pages.ui.answers import Answers, a, brief
from pages.ui.choices import clicked
from pages.ui.frame import guard
from pages.ui.gallery import data_url, enlarge, gallery, paged

FAMILIES = {"Everyday": EVERYDAY, "MNIST-C": MNIST_C}
OPEN = "evaluate_spoiled"
"""Where it is kept which corruption and level the misread digits are shown of."""

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
        _show(answers, place[0])


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
        noun = answers.digits.noun
        st.markdown(
            f"How well does it read {noun}s that are not as they should be? "
            f"{_digits_in_words(len(answers.rows), noun)} are spoiled in {len(corruptions)} ways, "
            "from mild to severe, and read again."
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


def _digits_in_words(count: int, noun: str) -> str:
    if count <= SAMPLE:
        return f"All {count:,} test {noun}s"
    return f"{SAMPLE:,} of the {count:,} test {noun}s, the same for every network,"


def _show(answers: Answers, tested: Tested) -> None:
    """What it bears in words, then the charts, the most harmful corruption first."""
    unchanged = tested.card.unchanged
    st.markdown(f"**{tested.card.in_words}**")
    st.caption(
        f"{unchanged.in_words} on the {unchanged.n:,} {answers.digits.noun}s as they are. To "
        f"survive a level is to lose at most {100 * TOLERANCE:g} point of that, there and at all "
        "milder ones. The band is the 95 % interval. Most harmful first, by the accuracy lost on "
        "average. Click a point to see what is misread there."
    )
    parts = list(zip(tested.card.curves, tested.figures, tested.strips, strict=True))
    for start in range(0, len(parts), ABREAST):
        columns = st.columns(ABREAST, gap="medium")
        for column, part in zip(columns, parts[start : start + ABREAST], strict=False):
            with column.container(gap="xsmall"):
                _show_curve(answers, *part)


def _show_curve(answers: Answers, curve: Curve, figure: Figure, strip: str) -> None:
    """One corruption; under its pictures what is misread at the level that was clicked."""
    corruption = curve.corruption
    which, step = st.session_state.get(OPEN) or ("", None)
    step = step if which == corruption.key else None
    # A new chart for every choice: the same point can be clicked again.
    key = f"evaluate_severity_{corruption.key}_{step}"
    st.plotly_chart(
        figure,
        config=CONFIG,
        key=key,
        on_select=lambda: _open(key, corruption.key, step),
        selection_mode="points",
        alt=f"Accuracy under {corruption.title.lower()}, by level. {curve.in_words}",
    )
    st.html(strip)
    st.caption(f"{corruption.sentence} {curve.in_words}")
    if step is not None:
        _show_misread(answers, corruption, curve.points[step].level)


def _open(key: str, corruption: str, step: int | None) -> None:
    """Opens the level that was clicked; clicked again, closes it."""
    point = clicked(key)
    st.session_state[OPEN] = None if point in (None, step) else (corruption, point)


def _show_misread(answers: Answers, corruption: Corruption, level: float) -> None:
    positions, images, probabilities = _misread(
        answers.network,
        answers.digits.content_hash,
        hash(answers.rows.tobytes()),
        hash(answers.probabilities.tobytes()),
        corruption.key,
        level,
        answers,
        corruption,
    )
    where = f"at {corruption.level_in_words(level)}" if level else "unchanged"
    if not len(positions):
        st.info(f"Nothing is misread {where}.", icon=":material/check:")
        return
    st.markdown(f"{len(positions):,} misread {where} (is → read as, how sure)")
    names = answers.digits.class_names
    shown = paged(np.arange(len(positions)), "evaluate_misread_page", size=12)
    true = [names[answers.labels[positions[i]]] for i in shown]
    read = [names[probabilities[i].argmax()] for i in shown]
    sure = [sureness_in_words(float(probabilities[i].max())) for i in shown]
    gallery(
        images[shown],
        positions[shown],
        [f"{t}→{r} {brief(s)}" for t, r, s in zip(true, read, sure, strict=True)],
        [
            f"read as {r} ({s}), is {a(t)}, {answers.name(positions[i])}"
            for i, t, r, s in zip(shown, true, read, sure, strict=True)
        ],
        key=f"evaluate_misread_{answers.digits.name}",
        label=f"Misread {where}",
    )


@st.cache_data(max_entries=32, show_spinner="Reading them once more …")
def _misread(
    network: str,
    content_hash: str,
    rows_hash: int,
    answers_hash: int,
    corruption: str,
    level: float,
    _answers: Answers,
    _corruption: Corruption,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Positions among the answers, pictures and probabilities: see `robustness.misread`."""
    tested = sample(len(_answers.rows))
    wrong, images, probabilities = misread(
        cache.recogniser(network).probabilities,
        _answers.images(tested),
        _answers.labels[tested],
        _corruption,
        level,
    )
    return tested[wrong], images, probabilities


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
    return f"{count} pictures under {title}: unchanged, then at {', '.join(levels)}"
