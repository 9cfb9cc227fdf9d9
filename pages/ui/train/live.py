"""What trains now: progress, curves, controls; the same for every tab and after every reload."""

import time

import streamlit as st

from digitlab.config import TrainingConfig
from digitlab.domains import Real, declared
from digitlab.errors import InputError
from digitlab.jobs import get_jobs
from digitlab.records import Run, Status, Wish
from pages.ui.cache import dataset
from pages.ui.frame import guard
from pages.ui.train.hints import effective, show_hints
from pages.ui.train.look import Look, in_words, look
from pages.ui.train.panel import show_panel
from pages.ui.train.result import is_saving
from pages.ui.train.shown import PROGRESS, saw_end

LOOKS, OFTEN, SELDOM = 20, 1.0, 10.0
"""Looks at a run in all, and the fewest and most seconds between two. Each costs a browser a tenth
of a second, for Streamlit then goes through the whole page, and the browser may share the
processor with the training."""

SOON, PATIENCE = 0.2, 0.45
"""Where somebody waits for the very moment, seconds between two looks, each of which waits so long
for news; after half a second Streamlit would show that it works."""

STYLE = f"""<style>
.st-key-{PROGRESS} * {{ transition: none !important; }}
.st-key-{PROGRESS} {{ min-height: 59px; justify-content: center; }}
@media (max-width: 640px) {{ .st-key-{PROGRESS} {{ min-height: 104px; }} }}
</style>"""
"""A bar that glides for half a second is painted thirty times. It has the room of the sentence that
will stand in its place, about the result."""

RATES = {p.name: p.domain for p in declared(TrainingConfig)}["learning_rate"]


def show_live(run: Run) -> None:
    """A panel that looks after itself until the run has ended and its model is tested; then it
    reruns the page once.

    What stands there afterwards is put together alike (`show_ended`): Streamlit keeps the old
    parts of a page until the new ones are drawn, each at its place.
    """
    every = _seconds_between_looks(run.config)
    # Where news is awaited, it starts the page over. To draw the panel anew until then would cost
    # the browser a tenth of a core, while the training process starts.
    looks = SELDOM if _is_awaited(look(run.id), every) else every
    st.fragment(_live, run_every=looks)(run.id, every)
    st.html(STYLE)


def _seconds_between_looks(config: TrainingConfig) -> float:
    try:
        seconds = get_jobs().estimate(config, dataset(config.dataset)).seconds
    except InputError:  # the digits are another visitor's, or are no more
        return SELDOM
    return round(min(max(seconds / LOOKS, OFTEN), SELDOM), 1)


def _live(run_id: str, every: float) -> None:
    """Words and buttons, then what was learned so far."""
    with guard():
        seen = look(run_id)
        if _is_awaited(seen, every):
            st.fragment(_news, run_every=SOON)(run_id, every, time.monotonic())
        elif seen.run.status.is_active:
            with st.container():  # as a fragment has one: else the buttons stood there twice
                _words(seen)
        else:
            _end(seen.run)
        with st.container():
            show_panel(seen.run, seen.epochs, seen.batches, "live", seen.planned)
        show_hints(seen.run, seen.epochs, "live")


def _is_awaited(seen: Look, every: float) -> bool:
    """Whether somebody waits for the first batch of a run, or for its end: one that was asked for,
    or one that comes before the next look; or for the test of its model."""
    run = seen.run
    if not run.status.is_active:
        return is_saving(run)
    if not seen.has_begun:
        return seen.is_next
    if run.controls.wish is not None:
        return True
    now = seen.pace
    if run.status is not Status.RUNNING or now is None or now.seconds_per_epoch is None:
        return False
    return (seen.planned - now.position) * now.seconds_per_epoch < every


def _is_coming(seen: Look, every: float) -> bool:
    """Whether there is nothing to tell yet; that a run has ended is told before its test is in."""
    return seen.run.status.is_active and _is_awaited(seen, every)


def _news(run_id: str, every: float, drawn_at: float) -> None:
    """The words as soon as there is news; then, as the next look begins, the page starts over.

    Args:
        drawn_at: when the page drew them, by the monotonic clock: it did not wait for news.
    """
    with guard():
        seen, end = look(run_id), time.monotonic() + PATIENCE
        if not _is_awaited(seen, every):
            _end(seen.run)
        while drawn_at + SOON < time.monotonic() < end and _is_coming(seen, every):
            time.sleep(PATIENCE / 5)
            seen = look(run_id)
        _words(seen)


def _end(run: Run) -> None:
    """Starts the page over: with what came of the run, or with looks that come seldom again."""
    if not run.status.is_active:
        saw_end(run.id)
    st.rerun()


def _words(seen: Look) -> None:
    share, words = in_words(seen)
    if not seen.run.status.is_active:
        saw_end(seen.run.id)  # the next run may train before this one is tested
    if is_saving(seen.run):
        words += "; the model is being stored and tested …"
    with st.container(key=PROGRESS):
        st.progress(share, text=words)
    _controls(seen.run, seen.latest.learning_rate if seen.latest else None)


def _controls(run: Run, rate: float | None) -> None:
    """Pause, Stop, the learning rate; or the way out of the queue. Once the end is settled, they
    keep their place and cannot be pressed.

    Args:
        rate: the learning rate of the latest step that is known.
    """
    jobs, heard = get_jobs(), run.controls.wish
    is_settled = heard is not None or not run.status.is_active
    with st.container(horizontal=True, vertical_alignment="center"):
        if run.status is Status.QUEUED:
            st.button(
                "Take out of the queue",
                icon=":material/close:",
                key=f"train_stop_{run.id}",
                on_click=jobs.stop,
                args=(run.id,),
            )
            return
        st.button(
            "Pausing …" if heard is Wish.PAUSE else "Pause",
            icon=":material/pause:",
            key=f"train_pause_{run.id}",
            on_click=jobs.pause,
            args=(run.id,),
            disabled=is_settled,
            help="Makes way for another run. It can be resumed later; the epoch that is not "
            "complete is then repeated.",
        )
        st.button(
            "Stopping …" if heard is Wish.STOP else "Stop and keep",
            icon=":material/stop:",
            key=f"train_stop_{run.id}",
            on_click=jobs.stop,
            args=(run.id,),
            disabled=is_settled,
            help="Ends the training now. The completed epochs and the model are kept and tested.",
        )
        _learning_rate(run, rate, is_settled)


def _learning_rate(run: Run, rate: float | None, is_settled: bool) -> None:
    """A field for another learning rate, and what it was.

    Where a schedule moves it, the field is of the highest one, and the present one stands below.
    """
    planned, key = run.config.learning_rate, f"train_rate_{run.id}"
    moves = run.config.learning_rate_schedule != "constant" or run.config.warmup_epochs > 0
    assert isinstance(RATES, Real), RATES
    with st.popover(
        "Change the learning rate",
        icon=":material/speed:",
        disabled=is_settled,
        key=f"train_change_{run.id}",
    ):
        st.number_input(
            "New highest learning rate" if moves else "New learning rate",
            float(RATES.low),
            float(RATES.high),
            float(planned),
            step=planned / 2,
            format="%g",
            key=key,
            help="Holds from the next step on."
            + (" The schedule goes on, up to this and down from it." if moves else ""),
            on_change=_set_learning_rate,
            args=(run.id, key),
        )
        if moves and rate is not None:
            highest = effective(run).learning_rate
            st.caption(f"Now {rate:.2g}; the highest of the schedule is {highest:g}.")
        st.caption("Takes effect within a second.")
    changed = run.controls.learning_rate
    if changed is not None and changed != planned:
        st.caption(f"Learning rate changed: {planned:g} → {changed:g}", width="content")


def _set_learning_rate(run_id: str, key: str) -> None:
    get_jobs().set_learning_rate(run_id, st.session_state[key])
