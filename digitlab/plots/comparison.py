"""Figures of two or more networks side by side."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from digitlab.datasets import class_noun_of
from digitlab.evaluation import Evaluation, sureness_in_words
from digitlab.plots.curves import Series, curves_info, draw_curves
from digitlab.plots.look import (
    CLASS_COLOURS,
    DIGITS,
    FADED,
    MARK,
    TRAINING,
    VALIDATION,
    finish,
)
from digitlab.records import Epoch


def overlay_info(metric: str, runs: Mapping[str, Sequence[Epoch]]) -> list[Series]:
    """The lines of several runs on one chart: a colour each, training dashed, validation solid.

    Args:
        metric: 'loss' or 'accuracy'; accuracies come out in per cent.
        runs: the epochs of each run by its name.
    """
    dashes = {"training": "dash", "validation": "solid"}
    return [
        line._replace(
            name=f"{name}, {line.name}", colour=CLASS_COLOURS[place], dash=dashes[line.name]
        )
        for place, (name, epochs) in enumerate(runs.items())
        for line in curves_info(metric, epochs)
    ]


def overlaid_curves(metric: str, runs: Mapping[str, Sequence[Epoch]]) -> go.Figure:
    """'loss' or 'accuracy' of several runs by epoch; the legend names each run once."""
    figure = draw_curves(metric, overlay_info(metric, runs))
    named = set()
    for trace in reversed(figure.data):
        name = trace.name.rpartition(", ")[0]
        trace.update(legendgroup=name, showlegend=name not in named)
        if name not in named:
            trace.name = name
        named.add(name)
    figure.update_layout(height=380)
    return figure


def recall_deltas_info(first: Evaluation, second: Evaluation) -> list[float]:
    """By how many percentage points the second network reads each class better, by class."""
    pairs = zip(first.per_class, second.per_class, strict=True)
    return [100 * (after.recall - before.recall) for before, after in pairs]


def recall_deltas(
    first: Evaluation,
    second: Evaluation,
    names: tuple[str, str],
    class_names: Sequence[str] = DIGITS,
    chosen: int | None = None,
) -> go.Figure:
    """The change of every class's recall, with how many digits there are of it.

    Each bar is a point that can be selected: customdata is its label.

    Args:
        names: of the two networks; both read the same digits.
        chosen: the class that a gallery shows, which stands out.
    """
    deltas = recall_deltas_info(first, second)
    before, after = names
    figure = go.Figure(
        go.Bar(
            x=[f"{class_names[one.label]}<br>({one.support:,})" for one in first.per_class],
            y=deltas,
            marker={
                "color": [TRAINING if delta > 0 else VALIDATION for delta in deltas],
                "opacity": [1 if chosen in (None, i) else FADED for i in range(len(deltas))],
            },
            customdata=list(range(len(deltas))),
            text=[f"{delta:+.1f}" if delta else "0" for delta in deltas],
            textposition="outside",
            cliponaxis=False,
            hovertext=[
                f"Of {old.support:,} that are a {class_names[old.label]}, {before} reads "
                f"{old.recall:.2%} rightly, {after} {new.recall:.2%}".replace("%", " %")
                for old, new in zip(first.per_class, second.per_class, strict=True)
            ],
            hovertemplate="%{hovertext}<extra></extra>",
        )
    )
    title = "Where it reads better (+) or worse (−)"  # names would not fit on a phone
    axis = class_noun_of(class_names)
    finish(figure, title, f"{axis} (how many there are)", "recall (percentage points)", 380)
    figure.update_layout(clickmode="event+select", dragmode=False)
    room = 1.25 * max(1.0, *map(abs, deltas))
    figure.update_yaxes(range=[-room, room])
    figure.update_xaxes(type="category")
    figure.add_hline(0, line={"color": MARK, "width": 1})
    return figure


def probability_pairs(
    probabilities: Mapping[str, np.ndarray],
    class_names: Sequence[str] = DIGITS,
    truth: int | None = None,
) -> go.Figure:
    """How sure two networks are of each class, bar by bar; the true one marked in words.

    Args:
        probabilities: float (classes,) of each network by its name.
        truth: the true class, where somebody knows it.
    """
    names = [f"{name} (true)" if i == truth else name for i, name in enumerate(class_names)]
    figure = go.Figure()
    for place, (network, shares) in enumerate(probabilities.items()):
        words = [sureness_in_words(float(share)) for share in shares]
        figure.add_bar(
            name=network,
            x=100 * shares,
            y=names,
            orientation="h",
            marker={
                "color": CLASS_COLOURS[place],
                "pattern": {"shape": ("", "/")[place], "fillmode": "overlay"},
            },
            text=words,
            textposition="outside",
            cliponaxis=False,
            hovertext=[
                f"{network} is {word} sure that it is a {name}"
                for word, name in zip(words, class_names, strict=True)
            ],
            hovertemplate="%{hovertext}<extra></extra>",
        )
    axis = class_noun_of(class_names)
    finish(figure, f"How sure they are of each {axis}", "probability (%)", axis, 460)
    figure.update_layout(barmode="group", showlegend=True, legend_traceorder="normal")
    figure.update_xaxes(range=[0, 125], tickvals=[0, 25, 50, 75, 100])
    figure.update_yaxes(type="category", autorange="reversed")
    return figure
