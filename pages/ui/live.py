"""What trains now: progress, curves, Stop; the same for every tab and after every reload."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import streamlit as st

from digitlab.evaluation import accuracy_in_words, overfitting
from digitlab.jobs import get_jobs
from digitlab.plots import CONFIG, learning_curve
from digitlab.presets import author_in_words, author_of
from digitlab.records import BatchProgress, Epoch, Run, Status
from pages.ui.cache import store
from pages.ui.frame import guard, page_of, without_links

POLL = 0.7
"""Seconds between two looks at a run that trains."""

SAVING = timedelta(minutes=2)
"""A stopped run that has no test result after so long will get none."""


def active_run() -> Run | None:
    """The run that trains, else the first that waits."""
    runs = [run for run in store().runs() if run.status.is_active]
    running = [run for run in runs if run.status is Status.RUNNING]
    return next(iter(running or runs[::-1]), None)


def ended_run() -> Run | None:
    """The run that this visitor saw end, else the last one."""
    seen = st.session_state.get("train_ended")
    runs = [run for run in store().runs() if run.id == seen] or store().runs()
    return next(iter(runs), None)


def show_live(run: Run) -> None:
    """A panel that looks after itself while the run is active, then reruns the page once."""
    st.fragment(_live, run_every=POLL)(run.id)


def _live(run_id: str) -> None:
    with guard():
        run = store().run(run_id)
        if not run.status.is_active:
            st.session_state["train_ended"] = run_id
            st.rerun()
        batches = get_jobs().progress(run_id)
        epochs = store().epochs(run_id)
        _headline(run, batches, epochs)
        _curves(run, batches, epochs)


def _headline(run: Run, batches: Sequence[BatchProgress], epochs: Sequence[Epoch]) -> None:
    words, stop = st.columns([4, 1], vertical_alignment="center")
    stop.button(
        "Stop and keep" if run.status is Status.RUNNING else "Take out of the queue",
        icon=":material/stop:",
        key=f"train_stop_{run.id}",
        on_click=get_jobs().stop,
        args=(run.id,),
        disabled=run.controls.wish is not None,
        width="stretch",
        help="Ends the training now. The completed epochs and the model are kept.",
    )
    with words:
        share, text = _progress(run, batches, epochs)
        st.progress(share, text=f"**{run.id}** · {text}")


def _progress(
    run: Run, batches: Sequence[BatchProgress], epochs: Sequence[Epoch]
) -> tuple[float, str]:
    """How far a run is, as a share and in words; that of another process reports whole epochs."""
    if run.status is Status.QUEUED:
        return 0.0, "waits for its turn"
    if not batches and not epochs:
        return 0.0, "starting: the training process loads TensorFlow, a few seconds the first time"
    latest = batches[-1] if batches else epochs[-1]
    position = batches[-1].position if batches else len(epochs)
    seconds = batches[-1].seconds if batches else sum(epoch.seconds for epoch in epochs)
    share = min(position / run.config.epochs, 1.0)
    if share == 1.0:
        return 1.0, "storing and testing the model"
    left = seconds * (1 - share) / share
    return share, (
        f"epoch {latest.epoch} of {run.config.epochs} · {_clock(left)} left · "
        f"accuracy {100 * latest.accuracy:.2f} % · loss {latest.loss:.4f}"
    )


def _curves(run: Run, batches: Sequence[BatchProgress], epochs: Sequence[Epoch]) -> None:
    author = author_of(run.config, run.preset)
    curves = author.curves() if author else None
    for column, metric in zip(st.columns(2), ("loss", "accuracy"), strict=True):
        with column:
            figure = learning_curve(metric, epochs, batches, curves, planned=run.config.epochs)
            st.plotly_chart(
                figure, config=CONFIG, key=f"train_live_{metric}", alt=f"{metric} by epoch"
            )
    if words := author_in_words(run.config, run.preset):
        st.caption(words)


def show_queue(shown: Run | None) -> None:
    """The runs that wait, each with a way out."""
    waiting = [run_id for run_id in get_jobs().queue() if shown is None or run_id != shown.id]
    if not waiting:
        return
    st.markdown(f"**Waiting:** {len(waiting)}")
    for place, run_id in enumerate(waiting, 1):
        line, leave = st.columns([4, 1], vertical_alignment="center")
        line.markdown(f"{place}. {run_id}")
        leave.button(
            "Take out",
            key=f"train_leave_{run_id}",
            on_click=get_jobs().stop,
            args=(run_id,),
            width="stretch",
        )


def show_result(run: Run) -> None:
    """How a run ended, and the way on."""
    if run.status is Status.FAILED:
        st.error(f"{run.id} failed: {without_links(run.error or '')}", icon=":material/error:")
        return
    epochs = store().epochs(run.id)
    done = len(epochs)
    if run.status is Status.INTERRUPTED:
        st.warning(
            f"{run.id} was interrupted: {without_links(run.error or '')}. Its {done} completed "
            "epochs are kept.",
            icon=":material/warning:",
        )
        return
    if run.test is None:
        if done == 0 and run.started_at is None:
            st.info(f"{run.id} was taken out of the queue before it began.")
            return
        if _given_up(run):
            st.warning(f"{run.id} was stopped, but its model could not be stored and tested.")
        else:
            st.fragment(_saving, run_every=POLL)(run.id)
        return
    words, way_on = st.columns([4, 1], vertical_alignment="center")
    test = run.test
    words.success(
        f"**{run.id}** {run.status.value} after {done} of {run.config.epochs} epochs: "
        f"**{accuracy_in_words(test.accuracy, test.accuracy_low, test.accuracy_high)}** of "
        f"{test.n:,} test digits read right, loss {test.loss:.4f}.",
        icon=":material/check_circle:",
    )
    way_on.page_link(
        page_of("evaluate"),
        label="See its mistakes",
        icon=":material/arrow_forward:",
        query_params={"evaluate_run": run.id},
    )
    if warning := overfitting(epochs):
        st.info(warning, icon=":material/lightbulb:")


def _given_up(run: Run) -> bool:
    """Whether an ended run has waited too long for its test result."""
    return run.ended_at is not None and datetime.now(UTC) - run.ended_at > SAVING


def _saving(run_id: str) -> None:
    with guard():
        run = store().run(run_id)
        if run.test is not None or _given_up(run):
            st.rerun()
        st.info(f"{run_id} has stopped; its model is being stored and tested …")


def _clock(seconds: float) -> str:
    return f"{int(seconds // 60)}:{int(seconds % 60):02}"
