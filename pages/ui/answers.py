"""What one network answers to the test digits of one dataset, and how one answer is shown."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import streamlit as st

from digitlab.datasets import Dataset, available, test_rows
from digitlab.evaluation import Evaluation, evaluate, sureness_in_words
from digitlab.plots import CONFIG, probability_bars
from digitlab.recognisers import ModelCard
from pages.ui import cache
from pages.ui.gallery import enlarge

OWN = "its own"


@dataclass(frozen=True, eq=False)
class Answers:
    """The answers of `network` to `rows` of a dataset; a position counts within `rows`.

    `rows`: int64 (n,). `probabilities`: float32 (n, 10).
    """

    network: str
    digits: Dataset
    rows: np.ndarray
    probabilities: np.ndarray

    @cached_property
    def labels(self) -> np.ndarray:
        """The true classes: uint8 (n,)."""
        return self.digits.labels[self.rows]

    @cached_property
    def read(self) -> np.ndarray:
        """The classes that the network read: int64 (n,)."""
        return self.probabilities.argmax(axis=1)

    @cached_property
    def evaluation(self) -> Evaluation:
        """The metrics over all of them."""
        return evaluate(self.labels, self.probabilities)

    def images(self, positions: np.ndarray) -> np.ndarray:
        """uint8 (k, 28, 28), ink bright."""
        return self.digits.images[self.rows[positions]]

    def sureness(self, position: int) -> str:
        """How sure the network was of what it read: '97 %'."""
        return sureness_in_words(float(self.probabilities[position].max()))

    def name(self, position: int) -> str:
        """'test digit 247' counts within the official test part, 'digit 61234' within all."""
        row = int(self.rows[position])
        test = row - self.digits.train_count
        official = len(self.rows) == len(self.digits) - self.digits.train_count
        return f"test digit {test}" if official and test >= 0 else f"digit {row}"

    def in_words(self, position: int) -> str:
        """'read as 9 (97 %), is a 4, test digit 247'."""
        label, read = self.labels[position], self.read[position]
        return f"read as {read} ({self.sureness(position)}), is {a(label)}, {self.name(position)}"

    def sentence(self, position: int) -> str:
        """'The network was 97 % sure this is a 4. It is a 9.'"""
        label, read = self.labels[position], self.read[position]
        truth = "It is." if label == read else f"It is {a(label)}."
        return f"The network was {self.sureness(position)} sure this is {a(read)}. {truth}"

    @property
    def file_stem(self) -> str:
        """The beginning of a download's name: network and dataset."""
        return f"{self.network}-{Path(self.digits.name).stem}"


def a(digit: int) -> str:
    """'a 4', 'an 8'."""
    return f"an {digit}" if digit == 8 else f"a {digit}"


def pick_dataset(card: ModelCard, key: str) -> str:
    """Shows the list of datasets, the network's own first, and returns the chosen name.

    The options are plain words, without a `format_func`: what stands in the list stands in the URL.
    """
    own = card.config.dataset
    others = [name for name in available() if name != own]
    options = [OWN, *others] if own in available() or own != "mnist" else others
    chosen = st.selectbox(
        "On the test digits of",
        options,
        key=key,
        bind="query-params",
        help="A network is tested on digits that it was not trained on.",
    )
    return own if chosen == OWN else chosen


def read_digits(card: ModelCard, dataset: str) -> Answers:
    """Lets a network read the test digits of a dataset; cached.

    Raises:
        InputError: if the dataset or the network cannot be had.
    """
    digits = cache.dataset(dataset)
    rows = test_rows(digits, card.config)
    return Answers(card.name, digits, rows, cache.probabilities(card.name, digits, rows))


def show_answer(answers: Answers, position: int, key: str) -> None:
    """One digit large, the sentence, and its ten probabilities."""
    st.markdown(f"**{answers.sentence(position)}** {answers.name(position).capitalize()}.")
    picture, bars = st.columns([224, 340], vertical_alignment="center")
    image = enlarge(answers.images(np.array([position]))[0], 8)
    picture.image(image, output_format="PNG", alt=answers.in_words(position))
    figure = probability_bars(answers.probabilities[position], truth=int(answers.labels[position]))
    bars.plotly_chart(figure, config=CONFIG, key=key, height=270, alt=answers.sentence(position))
