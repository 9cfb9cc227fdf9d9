"""How belief changes while a digit is drawn."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from digitlab.evaluation import sureness_in_words
from digitlab.plots.look import CLASS_COLOURS, DIGITS, MARK, finish
from digitlab.replay import Flip

LEAST_SHOWN = 0.05
"""A digit that is never likelier than this has no line: it would lie on the axis."""


def belief_info(probabilities: np.ndarray) -> tuple[int, ...]:
    """The digits that have a line: those that were ever likely. float (moments, 10)."""
    return tuple(np.flatnonzero(probabilities.max(axis=0) > LEAST_SHOWN).tolist())


def belief_curves(
    shares: np.ndarray,
    probabilities: np.ndarray,
    changes: Sequence[Flip],
    now: int,
    class_names: Sequence[str] = DIGITS,
) -> go.Figure:
    """The probability of each digit over the ink drawn, with a mark at each change of belief.

    Args:
        shares: float (moments,): of the ink, in (0, 1].
        probabilities: float (moments, 10).
        changes: where another answer is given.
        now: the moment that is shown beside.
    """
    figure = go.Figure()
    for digit in belief_info(probabilities):
        row = probabilities[:, digit]
        figure.add_scatter(
            x=100 * shares,
            y=100 * row,
            mode="lines",
            name=class_names[digit],
            line={"color": CLASS_COLOURS[digit], "width": 2.5},
            hovertext=[
                f"{sureness_in_words(float(share))} sure that it is a {class_names[digit]}"
                for share in row
            ],
            hovertemplate="%{hovertext}, with %{x:.0f} % of the ink<extra></extra>",
        )
    for change in changes:
        figure.add_vline(
            100 * shares[change.moment],
            line={"color": MARK, "width": 1, "dash": "dot"},
            annotation={"text": "?" if change.label is None else class_names[change.label]},
        )
    figure.add_vline(100 * shares[now], line={"color": MARK, "width": 2})
    finish(figure, "What it believed as the ink came", "ink drawn (%)", "probability (%)", 320)
    figure.update_xaxes(range=[0, 101])
    figure.update_yaxes(range=[-2, 112], tickvals=[0, 25, 50, 75, 100])
    figure.update_layout(showlegend=True, margin_b=60)
    return figure
