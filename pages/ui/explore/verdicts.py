"""The verdicts of one visitor on the labels of one dataset: the count, the digits, what to do.

They live in the session until they are saved. Nobody logs in here, so that saved ones are
everybody's: a stranger of a hosted app must press Save to write where others read.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import streamlit as st

from digitlab.datasets import Dataset
from digitlab.suspects import Suspects
from digitlab.verdicts import Judgement, Verdict, Verdicts, as_csv
from pages.ui.answers import a
from pages.ui.cache import store
from pages.ui.explore.many_digits import digit_name
from pages.ui.gallery import gallery, paged, picked_key

GALLERY = "detective_judged"
PAGE_SIZE = 30


@dataclass(frozen=True)
class Docket:
    """The judgements of this visitor, by row, the first judged first; and those that were saved."""

    content_hash: str
    judged: dict[int, Judgement]
    saved: dict[int, Judgement]

    def judge(self, row: int, label: int, digit: int | None) -> None:
        """Writes a judgement; see `Judgement.of`."""
        self.judged[row] = Judgement.of(row, label, digit)

    def take_back(self, row: int) -> None:
        """Forgets a judgement."""
        self.judged.pop(row, None)

    def back(self) -> None:
        """Forgets the last one."""
        if self.judged:
            self.judged.popitem()

    def save(self) -> None:
        """Writes what has changed where everybody reads it."""
        changed = [j for row, j in self.judged.items() if self.saved.get(row) != j]
        gone = self.saved.keys() - self.judged.keys()
        _verdicts(store().database_url).save(self.content_hash, changed, gone)
        self.saved.clear()
        self.saved.update(self.judged)

    @property
    def is_saved(self) -> bool:
        """Whether there is nothing to save."""
        return self.judged == self.saved


def docket(digits: Dataset) -> Docket:
    """This visitor's, which begins with what was saved."""
    key = f"detective_docket_{digits.content_hash}"
    if key not in st.session_state:
        saved = _verdicts(store().database_url).saved(digits.content_hash)
        by_row = {judgement.row: judgement for judgement in saved}
        st.session_state[key] = Docket(digits.content_hash, by_row, dict(by_row))
    found: Docket = st.session_state[key]
    return found


def show_judged(digits: Dataset, suspects: Suspects, mine: Docket) -> None:
    """The judged digits, with the way to judge one again, to save and to take them along."""
    judged = list(mine.judged.values())[::-1]
    if not judged:
        st.info("What you have judged gathers here: to look at again, to save, to train without.")
        return
    st.markdown(tally(judged))
    rows = np.array([judgement.row for judgement in judged])
    shown = paged(rows, GALLERY, PAGE_SIZE)
    on_page = [mine.judged[int(row)] for row in shown]
    picked = gallery(
        digits.images[shown],
        shown,
        [_caption(digits, judgement) for judgement in on_page],
        [_in_words(digits, judgement) for judgement in on_page],
        key=GALLERY,
        label=f"{digits.noun.capitalize()}s whose labels you have judged, the last first",
        right=[judgement.verdict is Verdict.RIGHT for judgement in on_page],
    )
    with st.container(horizontal=True):
        st.button(
            "Judge it again",
            icon=":material/undo:",
            key="detective_again",
            disabled=picked is None,
            on_click=_again,
            args=(mine.take_back, picked),
            help="Pick one of those above first.",
        )
        st.button(
            "Saved" if mine.is_saved else "Save",
            icon=":material/save:",
            key="detective_save",
            disabled=mine.is_saved,
            on_click=mine.save,
            help="Your verdicts last as long as this tab. Saved ones last, and everybody who uses "
            "this DigitLab sees them.",
        )
        own = dict(zip(suspects.rows.tolist(), suspects.self_confidence.tolist(), strict=True))
        st.download_button(
            "Download (CSV)",
            as_csv(judged, digits.labels, own),
            f"verdicts-{Path(digits.name).stem}.csv",
            icon=":material/download:",
            key="detective_csv",
        )


def tally(judged: list[Judgement]) -> str:
    """'12 judged: 9 labels right, 2 wrong, 1 that nobody can tell.'"""
    counts = [sum(j.verdict is verdict for j in judged) for verdict in Verdict]
    right, other, unclear = counts
    labels = "label" if right == 1 else "labels"
    return (
        f"**{len(judged):,} judged:** {right:,} {labels} right, {other:,} wrong, "
        f"{unclear:,} that nobody can tell."
    )


def _again(take_back: Callable[[int], None], row: int) -> None:
    take_back(row)
    st.session_state.pop(picked_key(GALLERY), None)


def _caption(digits: Dataset, judgement: Judgement) -> str:
    names = digits.class_names
    other = names[judgement.corrected or 0]
    seen = {Verdict.RIGHT: "", Verdict.OTHER: f"→{other}", Verdict.UNCLEAR: "→?"}
    return f"{names[digits.labels[judgement.row]]}{seen[judgement.verdict]}"


def _in_words(digits: Dataset, judgement: Judgement) -> str:
    """'labelled a 4, judged a 9, training digit 17'."""
    names, label = digits.class_names, int(digits.labels[judgement.row])
    judged = {
        Verdict.RIGHT: "rightly",
        Verdict.OTHER: f"judged {a(names[judgement.corrected or 0])}",
        Verdict.UNCLEAR: "and nobody can tell",
    }
    name = digit_name(digits, judgement.row)
    return f"labelled {a(names[label])}, {judged[judgement.verdict]}, {name}"


@st.cache_resource(max_entries=2, show_spinner=False)
def _verdicts(database_url: str) -> Verdicts:
    return Verdicts(database_url)
