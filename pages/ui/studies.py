"""What stands between a visitor and the result of a study: a button, progress, or why it failed."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import streamlit as st

from digitlab.jobs import get_jobs
from digitlab.studies import Study
from pages.ui.frame import guard, without_links

POLL = 1.0
"""Seconds between two looks at a study."""

Result = TypeVar("Result")


def results(
    studies: Sequence[Study], read: Callable[[bytes], Result], offer: str, key: str
) -> list[Result] | None:
    """The results if all of them are there; else shows how to get them, or how far they are.

    Args:
        studies: each is done once; whoever comes next finds its result.
        read: makes of a result's bytes what the page shows; done once, never changed.
        offer: the button that starts them, with what it costs.
        key: of the widgets.
    """
    jobs = get_jobs()
    found: list[Result] = []
    missing: list[Study] = []
    for study in studies:
        try:
            found.append(_result(study.key, study, read))
        except _MissingError:
            missing.append(study)
    if not missing:
        return found
    if any(jobs.study_progress(study) for study in missing):
        _follow(missing, key)
        return None
    for error in filter(None, map(jobs.study_error, missing)):
        st.error(f"It did not work: {without_links(error)}", icon=":material/error:")
    if st.button(offer, key=f"{key}_start", icon=":material/play_arrow:"):
        for study in missing:
            jobs.study(study)
        st.rerun()
    return None


class _MissingError(Exception):
    """There is no result yet: raised, since what is raised is not cached."""


@st.cache_resource(max_entries=8, show_spinner="Reading the result …")
def _result(key: str, _study: Study, _read: Callable[[bytes], Any]) -> Any:
    content = get_jobs().shelf.result(_study)
    if content is None:
        raise _MissingError
    return _read(content)


@st.fragment(run_every=POLL)
@guard()
def _follow(studies: Sequence[Study], key: str) -> None:
    jobs = get_jobs()
    under_way = [
        (study, progress)
        for study in studies
        if (progress := jobs.study_progress(study)) is not None
    ]
    if not under_way:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container():
            for _, progress in under_way:
                st.progress(progress.fraction, f"The worker: {progress.words} …")
        st.button("Cancel", key=f"{key}_cancel", on_click=_cancel, args=(studies,))


def _cancel(studies: Sequence[Study]) -> None:
    for study in studies:
        get_jobs().cancel_study(study)
