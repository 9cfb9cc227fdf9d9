"""What a training would cost: measured, or guessed and then measured on demand; and whether it
may begin."""

import streamlit as st

from digitlab.config import TrainingConfig
from digitlab.costs import Cost, lack_of_memory, obstacle
from digitlab.errors import InputError
from digitlab.jobs import get_jobs
from digitlab.network import check_cost
from digitlab.quantities import size_in_words
from digitlab.records import Status
from pages.ui.cache import dataset, store
from pages.ui.frame import guard, without_links

POLL = 1.0
"""Seconds between two looks at a measurement."""


def show_cost(config: TrainingConfig, done: int = 0) -> bool:
    """One line of what it costs, and whether Start may be pressed: see `_may_begin`.

    Args:
        done: epochs that it goes on from.

    Raises:
        InputError: if the dataset cannot be had, or not be split as `config` says.
    """
    jobs = get_jobs()
    try:
        check_cost(config)
    except InputError as error:
        st.error(f"{error}.", icon=":material/block:")
        return False
    cost = jobs.estimate(config, dataset(config.dataset), done)
    st.caption(cost.in_words, help=explain(cost, config))
    if jobs.is_measuring(config):
        st.fragment(_measuring, run_every=POLL)(config)
    elif cost.is_rough and not lack_of_memory(cost, jobs.free_memory()):
        _offer_measurement(config)
    return _may_begin(cost, config, "this")


def may_go_on(config: TrainingConfig, done: int, what: str) -> bool:
    """Whether a training may go on from `done` epochs: silent, unless it is refused or long.

    Args:
        what: what is refused, or to be agreed to: 'resuming it'.

    Raises:
        InputError: if the dataset cannot be had, or not be split as `config` says.
    """
    cost = get_jobs().estimate(config, dataset(config.dataset), done)
    return _may_begin(cost, config, what)


def explain(cost: Cost, config: TrainingConfig) -> str:
    """Where the figures come from."""
    memory = cost.memory
    ends_early = " Early stopping may end it before." if config.early_stopping_patience else ""
    return (
        f"**Seconds:** {cost.basis}; the first training after a while also loads TensorFlow, "
        f"which takes some seconds.{ends_early}\n\n"
        f"**Memory**, estimated: {size_in_words(memory.tensorflow)} for TensorFlow, "
        f"{size_in_words(memory.dataset)} for the digits, {size_in_words(memory.batch)} for a "
        f"batch on its way through the network and back, {size_in_words(memory.weights)} for "
        "weights and what is kept beside them."
    )


def _offer_measurement(config: TrainingConfig) -> None:
    if error := get_jobs().measuring_error(config):
        st.warning(f"Not measured: {without_links(error)}", icon=":material/warning:")
    if st.button(
        "Measure on this machine (about 10 s)",
        icon=":material/speed:",
        type="tertiary",
        key="train_measure",
        help="Trains this very network for a moment and throws it away: no run is written.",
    ):
        get_jobs().measure(config)
        st.rerun()


def _measuring(config: TrainingConfig) -> None:
    with guard():
        if not get_jobs().is_measuring(config):
            st.rerun()
        training = [run.id for run in store().active_runs() if run.status is Status.RUNNING]
        if training:
            st.caption(f":material/hourglass: Measures when {training[0]} has trained.")
        else:
            st.caption(":material/speed: Measuring: a few steps of this very training …")


def _may_begin(cost: Cost, config: TrainingConfig, what: str) -> bool:
    """Whether a training may begin. What would not fit or not end is refused, and one of more than
    an hour is to be agreed to; yes to one is not yes to another."""
    if reason := obstacle(cost, config, get_jobs().free_memory()):
        whose = "" if what == "this" else f"{what.capitalize()}: "
        st.error(f"{whose}{reason}.", icon=":material/block:")
        return False
    return not cost.is_long or st.checkbox(
        f"I know that {what} takes about {cost.duration(cost.seconds)}",
        key=f"train_agreed_{hash((config, cost.done, what))}",
    )
