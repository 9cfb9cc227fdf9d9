"""How every network of the visitor's reads their hand, beside how it did in its test."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from digitlab.datasets import CLASS_NAMES, class_names_of
from digitlab.drawings import Drawings, Score, count_right, has_learned, snapshots_of
from digitlab.evaluation import Count, misclassified
from digitlab.plots import CONFIG, hand_chart
from digitlab.recognisers import PRETRAINED, ModelCard, pretrained_card
from digitlab.records import Run
from pages.ui import cache
from pages.ui.answers import a
from pages.ui.dataset_picker import title_of
from pages.ui.draw.reading import reader
from pages.ui.frame import link_to_first_run, without_links
from pages.ui.gallery import enlarge, gallery, paged
from pages.ui.visitor import visitor

MOST_NETWORKS = 10
"""The newest runs that read along: a blink of the server's time each, and a megabyte or two."""

PAGE_SIZE = 30
FACTOR = 5


@dataclass(frozen=True)
class Readers:
    """The networks that read along: `pretrained`, and `runs`: the newest, and the chosen one.

    `fit`: how many could, in all. `biased`: how many more have learned from the visitor's digits.
    """

    runs: list[Run]
    fit: int
    biased: int

    @property
    def names(self) -> list[str]:
        """All of them, in this order."""
        return [PRETRAINED, *(run.id for run in self.runs)]

    @property
    def in_words(self) -> str:
        """Which networks are left out; '' if none are."""
        words = []
        if self.fit > len(self.names):
            words.append(
                f"{len(self.names)} of {self.fit:,} networks: the newest, and the one chosen above."
            )
        if self.biased:
            have, are = ("network has", "is") if self.biased == 1 else ("networks have", "are")
            words.append(
                f"{self.biased:,} {have} learned from your digits and {are} not judged by them "
                "here."
            )
        return " ".join(words)


def show_report(mine: Drawings, runs: Sequence[Run], chosen: str) -> None:
    """The sentence, the table, the chart, and what the chosen network misread.

    Args:
        mine: the visitor's drawings; corrections among them are left aside.
        runs: all runs, newest first.
        chosen: the network of which most is said: `pretrained` or a run's id.
    """
    asked = mine.only(mine.prompted)
    readers = _readers(runs, chosen)
    names = readers.names
    spoken_of = chosen if chosen in names else PRETRAINED
    learned = tuple((run.id, cache.learned_by(run)) for run in readers.runs)
    probabilities = _read(learned, asked.content_hash, asked)
    cards: list[ModelCard | Run] = [pretrained_card(), *readers.runs]
    scores = [
        _score(name, card, asked, answers)
        for name, card, answers in zip(names, cards, probabilities, strict=True)
    ]
    _say(scores[names.index(spoken_of)])
    _table(scores)
    if readers.in_words:
        st.caption(readers.in_words)
    if readers.fit == 1 and not readers.biased:
        link_to_first_run("Train one of your own in about 30 seconds")
    chart, misread = st.columns(2, gap="large")
    chart.plotly_chart(
        hand_chart(scores),
        config=CONFIG,
        key="hand_chart",
        alt="Accuracy of each network on your digits and in its test, with 95 % intervals",
    )
    with misread:
        _misread(asked, probabilities[names.index(spoken_of)], spoken_of)


def _readers(runs: Sequence[Run], chosen: str) -> Readers:
    origins, snapshots = cache.store().origins(), snapshots_of(visitor())
    able = [
        run for run in runs if run.has_model and class_names_of(run.config.dataset) == CLASS_NAMES
    ]
    fit = [run for run in able if not has_learned(run.id, origins, snapshots)]
    older = [run for run in fit[MOST_NETWORKS:] if run.id == chosen]
    return Readers(fit[:MOST_NETWORKS] + older, 1 + len(fit), len(able) - len(fit))


@st.cache_data(max_entries=16, show_spinner="Reading your digits …")
def _read(
    learned: tuple[tuple[str, str], ...], content_hash: str, _drawings: Drawings
) -> np.ndarray:
    """What `pretrained` and each run make of each drawing: float32 (1 + runs, n, 10).

    Args:
        learned: the id of each run, and what it has learned.
    """
    names = [PRETRAINED, *(run_id for run_id, _ in learned)]
    return np.stack([cache.recogniser(name).probabilities(_drawings.images) for name in names])


def _score(name: str, card: ModelCard | Run, asked: Drawings, probabilities: np.ndarray) -> Score:
    title = without_links(title_of(card.config.dataset))
    return Score(name, count_right(asked, probabilities), card.test, title)


def _say(score: Score) -> None:
    """The chosen network in words, and what so many digits can tell."""
    mine = score.mine
    st.header(_headline(mine), anchor=False)
    test = "" if score.test is None else f" In its test on {score.dataset}: {score.test_in_words}."
    st.markdown(f"**{score.network}** on your digits: {mine.in_words}.{test} {score.in_words}")
    st.caption(
        f"{_what_it_tells(mine.n)} Only digits that the page asked for count: corrections were "
        "chosen because they were misread."
    )


def _headline(mine: Count) -> str:
    """'27 of your 30 digits are read rightly'."""
    if mine.n == 1:
        return f"Your one digit is {'read rightly' if mine.hits else 'misread'}"
    are = "is" if mine.hits == 1 else "are"
    return f"{mine.hits:,} of your {mine.n:,} digits {are} read rightly"


def _what_it_tells(n: int) -> str:
    """'One digit of 30 is 3.3 percentage points. …'"""
    return (
        f"One digit of {n:,} is {100 / n:.1f} percentage points. An interval holds the true "
        "accuracy on your hand 19 times in 20: networks whose intervals overlap much cannot be "
        "told apart by so few digits."
    )


def _table(scores: list[Score]) -> None:
    st.dataframe(
        {
            "network": [score.network for score in scores],
            "your digits (95 %)": [score.mine.in_words for score in scores],
            "right": [f"{score.mine.hits:,} of {score.mine.n:,}" for score in scores],
            "its test (95 %)": [score.test_in_words for score in scores],
            "test digits of": [score.dataset for score in scores],
        },
        hide_index=True,
        height="content",
        alt="How each network reads your digits, and how it did in its test",
    )


def _misread(asked: Drawings, probabilities: np.ndarray, network: str) -> None:
    """The digits that one network misread, the surest first, and one of them large."""
    wrong = misclassified(asked.labels, probabilities)
    if not len(wrong):
        st.success(f"{network} misread none of them.", icon=":material/check:")
        return
    by = reader(network)
    read = probabilities.argmax(axis=1)
    st.markdown(f"**What {network} misread**")
    picture, words = st.columns([28 * FACTOR, 260], vertical_alignment="center")
    shown = paged(wrong, "hand_misread_page", PAGE_SIZE)
    picked = gallery(
        asked.images[shown],
        shown,
        [f"{asked.labels[i]} read as {read[i]}" for i in shown],
        [f"{a(asked.labels[i])}, read as {read[i]}" for i in shown],
        key=f"hand_misread_{network}",
        label=f"Digits of yours that {network} misread",
    )
    row = int(shown[0]) if picked is None else picked
    said, more = by.in_words(probabilities[row])
    alt = f"{a(asked.labels[row])} of yours, read as {a(read[row])}"
    picture.image(enlarge(asked.images[row], FACTOR), output_format="PNG", alt=alt)
    words.markdown(f"**You wrote {a(asked.labels[row])}. {said}.** {more}.")
