"""What is to be read: drawn on the canvas, chosen as a file, or taken by the camera."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import streamlit as st

from digitlab.pictures import LARGEST_FILE_BYTES, decode_canvas, read_picture
from digitlab.preprocessing import Preprocessed, preprocess
from pages.ui.draw.canvas import can_undo, drawing_canvas, undo, wipe
from pages.ui.draw.sent import SIDE, Paper
from pages.ui.frame import guard

READ = "draw_read"
DRAW, UPLOAD, CAMERA = "Draw", "Upload", "Camera"

Strokes = Mapping[str, Any]  # the canvas's objects, as Fabric.js writes them


def drawn(paper: Paper) -> tuple[Preprocessed | None, Strokes | None]:
    """What is on the canvas, prepared for the network, and its strokes; None if that is nothing."""
    canvas, tools = st.container(), st.container(horizontal=True)
    pen_width = st.slider(
        "Pen width in pixels", 8, 30, 20, key="draw_pen_width", persist_state="session"
    )
    drawing, refused = None, True  # what was sent may be refused: Clear must work then
    with canvas, guard():
        drawing, refused = drawing_canvas(pen_width, paper), False
    for label, icon, key, action, is_of_use in (
        ("Clear", "delete", "Delete", wipe, drawing is not None),
        ("Undo", "undo", "Ctrl+Z", undo, can_undo(paper)),
    ):
        tools.button(
            label,
            key=f"draw_{icon}",
            on_click=action,
            args=(paper,),
            icon=f":material/{icon}:",
            disabled=not (is_of_use or refused),
            shortcut=key,
        )
    with canvas, guard():
        if drawing is not None:
            return preprocess(decode_canvas(drawing.picture, paper.width, SIDE)), drawing.strokes
    return None, None


def given(source: str) -> Preprocessed | None:
    """The picture chosen or taken, prepared for the network; None if there is nothing to read."""
    if source == UPLOAD:
        file = st.file_uploader(
            "PNG, JPEG or WebP, dark ink or bright",
            ["png", "jpg", "jpeg", "webp"],
            key="draw_upload",
            max_upload_size=LARGEST_FILE_BYTES // 1_000_000,
        )
    else:
        file = st.camera_input(
            "Hold it upright and near",
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
