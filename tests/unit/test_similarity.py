"""Likeness, against scikit-learn and against comparing everything with everything."""

import json

import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.neighbors import NearestNeighbors

from digitlab.datasets import load_dataset
from digitlab.errors import InputError
from digitlab.similarity import (
    LEAST_ALIKE,
    MOST_PAIRS,
    NEIGHBOURS,
    ROUNDING,
    Comparison,
    Sketches,
    comparison_study,
    kinship,
    near_duplicates,
    nearest,
    study,
)

DIGITS = load_dataset("digits")
IMAGES, LABELS = DIGITS.images, DIGITS.labels
PIXELS = IMAGES.reshape(len(IMAGES), -1).astype(np.float64)
SKETCHES = Sketches.of(IMAGES)


def no_progress(*_):
    pass


def test_no_two_digits_are_more_alike_than_their_sketches_say():
    bounds = SKETCHES.bounds(slice(None), slice(None))
    assert (bounds >= cosine_similarity(PIXELS)).all()


def test_sketches_hold_most_of_the_ink_and_are_of_length_one():
    assert np.allclose(np.square(SKETCHES.values).sum(axis=1), 1, atol=1e-4)
    assert SKETCHES.values[:, -1].mean() < 0.35


@pytest.mark.parametrize("row", [0, 17, 1436, 1796])
def test_the_nearest_are_scikit_learns(row):
    rows, alike = nearest(SKETCHES, row, 12)
    reference = NearestNeighbors(metric="cosine", algorithm="brute").fit(PIXELS)
    distances, expected = reference.kneighbors(PIXELS[row : row + 1], 13)
    assert rows.tolist() == [other for other in expected[0] if other != row]
    assert np.allclose(alike, 1 - np.sort(distances[0])[1:], atol=1e-5)


def test_digits_that_no_sketch_tells_apart_are_compared_pixel_by_pixel():
    noise = np.random.default_rng(0).integers(0, 256, (700, 28, 28)).astype(np.uint8)
    rows, _ = nearest(Sketches.of(noise), 3, 5)
    exact = cosine_similarity(noise.reshape(700, -1).astype(float))[3]
    exact[3] = -1
    assert rows.tolist() == np.argsort(-exact)[:5].tolist()


def test_brightness_makes_no_difference_and_a_blank_picture_is_like_nothing():
    images = np.stack([IMAGES[0], IMAGES[0] // 2, IMAGES[1], np.zeros((28, 28), np.uint8)])
    rows, alike = nearest(Sketches.of(images), 0, 3)
    assert rows.tolist() == [1, 2, 3]
    assert alike[0] == pytest.approx(1, abs=1e-3)
    assert alike[2] == 0


def test_a_digit_that_is_alone_has_no_neighbours():
    rows, alike = nearest(Sketches.of(IMAGES[:1]), 0, 12)
    assert len(rows) == len(alike) == 0


def test_near_duplicates_are_all_that_a_comparison_of_everything_finds():
    images = np.concatenate([IMAGES, IMAGES[[3, 900]], IMAGES[[40]] // 2])
    told = []
    pairs, alike, all_pairs = near_duplicates(Sketches.of(images), told.append)
    exact = np.triu(cosine_similarity(images.reshape(len(images), -1).astype(float)), 1)
    expected = {tuple(pair) for pair in np.argwhere(exact >= LEAST_ALIKE)}
    assert {tuple(pair) for pair in pairs} == expected
    assert {(3, 1797), (900, 1798), (40, 1799)} <= expected
    assert all_pairs
    assert (np.diff(alike) <= 0).all()
    assert np.allclose(alike, exact[tuple(pairs.T)], atol=ROUNDING)
    assert told == sorted(told)
    assert 0 <= told[0] <= told[-1] <= 1


def test_of_a_dataset_of_copies_only_so_many_pairs_are_kept_and_that_is_said():
    copies = np.repeat(IMAGES[:2], 150, axis=0)
    pairs, alike, all_pairs = near_duplicates(Sketches.of(copies), no_progress)
    assert len(pairs) == MOST_PAIRS
    assert not all_pairs
    assert alike.min() > 0.9999


def test_kinship_is_the_mean_likeness_to_the_nearest_of_the_same_class():
    found = kinship(IMAGES, LABELS, no_progress)
    for label in range(10):
        own = PIXELS[label == LABELS]
        reference = NearestNeighbors(n_neighbors=NEIGHBOURS, metric="cosine").fit(own)
        expected = 1 - reference.kneighbors()[0].mean(axis=1)
        assert np.allclose(found[label == LABELS], expected, atol=1e-5)


def test_a_digit_under_a_wrong_label_is_unlike_its_class():
    labels = LABELS.copy()
    row = int(np.flatnonzero(labels == 0)[0])
    labels[row] = 1
    ones = np.flatnonzero(labels == 1)
    assert ones[kinship(IMAGES, labels, no_progress)[ones].argmin()] == row


def test_a_digit_that_is_alone_in_its_class_is_not_called_unusual():
    labels = np.array([0, 0, 1])
    assert kinship(IMAGES[:3], labels, no_progress)[2] == 1


def test_the_study_comes_back_as_it_was():
    told = []
    wanted = comparison_study(DIGITS)
    content = study(lambda done, words: told.append((done, words)), **json.loads(wanted.arguments))
    found = Comparison.from_bytes(content)
    pairs, alike, all_pairs = near_duplicates(SKETCHES, no_progress)
    assert (found.pairs == pairs).all()
    assert (found.alike == alike).all()
    assert found.all_pairs is all_pairs
    assert (found.kinship == kinship(IMAGES, LABELS, no_progress)).all()
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_a_dataset_that_has_changed_meanwhile_is_not_compared():
    with pytest.raises(InputError, match="has changed"):
        study(no_progress, "digits", "another")
