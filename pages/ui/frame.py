"""The page registry, and the frame every page stands in."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from digitlab.errors import InputError
from pages.ui.heap import spare_what_stays
from pages.ui.history import keep_the_way_back

LOGO = Path(__file__).with_name("logo.svg").read_text(encoding="utf-8")
PAGES = Path(__file__).resolve().parents[1]
FRAMED, SHOWN, CAME = "frame_drawn", "frame_page", "frame_came"
SIDEBAR_PIXELS = 220

logger = logging.getLogger(__name__)

spare_what_stays()


@dataclass(frozen=True)
class Entry:
    """One line of the navigation; `name` is the file's name, and the URL's path but for Home."""

    name: str
    section: str
    title: str
    icon: str
    help: str


REGISTRY = (
    Entry("home", "", "Home", "home", "What is running now, and the best run so far."),
    Entry("draw", "", "Draw", "draw", "Draw or upload a digit and see it read."),
    Entry("explore", "Data", "Explore", "grid_view", "Look at the digits, one or ten thousand."),
    Entry("train", "Network", "Train", "model_training", "Build a network and watch it learn."),
    Entry("runs", "Network", "Runs", "table_rows", "Find, name and keep what was trained."),
    Entry("evaluate", "Network", "Evaluate", "rule", "What a network gets wrong, and why."),
    Entry("compare", "Network", "Compare", "compare_arrows", "Two or more networks side by side."),
)


def page_of(name: str) -> st.Page:
    """The registered page of `pages/<name>.py`, for `st.page_link` and `st.switch_page`."""
    entry = _entry(name)
    return st.Page(
        PAGES / f"{name}.py",
        title=entry.title,
        icon=icon_of(name),
        url_path=name,
        default=name == "home",
        help=entry.help,
    )


def icon_of(name: str) -> str:
    """The icon of a page, for buttons that lead to it."""
    return f":material/{_entry(name).icon}:"


def link_to_first_run(label: str) -> None:
    """The way to a training that anybody can do at once."""
    st.page_link(
        page_of("train"),
        label=label,
        icon=icon_of("train"),
        query_params={"train_preset": "first-steps"},
    )


def _entry(name: str) -> Entry:
    return next(entry for entry in REGISTRY if entry.name == name)


def navigation() -> st.Page:
    """Draws the navigation and returns the page to run."""
    st.session_state[FRAMED] = True
    st.set_option("client.showSidebarNavigation", True)  # off until here: see config.toml
    st.set_page_config(page_icon=LOGO, layout="wide", initial_sidebar_state=SIDEBAR_PIXELS)
    st.logo(LOGO, size="large")
    sections: dict[str, list[st.Page]] = {}
    for entry in REGISTRY:
        sections.setdefault(entry.section, []).append(page_of(entry.name))
    return st.navigation(sections)


@contextmanager
def guard() -> Iterator[None]:
    """Shows what went wrong where it happened: an InputError as its sentence; anything else as one
    friendly sentence, with the traceback in the server's log.

    Streamlit's own rerun and stop signals are no `Exception`s, and pass. `page` holds a guard; a
    fragment, which reruns outside its page, needs its own: `@st.fragment`, then `@guard()`.
    """
    try:
        yield
    except InputError as error:
        st.error(without_links(str(error)), icon=":material/error:")
    except Exception:
        logger.exception("a page failed")
        st.error(
            "Something went wrong here, and it was not you. Reload the page to try again; "
            "the server's log holds the details.",
            icon=":material/error:",
        )


def without_links(text: str) -> str:
    """Text that may quote an address or a file name, so that Markdown makes no links of it.

    Otherwise anyone could hand out an address of this site that shows a link or a picture of
    theirs. An invisible word joiner breaks each way to write one.
    """
    for opening in ("](", "://", "www."):
        text = text.replace(opening, f"{opening[:-1]}\u2060{opening[-1]}")
    return text


def as_written(text: str) -> str:
    """What a visitor called something, letter by letter: Markdown makes nothing of it."""
    return re.sub(r"([\\`*_{}\[\]<>#$:~|])", r"\\\1", without_links(text))


@contextmanager
def page(title: str, caption: str) -> Iterator[None]:
    """The title and the caption of a page, and a guard round its body.

    Until some session has called `st.navigation`, Streamlit runs the page file of a deep link by
    itself, without `app.py` (its older way with a `pages` folder). So a page that finds itself
    without a frame calls `navigation`, which ends that way for the life of the server, and starts
    over.
    """
    if FRAMED not in st.session_state:
        navigation()
        st.rerun()
    st.session_state[CAME] = st.session_state.get(SHOWN) != title
    st.session_state[SHOWN] = title
    st.title(title, anchor=False)
    st.caption(caption)
    with guard():
        yield
    keep_the_way_back()


def has_just_come() -> bool:
    """Whether this run of the page is the first since the visitor was on another."""
    return bool(st.session_state.get(CAME))
