"""How a network is taught somebody's handwriting, and what came of it.

A copy of it is a fork that learns a lesson (`lessons`) for a few epochs, in small steps. What it
gains is read off drawings that it has not seen, what it forgets off the test digits it had before.
"""

from dataclasses import dataclass

from digitlab.advice import Curves
from digitlab.comparison import LEVEL, Paired, p_in_words
from digitlab.config import TrainingConfig
from digitlab.datasets import CLASS_NAMES, class_names_of, default_dataset
from digitlab.errors import InputError
from digitlab.evaluation import Count
from digitlab.lessons import Lesson, lesson_of
from digitlab.recognisers import PRETRAINED, ModelCard, model_card
from digitlab.records import Run, Status
from digitlab.store import Store

EPOCHS = 4
LEARNING_RATE = 0.0005
BATCH_SIZE = 64


@dataclass(frozen=True)
class Course:
    """What teaching takes: a fork of the network `parent` after `epoch`, trained by `config`."""

    parent: str
    epoch: int
    config: TrainingConfig


def course(store: Store, name: str, drawings: str) -> Course:
    """How to teach a copy of a network somebody's hand.

    Args:
        name: a run id, or `pretrained`.
        drawings: the upload that holds them, by name.

    Raises:
        UnknownRunError: if there is no such run.
        InputError: if it cannot be taught.
    """
    card = model_card(store, name)
    if reason := unteachable(card.config):
        raise InputError(f"{name} cannot be taught: {reason}")
    epoch = _epoch_of_model(store, card)
    config = card.config.replace(
        dataset=Lesson(drawings, card.config.dataset).name,
        training_size=None,
        validation="test",  # for watching only: nothing is chosen by it
        optimizer="adam",
        beta_1=0.9,
        beta_2=0.999,
        learning_rate=LEARNING_RATE,
        learning_rate_schedule="constant",
        warmup_epochs=0.0,
        batch_size=BATCH_SIZE,
        epochs=epoch + EPOCHS,
        early_stopping_patience=None,
        reduce_on_plateau_patience=None,
    )
    return Course(name, epoch, config)


def unteachable(config: TrainingConfig) -> str | None:
    """Why a network of a config cannot be taught; None if it can."""
    if class_names_of(config.dataset) != CLASS_NAMES:
        return "it reads no digits"
    if lesson_of(config.dataset):
        return "it was taught already: teach the network that it is a copy of again"
    if config.split == "random":
        return "its split was random, so it has learned digits that show what is forgotten"
    if config.left_out:
        return "digits were left out of its training, and a lesson would show it some of them"
    if config.normalization == "standardize":
        return "it standardizes pixels by its own training digits, and a lesson has others"
    return None


def _epoch_of_model(store: Store, card: ModelCard) -> int:
    """The epoch whose weights a network has: early stopping goes back to the best."""
    last = len(card.epochs)
    if card.name == PRETRAINED:
        return last
    run = store.run(card.name)
    if run.test is None:  # its model is then of an earlier attempt, if there is one
        raise InputError(f"{card.name} cannot be taught: it is {run.status.value} and not tested")
    epoch = last
    if run.status is Status.FINISHED:
        inherited = run.parent_epoch or 0
        epoch = Curves(card.epochs, run.config, inherited=inherited).kept.epoch
    if epoch not in run.checkpoints:
        raise InputError(
            f"{card.name} cannot be taught: the state after its epoch {epoch} was not kept"
        )
    return epoch


def lesson_taught(run: Run) -> Lesson | None:
    """The lesson of a run that is a taught copy; None for any other.

    One that learned a lesson from nothing is no copy.
    """
    return lesson_of(run.config.dataset) if run.parent_id is not None else None


def is_taught_from(run: Run, drawings: set[str]) -> bool:
    """Whether a run is a copy that was taught from one of these uploads, by name."""
    lesson = lesson_taught(run)
    return lesson is not None and lesson.drawings in drawings


def known_before(lesson: Lesson) -> str:
    """The dataset on whose test digits a lesson shows what was forgotten, by name."""
    # The shipped recogniser's own takes a minute to put together.
    return default_dataset() if lesson.replayed == "handwriting" else lesson.replayed


def before_and_after(paired: Paired) -> tuple[Count, Count]:
    """How many were read rightly before and after."""
    before = paired.n - len(paired.fixed) - len(paired.missed)
    after = paired.n - len(paired.broken) - len(paired.missed)
    return Count(before, paired.n), Count(after, paired.n)


def gain_in_words(paired: Paired) -> str:
    """What the lesson changed on drawings that it did not show, and what so few can tell."""
    fixed, broken = len(paired.fixed), len(paired.broken)
    if not fixed + broken:
        return f"It reads the same ones rightly as before, of all {paired.n}."
    chance = paired.p_value
    verdict = (
        "chance alone would rarely do that"
        if chance < LEVEL
        else f"with {paired.n} digits that may be chance; more drawings tell more"
    )
    return f"It fixes {fixed}, breaks {broken} ({p_in_words(chance)}): {verdict}."


def forgetting_in_words(paired: Paired) -> str:
    """What the lesson cost on the test digits of what the network learned before."""
    fixed, broken = len(paired.fixed), len(paired.broken)
    lost = broken - fixed
    changed = f"It fixes {fixed:,}, breaks {broken:,}"
    if lost <= 0:
        return f"{changed}: it has forgotten nothing that shows."
    points = 100 * lost / paired.n
    return f"{changed}: it has forgotten {points:.2f} points, {lost:,} of {paired.n:,} digits."
