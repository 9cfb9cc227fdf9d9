"""What augmentation does, to be looked at before training: digits as they are, and variants."""

import io

import numpy as np
import streamlit as st
from PIL import Image

from digitlab.augmentation_preview import augmented
from digitlab.config import TrainingConfig
from digitlab.datasets import Dataset
from digitlab.domains import declared
from pages.ui.cache import dataset
from pages.ui.frame import guard
from pages.ui.gallery import enlarge

FIELDS = tuple(p for p in declared(TrainingConfig) if p.group == "Augmentation")
SEED = "augmented_seed"
VARIANTS = 3
FACTOR = 4
GAP = 2
"""Between two digits, and thrice that under the originals: in pixels of a digit."""


@st.fragment
@guard()
def show_augmented(config: TrainingConfig) -> None:
    """A picture of digits and their variants under this augmentation; where none is chosen, one
    sentence that says so. Reruns by itself when other variants are asked for."""
    chosen = [p.label.lower() for p in FIELDS if getattr(config, p.name)]
    if not chosen:
        names = [p.label.lower() for p in FIELDS]
        st.caption(
            "The digits go into the network as they are, the same in every epoch. To change them "
            f"a little each time, set {', '.join(names[:-1])} or {names[-1]}."
        )
        return
    digits = dataset(config.dataset)
    st.markdown(
        "**Each digit as the network will see it: differently every epoch.** "
        "On top as it is, below it as it might go in."
    )
    st.image(
        _picture(digits.content_hash, _only_augmentation(config), _seed(), digits),
        alt=f"A training digit of each class, and {VARIANTS} random variants below each: "
        f"{', '.join(chosen)}",
        width="stretch",
    )
    st.button(
        "Show other variants", icon=":material/casino:", key="augmented_again", on_click=_again
    )


def _seed() -> int:
    return st.session_state.get(SEED, 0)


def _again() -> None:
    st.session_state[SEED] = _seed() + 1


def _only_augmentation(config: TrainingConfig) -> TrainingConfig:
    """The defaults, but for the augmentation: equal for equal pictures."""
    return TrainingConfig(**{p.name: getattr(config, p.name) for p in FIELDS})


@st.cache_data(max_entries=64, show_spinner=False)
def _picture(content_hash: str, config: TrainingConfig, seed: int, _digits: Dataset) -> bytes:
    """The picture as a PNG, drawn once for each content, augmentation and seed."""
    originals = one_of_each_class(_digits)
    rows = [originals]
    rows += [augmented(originals, config, seed * VARIANTS + k) for k in range(VARIANTS)]
    return png(np.stack(rows))


def one_of_each_class(digits: Dataset) -> np.ndarray:
    """The first training digit of every class: uint8 (k, 28, 28)."""
    _, firsts = np.unique(digits.labels[: digits.train_count], return_index=True)
    return digits.images[firsts]


def png(digits: np.ndarray) -> bytes:
    """Rows of digits as one PNG, transparent between them.

    Args:
        digits: uint8 (rows, columns, 28, 28); the first row stands a little apart.
    """
    rows, columns, side, _ = digits.shape
    step = side + GAP
    grey = np.zeros((rows * step + GAP, columns * step - GAP), np.uint8)
    opacity = np.zeros_like(grey)
    for row in range(rows):
        top = row * step + 2 * GAP * (row > 0)
        for column in range(columns):
            place = np.s_[top : top + side, column * step : column * step + side]
            grey[place], opacity[place] = digits[row, column], 255
    picture = np.stack([enlarge(grey, FACTOR), enlarge(opacity, FACTOR)], axis=-1)
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    return buffer.getvalue()
