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
from pages.ui.train.going_on import choose_fork, show_fork_button, show_ways_on
from pages.ui.train.hints import effective, show_hints
from pages.ui.train.panel import show_panel
from pages.ui.train.shown import is_watched

POLL = 0.7
"""Seconds between two looks at a run whose model is being tested."""


def show_ended(run: Run) -> None:
    """How a run ended, the ways on, what its curves mean, and its epochs one by one."""
    epochs = store().epochs(run.id)
    if is_saving(run):
        st.fragment(_saving, run_every=POLL)(run.id)
        return
    own = counted_from(epochs, epochs_apart(run.id))
    _how_it_ended(run, own)
    show_ways_on(run, epochs)
    if run.status is Status.FAILED:
        _offer_smaller_steps(run)
    show_hints(run, own, "ended")
    if own:
        look = st.expander(
            "Epoch by epoch",
            is_watched(run),
            icon=":material/history:",
            type="compact",
            key=f"train_look_{run.id}",
            on_change="rerun",
        )
        if look.open:
            with look:
                _look_back(run.id)
        show_author(run, own)


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
    apart = epochs_apart(run_id)
    run, epochs = store().run(run_id), counted_from(store().epochs(run_id), apart)
    last = len(epochs)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        epoch = last
        if last > 1:
            epoch = st.slider("Epoch", 1, last, last, key=f"train_epoch_{run_id}_{last}")
        show_fork_button(run, epoch)
    st.markdown(epoch_in_words(epochs[epoch - 1]))
    reports = counted_from(get_jobs().progress(run_id), apart)
    show_panel(run, epochs, reports, "back", marked=epoch)


def epoch_in_words(epoch: Epoch) -> str:
    """The figures of one epoch in a sentence."""
    words = f"Epoch {epoch.epoch}: **{epoch.accuracy:.2%}** of the training digits right"
    words += f", loss {epoch.loss:.4f}"
    if epoch.val_accuracy is not None and epoch.val_loss is not None:
        words += f" · **{epoch.val_accuracy:.2%}** of the validation digits, "
        words += f"loss {epoch.val_loss:.4f}"
    words += f" · learning rate {epoch.learning_rate:.2g} · {epoch.seconds:.1f} s"
    return words.replace("%", " %")


def is_saving(run: Run) -> bool:
    """Whether a stopped run still awaits its test result."""
    awaited = run.status in (Status.STOPPED, Status.FINISHED) and run.test is None
    return awaited and run.started_at is not None and get_jobs().may_still_test(run)


def _saving(run_id: str) -> None:
    with guard():
        if not is_saving(store().run(run_id)):
            st.rerun()
        st.info("Stopped; the model is being stored and tested …")
