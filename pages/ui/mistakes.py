"""The mistakes of a network: a confusion matrix that filters a gallery, and the digit picked."""

import numpy as np
import streamlit as st

from digitlab.evaluation import misclassified
from digitlab.plots import CONFIG, confusion_matrix
from pages.ui.answers import Answers, show_answer
from pages.ui.frame import guard
from pages.ui.gallery import gallery, paged

ANY = "any"
CLASSES = (ANY, *"0123456789")
TRUE, READ, MATRIX = "evaluate_true", "evaluate_read", "evaluate_matrix"


@st.fragment
def show_mistakes(answers: Answers) -> None:
    """Reruns by itself, so that a click answers at once."""
    with guard():
        left, right = st.columns([5, 6], gap="large")
        with left:
            _matrix(answers)
        with right:
            _mistakes(answers)


@st.fragment
def show_grid(answers: Answers) -> None:
    """The tutorials' 5 × 5 grid, green and ✓ where right, red and ✗ where wrong."""
    with guard():
        grid, detail = st.columns(2, gap="large")
        with grid:
            shown = paged(np.arange(len(answers.rows)), "evaluate_grid_page", size=25)
            right = answers.labels[shown] == answers.read[shown]
            st.markdown(f"{right.sum()} of these {len(shown)} were read rightly.")
            captions = [
                str(answers.read[i]) if good else f"{answers.read[i]} is a {answers.labels[i]}"
                for i, good in zip(shown, right, strict=True)
            ]
            picked = gallery(
                answers.images(shown),
                shown,
                captions,
                [answers.in_words(i) for i in shown],
                key=f"evaluate_grid_{answers.digits.name}",
                label="Test digits and what they were read as",
                columns=5,
                right=right.tolist(),
            )
        with detail:
            show_answer(answers, int(shown[0]) if picked is None else picked, "evaluate_grid_bars")


def _matrix(answers: Answers) -> None:
    with st.container(horizontal=True):
        normalise = st.toggle(
            "Per cent of each row", key="evaluate_normalise", persist_state="session"
        )
        hide = st.toggle(
            "Mistakes only", True, key="evaluate_mistakes_only", persist_state="session"
        )
    st.plotly_chart(
        confusion_matrix(answers.evaluation, normalise=normalise, hide_diagonal=hide),
        config=CONFIG,
        key=MATRIX,
        on_select=_filter_by_cell,
        selection_mode="points",
        alt=f"Confusion matrix: {answers.evaluation.wrong} digits off the diagonal",
    )
    st.caption("Click a cell to see its digits; click it again to see all.")


def _filter_by_cell() -> None:
    """Takes the cell that was clicked into the filter; with none selected, opens the filter."""
    points = st.session_state[MATRIX]["selection"]["points"]
    true, read = points[0]["customdata"] if points else (ANY, ANY)
    st.session_state[TRUE], st.session_state[READ] = str(true), str(read)


def _mistakes(answers: Answers) -> None:
    with st.container(horizontal=True):
        true = st.selectbox("Is a", CLASSES, key=TRUE, bind="query-params", width=120)
        read = st.selectbox("Read as", CLASSES, key=READ, bind="query-params", width=120)
    wrong = misclassified(answers.labels, answers.probabilities)
    wrong = wrong[_matches(answers.labels[wrong], true) & _matches(answers.read[wrong], read)]
    if not len(wrong):
        st.info("No mistakes of this kind.", icon=":material/check:")
        return
    detail = st.container()
    st.markdown(f"{len(wrong):,} read wrongly, the surest first (is → read as, how sure)")
    shown = paged(wrong, "evaluate_page", size=30)
    picked = gallery(
        answers.images(shown),
        shown,
        [
            f"{answers.labels[i]}→{answers.read[i]} {answers.sureness(i)}".replace("over ", ">")
            for i in shown
        ],
        [answers.in_words(i) for i in shown],
        key=f"evaluate_wrong_{answers.digits.name}",
        label="Digits read wrongly, the surest first",
    )
    with detail:
        show_answer(answers, int(shown[0]) if picked is None else picked, "evaluate_bars")


def _matches(classes: np.ndarray, chosen: str) -> np.ndarray:
    return np.full(len(classes), True) if chosen == ANY else classes == int(chosen)
