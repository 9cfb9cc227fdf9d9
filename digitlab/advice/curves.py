"""Learning curves, and what can be asked of them."""

import math
from dataclasses import dataclass, replace
from functools import cached_property

from digitlab.config import TrainingConfig
from digitlab.costs import Digits
from digitlab.network import CLASSES, batches_per_epoch
from digitlab.records import Epoch

UNKNOWN = Digits(11_000, 9_000, 1_000)
"""Taken where the dataset is not at hand: few, so that chance is rather over- than underrated."""

FEWEST_VALIDATION = 100
"""Of fewer validation digits, one is more than a percentage point, and the 95 % interval (Wilson,
1927) of their accuracy is wider than the differences that rules speak of."""

CERTAIN_MISTAKE = math.log(100)
"""The loss, in nats, of one digit whose class was given a probability of 1 %."""

LAG_STEPS = 500
"""Batch normalisation's running averages keep 0.99 of themselves a step (Keras's default): after
so many steps, less than 1 % of their first values is left."""


@dataclass(frozen=True)
class Curves:
    """The completed epochs of a run, in order, as they are recorded, and what they are of.

    `digits` tells how much chance weighs. `inherited` are the epochs of the run that this one was
    forked from: early stopping does not remember them. Losses are nats above label smoothing's
    floor; accuracies are fractions.
    """

    recorded: tuple[Epoch, ...]
    config: TrainingConfig
    digits: Digits = UNKNOWN
    inherited: int = 0

    @cached_property
    def epochs(self) -> tuple[Epoch, ...]:
        """The epochs, without a validation on fewer digits than FEWEST_VALIDATION: only early
        stopping, which went by it, is still told of."""
        if self.digits.validation >= FEWEST_VALIDATION:
            return self.recorded
        return tuple(replace(epoch, val_accuracy=None, val_loss=None) for epoch in self.recorded)

    @property
    def last(self) -> Epoch:
        """The latest epoch."""
        return self.epochs[-1]

    @cached_property
    def lag(self) -> int:
        """How many epochs at the beginning batch normalisation spoils: up to the last one in which
        validation is far worse than training, within the first LAG_STEPS steps."""
        if not any(block.batch_normalization for block in self.config.conv_blocks):
            return 0
        steps = batches_per_epoch(self.digits.train, self.config.batch_size)
        window = math.ceil(LAG_STEPS / steps)
        lags = [self._lags(epoch) for epoch in self.epochs if epoch.epoch <= window]
        return max((number for number, is_lag in enumerate(lags, 1) if is_lag), default=0)

    @property
    def settled(self) -> tuple[Epoch, ...]:
        """The epochs whose validation can be believed."""
        return self.epochs[self.lag :]

    @cached_property
    def loss(self) -> tuple[float, ...]:
        """Training loss of the settled epochs."""
        return tuple(self.above_floor(epoch.loss) for epoch in self.settled)

    @cached_property
    def val_loss(self) -> tuple[float, ...]:
        """Validation loss of the settled epochs; empty if not every one has it."""
        known = [epoch.val_loss for epoch in self.settled if epoch.val_loss is not None]
        if len(known) < len(self.settled):
            return ()
        return tuple(self.above_floor(value) for value in known)

    @property
    def side(self) -> str:
        """Which loss tells how good the network is: `validation`, or `training` without it."""
        return "validation" if self.val_loss else "training"

    @property
    def watched(self) -> tuple[float, ...]:
        """That loss, of the settled epochs."""
        return self.val_loss or self.loss

    @property
    def best(self) -> Epoch:
        """The settled epoch in which it is lowest."""
        return self.settled[self.watched.index(min(self.watched))]

    @property
    def stopped_early(self) -> bool:
        """Whether early stopping has ended the training here, before the planned end."""
        best, patience = self.remembered, self.config.early_stopping_patience
        unfinished = self.last.epoch < self.config.epochs
        return best is not None and unfinished and self.last.epoch - best.epoch == patience

    @property
    def kept(self) -> Epoch:
        """The epoch whose weights the run has, unless a person or a failure ended it.

        Keras 3.15's `EarlyStopping.on_train_end` goes back to the best ones whenever it watches,
        whether it has stopped the training or not; before the end they are the last ones.
        """
        over = self.last.epoch >= self.config.epochs or self.stopped_early
        best = self.remembered if over else None
        return self.last if best is None else self.epochs[self.recorded.index(best)]

    @property
    def noise(self) -> float:
        """What two validation digits read wrongly with certainty add to the validation loss."""
        return 2 * CERTAIN_MISTAKE / max(1, self.digits.validation)

    def above_floor(self, loss: float) -> float:
        """A loss without what label smoothing adds even to a perfect network: the entropy of the
        smoothed labels (Szegedy et al., 2016)."""
        other = self.config.label_smoothing / CLASSES
        if not other:
            return loss
        right = 1 - (CLASSES - 1) * other
        floor = -right * math.log(right) - (CLASSES - 1) * other * math.log(other)
        return max(0.0, loss - floor)

    @property
    def remembered(self) -> Epoch | None:
        """The first epoch with the lowest validation loss, if early stopping watches it."""
        own = [epoch for epoch in self.recorded if epoch.epoch > self.inherited]
        values = [epoch.val_loss for epoch in own if epoch.val_loss is not None]
        if self.config.early_stopping_patience is None or not own or len(values) < len(own):
            return None
        return own[values.index(min(values))]

    def _lags(self, epoch: Epoch) -> bool:
        if epoch.val_loss is None or epoch.val_accuracy is None:
            return False
        loss, val_loss = self.above_floor(epoch.loss), self.above_floor(epoch.val_loss)
        return val_loss > max(0.5, 2 * loss) and epoch.val_accuracy < epoch.accuracy
