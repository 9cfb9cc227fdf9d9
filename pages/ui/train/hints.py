"""What the learning curves mean, in plain words, and what to try next."""

from collections.abc import Sequence

import streamlit as st

from digitlab.advice import Hint, hints
from digitlab.config import TrainingConfig
from digitlab.errors import InputError
from digitlab.records import Epoch, Run
from pages.ui.cache import digits_of
from pages.ui.own_epochs import epochs_apart
from pages.ui.train.forms import fill


def show_hints(run: Run, epochs: Sequence[Epoch], key: str) -> None:
    """Each hint on a line, with a button that puts what it suggests into the form.

    Args:
        epochs: the run's own, counted from 1: see `forks`.
    """
    for hint in findings(run, epochs):
        with st.container(horizontal=True, vertical_alignment="center", key=f"{key}_{hint.key}"):
            st.markdown(in_words(hint))
            if hint.changes:
                _offer(run, hint, key)


def findings(run: Run, epochs: Sequence[Epoch]) -> tuple[Hint, ...]:
    """What the curves of a run mean, by the learning rate that was set while it trained.

    Args:
        epochs: the run's own, counted from 1: see `forks`.
    """
    config, apart = effective(run), epochs_apart(run.id)
    planned = config.replace(epochs=config.epochs - apart)
    return hints_of(planned, epochs, run.error, (run.parent_epoch or 0) - apart)


def hints_of(
    config: TrainingConfig, epochs: Sequence[Epoch], error: str | None = None, inherited: int = 0
) -> tuple[Hint, ...]:
    """What curves mean, by the digits that they are of where these are at hand."""
    try:
        return hints(epochs, config, error, digits_of(config), inherited)
    except InputError:
        return hints(epochs, config, error, inherited=inherited)


def effective(run: Run) -> TrainingConfig:
    """What a run trains with: its config, with the learning rate that was set while it trained."""
    rate = run.controls.learning_rate or run.config.learning_rate
    return run.config.replace(learning_rate=rate)


def in_words(hint: Hint) -> str:
    """Title, what the curves show, and what to do about it, on one line."""
    return f":material/lightbulb: **{hint.title}.** {hint.sentence} {hint.suggestion}"


def _offer(run: Run, hint: Hint, key: str) -> None:
    if st.button("Try this", key=f"train_try_{key}_{hint.key}", icon=":material/edit:"):
        fill(effective(run).replace(**dict(hint.changes)), run.preset)
        st.toast("The form below holds what was suggested.", icon=":material/edit:")
        st.rerun()
