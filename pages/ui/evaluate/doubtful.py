"""MNIST's doubtful test labels: what people saw, what a network reads, and what they cost it."""

import numpy as np
import pandas as pd
import streamlit as st

from digitlab.doubtful import PAPER, SOURCE, VOTERS, Count, Doubt, doubts_among, recount
from digitlab.evaluation import accuracy_in_words
from pages.ui.answers import Answers, show_answer
from pages.ui.frame import guard
from pages.ui.gallery import gallery

MNIST = "mnist"


@st.fragment
@guard()
def show_doubtful(answers: Answers) -> None:
    """The accuracy counted in three ways, and the doubtful digits themselves."""
    found = doubts_of(answers)
    if not found:
        st.info(
            "Doubtful labels are known of MNIST's official test digits only. Choose mnist above.",
            icon=":material/fact_check:",
        )
        return
    st.markdown(
        f"Five people each looked at the test digits whose labels seemed wrong. For {len(found)} "
        "of those tested here, fewer than three saw what the label says."
    )
    counts = recount(answers.labels, answers.read, found)
    settled = sum(doubt.correction is not None for _, doubt in found)
    ways = (
        ("As labelled", counts.as_labelled, "every digit, with the label it came with"),
        ("Set apart", counts.set_apart, f"without these {len(found)}"),
        ("Corrected", counts.corrected, f"{settled} as most people saw them, without the others"),
    )
    for column, (name, count, words) in zip(st.columns(3), ways, strict=True):
        with column:
            _count(name, count, words)
    left, right = st.columns([6, 5], gap="large")
    with left:
        picked = _gallery(answers, found)
    with right:
        position = int(found[0][0]) if picked is None else picked
        show_answer(answers, position, disputed=True)
        st.markdown(votes_in_words(dict(found)[position]))
    st.dataframe(
        _table(answers, found),
        hide_index=True,
        height="content",
        alt="The doubtful labels, what people saw, and what the network reads",
    )
    st.caption(
        f"Votes: [cleanlab/label-errors]({SOURCE}), "
        f"[Northcutt, Athalye & Mueller, 2021]({PAPER}). The digits that were looked at had been "
        "chosen by other networks; there may be doubtful labels that nobody has looked at."
    )


def doubts_of(answers: Answers) -> list[tuple[int, Doubt]]:
    """The doubtful ones of the digits that were read, each with its position; of MNIST only."""
    if answers.digits.name != MNIST:
        return []
    return doubts_among(answers.rows - answers.digits.train_count)


def _count(name: str, count: Count, words: str) -> None:
    st.metric(name, accuracy_in_words(count.accuracy, *count.interval))
    st.caption(f"{count.n - count.hits:,} of {count.n:,} wrong: {words}.")


def _gallery(answers: Answers, found: list[tuple[int, Doubt]]) -> int | None:
    st.markdown("Label / what most people saw / what the network reads")
    positions = np.array([position for position, _ in found])
    return gallery(
        answers.images(positions),
        positions,
        [f"{d.label} / {_seen(d)} / {answers.read[position]}" for position, d in found],
        [f"labelled {d.label}, {d.verdict}, {answers.in_words(position)}" for position, d in found],
        key="evaluate_doubtful",
        label="Test digits of MNIST with doubtful labels",
        columns=5,
    )


def votes_in_words(doubt: Doubt) -> str:
    """'Of 5 people, 0 saw 8 as labelled, 5 saw 9, and 0 saw neither.'"""
    return (
        f"Of {VOTERS} people, {doubt.for_label} saw {doubt.label} as labelled, "
        f"{doubt.for_guess} saw {doubt.guess}, and {doubt.for_neither} saw neither."
    )


def _seen(doubt: Doubt) -> str:
    return "?" if doubt.correction is None else str(doubt.correction)


def _table(answers: Answers, found: list[tuple[int, Doubt]]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "test digit": [doubt.test_digit for _, doubt in found],
            "label says": [doubt.label for _, doubt in found],
            "people say": [doubt.verdict for _, doubt in found],
            "network reads": [int(answers.read[position]) for position, _ in found],
            "how sure": [answers.sureness(position) for position, _ in found],
        }
    )
