"""The mistakes of a network: a confusion matrix that filters a gallery, and the digit picked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from digitlab.evaluation import Confusion, least_sure, misclassified, sureness_in_words
from digitlab.plots import CONFIG, confusion_matrix
from pages.ui.answers import Answers, a, brief, show_answer
from pages.ui.choices import ANY, any_or, clicked, keep_known, number_of
from pages.ui.evaluate.doubtful import doubts_of, votes_in_words
from pages.ui.frame import guard
from pages.ui.gallery import gallery, paged

WRONG, UNSURE = "wrong", "right but unsure"
TRUE, READ, SHOWN, ORDER = "evaluate_true", "evaluate_read", "evaluate_show", "evaluate_order"
MATRIX = "evaluate_matrix"

PAIRS = 6
"""The most confused pairs that are named."""


@dataclass(frozen=True)
class Order:
    """A way to sort mistakes."""

    words: str
    key: Callable[[Answers], np.ndarray]
    """Float (n,): the lowest comes first."""
    measure: Callable[[Answers, int], str]
    """What is written under a digit beside what it was read as."""


ORDERS = {
    "surest first": Order(
        "the surest first (is → read as, how sure)",
        lambda answers: -answers.probabilities.max(axis=1),
        lambda answers, position: answers.sureness(position),
    ),
    "nearest misses first": Order(
        "the nearest misses first (is → read as, what it gave to the true class)",
        lambda answers: -answers.true_probabilities,
        lambda answers, position: sureness_in_words(float(answers.true_probabilities[position])),
    ),
    "highest loss first": Order(
        "the highest loss first (is → read as, loss in nats)",
        lambda answers: -answers.losses,
        lambda answers, position: f"{answers.losses[position]:.1f}",
    ),
}


@dataclass(frozen=True)
class Filter:
    """Which digits the gallery shows, and in which order; None lets every class through."""

    shown: str
    true: int | None
    read: int | None
    order: str

    def positions(self, answers: Answers) -> np.ndarray:
        """The digits that pass, in order: int64 (k,)."""
        if self.shown == UNSURE:
            found = least_sure(answers.labels, answers.probabilities)
            return found[_matches(answers.labels[found], self.true)]
        found = misclassified(answers.labels, answers.probabilities)
        found = found[
            _matches(answers.labels[found], self.true) & _matches(answers.read[found], self.read)
        ]
        return found[np.argsort(ORDERS[self.order].key(answers)[found], kind="stable")]

    def caption(self, answers: Answers, position: int) -> str:
        """What is written under a digit: '4→9 97 %', '4 51 %'."""
        if self.shown == UNSURE:
            return f"{answers.classes(position)[0]} {brief(answers.sureness(position))}"
        measure = brief(ORDERS[self.order].measure(answers, position))
        return f"{'→'.join(answers.classes(position))} {measure}"

    def in_words(self, count: int) -> str:
        """'94 read wrongly, the surest first (is → read as, how sure)'."""
        if self.shown == UNSURE:
            return f"{count:,} read rightly, the least sure first (what it is, how sure)"
        return f"{count:,} read wrongly, {ORDERS[self.order].words}"


@st.fragment
@guard()
def show_mistakes(answers: Answers) -> None:
    """Reruns by itself, so that a click answers at once."""
    left, right = st.columns([5, 6], gap="large")
    with right:
        chosen = _choose(answers.digits.class_names)
    with left:
        _matrix(answers, chosen)
        _pairs(answers)
    with right:
        show_digits(answers, chosen)


@st.fragment
@guard()
def show_grid(answers: Answers) -> None:
    """The tutorials' 5 × 5 grid, green and ✓ where right, red and ✗ where wrong."""
    grid, detail = st.columns(2, gap="large")
    with grid:
        shown = paged(np.arange(len(answers.rows)), "evaluate_grid_page", size=25)
        right = answers.labels[shown] == answers.read[shown]
        st.markdown(f"{right.sum()} of these {len(shown)} were read rightly.")
        classes = [answers.classes(i) for i in shown]
        captions = [read if true == read else f"{read} is {a(true)}" for true, read in classes]
        picked = gallery(
            answers.images(shown),
            shown,
            captions,
            [answers.in_words(i) for i in shown],
            key=f"evaluate_grid_{answers.digits.name}",
            label=f"Test {answers.digits.noun}s and what they were read as",
            columns=5,
            right=right.tolist(),
        )
    with detail:
        show_answer(answers, int(shown[0]) if picked is None else picked)


def _choose(names: Sequence[str]) -> Filter:
    classes, width = any_or(names), 78 if max(map(len, names)) == 1 else 140
    for key in (TRUE, READ):
        keep_known(key, classes, ANY)
    with st.container(horizontal=True):
        shown = st.selectbox("Show", (WRONG, UNSURE), key=SHOWN, bind="query-params", width=155)
        true = st.selectbox("Is a", classes, key=TRUE, bind="query-params", width=width)
        read = st.selectbox(
            "Read as",
            classes,
            key=READ,
            bind="query-params",
            width=width,
            disabled=shown == UNSURE,
        )
        order = st.selectbox(
            "In order",
            list(ORDERS),
            key=ORDER,
            bind="query-params",
            width=170,
            disabled=shown == UNSURE,
            help="Sure: the highest probability. Loss: minus the logarithm of the probability "
            "given to the true class; it is highest where that is lowest.",
        )
    return Filter(shown, number_of(true, names), number_of(read, names), order)


def _matrix(answers: Answers, chosen: Filter) -> None:
    with st.container(horizontal=True):
        normalise = st.toggle(
            "Per cent of each row", key="evaluate_normalise", persist_state="session"
        )
        hide = st.toggle(
            "Mistakes only", True, key="evaluate_mistakes_only", persist_state="session"
        )
    read = chosen.true if chosen.shown == UNSURE else chosen.read
    key = f"{MATRIX}_{chosen.true}_{read}"  # a new chart, so that the framed cell can be clicked
    names = answers.digits.class_names  # Streamlit keeps `on_select`: it must not hold the digits
    st.plotly_chart(
        confusion_matrix(
            answers.evaluation,
            names,
            normalise=normalise,
            hide_diagonal=hide,
            true=chosen.true,
            read=read,
        ),
        config=CONFIG,
        key=key,
        on_select=lambda: _filter_by_cell(key, (chosen.true, read), names),
        selection_mode="points",
        alt=f"Confusion matrix: {answers.evaluation.wrong} {answers.digits.noun}s off the diagonal",
    )
    st.caption(f"Click a cell to see its {answers.digits.noun}s; click it again to see all.")


def _filter_by_cell(key: str, framed: tuple[int | None, int | None], names: Sequence[str]) -> None:
    """Takes the cell that was clicked into the filter; the framed cell again opens the filter."""
    cell = clicked(key)
    if cell is None or tuple(cell) == framed:
        _look_at(ANY, ANY)
    else:
        _look_at(*(names[number] for number in cell))


def _look_at(true: str, read: str) -> None:
    """Sets the filter; a cell on the diagonal holds the digits that were read rightly."""
    st.session_state[SHOWN] = UNSURE if true == read != ANY else WRONG
    st.session_state[TRUE], st.session_state[READ] = true, read


def _pairs(answers: Answers) -> None:
    """The most confused pairs in words; a click looks at one."""
    names = answers.digits.class_names
    with st.container(horizontal=True, gap="xsmall"):
        for pair in answers.evaluation.confusions[:PAIRS]:
            st.button(
                f"{names[pair.true]} taken for {names[pair.read]}: {_times(pair)}",
                key=f"evaluate_pair_{pair.true}_{pair.read}",
                on_click=_look_at,
                args=(names[pair.true], names[pair.read]),
            )


def show_digits(answers: Answers, chosen: Filter) -> None:
    """The gallery, and above it the digit that was picked, or else the first."""
    found = chosen.positions(answers)
    if not len(found):
        kind = "mistakes" if chosen.shown == WRONG else "right answers"
        st.info(f"No {kind} of this kind.", icon=":material/check:")
        return
    detail = st.container()
    st.markdown(chosen.in_words(len(found)))
    shown = paged(found, "evaluate_page", size=30)
    picked = gallery(
        answers.images(shown),
        shown,
        [chosen.caption(answers, i) for i in shown],
        [answers.in_words(i) for i in shown],
        key=f"evaluate_wrong_{answers.digits.name}",
        label=chosen.in_words(len(found)),
    )
    position = int(shown[0]) if picked is None else picked
    with detail:
        show_answer(answers, position)
        if doubt := dict(doubts_of(answers)).get(position):
            st.caption(f"This label is doubtful. {votes_in_words(doubt)}")


def _times(pair: Confusion) -> str:
    return {1: "once", 2: "twice"}.get(pair.count, f"{pair.count} times")


def _matches(classes: np.ndarray, chosen: int | None) -> np.ndarray:
    return np.full(len(classes), True) if chosen is None else classes == chosen
