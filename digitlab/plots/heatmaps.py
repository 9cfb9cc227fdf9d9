"""Figures of pictures: a digit, the mean of many, where they differ, which pixels they use."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from digitlab.datasets import class_noun_of
from digitlab.pixels import deviations, uses
from digitlab.plots.look import CLEAR, DIGITS, FRAME, finish

DIVERGING = [[0, "#1f6fb5"], [0.5, "#fcfaf6"], [1, "#c2410c"]]
"""Blue where the first is less, orange where it is more; paper between."""

NEVER = "#3b4a63"
"""A pixel that no digit uses; 'hot' begins with black."""


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


def mean_digits(
    images: np.ndarray, labels: np.ndarray, class_names: Sequence[str] = DIGITS
) -> go.Figure:
    """The mean picture of every class, 2 × 5, in the scale 'hot'."""
    means = mean_digits_info(images, labels)
    title = f"Where the ink of each {class_noun_of(class_names)} lies on average (0–255)"
    return _ten(means, 255, title, "mean", class_names)


def spread_digits(
    images: np.ndarray, labels: np.ndarray, class_names: Sequence[str] = DIGITS
) -> go.Figure:
    """The standard deviation of every pixel within every class, 2 × 5, in the scale 'hot'."""
    spread = deviations(images, labels)
    highest = float(np.nanmax(spread, initial=1))
    title = "Where each digit is written differently (standard deviation)"
    if class_noun_of(class_names) == "class":
        title = "Where each class differs within itself (standard deviation)"
    return _ten(spread, highest, title, "deviation of", class_names)


def class_difference_info(
    images: np.ndarray, labels: np.ndarray, first: int, second: int
) -> np.ndarray:
    """The mean picture of one class less that of another: float (28, 28), −255 to 255.

    All 0 where one of them has no digits.
    """
    means = mean_digits_info(images, labels)
    return np.nan_to_num(means[first] - means[second])


def class_difference(
    images: np.ndarray,
    labels: np.ndarray,
    first: int,
    second: int,
    class_names: Sequence[str] = DIGITS,
) -> go.Figure:
    """What tells two classes apart: orange where the first has more ink, blue the second.

    Each pixel is a point that can be selected: customdata (row, column).
    """
    difference = class_difference_info(images, labels, first, second)
    highest = max(float(np.abs(difference).max()), 1)
    one, other = class_names[first], class_names[second]
    figure = go.Figure(
        go.Heatmap(
            z=difference,
            colorscale=DIVERGING,
            zmin=-highest,
            zmax=highest,
            colorbar={"title": "brighter", "thickness": 12},
            hoverinfo="skip",
        )
    )
    words = [f"{value:+.0f} from {other} to {one}" for value in difference.ravel()]
    figure.add_trace(_pixel_points(words, difference.shape))
    title = f"Where {one} has more ink (orange) and where {other} (blue)"
    finish(figure, title, "column (pixels)", "row (pixels)", 420)
    _square(figure)
    _whole(figure, *difference.shape)
    return figure


def used_pixels(images: np.ndarray, noun: str = "digit") -> go.Figure:
    """Which pixels have ink in how many digits, logarithmic; those of none in a colour apart.

    Each pixel is a point that can be selected: customdata (row, column).
    """
    counts = uses(images)
    never = int((counts == 0).sum())
    powers = np.where(counts > 0, np.log10(np.maximum(counts, 1)), np.nan)
    ticks = range(int(np.nanmax(powers, initial=0)) + 1)
    figure = go.Figure(
        go.Heatmap(
            z=powers,
            colorscale="hot",
            zmin=-0.5,
            colorbar={
                "title": f"{noun}s",
                "thickness": 12,
                "tickvals": list(ticks),
                "ticktext": [f"{10**tick:,}" for tick in ticks],
            },
            hoverinfo="skip",
        )
    )
    words = [f"ink in {count:,} of {len(images):,} {noun}s" for count in counts.ravel()]
    figure.add_trace(_pixel_points(words, counts.shape))
    title = f"{never} of {counts.size} pixels are never used"
    finish(figure, title, "column (pixels)", "row (pixels)", 420)
    _square(figure)
    _whole(figure, *counts.shape)
    figure.update_layout(plot_bgcolor=NEVER)
    return figure


def _whole(figure: go.Figure, height: int, width: int) -> None:
    """The axes end with the pixels, whatever points lie over them; a click selects."""
    figure.update_xaxes(range=[-0.5, width - 0.5])
    figure.update_yaxes(range=[height - 0.5, -0.5])
    figure.update_layout(clickmode="event+select", dragmode=False, showlegend=False)


def _pixel_points(words: Sequence[str], shape: tuple[int, ...]) -> go.Scatter:
    """Invisible points over the pixels: a heatmap's own cells cannot be selected."""
    rows, columns = (indices.ravel() for indices in np.indices(shape))
    return go.Scatter(
        x=columns,
        y=rows,
        mode="markers",
        marker={"symbol": "square", "size": 11, "color": CLEAR, "line": {"width": 0}},
        selected={"marker": {"color": "rgba(63,144,218,0.9)"}},
        unselected={"marker": {"opacity": 0}},
        customdata=np.stack([rows, columns], axis=1).tolist(),  # an array would come back as text
        text=words,
        hovertemplate="row %{y}, column %{x}: %{text}<extra></extra>",
    )


def _ten(
    pictures: np.ndarray, highest: float, title: str, what: str, class_names: Sequence[str]
) -> go.Figure:
    """A picture for every class, 2 × 5: float (10, 28, 28).

    Each picture is a point that can be selected: customdata is its label.
    """
    figure = make_subplots(
        2, 5, horizontal_spacing=0.02, vertical_spacing=0.1, subplot_titles=class_names
    )
    for label, picture in enumerate(pictures):
        row, column = divmod(label, 5)
        figure.add_trace(_hot(picture, highest, None), row + 1, column + 1)
        words = f"{what} {class_names[label]}"
        figure.add_trace(_picture_point(label, picture.shape, words), row + 1, column + 1)
    finish(figure, title, None, None, 380)
    figure.update_layout(margin_t=80)
    if max(map(len, class_names)) > 1:
        figure.update_annotations(font_size=11)  # so that names fit over pictures on a telephone
    figure.update_xaxes(visible=False, constrain="domain")
    figure.update_yaxes(visible=False, constrain="domain")
    _whole(figure, *pictures.shape[1:])
    for number, axis in enumerate(figure.select_yaxes(), 1):
        axis.scaleanchor = f"x{number}"
    return figure


def framed(figure: go.Figure, label: int) -> go.Figure:
    """A figure of ten pictures with a frame round the one of a class; the given one stays."""
    axis = label + 1 if label else ""
    return go.Figure(figure).add_shape(
        type="rect",
        xref=f"x{axis} domain",
        yref=f"y{axis} domain",
        x0=0,
        x1=1,
        y0=0,
        y1=1,
        line={"color": FRAME, "width": 3},
    )


def framed_pixel(figure: go.Figure, row: int, column: int) -> go.Figure:
    """A figure of pixels with a frame round one of them; the given one stays."""
    return go.Figure(figure).add_shape(
        type="rect",
        x0=column - 0.5,
        x1=column + 0.5,
        y0=row - 0.5,
        y1=row + 0.5,
        line={"color": FRAME, "width": 3},
    )


def _picture_point(label: int, shape: tuple[int, ...], words: str) -> go.Scatter:
    """One invisible point as large as a picture; where it is larger, the nearest one counts."""
    height, width = shape
    return go.Scatter(
        x=[(width - 1) / 2],
        y=[(height - 1) / 2],
        mode="markers",
        marker={"symbol": "square", "size": 90, "color": CLEAR, "line": {"width": 0}},
        selected={"marker": {"opacity": 0}},
        unselected={"marker": {"opacity": 0}},
        customdata=[label],
        hovertemplate=f"{words}<extra></extra>",
    )


def _hot(
    image: np.ndarray, highest: float, hover: str | None, colour_bar: bool = False
) -> go.Heatmap:
    """Without `hover`, what lies over it speaks."""
    return go.Heatmap(
        z=image,
        colorscale="hot",
        zmin=0,
        zmax=highest,
        showscale=colour_bar,
        colorbar={"title": "brightness", "thickness": 12},
        hoverinfo="skip" if hover is None else None,
        hovertemplate=None if hover is None else f"{hover}<extra></extra>",
    )


def _square(figure: go.Figure) -> None:
    """Square pixels, the first row on top."""
    figure.update_xaxes(constrain="domain", showgrid=False)
    figure.update_yaxes(autorange="reversed", scaleanchor="x", constrain="domain", showgrid=False)
