"""Teach it my hand: a copy of a network learns a visitor's digits; what it gains and forgets."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from digitlab.comparison import Paired, common_rows, pair
from digitlab.config import TrainingConfig
from digitlab.datasets import Dataset, test_rows
from digitlab.drawings import Drawings
from digitlab.evaluation import Count
from digitlab.jobs import get_jobs
from digitlab.lessons import lesson_of
from digitlab.recognisers import PRETRAINED, pretrained_card
from digitlab.records import Run, Status
from digitlab.teaching import (
    before_and_after,
    forgetting_in_words,
    gain_in_words,
    known_before,
)
from pages.ui import cache
from pages.ui.answers import a
from pages.ui.cache import store
from pages.ui.dataset_picker import error_of, title_of
from pages.ui.draw.lesson_offer import copies_taught, epochs_learned, is_of_use, offer_lesson
from pages.ui.frame import guard, icon_of, page_of, without_links
from pages.ui.train.look import in_words, look
from pages.ui.train.result import is_saving
from pages.ui.train.strip import strip

POLL = 0.7
"""Seconds between two looks at a copy that learns."""

MOST_SHOWN = 20
"""Drawings that are read otherwise than before: two rows of them."""


def show_teach(mine: Drawings, runs: Sequence[Run]) -> None:
    """What was taught last, or how far it is, and the way to teach a copy of another network.

    Args:
        mine: the visitor's drawings.
        runs: all runs, newest first.
    """
    st.subheader("Teach it my hand", anchor=False)
    st.caption(
        "A copy of a network learns from every second of your digits and from all corrections, "
        "mixed with training digits of its own dataset. The others are held out: they show what it "
        "gains."
    )
    run = next(iter(copies_taught(runs)), None)
    if run is not None and _is_under_way(run):
        st.fragment(_follow, run_every=POLL)(run.id)
        return
    if run is not None:
        with guard():
            _show_outcome(run, runs)
    offer_lesson(mine, runs)


def _is_under_way(run: Run) -> bool:
    """Whether a copy learns, waits, or was stopped and is being stored."""
    return run.status.is_active or is_saving(run)


def _follow(run_id: str) -> None:
    with guard():
        run = store().run(run_id)
        if not _is_under_way(run):
            st.rerun()
        share, words = _progress(run)
        st.progress(share, f"A copy of {run.parent_id} learns: {words}")
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                "Stop and keep",
                icon=":material/stop:",
                key="teach_stop",
                on_click=get_jobs().stop,
                args=(run_id,),
                disabled=run.controls.wish is not None,
            )
            st.page_link(
                page_of("train"),
                label="Watch it on Train",
                icon=icon_of("train"),
                query_params={"train_run": run_id},
            )


def _progress(run: Run) -> tuple[float, str]:
    """How far a copy is, as a share and in words; its original's epochs do not count."""
    if not run.status.is_active:
        return 1.0, "storing and testing the model"
    return in_words(look(run.id))


def _show_outcome(run: Run, runs: Sequence[Run]) -> None:
    """Before and after, on what was held out and on the test digits of what it learned before."""
    lesson = lesson_of(run.config.dataset)
    if not is_of_use(run) or run.parent_id is None or lesson is None:
        _show_failure(run)
        return
    digits, known = cache.dataset(run.config.dataset), cache.dataset(known_before(lesson))
    original = _config_of_original(run.parent_id, runs)
    rows = test_rows(digits, run.config)
    st.markdown(_what_it_is(run, original is None))
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**Your digits that were held out**")
        if original is None:
            _show_after(run.id, digits, rows)
        else:
            paired = _compared(run.parent_id, run.id, digits, rows)
            _show_counts(paired)
            st.markdown(gain_in_words(paired))
            _show_changed(run.parent_id, run.id, digits, rows, paired)
    with right:
        title = without_links(title_of(known.name))
        st.markdown(f"**The test digits of {title}**")
        if original is None:
            _show_after(run.id, known, test_rows(known, run.config))
        else:
            known_rows = common_rows(known, [original, run.config])
            paired = _compared(run.parent_id, run.id, known, known_rows)
            _show_counts(paired)
            st.markdown(forgetting_in_words(paired))
    _show_ways_on(run)


def _config_of_original(name: str, runs: Sequence[Run]) -> TrainingConfig | None:
    """How the network was trained that a copy was made of; None if it was deleted."""
    if name == PRETRAINED:
        return pretrained_card().config
    return next((run.config for run in runs if run.id == name), None)


def _what_it_is(run: Run, deleted: bool) -> str:
    """'**calm-fox-1a2b** is a copy of pretrained that has learned your hand.'

    Args:
        deleted: whether its original was.
    """
    words = f"**{run.id}** is a copy of {run.parent_id} that has learned your hand"
    if run.status is Status.STOPPED:
        planned = run.config.epochs - (run.parent_epoch or 0)
        words += f", stopped after {epochs_learned(run)} of {planned} epochs"
    if deleted:
        words += f". {run.parent_id} was deleted, so only “after” can be shown"
    return f"{words}."


def _show_failure(run: Run) -> None:
    """How a copy ended that is none, and where it can be resumed."""
    reason = without_links(error_of(run))
    if not (reason or epochs_learned(run)):
        reason = "no epoch of its own is complete"
    st.warning(
        f"{run.id} was to learn your hand and is {run.status.value}" + f": {reason}" * bool(reason),
        icon=":material/warning:",
    )
    st.page_link(
        page_of("train"),
        label="See it on Train",
        icon=icon_of("train"),
        query_params={"train_run": run.id},
    )


def _compared(before: str, after: str, digits: Dataset, rows: np.ndarray) -> Paired:
    answers = (cache.probabilities(name, digits, rows) for name in (before, after))
    return pair(digits.labels[rows], *answers)


def _show_counts(paired: Paired) -> None:
    for when, count in zip(("Before", "After"), before_and_after(paired), strict=True):
        _show_count(when, count)


def _show_after(name: str, digits: Dataset, rows: np.ndarray) -> None:
    read = cache.probabilities(name, digits, rows).argmax(axis=1)
    _show_count("After", Count(int((read == digits.labels[rows]).sum()), len(rows)))


def _show_count(when: str, count: Count) -> None:
    st.markdown(f"{when}: **{count.in_words}** · {count.hits:,} of {count.n:,} right")


def _show_changed(
    before: str, after: str, digits: Dataset, rows: np.ndarray, paired: Paired
) -> None:
    """The drawings that are read otherwise than before, rightly now or wrongly."""
    changed = np.concatenate([paired.fixed, paired.broken])[:MOST_SHOWN]
    if not len(changed):
        return
    first, second = (
        cache.probabilities(name, digits, rows)[changed].argmax(axis=1) for name in (before, after)
    )
    labels = digits.labels[rows[changed]]
    strip(
        digits.images[rows[changed]],
        [f"{was}→{now}" for was, now in zip(first, second, strict=True)],
        _hovers(labels, first, second),
        "teach_changed",
        "Held-out digits that are read otherwise than before",
        right=(second == labels).tolist(),
    )


def _hovers(labels: np.ndarray, first: np.ndarray, second: np.ndarray) -> Sequence[str]:
    return [
        f"{a(label)}, read as {was} before, as {now} now"
        for label, was, now in zip(labels, first, second, strict=True)
    ]


def _show_ways_on(run: Run) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(
            "Draw with it",
            icon=icon_of("draw"),
            key="teach_draw",
            on_click=_draw_with,
            args=(run.id,),
        ):
            st.rerun()  # the list of networks lies outside this fragment
        st.page_link(
            page_of("evaluate"),
            label="See its mistakes",
            icon=icon_of("evaluate"),
            query_params={"evaluate_run": run.id},
        )


def _draw_with(run_id: str) -> None:
    st.session_state["draw_run"] = run_id
    st.session_state["draw_mode"] = "One digit"
