"""Ten bars as HTML text: they are made anew with every stroke of a pen, while somebody waits.

A figure of Plotly's costs the server 9 ms and the browser a tenth of a second; this text next to
nothing. It fills the width that there is, in the colour of the text around it.
"""

from collections.abc import Sequence
from html import escape

import numpy as np

from digitlab.datasets import class_noun_of
from digitlab.evaluation import sureness_in_words
from digitlab.plots.look import CLASS_COLOURS, DIGITS

ROW = 22
"""Height of a bar with its gap, in pixels."""

WORDS = "5.5em"
"""Room for 'over 99 %' behind the longest bar."""

TICKS = (0, 25, 50, 75, 100)
AXIS = f"flex:1;margin-right:{WORDS}"


def probability_bars(
    probabilities: np.ndarray, class_names: Sequence[str] = DIGITS, truth: int | None = None
) -> str:
    """How sure the network is of each class: one `<div>` element, of the same height for any.

    Args:
        probabilities: float (classes,), 0–1.
        truth: the true class, marked in words.
    """
    noun = class_noun_of(class_names)
    title = f"How sure it is of each {noun}"
    names = [f"{name} (true)" if i == truth else name for i, name in enumerate(class_names)]
    words = [sureness_in_words(float(p)) for p in probabilities]
    room = f"{max(map(len, [noun, *names]))}ch"
    rows = "".join(
        _row(name, room, _bar(float(p), CLASS_COLOURS[i % 10], said), f"{said} sure of {name}")
        for i, (name, p, said) in enumerate(zip(names, probabilities, words, strict=True))
    )
    in_words = ", ".join(f"{name}: {said}" for name, said in zip(names, words, strict=True))
    return (
        f'<div role="img" aria-label="{escape(title)}. {escape(in_words)}" '
        f'style="font-size:12px;line-height:{ROW}px;font-variant-numeric:tabular-nums">'
        '<div style="font-size:15px;font-weight:600;margin-bottom:8px">'
        f"{escape(title)}</div>{rows}{_row('', room, _ticks())}"
        f"{_row(noun, room, _axis('probability (%)'))}</div>"
    )


def _row(name: str, room: str, right: str, hover: str = "") -> str:
    """What is named, right-aligned in a column of its own, and what stands beside it."""
    return (
        f'<div style="display:flex;gap:8px" title="{escape(hover)}">'
        f'<span style="flex:none;width:{room};text-align:right">{escape(name)}</span>{right}</div>'
    )


def _bar(probability: float, colour: str, words: str) -> str:
    """A bar and its words behind it. Bars of 100 % leave just room for these."""
    return (
        '<span style="flex:1;display:flex;gap:6px;white-space:nowrap">'
        f'<span style="flex:none;width:calc({probability:.4f} * (100% - {WORDS}));'
        f'margin:2px 0;background:{colour}"></span>{words}</span>'
    )


def _ticks() -> str:
    """What is counted below the bars, each number centred on its place."""
    numbers = "".join(
        f'<span style="width:0;display:flex;justify-content:center">{tick}</span>' for tick in TICKS
    )
    return f'<span style="{AXIS};display:flex;justify-content:space-between">{numbers}</span>'


def _axis(words: str) -> str:
    return f'<span style="{AXIS};text-align:center">{words}</span>'
