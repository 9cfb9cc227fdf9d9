"""The drawing outlives a reload: a script beside the canvas keeps it in the browser tab's storage.

After each stroke the page hands the drawing down, and the script stores it; that costs no rerun. A
session that has not drawn on a paper yet asks, and the script sends what it kept, once.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from pages.ui.draw.sent import Drawing

KEY = "draw_memory"

_COMPONENT = st.components.v2.component(
    "digitlab_draw_memory",
    js=Path(__file__).with_name("memory.js").read_text(encoding="utf-8"),
)


def keep_in_tab(
    canvas: str, place: str, drawings: Sequence[Drawing] | None, recall: Callable[[Any], None]
) -> None:
    """Stores what was drawn, stroke by stroke; only the last is sent, the tab has the others.

    Args:
        canvas: key of the canvas that stands above.
        place: of its paper. Each has a component of its own, so that no answer is taken for that
            of another.
        drawings: stroke by stroke, the last being what is on the canvas now; None asks for those
            that the tab has kept.
        recall: called with those, if there are any; they come from the browser, unchecked.
    """
    last = drawings[-1] if drawings else None
    key = f"{KEY}_{place}"
    _COMPONENT(
        key=key,
        data={
            "canvas": canvas,
            "place": place,
            "asks": drawings is None,
            "count": len(drawings or ()),
            "last": last and {"raw": last.strokes, "data": last.picture},
        },
        on_kept_change=lambda: recall(st.session_state[key].kept),
    )
