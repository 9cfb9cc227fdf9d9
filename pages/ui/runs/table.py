"""The list of runs: one row each, to be ticked."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from digitlab.network import plan
from digitlab.records import Curve, Run
from pages.ui.cache import store
from pages.ui.dataset_picker import title_of
from pages.ui.own_epochs import epochs_apart

TICKED = "runs_ticked"
"""The ids of the ticked runs. They stay ticked while the list around them changes."""

CURVE_POINTS = 60

_COLUMNS = st.column_config
_SHOWN: dict[str, Any] = {
    "star": _COLUMNS.TextColumn("★", help="Starred", width=30),
    "run": _COLUMNS.TextColumn("Run", width=170, help="Its name, if you gave it one, else its id"),
    "accuracy": _COLUMNS.NumberColumn(
        "Test accuracy", format="%.2f %%", width=100, help="Of the test digits, read right"
    ),
    "interval": _COLUMNS.TextColumn(
        "95 % interval", width=100, help="Where the accuracy lies on digits like these"
    ),
    "wrong": _COLUMNS.NumberColumn(
        "Errors", format="localized", width=75, help="Test digits read wrong"
    ),
    "status": _COLUMNS.TextColumn("Status", width=85),
    "curve": _COLUMNS.LineChartColumn(
        "Learned",
        width=110,
        help="Accuracy by epoch, on the validation digits where there are any; each row has a "
        "scale of its own",
    ),
    "epochs": _COLUMNS.TextColumn("Epochs", width=75, help="Complete, of those planned"),
    "seconds": _COLUMNS.NumberColumn("Trained for", format="%.0f s", width=90),
    "parameters": _COLUMNS.NumberColumn("Parameters", format="localized", width=95),
    "preset": _COLUMNS.TextColumn("Preset", width=130),
    "dataset": _COLUMNS.TextColumn("Dataset", width=80),
    "id": _COLUMNS.TextColumn("Id", width=165),
    "begun": _COLUMNS.DatetimeColumn("Begun (UTC)", format="D MMM YYYY, HH:mm", width=140),
}


def run_table(runs: Sequence[Run]) -> list[Run]:
    """Shows runs and returns the ticked ones, in the order of the list.

    A ticked row is a place in the list: another list is another table, which begins with the
    places of the same runs.
    """
    ticked = st.session_state.get(TICKED, ())
    places = [place for place, run in enumerate(runs) if run.id in ticked]
    event = st.dataframe(
        table_rows(runs, _curves(runs)),
        hide_index=True,
        column_config=_SHOWN,
        key=f"runs_table_{_digest(runs)}",
        on_select="rerun",
        selection_mode="multi-row",
        selection_default={"selection": {"rows": places}},
        placeholder="",
        alt=f"{len(runs)} runs with status, test accuracy, learning curve and settings",
    )
    picked = [runs[place] for place in event["selection"]["rows"]]
    st.session_state[TICKED] = [run.id for run in picked]
    return picked


def table_rows(runs: Sequence[Run], curves: Mapping[str, Curve]) -> pd.DataFrame:
    """One row a run, as the table shows it."""
    return pd.DataFrame([_row(run, curves.get(run.id)) for run in runs])


def _row(run: Run, curve: Curve | None) -> dict[str, Any]:
    # Only a fork can have epochs that are not its own: the store is spared the others.
    apart = epochs_apart(run.id) if run.parent_id else 0
    test, accuracies = run.test, curve.accuracies[apart:] if curve else ()
    step = -(-len(accuracies) // CURVE_POINTS) or 1
    return {
        "star": "★" if run.starred else "",
        "run": run.name or run.id,
        "accuracy": 100 * test.accuracy if test else None,
        "interval": f"{100 * test.accuracy_low:.1f}–{100 * test.accuracy_high:.1f}" if test else "",
        "wrong": round((1 - test.accuracy) * test.n) if test else None,
        "status": run.status.value,
        "curve": list(accuracies[::-step][::-1]),
        "epochs": f"{len(accuracies)} of {run.config.epochs - apart}",
        "seconds": curve.seconds if curve else None,
        "parameters": plan(run.config).parameters,
        "preset": run.preset or "",
        "dataset": title_of(run.config.dataset),
        "id": run.id,
        "begun": run.created_at.replace(tzinfo=None),
    }


def _curves(runs: Sequence[Run]) -> dict[str, Curve]:
    """Read anew only after another epoch is complete somewhere, or where a run came back from the
    bin: its epochs were counted there, but not drawn."""
    counts = store().epoch_counts()
    curves = _read_curves(tuple(counts.items()))
    if any(run.id in counts and run.id not in curves for run in runs):
        _read_curves.clear()
        curves = _read_curves(tuple(counts.items()))
    return curves


@st.cache_data(max_entries=4, show_spinner=False)
def _read_curves(counts: tuple[tuple[str, int], ...]) -> dict[str, Curve]:
    return store().curves()


def _digest(runs: Sequence[Run]) -> str:
    return hashlib.sha256(" ".join(run.id for run in runs).encode()).hexdigest()[:16]
