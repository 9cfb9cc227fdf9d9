"""Two networks on the same digits: what one fixes and breaks, and whether that means anything."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import count

import numpy as np
import streamlit as st

from digitlab.comparison import Paired, is_draw, other_seeds, pair, same_setting, seed_test
from digitlab.datasets import Dataset
from digitlab.plots import CONFIG, probability_pairs, recall_deltas
from digitlab.recognisers import PRETRAINED, ModelCard
from digitlab.records import Run
from pages.ui import cache
from pages.ui.answers import Answers, a
from pages.ui.cache import store
from pages.ui.choices import clicked
from pages.ui.frame import guard
from pages.ui.gallery import enlarge, gallery, paged
from pages.ui.train.forms import open_filled

KINDS = ("Fixed", "Broken", "Missed by both")
CLASS = "compare_class"

MOST_SEEDS = 5
"""Other runs of a setting that are read along, the latest: each costs half a second, once."""


def show_changes(cards: Sequence[ModelCard], answers: Sequence[Answers]) -> None:
    """The sentence, what it proves, and the digits.

    Args:
        cards: of two networks.
        answers: theirs, to the same digits.
    """
    first, second = answers
    paired = pair(first.labels, first.probabilities, second.probabilities)
    st.markdown(f"**{paired.in_words(first.network, second.network)}**")
    _show_seeds(cards, answers)
    _show_digits(first, second, paired)


@st.fragment
@guard()
def show_classes(answers: Sequence[Answers]) -> None:
    """By how much the second of two networks reads each class better than the first; a bar opens
    what it fixes and breaks there."""
    first, second = answers
    chosen = st.session_state.get(CLASS)
    st.markdown(f"**{second.network}** beside {first.network}:")
    key = f"compare_recall_{chosen}"  # a new chart: the same bar can be clicked again
    st.plotly_chart(
        recall_deltas(
            first.evaluation,
            second.evaluation,
            (first.network, second.network),
            first.digits.class_names,
            chosen,
        ),
        config=CONFIG,
        key=key,
        on_select=lambda: _open_class(key, chosen),
        selection_mode="points",
        alt=f"Difference in recall of every class, {second.network} against {first.network}",
    )
    st.caption(
        f"Recall: of those that are this {first.digits.class_noun}, how many were read as it. "
        "Click a bar to see what is fixed and broken there."
    )
    if chosen is not None:
        st.markdown(f"**Of those that are {a(first.digits.class_names[chosen])}**")
        paired = pair(first.labels, first.probabilities, second.probabilities)
        _show_digits(first, second, _of_class(paired, first.labels, chosen))


def _open_class(key: str, chosen: int | None) -> None:
    """Opens the class of the clicked bar; clicked again, closes it."""
    label = clicked(key)
    st.session_state[CLASS] = None if label in (None, chosen) else label


def _of_class(paired: Paired, labels: np.ndarray, label: int) -> Paired:
    fixed, broken, missed = (
        found[labels[found] == label] for found in (paired.fixed, paired.broken, paired.missed)
    )
    return replace(
        paired, n=int((labels == label).sum()), fixed=fixed, broken=broken, missed=missed
    )


def _show_seeds(cards: Sequence[ModelCard], answers: Sequence[Answers]) -> None:
    """Whether the settings differ: another question than whether these two networks do."""
    first, second = cards
    runs = store().runs()
    if steered := [card.name for card in cards if not is_draw(card.name, runs)]:
        st.caption(
            "McNemar's test judges these two networks as they are. It says nothing of their "
            f"settings: {' and '.join(steered)} did not train from the first epoch to the last "
            "with one configuration."
        )
        return
    if same_setting(first.config, second.config):
        st.caption(
            "Both have the same settings, the seed aside: what is fixed and broken here is what "
            "chance does in training."
        )
        return
    test = seed_test(*map(_accuracies, cards, answers))
    if test is not None:
        st.caption(test.in_words)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            "McNemar's test judges these two networks as they are. One run of each setting cannot "
            "tell the setting from the seed (Dietterich, 1998): train one again with another seed.",
            width="stretch",
        )
        own = second if second.name != PRETRAINED else first
        if st.button(
            f"Train {own.name} with another seed", icon=":material/casino:", key="compare_seed"
        ):
            open_filled(own.config.replace(seed=_unused_seed(own)), own.preset)


def _accuracies(card: ModelCard, answers: Answers) -> list[float]:
    """Of a network, and of the runs that differ from it in their seed alone."""
    others = other_seeds(card.config, store().runs())[:MOST_SEEDS]
    accuracies = [_accuracy_of(run, answers.digits, answers.rows) for run in others]
    return [answers.evaluation.accuracy, *accuracies]


def _accuracy_of(run: Run, digits: Dataset, rows: np.ndarray) -> float:
    model = f"{run.attempt} {run.test}"
    return _accuracy(run.id, model, digits.content_hash, hash(rows.tobytes()), digits, rows)


@st.cache_data(max_entries=256, show_spinner="Reading with other seeds …")
def _accuracy(
    run_id: str, model: str, content_hash: str, rows_hash: int, _digits: Dataset, _rows: np.ndarray
) -> float:
    read = cache.recogniser(run_id).probabilities(_digits.images[_rows]).argmax(axis=1)
    return float((read == _digits.labels[_rows]).mean())


def _unused_seed(card: ModelCard) -> int:
    used = {run.config.seed for run in store().runs() if same_setting(run.config, card.config)}
    return next(seed for seed in count(1) if seed not in used | {card.config.seed})


@st.fragment
@guard()
def _show_digits(first: Answers, second: Answers, paired: Paired) -> None:
    """Reruns by itself, so that a click answers at once."""
    kind = st.segmented_control(
        "Which digits",
        KINDS,
        default=KINDS[0],
        required=True,
        key="compare_kind",
        bind="query-params",
        label_visibility="collapsed",
    )
    positions, words = {
        "Fixed": (paired.fixed, f"{second.network} reads rightly and {first.network} does not"),
        "Broken": (paired.broken, f"{first.network} reads rightly and {second.network} does not"),
        "Missed by both": (paired.missed, "neither reads rightly"),
    }[kind or KINDS[0]]
    if not len(positions):
        st.info(f"There is no {first.digits.noun} that {words}.", icon=":material/check:")
        return
    detail, many = st.columns([5, 6], gap="large")
    with many:
        st.markdown(f"{len(positions):,} that {words}, the surest mistakes first")
        st.caption(f"Under each: what it is, what {first.network} and {second.network} read.")
        shown = paged(positions, "compare_page", size=30)
        picked = gallery(
            first.images(shown),
            shown,
            [_caption(first, second, i) for i in shown],
            [_in_words(first, second, i) for i in shown],
            key=f"compare_gallery_{first.digits.name}",
            label=f"{first.digits.noun.capitalize()}s that {words}",
        )
    with detail:
        _show_digit(first, second, int(shown[0]) if picked is None else picked)


def _caption(first: Answers, second: Answers, position: int) -> str:
    """'4: 9→4': what it is, and what each network reads."""
    (true, before), (_, after) = first.classes(position), second.classes(position)
    return f"{true}: {before}→{after}"


def _in_words(first: Answers, second: Answers, position: int) -> str:
    """'a 4, read as 9 (97 %), then as 4 (88 %), test digit 247'."""
    (true, before), (_, after) = first.classes(position), second.classes(position)
    return (
        f"{a(true)}, read as {before} ({first.sureness(position)}), "
        f"then as {after} ({second.sureness(position)}), {first.name(position)}"
    )


def _show_digit(first: Answers, second: Answers, position: int) -> None:
    """One digit large, and what each network makes of it."""
    st.markdown(
        f"**This is {a(first.classes(position)[0])}.** {first.name(position).capitalize()}."
    )
    image = enlarge(first.images(np.array([position]))[0], 6)
    st.image(image, output_format="PNG", alt=_in_words(first, second, position))
    for by in (first, second):
        true, read = by.classes(position)
        mark = ":material/check:" if read == true else ":material/close:"
        st.markdown(f"{mark} {by.network} is {by.sureness(position)} sure that it is {a(read)}.")
    st.plotly_chart(
        probability_pairs(
            {by.network: by.probabilities[position] for by in (first, second)},
            first.digits.class_names,
            int(first.labels[position]),
        ),
        config=CONFIG,
        key="compare_bars",
        alt=_in_words(first, second, position),
    )
