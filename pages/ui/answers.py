"""What one network answers to the test digits of one dataset, and how one answer is shown."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import streamlit as st

from digitlab.datasets import Dataset, test_rows
from digitlab.evaluation import (
    Evaluation,
    evaluate,
    losses,
    sureness_in_words,
    true_probabilities,
)
from digitlab.plots import probability_bars
from digitlab.recognisers import ModelCard
from pages.ui import cache
from pages.ui.dataset_picker import add_your_own, choose_dataset, is_here, names_here, title_of
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

    @cached_property
    def true_probabilities(self) -> np.ndarray:
        """What the network gave to the true classes: float32 (n,)."""
        return true_probabilities(self.labels, self.probabilities)

    @cached_property
    def losses(self) -> np.ndarray:
        """The cross-entropy of each answer, in nats: float64 (n,)."""
        return losses(self.labels, self.probabilities)

    def images(self, positions: np.ndarray) -> np.ndarray:
        """uint8 (k, 28, 28), ink bright."""
        return self.digits.images[self.rows[positions]]

    def sureness(self, position: int) -> str:
        """How sure the network was of what it read: '97 %'."""
        return sureness_in_words(float(self.probabilities[position].max()))

    def verdict(self, position: int) -> str:
        """What fits under a digit: '4→9 97 %', '4→9 >99 %'."""
        return f"{'→'.join(self.classes(position))} {brief(self.sureness(position))}"

    def name(self, position: int) -> str:
        """'test digit 247' counts within the official test part, 'digit 61234' within all."""
        row = int(self.rows[position])
        test = row - self.digits.train_count
        official = len(self.rows) == len(self.digits) - self.digits.train_count
        noun = self.digits.noun
        return f"test {noun} {test}" if official and test >= 0 else f"{noun} {row}"

    def in_words(self, position: int) -> str:
        """'read as 9 (97 %), is a 4, test digit 247'."""
        true, read = self.classes(position)
        return f"read as {read} ({self.sureness(position)}), is {a(true)}, {self.name(position)}"

    def sentence(self, position: int) -> str:
        """'The network was 97 % sure this is a 4. It is a 9.'"""
        true, read = self.classes(position)
        truth = "It is." if true == read else f"It is {a(true)}."
        return f"{self.belief(position)} {truth}"

    def belief(self, position: int) -> str:
        """'The network was 97 % sure this is a 4.'"""
        _, read = self.classes(position)
        return f"The network was {self.sureness(position)} sure this is {a(read)}."

    def classes(self, position: int) -> tuple[str, str]:
        """What a digit is, and what it was read as, by name: ('4', '9')."""
        names = self.digits.class_names
        return names[self.labels[position]], names[self.read[position]]

    @property
    def file_stem(self) -> str:
        """The beginning of a download's name: network and dataset."""
        return f"{self.network}-{Path(title_of(self.digits.name)).stem}"


def brief(measure: str) -> str:
    """'>99 %' for 'over 99 %': there is little room under a digit."""
    return measure.replace("over ", ">").replace("under ", "<")


def a(name: object) -> str:
    """'a 4', 'an 8', 'an Ankle boot': a digit, or what a class is called."""
    word = str(name)
    return f"an {word}" if word[0] in "8AEIOU" else f"a {word}"


def pick_dataset(card: ModelCard, key: str) -> str:
    """Shows the list of datasets, the network's own first, and returns the chosen name.

    The options are plain words, without a `format_func`: what stands in the list stands in the URL.
    """
    own, here = card.config.dataset, names_here()
    options = {title_of(name): name for name in here if name != own}
    if is_here(own):
        options = {OWN: own} | options
    chosen = choose_dataset(
        "On the test digits of",
        options,
        key,
        help="A network is tested on digits that it was not trained on.",
    )
    add_your_own(key)
    return chosen


def read_digits(card: ModelCard, dataset: str) -> Answers:
    """Lets a network read the test digits of a dataset; cached.

    Raises:
        InputError: if the dataset or the network cannot be had.
    """
    digits = cache.dataset(dataset)
    rows = test_rows(digits, card.config)
    return Answers(card.name, digits, rows, cache.probabilities(card.name, digits, rows))


def show_answer(answers: Answers, position: int, disputed: bool = False) -> None:
    """One digit large, the sentence, and its ten probabilities.

    What is true is said as what the label says where that is `disputed`.
    """
    label = int(answers.labels[position])
    sentence = answers.sentence(position)
    if disputed:
        sentence = f"{answers.belief(position)} The label says {answers.classes(position)[0]}."
    st.markdown(f"**{sentence}** {answers.name(position).capitalize()}.")
    picture, bars = st.columns([224, 340], vertical_alignment="center")
    image = enlarge(answers.images(np.array([position]))[0], 8)
    picture.image(image, output_format="PNG", alt=answers.in_words(position))
    truth = None if disputed else label
    bars.html(probability_bars(answers.probabilities[position], answers.digits.class_names, truth))
