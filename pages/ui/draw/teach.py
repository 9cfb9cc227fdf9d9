"""Teach it my hand: a copy of a network learns a visitor's digits; what it gains and forgets."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from digitlab.comparison import Paired, common_rows, pair
from digitlab.costs import obstacle
from digitlab.datasets import Dataset, test_rows
from digitlab.drawings import Drawings, as_upload, drawings_of
from digitlab.errors import InputError
from digitlab.evaluation import Count
from digitlab.jobs import get_jobs
from digitlab.lessons import FEWEST_DRAWINGS, lesson_of
from digitlab.recognisers import PRETRAINED, model_card
from digitlab.records import Run, Status
from digitlab.sources.uploads import uploads_of
from digitlab.teaching import (
    before_and_after,
    course,
    forgetting_in_words,
    gain_in_words,
    is_taught_from,
    known_before,
    unteachable,
)
from pages.ui import cache
from pages.ui.answers import a
from pages.ui.cache import store
from pages.ui.dataset_picker import error_of, title_of
from pages.ui.frame import guard, icon_of, page_of, without_links
from pages.ui.train.live import progress_in_words
from pages.ui.train.strip import strip
from pages.ui.visitor import visitor

POLL = 0.7
"""Seconds between two looks at a copy that learns."""

MOST_SHOWN = 20
"""Drawings that are read otherwise than before: two rows of them."""


def show_teach() -> None:
    """What was taught last, or how far it is, and the way to teach a copy of another network."""
    mine = drawings_of(visitor())
    st.subheader("Teach it my hand", anchor=False)
    st.caption(
        "A copy of a network learns from every second of your digits, mixed with digits that the "
        "network knew before. The others are held out: they show what it gains."
    )
    run = _latest()
    if run is not None and _is_under_way(run):
        st.fragment(_follow, run_every=POLL)(run.id)
        return
    if run is not None:
        with guard():
            _show_outcome(run, mine)
    _offer(mine)


def _latest() -> Run | None:
    """The copy that was taught last from this visitor's digits."""
    drawings = {upload.name for upload in uploads_of(visitor())}
    return next((run for run in store().runs() if is_taught_from(run, drawings)), None)


def _is_under_way(run: Run) -> bool:
    """Whether a copy learns, waits, or was stopped and is being stored."""
    stopped = run.status is Status.STOPPED and run.test is None and run.started_at is not None
    return run.status.is_active or (stopped and get_jobs().may_still_test(run.id))


def _follow(run_id: str) -> None:
    with guard():
        run = store().run(run_id)
        if not _is_under_way(run):
            st.rerun()
        inherited, epochs = run.parent_epoch or 0, store().epochs(run_id)
        share, words = progress_in_words(run, get_jobs().progress(run_id), epochs)
        own = (share * run.config.epochs - inherited) / (run.config.epochs - inherited)
        st.progress(max(0.0, own), f"A copy of {run.parent_id} learns: {words}")
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                "Stop and keep",
                icon=":material/stop:",
                key="teach_stop",
                on_click=get_jobs().stop,
                args=(run_id,),
                disabled=run.controls.wish is not None,
            )
            st.page_link(
                page_of("train"),
                label="Watch it on Train",
                icon=icon_of("train"),
                query_params={"train_run": run_id},
            )


def _offer(mine: Drawings) -> None:
    """The networks that can be taught, and the button."""
    if len(mine) < FEWEST_DRAWINGS:
        st.info(
            f"Teaching takes at least {FEWEST_DRAWINGS} of your digits; you have {len(mine)}.",
            icon=":material/edit:",
        )
        return
    runs = [run.id for run in store().runs() if _can_learn(run)]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox(
            "Which network to copy",
            [PRETRAINED, *runs],
            key="teach_network",
            persist_state="session",
            width=280,
        )
        pressed = st.button(
            "Teach it my hand", type="primary", icon=":material/school:", key="teach_start"
        )
    st.caption("The network itself stays as it is. The shipped one takes about half a minute.")
    if pressed:
        with guard():
            _teach(name)
            st.rerun()


def _can_learn(run: Run) -> bool:
    return run.has_model and bool(run.checkpoints) and unteachable(run.config) is None


def _teach(name: str) -> None:
    """Raises InputError if that cannot be done."""
    jobs = get_jobs()
    drawings = as_upload(visitor(), [run.config.dataset for run in store().runs()])
    asked = course(store(), name, drawings.name)
    cost = jobs.estimate(asked.config, cache.dataset(asked.config.dataset), asked.epoch)
    if reason := obstacle(cost, asked.config, jobs.free_memory()):
        raise InputError(reason)
    jobs.fork(asked.parent, asked.epoch, asked.config)


def _show_outcome(run: Run, mine: Drawings) -> None:
    """Before and after, on what was held out and on what it knew before."""
    lesson = lesson_of(run.config.dataset)
    if run.test is None or run.parent_id is None or lesson is None:
        _show_failure(run)
        return
    digits, known = cache.dataset(run.config.dataset), cache.dataset(known_before(lesson))
    parent = model_card(store(), run.parent_id)
    rows = _asked_for(digits, test_rows(digits, run.config), mine)
    st.markdown(f"**{run.id}** is a copy of {run.parent_id} that has learned your hand.")
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**Your digits that were held out**")
        if len(rows):
            paired = _compared(run.parent_id, run.id, digits, rows)
            _show_counts(paired)
            st.markdown(gain_in_words(paired))
            _show_changed(run.parent_id, run.id, digits, rows, paired)
        else:
            st.caption("None of them was asked for by the page. Corrections do not count here.")
    with right:
        title = without_links(title_of(known.name))
        st.markdown(f"**The test digits of {title}**")
        known_rows = common_rows(known, [parent.config, run.config])
        paired = _compared(run.parent_id, run.id, known, known_rows)
        _show_counts(paired)
        st.markdown(forgetting_in_words(paired))
    _show_ways_on(run)


def _show_failure(run: Run) -> None:
    """How a copy ended that has learned nothing, and where it can be resumed."""
    reason = without_links(error_of(run))
    st.warning(
        f"{run.id} was to learn your hand and is {run.status.value}" + f": {reason}" * bool(reason),
        icon=":material/warning:",
    )
    st.page_link(
        page_of("train"),
        label="See it on Train",
        icon=icon_of("train"),
        query_params={"train_run": run.id},
    )


def _asked_for(digits: Dataset, rows: np.ndarray, mine: Drawings) -> np.ndarray:
    """The rows that hold no corrections: those were kept because a network misread them, so that
    any other would seem to read them better."""
    asked = {image.tobytes() for image in mine.images[mine.prompted]}
    kept = [digits.images[row].tobytes() in asked for row in rows]
    return rows[np.array(kept, bool)]


def _compared(before: str, after: str, digits: Dataset, rows: np.ndarray) -> Paired:
    answers = (cache.probabilities(name, digits, rows) for name in (before, after))
    return pair(digits.labels[rows], *answers)


def _show_counts(paired: Paired) -> None:
    for when, count in zip(("Before", "After"), before_and_after(paired), strict=True):
        st.markdown(f"{when}: **{count.in_words}** · {_right(count)}")


def _right(count: Count) -> str:
    return f"{count.hits:,} of {count.n:,} right"


def _show_changed(
    before: str, after: str, digits: Dataset, rows: np.ndarray, paired: Paired
) -> None:
    """The drawings that are read otherwise than before, rightly now or wrongly."""
    changed = np.concatenate([paired.fixed, paired.broken])[:MOST_SHOWN]
    if not len(changed):
        return
    first, second = (
        cache.probabilities(name, digits, rows)[changed].argmax(axis=1) for name in (before, after)
    )
    labels = digits.labels[rows[changed]]
    strip(
        digits.images[rows[changed]],
        [f"{was}→{now}" for was, now in zip(first, second, strict=True)],
        _hovers(labels, first, second),
        "teach_changed",
        "Held-out digits that are read otherwise than before",
        right=(second == labels).tolist(),
    )


def _hovers(labels: np.ndarray, first: np.ndarray, second: np.ndarray) -> Sequence[str]:
    return [
        f"{a(label)}, read as {was} before, as {now} now"
        for label, was, now in zip(labels, first, second, strict=True)
    ]


def _show_ways_on(run: Run) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(
            "Draw with it",
            icon=icon_of("draw"),
            key="teach_draw",
            on_click=_draw_with,
            args=(run.id,),
        ):
            st.rerun()  # the list of networks lies outside this fragment
        st.page_link(
            page_of("evaluate"),
            label="See its mistakes",
            icon=icon_of("evaluate"),
            query_params={"evaluate_run": run.id},
        )


def _draw_with(run_id: str) -> None:
    st.session_state["draw_run"] = run_id
    st.session_state["draw_mode"] = "One digit"
