"""Accuracy against the severity of a corruption: a small figure for each."""

from typing import NamedTuple

import plotly.graph_objects as go

from digitlab.plots.look import MARK, TEST, TRAINING, finish
from digitlab.robustness import CHANCE, Curve

MARGIN_LEFT, MARGIN_RIGHT = 54, 8
"""Pixels beside the plot: fixed, so that a strip of pictures below can stand under its levels."""


class Severity(NamedTuple):
    """One line: a level each across; accuracy and its 95 % interval up, in per cent."""

    levels: list[str]
    accuracy: list[float]
    low: list[float]
    high: list[float]
    hover: list[str]


def severity_info(curve: Curve) -> Severity:
    """What to draw of one corruption; the levels stand evenly apart, 0 first."""
    intervals = [point.interval for point in curve.points]
    words = [curve.corruption.level_in_words(point.level) for point in curve.points]
    return Severity(
        levels=[f"{point.level:g}" for point in curve.points],
        accuracy=[100 * point.accuracy for point in curve.points],
        low=[100 * low for low, _ in intervals],
        high=[100 * high for _, high in intervals],
        hover=[
            f"{level}: {point.in_words}, {point.n - point.hits:,} of {point.n:,} wrong"
            for level, point in zip(["unchanged", *words[1:]], curve.points, strict=True)
        ],
    )


def severity_curve(curve: Curve) -> go.Figure:
    """Accuracy with its band against the level; dotted, what guessing would give.

    Each level is a point that can be selected: customdata is its number, from 0.
    """
    line = severity_info(curve)
    across = list(range(len(line.levels)))
    figure = go.Figure(
        [
            go.Scatter(
                x=across + across[::-1],
                y=line.high + line.low[::-1],
                mode="lines",
                fill="toself",
                fillcolor="rgba(63,144,218,0.25)",
                line={"width": 0},
                hoverinfo="skip",
            ),
            go.Scatter(
                x=across,
                y=line.accuracy,
                mode="lines+markers",
                line={"color": TRAINING},
                customdata=across,
                hovertext=line.hover,
                hovertemplate="%{hovertext}<extra></extra>",
            ),
        ]
    )
    figure.add_hline(
        100 * CHANCE,
        line={"color": MARK, "dash": "dot", "width": 1},
        annotation={"text": "guessing", "font": {"color": TEST, "size": 11}},
        annotation_position="top left",
    )
    unit = f" ({curve.corruption.unit})" if curve.corruption.unit else ""
    finish(figure, curve.corruption.title, f"level{unit}", "accuracy (%)", 220)
    figure.update_layout(
        showlegend=False,
        clickmode="event+select",
        dragmode=False,
        margin={"l": MARGIN_LEFT, "r": MARGIN_RIGHT, "t": 34},
    )
    figure.update_xaxes(
        tickvals=across, ticktext=line.levels, range=[-0.5, len(across) - 0.5], showgrid=False
    )
    figure.update_yaxes(range=[0, 104], tickvals=[0, 25, 50, 75, 100], automargin=False)
    return figure
