"""Label detective: digits whose labels look wrong, judged one by one."""

import numpy as np
import streamlit as st

from digitlab.datasets import Dataset
from digitlab.evaluation import sureness_in_words
from digitlab.jobs import get_jobs
from digitlab.suspects import Readings, Suspects, find_suspects, network_for, rows_in, study_of
from pages.ui.answers import a
from pages.ui.explore.filters import rows_of
from pages.ui.explore.many_digits import digit_name
from pages.ui.explore.verdicts import Docket, docket, show_judged
from pages.ui.explore.without_them import show_training
from pages.ui.frame import guard
from pages.ui.gallery import enlarge
from pages.ui.studies import results

FOLDS = ("3", "5")
FACTOR = 8

METHOD = (
    "Confident learning (Northcutt, Jiang & Chuang, 2021): a label is suspected where the network "
    "is surer of another digit than it is, on average, of those that carry that digit as label."
)


def detective(digits: Dataset, part: str) -> None:
    """Reads the digits out of sample if nobody has, then shows the suspects of a part."""
    scope = "training" if part == "training" else "all"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        folds = st.segmented_control(
            "Networks",
            FOLDS,
            default="3",
            required=True,
            key="detective_folds",
            bind="query-params",
            help="The digits are dealt into so many parts. Each part is read by a network that "
            "learned from the others. More networks learn from more, and take longer.",
        )
    about = st.empty()
    study = study_of(digits, scope, int(folds))
    labels = digits.labels[rows_in(digits, scope)]
    found = results(
        [study],
        lambda content: find_suspects(Readings.from_bytes(content), labels),
        _offer(digits, scope, int(folds)),
        f"detective_{study.key[-8:]}",
    )
    if found is None:
        about.caption(
            f"{folds} networks read {digits.noun}s that they have not learned from. Where one "
            "firmly disagrees with a label, the label may be wrong.",
            help=METHOD,
        )
        return
    (suspects,) = found
    places = np.flatnonzero(np.isin(suspects.rows, rows_of(digits, part)))
    st.markdown(summary(suspects, len(places), part, digits), help=METHOD)
    if len(places):
        _judge(digits, suspects, places)


def summary(suspects: Suspects, shown: int, part: str, digits: Dataset) -> str:
    """How many labels look wrong, and which are confused most."""
    among, names = "" if part == "all" else f" {part}", digits.class_names
    if not shown:
        return f"No label of the{among} {digits.noun}s looks wrong to the networks."
    labels = "label looks" if shown == 1 else "labels look"
    words = f"**{shown:,} {labels} wrong among the{among} {digits.noun}s.**"
    if part != "test":  # the figures are of all that was read
        words += f" About {suspects.estimated_errors:,} of {suspects.n:,} are estimated to be."
        if suspects.commonest and suspects.commonest[2] > 1:
            label, read, count = suspects.commonest
            words += f" The largest group: {count:,} labelled {names[label]} "
            words += f"look like {a(names[read])}."
    return f"{words} Many are merely hard to read: networks err, too."


def _offer(digits: Dataset, scope: str, folds: int) -> str:
    """The button. So many networks on all digits but one part of them: one training less."""
    cost = get_jobs().estimate(network_for(digits, scope), digits)
    share = len(rows_in(digits, scope)) / max(1, digits.train_count)
    seconds = cost.seconds * (folds - 1) * share
    return f"Look for wrong labels (about {cost.duration(seconds)})"


@st.fragment
@guard()
def _judge(digits: Dataset, suspects: Suspects, places: np.ndarray) -> None:
    """Reruns by itself, so that the next digit is there at once."""
    mine = docket(digits)
    left = [int(place) for place in places if suspects.rows[place] not in mine.judged]
    one, judged = st.columns(2, gap="large")
    with one:
        done = len(places) - len(left)
        st.progress(done / len(places), f"{done:,} judged, {len(left):,} left")
        if left:
            _show_suspect(digits, mine, suspects, left[0])
        else:
            st.success("All of them are judged.", icon=":material/check:")
    with judged:
        show_judged(digits, suspects, mine)
        show_training(digits, list(mine.judged.values()))


def _show_suspect(digits: Dataset, mine: Docket, suspects: Suspects, place: int) -> None:
    """The words, the picture, and the verdicts beside and below it."""
    row, label, read = (int(of[place]) for of in (suspects.rows, suspects.given, suspects.read))
    sure = sureness_in_words(float(suspects.probabilities[place, read]))
    own = sureness_in_words(float(suspects.self_confidence[place]))
    given, seen = digits.class_names[label], a(digits.class_names[read])
    name = digit_name(digits, row)
    st.markdown(
        f"**The label says {given}.** The network was {sure} sure that this is {seen}, and "
        f"{own} that it is {a(given)}. {name.capitalize()}."
    )
    with st.container(horizontal=True):
        st.image(
            enlarge(digits.images[row], FACTOR),
            output_format="PNG",
            alt=f"{name}, labelled {given}, read as {seen}",
        )
        with st.container(width="content"):
            _verdict("The label is right", "Y", mine, row, label, label)
            _verdict("Nobody can tell", "N", mine, row, label, None)
            st.button(
                "Back",
                icon=":material/undo:",
                key="detective_back",
                shortcut="B",
                disabled=not mine.judged,
                on_click=mine.back,
            )
    st.caption(f"It is another {digits.class_noun}; each button can be pressed by its key.")
    with st.container(horizontal=True, gap="xsmall"):
        for digit, words in enumerate(digits.class_names):
            _verdict(words, str(digit), mine, row, label, digit)


def _verdict(
    words: str, shortcut: str, mine: Docket, row: int, label: int, digit: int | None
) -> None:
    st.button(
        words,
        key=f"detective_key_{shortcut}",
        shortcut=shortcut,
        on_click=mine.judge,
        args=(row, label, digit),
    )
