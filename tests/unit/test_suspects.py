"""Confident learning: by hand, against its definition, and on digits with wrong labels."""

import json

import numpy as np
import pytest

from digitlab import suspects
from digitlab.config import TrainingConfig
from digitlab.datasets import Dataset, load_dataset
from digitlab.errors import InputError
from digitlab.network import plan
from digitlab.studies import StudyCancelledError
from digitlab.suspects import (
    Readings,
    confident_classes,
    confident_joint,
    find_suspects,
    fold_of,
    joint_of,
    network_for,
    rows_in,
    self_confidence,
    study_of,
    thresholds,
)

DIGITS = load_dataset("digits")

LABELS = np.array([0, 0, 0, 1, 1, 1])
BY_HAND = np.zeros((6, 10), np.float32)
BY_HAND[:, :2] = [
    [0.9, 0.1],
    [0.8, 0.2],
    [0.1, 0.9],  # labelled 0, and as sure a 1 as they come
    [0.2, 0.8],
    [0.7, 0.3],  # labelled 1, and surer of 0 than zeros are on average
    [0.45, 0.55],  # sure enough of neither
]
"""Thresholds: of 0 (0.9 + 0.8 + 0.1) / 3 = 0.6, of 1 (0.8 + 0.3 + 0.55) / 3 = 0.55."""


def test_the_example_by_hand():
    limits = thresholds(LABELS, BY_HAND)
    np.testing.assert_allclose(limits[:2], [0.6, 0.55], atol=1e-6)
    assert np.isinf(limits[2:]).all()
    confident = confident_classes(LABELS, BY_HAND)
    assert confident.tolist() == [0, 0, 1, 1, 0, 1]
    counts = confident_joint(LABELS, confident)
    assert counts[:2, :2].tolist() == [[2, 1], [1, 2]]
    assert counts.sum() == 6
    np.testing.assert_allclose(joint_of(counts, LABELS)[:2, :2], np.array([[2, 1], [1, 2]]) / 6)


def test_suspects_are_ranked_by_how_little_the_label_is_believed():
    rows = np.array([10, 11, 12, 20, 21, 22])
    found = find_suspects(Readings(rows, BY_HAND), LABELS.astype(np.uint8))
    assert found.rows.tolist() == [12, 21]
    assert (found.given.tolist(), found.read.tolist()) == ([0, 1], [1, 0])
    np.testing.assert_allclose(found.self_confidence, [0.1, 0.3], rtol=1e-6)
    assert found.probabilities.shape == (2, 10)
    assert (found.n, found.estimated_errors, len(found)) == (6, 2, 2)
    assert found.commonest == (0, 1, 1)


def test_a_digit_that_reaches_no_threshold_is_not_counted_and_its_label_weighs_on():
    labels = np.array([0, 0, 0, 1])
    probabilities = np.zeros((4, 10))
    probabilities[:, :2] = [[0.9, 0.1], [0.5, 0.5], [0.9, 0.1], [0.0, 1.0]]
    confident = confident_classes(labels, probabilities)
    assert confident.tolist() == [0, -1, 0, 1]
    counts = confident_joint(labels, confident)
    assert counts.sum() == 3
    np.testing.assert_allclose(np.diag(joint_of(counts, labels))[:2], [0.75, 0.25])


def test_equal_readings_reach_their_own_mean():
    probabilities = np.tile(np.float32([0.1, 0.7, *[0.025] * 8]), (7, 1))
    assert confident_classes(np.ones(7, int), probabilities).tolist() == [1] * 7


def test_where_all_is_sure_and_right_nothing_is_suspected():
    readings = Readings(np.arange(20), np.eye(10, dtype=np.float32)[np.arange(20) % 10])
    found = find_suspects(readings, np.arange(20) % 10)
    assert (len(found), found.estimated_errors, found.commonest) == (0, 0, None)


def test_every_number_is_that_of_the_definition():
    """Against the formulas of Northcutt et al. (2021), sections 3.1 and 3.2, word by word."""
    random = np.random.default_rng(5)
    for _ in range(20):
        labels = random.integers(0, 10, 60)
        probabilities = random.dirichlet(np.ones(10) * 0.5, 60)
        limit = {j: np.mean(probabilities[labels == j, j]) for j in set(labels.tolist())}
        counts = np.zeros((10, 10))
        for p, given in zip(probabilities, labels, strict=True):
            reached = [j for j in limit if p[j] >= limit[j]]
            if reached:
                counts[given, max(reached, key=lambda j: p[j])] += 1
        ours = confident_joint(labels, confident_classes(labels, probabilities))
        np.testing.assert_array_equal(ours, counts)
        joint = np.zeros((10, 10))
        for given in limit:
            joint[given] = counts[given] / counts[given].sum() * np.sum(labels == given)
        np.testing.assert_allclose(joint_of(ours, labels), joint / joint.sum())


def test_readings_survive_their_file():
    readings = Readings(np.arange(6), BY_HAND)
    again = Readings.from_bytes(readings.to_bytes())
    np.testing.assert_array_equal(again.rows, readings.rows)
    np.testing.assert_array_equal(again.probabilities, BY_HAND)
    np.testing.assert_allclose(self_confidence(LABELS, again.probabilities)[0], 0.9)


@pytest.mark.parametrize("folds", [3, 5])
def test_folds_take_every_digit_once_and_each_class_evenly(folds):
    fold = fold_of(DIGITS.labels, folds, seed=1)
    counts = np.array([np.bincount(DIGITS.labels[fold == k], minlength=10) for k in range(folds)])
    np.testing.assert_array_equal(counts.sum(axis=0), np.bincount(DIGITS.labels))
    assert (counts.max(axis=0) - counts.min(axis=0)).max() <= 1
    np.testing.assert_array_equal(fold, fold_of(DIGITS.labels, folds, seed=1))
    assert (fold != fold_of(DIGITS.labels, folds, seed=2)).any()


def test_few_digits_are_seen_more_often_by_the_same_network():
    large = Dataset("large", np.zeros((70_000, 1, 1)), np.zeros(70_000, np.uint8), 60_000)
    few, many = network_for(DIGITS, "training"), network_for(large, "training")
    assert (few.epochs, few.batch_size) == (8, 32)
    assert (many.epochs, many.batch_size) == (1, 128)
    assert plan(few) == plan(many)
    assert (len(rows_in(DIGITS, "training")), len(rows_in(DIGITS, "all"))) == (1437, 1797)


def test_the_study_is_another_for_other_digits_another_scope_and_other_folds():
    changed = Dataset(DIGITS.name, DIGITS.images, (DIGITS.labels + 1) % 10, DIGITS.train_count)
    studies = [
        study_of(DIGITS, "training", 3),
        study_of(changed, "training", 3),
        study_of(DIGITS, "all", 3),
        study_of(DIGITS, "training", 5),
    ]
    assert len({study.key for study in studies}) == 4


def mislabelled(share, seed):
    """The digits with a share of the training labels changed at random; and which ones."""
    random = np.random.default_rng(seed)
    labels, n = DIGITS.labels.copy(), DIGITS.train_count
    wrong = random.choice(n, round(share * n), replace=False)
    labels[wrong] = (labels[wrong] + random.integers(1, 10, len(wrong))) % 10
    return Dataset("digits", DIGITS.images, labels, n), wrong


@pytest.fixture
def study(monkeypatch):
    """The study of the digits, or of others that stand for them."""
    out_of_sample = pytest.importorskip("digitlab.out_of_sample")

    def read(progress, digits, **changes):
        monkeypatch.setattr(out_of_sample, "load_dataset", lambda name: digits)
        arguments = json.loads(study_of(digits, "training", 3).arguments) | changes
        return out_of_sample.read_out_of_sample(progress, **arguments)

    return read


def test_most_wrong_labels_of_the_digits_are_found_and_few_right_ones_suspected(study):
    digits, wrong = mislabelled(0.03, seed=1)
    told = []
    content = study(lambda fraction, words: told.append((fraction, words)), digits)
    readings = Readings.from_bytes(content)
    assert readings.probabilities.dtype == np.float32
    np.testing.assert_allclose(readings.probabilities.sum(axis=1), 1, rtol=1e-5)
    found = find_suspects(readings, digits.labels[readings.rows])
    hits = np.isin(found.rows, wrong)
    assert hits.sum() / len(wrong) >= 0.85, "recall; 0.86–0.95 with other seeds"
    assert hits.mean() >= 0.85, "precision; 0.97–0.98 with other seeds"
    assert hits[:20].all(), "the first are surely wrong"
    assert 0.6 * len(wrong) <= found.estimated_errors <= 1.6 * len(wrong)
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1)
    assert told[0][1] == "network 1 of 3, epoch 1 of 8"
    assert told[-1][1] == "network 3 of 3, epoch 8 of 8"


def test_a_study_nobody_wants_any_more_ends_within_its_first_epoch(study):
    told = []

    def cancel(fraction, words):
        told.append(words)
        raise StudyCancelledError

    with pytest.raises(StudyCancelledError):
        study(cancel, DIGITS)
    assert told == ["network 1 of 3, epoch 1 of 8"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"content_hash": "another"}, "digits has changed meanwhile: load it again"),
        ({"folds": 1000}, "1000 parts need at least 2000 digits, got 1437"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(study, changes, sentence):
    with pytest.raises(InputError) as caught:
        study(lambda *_: None, DIGITS, **changes)
    assert str(caught.value) == sentence


def test_the_config_of_the_study_is_a_config():
    arguments = json.loads(study_of(DIGITS, "all", 5).arguments)
    assert TrainingConfig.from_json(arguments["config"]) == network_for(DIGITS, "all")
    assert arguments["scope"] in suspects.SCOPES
