"""Figures that count: the digits of each class, the values of pixels."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from digitlab.plots.look import DIGITS, TEST, TRAINING, VALIDATION, finish


def class_counts(
    labels_by_part: Mapping[str, np.ndarray], class_names: Sequence[str] = DIGITS
) -> go.Figure:
    """How many digits each class has in each part, such as 'training' and 'test'.

    Each bar is a point that can be selected: x is its class.
    """
    looks = {"training": (TRAINING, ""), "validation": (VALIDATION, "/"), "test": (TEST, "x")}
    figure = go.Figure()
    for part, labels in labels_by_part.items():
        counts = np.bincount(labels, minlength=10)
        colour, pattern = looks.get(part, (None, "."))
        figure.add_bar(
            name=part,
            x=list(range(len(counts))),
            y=counts,
            marker={"color": colour, "pattern": {"shape": pattern, "fillmode": "overlay"}},
            customdata=100 * counts / max(len(labels), 1),
            hovertext=class_names,
            hovertemplate=f"%{{y:,}} of the {part} digits: %{{hovertext}} "
            "(%{customdata:.1f} %)<extra></extra>",
        )
    finish(figure, "Is every digit there about as often?", "digit", "number of pictures", 340)
    figure.update_layout(barmode="group", showlegend=True, clickmode="event+select", dragmode=False)
    figure.update_traces(unselected={"marker": {"opacity": 0.4}})
    turned = -35 if max(map(len, class_names)) > 1 else 0  # so that the last one is not cut off
    figure.update_xaxes(
        tickvals=list(range(len(class_names))), ticktext=class_names, tickangle=turned
    )
    return figure


def histogram_info(values: np.ndarray, bins: int = 32) -> tuple[np.ndarray, np.ndarray]:
    """Middles of the bins and the fraction of the values in each; floats (bins,)."""
    counts, edges = np.histogram(values, bins=bins)
    return (edges[:-1] + edges[1:]) / 2, counts / max(counts.sum(), 1)


def pixel_histogram(values_by_stage: Mapping[str, np.ndarray]) -> go.Figure:
    """How bright pixels are at each stage, such as 'before' and 'after ÷ 255'; side by side."""
    figure = make_subplots(1, len(values_by_stage), subplot_titles=list(values_by_stage))
    for column, (stage, values) in enumerate(values_by_stage.items(), 1):
        middles, shares = histogram_info(values)
        figure.add_bar(
            x=middles,
            y=100 * shares,
            marker_color=(TEST, TRAINING)[column > 1],
            hovertemplate=f"%{{y:.2f}} % of the pixels are near %{{x:.3g}}: {stage}<extra></extra>",
            row=1,
            col=column,
        )
    finish(figure, "Most pixels are black, before and after", "pixel value", None, 340)
    figure.update_yaxes(type="log", dtick=1, ticksuffix=" %")
    figure.update_yaxes(title_text="pixels (%, logarithmic)", col=1)
    figure.update_layout(bargap=0.02, margin_t=80, showlegend=False)
    return figure
