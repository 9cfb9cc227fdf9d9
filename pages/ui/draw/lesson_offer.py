"""Which network is to be taught a visitor's hand; a question first, where a copy knows it all."""

from collections.abc import Sequence

import streamlit as st

from digitlab.costs import obstacle
from digitlab.drawings import Drawings, count_new_and_gone
from digitlab.errors import InputError
from digitlab.jobs import get_jobs
from digitlab.lessons import FEWEST_DRAWINGS, lesson_of
from digitlab.recognisers import PRETRAINED
from digitlab.records import Run, Status
from digitlab.sources.uploads import uploads_of
from digitlab.teaching import course, is_taught_from, unteachable
from pages.ui import cache
from pages.ui.cache import store
from pages.ui.draw.own_digits import snapshot
from pages.ui.frame import guard
from pages.ui.own_epochs import epochs_apart
from pages.ui.visitor import visitor

START = "teach_start"


def copies_taught(runs: Sequence[Run]) -> list[Run]:
    """The copies that were taught this visitor's digits, or are to be, the newest first."""
    drawings = {upload.name for upload in uploads_of(visitor())}
    return [run for run in runs if is_taught_from(run, drawings)]


def epochs_learned(run: Run) -> int:
    """How many epochs of its own a copy has completed."""
    return len(store().epochs(run.id)) - epochs_apart(run.id)


def is_of_use(run: Run) -> bool:
    """Whether a copy that has ended has learned something."""
    return run.test is not None and run.status is not Status.FAILED and epochs_learned(run) > 0


def offer_lesson(mine: Drawings, runs: Sequence[Run]) -> None:
    """The networks that can be taught, and the button.

    Args:
        mine: the visitor's drawings.
        runs: all runs, newest first; none of them is being taught.
    """
    asked = int(mine.prompted.sum())
    if asked < FEWEST_DRAWINGS:
        st.info(
            f"Teaching takes at least {FEWEST_DRAWINGS} digits that the page asked for; you have "
            f"{asked}.",
            icon=":material/edit:",
        )
        return
    able = [run.id for run in runs if _can_learn(run)]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox(
            "Which network to copy",
            [PRETRAINED, *able],
            key="teach_network",
            persist_state="session",
            width=280,
        )
        pressed = _ask(name, mine, copies_taught(runs))
    st.caption("The network itself stays as it is. The shipped one takes about half a minute.")
    if pressed:
        with guard():
            _teach(name)
            st.rerun()


def _ask(name: str, mine: Drawings, copies: Sequence[Run]) -> bool:
    """The button, and before it a question if nothing would be learned that a copy does not know.

    Returns:
        Whether it was pressed.
    """
    label, icon = "Teach it my hand", ":material/school:"
    whole = [run for run in copies if run.parent_id == name and run.status is Status.FINISHED]
    counted = [(_count_gone(run, mine), run) for run in whole if is_of_use(run)]
    knowing = [(gone, run) for gone, run in counted if gone is not None]
    if not knowing:
        return st.button(label, type="primary", icon=icon, key=START)
    gone, knows = min(knowing, key=lambda entry: entry[0])
    with st.popover(f"{label} …", icon=icon, key="teach_ask"):
        st.markdown(_what_it_knows(knows, gone))
        return st.button("Teach another copy", type="primary", icon=icon, key=START)


def _count_gone(run: Run, mine: Drawings) -> int | None:
    """How many drawings a copy learned that are gone since; None if it does not know them all."""
    lesson = lesson_of(run.config.dataset)
    if lesson is None:
        return None
    new, gone = count_new_and_gone(mine, cache.dataset(lesson.drawings))
    return None if new else gone


def _what_it_knows(run: Run, gone: int) -> str:
    """'**calm-fox-1a2b** is a copy of pretrained that has learned these digits already. …'"""
    words = f"**{run.id}** is a copy of {run.parent_id} that has learned these digits already."
    if run.test is not None:
        right = round(run.test.accuracy * run.test.n)
        words += f" Of the {run.test.n:,} that were held out it reads {right:,} rightly."
    if gone:
        are = "is" if gone == 1 else "are"
        return f"{words} {gone:,} of the drawings it learned {are} gone since."
    return f"{words} Another copy would learn nothing that it does not know."


def _can_learn(run: Run) -> bool:
    is_whole = run.has_model and run.test is not None and bool(run.checkpoints)
    return is_whole and unteachable(run.config) is None


def _teach(name: str) -> None:
    """Raises InputError if that cannot be done."""
    jobs = get_jobs()
    asked = course(store(), name, snapshot().name)
    cost = jobs.estimate(asked.config, cache.dataset(asked.config.dataset), asked.epoch)
    if reason := obstacle(cost, asked.config, jobs.free_memory()):
        raise InputError(reason)
    jobs.fork(asked.parent, asked.epoch, asked.config)
