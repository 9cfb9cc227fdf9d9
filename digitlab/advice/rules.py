"""Learning curves → findings: what they show, without words.

The rules are thresholds of our own unless a source is named; they would rather stay silent than
raise a false alarm on one or two epochs.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from digitlab.advice.curves import Curves
from digitlab.evaluation import wilson_interval
from digitlab.lessons import lesson_of
from digitlab.network import CLASSES, batches_per_epoch
from digitlab.records import Epoch

GUESSING_LOSS = math.log(CLASSES)
"""The cross-entropy of ten equal probabilities, 2.303 nats, with label smoothing too."""

GUESSING = 2.2, 0.2
"""A loss above the first and an accuracy below the second are those of a network that guesses."""

GUESSING_STEPS = 100
"""A network that has made fewer steps may still be finding its feet."""

EARLY_EPOCHS = 3
"""So many tell more of training accuracy than how fast it began."""

LEAST_GAP = 0.002
"""Accuracies that differ by less are called equal, however many digits there are."""

USUAL_LEARNING_RATE = {"adam": 0.001, "nadam": 0.001, "rmsprop": 0.001, "sgd": 0.01}
"""Keras's default by optimizer; about where each learns these digits well."""


@dataclass(frozen=True)
class Finding:
    """What a rule has seen: from `first` to `last`, in the loss of one side.

    `count` is what the rule counts: jumps, or the epoch that broke.
    """

    key: str
    last: Epoch | None
    first: Epoch | None = None
    side: str = "training"
    count: int = 0


def find(curves: Curves, error: str | None) -> tuple[Finding, ...]:
    """The findings, the most important first: three at most.

    Only the first can be a problem with something to change, so that no two contradict another.

    Args:
        error: the sentence of a run that failed.
    """
    if found := _diverged(curves, error):
        return (found,)
    if not curves.epochs or lesson_of(curves.config.dataset):
        return ()  # a lesson is set: how long it is and how large its steps are, nobody chose
    problem = next((found for rule in _PROBLEMS if (found := rule(curves))), None)
    if problem and problem.key in ("guessing", "lag"):
        return (problem,)
    findings = [problem, _stopped_early(curves), _past_lag(curves)]
    if not problem or problem.key not in ("overfitting", "gap", "unstable"):
        findings.append(_harder_training(curves))
    return tuple(found for found in findings if found)[:3]


def _diverged(curves: Curves, error: str | None) -> Finding | None:
    """The loss is no number (`training.ReportingCallback` says so), or grew beyond guessing."""
    epochs = curves.epochs
    broken = next((epoch.epoch for epoch in epochs if not _is_finite(epoch)), None)
    if broken is None and error and "training diverged" in error:
        broken = epochs[-1].epoch + 1 if epochs else 1
    if broken is not None:
        return Finding("diverged", None, count=broken)
    if len(epochs) < 2 or epochs[-1].loss <= GUESSING[0]:
        return None
    best = min(epochs[:-1], key=lambda epoch: epoch.loss)
    if curves.above_floor(epochs[-1].loss) <= 1.5 * curves.above_floor(best.loss):
        return None
    return Finding("collapsed", epochs[-1], best)


def _guessing(curves: Curves) -> Finding | None:
    """Never better than chance: too large steps, or too small ones."""
    config = curves.config
    steps = len(curves.epochs) * batches_per_epoch(curves.digits.train, config.batch_size)
    early = steps < GUESSING_STEPS or curves.last.epoch <= config.warmup_epochs
    if early or not all(map(_guesses, curves.epochs)):
        return None
    return Finding("guessing", curves.last)


def _unstable(curves: Curves) -> Finding | None:
    """A loss that jumps up and comes down again, at least twice and every fifth epoch."""
    for side, values, factor, least in (
        ("training", curves.loss, 1.25, 0.05),
        ("validation", curves.val_loss, 1.5, max(0.1, curves.noise)),
    ):
        peaks = _peaks(values, factor, least)
        if len(peaks) >= max(2, len(values) / 5):
            peak = max(peaks, key=lambda i: values[i] - values[i - 1])
            before, at = curves.settled[peak - 1 : peak + 1]
            return Finding("unstable", at, before, side, len(peaks))
    return None


def _lagging(curves: Curves) -> Finding | None:
    """Batch normalisation has not caught up yet at the last epoch."""
    if curves.lag < len(curves.epochs):
        return None
    return Finding("lag", curves.last, _wildest(curves))


def _overfitting(curves: Curves) -> Finding | None:
    """Validation loss rises while training loss falls, as tuxacademy's guide reads the curves.

    From its lowest epoch on, validation loss has risen for two epochs or more, by a tenth at
    least and by more than two digits read wrongly with certainty account for.
    """
    values, loss = curves.val_loss, curves.loss
    if not values:
        return None
    lowest = values.index(min(values))
    after = values[lowest + 1 :]
    least = max(0.1 * values[lowest], curves.noise)
    risen = len(after) >= 2 and min(after[-2:]) > values[lowest] + least / 2
    if not risen or values[-1] <= values[lowest] + least or loss[-1] >= loss[lowest]:
        return None
    return Finding("overfitting", curves.last, curves.settled[lowest])


def _gap(curves: Curves) -> Finding | None:
    """Validation accuracy below training accuracy, the sign that soorya's tutorial names.

    Its rule, for the epoch whose weights are kept, where the difference is more than chance: see
    `_clearly_above`.
    """
    kept, digits = curves.kept, curves.digits
    if len(curves.settled) < 2 or kept.val_accuracy is None:
        return None
    if not _clearly_above(kept.accuracy, digits.train, kept.val_accuracy, digits.validation):
        return None
    return Finding("gap", kept)


def _slow(curves: Curves) -> Finding | None:
    """Tiny, steady, almost equal steps down from far above, at a learning rate below the usual."""
    config, losses = curves.config, [curves.above_floor(e.loss) for e in curves.epochs]
    rising = config.warmup_epochs > 0 or config.learning_rate_schedule == "one-cycle"
    usual = USUAL_LEARNING_RATE[config.optimizer]
    if rising or len(losses) < 4 or config.learning_rate >= usual or losses[-1] < 0.3:
        return None
    falls = [before - after for before, after in zip(losses[-4:], losses[-3:], strict=False)]
    if min(falls) <= 0.5 * max(falls) or max(falls) > 0.2 * losses[-4]:
        return None
    return Finding("slow", curves.last, curves.epochs[-4])


def _underfitting(curves: Curves) -> Finding | None:
    """Accuracies below 95 % on both sides, and flat for the last four epochs.

    Dropout and augmentation lower the training accuracy alone: a validation accuracy above 95 %
    shows that the network can do it.
    """
    recent = curves.settled[-4:]
    sides = [[epoch.accuracy for epoch in recent]]
    val = [epoch.val_accuracy for epoch in recent if epoch.val_accuracy is not None]
    sides += [val] if len(val) == len(recent) else []
    flat = all(max(side) - min(side) < 0.01 for side in sides)
    if len(recent) < 4 or not flat or max(map(max, sides)) >= 0.95:
        return None
    return Finding("underfitting", curves.last, recent[0])


def _plateau(curves: Curves) -> Finding | None:
    """Neither loss has improved by 2 % for five epochs, and there is something left to learn."""
    patience = 5
    if _is_perfect(curves.last) or len(curves.settled) < patience + 2 or curves.stopped_early:
        return None
    sides = [side for side in (curves.loss, curves.val_loss) if side]
    if any(min(side[-patience:]) < 0.98 * min(side[:-patience]) for side in sides):
        return None
    return Finding("plateau", curves.last, curves.settled[-patience - 1], curves.side)


def _still_improving(curves: Curves) -> Finding | None:
    """Both losses fell in each of the last two of all planned epochs, by 5 % together at least.

    Not where the schedule lowers the learning rate: there the end always improves.
    """
    config, last = curves.config, curves.last
    planned = last.epoch >= config.epochs and config.learning_rate_schedule == "constant"
    if not planned or len(curves.settled) < 3 or _is_perfect(last):
        return None
    for side in (curves.watched, curves.loss):
        if not side[-3] > side[-2] > side[-1] or side[-1] > 0.95 * side[-3] or side[-1] > min(side):
            return None
    return Finding("improving", last, curves.settled[-3], curves.side)


_PROBLEMS: tuple[Callable[[Curves], Finding | None], ...] = (
    _guessing,
    _unstable,
    _lagging,
    _overfitting,
    _gap,
    _slow,
    _underfitting,
    _plateau,
    _still_improving,
)
"""The most important first; where two rules hold, the earlier speaks."""


def _stopped_early(curves: Curves) -> Finding | None:
    if not curves.stopped_early:
        return None
    return Finding("early_stopping", curves.last, curves.remembered)


def _past_lag(curves: Curves) -> Finding | None:
    """Batch normalisation has caught up by now."""
    if not 0 < curves.lag < len(curves.epochs):
        return None
    return Finding("past_lag", curves.settled[0], _wildest(curves))


def _harder_training(curves: Curves) -> Finding | None:
    """Training accuracy below validation accuracy by more than chance: no fault.

    Not of the first epochs: the mean over an epoch then is that of a network that was still worse.
    """
    last, digits = curves.last, curves.digits
    if last.val_accuracy is None or len(curves.settled) < EARLY_EPOCHS:
        return None
    if not _clearly_above(last.val_accuracy, digits.validation, last.accuracy, digits.train):
        return None
    return Finding("harder_training", last)


def _clearly_above(high: float, high_n: int, low: float, low_n: int) -> bool:
    """Whether one accuracy lies above another by `LEAST_GAP` and by more than chance.

    The 95 % interval of their difference lies above 0: the score interval of Newcombe (1998,
    Statistics in Medicine 17, 873–890, method 10), made of two of Wilson's.
    """
    high_low, _ = wilson_interval(round(high * high_n), high_n)
    _, low_high = wilson_interval(round(low * low_n), low_n)
    return high - low > max(LEAST_GAP, math.hypot(high - high_low, low_high - low))


def _wildest(curves: Curves) -> Epoch:
    """The epoch that batch normalisation spoiled most."""
    return max(curves.epochs[: curves.lag], key=lambda epoch: epoch.val_loss or 0)


def _peaks(values: Sequence[float], factor: float, least: float) -> list[int]:
    """Positions that rise by `factor` and `least` above the one before, and fall back as much."""
    return [
        i
        for i in range(1, len(values) - 1)
        if min(values[i] / factor, values[i] - least) > max(values[i - 1], values[i + 1])
    ]


def _guesses(epoch: Epoch) -> bool:
    best = max(epoch.accuracy, epoch.val_accuracy or 0)
    return epoch.loss > GUESSING[0] and best < GUESSING[1]


def _is_perfect(epoch: Epoch) -> bool:
    return epoch.accuracy >= 1 or (epoch.val_accuracy or 0) >= 1


def _is_finite(epoch: Epoch) -> bool:
    values = (epoch.loss, epoch.accuracy, epoch.val_loss, epoch.val_accuracy)
    return all(value is None or math.isfinite(value) for value in values)
