"""A sitting: digits asked for one after another. It outlives a reload, as the drawing does.

What is asked for and what was kept lies in the browser tab's storage too, and the address says that
a sitting is under way. A session that finds it there and knows of none asks the tab. Until that has
answered nothing else is shown: how digits were read would change how the next ones are written.
"""

import json
import re
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from digitlab.drawings import Drawings, drawings_of
from digitlab.sources.uploads import AT_HOME, uploads_of
from pages.ui.frame import has_just_come
from pages.ui.visitor import VISITOR, visitor

SITTING = "hand_sitting"
KNOWN = "hand_sitting_known"
MARK = "draw_sitting"
KEY = "hand_memory"

LONGEST = 50
"""Digits that one sitting may ask for."""

LONGEST_JSON = 10_000
TOKEN = re.compile(r"[0-9a-f]{32}")

_COMPONENT = st.components.v2.component(
    "digitlab_sitting_memory",
    js=Path(__file__).with_name("sitting.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True)
class Sitting:
    """What is asked for, and what the drawings accepted so far are known by (`kept_at`)."""

    prompts: tuple[int, ...]
    kept: tuple[int, ...] = ()

    @property
    def prompt(self) -> int:
        """The digit that is asked for now."""
        return self.prompts[len(self.kept)]


def sitting_now() -> Sitting | None:
    """The sitting that is under way."""
    sitting: Sitting | None = st.session_state.get(SITTING)
    return sitting


def put_sitting(sitting: Sitting | None) -> None:
    """It goes on as this one; None ends it."""
    st.session_state[SITTING] = sitting
    st.session_state[KNOWN] = True
    if sitting is None:
        st.query_params.pop(MARK, None)
    else:
        _mark_address()


def keep_sitting_in_tab() -> bool:
    """Stores how far the sitting is, or that there is none.

    Returns:
        Whether the tab has still to say what it has kept.
    """
    sitting, state = sitting_now(), st.session_state
    asks = sitting is None and MARK in st.query_params and not state.get(KNOWN)
    _COMPONENT(
        key=KEY,
        data={"asks": asks, "sitting": sitting and _as_json(sitting)},
        on_kept_change=lambda: _recall(state[KEY].kept),
    )
    if sitting is not None and has_just_come():  # not after Back, which would lead here for ever
        _mark_address()
    return asks


def remembered(kept: dict[str, Any], mine: Drawings) -> Sitting | None:
    """The sitting that a browser says it has kept; None if it is none of ours, or a digit is gone.

    Args:
        kept: `{"prompts": [3, 7], "kept": [1700000000000000000]}` if a page of ours kept it.
        mine: the drawings of the visitor who was asked.
    """
    prompts, times = _integers(kept.get("prompts")), _integers(kept.get("kept"))
    if prompts is None or times is None:
        return None
    written = dict(zip(mine.kept_at.tolist(), mine.labels.tolist(), strict=True))
    is_ours = len(times) < len(prompts) <= LONGEST and set(prompts) <= set(range(10))
    if not is_ours or [written.get(time) for time in times] != prompts[: len(times)]:
        return None
    return Sitting(tuple(prompts), tuple(times))


def _mark_address() -> None:
    if MARK not in st.query_params:
        st.query_params[MARK] = "on"


def _as_json(sitting: Sitting) -> str:
    """Text, since a browser's numbers would round `kept_at`."""
    return json.dumps(asdict(sitting) | {"visitor": visitor()})


def _recall(answer: Any) -> None:
    """Goes on from what the tab has kept, if that is a sitting."""
    if st.session_state.get(KNOWN):  # one began since it was asked
        return
    kept = _parsed(answer)
    was = _who_was_here(kept.get("visitor"))
    sitting = remembered(kept, drawings_of(was))
    if sitting is not None and was != visitor():
        st.session_state[VISITOR] = was
    put_sitting(sitting)


def _parsed(answer: Any) -> dict[str, Any]:
    """What the tab sent; {} if that is nothing of ours."""
    text = answer.get("sitting") if isinstance(answer, dict) else None
    if isinstance(text, str) and len(text) <= LONGEST_JSON:
        with suppress(ValueError):
            kept = json.loads(text)
            return kept if isinstance(kept, dict) else {}
    return {}


def _who_was_here(token: Any) -> str:
    """Whose digits they are: a visitor from elsewhere has another token after a reload, and the tab
    has the one from before. Whoever has brought something since stays who they are."""
    now = visitor()
    is_token = isinstance(token, str) and TOKEN.fullmatch(token)
    if now == AT_HOME or not is_token or len(drawings_of(now)) or uploads_of(now):
        return now
    return str(token)


def _integers(values: Any) -> list[int] | None:
    """A list of integers as it came; None for anything else."""
    is_one = isinstance(values, list) and all(type(value) is int for value in values)
    return values if is_one else None
