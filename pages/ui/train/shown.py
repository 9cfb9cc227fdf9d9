"""Which run the Train page shows: the one that was picked, else the one to follow."""

from collections.abc import Sequence

import streamlit as st

from digitlab.jobs import get_jobs
from digitlab.records import Run, Status
from pages.ui.cache import store
from pages.ui.dataset_picker import title_of
from pages.ui.frame import as_written, without_links
from pages.ui.history import bring_into_sight
from pages.ui.own_epochs import epochs_apart

PICKED = "train_run"
NEXT = "train_next_run"
SEEN = "train_ended"
ASIDE = "train_run_aside"
PROGRESS = "train_progress"

POLL = 2.0
"""Seconds between two looks at a run that trains elsewhere on the page."""


def active_run() -> Run | None:
    """The run that trains, else the first that waits."""
    runs = store().active_runs()
    running = [run for run in runs if run.status is Status.RUNNING]
    return next(iter(running or runs), None)


def look_at(run_id: str | None) -> None:
    """Shows a run from the next rerun on, and scrolls to it; None follows whatever trains."""
    st.session_state[NEXT] = run_id
    st.session_state.pop(SEEN, None)
    st.session_state.pop(ASIDE, None)
    bring_into_sight(PROGRESS)


def put_aside() -> None:
    """Shows no run until one is picked or started: the visitor comes for the form."""
    look_at(None)
    st.session_state[ASIDE] = True


def saw_end(run_id: str) -> None:
    """This visitor watched the run to its end: it stays in sight, whatever trains next."""
    st.session_state[SEEN] = run_id


def is_watched(run: Run) -> bool:
    """Whether this visitor wants to see this very run, and not just the last one."""
    wanted = (st.query_params.get(PICKED), st.session_state.get(PICKED), st.session_state.get(SEEN))
    return run.id in wanted


def pick_run(known: Sequence[Run]) -> Run | None:
    """The run to show, and a list to pick another from; None before the first run, and for who
    comes for the form."""
    if NEXT in st.session_state:
        st.session_state[PICKED] = st.session_state.pop(NEXT)
    runs = {run.id: run for run in known}
    asked = st.query_params.get(PICKED)
    if asked is not None and asked not in runs:
        st.warning(f"There is no run {without_links(repr(asked))}.", icon=":material/search_off:")
    if not runs:
        return None
    run = runs.get(st.session_state.get(PICKED, asked) or "")
    if run is not None:
        st.session_state.pop(ASIDE, None)
    elif ASIDE not in st.session_state:
        run = _followed(runs)
    with st.container(horizontal=True, vertical_alignment="center"):
        filled = "The form below is filled in for a **new training**."
        st.markdown(_origin(run) if run else filled, width="stretch")
        if len(runs) > 1 or run is None:
            st.selectbox(
                "Show run",
                list(runs),
                None,
                key=PICKED,
                bind="query-params",
                placeholder=f"Show another of {len(runs)} runs" if run else "Show a run",
                label_visibility="collapsed",
                width=280,
            )
    if run is not None and (apart := epochs_apart(run.id)):
        st.caption(
            f"Its epochs count from the fork: the {apart} before were validated on other digits."
        )
    return run


def _followed(runs: dict[str, Run]) -> Run:
    return runs.get(st.session_state.get(SEEN, "")) or active_run() or next(iter(runs.values()))


def _origin(run: Run) -> str:
    """What a run is of, and where it comes from."""
    recipe = f"{run.preset} on " if run.preset else ""
    words = [f"Run **{run.id}**"] + [f"“{as_written(run.name)}”"] * bool(run.name)
    words.append(f"{recipe}{without_links(title_of(run.config.dataset))}")
    if run.parent_id:
        words.append(f"from epoch {epoch_of_parent(run)} of {run.parent_id}")
    return " · ".join([*words, f"{run.created_at:%d %B, %H:%M} UTC"])


def epoch_of_parent(fork: Run) -> int:
    """The epoch that a fork went on from, as its parent counts."""
    return (fork.parent_epoch or 0) - epochs_apart(fork.parent_id or "")


def show_other_training(shown: Run | None) -> None:
    """One line if another run trains than the one that is shown, with the way to it."""
    active = active_run()
    if active is not None and (shown is None or active.id != shown.id):
        st.fragment(_other_training, run_every=POLL)(active.id)


def _other_training(run_id: str) -> None:
    run = store().run(run_id)
    if not run.status.is_active:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        doing = "waits for its turn"
        if run.status is Status.RUNNING:
            apart = epochs_apart(run_id)
            done, planned = len(store().epochs(run_id)) - apart, run.config.epochs - apart
            doing = f"is training: {done} of {planned} epochs are complete"
        st.markdown(f"**{run_id}** {doing}.", width="content")
        if st.button("Watch it", icon=":material/monitoring:", key=f"train_watch_{run_id}"):
            look_at(None)
            st.rerun()


def show_queue(shown: Run) -> None:
    """The runs that wait, each with a way out."""
    waiting = [run_id for run_id in get_jobs().queue() if run_id != shown.id]
    if not waiting:
        return
    st.markdown(f"**Waiting:** {len(waiting)}")
    for place, run_id in enumerate(waiting, 1):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"{place}. {run_id}", width="content")
            st.button(
                "Take out",
                key=f"train_leave_{run_id}",
                on_click=get_jobs().stop,
                args=(run_id,),
            )
