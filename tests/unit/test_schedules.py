"""Learning-rate schedules begin, peak and end where they say."""

from itertools import pairwise

import numpy as np
import pytest

from digitlab.config import TrainingConfig
from digitlab.schedules import ONE_CYCLE_RISE, learning_rate_at

STEPS = 1001


def rates(schedule):
    config = TrainingConfig(learning_rate=0.5, learning_rate_schedule=schedule)
    return [learning_rate_at(config, step, STEPS) for step in range(STEPS)]


def test_a_constant_rate_stays():
    assert set(rates("constant")) == {0.5}


def test_a_cosine_falls_from_the_peak_through_half_to_nothing():
    found = rates("cosine")
    assert found[0] == 0.5
    assert found[500] == pytest.approx(0.25)
    assert found[-1] == pytest.approx(0)
    assert found == sorted(found, reverse=True)


def test_an_exponential_falls_by_the_same_factor_each_step():
    found = rates("exponential")
    factors = {round(b / a, 9) for a, b in pairwise(found)}
    assert len(factors) == 1
    assert found[-1] == pytest.approx(0.005)


def test_one_cycle_rises_then_falls_below_where_it_began():
    found = rates("one-cycle")
    top = round(ONE_CYCLE_RISE * (STEPS - 1))
    assert found[0] == pytest.approx(0.05)
    assert max(found) == found[top] == pytest.approx(0.5)
    assert found[-1] == pytest.approx(0.0005)


@pytest.mark.parametrize("schedule", ["constant", "cosine", "exponential", "one-cycle"])
def test_a_training_of_one_step_has_a_rate(schedule):
    config = TrainingConfig(learning_rate_schedule=schedule)
    assert 0 < learning_rate_at(config, 0, 1) <= config.learning_rate


def test_a_warm_up_rises_in_a_line_and_then_leaves_the_schedule_alone():
    config = TrainingConfig(epochs=10, warmup_epochs=2, learning_rate=0.1)
    rates = [learning_rate_at(config, step, 100) for step in range(100)]
    assert rates[0] == pytest.approx(0.1 / 21)
    assert np.diff(rates[:20]) == pytest.approx(0.1 / 21)
    assert set(rates[20:]) == {0.1}
    cosine = config.replace(learning_rate_schedule="cosine")
    plain = cosine.replace(warmup_epochs=0)
    assert learning_rate_at(cosine, 50, 100) == learning_rate_at(plain, 50, 100)
    assert learning_rate_at(cosine, 5, 100) < learning_rate_at(plain, 5, 100)
