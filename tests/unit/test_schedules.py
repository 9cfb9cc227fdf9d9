"""Learning-rate schedules begin, peak and end where they say."""

from itertools import pairwise

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
