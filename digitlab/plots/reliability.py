"""Figures of how far a network's sureness can be trusted."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from digitlab.calibration import Bin, Refusal
from digitlab.evaluation import wilson_interval
from digitlab.plots.look import CLEAR, FADED, MARK, RATE, TEST, finish

TICKS = (0, 20, 40, 60, 80, 100)

AS_IT_IS, MENDED = "as it is", "with the temperature"

MOST_POINTS = 400
"""Points of a curve: as many as a chart has pixels across."""


class ReliabilityPoints(NamedTuple):
    """One point a bin, in per cent; `above` and `below` reach to the ends of 95 %."""

    sureness: list[float]
    accuracy: list[float]
    above: list[float]
    below: list[float]
    words: list[str]


def reliability_info(bins: Sequence[Bin]) -> ReliabilityPoints:
    """How sure and how right the network is in each bin, with intervals (Wilson) and in words."""
    intervals = [wilson_interval(b.hits, b.n) for b in bins]
    return ReliabilityPoints(
        [100 * b.sureness for b in bins],
        [100 * b.accuracy for b in bins],
        [100 * (high - b.accuracy) for b, (_, high) in zip(bins, intervals, strict=True)],
        [100 * (b.accuracy - low) for b, (low, _) in zip(bins, intervals, strict=True)],
        [
            f"{100 * b.low:.0f}–{100 * b.high:.0f} % sure, {100 * b.sureness:.1f} % on average: "
            f"{b.hits:,} of {b.n:,} right, {100 * b.accuracy:.1f} % "
            f"({100 * low:.0f}–{100 * high:.0f})"
            for b, (low, high) in zip(bins, intervals, strict=True)
        ],
    )


def reliability_diagram(
    before: Sequence[Bin], after: Sequence[Bin] = (), chosen: tuple[str, int] | None = None
) -> go.Figure:
    """How often the network is right when it is so sure; under it, how many answers that are.

    Each bin is a point that can be selected: customdata (`AS_IT_IS` or `MENDED`, its number).

    Args:
        before: the bins of the answers as they are.
        after: the bins with a temperature, if there is one.
        chosen: the bin that a gallery shows, which stands out.
    """
    figure = make_subplots(2, 1, shared_xaxes=True, row_heights=[0.74, 0.26], vertical_spacing=0.06)
    ends = [0, 100]
    figure.add_trace(
        go.Scatter(
            x=ends,
            y=ends,
            mode="lines",
            line={"color": MARK, "dash": "dot", "width": 1},
            name="as right as sure",
            hoverinfo="skip",
        )
    )
    looks = [(AS_IT_IS, before, TEST, "circle")]
    if after:
        looks.append((MENDED, after, RATE, "diamond-open"))
    for name, bins, colour, symbol in looks:
        points = reliability_info(bins)
        figure.add_trace(_points(name, points, colour, symbol))
        figure.add_trace(_counts(name, bins, colour), row=2, col=1)
        figure.update_traces(
            customdata=[[name, b.number] for b in bins],
            marker_opacity=[1 if chosen in (None, (name, b.number)) else FADED for b in bins],
            selector={"meta": name},
        )
    finish(figure, "Right as often as it is sure?", None, None, 440)
    figure.update_xaxes(range=[-2, 103], tickvals=TICKS)
    figure.update_xaxes(title_text="how sure it is (%)", row=2)
    figure.update_yaxes(title_text="right (%)", range=[-4, 104], tickvals=TICKS, row=1)
    figure.update_yaxes(title_text="answers", type="log", dtick=1, tickformat=",d", row=2)
    figure.update_layout(clickmode="event+select", dragmode=False)
    return figure


def _points(name: str, points: ReliabilityPoints, colour: str, symbol: str) -> go.Scatter:
    return go.Scatter(
        x=points.sureness,
        y=points.accuracy,
        error_y={
            "type": "data",
            "array": points.above,
            "arrayminus": points.below,
            "thickness": 1,
            "width": 3,
        },
        mode="markers",
        marker={"color": colour, "symbol": symbol, "size": 9},
        name=name,
        meta=name,
        hovertext=points.words,
        hovertemplate="%{hovertext}<extra></extra>",
    )


def _counts(name: str, bins: Sequence[Bin], colour: str) -> go.Bar:
    return go.Bar(
        x=[50 * (b.low + b.high) for b in bins],
        y=[b.n for b in bins],
        marker_color=colour,
        meta=name,
        showlegend=False,
        hovertext=[
            f"{b.n:,} answers {100 * b.low:.0f}–{100 * b.high:.0f} % sure ({name})" for b in bins
        ],
        hovertemplate="%{hovertext}<extra></extra>",
    )


def selective_info(answered: np.ndarray, accuracy: np.ndarray) -> tuple[list[float], list[float]]:
    """A curve of `calibration.selective_accuracy` in per cent, thinned to `MOST_POINTS`."""
    last = len(answered) - 1
    kept = np.unique(np.linspace(0, last, min(len(answered), MOST_POINTS)).astype(int))
    return (100 * answered[kept]).tolist(), (100 * accuracy[kept]).tolist()


def selective_curve(answered: np.ndarray, accuracy: np.ndarray, chosen: Refusal) -> go.Figure:
    """Accuracy among the answered against the share answered; the chosen place marked.

    Each place of the curve is a point that can be selected: customdata is the share in per cent.
    """
    x, y = selective_info(answered, accuracy)
    figure = go.Figure(
        go.Scatter(
            x=x,
            y=y,
            mode="lines+markers",  # a line without markers cannot be selected
            line={"color": TEST, "width": 2},
            marker={"color": CLEAR, "size": 10, "line": {"width": 0}},
            selected={"marker": {"opacity": 0}},
            unselected={"marker": {"opacity": 0}},
            customdata=x,
            hovertemplate="%{x:.1f} % answered: %{y:.2f} % of these right<extra></extra>",
        )
    )
    if chosen.answered:
        right = 100 * (1 - chosen.wrong / chosen.answered)
        figure.add_trace(
            go.Scatter(
                x=[100 * chosen.answered / chosen.n],
                y=[right],
                mode="markers",
                marker={"color": RATE, "symbol": "diamond", "size": 12},
                unselected={"marker": {"opacity": 1}},
                customdata=[100 * chosen.answered / chosen.n],
                hovertemplate=f"refusing below {100 * chosen.threshold:g} % sure: %{{x:.1f}} % "
                "answered, %{y:.2f} % of these right<extra></extra>",
            )
        )
    finish(
        figure,
        "The fewer it answers, the more are right",
        "share answered (%)",
        "right among the answered (%)",
        440,
    )
    figure.update_layout(showlegend=False, clickmode="event+select", dragmode=False)
    low = min(y)
    figure.update_yaxes(range=[low - 0.06 * (100 - low) - 0.01, 100 + 0.06 * (100 - low) + 0.01])
    return figure
