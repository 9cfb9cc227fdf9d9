"""One state of a training at a glance: its curves, what it reads, its first filters."""

from collections.abc import Sequence

import streamlit as st

from digitlab.plots import CONFIG, learning_curve, learning_rate_curve
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
        planned: the epochs that a live training is to have; see `learning_curve`.
        marked: the epoch that is looked at; the last one if None.
    """
    _curves(run, epochs, batches, key, planned, marked)
    with guard():
        readings, filters = st.columns([7, 2], gap="small")
        epoch = marked or len(epochs)
        with readings:
            show_readings(run, epoch, f"train_{key}_readings")
        with filters:
            show_filters(run, epoch)
    if _rate_moves(run, epochs):
        figure = learning_rate_curve(epochs, batches, planned, marked)
        st.plotly_chart(
            figure, config=CONFIG, key=f"train_{key}_rate", alt="learning rate by epoch"
        )


def _curves(
    run: Run,
    epochs: Sequence[Epoch],
    batches: Sequence[BatchProgress],
    key: str,
    planned: int | None,
    marked: int | None,
) -> None:
    author = author_of(run.config, run.preset)
    curves = author.curves() if author else None
    for column, metric in zip(st.columns(2), ("loss", "accuracy"), strict=True):
        figure = learning_curve(metric, epochs, batches, curves, planned, marked)
        column.plotly_chart(
            figure, config=CONFIG, key=f"train_{key}_{metric}", alt=f"{metric} by epoch"
        )
    if words := author_in_words(run.config, run.preset):
        st.caption(words)


def _rate_moves(run: Run, epochs: Sequence[Epoch]) -> bool:
    """Whether there is more to see of the learning rate than one number."""
    config = run.config
    scheduled = config.learning_rate_schedule != "constant" or config.warmup_epochs > 0
    changed = run.controls.learning_rate is not None
    several = len({epoch.learning_rate for epoch in epochs}) > 1
    return scheduled or changed or several or config.reduce_on_plateau_patience is not None
