"""Draw, upload or photograph a digit, or a number, and see it read, step by step."""

from collections.abc import Mapping
from functools import partial
from hashlib import sha256
from typing import Any

import numpy as np
import streamlit as st

from digitlab.pictures import LARGEST_FILE_BYTES, decode_canvas, read_picture
from digitlab.preprocessing import Preprocessed, preprocess
from pages.ui.draw.canvas import SIDE, clear, drawing_canvas, undo
from pages.ui.draw.corrections import offer_correction
from pages.ui.draw.my_hand import show_my_hand
from pages.ui.draw.numbers import show_number
from pages.ui.draw.reading import BLANK, SIGHT, Reader, reader, show_input, show_probabilities
from pages.ui.draw.replay import show_replay
from pages.ui.draw.road import show_road
from pages.ui.draw.second_reader import show_second_reader
from pages.ui.frame import guard, page
from pages.ui.recogniser_picker import pick_recogniser

READ = "draw_read"
DRAW, UPLOAD, CAMERA = "Draw", "Upload", "Camera"
ONE, NUMBER, HAND = "One digit", "A number", "My handwriting"
HOW, REPLAY, SECOND = "How it got there", "Replay", "Compare networks"

EMPTY = {
    DRAW: ("Draw a digit", "The answer appears when you lift the pen."),
    UPLOAD: ("Choose a picture of one digit", "The answer appears here."),
    CAMERA: ("Photograph a digit", "Dark ink on paper; the answer appears here."),
}
EMPTY_NUMBER = {
    DRAW: ("Draw a number", "Digits side by side, left to right; a thin pen leaves room."),
    UPLOAD: ("Choose a picture of a number", "One line of digits; the answer appears here."),
    CAMERA: ("Photograph a number", "One line of dark ink on paper; the answer appears here."),
}

Strokes = Mapping[str, Any]  # the canvas's objects, as Fabric.js writes them


@st.fragment
@guard()
def desk(source: str, mode: str, network: str) -> None:
    """The paper, and the answer beside it. Reruns by itself with every stroke."""
    by = reader(network)
    with st.container(horizontal=True, gap="medium"):
        paper = st.container(width=SIDE)
        answer = st.container(width="stretch")
        sight = st.container(width=SIGHT) if mode == ONE else None
    with paper:
        seen, strokes = drawn("desk") if source == DRAW else (given(source), None)
    if sight is None:
        with answer, guard():
            _number(seen, source, by)
        return
    probabilities, image, (words, more) = np.zeros(10), BLANK, EMPTY[source]
    if seen is not None:
        probabilities, image = by.read(seen.image[None])[0], seen.image
        words, more = by.in_words(probabilities)
    with answer:
        st.header(words, anchor=False)
        st.caption(more)
        show_probabilities(probabilities, by)
        if seen is not None:
            offer_correction(seen.image, probabilities, by)
    with sight:
        show_input(image)
    if seen is not None:
        _explain(seen, strokes, probabilities, by)


def _number(seen: Preprocessed | None, source: str, by: Reader) -> None:
    if seen is not None:
        show_number(seen.stages[2].image, by)
        return
    words, more = EMPTY_NUMBER[source]
    st.header(words, anchor=False)
    st.caption(more)


def _explain(
    seen: Preprocessed, strokes: Strokes | None, probabilities: np.ndarray, by: Reader
) -> None:
    """What lies below the answer; only the open tab is computed."""
    names = [HOW, REPLAY, SECOND] if strokes is not None else [HOW, SECOND]
    for name, tab in zip(names, st.tabs(names, key="draw_view", on_change="rerun"), strict=True):
        if not tab.open:
            continue
        with tab, guard():
            if name == HOW:
                show_road(seen.stages[0].image, probabilities, by)
            elif name == SECOND:
                show_second_reader(seen.image, probabilities, by)
            elif strokes is not None:
                show_replay(strokes, seen.image, by)


def drawn(place: str) -> tuple[Preprocessed | None, Strokes | None]:
    """What is on the canvas, prepared for the network, and its strokes; None if that is nothing.

    Args:
        place: where on the page the canvas stands.
    """
    st.caption("Write anywhere, of any size.")
    canvas, tools = st.container(), st.container(horizontal=True)
    width = st.slider(
        "Pen width in pixels", 8, 30, 20, key="draw_pen_width", persist_state="session"
    )
    drawing, refused = None, True  # what was sent may be refused: Clear must work then
    with canvas, guard():
        drawing, refused = drawing_canvas(width, place), False
    for label, icon, key, action in (
        ("Clear", "delete", "Delete", clear),
        ("Undo", "undo", "Ctrl+Z", undo),
    ):
        tools.button(
            label,
            key=f"draw_{icon}",
            on_click=action,
            icon=f":material/{icon}:",
            disabled=drawing is None and not refused,
            shortcut=key,
        )
    with canvas, guard():
        if drawing is not None:
            return preprocess(decode_canvas(drawing.picture, SIDE)), drawing.strokes
    return None, None


def given(source: str) -> Preprocessed | None:
    """The picture chosen or taken, prepared for the network; None if there is nothing to read."""
    if source == UPLOAD:
        file = st.file_uploader(
            "PNG, JPEG or WebP, dark on light or light on dark",
            ["png", "jpg", "jpeg", "webp"],
            key="draw_upload",
            max_upload_size=LARGEST_FILE_BYTES // 1_000_000,
        )
    else:
        file = st.camera_input(
            "Hold the digit upright, near enough to fill the picture",
            key="draw_camera",
            help="Browsers give the camera only to pages on this computer or behind https.",
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
        one_or_more = st.segmented_control(
            "What to read",
            [ONE, NUMBER, HAND],
            default=ONE,
            required=True,
            key="draw_mode",
            bind="query-params",
            label_visibility="collapsed",
        )
        paper_or_file = st.segmented_control(
            "Your digit",
            list(EMPTY),
            default=DRAW,
            required=True,
            key="draw_source",
            persist_state="session",
            label_visibility="collapsed",
            disabled=one_or_more == HAND,
        )
        network_name = pick_recogniser("draw_run")
    if one_or_more == HAND:
        show_my_hand(network_name, partial(drawn, "sitting"))
    else:
        desk(paper_or_file, one_or_more, network_name)
