"""Where a run comes from, and what came of it."""

from collections.abc import Iterator, Sequence

import streamlit as st

from digitlab.records import Run
from pages.ui.train.shown import epoch_of_parent, look_at


def family(run: Run, runs: Sequence[Run]) -> list[tuple[int, Run]]:
    """The tree of forks that a run belongs to, each with its depth: parents before their forks,
    older forks before younger ones."""
    by_id = {member.id: member for member in runs}
    root = run
    while root.parent_id in by_id:
        root = by_id[root.parent_id]
    oldest_first = sorted(runs, key=lambda member: member.created_at)
    return list(_branch(root, 0, oldest_first))


def _branch(run: Run, depth: int, runs: Sequence[Run]) -> Iterator[tuple[int, Run]]:
    yield depth, run
    for fork in runs:
        if fork.parent_id == run.id:
            yield from _branch(fork, depth + 1, runs)


def show_lineage(run: Run, runs: Sequence[Run]) -> None:
    """The tree as an indented list; a click shows another run of it."""
    tree = family(run, runs)
    if len(tree) < 2:
        return
    with st.container(gap=None, key="train_lineage"):
        st.markdown("**Forks**", help="Runs that went on from an epoch of another.")
        for depth, member in tree:
            with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
                if depth:
                    st.space(24 * depth)
                _line(member, member.id == run.id)


def _line(member: Run, shown: bool) -> None:
    # The run that is shown tells its own status while it trains; this line is not drawn anew then.
    words = [] if shown and member.status.is_active else [member.status.value]
    if member.parent_epoch is not None:
        words.insert(0, f"from epoch {epoch_of_parent(member)}")
    if member.test is not None:
        words.append(f"{100 * member.test.accuracy:.2f} %")
    if shown:
        st.markdown(f"**{member.id}**", width="content")
    else:
        st.button(
            member.id,
            type="tertiary",
            key=f"train_member_{member.id}",
            on_click=look_at,
            args=(member.id,),
            help="Show this run",
        )
    if words:
        st.caption(" · ".join(words), width="content")
