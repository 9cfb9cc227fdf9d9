"""One state of a training at a glance: its curves, what it reads, its first filters."""

from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from digitlab.plots import (
    CONFIG,
    curves_info,
    learning_curve,
    learning_rate_curve,
    learning_rate_info,
)
from digitlab.plots.curves import HEIGHTS
from digitlab.plots.still import still_curves, still_rate
from digitlab.presets import author_in_words, author_of
from digitlab.records import BatchProgress, Epoch, Run
from pages.ui.frame import guard
from pages.ui.train.going_on import show_fork_button
from pages.ui.train.probe import show_filters, show_readings


def show_panel(
    run: Run,
    epochs: Sequence[Epoch],
    batches: Sequence[BatchProgress],
    key: str,
    planned: int | None = None,
) -> None:
    """Loss and accuracy; what it reads beside its filters; the learning rate where it moves.

    The first two stand where they stood while the run trained; a slider through its epochs comes
    below them.

    Args:
        epochs: the run's own, counted from 1: see `forks`; some, if it has ended.
        key: tells the widgets of two panels apart.
        planned: the epochs that a live training is to have. Its curves are text, which costs a
            browser next to nothing: it may share the processor with the training.
    """
    curves, state, steps = st.container(), st.container(), st.container()
    epoch, marked = len(epochs), None
    if planned is None:
        with steps:
            epoch = marked = _step_through(run, epochs)
    author = author_of(run.config, run.preset)
    published = author.curves() if author else None
    with curves:
        for column, metric in zip(st.columns(2), ("loss", "accuracy"), strict=True):
            with column, _place(metric):
                if planned is not None:
                    lines = curves_info(metric, epochs, batches, published)
                    _as_text(still_curves(metric, lines, planned))
                else:
                    figure = learning_curve(metric, epochs, batches, published, marked)
                    _as_chart(figure, metric, key)
        if words := author_in_words(run.config, run.preset):
            st.caption(words)
    with state, guard():
        readings, filters = st.columns([7, 2], gap="small")
        with readings:
            show_readings(run, epoch, f"train_{key}_readings")
        with filters:
            show_filters(run, epoch)
    if not _rate_moves(run, epochs):
        return
    with _place("learning rate"):
        if planned is not None:
            _as_text(still_rate(learning_rate_info(epochs, batches), planned))
        else:
            _as_chart(learning_rate_curve(epochs, batches, marked), "learning rate", key)


def _step_through(run: Run, epochs: Sequence[Epoch]) -> int:
    """The epoch that is looked at, its figures, and the way on from it."""
    last = len(epochs)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        epoch = last
        if last > 1:
            epoch = st.slider("Epoch", 1, last, last, key=f"train_epoch_{run.id}_{last}")
        show_fork_button(run, epoch)
    st.markdown(epoch_in_words(epochs[epoch - 1]))
    return epoch


def epoch_in_words(epoch: Epoch) -> str:
    """The figures of one epoch in a sentence."""
    words = f"Epoch {epoch.epoch}: **{epoch.accuracy:.2%}** of the training digits right"
    words += f", loss {epoch.loss:.4f}"
    if epoch.val_accuracy is not None and epoch.val_loss is not None:
        words += f" · **{epoch.val_accuracy:.2%}** of the validation digits, "
        words += f"loss {epoch.val_loss:.4f}"
    words += f" · learning rate {epoch.learning_rate:.2g} · {epoch.seconds:.1f} s"
    return words.replace("%", " %")


def _place(what: str) -> DeltaGenerator:
    """The room of a chart, which is there before the browser has drawn it."""
    return st.container(height=HEIGHTS[what], border=False)


def _as_text(figure: str) -> None:
    """Draws HTML of our own: as Markdown, since `st.html` lets no SVG through."""
    st.markdown(figure, unsafe_allow_html=True)


def _as_chart(figure: go.Figure, what: str, key: str) -> None:
    st.plotly_chart(figure, config=CONFIG, key=f"train_{key}_{what}", alt=f"{what} by epoch")


def _rate_moves(run: Run, epochs: Sequence[Epoch]) -> bool:
    """Whether there is more to see of the learning rate than one number."""
    config = run.config
    scheduled = config.learning_rate_schedule != "constant" or config.warmup_epochs > 0
    changed = run.controls.learning_rate is not None
    several = len({epoch.learning_rate for epoch in epochs}) > 1
    return scheduled or changed or several or config.reduce_on_plateau_patience is not None
