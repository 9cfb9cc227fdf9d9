"""How many epochs of a run are not told with its own; see `digitlab.forks`."""

import streamlit as st

from digitlab.errors import UnknownRunError
from digitlab.forks import epochs_set_apart
from digitlab.recognisers import PRETRAINED
from pages.ui.cache import store


def epochs_apart(name: str) -> int:
    """Of a run, by its id; 0 for `pretrained`, and for a run that was deleted."""
    try:
        return 0 if name == PRETRAINED else _epochs_apart(name)
    except UnknownRunError:
        return 0


@st.cache_data(max_entries=512, show_spinner=False)
def _epochs_apart(run_id: str) -> int:
    """Looked up once: where a run comes from never changes."""
    return epochs_set_apart(store(), store().run(run_id))
