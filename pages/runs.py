"""Everything that was trained: found, named, tidied up, carried away and brought back."""

import streamlit as st

from digitlab.records import Run, Status
from pages.ui.cache import store
from pages.ui.frame import guard, link_to_first_run, page, page_of
from pages.ui.own_epochs import epochs_apart
from pages.ui.runs.actions import show_ticked, show_undo
from pages.ui.runs.archive import show_import
from pages.ui.runs.filters import pick_runs
from pages.ui.runs.table import run_table

POLL = 2.0  # seconds between two looks at the runs that wait or train


def first_steps() -> None:
    """What to do before the first run."""
    st.info("No runs yet.")
    link_to_first_run("Train one in about 30 seconds")


@st.fragment(run_every=POLL)
@guard()
def training(seen: list[Run]) -> None:
    """How far the run is that trains; starts the page over when one begins or ends."""
    active = store().active_runs()
    if [(run.id, run.status) for run in active] != [(run.id, run.status) for run in seen]:
        st.rerun()
    run = next((run for run in active if run.status is Status.RUNNING), active[0])
    apart = epochs_apart(run.id)
    done, planned = len(store().epochs(run.id)) - apart, run.config.epochs - apart
    with st.container(horizontal=True, vertical_alignment="center"):
        others = f" {len(active) - 1} more wait." if len(active) > 1 else ""
        st.markdown(
            f"**{run.id}** is {run.status.value}: {done} of {planned} epochs are complete.{others}",
            width="content",
        )
        st.page_link(
            page_of("train"),
            label="Watch it",
            icon=":material/monitoring:",
            query_params={"train_run": run.id},
        )


with page("Runs", "Everything that was trained: find it, name it, tidy up, take it with you."):
    runs = store().runs()
    if active := store().active_runs():
        training(active)
    if runs:
        if shown := pick_runs(runs):
            show_ticked(run_table(shown))
    else:
        first_steps()
    show_undo()
    st.divider()
    show_import()
