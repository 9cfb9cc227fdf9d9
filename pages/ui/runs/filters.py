"""Which runs the list shows, and in which order; all of it stands in the URL."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from digitlab.network import plan
from digitlab.records import Run, Status
from pages.ui.dataset_picker import title_of

TEXT, STATUS, DATASET, PRESET = "runs_text", "runs_status", "runs_dataset", "runs_preset"
STARRED, ORDER = "runs_starred", "runs_order"
OPEN = "runs_open"

ANY = {STATUS: "any status", DATASET: "any dataset", PRESET: "any preset"}
"""What lets everything through."""

NO_PRESET = "no preset"

ORDERS: dict[str, Callable[[Run], Any]] = {
    "newest first": lambda run: -run.created_at.timestamp(),
    "best test accuracy first": lambda run: -run.test.accuracy if run.test else 1,
    "fewest parameters first": lambda run: plan(run.config).parameters,
    "by name": lambda run: (run.name or run.id).casefold(),
}


def pick_runs(runs: Sequence[Run]) -> list[Run]:
    """Shows the filters and returns the runs that they let through, in the chosen order."""
    if st.session_state.pop(OPEN, False):
        _show_all()
    titles = {name: title_of(name) for name in {run.config.dataset for run in runs}}
    presets = sorted({run.preset or NO_PRESET for run in runs})
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = st.text_input(
            "Search",
            key=TEXT,
            bind="query-params",
            icon=":material/search:",
            placeholder="name, note, id …",
            help="Runs that hold every word in name, note, id, preset or dataset.",
            width=220,
        )
        chosen = [key for key, words in ANY.items() if st.session_state.get(key, words) != words]
        count = f" ({len(chosen)})" if chosen else ""
        with st.popover(f"Filter{count}", icon=":material/filter_list:", key="runs_filter"):
            status = _pick("Status", [ANY[STATUS], *(status.value for status in Status)], STATUS)
            dataset = _pick("Dataset", [ANY[DATASET], *sorted(set(titles.values()))], DATASET)
            preset = _pick("Preset", [ANY[PRESET], *presets], PRESET)
        order = _pick("Order", list(ORDERS), ORDER)
        starred = st.toggle("Starred only", key=STARRED, bind="query-params")
    shown = [
        run
        for run in runs
        if holds_words(run, titles[run.config.dataset], text or "")
        and status in (ANY[STATUS], run.status.value)
        and dataset in (ANY[DATASET], titles[run.config.dataset])
        and preset in (ANY[PRESET], run.preset or NO_PRESET)
        and (run.starred or not starred)
    ]
    if not shown:
        _nothing_left(len(runs))
    elif len(shown) < len(runs):
        st.caption(f"{len(shown):,} of {len(runs):,} runs")
    return sorted(shown, key=ORDERS[order])


def show_all_next() -> None:
    """Opens the filters from the next rerun on."""
    st.session_state[OPEN] = True


def holds_words(run: Run, dataset: str, text: str) -> bool:
    """Whether every word of the text stands in what a person reads of the run and its dataset."""
    parts = (run.name, run.note, run.id, run.preset or "", dataset)
    written = " ".join(parts).casefold()
    return all(word in written for word in text.casefold().split())


def _pick(label: str, options: list[str], key: str) -> str:
    return st.selectbox(label, options, key=key, bind="query-params", width=180)


def _nothing_left(count: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"None of the {count:,} runs is like this.", width="content")
        st.button("Show all", key="runs_show_all", on_click=_show_all)


def _show_all() -> None:
    st.session_state.update({TEXT: "", STARRED: False, **ANY})
