"""Two or more networks on the same digits: what one fixes and breaks, and what that proves.

Two questions, two tests. McNemar's asks whether these two networks, as they are, differ on digits
of this kind. Whether their settings differ is another question, since each training is one draw
among its seeds (Dietterich, 1998, Neural Computation 10, 1895–1923): that takes several runs of
each setting, and Student's t.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any

import numpy as np
from scipy.special import stdtr

from digitlab.config import TrainingConfig
from digitlab.datasets import Dataset, test_rows
from digitlab.domains import Flag, Hyperparameter, Integer, Items, declared
from digitlab.errors import InputError
from digitlab.records import Run, Status

LEVEL = 0.05
"""A p-value below it counts as more than chance, or more than seeds."""

NO_EFFECT = "–"


def common_rows(dataset: Dataset, configs: Sequence[TrainingConfig]) -> np.ndarray:
    """The rows of a dataset that all of these networks may be tested on: int64 (k,), ascending.

    Raises:
        InputError: if there are none.
    """
    rows = reduce(np.intersect1d, [test_rows(dataset, config) for config in configs])
    if not len(rows):
        raise InputError(
            "these networks have no test digit of this dataset in common: what one is tested on, "
            "another may have learned; compare them on another dataset"
        )
    return rows


def rows_in_words(dataset: Dataset, title: str, configs: Sequence[TrainingConfig]) -> str:
    """What the common rows are, and why there are not more of them. `title`: of the dataset."""
    count = len(common_rows(dataset, configs))
    most = max(len(test_rows(dataset, config)) for config in configs)
    if count == most:
        return (
            f"On the {count:,} test {dataset.noun}s of {title}; no network here learned from them."
        )
    return (
        f"On {count:,} {dataset.noun}s of {title}: those that every network here keeps for its "
        f"test. They keep different ones, up to {most:,}, and none is judged by what it learned."
    )


@dataclass(frozen=True, eq=False)
class Paired:
    """How two networks read the same digits. Positions: int64, the surest mistakes first.

    `fixed`: the first was wrong, the second is right. `broken`: the other way round.
    `missed`: both wrong.
    """

    n: int
    fixed: np.ndarray
    broken: np.ndarray
    missed: np.ndarray

    @cached_property
    def p_value(self) -> float:
        """McNemar's exact p, see `mcnemar`."""
        return mcnemar(len(self.fixed), len(self.broken))

    def in_words(self, first: str, second: str) -> str:
        """'B fixes 41 that A gets wrong and breaks 28 that A gets right (…): …'."""
        fixed, broken = len(self.fixed), len(self.broken)
        if not fixed + broken:
            return (
                f"{second} and {first} get the same digits right and wrong, all {self.n:,} of them."
            )
        verdict = (
            "chance alone would rarely do that"
            if self.p_value < LEVEL
            else "that is what chance would do too"
        )
        return (
            f"{second} fixes {fixed:,} that {first} gets wrong and breaks {broken:,} that {first} "
            f"gets right (McNemar's exact {p_in_words(self.p_value)}): {verdict}."
        )


def pair(labels: np.ndarray, first: np.ndarray, second: np.ndarray) -> Paired:
    """Sorts digits by which of two networks reads them rightly.

    Args:
        labels: uint8 (n,), the true classes.
        first: float (n, classes), one network's probabilities.
        second: the other's.
    """
    first_right = first.argmax(axis=1) == labels
    second_right = second.argmax(axis=1) == labels
    return Paired(
        len(labels),
        _surest(first, ~first_right & second_right),
        _surest(second, first_right & ~second_right),
        _surest(second, ~first_right & ~second_right),
    )


def _surest(probabilities: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Positions of the chosen digits, those first that the network was surest about."""
    positions = np.flatnonzero(chosen)
    return positions[np.argsort(-probabilities[positions].max(axis=1), kind="stable")]


def mcnemar(fixed: int, broken: int) -> float:
    """McNemar's exact test, two-sided: of those that changed, is either way more than a coin toss?

    The binomial test of McNemar (1947), without the mid-p correction: on the careful side. In
    whole numbers, so that no count is too large.
    """
    changed = fixed + broken
    ways = total = 1
    for k in range(min(fixed, broken)):
        ways = ways * (changed - k) // (k + 1)
        total += ways
    return min(1.0, 2 * total / 2**changed)


def p_in_words(p: float) -> str:
    """'p = 0.15', 'p < 0.001'."""
    return f"p = {p:.2g}" if p >= 0.001 else "p < 0.001"


@dataclass(frozen=True)
class SeedTest:
    """Whether two settings differ by more than their seeds do; accuracies are fractions."""

    counts: tuple[int, int]
    difference: float
    """Mean accuracy of the second setting minus that of the first."""
    deviation: float
    """Between runs of one setting: the pooled standard deviation."""
    p_value: float
    """Student's two-sample t-test, two-sided."""

    @property
    def in_words(self) -> str:
        """How many runs, how far they lie apart, and what that proves."""
        first, second = self.counts
        verdict = "more" if self.p_value < LEVEL else "no more"
        return (
            f"With other seeds ({first} run{'s' * (first > 1)} of the one setting, {second} of the "
            f"other) accuracy varies by ±{100 * self.deviation:.2f} percentage points (standard "
            f"deviation). The means differ by {100 * abs(self.difference):.2f} points "
            f"(t-test, {p_in_words(self.p_value)}): {verdict} than seeds explain."
        )


def seed_test(first: Sequence[float], second: Sequence[float]) -> SeedTest | None:
    """Compares the accuracies of runs of two settings, each with seeds of its own.

    None where no setting has a second run: nothing tells then how far seeds reach. One run on one
    side is judged by the spread of the other.
    """
    counts = len(first), len(second)
    freedom = sum(counts) - 2
    if freedom < 1:
        return None
    difference = float(np.mean(second) - np.mean(first))
    squares = sum(len(side) * float(np.var(side)) for side in (first, second))
    deviation = math.sqrt(squares / freedom)
    error = deviation * math.sqrt(1 / counts[0] + 1 / counts[1])
    if error > 0:
        p_value = float(2 * stdtr(freedom, -abs(difference) / error))
    else:
        p_value = 0.0 if difference else 1.0
    return SeedTest(counts, difference, deviation, p_value)


def same_setting(config: TrainingConfig, other: TrainingConfig) -> bool:
    """Whether two configs differ in nothing but the seed."""
    return _unseeded(config) == _unseeded(other)


def _unseeded(config: TrainingConfig) -> TrainingConfig:
    return config.replace(seed=0, tensorboard=False)


def is_draw(name: str, runs: Sequence[Run]) -> bool:
    """Whether a network is one draw of its setting: made by its config and its seed alone.

    Runs that were stopped, forks, and runs whose learning rate was changed by hand are none. A
    network that is no run is one.
    """
    return all(_is_plain(run) for run in runs if run.id == name)


def other_seeds(config: TrainingConfig, runs: Sequence[Run]) -> list[Run]:
    """The other draws of a setting, see `is_draw`: the latest run of each other seed.

    Args:
        config: of a network.
        runs: latest first.
    """
    found: dict[int, Run] = {}
    for run in runs:
        other = same_setting(run.config, config) and run.config.seed != config.seed
        if other and run.has_model and _is_plain(run):
            found.setdefault(run.config.seed, run)
    return list(found.values())


def _is_plain(run: Run) -> bool:
    by_hand = run.parent_id is not None or run.controls.learning_rate is not None
    return run.status is Status.FINISHED and not by_hand


@dataclass(frozen=True)
class Row:
    """One hyperparameter of several configurations, in words."""

    name: str
    values: tuple[str, ...]

    @property
    def differs(self) -> bool:
        """Whether the configurations do not agree on it."""
        return len(set(self.values)) > 1

    @property
    def marked(self) -> tuple[str, ...]:
        """The values, with ≠ before those that are not the first one's."""
        first = self.values[0]
        return tuple(value if value == first else f"≠ {value}" for value in self.values)


def configuration_rows(configs: Sequence[TrainingConfig]) -> list[Row]:
    """Every hyperparameter of every config, layer by layer; '–' where it has no effect."""
    rows = []
    for parameter in declared(TrainingConfig):
        columns = [dict(_in_words(parameter, config)) for config in configs]
        for name in dict.fromkeys(name for column in columns for name in column):
            rows.append(Row(name, tuple(column.get(name, NO_EFFECT) for column in columns)))
    return rows


def _in_words(parameter: Hyperparameter, config: TrainingConfig) -> Iterator[tuple[str, str]]:
    """The names and values of one hyperparameter; a list of layers has many."""
    value = getattr(config, parameter.name)
    if isinstance(parameter.domain, Items):
        layer = parameter.label.removesuffix("s")
        for number, entry in enumerate(value, 1):
            for inner in declared(parameter.domain.of):
                name = f"{layer} {number}: {inner.label.lower()}"
                yield name, _value_in_words(inner, getattr(entry, inner.name))
    elif parameter.matters(vars(config)):
        yield parameter.label, _value_in_words(parameter, value)
    else:
        yield parameter.label, NO_EFFECT


def _value_in_words(parameter: Hyperparameter, value: Any) -> str:
    domain = parameter.domain
    if value is None and isinstance(domain, Integer):
        return str(domain.none)
    if isinstance(domain, Flag):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value) or "none"
