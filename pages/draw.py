"""Draw or upload a digit and see it read, step by step."""

from hashlib import sha256

import numpy as np
import streamlit as st

from digitlab.pictures import decode_canvas, read_picture
from digitlab.preprocessing import Preprocessed, preprocess
from pages.ui.cache import recogniser
from pages.ui.canvas import SIDE, clear, drawing_canvas, undo
from pages.ui.frame import guard, page
from pages.ui.reading import (
    BLANK,
    SIGHT,
    reading_in_words,
    show_input,
    show_probabilities,
    show_stages,
)
from pages.ui.recogniser_picker import pick_recogniser

READ = "draw_read"
DRAW, UPLOAD = "Draw", "Upload a picture"

EMPTY = {
    DRAW: ("Draw a digit", "The answer appears when you lift the pen."),
    UPLOAD: ("Choose a picture of one digit", "The answer appears here."),
}


@st.fragment
@guard()
def desk(source: str, network: str) -> None:
    """The paper, and the answer beside it. Reruns by itself with every stroke."""
    with st.container(horizontal=True, gap="medium"):
        paper = st.container(width=SIDE)
        answer = st.container(width="stretch")
        sight = st.container(width=SIGHT)
    with paper:
        seen = drawn() if source == DRAW else uploaded()
    probabilities, image, (words, more) = np.zeros(10), BLANK, EMPTY[source]
    if seen is not None:
        probabilities, image = recogniser(network).probabilities(seen.image[None])[0], seen.image
        words, more = reading_in_words(probabilities)
    with answer:
        st.header(words, anchor=False)
        st.caption(more)
        show_probabilities(probabilities)
    with sight:
        show_input(image)
    if seen is not None:
        show_stages(seen.stages)


def drawn() -> Preprocessed | None:
    """What is on the canvas, prepared for the network; None if that is nothing."""
    st.caption("Write one digit, anywhere and of any size.")
    canvas, tools = st.container(), st.container(horizontal=True)
    width = st.slider(
        "Pen width in pixels", 8, 30, 20, key="draw_pen_width", persist_state="session"
    )
    drawing: str | None = ""  # stays so if what was sent is refused: Clear must work then
    with canvas, guard():
        drawing = drawing_canvas(width)
    for label, icon, action in (("Clear", "delete", clear), ("Undo", "undo", undo)):
        tools.button(
            label,
            key=f"draw_{icon}",
            on_click=action,
            icon=f":material/{icon}:",
            disabled=drawing is None,
        )
    with canvas, guard():
        if drawing:
            return preprocess(decode_canvas(drawing, SIDE))
    return None


def uploaded() -> Preprocessed | None:
    """The chosen picture, prepared for the network; None if there is none, or nothing to read."""
    file = st.file_uploader(
        "PNG, JPEG or WebP, dark on light or light on dark",
        ["png", "jpg", "jpeg", "webp"],
        key="draw_upload",
    )
    with guard():
        if file is not None:
            return _read_once(file.getvalue(), file.name)
    st.session_state.pop(READ, None)
    return None


def _read_once(data: bytes, name: str) -> Preprocessed:
    """Reads an upload; the session keeps what it made of the last one for its next rerun."""
    content = sha256(data).digest()
    if READ not in st.session_state or st.session_state[READ][0] != content:
        st.session_state[READ] = content, preprocess(read_picture(data, name))
    return st.session_state[READ][1]


with page("Draw", "The network says what it reads, how sure it is, and shows what it saw."):
    with st.container(horizontal=True, gap="medium"):
        paper_or_file = st.segmented_control(
            "Your digit",
            list(EMPTY),
            default=DRAW,
            required=True,
            key="draw_source",
            persist_state="session",
            width=SIDE,
        )
        network_name = pick_recogniser("draw_run")
    desk(paper_or_file, network_name)
