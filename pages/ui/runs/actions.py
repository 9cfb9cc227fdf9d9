"""What can be done with the ticked runs: name, star, open, compare, export, delete and undo."""

from collections.abc import Sequence

import streamlit as st

from digitlab.evaluation import accuracy_in_words
from digitlab.lessons import lesson_of
from digitlab.presets import PRESETS
from digitlab.records import LONGEST_NAME, LONGEST_NOTE, Run
from digitlab.sources.uploads import upload_of
from digitlab.teaching import lesson_taught
from pages.ui.cache import store
from pages.ui.dataset_picker import error_of, title_of
from pages.ui.frame import as_written, page_of, without_links
from pages.ui.runs.archive import show_export
from pages.ui.train.forms import changes
from pages.ui.train.shown import epoch_of_parent
from pages.ui.visitor import visitor

MOST_COMPARED = 6
NAMED = 4
"""So many runs are named where many are meant."""


def show_ticked(runs: Sequence[Run]) -> None:
    """The ways on from the ticked runs; a single one can be named."""
    if not runs:
        st.caption("Tick a run to name, open or delete it; tick several to compare or export them.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if len(runs) == 1:
            _links(runs[0])
        _compare(runs)
        all_starred = all(run.starred for run in runs)
        st.button(
            "Take the star away" if all_starred else "Star",
            icon=":material/star:",
            key="runs_star",
            on_click=store().star_runs,
            args=([run.id for run in runs], not all_starred),
        )
        show_export(runs)
        _delete(runs)
    if len(runs) == 1:
        _about(runs[0])


def show_undo() -> None:
    """What was deleted last, and the way to get it back."""
    deleted = store().last_deleted()
    if not deleted:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="runs_bin"):
        st.markdown(
            f":material/delete: Deleted, and kept for 24 hours: {in_words(deleted)}.",
            width="content",
        )
        st.button(
            "Undo",
            icon=":material/undo:",
            key="runs_undo",
            on_click=store().restore_runs,
            args=([run.id for run in deleted],),
        )


def in_words(runs: Sequence[Run]) -> str:
    """The first few by name, the rest by number."""
    words = [as_written(run.name) if run.name else run.id for run in runs[:NAMED]]
    if len(runs) > NAMED:
        words.append(f"{len(runs) - NAMED} more")
    return ", ".join(words)


def _links(run: Run) -> None:
    st.page_link(
        page_of("train"),
        label="Watch it learn" if run.status.is_active else "Open on Train",
        icon=":material/model_training:",
        query_params={"train_run": run.id},
        help="Its epochs one by one; resume it, train it for longer, fork it.",
    )
    if run.has_model:
        st.page_link(
            page_of("evaluate"),
            label="See its mistakes",
            icon=":material/rule:",
            query_params={"evaluate_run": run.id},
        )


def _compare(runs: Sequence[Run]) -> None:
    """The way to the comparison, where every ticked run has a model."""
    able = [run.id for run in runs if run.has_model]
    if len(able) == len(runs) and 2 <= len(runs) <= MOST_COMPARED:
        st.page_link(
            page_of("compare"),
            label=f"Compare these {len(runs)}",
            icon=":material/compare_arrows:",
            query_params={"compare_runs": ",".join(able)},
        )


def _delete(runs: Sequence[Run]) -> None:
    active = [run.id for run in runs if run.status.is_active]
    label = "Delete" if len(runs) == 1 else f"Delete {len(runs)} runs"
    if st.button(
        label,
        icon=":material/delete:",
        key="runs_delete",
        disabled=bool(active),
        help=f"{active[0]} still waits or trains: stop it first." if active else None,
    ):
        store().delete_runs([run.id for run in runs])
        st.rerun()


def _about(run: Run) -> None:
    """One run in words, and what a person calls it."""
    facts, label = st.columns([3, 2], gap="large")
    with facts:
        _facts(run)
    with label, st.form(f"runs_label_{run.id}_{hash((run.name, run.note))}", border=False):
        name = st.text_input("Name", run.name, LONGEST_NAME, placeholder=run.id)
        note = st.text_area("Note", run.note, max_chars=LONGEST_NOTE, height=100)
        if st.form_submit_button("Save", icon=":material/save:"):
            store().label_run(run.id, name, note)
            st.rerun()


def _facts(run: Run) -> None:
    st.markdown(f"**{run.id}**, {run.status.value}")
    if error := error_of(run):
        st.caption(f"{without_links(error[0].upper() + error[1:])}.")
    if test := run.test:
        accuracy = accuracy_in_words(test.accuracy, test.accuracy_low, test.accuracy_high)
        wrong = round((1 - test.accuracy) * test.n)
        st.markdown(f"{accuracy} · {wrong:,} of {test.n:,} wrong · loss {test.loss:.3f}")
        st.caption(f"Tested on {without_links(title_of(_tested_on(run)))}.")
    if preset := PRESETS.get(run.preset or ""):
        differs = ", ".join(changes(run.config, preset))
        words = f"Changed from the preset: {differs}." if differs else "The preset, unchanged."
        st.caption(f"{preset.title}. {without_links(words)}")
    else:
        st.caption("Made without a preset.")
    if run.parent_id:
        st.caption(_origin(run))
    if run.imported:
        st.caption(
            "Imported. Its model.keras came from elsewhere and is never opened here: open it on "
            "your computer only if you trust where it comes from."
        )


def _tested_on(run: Run) -> str:
    """The dataset of a run's test digits, by name: those of a lesson are all drawings."""
    lesson = lesson_of(run.config.dataset)
    return lesson.drawings if lesson else run.config.dataset


def _origin(run: Run) -> str:
    """'Went on from epoch 3 of calm-fox-1a2b.', or 'Taught from pretrained with 18 drawings.'"""
    lesson = lesson_taught(run)
    if lesson is None:
        return f"Went on from epoch {epoch_of_parent(run)} of {run.parent_id}."
    mine = upload_of(lesson.drawings, visitor())  # of others' drawings no number is known
    number = f" with {mine.train_count:,} drawings" if mine and mine.train_count else ""
    return f"Taught from {run.parent_id}{number}."
