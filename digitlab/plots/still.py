"""Curves as SVG text, for a page that must stand alone: plotly's own script weighs 4.8 MB."""

from collections.abc import Sequence
from html import escape
from math import ceil, floor, log10

from digitlab.plots.curves import Series

WIDTH, HEIGHT = 460, 280
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 12, 44
DASHES = {"solid": "", "dash": "6 4", "dot": "2 3"}


def still_curves(lines: Sequence[Series], x_title: str, y_title: str) -> str:
    """A chart with the lines' points joined, its axes named; one `<svg>` element.

    A legend is the caller's: see `DASHES` and each line's colour.

    Args:
        lines: at least one, each with points.
    """
    across = _Scale(0, max(x for line in lines for x in line.x), LEFT, WIDTH - RIGHT)
    values = [y for line in lines for y in line.y]
    room = 0.08 * (max(values) - min(values)) or 0.01
    up = _Scale(max(0, min(values) - room), max(values) + room, HEIGHT - BOTTOM, TOP)
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(y_title)} by epoch">',
        *(_across(across, x) for x in whole_ticks(across.high)),
        *(_up(up, y) for y in ticks(up.low, up.high)),
        *(_line(line, across, up) for line in lines),
        f'<text x="{(LEFT + WIDTH) / 2}" y="{HEIGHT - 6}" text-anchor="middle">'
        f"{escape(x_title)}</text>",
        f'<text transform="translate(12 {HEIGHT / 2 - BOTTOM / 2}) rotate(-90)" '
        f'text-anchor="middle">{escape(y_title)}</text>',
        "</svg>",
    ]
    return "".join(parts)


def ticks(low: float, high: float) -> list[float]:
    """Three to eight round numbers between two bounds."""
    span = high - low
    step = 10 ** floor(log10(span / 3))
    step *= next((factor for factor in (5, 2) if span / (step * factor) >= 3), 1)
    return [round(n * step, 12) for n in range(ceil(low / step), floor(high / step) + 1)]


def whole_ticks(last: float) -> list[int]:
    """Whole epochs from 0, a dozen or so at most."""
    return list(range(0, ceil(last) + 1, ceil(max(last, 1) / 12)))


class _Scale:
    """From values to pixels."""

    def __init__(self, low: float, high: float, start: float, stop: float) -> None:
        self.low, self.high = low, high
        self._start, self._stop = start, stop

    def at(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return round(self._start + share * (self._stop - self._start), 1)


def _across(scale: _Scale, x: float) -> str:
    at = scale.at(x)
    return f'<text x="{at}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{x:g}</text>'


def _up(scale: _Scale, y: float) -> str:
    at = scale.at(y)
    return (
        f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at}" y2="{at}" stroke="#ddd"/>'
        f'<text x="{LEFT - 6}" y="{at + 4}" text-anchor="end">{y:g}</text>'
    )


def _line(line: Series, across: _Scale, up: _Scale) -> str:
    points = [(across.at(x), up.at(y)) for x, y in zip(line.x, line.y, strict=True)]
    joined = " ".join(f"{x},{y}" for x, y in points)
    return (
        f'<polyline points="{joined}" fill="none" stroke="{line.colour}" stroke-width="2" '
        f'stroke-dasharray="{DASHES[line.dash]}"/>'
        + "".join(f'<circle cx="{x}" cy="{y}" r="3" fill="{line.colour}"/>' for x, y in points)
    )
