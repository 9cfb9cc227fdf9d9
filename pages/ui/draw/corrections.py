"""'Wrong? It is a …': what was misread is kept among the visitor's digits."""

from dataclasses import dataclass
from hashlib import sha256

import numpy as np
import streamlit as st

from digitlab.datasets import CLASS_NAMES
from digitlab.drawings import UNREAD, drawings_of, keep_drawing, remove_drawings
from digitlab.errors import InputError
from digitlab.evaluation import sureness_in_words
from digitlab.reading import Reading, reading
from pages.ui.answers import a
from pages.ui.draw.reading import Reader
from pages.ui.visitor import visitor

TRUTH = "draw_truth"
KEPT = "draw_corrected"
REFUSED = "draw_correction_refused"
AGREED = "draw_agreed"
DOUBTED = "draw_doubted"

CERTAIN = 0.95
"""A network that is surer than that is contradicted after a question only."""


@dataclass(frozen=True)
class Correction:
    """What was kept last: of which picture, as what, and what it is known by (`kept_at`)."""

    picture: str
    label: int
    kept_at: int


def offer_correction(image: np.ndarray, probabilities: np.ndarray, by: Reader) -> None:
    """The ten digits to choose from; once one was, what was kept, and the way back.

    Args:
        image: uint8 (28, 28): what the network saw.
        probabilities: float (10,): what it made of it.
        by: who read it; of clothes nothing is kept.
    """
    if by.class_names != CLASS_NAMES:
        return
    if refused := st.session_state.pop(REFUSED, None):
        st.error(refused, icon=":material/error:")
    picture = sha256(image.tobytes()).hexdigest()
    kept: Correction | None = st.session_state.get(KEPT)
    if kept is not None and kept.picture == picture and _is_kept(kept):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"Kept as {a(kept.label)} in “My handwriting”.", width="content")
            st.button("Undo", icon=":material/undo:", key="draw_correction_undo", on_click=_undo)
        return
    said = reading(probabilities)
    doubted: tuple[str, int, int] | None = st.session_state.get(DOUBTED)
    if doubted is not None and doubted[:2] == (picture, said.label):
        _ask_back(picture, image, doubted[2], said)
        return
    st.pills(
        "Wrong? It is a …",
        CLASS_NAMES,
        key=TRUTH,
        on_change=_choose,
        args=(picture, image, said),
        help="Keeps it among your digits: see “My handwriting” above.",
    )
    if said.is_digit and st.session_state.get(AGREED) == (picture, said.label):
        st.caption(f"It is read as {a(said.label)} already, so there is nothing to correct.")


def _ask_back(picture: str, image: np.ndarray, label: int, said: Reading) -> None:
    """Asks whether the chosen digit was meant, where the network is sure of another."""
    sure = sureness_in_words(said.confidence)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"The network is {sure} sure that it is {a(said.label)}. Keep it as {a(label)}?",
            width="content",
        )
        st.button(
            f"Keep it as {a(label)}",
            key="draw_correction_keep",
            on_click=_keep,
            args=(picture, image, label, said),
        )
        st.button("No", key="draw_correction_drop", on_click=_drop)


def _is_kept(correction: Correction) -> bool:
    """Whether it was not removed since, on “My handwriting”."""
    return correction.kept_at in drawings_of(visitor()).kept_at


def _choose(picture: str, image: np.ndarray, said: Reading) -> None:
    """Keeps what was chosen, or asks back."""
    state = st.session_state
    chosen, state[TRUTH] = state[TRUTH], None
    if chosen is None:
        return
    label = CLASS_NAMES.index(chosen)
    if said.is_digit and label == said.label:
        state[AGREED] = picture, label
    elif said.confidence > CERTAIN:
        state[DOUBTED] = picture, said.label, label
    else:
        _keep(picture, image, label, said)


def _keep(picture: str, image: np.ndarray, label: int, said: Reading) -> None:
    _drop()
    read = said.label if said.is_digit else UNREAD
    try:
        kept_at = keep_drawing(visitor(), image, label, prompted=False, read=read)
    except InputError as error:
        st.session_state[REFUSED] = str(error)
        return
    st.session_state[KEPT] = Correction(picture, label, kept_at)


def _drop() -> None:
    st.session_state.pop(DOUBTED, None)


def _undo() -> None:
    kept: Correction | None = st.session_state.pop(KEPT, None)
    if kept is not None:
        remove_drawings(visitor(), [kept.kept_at])
