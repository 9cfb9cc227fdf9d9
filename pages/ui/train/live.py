"""What trains now: progress, curves, controls; the same for every tab and after every reload."""

from collections.abc import Sequence

import streamlit as st

from digitlab.config import TrainingConfig
from digitlab.domains import Real, declared
from digitlab.jobs import get_jobs
from digitlab.pace import clock, pace
from digitlab.records import BatchProgress, Epoch, Run, Status, Wish
from pages.ui.cache import store
from pages.ui.frame import guard
from pages.ui.train.hints import show_hints
from pages.ui.train.panel import show_panel
from pages.ui.train.shown import active_run, saw_end

SOON, WORDS, CURVES = 0.2, 0.5, 2.5
"""Seconds between two looks at a run that trains: until its first batch; then for the words and
buttons, and for the curves, which cost several times as much."""

PANEL_HEIGHT = 620
"""About that of the panel, in pixels: nothing jumps when the first batch is there."""

RATES = {p.name: p.domain for p in declared(TrainingConfig)}["learning_rate"]


def show_live(run: Run) -> None:
    """A panel that looks after itself while the run is active, then reruns the page once."""
    first = active_run()
    begun = get_jobs().progress(run.id) or store().epochs(run.id)
    starts = not begun and first is not None and first.id == run.id
    st.fragment(_words, run_every=SOON if starts else WORDS)(run.id, starts)
    st.fragment(_curves, run_every=CURVES)(run.id)


def _words(run_id: str, starts: bool) -> None:
    with guard():
        run = store().run(run_id)
        batches, epochs = get_jobs().progress(run_id), store().epochs(run_id)
        share, words = progress_in_words(run, batches, epochs)
        st.progress(share, text=words)
        if not run.status.is_active:
            saw_end(run_id)
            st.rerun()
        _controls(run)
        if starts and (batches or epochs):
            st.rerun()  # from now on less often, and with curves


def _curves(run_id: str) -> None:
    with guard():
        run, epochs = store().run(run_id), store().epochs(run_id)
        batches = get_jobs().progress(run_id)
        if not (batches or epochs):
            # Charts without a point, or a skeleton that glimmers, would keep the browser busy
            # while training starts: a third of a core where there is no graphics card.
            st.container(height=PANEL_HEIGHT, border=False)
            return
        show_panel(run, epochs, batches, "live", planned=run.config.epochs)
        show_hints(run, epochs, "live")


def progress_in_words(
    run: Run, batches: Sequence[BatchProgress], epochs: Sequence[Epoch]
) -> tuple[float, str]:
    """How far a run is, as a share and in words; that of another process reports whole epochs."""
    now = pace(run.config, batches, epochs)
    share = min(now.position / run.config.epochs, 1.0) if now else 0.0
    if not run.status.is_active:
        return share, f"{run.status.value.capitalize()}: {len(epochs)} epochs are complete"
    if run.status is Status.QUEUED:
        first, done = active_run(), len(epochs) / run.config.epochs
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
        f"epoch {latest.epoch} of {run.config.epochs}",
        f"{clock(now.seconds_left(run.config.epochs))} left",
        f"accuracy {100 * latest.accuracy:.2f} %",
        f"loss {latest.loss:.4f}",
    ]
    if now.digits_per_second is not None:
        words.append(f"{_round(now.digits_per_second):,} digits a second")
    return share, " · ".join(words)


def _controls(run: Run) -> None:
    """Pause, Stop, the learning rate; or the way out of the queue."""
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
        _learning_rate(run)


def _learning_rate(run: Run) -> None:
    """A field for another learning rate, and what it was."""
    planned, key = run.config.learning_rate, f"train_rate_{run.id}"
    assert isinstance(RATES, Real), RATES
    with st.popover(
        "Change the learning rate",
        icon=":material/speed:",
        disabled=run.controls.wish is not None,
        key=f"train_change_{run.id}",
    ):
        st.number_input(
            "New learning rate",
            float(RATES.low),
            float(RATES.high),
            float(planned),
            step=planned / 2,
            format="%g",
            key=key,
            help="Holds from the next step on. With a schedule this is its highest value.",
            on_change=_set_learning_rate,
            args=(run.id, key),
        )
        st.caption("Takes effect within a second.")
    changed = run.controls.learning_rate
    if changed is not None and changed != planned:
        st.caption(f"Learning rate changed: {planned:g} → {changed:g}", width="content")


def _set_learning_rate(run_id: str, key: str) -> None:
    get_jobs().set_learning_rate(run_id, st.session_state[key])


def _round(number: float) -> int:
    """To two digits, so that it stands still: 12,345 → 12,000."""
    return int(float(f"{number:.1e}"))
