"""How networks read one person's hand, beside how they did in their tests."""

from collections.abc import Sequence
from typing import NamedTuple

import plotly.graph_objects as go

from digitlab.drawings import Score
from digitlab.plots.look import TRAINING, VALIDATION, finish

APART = 0.14
"""From the middle of a network's line to each of its two marks; lines are 1 apart."""

ROOM, LINE = 130, 54
"""Height of a figure without lines, and of a line, in pixels."""


class Marks(NamedTuple):
    """One mark a line, with its interval, in per cent; `places` counts the lines from 0."""

    places: list[int]
    accuracy: list[float]
    low: list[float]
    high: list[float]
    hover: list[str]


def hand_info(scores: Sequence[Score]) -> tuple[Marks, Marks]:
    """The marks of the visitor's digits, and those of the tests, as far as there were any."""
    mine = [
        (
            place,
            score.mine.accuracy,
            *score.mine.interval,
            f"{score.network} on your digits: {score.mine.in_words}, "
            f"{score.mine.hits:,} of {score.mine.n:,} right",
        )
        for place, score in enumerate(scores)
    ]
    tests = [
        (
            place,
            score.test.accuracy,
            score.test.accuracy_low,
            score.test.accuracy_high,
            f"{score.network} in its test, on {score.test.n:,} digits of {score.dataset}: "
            f"{score.test_in_words}",
        )
        for place, score in enumerate(scores)
        if score.test is not None
    ]
    return _marks(mine), _marks(tests)


def hand_chart(scores: Sequence[Score]) -> go.Figure:
    """A line a network, the first on top: two accuracies, each with its interval."""
    mine, tests = hand_info(scores)
    figure = go.Figure(
        [
            _drawn(mine, "your digits", VALIDATION, "diamond", -APART),
            _drawn(tests, "the digits of its test", TRAINING, "circle", APART),
        ]
    )
    height = ROOM + LINE * len(scores)
    finish(figure, "Accuracy, with 95 % intervals", "accuracy (%)", None, height)
    figure.update_yaxes(
        tickvals=list(range(len(scores))),
        ticktext=[score.network for score in scores],
        range=[len(scores) - 0.5, -0.5],
        showgrid=False,
    )
    lowest = min([*mine.low, *tests.low])
    figure.update_xaxes(range=[max(-1, lowest - 3), 102])
    figure.update_layout(showlegend=True)
    return figure


def _marks(rows: Sequence[tuple[int, float, float, float, str]]) -> Marks:
    return Marks(
        places=[place for place, *_ in rows],
        accuracy=[100 * accuracy for _, accuracy, *_ in rows],
        low=[100 * low for _, _, low, *_ in rows],
        high=[100 * high for *_, high, _ in rows],
        hover=[hover for *_, hover in rows],
    )


def _drawn(marks: Marks, name: str, colour: str, symbol: str, shift: float) -> go.Scatter:
    return go.Scatter(
        name=name,
        x=marks.accuracy,
        y=[place + shift for place in marks.places],
        mode="markers",
        marker={"color": colour, "symbol": symbol, "size": 10},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [h - a for a, h in zip(marks.accuracy, marks.high, strict=True)],
            "arrayminus": [a - low for a, low in zip(marks.accuracy, marks.low, strict=True)],
        },
        hovertext=marks.hover,
        hovertemplate="%{hovertext}<extra></extra>",
    )
