"""Garbage is collected where it can be: among what came lately, and once a minute everywhere.

Streamlit collects after every run of a page or fragment, through all that the server ever
imported: 0.12 s of a processor each time, a fifth of one while a training is watched.
"""

import gc
import time
from typing import Any

WHOLE_SECONDS = 60
"""What has lived through a collection is looked at again after so long."""

_whole_at = 0.0


def spare_what_stays() -> None:
    """Holds from now on, for this process."""
    if _around_collection not in gc.callbacks:
        gc.callbacks.append(_around_collection)


def _around_collection(phase: str, info: dict[str, Any]) -> None:
    global _whole_at
    if info["generation"] < 2:
        return
    if phase == "stop":
        gc.freeze()
    elif time.monotonic() - _whole_at > WHOLE_SECONDS:
        _whole_at = time.monotonic()
        gc.unfreeze()
