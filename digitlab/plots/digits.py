"""Figures that count: the digits of each class, the values of pixels."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from digitlab.datasets import class_noun_of, noun_of
from digitlab.plots.look import DIGITS, FADED, TEST, TRAINING, VALIDATION, finish


def class_counts(
    labels_by_part: Mapping[str, np.ndarray],
    class_names: Sequence[str] = DIGITS,
    chosen: int | None = None,
    among: str | None = None,
) -> go.Figure:
    """How many digits each class has in each part, such as 'training' and 'test'.

    Each bar is a point that can be selected: customdata (part, label, share in per cent). What a
    gallery shows stands out: the class `chosen`, in the part `among` or in all.
    """
    noun = noun_of(class_names)
    looks = {"training": (TRAINING, ""), "validation": (VALIDATION, "/"), "test": (TEST, "x")}
    figure = go.Figure()
    for part, labels in labels_by_part.items():
        counts = np.bincount(labels, minlength=10)
        colour, pattern = looks.get(part, (None, "."))
        figure.add_bar(
            name=part,
            x=list(range(len(counts))),
            y=counts,
            marker={
                "color": colour,
                "pattern": {"shape": pattern, "fillmode": "overlay"},
                "opacity": [
                    1 if chosen in (None, label) and among in (None, part) else FADED
                    for label in range(len(counts))
                ],
            },
            customdata=[
                [part, label, 100 * int(count) / max(len(labels), 1)]
                for label, count in enumerate(counts)
            ],
            hovertext=class_names,
            hovertemplate=f"%{{y:,}} of the {part} {noun}s: %{{hovertext}} "
            "(%{customdata[2]:.1f} %)<extra></extra>",
        )
    axis = class_noun_of(class_names)
    finish(figure, f"Is every {axis} there about as often?", axis, "number of pictures", 340)
    figure.update_layout(barmode="group", showlegend=True, clickmode="event+select", dragmode=False)
    turned = -35 if max(map(len, class_names)) > 1 else 0  # so that the last one is not cut off
    figure.update_xaxes(
        tickvals=list(range(len(class_names))), ticktext=class_names, tickangle=turned
    )
    return figure


def ranges_info(values: np.ndarray, width: int) -> dict[tuple[int, int], int]:
    """How many values lie in each range of this width, from 0 to the last that holds any.

    Both ends belong to a range, as they do to a slider's: a value on the border counts in two.
    """
    last = int(values.max(initial=0)) // width
    ranges = [(start * width, (start + 1) * width) for start in range(last + 1)]
    return {
        (low, high): int(np.count_nonzero((values >= low) & (values <= high)))
        for low, high in ranges
    }


def range_bars(
    values: np.ndarray, width: int, chosen: tuple[int, int], title: str, unit: str
) -> go.Figure:
    """How many values lie in each range of this width; those within `chosen` stand out.

    Each bar is a point that can be selected: customdata (low, high).
    """
    counts = ranges_info(values, width)
    figure = go.Figure(
        go.Bar(
            x=[(low + high) / 2 for low, high in counts],
            y=list(counts.values()),
            marker={
                "color": TRAINING,
                "opacity": [
                    1 if chosen[0] <= low and high <= chosen[1] else FADED for low, high in counts
                ],
            },
            customdata=[list(ends) for ends in counts],
            hovertemplate=f"%{{y:,}} with %{{customdata[0]}}–%{{customdata[1]}}{unit}"
            "<extra></extra>",
        )
    )
    finish(figure, title, None, None, 150)
    figure.update_layout(
        bargap=0.05, margin={"t": 32, "b": 4}, clickmode="event+select", dragmode=False
    )
    figure.update_yaxes(visible=False)
    return figure


BRIGHTNESS_STEP = 8
"""Width of a bar of pixels before normalisation: 32 of them."""


def histogram_info(
    values: np.ndarray, bins: int = 32, span: tuple[float, float] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Middles of the bins and the fraction of the values in each; floats (bins,).

    Args:
        span: where the first begins and the last ends; those of the values if None.
    """
    counts, edges = np.histogram(values, bins=bins, range=span)
    return (edges[:-1] + edges[1:]) / 2, counts / max(counts.sum(), 1)


def pixel_histogram(
    before: np.ndarray, after: np.ndarray, how: str, chosen: tuple[int, int] | None = None
) -> go.Figure:
    """How bright pixels are before and after a normalisation, side by side.

    Each bar before it is a point that can be selected: customdata (lowest, highest value), which
    is empty for those after it. The one that is `chosen` stands out.

    Args:
        before: uint8, any shape.
        after: float, any shape.
        how: the normalisation, in a word.
    """
    figure = make_subplots(1, 2, subplot_titles=["before", f"after: {how}"])
    ranges = [(low, low + BRIGHTNESS_STEP - 1) for low in range(0, 256, BRIGHTNESS_STEP)]
    _, shares = histogram_info(before, len(ranges), (0, 256))
    figure.add_bar(
        x=[(low + high) / 2 for low, high in ranges],
        y=100 * shares,
        marker={
            "color": TEST,
            "opacity": [1 if chosen in (None, ends) else FADED for ends in ranges],
        },
        customdata=[list(ends) for ends in ranges],
        hovertemplate="%{y:.2f} % of the pixels are %{customdata[0]}–%{customdata[1]}: before"
        "<extra></extra>",
        row=1,
        col=1,
    )
    middles, shares = histogram_info(after)
    figure.add_bar(
        x=middles,
        y=100 * shares,
        marker_color=TRAINING,
        unselected={"marker": {"opacity": 1}},
        customdata=[[]] * len(middles),
        hovertemplate=f"%{{y:.2f}} % of the pixels are near %{{x:.3g}}: {how}<extra></extra>",
        row=1,
        col=2,
    )
    finish(figure, "Most pixels are black, before and after", "pixel value", None, 340)
    figure.update_yaxes(type="log", dtick=1, ticksuffix=" %")
    figure.update_yaxes(title_text="pixels (%, logarithmic)", col=1)
    figure.update_layout(
        bargap=0.02, margin_t=80, showlegend=False, clickmode="event+select", dragmode=False
    )
    return figure
