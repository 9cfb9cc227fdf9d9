"""How a run ended, and every epoch of it to look back at."""

from collections.abc import Sequence

import streamlit as st

from digitlab.advice import Curves
from digitlab.evaluation import accuracy_in_words
from digitlab.forks import counted_from
from digitlab.jobs import get_jobs
from digitlab.records import Epoch, Run, Status, TestResult
from pages.ui.cache import store
from pages.ui.dataset_picker import error_of
from pages.ui.frame import guard, without_links
from pages.ui.own_epochs import epochs_apart
from pages.ui.train.author import show_author
from pages.ui.train.going_on import choose_fork, show_ways_on
from pages.ui.train.hints import effective, show_hints
from pages.ui.train.look import look
from pages.ui.train.panel import show_panel
from pages.ui.train.shown import is_watched


def show_ended(run: Run) -> None:
    """How a run ended, the ways on, its epochs one by one, and what its curves mean."""
    epochs = store().epochs(run.id)
    own = counted_from(epochs, epochs_apart(run.id))
    with st.container():  # put together as what stood there while it trained: see `show_live`
        with st.container():
            _how_it_ended(run, own)
            show_ways_on(run, epochs)
            if run.status is Status.FAILED:
                _offer_smaller_steps(run)
        if own and is_watched(run):
            _look_back(run.id)
        elif own:
            _fold_away(run)
        show_hints(run, own, "ended")
        if own:
            show_author(run, own)


def _fold_away(run: Run) -> None:
    """The epochs of a run that nobody has asked for."""
    fold = st.expander(
        "Epoch by epoch",
        icon=":material/history:",
        type="compact",
        key=f"train_look_{run.id}",
        on_change="rerun",
    )
    if fold.open:
        with fold:
            _look_back(run.id)


def _how_it_ended(run: Run, epochs: Sequence[Epoch]) -> None:
    """In a sentence; `epochs` are the run's own, counted from 1."""
    done, planned = len(epochs), run.config.epochs - epochs_apart(run.id)
    count = f"{done} of {planned} epochs"
    reason = without_links(error_of(run))
    match run.status:
        case Status.FAILED:
            kept = f" What it had learned by then is kept: {_in_words(run.test)}"
            st.error(
                f"Failed: {reason}.{kept if run.test and done else ''}",
                icon=":material/error:",
            )
        case Status.INTERRUPTED:
            st.warning(
                f"Interrupted: {reason}. "
                + (f"{count} are complete and kept." if done else "No epoch was complete yet."),
                icon=":material/warning:",
            )
        case Status.PAUSED:
            when = f"after {count}" if done else "before its first epoch was complete"
            st.info(f"Paused {when}.", icon=":material/pause_circle:")
        case _ if run.test is not None:
            when = f"after {count}" if done else "before its first epoch was complete"
            st.success(
                f"{run.status.value.capitalize()} {when}: {_in_words(run.test)}"
                + _which_epoch(run, epochs),
                icon=":material/check_circle:",
            )
        case _ if run.started_at is None:
            st.info("Taken out of the queue before it began.")
        case _:
            st.warning("Stopped, but its model could not be stored and tested.")


def _in_words(test: TestResult | None) -> str:
    if test is None:
        return ""
    words = accuracy_in_words(test.accuracy, test.accuracy_low, test.accuracy_high)
    return f"**{words}** of {test.n:,} test digits read right, loss {test.loss:.4f}."


def _which_epoch(run: Run, epochs: Sequence[Epoch]) -> str:
    """A sentence where the model is not that of the last epoch: early stopping goes back."""
    if run.status is not Status.FINISHED or not epochs:
        return ""
    apart = epochs_apart(run.id)
    planned, inherited = run.config.epochs - apart, (run.parent_epoch or 0) - apart
    kept = Curves(tuple(epochs), run.config.replace(epochs=planned), inherited=inherited).kept
    if kept is epochs[-1]:
        return ""
    return f" The model is that of epoch {kept.epoch}, the lowest validation loss."


def _offer_smaller_steps(run: Run) -> None:
    """A run that diverged goes on from its last good epoch, with a tenth of the learning rate."""
    if not run.checkpoints or "diverged" not in (run.error or ""):
        return
    epoch = run.checkpoints[-1]
    rate = max(float(f"{effective(run).learning_rate / 10:.1g}"), 1e-6)
    if st.button(
        f"Fork from epoch {epoch - epochs_apart(run.id)} with learning_rate {rate:g}",
        type="primary",
        icon=":material/fork_right:",
        key=f"train_smaller_{run.id}",
    ):
        choose_fork(run, epoch, learning_rate=rate)
        st.rerun()


@st.fragment
@guard()
def _look_back(run_id: str) -> None:
    """A slider through the epochs: curves, readings, filters and figures go along."""
    seen = look(run_id)
    show_panel(seen.run, seen.epochs, seen.batches, "back")


def is_saving(run: Run) -> bool:
    """Whether a stopped run still awaits its test result."""
    awaited = run.status in (Status.STOPPED, Status.FINISHED) and run.test is None
    return awaited and run.started_at is not None and get_jobs().may_still_test(run)
