"""Figures of digits and their pixels."""

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from digitlab.plots.look import DIGITS, TEST, TRAINING, VALIDATION, finish


def class_counts(labels_by_part: Mapping[str, np.ndarray]) -> go.Figure:
    """How many digits each class has in each part, such as 'training' and 'test'."""
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
            hovertemplate=f"%{{y:,}} of the {part} digits are a %{{x}} (%{{customdata:.1f}} %)"
            "<extra></extra>",
        )
    finish(figure, "Is every digit there about as often?", "digit", "number of pictures", 340)
    figure.update_layout(barmode="group", showlegend=True)
    figure.update_xaxes(dtick=1)
    return figure


def digit_heatmap(image: np.ndarray, title: str) -> go.Figure:
    """One digit, uint8 (28, 28), in the scale 'hot', each pixel's value on hover."""
    figure = go.Figure(_hot(image, 255, "row %{y}, column %{x}: %{z}", colour_bar=True))
    finish(figure, title, "column (pixels)", "row (pixels)", 420)
    _square(figure)
    return figure


def mean_digits_info(images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The mean picture of every class: float (10, 28, 28); NaN where a class has none."""
    means = np.full((10, *images.shape[1:]), np.nan)
    for label in np.unique(labels):
        means[label] = images[labels == label].mean(axis=0)
    return means


def mean_digits(images: np.ndarray, labels: np.ndarray) -> go.Figure:
    """The mean picture of every class, 2 × 5, in the scale 'hot'."""
    means = mean_digits_info(images, labels)
    figure = make_subplots(
        2, 5, horizontal_spacing=0.02, vertical_spacing=0.1, subplot_titles=DIGITS
    )
    for label, mean in enumerate(means):
        row, column = divmod(label, 5)
        hover = f"mean {label}, row %{{y}}, column %{{x}}: brightness %{{z:.0f}}"
        figure.add_trace(_hot(mean, 255, hover), row + 1, column + 1)
    finish(figure, "Where the ink of each digit lies on average (0–255)", None, None, 380)
    figure.update_layout(margin_t=80)
    figure.update_xaxes(visible=False, constrain="domain")
    figure.update_yaxes(visible=False, autorange="reversed", constrain="domain")
    for number, axis in enumerate(figure.select_yaxes(), 1):
        axis.scaleanchor = f"x{number}"
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


def _hot(image: np.ndarray, highest: float, hover: str, colour_bar: bool = False) -> go.Heatmap:
    return go.Heatmap(
        z=image,
        colorscale="hot",
        zmin=0,
        zmax=highest,
        showscale=colour_bar,
        colorbar={"title": "brightness", "thickness": 12},
        hovertemplate=f"{hover}<extra></extra>",
    )


def _square(figure: go.Figure) -> None:
    """Square pixels, the first row on top."""
    figure.update_xaxes(constrain="domain", showgrid=False)
    figure.update_yaxes(autorange="reversed", scaleanchor="x", constrain="domain", showgrid=False)
