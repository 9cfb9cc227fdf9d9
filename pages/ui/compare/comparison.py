"""Several networks side by side: how they did, how they learned, how they were made."""

from collections.abc import Sequence

import streamlit as st

from digitlab.comparison import common_rows, configuration_rows
from digitlab.evaluation import accuracy_in_words
from digitlab.forks import counted_from
from digitlab.network import plan
from digitlab.plots import CONFIG, overlaid_curves
from digitlab.quantities import duration_in_words
from digitlab.recognisers import ModelCard
from digitlab.records import Epoch
from pages.ui import cache
from pages.ui.answers import Answers
from pages.ui.dataset_picker import title_of
from pages.ui.own_epochs import epochs_apart


def read_alike(cards: Sequence[ModelCard], dataset: str) -> list[Answers]:
    """Lets all networks read the digits that each of them may be tested on; cached.

    Raises:
        InputError: if there are none, or the dataset or a network cannot be had.
    """
    digits = cache.dataset(dataset)
    rows = common_rows(digits, [card.config for card in cards])
    return [
        Answers(card.name, digits, rows, cache.probabilities(card.name, digits, rows))
        for card in cards
    ]


def show_standings(cards: Sequence[ModelCard], answers: Sequence[Answers]) -> None:
    """One line a network: how it did on the same digits, and what it cost."""
    results = [answer.evaluation for answer in answers]
    own = [_own_epochs(card) for card in cards]
    st.dataframe(
        {
            "network": [card.name for card in cards],
            "accuracy (95 %)": [
                accuracy_in_words(r.accuracy, r.accuracy_low, r.accuracy_high) for r in results
            ],
            "wrong": [result.wrong for result in results],
            "loss": [result.loss for result in results],
            "learned from": [title_of(card.config.dataset) for card in cards],
            "preset": [card.preset for card in cards],
            "parameters": [plan(card.config).parameters for card in cards],
            "epochs": [len(epochs) for epochs in own],
            "training": [
                duration_in_words(sum(epoch.seconds for epoch in epochs)) for epochs in own
            ],
        },
        hide_index=True,
        height="content",
        column_config={
            "loss": st.column_config.NumberColumn(format="%.4f"),
            "parameters": st.column_config.NumberColumn(format="localized"),
        },
        alt="How each network did on the same digits",
    )


def show_curves(cards: Sequence[ModelCard]) -> None:
    """Loss and accuracy of all of them, overlaid."""
    runs = {card.name: epochs for card in cards if (epochs := _own_epochs(card))}
    if not runs:
        st.info("No epochs are recorded for these networks.")
        return
    for column, metric in zip(st.columns(2), ("loss", "accuracy"), strict=True):
        column.plotly_chart(
            overlaid_curves(metric, runs),
            config=CONFIG,
            key=f"compare_{metric}",
            alt=f"{metric} by epoch of {', '.join(runs)}",
        )
    st.caption("Dashed: training. Solid: validation, each on the validation digits of its own run.")


def _own_epochs(card: ModelCard) -> tuple[Epoch, ...]:
    """As Train counts them: see `digitlab.forks`."""
    return counted_from(card.epochs, epochs_apart(card.name))


def show_configurations(cards: Sequence[ModelCard]) -> None:
    """Every hyperparameter of every network; at first, those in which they differ."""
    everything = st.toggle("Show what they share too", key="compare_all", persist_state="session")
    configs = [card.config for card in cards]
    rows = configuration_rows([c.replace(dataset=title_of(c.dataset)) for c in configs])
    shown = [row for row in rows if row.differs or everything]
    if not shown:
        st.info("These networks have the same configuration in every field.")
        return
    columns = {card.name: [row.marked[place] for row in shown] for place, card in enumerate(cards)}
    st.dataframe(
        {"hyperparameter": [row.name for row in shown], **columns},
        hide_index=True,
        height="content",
        alt="The hyperparameters of every network",
    )
    st.caption(f"≠ marks what is not as in {cards[0].name}; – has no effect, or is not there.")
