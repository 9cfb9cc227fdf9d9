"""What trains now: progress, curves, controls; the same for every tab and after every reload."""

import time
from collections.abc import Sequence

import streamlit as st

from digitlab.config import TrainingConfig
from digitlab.domains import Real, declared
from digitlab.errors import InputError
from digitlab.forks import counted_from
from digitlab.jobs import get_jobs
from digitlab.pace import pace
from digitlab.records import BatchProgress, Epoch, Run, Status, Wish
from pages.ui.cache import dataset, store
from pages.ui.frame import guard
from pages.ui.own_epochs import epochs_apart
from pages.ui.train.hints import effective, show_hints
from pages.ui.train.panel import show_panel
from pages.ui.train.shown import PROGRESS, active_run, saw_end

LOOKS, OFTEN, SELDOM = 20, 1.0, 10.0
"""Looks at a run in all, and the fewest and most seconds between two. Each costs a browser a tenth
of a second, for Streamlit then goes through the whole page, and the browser may share the
processor with the training."""

SOON, PATIENCE = 0.2, 0.45
"""Where somebody waits for the very moment, seconds between two looks, each of which waits so long
for news; after half a second Streamlit would show that it works."""

STILL = f"<style>.st-key-{PROGRESS} * {{ transition: none !important; }}</style>"
"""A bar that glides for half a second is painted thirty times."""

PANEL_HEIGHT = 620
"""About that of the panel, in pixels: nothing jumps when the first batch is there."""

RATES = {p.name: p.domain for p in declared(TrainingConfig)}["learning_rate"]


def show_live(run: Run) -> None:
    """A panel that looks after itself while the run is active, then reruns the page once."""
    st.html(STILL)
    every = _seconds_between_looks(run.config)
    st.fragment(_live, run_every=every)(run.id, every)


def _seconds_between_looks(config: TrainingConfig) -> float:
    try:
        seconds = get_jobs().estimate(config, dataset(config.dataset)).seconds
    except InputError:  # the digits are another visitor's, or are no more
        return SELDOM
    return round(min(max(seconds / LOOKS, OFTEN), SELDOM), 1)


def _live(run_id: str, every: float) -> None:
    """Words and buttons, then what was learned so far."""
    with guard():
        run, apart = store().run(run_id), epochs_apart(run_id)
        epochs = counted_from(store().epochs(run_id), apart)
        batches = counted_from(get_jobs().progress(run_id), apart)
        if _is_awaited(run, every):
            st.fragment(_news, run_every=SOON)(run_id, every, time.monotonic())
        elif run.status.is_active:
            _words(run)
        else:
            _end(run)
        if not (batches or epochs):
            # Charts without a point, or a skeleton that glimmers, would keep the browser busy
            # while training starts: a third of a core where there is no graphics card.
            st.container(height=PANEL_HEIGHT, border=False)
            return
        show_panel(run, epochs, batches, "live", planned=run.config.epochs - apart)
        show_hints(run, epochs, "live")


def _is_awaited(run: Run, every: float) -> bool:
    """Whether somebody waits for the first batch of a run, or for its end: one that was asked for,
    or one that comes before the next look."""
    if not run.status.is_active:
        return False
    batches, epochs = get_jobs().progress(run.id), store().epochs(run.id)
    if not (batches or counted_from(epochs, run.parent_epoch or 0)):
        first = active_run()
        return first is not None and first.id == run.id
    if run.controls.wish is not None:
        return True
    now = pace(run.config, batches, epochs)
    if run.status is not Status.RUNNING or now is None or now.seconds_per_epoch is None:
        return False
    return (run.config.epochs - now.position) * now.seconds_per_epoch < every


def _news(run_id: str, every: float, drawn_at: float) -> None:
    """The words as soon as there is news; then, as the next look begins, the page starts over.

    Args:
        drawn_at: when the page drew them, by the monotonic clock: it did not wait for news.
    """
    with guard():
        run, end = store().run(run_id), time.monotonic() + PATIENCE
        if not _is_awaited(run, every):
            _end(run)
        while drawn_at + SOON < time.monotonic() < end and _is_awaited(run, every):
            time.sleep(PATIENCE / 5)
            run = store().run(run_id)
        _words(run)


def _end(run: Run) -> None:
    """Starts the page over: with what came of the run, or with looks that come seldom again."""
    if not run.status.is_active:
        saw_end(run.id)
    st.rerun()


def _words(run: Run) -> None:
    batches, epochs = get_jobs().progress(run.id), store().epochs(run.id)
    share, words = progress_in_words(run, batches, epochs)
    with st.container(key=PROGRESS):
        st.progress(share, text=words)
    if run.status.is_active:
        latest = batches[-1] if batches else epochs[-1] if epochs else None
        _controls(run, latest.learning_rate if latest else None)


def progress_in_words(
    run: Run, batches: Sequence[BatchProgress], epochs: Sequence[Epoch]
) -> tuple[float, str]:
    """How far a run is, as a share and in words; that of another process reports whole epochs.

    A copy that is taught counts its own epochs: see `forks`.
    """
    apart = epochs_apart(run.id)
    planned = run.config.epochs - apart
    batches, epochs = counted_from(batches, apart), counted_from(epochs, apart)
    now = pace(run.config, batches, epochs)
    share = min(now.position / planned, 1.0) if now else 0.0
    if not run.status.is_active:
        return share, f"{run.status.value.capitalize()}: {len(epochs)} epochs are complete"
    if run.status is Status.QUEUED:
        first, done = active_run(), len(epochs) / planned
        if first is not None and first.id == run.id:
            return done, "waits for the training process: a few seconds, when it starts"
        return done, "waits for its turn"
    if run.controls.wish is Wish.PAUSE:
        return share, "pausing …"
    if run.controls.wish is Wish.STOP:
        return share, "stopping …"
    if now is None:
        return share, "starting: the training process loads TensorFlow, a few seconds at first"
    if share == 1.0:
        return share, "storing and testing the model"
    latest = batches[-1] if batches else epochs[-1]
    words = [
        f"epoch {latest.epoch} of {planned}",
        now.left_in_words(planned),
        f"accuracy {100 * latest.accuracy:.2f} %",
        f"loss {latest.loss:.4f}",
    ]
    if now.digits_per_second is not None:
        words.append(f"{_round(now.digits_per_second):,} digits a second")
    return share, " · ".join(words)


def _controls(run: Run, rate: float | None) -> None:
    """Pause, Stop, the learning rate; or the way out of the queue.

    Args:
        rate: the learning rate of the latest step that is known.
    """
    jobs, heard = get_jobs(), run.controls.wish
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
            disabled=heard is not None,
            help="Makes way for another run. It can be resumed later; the epoch that is not "
            "complete is then repeated.",
        )
        st.button(
            "Stopping …" if heard is Wish.STOP else "Stop and keep",
            icon=":material/stop:",
            key=f"train_stop_{run.id}",
            on_click=jobs.stop,
            args=(run.id,),
            disabled=heard is not None,
            help="Ends the training now. The completed epochs and the model are kept and tested.",
        )
        _learning_rate(run, rate)


def _learning_rate(run: Run, rate: float | None) -> None:
    """A field for another learning rate, and what it was.

    Where a schedule moves it, the field is of the highest one, and the present one stands below.
    """
    planned, key = run.config.learning_rate, f"train_rate_{run.id}"
    moves = run.config.learning_rate_schedule != "constant" or run.config.warmup_epochs > 0
    assert isinstance(RATES, Real), RATES
    with st.popover(
        "Change the learning rate",
        icon=":material/speed:",
        disabled=run.controls.wish is not None,
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


def _round(number: float) -> int:
    """To two digits, so that it stands still: 12,345 → 12,000."""
    return int(float(f"{number:.1e}"))
