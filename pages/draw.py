"""Draw, upload or photograph a digit, or a number, and see it read, step by step."""

from functools import partial

import numpy as np
import streamlit as st

from digitlab.preprocessing import Preprocessed
from pages.ui.draw.corrections import offer_correction
from pages.ui.draw.my_hand import show_my_hand
from pages.ui.draw.numbers import show_number
from pages.ui.draw.paper import CAMERA, DRAW, UPLOAD, Strokes, drawn, given
from pages.ui.draw.reading import BLANK, SIGHT, Reader, reader, show_input, show_probabilities
from pages.ui.draw.replay import show_replay
from pages.ui.draw.road import show_road
from pages.ui.draw.second_reader import show_second_reader
from pages.ui.draw.sent import DESK, NUMBER, SITTING
from pages.ui.draw.sitting import sitting_now
from pages.ui.frame import guard, page
from pages.ui.recogniser_picker import pick_recogniser

ONE, MANY, HAND = "One digit", "A number", "My handwriting"
HOW, REPLAY, SECOND = "How it got there", "Replay", "Compare networks"

EMPTY = {
    DRAW: ("Draw a digit", "Anywhere, of any size. The answer appears when you lift the pen."),
    UPLOAD: ("Choose a picture of one digit", "The answer appears here."),
    CAMERA: ("Photograph a digit", "Dark ink on paper; the answer appears here."),
}
EMPTY_NUMBER = {
    DRAW: ("Draw a number", "Digits side by side, left to right, a little apart."),
    UPLOAD: ("Choose a picture of a number", "One line of digits; the answer appears here."),
    CAMERA: ("Photograph a number", "One line of dark ink on paper; the answer appears here."),
}


@st.fragment
@guard()
def desk(source: str, mode: str, network: str) -> None:
    """The paper, and the answer beside it. Reruns by itself with every stroke."""
    by = reader(network)
    said = st.container()  # above the paper: a telephone shows both
    sheet = DESK if mode == ONE else NUMBER
    with st.container(horizontal=True, gap="medium"):
        paper = st.container(width=sheet.width)
        answer = st.container(width="stretch")
        sight = st.container(width=SIGHT) if mode == ONE else None
    with paper:
        seen, strokes = drawn(sheet) if source == DRAW else (given(source), None)
    if sight is None:
        with answer, guard():
            said.header(_number(seen, source, by), anchor=False)
        return
    probabilities, image, (words, more) = np.zeros(10), BLANK, EMPTY[source]
    if seen is not None:
        probabilities, image = by.read(seen.image[None])[0], seen.image
        words, more = by.in_words(probabilities)
    said.header(words, anchor=False)
    with answer:
        st.caption(more)
        show_probabilities(probabilities, by)
    with sight:
        show_input(image)
    if seen is not None:
        offer_correction(seen.image, probabilities, by)
        _explain(seen, strokes, probabilities, by)


def _number(seen: Preprocessed | None, source: str, by: Reader) -> str:
    """Shows the digits of a number and returns the answer: 'I read 407'."""
    if seen is not None:
        return show_number(seen.stages[2].image, by, may_grow=source == DRAW)
    words, more = EMPTY_NUMBER[source]
    st.caption(more)
    return words


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
                show_road(seen, probabilities, by)
            elif name == SECOND:
                show_second_reader(seen.image, probabilities, by)
            elif strokes is not None:
                show_replay(strokes, seen.image, by)


def pick_mode() -> tuple[str, str]:
    """What is to be read, and where it comes from."""
    mode: str = st.segmented_control(
        "What to read",
        [ONE, MANY, HAND],
        default=ONE,
        required=True,
        key="draw_mode",
        bind="query-params",
        label_visibility="collapsed",
    )
    if mode == HAND:
        return mode, DRAW
    source: str = st.segmented_control(
        "Your digit",
        list(EMPTY),
        default=DRAW,
        required=True,
        key="draw_source",
        persist_state="session",
        label_visibility="collapsed",
    )
    return mode, source


with page("Draw", "The network says what it reads, how sure it is, and shows what it saw."):
    with st.container(horizontal=True, gap="medium"):
        with st.container(width="content", gap="small"):
            one_or_more, paper_or_file = pick_mode()
        is_writing = one_or_more == HAND and sitting_now() is not None
        network_name = None if is_writing else pick_recogniser("draw_run")
    if network_name is None or one_or_more == HAND:
        show_my_hand(network_name, partial(drawn, SITTING))
    else:
        desk(paper_or_file, one_or_more, network_name)
