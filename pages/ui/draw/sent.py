"""What the browser sends of a drawing, checked before it is kept."""

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from digitlab.errors import InputError
from digitlab.pictures import longest_data_url

SIDE = 280
"""Side of the canvas in pixels: ten for each of the network's 28."""

WIDE = 2 * SIDE
"""Width of the canvas for a number, as high as the other: four digits side by side."""


@dataclass(frozen=True)
class Paper:
    """A canvas to draw on, SIDE high.

    `place`: where on the page it stands; each has drawings of its own. `width`: in pixels. `less`:
    what somebody may do who has drawn too much.
    """

    place: str
    width: int
    less: str


DESK = Paper("desk", SIDE, "draw one digit")
NUMBER = Paper("number", WIDE, "write less")
SITTING = Paper("sitting", SIDE, "draw one digit")

LONGEST_HISTORY = 50
LONGEST_STROKES = 200_000
"""Of Fabric.js's objects as JSON: some hundred times what one digit takes."""


@dataclass(frozen=True)
class Drawing:
    """What the canvas sent after a stroke: Fabric.js's objects, and a PNG as data URL."""

    strokes: dict[str, Any]
    picture: str


def checked(sent: Any, paper: Paper) -> Drawing:
    """What the browser sent, if it is small enough to be kept; what it shows is checked later.

    Args:
        sent: `{"raw": strokes, "data": picture}` if a canvas of ours sent it.
        paper: what it was drawn on.

    Raises:
        InputError: for what no canvas of ours would have sent.
    """
    parts = sent if isinstance(sent, dict) else {}
    strokes, picture = parts.get("raw"), parts.get("data")
    if not (isinstance(strokes, dict) and isinstance(picture, str)):
        raise InputError("The drawing must arrive as strokes and a PNG data URL.")
    is_larger = len(picture) > longest_data_url(paper.width, SIDE)
    if is_larger or len(json.dumps(strokes)) > LONGEST_STROKES:
        raise InputError(f"The drawing is too large to be kept: clear it and {paper.less}.")
    return Drawing(strokes, picture)


def remembered(kept: Any, paper: Paper) -> list[Drawing]:
    """The drawings of a paper that a browser says it has kept; none if any is not what a canvas
    sends."""
    sent = kept[-LONGEST_HISTORY:] if isinstance(kept, list) else []
    with suppress(InputError):
        return [checked(drawing, paper) for drawing in sent]
    return []
