"""What the learning curves mean, in plain words, and what to try next."""

from collections.abc import Sequence

import streamlit as st

from digitlab.advice import Hint, hints
from digitlab.records import Epoch, Run
from pages.ui.forms import fill
from pages.ui.going_on import start_afresh


def show_hints(run: Run, epochs: Sequence[Epoch], key: str) -> None:
    """Each hint on a line, with a button that puts what it suggests into the form."""
    for hint in hints(epochs, run.config, run.error):
        with st.container(horizontal=True, vertical_alignment="center", key=f"{key}_{hint.key}"):
            st.markdown(f":material/lightbulb: **{hint.title}.** {hint.sentence} {hint.suggestion}")
            if hint.changes:
                _offer(run, hint, key)


def in_words(hint: Hint) -> str:
    """Title, what the curves show, and what to do about it, on one line."""
    return f":material/lightbulb: **{hint.title}.** {hint.sentence} {hint.suggestion}"


def _offer(run: Run, hint: Hint, key: str) -> None:
    if st.button("Try this", key=f"train_try_{key}_{hint.key}", icon=":material/edit:"):
        fill(run.config.replace(**dict(hint.changes)), run.preset)
        start_afresh()
        st.toast("The form below holds what was suggested.", icon=":material/edit:")
        st.rerun()
