"""Learning curves → plain words: what they mean, and what to try next.

`hints` names at most one problem, the most important that the curves show, and beside it what
explains the curves without being a problem. The rules are thresholds of our own unless a source
is named; they would rather stay silent than raise a false alarm on one or two epochs.
"""

import dataclasses
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from digitlab.config import ConvBlock, TrainingConfig
from digitlab.evaluation import wilson_interval
from digitlab.mnist import TEST_COUNT, TRAIN_COUNT
from digitlab.network import CLASSES, batches_per_epoch
from digitlab.records import Epoch

GUESSING_LOSS = math.log(CLASSES)
"""The cross-entropy of ten equal probabilities, 2.303 nats, with label smoothing too."""

GUESSING = 2.2, 0.2
"""A loss above the first and an accuracy below the second are those of a network that guesses."""

GUESSING_STEPS = 100
"""A network that has made fewer steps may still be finding its feet."""

CERTAIN_MISTAKE = math.log(100)
"""The loss, in nats, of one digit whose class was given a probability of 1 %."""

LEAST_GAP = 0.002
"""Accuracies that differ by less are called equal, however many digits there are."""

USUAL_LEARNING_RATE = {"adam": 0.001, "nadam": 0.001, "rmsprop": 0.001, "sgd": 0.01}
"""Keras's default by optimizer; about where each learns these digits well."""

LAG_STEPS = 500
"""Batch normalisation's running averages keep 0.99 of themselves a step (Keras's default): after
so many steps, less than 1 % of their first values is left."""

COUNTS = {"mnist": (TRAIN_COUNT, TEST_COUNT), "digits": (1_437, 360)}
"""Training and test digits of the datasets that come with DigitLab."""

UNKNOWN_COUNTS = 10_000, 1_000
"""Taken for a dataset of somebody's own: small, so that chance is rather over- than underrated."""


_Changes = tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class Hint:
    """What learning curves show, and what to do about it.

    `changes` are new values of the config's fields, for `TrainingConfig.replace`; empty where
    `suggestion` has no single answer.
    """

    key: str
    title: str
    sentence: str
    suggestion: str
    changes: _Changes = ()


@dataclass(frozen=True)
class _Curves:
    """The curves, and what the rules ask of them. Losses are nats above label smoothing's floor."""

    epochs: tuple[Epoch, ...]
    config: TrainingConfig
    lag: int
    """Epochs at the beginning whose validation batch normalisation spoiled."""

    @property
    def last(self) -> Epoch:
        return self.epochs[-1]

    @property
    def settled(self) -> tuple[Epoch, ...]:
        """The epochs whose validation can be believed."""
        return self.epochs[self.lag :]

    @property
    def best(self) -> Epoch:
        """The settled epoch with the lowest val_loss; loss, without validation."""
        watched = self.watched
        return self.settled[watched.index(min(watched))]

    @property
    def loss(self) -> tuple[float, ...]:
        """Training loss of the settled epochs."""
        return tuple(_above_floor(epoch.loss, self.config) for epoch in self.settled)

    @property
    def val_loss(self) -> tuple[float, ...]:
        """Validation loss of the settled epochs; empty if not every one has it."""
        known = [epoch.val_loss for epoch in self.settled if epoch.val_loss is not None]
        if len(known) < len(self.settled):
            return ()
        return tuple(_above_floor(value, self.config) for value in known)

    @property
    def watched(self) -> tuple[float, ...]:
        """The loss that tells how good the network is."""
        return self.val_loss or self.loss

    @property
    def stopped_early(self) -> bool:
        """Whether Keras's EarlyStopping would have stopped here, before the planned end."""
        patience, values = self.config.early_stopping_patience, [e.val_loss for e in self.epochs]
        if patience is None or self.last.epoch >= self.config.epochs:
            return False
        known = [value for value in values if value is not None]
        return len(known) == len(values) and len(known) - 1 - known.index(min(known)) == patience

    @property
    def kept(self) -> Epoch:
        """The epoch whose weights the run keeps."""
        return self.best if self.stopped_early else self.last


def hints(
    epochs: Sequence[Epoch], config: TrainingConfig, error: str | None = None
) -> tuple[Hint, ...]:
    """What the learning curves of a run mean, the most important first: three hints at most.

    Only the first can be a problem with something to change, so that no two contradict another.
    Works while a run trains, too, on the epochs so far.

    Args:
        epochs: the completed epochs, in order.
        config: what the run was started with.
        error: the sentence of a run that failed.
    """
    epochs = tuple(epochs)
    if hint := _diverged(epochs, config, error):
        return (hint,)
    if not epochs:
        return ()
    curves = _Curves(epochs, config, _lagging_epochs(epochs, config))
    problem = next((hint for rule in _PROBLEMS if (hint := rule(curves))), None)
    if problem and problem.key in ("guessing", "lag"):
        return (problem,)
    found = [problem, _stopped_early(curves), _past_lag(curves)]
    if not problem or problem.key not in ("overfitting", "gap", "unstable"):
        found.append(_harder_training(curves))
    return tuple(hint for hint in found if hint)[:3]


# Rules: each reads the curves and returns its hint, or None.


def _diverged(epochs: tuple[Epoch, ...], config: TrainingConfig, error: str | None) -> Hint | None:
    """The loss is no number (`training.ReportingCallback` says so), or grew beyond guessing."""
    broken = next((epoch.epoch for epoch in epochs if not _is_finite(epoch)), None)
    if broken is None and error and "training diverged" in error:
        broken = epochs[-1].epoch + 1 if epochs else 1
    if broken is not None:
        sentence = (
            f"In epoch {broken} the loss stopped being a number: the steps were so large that the "
            "weights grew without bound."
        )
    elif _collapsed(epochs, config):
        best = min(epochs, key=lambda epoch: epoch.loss)
        sentence = (
            f"The loss had come down to {_number(best.loss)} in epoch {best.epoch}, and is now "
            f"{_number(epochs[-1].loss)}: as bad as guessing ({GUESSING_LOSS:.3f}) or worse. One "
            "step too large has destroyed what was learned."
        )
    else:
        return None
    changes = _learning_rate(config, 0.1)
    return Hint("diverged", "Training diverged", sentence, _lower(changes), changes)


def _collapsed(epochs: tuple[Epoch, ...], config: TrainingConfig) -> bool:
    if len(epochs) < 2 or epochs[-1].loss <= GUESSING[0]:
        return False
    losses = [_above_floor(epoch.loss, config) for epoch in epochs]
    return losses[-1] > 1.5 * min(losses[:-1])


def _guessing(curves: _Curves) -> Hint | None:
    """Never better than chance: too large steps, or too small ones."""
    config = curves.config
    digits, _ = digit_counts(config)
    steps = len(curves.epochs) * batches_per_epoch(digits, config.batch_size)
    early = steps < GUESSING_STEPS or curves.last.epoch <= config.warmup_epochs
    if early or not all(map(_guesses, curves.epochs)):
        return None
    last, usual = curves.last, USUAL_LEARNING_RATE[config.optimizer]
    sentence = (
        f"After epoch {last.epoch} the loss is {_number(last.loss)} and the accuracy "
        f"{_percent(last.accuracy)}: it guesses. Ten equal chances give a loss of ln 10 = "
        f"{GUESSING_LOSS:.3f} and about 10 %."
    )
    if config.learning_rate <= usual / 3:
        changes = _learning_rate(config, 10)
        return Hint("guessing", "It guesses", sentence, _higher(changes), changes)
    changes = _learning_rate(config, 0.1)
    suggestion = f"{_lower(changes)} If that does not help, look at the labels in Explore."
    return Hint("guessing", "It guesses", sentence, suggestion, changes)


def _unstable(curves: _Curves) -> Hint | None:
    """A loss that jumps up and comes down again, at least twice and every fifth epoch."""
    noise = max(0.1, 2 * CERTAIN_MISTAKE / digit_counts(curves.config)[1])
    for name, values, factor, least in (
        ("training", curves.loss, 1.25, 0.05),
        ("validation", curves.val_loss, 1.5, noise),
    ):
        peaks = _peaks(values, factor, least)
        if len(peaks) < max(2, len(values) / 5):
            continue
        peak = max(peaks, key=lambda i: values[i] - values[i - 1])
        before, at = (_loss_of(curves.settled[i], name) for i in (peak - 1, peak))
        sentence = (
            f"The {name} loss jumps up and down: {len(peaks)} times it rose and fell again, most "
            f"in epoch {curves.settled[peak].epoch} ({_number(before)} to {_number(at)}). The "
            "steps are too large to settle."
        )
        changes = _learning_rate(curves.config, 1 / 3)
        suggestion = f"{_lower(changes)} A larger batch_size makes the steps smoother, too."
        return Hint("unstable", "Unsteady learning", sentence, suggestion, changes)
    return None


def _lagging(curves: _Curves) -> Hint | None:
    """Batch normalisation has not caught up yet at the last epoch."""
    if curves.lag < len(curves.epochs):
        return None
    size = curves.config.batch_size
    changes: _Changes = (("batch_size", max(32, size // 4)),) if size > 32 else ()
    suggestion = "Train for more epochs"
    suggestion += f", or try {_spelled(changes)}: more steps an epoch." if changes else "."
    return Hint("lag", "Validation lags behind", _lag_sentence(curves), suggestion, changes)


def _overfitting(curves: _Curves) -> Hint | None:
    """Validation loss rises while training loss falls, as tuxacademy's guide reads the curves.

    From its lowest epoch on, validation loss has risen for two epochs or more, by a tenth at
    least and by more than two digits read wrongly with certainty account for.
    """
    settled, values, loss = curves.settled, curves.val_loss, curves.loss
    if not values:
        return None
    lowest = values.index(min(values))
    after = values[lowest + 1 :]
    least = max(0.1 * values[lowest], 2 * CERTAIN_MISTAKE / digit_counts(curves.config)[1])
    risen = len(after) >= 2 and min(after[-2:]) > values[lowest] + least / 2
    if not risen or values[-1] <= values[lowest] + least or loss[-1] >= loss[lowest]:
        return None
    best, last = settled[lowest], settled[-1]
    sentence = (
        f"Since epoch {best.epoch} the validation loss rises ({_number(best.val_loss or 0)} to "
        f"{_number(last.val_loss or 0)}) while the training loss still falls "
        f"({_number(best.loss)} to {_number(last.loss)}): the network learns its training digits "
        "by heart."
    )
    suggestion, changes = _against_overfitting(curves, best)
    return Hint("overfitting", "Overfitting", sentence, suggestion, changes)


def _gap(curves: _Curves) -> Hint | None:
    """Validation accuracy below training accuracy, the sign that soorya's tutorial names.

    Its rule, for the epoch whose weights are kept, where the difference is more than chance: see
    `_clearly_above`.
    """
    kept = curves.kept
    if len(curves.settled) < 2 or kept.val_accuracy is None:
        return None
    training, validation = digit_counts(curves.config)
    if not _clearly_above(kept.accuracy, training, kept.val_accuracy, validation):
        return None
    sentence = (
        f"In epoch {kept.epoch} the network reads its training digits better "
        f"({_percent(kept.accuracy)}) than the validation digits ({_percent(kept.val_accuracy)}), "
        "by more than chance: it begins to learn them by heart."
    )
    suggestion, changes = _against_overfitting(curves, None)
    return Hint("gap", "Overfitting", sentence, suggestion, changes)


def _slow(curves: _Curves) -> Hint | None:
    """Tiny, steady, almost equal steps down from far above, at a learning rate below the usual."""
    config, losses = curves.config, [_above_floor(e.loss, curves.config) for e in curves.epochs]
    rising = config.warmup_epochs > 0 or config.learning_rate_schedule == "one-cycle"
    usual = USUAL_LEARNING_RATE[config.optimizer]
    if rising or len(losses) < 4 or config.learning_rate >= usual or losses[-1] < 0.3:
        return None
    falls = [before - after for before, after in zip(losses[-4:], losses[-3:], strict=False)]
    if min(falls) <= 0.5 * max(falls) or max(falls) > 0.2 * losses[-4]:
        return None
    first, last = curves.epochs[-4], curves.last
    sentence = (
        f"The training loss falls in tiny, even steps: {_number(first.loss)} in epoch "
        f"{first.epoch}, {_number(last.loss)} in epoch {last.epoch}. Learning works, but slowly."
    )
    changes = _learning_rate(config, 10)
    return Hint("slow", "Learning slowly", sentence, _higher(changes), changes)


def _underfitting(curves: _Curves) -> Hint | None:
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
    last = recent[-1]
    validation = f", {_percent(last.val_accuracy)} in validation" if len(sides) > 1 else ""
    sentence = (
        f"From epoch {recent[0].epoch} to {last.epoch} the accuracy has stood still at "
        f"{_percent(last.accuracy)} in training{validation}, with a loss of "
        f"{_number(last.loss)}: the network cannot learn even its training digits well."
    )
    suggestion, changes = _against_underfitting(curves.config)
    return Hint("underfitting", "Underfitting", sentence, suggestion, changes)


def _plateau(curves: _Curves) -> Hint | None:
    """Neither loss has improved by 2 % for five epochs, and there is something left to learn."""
    last, patience = curves.last, 5
    perfect = last.accuracy >= 1 or (last.val_accuracy or 0) >= 1
    enough = len(curves.settled) >= patience + 2
    if perfect or not enough or curves.stopped_early:
        return None
    sides = [side for side in (curves.loss, curves.val_loss) if side]
    if any(min(side[-patience:]) < 0.98 * min(side[:-patience]) for side in sides):
        return None
    name = "validation" if curves.val_loss else "training"
    begin = curves.settled[-patience - 1]
    sentence = (
        f"Since epoch {begin.epoch} nothing has improved: the {name} loss was "
        f"{_number(_loss_of(begin, name))} then, and is {_number(_loss_of(last, name))} in epoch "
        f"{last.epoch}."
    )
    suggestion, changes = _against_plateau(curves)
    return Hint("plateau", "A plateau", sentence, suggestion, changes)


def _still_improving(curves: _Curves) -> Hint | None:
    """Both losses fell in each of the last two of all planned epochs, by 5 % together at least.

    Not where the schedule lowers the learning rate: there the end always improves.
    """
    config, last, settled = curves.config, curves.last, curves.settled
    planned = last.epoch >= config.epochs and config.learning_rate_schedule == "constant"
    if not planned or len(settled) < 3 or last.accuracy >= 1 or (last.val_accuracy or 0) >= 1:
        return None
    for side in (curves.watched, curves.loss):
        if not side[-3] > side[-2] > side[-1] or side[-1] > 0.95 * side[-3] or side[-1] > min(side):
            return None
    name = "validation" if curves.val_loss else "training"
    sentence = (
        f"The {name} loss was still falling at the end: {_number(_loss_of(settled[-3], name))} in "
        f"epoch {settled[-3].epoch}, {_number(_loss_of(last, name))} in epoch {last.epoch}. The "
        "network had not learned all it can."
    )
    changes: _Changes
    if config.epochs >= 500:
        changes = _learning_rate(config, 3)
        return Hint("improving", "Still improving", sentence, _higher(changes), changes)
    changes = (("epochs", min(500, 2 * config.epochs)),)
    suggestion = f"Train longer: {_spelled(changes)}."
    if not curves.val_loss:
        changes += (("validation", "last"),)
        suggestion = f"Train longer, and watch digits it does not learn: {_spelled(changes)}."
    return Hint("improving", "Still improving", sentence, suggestion, changes)


_PROBLEMS: tuple[Callable[[_Curves], Hint | None], ...] = (
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


def _stopped_early(curves: _Curves) -> Hint | None:
    if not curves.stopped_early:
        return None
    best = min(curves.epochs, key=lambda epoch: epoch.val_loss or 0)
    sentence = (
        f"Early stopping ended the training after epoch {curves.last.epoch} of "
        f"{curves.config.epochs}: the validation loss was lowest in epoch {best.epoch} "
        f"({_number(best.val_loss or 0)}), and those weights are kept."
    )
    suggestion = "A larger early_stopping_patience waits longer for a late improvement."
    return Hint("early_stopping", "Early stopping did its work", sentence, suggestion)


def _past_lag(curves: _Curves) -> Hint | None:
    """Batch normalisation has caught up by now."""
    if not 0 < curves.lag < len(curves.epochs):
        return None
    suggestion = "The later epochs count. More steps an epoch, with a smaller "
    suggestion += "batch_size, make it shorter."
    return Hint("past_lag", "A wild beginning", _lag_sentence(curves), suggestion)


def _harder_training(curves: _Curves) -> Hint | None:
    """Training accuracy below validation accuracy by more than chance: no fault."""
    last, config = curves.last, curves.config
    if last.val_accuracy is None or curves.lag == len(curves.epochs):
        return None
    training, validation = digit_counts(config)
    if not _clearly_above(last.val_accuracy, validation, last.accuracy, training):
        return None
    causes = ["dropout"] * (_most_dropout(config) > 0) + ["augmentation"] * _augments(config)
    if causes:
        verb = "make" if len(causes) > 1 else "makes"
        why = f"{' and '.join(causes)} {verb} training harder than the test".capitalize()
    else:
        why = "It is averaged over the whole epoch, while the network still learns"
    sentence = (
        f"Training accuracy ({_percent(last.accuracy)}) is below validation accuracy "
        f"({_percent(last.val_accuracy)}). {why}: that is no underfitting."
    )
    suggestion = "Judge the network by its validation and test accuracy."
    return Hint("harder_training", "Training is harder than the test", sentence, suggestion)


# What to try next: words, and the same as changes of the config.


def _against_overfitting(curves: _Curves, best: Epoch | None) -> tuple[str, _Changes]:
    """One thing that the config has not got yet: augmentation, dropout, or an earlier end."""
    config = curves.config
    changes: _Changes
    if not _augments(config):
        changes = (("rotation", 10.0), ("zoom", 0.1), ("shift", 0.1))
        return f"Add augmentation, so that no digit comes twice: {_spelled(changes)}.", changes
    if config.dense_layers and _most_dropout(config) < 0.3:
        layers = tuple(_with_dropout(layer, 0.5) for layer in config.dense_layers)
        return "Add dropout 0.5 to the dense_layers.", (("dense_layers", layers),)
    if config.early_stopping_patience is None and config.validation in ("last", "random"):
        changes = (("early_stopping_patience", 3),)
        return f"Let it stop in time: {_spelled(changes)}.", changes
    if best and not curves.stopped_early and 1 <= best.epoch < config.epochs:
        changes = (("epochs", best.epoch),)
        return f"Fewer epochs, more dropout or a smaller network: {_spelled(changes)}.", changes
    return "More training digits, more dropout or a smaller network help.", ()


def _against_underfitting(config: TrainingConfig) -> tuple[str, _Changes]:
    """Whatever holds the network back most, else a larger network."""
    changes: _Changes
    if config.learning_rate >= 3 * USUAL_LEARNING_RATE[config.optimizer]:
        changes = _learning_rate(config, 0.1)
        return _lower(changes), changes
    if _most_dropout(config) > 0.5:
        changes = tuple(
            (name, tuple(_with_dropout(layer, layer.dropout / 2) for layer in layers))
            for name, layers in _layers(config)
        )
        return "Halve the dropout: it silences too much.", changes
    if config.weight_decay > 0.05:
        changes = (("weight_decay", config.weight_decay / 10),)
        return f"Shrink the weights less: {_spelled(changes)}.", changes
    if not config.conv_blocks:
        changes = (("conv_blocks", (ConvBlock(filters=32), ConvBlock(filters=64))),)
        return "Add conv_blocks, with 32 and 64 filters.", changes
    blocks = tuple(
        dataclasses.replace(block, filters=min(512, 2 * block.filters))
        for block in config.conv_blocks
    )
    if blocks == config.conv_blocks:
        return "Use less augmentation, or look at the labels in Explore.", ()
    return "Use a larger network: twice the filters.", (("conv_blocks", blocks),)


def _against_plateau(curves: _Curves) -> tuple[str, _Changes]:
    """Smaller steps at the end, where the config allows them; else fewer epochs."""
    config = curves.config
    changes: _Changes
    constant = config.learning_rate_schedule == "constant"
    if constant and config.reduce_on_plateau_patience is None:
        if config.validation in ("last", "random") and not config.warmup_epochs:
            changes = (("reduce_on_plateau_patience", 2),)
        else:
            changes = (("learning_rate_schedule", "cosine"),)
        return f"Smaller steps often find a little more: {_spelled(changes)}.", changes
    if 1 <= curves.best.epoch < config.epochs:
        changes = (("epochs", curves.best.epoch),)
        return f"This network has learned what it can: {_spelled(changes)} do.", changes
    return "This network has learned what it can: try a larger one, or augmentation.", ()


def _learning_rate(config: TrainingConfig, factor: float) -> _Changes:
    """The learning rate times `factor`, to one digit; upwards to the usual one at most."""
    usual = USUAL_LEARNING_RATE[config.optimizer]
    wanted = float(f"{config.learning_rate * factor:.0e}")
    value = min(wanted, max(usual, config.learning_rate)) if factor > 1 else max(wanted, 1e-6)
    return () if value == config.learning_rate else (("learning_rate", value),)


def _lower(changes: _Changes) -> str:
    return f"Take smaller steps: {_spelled(changes)}." if changes else "Use a smaller network."


def _higher(changes: _Changes) -> str:
    return f"Take larger steps: {_spelled(changes)}." if changes else "Use a larger network."


def _spelled(changes: _Changes) -> str:
    """'rotation 10, zoom 0.1'."""
    return ", ".join(
        f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in changes
    )


# What the rules are made of.


def digit_counts(config: TrainingConfig) -> tuple[int, int]:
    """How many digits a run trains on and is validated on, as `datasets.split_dataset` divides.

    Known for MNIST and digits; for any other dataset `UNKNOWN_COUNTS` stands in.
    """
    training, test = COUNTS.get(config.dataset, UNKNOWN_COUNTS)
    if config.split == "random":
        total = training + test
        test = math.ceil(config.test_fraction * total)
        training = total - test
    training = config.training_size or training
    if config.validation == "test":
        return training, test
    if config.validation == "none":
        return training, 1
    kept = max(1, int(training * (1 - config.validation_fraction)))
    return kept, max(1, training - kept)


def _clearly_above(high: float, high_n: int, low: float, low_n: int) -> bool:
    """Whether one accuracy lies above another by `LEAST_GAP` and by more than chance.

    The 95 % interval of their difference lies above 0: the score interval of Newcombe (1998,
    Statistics in Medicine 17, 873–890, method 10), made of two of Wilson's.
    """
    high_low, _ = wilson_interval(_hits(high, high_n), high_n)
    _, low_high = wilson_interval(_hits(low, low_n), low_n)
    return high - low > max(LEAST_GAP, math.hypot(high - high_low, low_high - low))


def _hits(accuracy: float, n: int) -> int:
    return min(n, max(0, round(accuracy * n)))


def _lagging_epochs(epochs: tuple[Epoch, ...], config: TrainingConfig) -> int:
    """How many epochs at the beginning batch normalisation spoils: up to the last one in which
    validation is far worse than training, within the first `LAG_STEPS` steps."""
    if not any(block.batch_normalization for block in config.conv_blocks):
        return 0
    digits, _ = digit_counts(config)
    window = math.ceil(LAG_STEPS / batches_per_epoch(digits, config.batch_size))
    lags = [_lags(epoch, config) for epoch in epochs if epoch.epoch <= window]
    return max((number for number, is_lag in enumerate(lags, 1) if is_lag), default=0)


def _lags(epoch: Epoch, config: TrainingConfig) -> bool:
    if epoch.val_loss is None or epoch.val_accuracy is None:
        return False
    loss, val_loss = (_above_floor(value, config) for value in (epoch.loss, epoch.val_loss))
    return val_loss > max(0.5, 2 * loss) and epoch.val_accuracy < epoch.accuracy


def _lag_sentence(curves: _Curves) -> str:
    worst = max(curves.epochs[: curves.lag], key=lambda epoch: epoch.val_loss or 0)
    over = curves.lag < len(curves.epochs)
    return (
        f"In epoch {worst.epoch} the validation loss was {_number(worst.val_loss or 0)}, the "
        f"training loss only {_number(worst.loss)}. Batch normalisation reads validation digits "
        "with running averages that take some hundred steps to catch up"
        + (f"; since epoch {curves.settled[0].epoch} they have." if over else ".")
    )


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


def _above_floor(loss: float, config: TrainingConfig) -> float:
    """A loss without what label smoothing adds even to a perfect network: the entropy of the
    smoothed labels (Szegedy et al., 2016)."""
    other = config.label_smoothing / CLASSES
    if not other:
        return loss
    right = 1 - (CLASSES - 1) * other
    floor = -right * math.log(right) - (CLASSES - 1) * other * math.log(other)
    return max(0.0, loss - floor)


def _is_finite(epoch: Epoch) -> bool:
    values = (epoch.loss, epoch.accuracy, epoch.val_loss, epoch.val_accuracy)
    return all(value is None or math.isfinite(value) for value in values)


def _loss_of(epoch: Epoch, name: str) -> float:
    return epoch.loss if name == "training" else epoch.val_loss or 0.0


def _augments(config: TrainingConfig) -> bool:
    names = ("rotation", "zoom", "shift", "shear", "elastic", "stroke_thickness")
    return any(getattr(config, name) > 0 for name in names)


def _layers(config: TrainingConfig) -> list[tuple[str, tuple[Any, ...]]]:
    return [("conv_blocks", config.conv_blocks), ("dense_layers", config.dense_layers)]


def _most_dropout(config: TrainingConfig) -> float:
    return max((layer.dropout for _, layers in _layers(config) for layer in layers), default=0.0)


def _with_dropout(layer: Any, dropout: float) -> Any:
    return dataclasses.replace(layer, dropout=round(dropout, 3))


def _number(loss: float) -> str:
    """'0.031', or '1.2e+09' for what no place has three decimals."""
    return f"{loss:.3f}" if abs(loss) < 1000 else f"{loss:.2g}"


def _percent(accuracy: float | None) -> str:
    """'99.06 %'."""
    return f"{accuracy or 0:.2%}".replace("%", " %")
