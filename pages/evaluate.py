"""What a network gets wrong, how sure it was, and how it learned."""

import json

import pandas as pd
import streamlit as st

from digitlab.plots import CONFIG, learning_curve, two_axis_curves
from digitlab.presets import author_in_words, author_of, is_unchanged
from digitlab.recognisers import ModelCard, model_card
from pages.ui.answers import Answers, pick_dataset, read_digits
from pages.ui.cache import store
from pages.ui.frame import page, page_of
from pages.ui.hints import hints_of, in_words
from pages.ui.mistakes import show_grid, show_mistakes
from pages.ui.recogniser_picker import pick_recogniser

PER_CENT = st.column_config.NumberColumn(format="%.2f %%")


def headline(card: ModelCard, answers: Answers) -> None:
    """The numbers in words, what they are of, and the author's beside them."""
    st.subheader(answers.evaluation.in_words, anchor=False)
    words = f"{card.name} on the {len(answers.rows):,} test digits of {answers.digits.name}."
    author = author_of(card.config, card.preset)
    if author and author.test_accuracy and answers.digits.name == card.config.dataset:
        words += f" The author of {card.preset} reports {100 * author.test_accuracy:.2f} %"
        words += f", loss {author.test_loss:.3f}" if author.test_loss else ""
        unchanged = is_unchanged(card.config, card.preset)
        words += "." if unchanged else "; this run changed that preset."
    st.caption(words)


def curves(card: ModelCard) -> None:
    """Loss and accuracy side by side, then on one chart with two axes."""
    if not card.epochs:
        st.info("No epochs are recorded for this network.")
        return
    for hint in hints_of(card.config, card.epochs):
        st.markdown(in_words(hint))
    author = author_of(card.config, card.preset)
    published = author.curves() if author else None
    for column, metric in zip(st.columns(2), ("loss", "accuracy"), strict=True):
        figure = learning_curve(metric, card.epochs, author=published)
        column.plotly_chart(
            figure, config=CONFIG, key=f"evaluate_{metric}", alt=f"{metric} by epoch"
        )
    figure = two_axis_curves(card.epochs, published)
    st.plotly_chart(figure, config=CONFIG, key="evaluate_axes", alt="Training loss and accuracy")
    if words := author_in_words(card.config, card.preset):
        st.caption(words)


def classes(answers: Answers) -> None:
    """Precision, recall, F1 and support of every digit, and all the numbers to take away."""
    rows = answers.evaluation.to_dictionary()["per_class"]
    table = pd.DataFrame(rows).rename(columns={"label": "digit", "f1": "F1"})
    ratios = ["precision", "recall", "F1"]
    st.dataframe(
        table.assign(**{name: 100 * table[name] for name in ratios}),
        hide_index=True,
        column_config=dict.fromkeys(ratios, PER_CENT),
        alt="Precision, recall, F1 and number of digits of every class",
    )
    st.caption(
        "Precision: of those read as this digit, how many are. Recall: of those that are this "
        "digit, how many were read as it. F1: their harmonic mean."
    )
    metrics = json.dumps(answers.evaluation.to_dictionary(), indent=1)
    with st.container(horizontal=True):
        st.download_button(
            "All numbers (JSON)", metrics, f"{answers.file_stem}.json", key="evaluate_json"
        )
        st.download_button(
            "This table (CSV)",
            table.to_csv(index=False),
            f"{answers.file_stem}.csv",
            key="evaluate_csv",
        )


with page("Evaluate", "What a network gets wrong, how sure it was, and how it learned."):
    left, right = st.columns(2, gap="large")
    with left:
        card = model_card(store(), pick_recogniser("evaluate_run"))
    with right:
        answers = read_digits(card, pick_dataset(card, "evaluate_dataset"))
    if not any(run.has_model for run in store().runs()):
        st.page_link(
            page_of("train"),
            label="No runs of yours yet. Train one in about 30 seconds",
            icon=":material/model_training:",
            query_params={"train_preset": "first-steps"},
        )
    headline(card, answers)
    VIEWS = {
        "Mistakes": lambda: show_mistakes(answers),
        "25 digits": lambda: show_grid(answers),
        "Learning curves": lambda: curves(card),
        "Each class": lambda: classes(answers),
    }
    for tab, show in zip(
        st.tabs(list(VIEWS), key="evaluate_view", bind="query-params"), VIEWS.values(), strict=True
    ):
        if tab.open:
            with tab:
                show()
