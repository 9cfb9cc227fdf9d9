"""The visitor's own digits: looked at, removed, taken along, trained on."""

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from functools import partial

import numpy as np
import streamlit as st

from digitlab.drawings import (
    UNREAD,
    Drawings,
    Removed,
    as_upload,
    as_zip,
    put_back,
    remove_drawings,
)
from digitlab.presets import PRESETS
from digitlab.sources.uploads import AT_HOME, Upload
from pages.ui.answers import a
from pages.ui.cache import store
from pages.ui.frame import icon_of, page_of
from pages.ui.gallery import gallery, paged, picked_key
from pages.ui.train.forms import open_filled
from pages.ui.visitor import visitor

GALLERY = "hand_gallery"
CHOSEN = "hand_chosen"
REMOVED = "hand_removed"
PRESET = "first-steps"
"""What a few digits are trained with."""


def show_own_digits(mine: Drawings) -> None:
    """All of them, the last first, and what can be done with them."""
    st.subheader("Your digits", anchor=False)
    st.caption(_in_words(mine))
    chosen = _chosen(mine)
    shown = paged(np.arange(len(mine))[::-1], "hand_page")
    gallery(
        mine.images[shown],
        mine.kept_at[shown],
        [_caption(mine, row, chosen) for row in shown],
        [_hover(mine, row, chosen) for row in shown],
        key=GALLERY,
        label="Your digits, the last first; picking one chooses it",
    )
    with st.container(horizontal=True):
        st.button(
            f"Remove the {len(chosen)} chosen" if chosen else "Remove chosen",
            icon=":material/delete:",
            key="hand_remove",
            disabled=not chosen,
            on_click=_remove_chosen,
            args=(sorted(chosen),),
            help="Click digits above to choose them; click again to leave one out.",
        )
        with st.popover("Remove all …", icon=":material/delete_sweep:", key="hand_remove_all_ask"):
            st.markdown(f"Remove all {len(mine):,} of your digits? That cannot be undone.")
            st.button(
                f"Remove all {len(mine):,}",
                type="primary",
                key="hand_remove_all",
                on_click=_remove_all,
                args=(mine.kept_at.tolist(),),
            )
        st.download_button(
            "Download (zip)",
            partial(as_zip, mine),
            "my-handwriting.zip",
            "application/zip",
            icon=":material/download:",
            key="hand_zip",
            on_click="ignore",
            help="28×28 pictures in a folder for each digit. “Add your own” on Explore reads it.",
        )
        _ways_on()
    if not chosen:
        offer_removed()


def offer_removed() -> None:
    """What was removed last, and the way back."""
    removed: Removed | None = st.session_state.get(REMOVED)
    if removed is None:
        return
    count = len(removed.drawings)
    words, them = ("1 digit", "it") if count == 1 else (f"{count:,} digits", "them")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"{words} removed.", width="content")
        if st.button(f"Put {them} back", icon=":material/undo:", key="hand_put_back"):
            put_back(visitor(), removed)
            del st.session_state[REMOVED]
            st.rerun()


def _ways_on() -> None:
    if st.button(
        "Look at them in Explore",
        icon=icon_of("explore"),
        key="hand_explore",
        help="As they are now: digits that you write later are not in it.",
    ):
        title = snapshot().title
        st.switch_page(page_of("explore"), query_params={"explore_dataset": title})
    if st.button(
        "Train on them",
        icon=icon_of("train"),
        key="hand_train",
        help="Opens Train with your digits filled in; about half of them are kept for the test. "
        "A network that sees nothing else learns little from so few.",
    ):
        open_filled(PRESETS[PRESET].config.replace(dataset=snapshot().name), PRESET)


def snapshot() -> Upload:
    """The digits as a dataset; older ones go, unless some run was trained on them."""
    in_use = {origin.dataset for origin in store().origins().values()}
    return as_upload(visitor(), in_use, _now())


def _now() -> datetime:
    """By the visitor's clock: the server's may stand in another zone."""
    minutes_behind = st.context.timezone_offset
    zone = None if minutes_behind is None else timezone(timedelta(minutes=-minutes_behind))
    return datetime.now(zone)


def _chosen(mine: Drawings) -> set[int]:
    """Which drawings are chosen, by `kept_at`; a click since the last rerun changes one."""
    state = st.session_state
    here = set(mine.kept_at.tolist())
    chosen: set[int] = state.get(CHOSEN, set()) & here
    picked = state.pop(picked_key(GALLERY), None)
    if picked in here:
        chosen ^= {picked}
    state[CHOSEN] = chosen
    return chosen


def _remove_chosen(kept_at: Sequence[int]) -> None:
    st.session_state[REMOVED] = remove_drawings(visitor(), kept_at)


def _remove_all(kept_at: Sequence[int]) -> None:
    st.session_state.pop(REMOVED, None)
    remove_drawings(visitor(), kept_at)


def _in_words(mine: Drawings) -> str:
    """'34 digits: 30 that the page asked for, 4 corrections. They are kept on this computer.'"""
    asked = int(mine.prompted.sum())
    corrections = len(mine) - asked
    kept = "on this computer" if visitor() == AT_HOME else "for this visit only"
    noun, they_are = ("digit", "It is") if len(mine) == 1 else ("digits", "They are")
    return (
        f"{len(mine):,} {noun}: {asked:,} that the page asked for, {corrections:,} "
        f"{'correction' if corrections == 1 else 'corrections'}. {they_are} kept {kept}. "
        "Click digits to choose them."
    )


def _caption(mine: Drawings, row: int, chosen: set[int]) -> str:
    mark = "☑ " if int(mine.kept_at[row]) in chosen else ""
    return f"{mark}{mine.labels[row]}"


def _hover(mine: Drawings, row: int, chosen: set[int]) -> str:
    """'a 7, written when asked', 'chosen: a 7 that was read as a 1, your correction'."""
    words = a(mine.labels[row])
    if mine.prompted[row]:
        words += ", written when asked"
    elif mine.read[row] == UNREAD:
        words += " that was taken for no digit, your correction"
    else:
        words += f" that was read as {a(mine.read[row])}, your correction"
    return f"chosen: {words}" if int(mine.kept_at[row]) in chosen else words
