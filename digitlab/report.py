"""What a network did, to take along: its mistakes as pictures, and a report that needs no network.

The report is one HTML file without a script. Its curves are SVG and its digits PNGs within the
page: about 0.2 MB, where plotly's script alone would weigh 4.8 MB, and it prints.
"""

import base64
import io
import platform
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
from PIL import Image

import digitlab
from digitlab.comparison import configuration_rows
from digitlab.datasets import Dataset
from digitlab.evaluation import Evaluation, sureness_in_words
from digitlab.network import plan
from digitlab.plots.curves import curves_info
from digitlab.plots.still import still_curves
from digitlab.recognisers import ModelCard

MOST_PICTURES = 300
"""Mistakes shown in a report; a network that guesses makes thousands."""

CLASS_COLUMNS = ("class", "precision", "recall", "F1", "how many")

PACKAGES = ("tensorflow", "keras", "ai-edge-litert", "numpy")

STYLE = (Path(__file__).parent / "report.css").read_text(encoding="utf-8")

EPOCH_OF_ZIP = (1980, 1, 1, 0, 0, 0)
"""The earliest date a zip can name: equal mistakes make equal files."""


@dataclass(frozen=True, eq=False)
class Mistake:
    """A digit that was read wrongly. `image`: uint8 (28, 28), ink bright.

    `name`: which digit it is, such as 'test digit 247'. `probability`: of what it was read as.
    """

    image: np.ndarray
    label: int
    read: int
    probability: float
    name: str


@dataclass(frozen=True)
class Titles:
    """What the datasets of a report are called by whoever takes it along."""

    learned_from: str
    tested_on: str


def mistakes_zip(mistakes: Sequence[Mistake]) -> bytes:
    """The mistakes as PNGs, `4/read-as-9_test-digit-247.png`: a dataset that DigitLab reads."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for mistake in mistakes:
            name = re.sub(r"\W+", "-", mistake.name)
            path = f"{mistake.label}/read-as-{mistake.read}_{name}.png"
            archive.writestr(zipfile.ZipInfo(path, EPOCH_OF_ZIP), _png(mistake.image))
    return buffer.getvalue()


def report(
    card: ModelCard,
    dataset: Dataset,
    evaluation: Evaluation,
    mistakes: Sequence[Mistake],
    titles: Titles,
    made_at: datetime,
) -> str:
    """A whole HTML page: figures, curves, confusion matrix, classes, mistakes, configuration.

    Args:
        card: the network that was tested.
        dataset: what it was tested on.
        evaluation: how it did.
        mistakes: what it read wrongly, those first that are to be shown first.
        titles: what the datasets are called.
        made_at: when, in UTC.
    """
    title = f"{card.name} on {titles.tested_on}"
    body = "".join(
        [
            f"<h1>{escape(title)}</h1>",
            f"<p>{_origin(card, titles.learned_from)} "
            f"Reported on {made_at:%d %B %Y, %H:%M} UTC.</p>",
            f'<p class="headline">{escape(evaluation.in_words)}</p>',
            "<p>In brackets: the 95 % interval of the accuracy (Wilson, 1927).</p>",
            _section("How it learned", _curves(card)),
            _section("What was read as what", _matrix(evaluation, dataset.class_names)),
            _section("Each class", _classes(evaluation, dataset.class_names)),
            _section("Mistakes", _gallery(mistakes, dataset)),
            _section("Configuration", _configuration(card, titles.learned_from)),
            _section("Made with", _facts(_versions())),
        ]
    )
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>"
        f"<body>{body}</body></html>\n"
    )


def _origin(card: ModelCard, learned_from: str) -> str:
    recipe = f"preset {card.preset}" if card.preset else "no preset"
    count = plan(card.config).parameters
    words = f"{card.name} was trained on {learned_from} ({recipe}) and has {count:,} parameters."
    if card.parent_id:
        words += f" It went on from epoch {card.parent_epoch} of {card.parent_id}."
    return escape(words)


def _section(title: str, content: str) -> str:
    return f"<section><h2>{title}</h2>{content}</section>"


def _curves(card: ModelCard) -> str:
    if not card.epochs:
        return "<p>No epochs are recorded for this network.</p>"
    metrics = ("loss", "accuracy")
    drawn = (still_curves(metric, curves_info(metric, card.epochs)) for metric in metrics)
    return f'<div class="curves">{"".join(drawn)}</div>'


def _matrix(evaluation: Evaluation, names: Sequence[str]) -> str:
    classes = range(len(evaluation.confusion))
    most = max((evaluation.confusion[i][j] for i in classes for j in classes if i != j), default=0)
    rows = []
    for true in classes:
        cells = "".join(
            _cell(count, count / max(most, 1) if true != read else None)
            for read, count in enumerate(evaluation.confusion[true])
        )
        rows.append(f'<tr><th scope="row">is {escape(names[true])}</th>{cells}</tr>')
    head = "".join(f'<th scope="col">{escape(names[read])}</th>' for read in classes)
    return (
        '<table class="matrix"><caption>Columns: what it was read as. Shaded: mistakes.</caption>'
        f"<tr><td></td>{head}</tr>{''.join(rows)}</table>"
    )


def _cell(count: int, share: float | None) -> str:
    """A count; a mistake the darker the more frequent, what is right in bold."""
    if share is None:
        return f"<td><b>{count:,}</b></td>"
    if not count:
        return "<td></td>"
    return f'<td style="background:rgba(63,144,218,{0.15 + 0.6 * share:.2f})">{count:,}</td>'


def _classes(evaluation: Evaluation, names: Sequence[str]) -> str:
    head = "".join(f'<th scope="col">{name}</th>' for name in CLASS_COLUMNS)
    rows = "".join(
        f'<tr><th scope="row">{escape(names[c.label])}</th><td>{_percent(c.precision)}</td>'
        f"<td>{_percent(c.recall)}</td><td>{_percent(c.f1)}</td><td>{c.support:,}</td></tr>"
        for c in evaluation.per_class
    )
    return f"<table><tr>{head}</tr>{rows}</table>"


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"


def _gallery(mistakes: Sequence[Mistake], dataset: Dataset) -> str:
    if not mistakes:
        return "<p>None.</p>"
    shown = mistakes[:MOST_PICTURES]
    words = f"{len(mistakes):,} {dataset.noun}s were read wrongly"
    words += f"; these are the first {len(shown)}." if len(shown) < len(mistakes) else "."
    figures = "".join(_figure(mistake, dataset.class_names) for mistake in shown)
    return f'<p>{words}</p><div class="gallery">{figures}</div>'


def _figure(mistake: Mistake, names: Sequence[str]) -> str:
    address = f"data:image/png;base64,{base64.b64encode(_png(mistake.image)).decode('ascii')}"
    true, read = escape(names[mistake.label]), escape(names[mistake.read])
    name, sure = escape(mistake.name), sureness_in_words(mistake.probability)
    return (
        f'<figure><img src="{address}" alt="{name}, is {true}, read as {read}">'
        f"<figcaption>{true} → {read}, {sure}<br>{name}</figcaption></figure>"
    )


def _configuration(card: ModelCard, learned_from: str) -> str:
    config = card.config.replace(dataset=learned_from)
    return _facts((row.name, row.values[0]) for row in configuration_rows([config]))


def _versions() -> Iterator[tuple[str, str]]:
    yield "digitlab", digitlab.__version__
    yield "python", platform.python_version()
    for package in PACKAGES:
        try:
            yield package, version(package)
        except PackageNotFoundError:  # a server without TensorFlow can still evaluate
            yield package, "not installed"


def _facts(facts: Iterator[tuple[str, str]]) -> str:
    rows = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts
    )
    return f"<dl>{rows}</dl>"


def _png(image: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()
