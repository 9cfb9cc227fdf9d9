"""Learning curves: how loss and accuracy went, within epochs and across them."""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import NamedTuple

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from digitlab.plots.look import ACCURACY, LOSS, TRAINING, VALIDATION, finish
from digitlab.records import BatchProgress, Epoch


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
    planned: int | None = None,
) -> go.Figure:
    """'loss' or 'accuracy' by epoch; see `curves_info`. The two stand side by side in columns.

    Args:
        planned: the epochs that the training is to have: the scale stands still while it fills.
    """
    lines = curves_info(metric, epochs, batches, author)
    figure = go.Figure([_line(line, metric) for line in lines])
    title, unit = {
        "loss": ("Loss: lower is better", "loss (nats)"),
        "accuracy": ("Accuracy: higher is better", "accuracy (%)"),
    }[metric]
    finish(figure, title, "epoch", unit, 340)
    figure.update_layout(showlegend=True)
    figure.update_yaxes(range=_range([line for line in lines if "markers" in line.mode]))
    _whole_epochs(figure, planned or max((ceil(max(line.x)) for line in lines), default=1))
    if planned:
        figure.update_xaxes(range=[0, 1.02 * planned])
    return figure


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
    digits = ".2f" if metric == "accuracy" else ".4f"
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
        opacity=1 if "markers" in series.mode else 0.6,
        hovertemplate=f"{when}: {metric} %{{y:{digits}}}{unit} ({series.name})<extra></extra>",
    )


def _range(lines: list[Series]) -> list[float] | None:
    """From two epochs of our own on the scale follows the epochs, the author's among them: early
    batches would flatten the rest. Until then it spans every point there is."""
    if max((len(line.x) for line in lines if not line.is_authors), default=0) < 2:
        return None
    values = [y for line in lines for y in line.y]
    room = 0.08 * (max(values) - min(values)) or 0.01
    low, high = min(values) - room, max(values) + room
    return [max(low, 0), high]


def _whole_epochs(figure: go.Figure, count: int) -> None:
    """Ticks at whole epochs, a dozen at most."""
    figure.update_xaxes(tickformat="d", tick0=0, dtick=ceil(count / 12))
