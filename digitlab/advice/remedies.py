"""Findings → what to try next: in words, and as changes of the config."""

from dataclasses import dataclass, replace
from typing import Any

from digitlab.advice.curves import FEWEST_VALIDATION, Curves
from digitlab.advice.rules import USUAL_LEARNING_RATE, Finding
from digitlab.config import ConvBlock, TrainingConfig
from digitlab.domains import Integer, Real, declared
from digitlab.records import Epoch


@dataclass(frozen=True)
class Remedy:
    """What to try next. `changes` are new values of the config's fields, for
    `TrainingConfig.replace`; empty where there is no single answer."""

    suggestion: str
    changes: tuple[tuple[str, Any], ...] = ()


def remedy(finding: Finding, curves: Curves) -> Remedy:
    """What to try next after a finding, as far as the config allows it."""
    config = curves.config
    match finding.key:
        case "diverged" | "collapsed":
            return _steps(config, 0.1)
        case "guessing":
            if config.learning_rate <= USUAL_LEARNING_RATE[config.optimizer] / 3:
                return _steps(config, 10)
            return _steps(config, 0.1, " If that does not help, look at the labels in Explore.")
        case "unstable":
            return _steps(config, 1 / 3, " A larger batch_size makes the steps smoother, too.")
        case "slow":
            return _steps(config, 10)
        case "lag" if config.batch_size > 32:
            size = max(32, config.batch_size // 4)
            return _try("Train for more epochs, or with more steps in each", batch_size=size)
        case "lag":
            return Remedy("Train for more epochs.")
        case "past_lag":
            return Remedy(
                "The later epochs count. More steps an epoch, with a smaller batch_size, make it "
                "shorter."
            )
        case "overfitting" | "gap":
            return _against_overfitting(curves, finding.first)
        case "underfitting":
            return _against_underfitting(config)
        case "plateau":
            return _against_plateau(curves)
        case "improving":
            return _longer(curves)
        case "early_stopping" if curves.digits.validation < FEWEST_VALIDATION:
            n = curves.digits.validation
            return Remedy(
                f"Of {n} validation digits that is largely chance: more of them would tell better."
            )
        case "early_stopping":
            return Remedy("A larger early_stopping_patience waits longer for a late improvement.")
        case _:
            return _explanation(config)


def _against_overfitting(curves: Curves, best: Epoch | None) -> Remedy:
    """One thing that the config has not got yet: augmentation, dropout, or an earlier end."""
    config = curves.config
    if not _augments(config):
        words = "Add augmentation, so that no digit comes twice"
        return _try(words, rotation=10.0, zoom=0.1, shift=0.1)
    if config.dense_layers and _most_dropout(config) < 0.3:
        layers = tuple(replace(layer, dropout=0.5) for layer in config.dense_layers)
        return Remedy("Add dropout 0.5 to the dense_layers.", (("dense_layers", layers),))
    if config.early_stopping_patience is None and config.validation in ("last", "random"):
        return _try("Let it stop in time", early_stopping_patience=3)
    if best and curves.kept is curves.last and best.epoch < config.epochs:
        return _try("Fewer epochs, more dropout or a smaller network", epochs=best.epoch)
    return Remedy("More training digits, more dropout or a smaller network help.")


def _against_underfitting(config: TrainingConfig) -> Remedy:
    """Whatever holds the network back most, else a larger network."""
    if config.learning_rate >= 3 * USUAL_LEARNING_RATE[config.optimizer]:
        return _steps(config, 0.1)
    if _most_dropout(config) > 0.5:
        halved = {
            name: tuple(
                replace(layer, dropout=layer.dropout / 2) for layer in getattr(config, name)
            )
            for name in ("conv_blocks", "dense_layers")
        }
        return Remedy("Halve the dropout: it silences too much.", tuple(halved.items()))
    if config.weight_decay > 0.05:
        return _try("Shrink the weights less", weight_decay=config.weight_decay / 10)
    if not config.conv_blocks:
        first = (ConvBlock(filters=32), ConvBlock(filters=64))
        return Remedy("Add conv_blocks, with 32 and 64 filters.", (("conv_blocks", first),))
    most = int(_bounds(ConvBlock, "filters").high)
    blocks = tuple(replace(b, filters=min(most, 2 * b.filters)) for b in config.conv_blocks)
    if blocks == config.conv_blocks:
        return Remedy("Use less augmentation, or look at the labels in Explore.")
    return Remedy("Use a larger network: twice the filters.", (("conv_blocks", blocks),))


def _against_plateau(curves: Curves) -> Remedy:
    """Smaller steps at the end, where the config allows them; else fewer epochs."""
    config = curves.config
    constant = config.learning_rate_schedule == "constant"
    if constant and config.reduce_on_plateau_patience is None:
        words = "Smaller steps often find a little more"
        if config.validation in ("last", "random") and not config.warmup_epochs:
            return _try(words, reduce_on_plateau_patience=2)
        return _try(words, learning_rate_schedule="cosine")
    if curves.best.epoch < config.epochs:
        return _try("This network has learned what it can; fewer do", epochs=curves.best.epoch)
    return Remedy("This network has learned what it can: try a larger one, or augmentation.")


def _longer(curves: Curves) -> Remedy:
    """Twice the epochs, watched by validation; at the most there can be, larger steps."""
    epochs, most = curves.config.epochs, int(_bounds(TrainingConfig, "epochs").high)
    if epochs >= most:
        return _steps(curves.config, 3)
    if curves.config.validation != "none":
        return _try("Train longer", epochs=min(most, 2 * epochs))
    words = "Train longer, and watch digits it does not learn"
    return _try(words, epochs=min(most, 2 * epochs), validation="last")


def _explanation(config: TrainingConfig) -> Remedy:
    """Why training accuracy may lie below validation accuracy."""
    causes = ["dropout"] * (_most_dropout(config) > 0) + ["augmentation"] * _augments(config)
    why = "It is averaged over the whole epoch, while the network still learns"
    if causes:
        verb = "make" if len(causes) > 1 else "makes"
        why = f"{' and '.join(causes)} {verb} training harder than the test".capitalize()
    judge = "Judge the network by its validation and test accuracy."
    return Remedy(f"{why}: that is no underfitting. {judge}")


def _steps(config: TrainingConfig, factor: float, more: str = "") -> Remedy:
    """The learning rate times `factor`, to one digit; upwards to the usual one at most."""
    rate, size = float(f"{config.learning_rate * factor:.0e}"), "larger"
    if factor > 1:
        rate = min(rate, max(USUAL_LEARNING_RATE[config.optimizer], config.learning_rate))
    else:
        rate, size = max(rate, _bounds(TrainingConfig, "learning_rate").low), "smaller"
    if rate == config.learning_rate:
        return Remedy(f"Use a {size} network.{more}")
    found = _try(f"Take {size} steps", learning_rate=rate)
    return replace(found, suggestion=found.suggestion + more)


def _try(words: str, **changes: Any) -> Remedy:
    """Words and what they mean: 'Add augmentation: rotation 10, zoom 0.1.'"""
    spelled = ", ".join(
        f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in changes.items()
    )
    return Remedy(f"{words}: {spelled}.", tuple(changes.items()))


def _augments(config: TrainingConfig) -> bool:
    names = ("rotation", "zoom", "shift", "shear", "elastic", "stroke_thickness")
    return any(getattr(config, name) > 0 for name in names)


def _most_dropout(config: TrainingConfig) -> float:
    blocks, layers = config.conv_blocks, config.dense_layers
    return max([0.0, *(b.dropout for b in blocks), *(layer.dropout for layer in layers)])


def _bounds(cls: type, name: str) -> Integer | Real:
    domain = next(parameter.domain for parameter in declared(cls) if parameter.name == name)
    assert isinstance(domain, Integer | Real), domain
    return domain
