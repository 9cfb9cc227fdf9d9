"""'Wrong? It is a …': what was misread is kept among the visitor's digits."""

from dataclasses import dataclass
from hashlib import sha256

import numpy as np
import streamlit as st

from digitlab.datasets import CLASS_NAMES
from digitlab.drawings import UNREAD, drawings_of, keep_drawing, remove_drawings
from digitlab.errors import InputError
from digitlab.reading import reading
from pages.ui.answers import a
from pages.ui.draw.reading import Reader
from pages.ui.visitor import visitor

TRUTH = "draw_truth"
KEPT = "draw_corrected"
REFUSED = "draw_correction_refused"
AGREED = "draw_agreed"


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
    read = said.label if said.is_digit else UNREAD
    st.pills(
        "Wrong? It is a …",
        CLASS_NAMES,
        key=TRUTH,
        on_change=_keep,
        args=(picture, image, read),
        help="Keeps it among your digits: see “My handwriting” above.",
    )
    if st.session_state.get(AGREED) == (picture, read):
        st.caption(f"It is read as {a(read)} already, so there is nothing to correct.")


def _is_kept(correction: Correction) -> bool:
    """Whether it was not removed since, on “My handwriting”."""
    return correction.kept_at in drawings_of(visitor()).kept_at


def _keep(picture: str, image: np.ndarray, read: int) -> None:
    state = st.session_state
    chosen, state[TRUTH] = state[TRUTH], None
    if chosen is None:
        return
    label = CLASS_NAMES.index(chosen)
    if label == read:
        state[AGREED] = picture, read
        return
    try:
        kept_at = keep_drawing(visitor(), image, label, prompted=False, read=read)
    except InputError as error:
        state[REFUSED] = str(error)
        return
    state[KEPT] = Correction(picture, label, kept_at)


def _undo() -> None:
    kept: Correction | None = st.session_state.pop(KEPT, None)
    if kept is not None:
        remove_drawings(visitor(), [kept.kept_at])
