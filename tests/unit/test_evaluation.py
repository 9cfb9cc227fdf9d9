import json
import warnings

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn import metrics

from digitlab.errors import InputError
from digitlab.evaluation import (
    Confusion,
    accuracy_in_words,
    evaluate,
    least_sure,
    losses,
    misclassified,
    sureness_in_words,
    wilson_interval,
)


def random_answers(seed, n=300, classes=10, labels_from=10):
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, labels_from, n).astype(np.uint8)
    scores = generator.normal(size=(n, classes)) + 2 * np.eye(classes)[labels]
    probabilities = np.exp(scores)
    return labels, probabilities / probabilities.sum(axis=1, keepdims=True)


@pytest.mark.parametrize(("seed", "labels_from"), [(0, 10), (1, 10), (2, 4), (3, 1)])
def test_every_number_equals_scikit_learns_even_where_classes_are_absent(seed, labels_from):
    labels, probabilities = random_answers(seed, labels_from=labels_from)
    answers = probabilities.argmax(axis=1)

    evaluation = evaluate(labels, probabilities)

    precision, recall, f1, support = metrics.precision_recall_fscore_support(
        labels, answers, labels=range(10), zero_division=0
    )
    assert evaluation.accuracy == metrics.accuracy_score(labels, answers)
    assert np.allclose([c.precision for c in evaluation.per_class], precision)
    assert np.allclose([c.recall for c in evaluation.per_class], recall)
    assert np.allclose([c.f1 for c in evaluation.per_class], f1)
    assert [c.support for c in evaluation.per_class] == support.tolist()
    confusion = metrics.confusion_matrix(labels, answers, labels=range(10))
    assert evaluation.confusion == tuple(map(tuple, confusion))
    assert evaluation.loss == pytest.approx(
        metrics.log_loss(labels, probabilities, labels=range(10))
    )


@pytest.mark.parametrize("seed", range(40))
def test_random_cases_equal_scikit_learns_to_a_billionth(seed):
    generator = np.random.default_rng(100 + seed)
    classes = int(generator.integers(3, 11))
    labels, probabilities = random_answers(
        seed, int(generator.integers(1, 400)), classes, int(generator.integers(1, classes + 1))
    )
    answers, every = probabilities.argmax(axis=1), range(classes)

    evaluation = evaluate(labels, probabilities)

    scores = metrics.precision_recall_fscore_support(labels, answers, labels=every, zero_division=0)
    ours = [(c.precision, c.recall, c.f1, c.support) for c in evaluation.per_class]
    assert np.allclose(np.transpose(ours), scores, rtol=0, atol=1e-9)
    top_2 = metrics.top_k_accuracy_score(labels, probabilities, k=2, labels=every)
    assert evaluation.top_2 == pytest.approx(top_2, abs=1e-9)
    log_loss = metrics.log_loss(labels, probabilities, labels=every)
    assert evaluation.loss == pytest.approx(log_loss, abs=1e-9)
    assert losses(labels, probabilities).mean() == pytest.approx(log_loss, abs=1e-9)
    assert evaluation.accuracy == pytest.approx(metrics.accuracy_score(labels, answers), abs=1e-9)


def test_a_probability_of_exactly_zero_gives_a_finite_loss_and_no_warning():
    probabilities = np.array([[0.0, 1.0], [0.0, 1.0]], np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        evaluation = evaluate(np.array([0, 1], np.uint8), probabilities)
    assert evaluation.loss == pytest.approx(-np.log(1e-7) / 2)


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_is_that_of_newcombe_1998_table_i(hits, n, low, high):
    assert wilson_interval(hits, n) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(("hits", "n"), [(9906, 10_000), (1, 1), (0, 1), (360, 360)])
def test_the_interval_equals_scipys(hits, n):
    expected = binomtest(hits, n).proportion_ci(method="wilson")
    assert wilson_interval(hits, n) == pytest.approx((expected.low, expected.high))


def test_the_wrong_ones_come_surest_first():
    labels = np.array([0, 0, 1, 0], np.uint8)
    probabilities = np.array([[0.4, 0.6], [0.9, 0.1], [0.8, 0.2], [0.4, 0.6]])
    assert misclassified(labels, probabilities).tolist() == [2, 0, 3]


def test_the_right_ones_come_least_sure_first():
    labels = np.array([0, 0, 1, 0], np.uint8)
    probabilities = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.6, 0.4]])
    assert least_sure(labels, probabilities).tolist() == [3, 2, 0]


def test_the_most_confused_pairs_come_first_and_nothing_right_is_among_them():
    labels = np.array([4, 4, 4, 7, 1], np.uint8)
    probabilities = np.eye(10)[[9, 9, 4, 1, 1]]
    assert evaluate(labels, probabilities).confusions == (Confusion(4, 9, 2), Confusion(7, 1, 1))


def test_nothing_wrong_gives_no_indices():
    assert misclassified(np.array([1], np.uint8), np.array([[0.1, 0.9]])).size == 0


def test_the_headline_states_accuracy_interval_mistakes_top_2_loss_and_calibration():
    labels = np.zeros(10_000, np.uint8)
    probabilities = np.tile([0.99, 0.01], (10_000, 1))
    probabilities[:94] = [0.3, 0.7]
    assert evaluate(labels, probabilities).in_words == (
        "99.06 % (98.9–99.2) · 94 of 10,000 wrong · top-2 100.00 % · loss 0.021 · ECE 1.6 %"
    )


def test_the_dictionary_survives_json():
    dictionary = evaluate(*random_answers(5)).to_dictionary()
    assert json.loads(json.dumps(dictionary))["per_class"][3]["label"] == 3
    assert {"accuracy", "loss", "n", "per_class", "confusion"} <= dictionary.keys()
    assert {"top_2", "calibration_error"} <= dictionary.keys()


@pytest.mark.parametrize(
    ("probability", "words"),
    [(0.968, "97 %"), (0.9999, "over 99 %"), (1.0, "over 99 %"), (1e-4, "under 1 %"), (0.0, "0 %")],
)
def test_sureness_is_never_rounded_to_certainty(probability, words):
    assert sureness_in_words(probability) == words


def test_accuracy_is_shown_with_two_decimals_and_its_interval():
    assert accuracy_in_words(0.9912, 0.98945, 0.9934) == "99.12 % (98.9–99.3)"


@pytest.mark.parametrize(
    ("labels", "probabilities", "sentence"),
    [
        ([], np.zeros((0, 10)), "nothing to evaluate"),
        ([1], np.full((2, 10), 0.1), "as many, got 1 and 2"),
        ([10], np.full((1, 10), 0.1), r"in \[0, 9\], got 10"),
        ([1], np.full((1, 10), np.nan), "finite"),
    ],
)
def test_what_cannot_be_evaluated_is_refused_in_one_sentence(labels, probabilities, sentence):
    with pytest.raises(InputError, match=sentence):
        evaluate(np.array(labels, np.uint8), probabilities)
