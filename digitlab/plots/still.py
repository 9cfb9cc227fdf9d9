"""Curves as HTML text: for a page that must stand alone, and while a training is watched.

Plotly's own script weighs 4.8 MB, and Streamlit makes a Plotly chart anew for every point that
comes, which takes a browser a tenth of a second. This text fills the width that there is, in the
colour of the text around it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

from digitlab.plots.curves import (
    HEIGHTS,
    TITLES,
    Series,
    epoch_step,
    last_epoch,
    spans_decades,
    value_range,
)

LEFT, RIGHT, BOTTOM = 64, 12, 44
"""Pixels: the room beside and below the axes."""

MOST_MARKED = 60
"""A line of more points has no marks, which would cover it."""

STROKES = {"solid": ("solid", ""), "dash": ("dashed", "6 4"), "dot": ("dotted", "2 3")}
"""How CSS calls a dash, for the legend, and its lengths in SVG."""

SHAPES = {
    "circle": "M-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0z",
    "diamond": "M0-4.5L4.5 0L0 4.5L-4.5 0z",
}


@dataclass(frozen=True)
class _Frame:
    """Between the axes: epochs from 0 to `last`, values from `low` to `high`; in per cent.

    With `decades` these two are powers of ten, and so are the steps between them.
    """

    last: int
    low: float
    high: float
    decades: bool = False

    def across(self, epoch: float) -> float:
        return round(100 * epoch / self.last, 2)

    def down(self, value: float) -> float:
        at = log10(value) if self.decades else value
        return round(100 * (self.high - at) / (self.high - self.low), 2)


def still_curves(metric: str, lines: Sequence[Series], planned: int | None = None) -> str:
    """Loss or accuracy by epoch, as `plots.learning_curve`: one `<figure>` element.

    Args:
        metric: 'loss' or 'accuracy'.
        lines: see `curves_info`.
        planned: the epochs that the training is to have; None ends the axis at the last point.
    """
    frame = _Frame(planned or last_epoch(lines), *value_range(metric, lines))
    marks = {value: f"{value:g}" for value in ticks(frame.low, frame.high)}
    return _figure(metric, *TITLES[metric], lines, frame, marks)


def still_rate(line: Series, planned: int | None = None) -> str:
    """The learning rate, as `plots.learning_rate_curve`: one `<figure>` element.

    Args:
        line: see `learning_rate_info`.
        planned: as for `still_curves`.
    """
    last = planned or last_epoch([line])
    if spans_decades(line):
        low, high = floor(log10(min(line.y))), ceil(log10(max(line.y)))
        frame = _Frame(last, low, high, decades=True)
        marks = {10.0**power: f"{10.0**power:g}" for power in range(low, high + 1)}
    else:
        frame = _Frame(last, 0, 1.1 * max(line.y, default=0.001) or 1)
        marks = {value: f"{value:g}" for value in ticks(frame.low, frame.high)}
    return _figure("learning rate", *TITLES["learning rate"], [line], frame, marks)


def ticks(low: float, high: float) -> list[float]:
    """Three to eight round numbers between two bounds."""
    span = high - low
    step = 10 ** floor(log10(span / 3))
    step *= next((factor for factor in (5, 2) if span / (step * factor) >= 3), 1)
    return [round(n * step, 12) for n in range(ceil(low / step), floor(high / step) + 1)]


def whole_ticks(last: float) -> list[int]:
    """Whole epochs from 0, a dozen or so at most."""
    return list(range(0, ceil(last) + 1, epoch_step(last)))


def _figure(
    what: str,
    title: str,
    y_title: str,
    lines: Sequence[Series],
    frame: _Frame,
    y_ticks: Mapping[float, str],
) -> str:
    """A title, the axes with their lines, a legend. Text without an empty line, which would end a
    block of HTML in Markdown."""
    drawn = "".join(
        (
            *(_up(frame.down(value), words) for value, words in y_ticks.items()),
            *(_across(frame.across(epoch), epoch) for epoch in whole_ticks(frame.last)),
            _names(y_title),
            '<svg viewBox="0 0 1000 1000" width="100%" height="100%" preserveAspectRatio="none" '
            f'overflow="hidden">{"".join(_line(line, frame) for line in lines)}</svg>',
            *(_marks(line, frame, what) for line in lines if "markers" in line.mode),
        )
    )
    named = [line for line in lines if "markers" in line.mode and len(lines) > 1]
    return (
        f'<figure role="img" aria-label="{escape(what)} by epoch" style="margin:0;'
        f'height:{HEIGHTS[what]}px;display:flex;flex-direction:column">'
        '<figcaption style="font-size:15px;font-weight:600;padding:8px 0 0 4px">'
        f"{escape(title)}</figcaption>"
        '<svg fill="currentColor" style="flex:1;min-height:0;overflow:visible;font-size:12px;'
        f'width:calc(100% - {LEFT + RIGHT}px);margin:12px {RIGHT}px {BOTTOM}px {LEFT}px">'
        f'{drawn}</svg><div style="font-size:12px">{" ".join(map(_legend, named))}&nbsp;</div>'
        "</figure>"
    )


def _up(at: float, words: str) -> str:
    return (
        f'<line x2="100%" y1="{at}%" y2="{at}%" stroke="currentColor" stroke-opacity="0.15"/>'
        f'<text x="-8" y="{at}%" dy="0.35em" text-anchor="end">{words}</text>'
    )


def _across(at: float, epoch: int) -> str:
    return f'<text x="{at}%" y="100%" dy="1.5em" text-anchor="middle">{epoch}</text>'


def _names(y_title: str) -> str:
    return (
        '<text x="50%" y="100%" dy="3em" text-anchor="middle">epoch</text>'
        f'<svg y="50%" overflow="visible"><text transform="translate({8 - LEFT}) rotate(-90)" '
        f'text-anchor="middle">{escape(y_title)}</text></svg>'
    )


def _line(line: Series, frame: _Frame) -> str:
    """The joined points; thin within epochs. Its width does not stretch with the frame."""
    points = " ".join(
        f"{10 * frame.across(x):.0f},{10 * frame.down(y):.0f}"
        for x, y in zip(line.x, line.y, strict=True)
    )
    width, opacity = (2, 1) if "markers" in line.mode else (1, 0.6)
    return (
        f'<polyline points="{points}" fill="none" stroke="{line.colour}" stroke-width="{width}" '
        f'stroke-opacity="{opacity}" stroke-dasharray="{STROKES[line.dash][1]}" '
        'vector-effect="non-scaling-stroke"/>'
    )


def _marks(line: Series, frame: _Frame, what: str) -> str:
    """A mark at every epoch within the frame, which says its value to the mouse."""
    if len(line.x) > MOST_MARKED:
        return ""
    shape = line.symbol.removesuffix("-open")
    fill = line.colour if shape == line.symbol else "none"
    unit = " %" if what == "accuracy" else ""
    return "".join(
        f'<svg x="{frame.across(x)}%" y="{frame.down(y)}%" overflow="visible">'
        f'<path d="{SHAPES[shape]}" fill="{fill}" stroke="{line.colour}">'
        f"<title>epoch {x:g}: {what} {y:.4g}{unit} ({escape(line.name)})</title></path></svg>"
        for x, y in zip(line.x, line.y, strict=True)
        if x <= frame.last  # an author may have trained for longer
    )


def _legend(line: Series) -> str:
    style = f"border-top:3px {STROKES[line.dash][0]} {line.colour}"
    return (
        '<span style="white-space:nowrap;margin-right:1em"><span style="display:inline-block;'
        f'width:1.6rem;vertical-align:middle;{style}"></span> {escape(line.name)}</span>'
    )
