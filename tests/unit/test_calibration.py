import math

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from sklearn.metrics import log_loss

from digitlab.calibration import (
    BINS,
    TEMPERATURES,
    calibration_error,
    fit_temperature,
    pooled,
    refuse,
    reliability,
    selective_accuracy,
    with_temperature,
)


def answers(seed, n=500, classes=10, sharpness=2.0):
    """Random labels, and probabilities that know something of them."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, classes, n).astype(np.uint8)
    scores = sharpness * (generator.normal(size=(n, classes)) + 1.5 * np.eye(classes)[labels])
    probabilities = np.exp(scores)
    return labels, probabilities / probabilities.sum(axis=1, keepdims=True)


def two_classes(sureness, right):
    """As many answers: `sureness` is the higher probability of each, `right` whether it is true."""
    sureness = np.array(sureness)
    labels = np.where(right, 0, 1).astype(np.uint8)
    return labels, np.stack([sureness, 1 - sureness], axis=1)


@pytest.mark.parametrize(
    ("probabilities", "labels", "bins", "published"),
    [
        pytest.param(
            [[0.25, 0.20, 0.55], [0.55, 0.05, 0.40], [0.10, 0.30, 0.60], [0.90, 0.05, 0.05]],
            [0, 1, 2, 0],
            3,
            0.2000,
            id="torchmetrics, documentation of MulticlassCalibrationError",
        ),
        pytest.param(
            [[p, 1 - p] for p in (0.78, 0.36, 0.08, 0.58, 0.49, 0.85, 0.30, 0.63, 0.17)],
            [0, 1, 0, 0, 0, 0, 1, 1, 1],
            5,
            0.10444,
            id="Pavlović, 2023, Expected Calibration Error, a step-by-step visual explanation",
        ),
    ],
)
def test_the_calibration_error_is_that_of_published_examples(
    monkeypatch, probabilities, labels, bins, published
):
    monkeypatch.setattr("digitlab.calibration.BINS", bins)
    found = reliability(np.array(labels, np.uint8), np.array(probabilities))
    assert calibration_error(found) == pytest.approx(published, abs=5e-5)


def test_bins_are_open_below_and_closed_above_as_in_guo_2017():
    labels, probabilities = two_classes([0.6, 0.6000001, 2 / 3], [True, False, True])
    low, high = reliability(labels, probabilities)
    assert (low.n, low.hits) == (1, 1)
    assert low.high == pytest.approx(9 / 15)
    assert (high.n, high.hits) == (2, 1)
    assert high.accuracy == 0.5


@pytest.mark.parametrize("seed", range(20))
def test_every_answer_is_in_one_bin_and_within_its_bounds(seed):
    labels, probabilities = answers(seed, n=50 + 20 * seed)
    bins = reliability(labels, probabilities)
    assert sum(b.n for b in bins) == len(labels)
    assert sum(b.hits for b in bins) == (probabilities.argmax(axis=1) == labels).sum()
    assert all(b.low < b.sureness <= b.high + 1e-12 for b in bins)
    assert len(bins) <= BINS
    assert pooled(bins).sureness == pytest.approx(probabilities.max(axis=1).mean())


def test_a_network_that_is_as_sure_as_right_has_no_calibration_error():
    labels, probabilities = two_classes([0.75] * 4, [True, True, True, False])
    assert calibration_error(reliability(labels, probabilities)) == pytest.approx(0)


def test_full_certainty_and_a_probability_of_zero_are_no_trouble():
    labels = np.array([0, 1, 1], np.uint8)
    probabilities = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
    (only,) = reliability(labels, probabilities)
    assert (only.n, only.hits, only.sureness) == (3, 2, 1.0)
    mended = with_temperature(probabilities, fit_temperature(labels, probabilities))
    assert np.isfinite(mended).all()


@pytest.mark.parametrize("temperature", [0.3, 1.0, 4.0])
def test_a_temperature_changes_how_sure_it_is_and_nothing_that_it_reads(temperature):
    _, probabilities = answers(1)
    mended = with_temperature(probabilities, temperature)
    assert np.allclose(mended.sum(axis=1), 1)
    assert (mended.argmax(axis=1) == probabilities.argmax(axis=1)).all()
    change = mended.max(axis=1).mean() - probabilities.max(axis=1).mean()
    assert np.sign(np.round(change, 12)) == -np.sign(math.log(temperature))


def test_temperature_one_changes_nothing():
    _, probabilities = answers(1)
    assert np.allclose(with_temperature(probabilities, 1.0), probabilities, atol=1e-12)


@pytest.mark.parametrize(("stated", "true"), [(0.9, 0.75), (0.6, 0.8), (0.99, 0.5 + 1e-3)])
def test_two_classes_and_one_sureness_have_a_temperature_in_closed_form(stated, true):
    """The best temperature turns what is stated into what is true: logit(stated) / logit(true)."""
    n = 1000
    labels, probabilities = two_classes([stated] * n, np.arange(n) < round(true * n))
    expected = math.log(stated / (1 - stated)) / math.log(true / (1 - true))
    expected = float(np.clip(expected, *TEMPERATURES))
    assert fit_temperature(labels, probabilities) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("seed", range(10))
def test_the_temperature_is_where_scipy_finds_the_lowest_cross_entropy(seed):
    labels, probabilities = answers(seed, sharpness=0.5 + seed / 3)

    def cross_entropy(logarithm):
        return log_loss(labels, with_temperature(probabilities, math.exp(logarithm)))

    found = minimize_scalar(cross_entropy, bounds=np.log(TEMPERATURES), method="bounded")
    fitted = fit_temperature(labels, probabilities)
    assert fitted == pytest.approx(math.exp(found.x), rel=1e-3)
    assert cross_entropy(math.log(fitted)) <= found.fun + 1e-12


def test_where_every_answer_is_right_there_is_no_best_temperature():
    assert fit_temperature(*two_classes([0.9, 0.8], [True, True])) is None


def test_refusing_counts_what_is_answered_and_what_it_spares():
    labels, probabilities = two_classes([0.99, 0.9, 0.8, 0.6], [True, False, True, False])
    refusal = refuse(labels, probabilities, 0.85)
    assert (refusal.n, refusal.answered, refusal.refused) == (4, 2, 2)
    assert (refusal.wrong, refusal.wrong_refused) == (1, 1)
    assert refuse(labels, probabilities, 0.9).answered == 2, "as sure as asked is sure enough"


def test_the_selective_accuracy_runs_from_the_surest_to_all():
    labels, probabilities = two_classes([0.6, 0.99, 0.8, 0.9], [False, True, True, True])
    answered, accuracy = selective_accuracy(labels, probabilities)
    assert answered.tolist() == [0.25, 0.5, 0.75, 1.0]
    assert accuracy.tolist() == [1.0, 1.0, 1.0, 0.75]


def test_answers_that_are_equally_sure_are_given_together():
    labels, probabilities = two_classes([0.9, 0.9, 0.7], [True, False, False])
    answered, accuracy = selective_accuracy(labels, probabilities)
    assert answered == pytest.approx([2 / 3, 1])
    assert accuracy == pytest.approx([1 / 2, 1 / 3])


@pytest.mark.parametrize("seed", range(10))
def test_the_curve_passes_through_every_refusal(seed):
    labels, probabilities = answers(seed)
    answered, accuracy = selective_accuracy(labels, probabilities)
    for threshold in (0.3, 0.5, 0.7, 0.9):
        refusal = refuse(labels, probabilities, threshold)
        if refusal.answered:
            (place,) = np.flatnonzero(np.isclose(answered, refusal.answered / refusal.n))
            assert accuracy[place] == pytest.approx(1 - refusal.wrong / refusal.answered)
