"""Runs as one file: taken away, and brought back."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from io import BytesIO

import streamlit as st

from digitlab.archive import LARGEST_BYTES, Arrived, pack, packed_bytes, unpack
from digitlab.errors import InputError
from digitlab.quantities import size_in_words
from digitlab.records import Run
from pages.ui.cache import store
from pages.ui.frame import guard
from pages.ui.runs.filters import show_all_next
from pages.ui.runs.table import TICKED

ARRIVED = "runs_arrived"


def show_export(runs: Sequence[Run]) -> None:
    """The button that makes one file of the ticked runs; pressed, it reads them."""
    count = "this run" if len(runs) == 1 else f"{len(runs)} runs"
    try:
        size, obstacle = size_in_words(packed_bytes(store(), runs)), None
    except InputError as error:
        size, obstacle = "", str(error)
    st.download_button(
        f"Export {count}",
        partial(pack, store(), list(runs)),
        file_name(runs),
        "application/zip",
        key="runs_export",
        icon=":material/download:",
        on_click="ignore",
        disabled=obstacle is not None,
        help=obstacle
        or f"One file of about {size}: settings, epochs, results, models, and what resuming takes.",
    )


def file_name(runs: Sequence[Run]) -> str:
    """`digitlab-runs-amber-otter-1a2b.zip`, or with the number of runs and the time."""
    if len(runs) == 1:
        return f"digitlab-runs-{runs[0].id}.zip"
    return f"digitlab-runs-{len(runs)}-{datetime.now(UTC):%Y%m%d-%H%M%S}.zip"


def show_import() -> None:
    """The form that brings runs back, and what became of the last ones."""
    with st.expander("Import runs", icon=":material/upload:", key="runs_import_box"):
        st.caption(
            "A file that Export has made, here or elsewhere. Runs that are here already are left "
            "as they are. Everything in the file is checked before anything is kept."
        )
        with st.form("runs_import", clear_on_submit=True, border=False):
            file = st.file_uploader(
                "A file of runs",
                "zip",
                key="runs_file",
                max_upload_size=LARGEST_BYTES // 1_000_000,
                label_visibility="collapsed",
            )
            pressed = st.form_submit_button("Import", icon=":material/upload:")
        if pressed:
            with guard():
                _import(file)
        if ARRIVED in st.session_state:
            st.success(arrived_in_words(st.session_state.pop(ARRIVED)))


def _import(file: BytesIO | None) -> None:
    """Ticks what was added, in the table further up.

    Raises:
        InputError: if the file is not chosen yet, or not as it should be.
    """
    if file is None:
        raise InputError("choose a file first: one that Export has made")
    with st.spinner("Checking the runs …"):
        arrived = unpack(store(), file)
    show_all_next()
    st.session_state[ARRIVED] = arrived
    st.session_state[TICKED] = list(arrived.added)
    st.rerun()


def arrived_in_words(arrived: Arrived) -> str:
    """What became of the runs of a file."""
    words = []
    if arrived.added:
        words.append(f"Imported {_counted(arrived.added)}.")
    if arrived.known:
        words.append(f"Here already, and left as it is: {_counted(arrived.known)}.")
    if arrived.renamed:
        words.append(f"With a new id, because the old one was taken: {_counted(arrived.renamed)}.")
    return " ".join(words)


def _counted(run_ids: Sequence[str]) -> str:
    few = ", ".join(run_ids[:4])
    return few if len(run_ids) <= 4 else f"{len(run_ids)} runs, {few} among them"
