"""Learning curves: how loss and accuracy went, within epochs and across them."""

from collections.abc import Mapping, Sequence
from itertools import count
from math import ceil
from typing import NamedTuple

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from digitlab.plots.look import ACCURACY, LOSS, MARK, RATE, TRAINING, VALIDATION, finish
from digitlab.records import BatchProgress, Epoch

TITLES = {
    "loss": ("Loss: lower is better", "loss (nats)"),
    "accuracy": ("Accuracy: higher is better", "accuracy (%)"),
    "learning rate": ("Learning rate: the size of the steps", "learning rate"),
}
"""By what is drawn: the chart's title, and that of the axis upwards."""

HEIGHTS = {"loss": 300, "accuracy": 300, "learning rate": 200}
"""Of each chart in pixels, while a training is watched and afterwards."""

START = {"loss": (0.0, 2.5), "accuracy": (0.0, 100.0)}
"""The scale before there is anything to draw: a network that guesses has a loss of 2.3."""


class Series(NamedTuple):
    """One line of a learning curve: epochs across, a loss or a percentage up."""

    name: str
    colour: str
    x: list[float]
    y: list[float]
    mode: str
    dash: str
    symbol: str

    @property
    def is_authors(self) -> bool:
        """Whether the figures are published ones, not of the run shown: these lines are dotted."""
        return self.dash == "dot"


def curves_info(
    metric: str,
    epochs: Sequence[Epoch],
    batches: Sequence[BatchProgress] = (),
    author: Mapping[str, Sequence[float]] | None = None,
) -> list[Series]:
    """The lines of one learning curve, those that have points.

    Args:
        metric: 'loss' or 'accuracy'; accuracies come out in per cent.
        batches: the running mean within epochs, drawn thin.
        author: figures by epoch as published, by Keras's names, accuracies as fractions.
    """
    scale = 100 if metric == "accuracy" else 1
    parts = (("training", TRAINING, metric, "solid", "circle"),
             ("validation", VALIDATION, f"val_{metric}", "dash", "diamond"))  # fmt: skip
    lines = [
        Series("training, within epochs", TRAINING, [b.position for b in batches],
               [scale * getattr(b, metric) for b in batches], "lines", "solid", "circle")
    ]  # fmt: skip
    for name, colour, field, dash, symbol in parts:
        points = [(e.epoch, getattr(e, field)) for e in epochs if getattr(e, field) is not None]
        lines.append(
            Series(name, colour, [x for x, _ in points], [scale * y for _, y in points],
                   "lines+markers", dash, symbol)
        )  # fmt: skip
    for name, colour, field, _, symbol in parts:
        published = list((author or {}).get(field, ()))
        lines.append(
            Series(f"{name}, the author's", colour, list(range(1, len(published) + 1)),
                   [scale * y for y in published], "lines+markers", "dot", f"{symbol}-open")
        )  # fmt: skip
    return [line for line in lines if line.x]


def learning_curve(
    metric: str,
    epochs: Sequence[Epoch],
    batches: Sequence[BatchProgress] = (),
    author: Mapping[str, Sequence[float]] | None = None,
    marked: int | None = None,
) -> go.Figure:
    """'loss' or 'accuracy' by epoch; see `curves_info`. The two stand side by side in columns.

    Args:
        marked: an epoch that is looked at, with a line through it.
    """
    return draw_curves(metric, curves_info(metric, epochs, batches, author), marked)


def draw_curves(metric: str, lines: Sequence[Series], marked: int | None = None) -> go.Figure:
    """The lines of a learning curve, or of several; see `learning_curve`."""
    figure = go.Figure([_line(line, metric) for line in lines])
    title, unit = TITLES[metric]
    finish(figure, title, "epoch", unit, HEIGHTS[metric])
    figure.update_layout(showlegend=True)
    figure.update_yaxes(range=value_range(metric, lines))
    _across(figure, lines, marked)
    return figure


def learning_rate_curve(
    epochs: Sequence[Epoch],
    batches: Sequence[BatchProgress] = (),
    marked: int | None = None,
) -> go.Figure:
    """The learning rate as it was set, small; on a scale of decades where it spans more than one.

    Args: as those of `learning_curve`.
    """
    line = learning_rate_info(epochs, batches)
    figure = go.Figure([_line(line, "learning rate")] if line.x else [])
    title, unit = TITLES["learning rate"]
    finish(figure, title, "epoch", unit, HEIGHTS["learning rate"])
    figure.update_layout(showlegend=False)
    if spans_decades(line):
        figure.update_yaxes(type="log", dtick=1, exponentformat="power")
    else:
        figure.update_yaxes(range=[0, 1.1 * max(line.y, default=0.001)], exponentformat="none")
    _across(figure, [line] if line.x else [], marked)
    return figure


def learning_rate_info(epochs: Sequence[Epoch], batches: Sequence[BatchProgress] = ()) -> Series:
    """The learning rate at the end of every epoch; within epochs too, where that is known."""
    points = {float(e.epoch): e.learning_rate for e in epochs}
    points |= {b.position: b.learning_rate for b in batches}
    x = sorted(points)
    mode = "lines" if batches else "lines+markers"
    return Series("learning rate", RATE, x, [points[at] for at in x], mode, "solid", "circle")


def last_epoch(lines: Sequence[Series]) -> int:
    """The whole epoch that every point lies before, or at."""
    return max((ceil(max(line.x)) for line in lines), default=1)


def _across(figure: go.Figure, lines: Sequence[Series], marked: int | None) -> None:
    """The axis of the epochs: it starts at 0."""
    last = last_epoch(lines)
    _whole_epochs(figure, last)
    figure.update_xaxes(range=[0, 1.02 * last])
    figure.update_layout(margin_r=16)  # for all of the last tick's number
    if marked is not None:
        figure.add_vline(marked, line={"color": MARK, "width": 1, "dash": "dash"})


def two_axis_curves(
    epochs: Sequence[Epoch], author: Mapping[str, Sequence[float]] | None = None
) -> go.Figure:
    """Training loss (red) and accuracy (blue, dashed) on one chart with two scales, as `ndlovu`."""
    figure = make_subplots(specs=[[{"secondary_y": True}]])
    looks = (("loss", LOSS, "solid", "circle"), ("accuracy", ACCURACY, "dash", "diamond"))
    for metric, colour, dash, symbol in looks:
        for series in curves_info(metric, epochs, (), author):
            if series.name.startswith("validation"):
                continue
            published = series.is_authors
            look = series._replace(
                name=f"{metric}, the author's" if published else metric,
                colour=colour,
                dash="dot" if published else dash,
                symbol=f"{symbol}-open" if published else symbol,
            )
            figure.add_trace(_line(look, metric), secondary_y=metric == "accuracy")
    finish(figure, "As training loss falls, training accuracy rises", "epoch", None, 360)
    figure.update_yaxes(title_text="loss (nats)", color=LOSS, secondary_y=False)
    figure.update_yaxes(
        title_text="accuracy (%)", color=ACCURACY, showgrid=False, tickmode="auto", secondary_y=True
    )
    _whole_epochs(figure, max(len(epochs), 1))
    return figure


def _line(series: Series, metric: str) -> go.Scatter:
    unit = " %" if metric == "accuracy" else ""
    digits = {"accuracy": ".2f", "loss": ".4f"}.get(metric, ".3g")
    when = "epoch %{x}" if "markers" in series.mode else "after %{x:.2f} epochs"
    return go.Scatter(
        name=series.name,
        x=series.x,
        y=series.y,
        mode=series.mode,
        line={
            "color": series.colour,
            "dash": series.dash,
            "width": 2 if "markers" in series.mode else 1,
        },
        marker={"symbol": series.symbol, "size": 7},
        cliponaxis=False,  # of a mark on an axis, too, the whole is seen
        opacity=1 if "markers" in series.mode else 0.6,
        showlegend="markers" in series.mode,
        hovertemplate=f"{when}: {metric} %{{y:{digits}}}{unit} ({series.name})<extra></extra>",
    )


def value_range(metric: str, lines: Sequence[Series]) -> tuple[float, float]:
    """The scale upwards. From two epochs of our own on it follows the epochs, the author's among
    them: early batches would flatten the rest. Until then it spans every point there is."""
    if all(line.is_authors for line in lines):
        return START[metric]
    marked = [line for line in lines if "markers" in line.mode]
    follows = any(len(line.x) > 1 for line in marked if not line.is_authors)
    values = [y for line in (marked if follows else lines) for y in line.y]
    room = 0.08 * (max(values) - min(values)) or max(0.01, 0.001 * max(values))
    return max(min(values) - room, 0), max(values) + room


def spans_decades(line: Series) -> bool:
    """Whether the values of a line are drawn on a scale of decades."""
    return bool(line.y) and max(line.y) > 10 * min(line.y) > 0


def epoch_step(last: float) -> int:
    """Epochs between two ticks, of which there are a dozen or so at most: 1, 2, 5, 10, 20, 50 …"""
    steps = (factor * 10**power for power in count() for factor in (1, 2, 5))
    return next(step for step in steps if last <= 12 * step)


def _whole_epochs(figure: go.Figure, last: int) -> None:
    """Ticks at whole epochs."""
    figure.update_xaxes(tickformat="d", tick0=0, dtick=epoch_step(last))
