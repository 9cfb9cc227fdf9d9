"""Learning-rate schedules as plain functions of the step."""

from math import cos, pi

from digitlab.config import TrainingConfig

ONE_CYCLE_RISE = 0.25
"""Share of the training during which a one-cycle learning rate rises."""


def learning_rate_at(config: TrainingConfig, step: int, steps: int) -> float:
    """The learning rate of step `step` (from 0) of `steps` in all.

    With `warmup_epochs` it first rises from nothing in a straight line (Goyal et al., 2017).

    Sources: cosine after Loshchilov & Hutter, 'SGDR' (2017), without restarts; one-cycle after
    Smith & Topin, 'Super-Convergence' (2018): up from a tenth to the full rate in a straight
    line, then down along a half cosine to a thousandth.
    """
    peak, done = config.learning_rate, min(step / max(steps - 1, 1), 1.0)
    warmup = config.warmup_epochs * steps / config.epochs
    if config.learning_rate_schedule != "one-cycle" and step < warmup:
        peak *= (step + 1) / (warmup + 1)
    match config.learning_rate_schedule:
        case "cosine":
            return peak * (1 + cos(pi * done)) / 2
        case "exponential":
            return peak * 0.01**done
        case "one-cycle" if done < ONE_CYCLE_RISE:
            return peak * (0.1 + 0.9 * done / ONE_CYCLE_RISE)
        case "one-cycle":
            fallen = (done - ONE_CYCLE_RISE) / (1 - ONE_CYCLE_RISE)
            return peak * (0.001 + 0.999 * (1 + cos(pi * fallen)) / 2)
    return peak
