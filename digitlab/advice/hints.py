"""Findings and remedies → hints in plain words."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from digitlab.advice.curves import UNKNOWN, Curves
from digitlab.advice.remedies import remedy
from digitlab.advice.rules import GUESSING_LOSS, Finding, find
from digitlab.config import TrainingConfig
from digitlab.costs import Digits
from digitlab.records import Epoch


@dataclass(frozen=True)
class Hint:
    """What learning curves show, and what to try next.

    `changes` are new values of the config's fields, for `TrainingConfig.replace`; empty where
    `suggestion` has no single answer.
    """

    key: str
    title: str
    sentence: str
    suggestion: str
    changes: tuple[tuple[str, Any], ...]


def hints(
    epochs: Sequence[Epoch],
    config: TrainingConfig,
    error: str | None = None,
    digits: Digits = UNKNOWN,
    inherited: int = 0,
) -> tuple[Hint, ...]:
    """What the learning curves of a run mean, the most important first: three hints at most.

    At most one has something to change, so that no two contradict another. Works while a run
    trains, too, on the epochs so far. A validation on few digits is not looked at: see `Curves`.

    Args:
        epochs: the completed epochs, in order.
        config: what the run trains with.
        error: the sentence of a run that failed.
        digits: how many it trains on and is validated on.
        inherited: epochs of the run that it was forked from.
    """
    curves = Curves(tuple(epochs), config, digits, inherited)
    return tuple(_hint(finding, curves) for finding in find(curves, error))


def _hint(finding: Finding, curves: Curves) -> Hint:
    title, sentence = WORDS[finding.key]
    what = remedy(finding, curves)
    said = sentence.format(
        first=finding.first and _told(finding.first, finding.side),
        last=finding.last and _told(finding.last, finding.side),
        side=finding.side,
        count=finding.count,
        planned=curves.config.epochs,
    )
    return Hint(finding.key, title, said, what.suggestion, what.changes)


_LAG = (
    "In epoch {first.epoch} the validation loss was {first.val_loss}, the training loss only "
    "{first.loss}. Batch normalisation reads validation digits with running averages that take "
    "some hundred steps to catch up"
)

WORDS = {
    "diverged": (
        "Training diverged",
        "In epoch {count} the loss stopped being a number: the steps were so large that the "
        "weights grew without bound.",
    ),
    "collapsed": (
        "Training diverged",
        "The loss had come down to {first.loss} in epoch {first.epoch}, and is now {last.loss}: as "
        f"bad as guessing ({GUESSING_LOSS:.3f}) or worse. One step too large has destroyed what "
        "was learned.",
    ),
    "guessing": (
        "It guesses",
        "After epoch {last.epoch} the loss is {last.loss} and the accuracy {last.accuracy}: it "
        f"guesses. Ten equal chances give a loss of ln 10 = {GUESSING_LOSS:.3f} and about 10 %.",
    ),
    "unstable": (
        "Unsteady learning",
        "The {side} loss jumps up and down: {count} times it rose and fell again, most in epoch "
        "{last.epoch} ({first.watched} to {last.watched}). The steps are too large to settle.",
    ),
    "lag": ("Validation lags behind", f"{_LAG}."),
    "past_lag": ("A wild beginning", f"{_LAG}; since epoch {{last.epoch}} they have."),
    "overfitting": (
        "Overfitting",
        "Since epoch {first.epoch} the validation loss rises ({first.val_loss} to {last.val_loss}) "
        "while the training loss still falls ({first.loss} to {last.loss}): the network learns its "
        "training digits by heart.",
    ),
    "gap": (
        "Overfitting",
        "In epoch {last.epoch} the network reads its training digits better ({last.accuracy}) than "
        "the validation digits ({last.val_accuracy}), by more than chance: it begins to learn them "
        "by heart.",
    ),
    "slow": (
        "Learning slowly",
        "The training loss falls in tiny, even steps: {first.loss} in epoch {first.epoch}, "
        "{last.loss} in epoch {last.epoch}. Learning works, but slowly.",
    ),
    "underfitting": (
        "Underfitting",
        "From epoch {first.epoch} to {last.epoch} the accuracy has stood still at "
        "{last.accuracies}, with a loss of {last.loss}: the network cannot learn even its training "
        "digits well.",
    ),
    "plateau": (
        "A plateau",
        "Since epoch {first.epoch} nothing has improved: the {side} loss was {first.watched} then, "
        "and is {last.watched} in epoch {last.epoch}.",
    ),
    "improving": (
        "Still improving",
        "The {side} loss was still falling at the end: {first.watched} in epoch {first.epoch}, "
        "{last.watched} in epoch {last.epoch}. The network had not learned all it can.",
    ),
    "early_stopping": (
        "Early stopping did its work",
        "Early stopping ended the training after epoch {last.epoch} of {planned}: the validation "
        "loss was lowest in epoch {first.epoch} ({first.val_loss}), and those weights are kept.",
    ),
    "harder_training": (
        "Training is harder than the test",
        "Training accuracy ({last.accuracy}) is below validation accuracy ({last.val_accuracy}).",
    ),
}
"""Title and sentence by finding; `first` and `last` are its epochs, as `_told` has them."""


def _told(epoch: Epoch, side: str) -> SimpleNamespace:
    """An epoch's figures as sentences give them; `watched` is the loss of that side."""
    loss, val_loss = _number(epoch.loss), _number(epoch.val_loss or 0)
    accuracy, val_accuracy = _percent(epoch.accuracy), _percent(epoch.val_accuracy or 0)
    validation = f", {val_accuracy} in validation" if epoch.val_accuracy is not None else ""
    return SimpleNamespace(
        epoch=epoch.epoch,
        loss=loss,
        val_loss=val_loss,
        watched=loss if side == "training" else val_loss,
        accuracy=accuracy,
        val_accuracy=val_accuracy,
        accuracies=f"{accuracy} in training{validation}",
    )


def _number(loss: float) -> str:
    """'0.031', or '1.2e+09' for what no place has three decimals."""
    return f"{loss:.3f}" if abs(loss) < 1000 else f"{loss:.2g}"


def _percent(accuracy: float) -> str:
    """'99.06 %'."""
    return f"{accuracy:.2%}".replace("%", " %")
