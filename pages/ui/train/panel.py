"""One state of a training at a glance: its curves, what it reads, its first filters."""

from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st

from digitlab.plots import (
    CONFIG,
    curves_info,
    learning_curve,
    learning_rate_curve,
    learning_rate_info,
)
from digitlab.plots.still import still_curves, still_rate
from digitlab.presets import author_in_words, author_of
from digitlab.records import BatchProgress, Epoch, Run
from pages.ui.frame import guard
from pages.ui.train.probe import show_filters, show_readings


def show_panel(
    run: Run,
    epochs: Sequence[Epoch],
    batches: Sequence[BatchProgress],
    key: str,
    planned: int | None = None,
    marked: int | None = None,
) -> None:
    """Loss and accuracy; what it reads beside its filters; the learning rate where it moves.

    Args:
        key: tells the widgets of two panels apart.
        planned: the epochs that a live training is to have. Its curves are text, which costs a
            browser next to nothing: it may share the processor with the training.
        marked: the epoch that is looked at; the last one if None.
    """
    author = author_of(run.config, run.preset)
    published = author.curves() if author else None
    for column, metric in zip(st.columns(2), ("loss", "accuracy"), strict=True):
        with column:
            if planned is not None:
                lines = curves_info(metric, epochs, batches, published)
                _as_text(still_curves(metric, lines, planned))
            else:
                figure = learning_curve(metric, epochs, batches, published, marked)
                _as_chart(figure, metric, key)
    if words := author_in_words(run.config, run.preset):
        st.caption(words)
    with guard():
        readings, filters = st.columns([7, 2], gap="small")
        epoch = marked or len(epochs)
        with readings:
            show_readings(run, epoch, f"train_{key}_readings")
        with filters:
            show_filters(run, epoch)
    if not _rate_moves(run, epochs):
        return
    if planned is not None:
        _as_text(still_rate(learning_rate_info(epochs, batches), planned))
    else:
        _as_chart(learning_rate_curve(epochs, batches, marked), "learning rate", key)


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
