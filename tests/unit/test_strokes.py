"""Strokes become pixels, and pixels strokes."""

import numpy as np
import pytest
from scipy import ndimage

from digitlab.handwriting.strokes import drawn, skeletons, spaced, traced

RING = np.hypot(*(np.indices((28, 28)) - 13.5))


@pytest.mark.parametrize("width", [8, 12, 16, 20])
def test_a_line_is_as_wide_as_the_pen(width):
    picture = drawn((np.array([[140.0, 60], [140, 220]]),), width, 280)
    assert picture[140].sum() / 255 == pytest.approx(width, abs=1)
    assert picture.max() == 255
    assert not picture[:, :100].any()


def test_the_ends_of_a_line_are_round():
    picture = drawn((np.array([[140.0, 140]]),), 40, 280)
    assert (picture / 255).sum() == pytest.approx(np.pi * 20**2, rel=0.05)


def test_what_lies_beyond_the_paper_is_lost():
    assert not drawn((np.array([[-50.0, 10], [-50, 60]]),), 10, 84).any()


def test_points_are_spaced_along_the_line_and_its_ends_stay():
    line = spaced(np.array([[0.0, 0], [9, 0], [10, 0], [10, 5]]), 2.5)
    assert line.tolist() == [[0, 0], [2.5, 0], [5, 0], [7.5, 0], [10, 0], [10, 2.5], [10, 5]]
    assert len(spaced(np.array([[3.0, 3], [3, 4]]), 50)) == 2
    assert spaced(np.array([[3.0, 3]]), 1).tolist() == [[3, 3], [3, 3]]


def test_a_thick_line_is_thinned_to_one_pixel():
    bar = np.zeros((1, 28, 28), bool)
    bar[0, 4:24, 11:16] = True
    (thin,) = skeletons(bar)
    assert thin.sum(axis=1).max() == 1
    assert 14 <= thin.sum() <= 20
    assert not (thin & ~bar[0]).any()


def test_thinning_keeps_a_ring_a_ring_and_treats_each_picture_alone():
    ring = (RING > 5) & (RING < 10)
    thin, empty = skeletons(np.stack([ring, np.zeros_like(ring)]))
    assert not empty.any()
    assert ndimage.label(~thin)[1] == 2
    assert ndimage.label(thin, np.ones((3, 3)))[1] == 1
    assert thin.sum() < ring.sum() / 3


def test_a_cross_is_two_lines_straight_through_each_other():
    cross = np.zeros((28, 28), bool)
    cross[5:24, 14] = cross[12, 4:25] = True
    strokes = traced(cross)
    assert sorted(tuple(np.ptp(stroke, axis=0)) for stroke in strokes) == [(0, 18), (20, 0)]


def test_a_ring_is_one_closed_stroke():
    (skeleton,) = skeletons(((RING > 5) & (RING < 10))[None])
    (stroke,) = traced(skeleton)
    assert np.array_equal(stroke[0], stroke[-1])
    assert np.hypot(*(stroke - 13.5).T) == pytest.approx(7.5, abs=1.5)


def test_a_pixel_alone_is_a_stroke_of_one_point():
    dot = np.zeros((28, 28), bool)
    dot[3, 20] = True
    (stroke,) = traced(dot)
    assert stroke.tolist() == [[20, 3]]
    assert traced(np.zeros((28, 28), bool)) == ()


def test_strokes_found_in_a_drawing_draw_it_again():
    zed = np.array([[6.0, 7], [20, 7], [9, 21], [22, 21]])
    first = drawn((zed,), 3, 28)
    (skeleton,) = skeletons(first[None] > 128)
    second = drawn(tuple(line + 0.5 for line in traced(skeleton)), 3, 28)
    assert np.corrcoef(first.ravel(), second.ravel())[0, 1] > 0.85
