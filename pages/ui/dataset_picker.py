"""Which dataset: the named ones and the visitor's own, which are added and removed here."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from digitlab.datasets import NAMED, available, loads_at_once
from digitlab.errors import InputError
from digitlab.lessons import lesson_of
from digitlab.records import Run
from digitlab.sources.uploads import (
    LARGEST_UPLOAD,
    LARGEST_UPLOAD_BYTES,
    Upload,
    add_upload,
    has_brought_most,
    is_upload,
    remove_upload,
    upload_of,
    uploads_of,
)
from pages.ui.cache import forget_dataset
from pages.ui.frame import without_links
from pages.ui.mnist import offer_fashion_mnist
from pages.ui.visitor import known_as, visitor

ADDED = "own_added"
CAME = "own_came"
OUTCOME = "own_outcome"
TURN = "own_turn"
NOT_FOUND = ":material/search_off:"

FORMS = f"""A labelled set of digits, ink bright on dark, of at most {LARGEST_UPLOAD:,}:

- a **table** (`.csv`, also in `.gz` or `.zip`): 784 pixels of 0–255 and the label in a row,
  with or without a first line of names
- **arrays** (`.npz`): `x` and `y`, or `x_train`, `y_train`, `x_test` and `y_test`
- **IDX files**, gzipped or not: images and labels, chosen together
- a `.zip` of **pictures** in folders named by their label: `3/anything.png`; what is not 28×28 is
  prepared as drawings are
"""
EXAMPLE = "pixel1,pixel2, … ,pixel784,class\n0,0, … ,0,5\n0,12, … ,0,0"


def names_here() -> list[str]:
    """The datasets that this visitor can choose: the named ones that are here, then their own."""
    return [*available(), *(upload.name for upload in uploads_of(visitor()))]


def is_here(name: str) -> bool:
    """Whether this visitor can look at a dataset at once."""
    if lesson := lesson_of(name):
        known = lesson.replayed == "handwriting" or is_here(lesson.replayed)
        return known and is_here(lesson.drawings)
    return name in names_here() or (loads_at_once(name) and not is_upload(name))


def title_of(name: str) -> str:
    """What a dataset is called on screen: an upload by its visitor's name for it, a file of the
    server by its path only at the server's own computer."""
    if name == "handwriting":
        return "mnist and digits"  # what its test part is made of
    if lesson := lesson_of(name):
        return " with ".join(map(title_of, lesson))
    if not is_upload(name):
        return known_as(name)
    mine = upload_of(name, visitor())
    return mine.title if mine else f"upload {name.partition(':')[2][:6]}"


def error_of(run: Run) -> str:
    """What ended a run, for this visitor: its dataset is called as everywhere on screen."""
    name = run.config.dataset
    error = run.error or ""
    return error if name in NAMED else error.replace(name, title_of(name))


def choose_dataset(
    label: str, options: Mapping[str, str] | Sequence[str], key: str, **looks: Any
) -> str:
    """Shows a list of datasets and returns the name of the chosen one; one just added is chosen.
    An unknown one in the URL, such as another session's upload, is said so.

    Args:
        options: names, or what stands in the list → the name. What stands there is in the URL too.
        key: of the list.
        looks: `help` and `width` of the list.
    """
    names = options if isinstance(options, Mapping) else {title_of(name): name for name in options}
    added = st.session_state.pop(ADDED, None)
    if added in names:
        st.session_state[key] = added
    asked = st.query_params.get(key)
    if asked is not None and asked not in names and key not in st.session_state:
        # Said by itself: the list may stand in a row, where a warning has no place.
        st.toast(f"There is no dataset {without_links(repr(asked))} here.", icon=NOT_FOUND)
    chosen = st.selectbox(label, list(names), key=key, bind="query-params", **looks)
    return names[chosen]


def pick_given(label: str, given: str, key: str, **looks: Any) -> str:
    """The same within a form, not in the URL; `given` comes first, wherever it is from.

    Args:
        looks: how the list looks, and that it is kept.
    """
    names = list(dict.fromkeys([given, *names_here()]))
    added = st.session_state.pop(ADDED, None)
    if added is not None:
        st.session_state[key] = next((n for n in names if title_of(n) == added), given)
    chosen = st.selectbox(label, names, key=key, format_func=title_of, **looks)
    add_your_own("train")
    return chosen


def add_your_own(key: str) -> None:
    """The button and what it opens: what is accepted, the file chooser, and what is there already.

    Args:
        key: begins the keys of its widgets.
    """
    with st.popover("Add your own …", icon=":material/upload:", key=f"{key}_own"):
        mine = uploads_of(visitor())
        _say(st.session_state.get(OUTCOME))
        files_key = f"{key}_files_{st.session_state.get(TURN, 0)}"
        st.file_uploader(
            "A file, or the IDX files of one dataset",
            accept_multiple_files=True,
            key=files_key,
            max_upload_size=LARGEST_UPLOAD_BYTES // 1_000_000,
            disabled=has_brought_most(mine),
            on_change=_receive,
            args=(files_key,),
        )
        if files := st.session_state.pop(CAME, None):
            _take(files)
        with st.expander("What can be read", key=f"{key}_forms", expanded=not mine):
            st.markdown(FORMS)
            st.code(EXAMPLE, language=None)
        for upload in mine:
            _show(upload, key)
        offer_fashion_mnist()


def _receive(key: str) -> None:
    """Takes what was chosen out of its widget, before Streamlit hands out a copy of every byte."""
    st.session_state[CAME] = st.session_state[key]
    _let_go(st.session_state[CAME])
    st.session_state[TURN] = st.session_state.get(TURN, 0) + 1


def _take(files: list[UploadedFile]) -> None:
    """Reads what was chosen, and starts the page over."""
    names = without_links(", ".join(file.name for file in files))
    try:
        with st.spinner(f"Checking every row of {names} …"):
            upload = add_upload({file.name: file for file in files}, visitor())
        st.session_state[OUTCOME] = True, f"{upload.title}: {upload.in_words}"
        st.session_state[ADDED] = upload.title
    except InputError as error:
        st.session_state[OUTCOME] = False, f"Not added: {error}"
    st.rerun()


def _let_go(files: list[UploadedFile]) -> None:
    """Frees the bytes that came, which Streamlit would hold until the session ends."""
    context = get_script_run_ctx()
    for file in files:
        with suppress(AttributeError):  # only its manager in memory can do it
            context.uploaded_file_mgr.remove_file(context.session_id, file.file_id)  # type: ignore


def _say(outcome: tuple[bool, str] | None) -> None:
    """How the last attempt ended, if there was one."""
    if outcome is None:
        return
    added, words = outcome
    show, icon = (st.success, "check") if added else (st.error, "error")
    show(without_links(words), icon=f":material/{icon}:")


def _show(upload: Upload, key: str) -> None:
    """One dataset of the visitor's, and the button that takes it away."""
    words, button = st.columns([4, 1], vertical_alignment="center")
    words.markdown(f"**{without_links(upload.title)}**")
    words.caption(without_links(upload.in_words))
    button.button(
        "Remove",
        key=f"{key}_remove_{upload.digest}",
        icon=":material/delete:",
        type="tertiary",
        on_click=_remove,
        args=(upload,),
        help="Runs that were trained on it stay, but can be neither resumed nor evaluated on it.",
    )


def _remove(upload: Upload) -> None:
    remove_upload(upload, visitor())
    forget_dataset(upload.name)
    st.session_state[OUTCOME] = None
