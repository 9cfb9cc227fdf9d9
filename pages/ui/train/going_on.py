"""Ways on from a run that has ended: resume it, train it for longer, fork it."""

from collections.abc import Sequence
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from digitlab.checkpoints import check_fork
from digitlab.config import TrainingConfig
from digitlab.domains import Integer, declared
from digitlab.jobs import get_jobs
from digitlab.presets import Preset
from digitlab.records import Epoch, Run, Status
from pages.ui.cache import store
from pages.ui.frame import guard, page_of
from pages.ui.own_epochs import epochs_apart
from pages.ui.train.cost import may_go_on
from pages.ui.train.forms import FORK, fill
from pages.ui.train.shown import active_run, look_at

SUGGESTED_EPOCHS = 5

EPOCHS = {p.name: p.domain for p in declared(TrainingConfig)}["epochs"]
assert isinstance(EPOCHS, Integer), EPOCHS
MOST_EPOCHS = EPOCHS.high


def show_ways_on(run: Run, epochs: Sequence[Epoch]) -> None:
    """The buttons under a result; under them, what keeps one from being pressed."""
    done = len(epochs)
    row, notes = st.container(horizontal=True, vertical_alignment="center"), st.container()
    with row, guard():
        if run.test is not None:
            st.page_link(
                page_of("evaluate"),
                label="See its mistakes",
                icon=":material/arrow_forward:",
                query_params={"evaluate_run": run.id},
            )
        if run.status.can_resume:
            _offer_resume(run, done, notes)
        if _can_go_further(run, done):
            _offer_more(run, done, notes)


def show_fork_button(run: Run, epoch: int) -> None:
    """Loads a run into the form, to go on from one of its epochs with other settings.

    Args:
        epoch: of its own, counted from 1: see `forks`.
    """
    in_all = epochs_apart(run.id) + epoch
    kept = in_all in run.checkpoints
    pressed = st.button(
        f"Fork from epoch {epoch}",
        icon=":material/fork_right:",
        key=f"train_fork_{run.id}",
        disabled=not kept,
        help="Goes on from here as a new run, with other settings if you like."
        if kept
        else f"The state after epoch {epoch} was not kept; take the last epoch, or another.",
    )
    if pressed:
        choose_fork(run, in_all)
        st.rerun()


def choose_fork(run: Run, epoch: int, **changes: Any) -> None:
    """Puts a run's config into the form; Start will go on from `epoch` of all that it has."""
    if run.config.epochs <= epoch:
        changes["epochs"] = min(epoch + SUGGESTED_EPOCHS, MOST_EPOCHS)
    fill(run.config.replace(**changes), run.preset)
    st.session_state[FORK] = run.id, epoch
    st.toast("The form below goes on from there.", icon=":material/fork_right:")


def start_afresh() -> None:
    """The form's training begins with its first epoch again."""
    st.session_state.pop(FORK, None)


def show_fork() -> tuple[Run, int] | None:
    """What the form's training goes on from, said above the form, with a way out."""
    if FORK not in st.session_state:
        return None
    run_id, epoch = st.session_state[FORK]
    apart = epochs_apart(run_id)
    words = f"This will go on from epoch {epoch - apart} of {run_id}."
    if apart:
        words += f" “Epochs” below counts the {apart} of its original too."
    with st.container(horizontal=True, vertical_alignment="center", key="train_fork_note"):
        st.info(words, icon=":material/fork_right:")
        st.button("Start from the beginning instead", on_click=start_afresh, key="train_afresh")
    return store().run(run_id), epoch


def show_start(
    config: TrainingConfig, preset: Preset, fork: tuple[Run, int] | None, may_start: bool
) -> None:
    """The button that starts the form's training, or queues it.

    Args:
        fork: the run and the epoch to go on from.
        may_start: whether the button can be pressed.

    Raises:
        InputError: if it cannot go on from the fork's epoch, or cannot be trained.
    """
    if fork is not None:
        check_fork(fork[0].config, fork[1], config)
    label = "Start training" if active_run() is None else "Queue this training"
    if st.button(
        label,
        type="primary",
        icon=":material/play_arrow:",
        key="train_start",
        disabled=not may_start,
    ):
        if fork is not None:
            run_id = get_jobs().fork(fork[0].id, fork[1], config)
        else:
            run_id = get_jobs().submit(config, preset.key)
        start_afresh()
        _follow(run_id)


def _follow(run_id: str) -> None:
    """Shows what trains: this run, or the one that it waits for, and then says that it waits."""
    first = active_run()
    if first is not None and first.id != run_id:
        st.toast(f"**{run_id}** waits for its turn, after {first.id}.", icon=":material/schedule:")
    look_at(None)
    st.rerun()


def _offer_resume(run: Run, done: int, notes: DeltaGenerator) -> None:
    with notes:
        may_resume = may_go_on(run.config, done, "resuming it")
    label = f"Resume from epoch {done + 1 - epochs_apart(run.id)}"
    if done >= run.config.epochs:
        label = "Resume: store and test it"
    elif run.started_at is None:
        label = "Queue it again"
    if st.button(
        label,
        type="primary",
        icon=":material/resume:",
        key=f"train_resume_{run.id}",
        disabled=not may_resume,
        help="The completed epochs are kept; the one that was not complete is repeated.",
    ):
        get_jobs().resume(run.id)
        _follow(run.id)


def _can_go_further(run: Run, done: int) -> bool:
    """Whether there is a last state to train on from."""
    ended = run.status in (Status.FINISHED, Status.STOPPED) and run.test is not None
    return ended and done in run.checkpoints and done < MOST_EPOCHS


def _offer_more(run: Run, done: int, notes: DeltaGenerator) -> None:
    most = MOST_EPOCHS - done
    count = st.number_input(
        "More epochs",
        1,
        most,
        min(SUGGESTED_EPOCHS, most),
        key=f"train_more_{run.id}",
        width=130,
        label_visibility="collapsed",
        help="The schedule of the learning rate is stretched over all epochs.",
    )
    config, epochs = run.config.replace(epochs=done + count), "epoch" if count == 1 else "epochs"
    with notes:
        may_train = may_go_on(config, done, f"training {count} more")
    if st.button(
        f"Train {count} more {epochs}",
        icon=":material/add:",
        key=f"train_longer_{run.id}",
        disabled=not may_train,
        help="A new run that goes on from the last epoch; this one stays as it is.",
    ):
        _follow(get_jobs().fork(run.id, done, config))
