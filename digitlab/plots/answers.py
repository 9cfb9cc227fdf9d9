"""Figures of what a network answered."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from digitlab.evaluation import Evaluation
from digitlab.plots.look import CLEAR, DIGITS, FRAME, finish


def confusion_info(
    confusion: np.ndarray, normalise: bool, hide_diagonal: bool
) -> tuple[np.ndarray, list[list[str]]]:
    """What to colour and what to write in each cell.

    Args:
        confusion: int (classes, classes), row true, column read.

    Returns:
        float (classes, classes): counts, or percentages of the row; NaN where nothing is shown;
        and the text of each cell.
    """
    values = confusion.astype(float)
    if normalise:
        values = 100 * values / np.maximum(values.sum(axis=1, keepdims=True), 1)
    if hide_diagonal:
        np.fill_diagonal(values, np.nan)
    values[confusion == 0] = np.nan
    form = "{:.1f}" if normalise else "{:,.0f}"
    return values, [["" if np.isnan(v) else form.format(v) for v in row] for row in values]


def confusion_matrix(
    confusion: Evaluation | np.ndarray,
    class_names: Sequence[str] = DIGITS,
    normalise: bool = False,
    hide_diagonal: bool = False,
    true: int | None = None,
    read: int | None = None,
) -> go.Figure:
    """What was read as what. Each cell is a point that can be selected: customdata (true, read).

    A frame marks what a gallery shows: the row `true`, the column `read`, or the cell of both.
    """
    counts = np.array(confusion.confusion if isinstance(confusion, Evaluation) else confusion)
    values, text = confusion_info(counts, normalise, hide_diagonal)
    names = list(class_names)
    figure = go.Figure(
        go.Heatmap(
            z=values,
            x=names,
            y=names,
            text=text,
            texttemplate="%{text}",
            colorscale=[[0, "#dcebf9"], [1, "#154a7d"]],
            showscale=False,
            hoverinfo="skip",
            xgap=1,
            ygap=1,
        )
    )
    figure.add_trace(_confusion_points(counts, names))
    unit = "% of each row" if normalise else "counts"
    finish(figure, f"What was read as what ({unit})", "read as", "is a", 460)
    last = len(names) - 0.5
    figure.update_xaxes(type="category", showgrid=False, range=[-0.5, last])
    figure.update_yaxes(type="category", showgrid=False, range=[last, -0.5])
    figure.update_layout(
        showlegend=False,
        clickmode="event+select",
        dragmode=False,
        plot_bgcolor="rgba(128,128,128,0.08)",
    )
    if true is not None or read is not None:
        figure.add_shape(
            type="rect",
            x0=-0.5 if read is None else read - 0.5,
            x1=last if read is None else read + 0.5,
            y0=-0.5 if true is None else true - 0.5,
            y1=last if true is None else true + 0.5,
            line={"color": FRAME, "width": 3},
        )
    return figure


def _confusion_points(counts: np.ndarray, names: list[str]) -> go.Scatter:
    """Invisible points over the cells: a heatmap's own cells cannot be selected."""
    cells = [(true, read) for true in range(len(names)) for read in range(len(names))]
    totals = counts.sum(axis=1)
    return go.Scatter(
        x=[names[read] for _, read in cells],
        y=[names[true] for true, _ in cells],
        mode="markers",
        marker={"symbol": "square", "size": 30, "color": CLEAR, "line": {"width": 0}},
        selected={"marker": {"opacity": 0}},
        unselected={"marker": {"opacity": 0}},
        customdata=cells,
        hovertext=[
            f"{counts[t, r]:,} of {totals[t]:,} that are a {names[t]} "
            f"were read as {names[r]} ({100 * counts[t, r] / max(totals[t], 1):.2f} %)"
            for t, r in cells
        ],
        hovertemplate="%{hovertext}<extra></extra>",
    )
