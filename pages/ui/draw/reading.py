"""Who reads, and how it is said: the sentence, the ten probabilities, what the network saw."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from digitlab.datasets import class_names_of
from digitlab.evaluation import sureness_in_words
from digitlab.inference import Recogniser
from digitlab.plots import probability_bars
from digitlab.preprocessing import SIDE
from digitlab.reading import reading
from digitlab.recognisers import model_card
from pages.ui import cache
from pages.ui.answers import a
from pages.ui.gallery import enlarge
from pages.ui.pictures import embedded

BLANK = np.zeros((SIDE, SIDE), np.uint8)
"""What the network sees before there is anything to see."""

SIGHT = 8 * SIDE
"""Width of the picture of what the network sees, in screen pixels: eight for each of its own."""

NO_DIGIT = "no digit"


@dataclass(frozen=True, eq=False)
class Reader:
    """A network that reads what is drawn, and what it calls the things it reads.

    `divides`: whether its first layer divides pixels by 255.
    """

    name: str
    network: Recogniser
    class_names: tuple[str, ...]
    divides: bool

    def read(self, images: np.ndarray) -> np.ndarray:
        """uint8 (n, 28, 28) → float32 (n, 10)."""
        return self.network.probabilities(images)

    def in_words(self, probabilities: np.ndarray) -> tuple[str, str]:
        """'I read a 7 · 98 % sure', and 'Next guess: a 1 · 2 %'; or that it is no digit.

        Args:
            probabilities: float (10,).
        """
        first, second = (int(label) for label in np.argsort(-probabilities)[:2])
        sure, chance = (sureness_in_words(float(probabilities[i])) for i in (first, second))
        one, other = (a(self.class_names[label]) for label in (first, second))
        if not reading(probabilities).is_digit:
            return "Not a digit, I think", f"Nearest: {one} · {sure}, then {other} · {chance}"
        return f"I read {one} · {sure} sure", f"Next guess: {other} · {chance}"

    def guess(self, probabilities: np.ndarray) -> str:
        """'7 · 98 %', or 'no digit': what fits under a small picture."""
        read = reading(probabilities)
        if not read.is_digit:
            return NO_DIGIT
        return f"{self.class_names[read.label]} · {sureness_in_words(read.confidence)}"


def reader(name: str) -> Reader:
    """The network of a run, or `pretrained`.

    Raises:
        InputError: if there is no such run, or it has no model.
    """
    config = model_card(cache.store(), name).config
    names = class_names_of(config.dataset)
    return Reader(name, cache.recogniser(name), names, config.normalization == "divide")


def show_probabilities(probabilities: np.ndarray, by: Reader) -> None:
    """The ten bars: float (10,)."""
    st.html(probability_bars(probabilities, by.class_names))


def show_input(image: np.ndarray) -> None:
    """What the network sees: uint8 (28, 28)."""
    caption = "What the network sees: 28×28 pixels"
    st.image(embedded(enlarge(image, SIGHT // SIDE)), caption, alt=caption)
