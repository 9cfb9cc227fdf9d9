"""The made-up hands that the shipped recogniser is measured with."""

import numpy as np
import pytest

from benchmarks.forms import forms
from benchmarks.hands import CANVAS, SCANS, drawings, postal, read_back, writer, written
from digitlab.datasets import load_dataset


@pytest.fixture(scope="module")
def cases():
    return drawings()


def test_each_digit_is_written_in_at_least_25_forms():
    assert sorted(forms()) == list(range(10))
    assert min(map(len, forms().values())) >= 25


def test_every_form_is_strokes_of_at_least_two_points_about_a_hundred_tall():
    for named in forms().values():
        for name, form in named.items():
            assert min(map(len, form)) >= 2, name
            downs = [down for stroke in form for _, down, _ in stroke]
            assert 90 <= max(downs) - min(downs) <= 115, name


def test_drawings_lie_on_the_canvas_and_are_the_same_each_time(cases):
    again = drawings()
    for case, other in zip(cases, again, strict=True):
        points = np.concatenate(case.strokes)
        assert np.array_equal(points, np.concatenate(other.strokes))
        assert points.min() >= -1e-6
        assert points.max() <= CANVAS + 1e-6


def test_hands_are_small_and_large_and_some_touch_the_border(cases):
    extents = np.array([np.ptp(np.concatenate(case.strokes), axis=0) for case in cases])
    tall = extents[:, 1]
    assert tall.max() <= 251
    assert np.percentile(tall, 5) < 90
    assert np.percentile(tall, 95) > 200
    lowest = np.array([np.concatenate(case.strokes).min() for case in cases])
    assert 0.01 < (lowest < 4).mean() < 0.5


def test_a_quick_hand_leaves_few_points_far_apart(cases):
    gaps = [np.hypot(*np.diff(case.strokes[0], axis=0).T).max() for case in cases]
    counts = [len(np.concatenate(case.strokes)) for case in cases]
    assert np.percentile(gaps, 90) > 20
    assert np.percentile(counts, 5) < 20
    assert np.percentile(counts, 95) > 60


def test_two_writers_write_the_same_form_differently():
    random = np.random.default_rng(0)
    form = forms()[2]["plain"]
    one, other = (written(form, writer(random), random, thin=False) for _ in range(2))
    assert not np.array_equal(read_back(one, 12), read_back(other, 12))


def test_postal_digits_can_be_read_unless_they_are_a_block():
    digits = load_dataset("digits").images[:20]
    for scan in SCANS:
        pictures = postal(digits, scan)
        assert pictures.shape == (20, 28, 28)
        assert (pictures.reshape(20, -1).max(axis=1) == 255).sum() >= 19, scan.name
