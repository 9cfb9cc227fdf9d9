"""Everything that one network did on one dataset, as files. Nothing is made before it is asked."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime

import streamlit as st

from digitlab.evaluation import misclassified
from digitlab.recognisers import ModelCard
from digitlab.report import Mistake, Titles, mistakes_zip, report
from pages.ui.answers import Answers
from pages.ui.dataset_picker import title_of


def show_take_along(card: ModelCard, answers: Answers) -> None:
    """A button and a sentence for each file."""
    wrong = answers.evaluation.wrong
    kind = answers.digits.class_noun

    def make_report() -> bytes:
        found, now = mistakes_of(answers), datetime.now(UTC)
        titles = Titles(title_of(card.config.dataset), title_of(answers.digits.name))
        return report(card, answers.digits, answers.evaluation, found, titles, now).encode()

    _offer(
        "Report (HTML)",
        make_report,
        f"{answers.file_stem}.html",
        "text/html",
        "Figures, curves, confusion matrix, mistakes and configuration on one page that opens "
        "without a network and prints.",
    )
    _offer(
        "All numbers (JSON)",
        lambda: json.dumps(answers.evaluation.to_dictionary(), indent=1).encode(),
        f"{answers.file_stem}.json",
        "application/json",
        "Accuracy, loss, every class and the confusion matrix.",
    )
    _offer(
        "Each class (CSV)",
        lambda: class_table(answers).encode(),
        f"{answers.file_stem}.csv",
        "text/csv",
        "Precision, recall, F1 and number of digits of every class.",
    )
    if wrong:
        _offer(
            "Mistakes (ZIP)",
            lambda: mistakes_zip(mistakes_of(answers)),
            f"{answers.file_stem}-mistakes.zip",
            "application/zip",
            f"{wrong:,} pictures, in a folder for each true {kind}. DigitLab reads it as a "
            "dataset.",
        )


def _offer(label: str, make: Callable[[], bytes], file_name: str, kind: str, sentence: str) -> None:
    with st.container(gap="xsmall"):
        st.download_button(
            label,
            make,
            file_name,
            kind,
            key=f"evaluate_{file_name.rpartition('.')[2]}",
            icon=":material/download:",
            on_click="ignore",
        )
        st.caption(sentence)


def mistakes_of(answers: Answers) -> list[Mistake]:
    """What was read wrongly, the surest first."""
    wrong = misclassified(answers.labels, answers.probabilities)
    return [
        Mistake(
            image,
            int(answers.labels[position]),
            int(answers.read[position]),
            float(answers.probabilities[position].max()),
            answers.name(position),
        )
        for image, position in zip(answers.images(wrong), wrong, strict=True)
    ]


def class_table(answers: Answers) -> str:
    """The metrics of every class as CSV, fractions as they are."""
    rows = [asdict(metrics) for metrics in answers.evaluation.per_class]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
