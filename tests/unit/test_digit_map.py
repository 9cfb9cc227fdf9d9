"""Where digits lie on a map, and which of them a box holds."""

import io

import numpy as np
import pytest
from PIL import Image

from pages.ui.explore.digit_map import ACROSS, Box, places, sheet

POINTS = np.array([[0.0, 0.0], [10.0, 0.0], [5.0, 4.0]])


def test_points_fill_the_unit_square_and_keep_their_shape():
    assert places(POINTS).tolist() == [[0, 0.7], [1, 0.7], [0.5, 0.3]]


def test_points_that_fall_together_lie_in_the_middle():
    assert places(np.ones((3, 2))).tolist() == [[0.5, 0.5]] * 3


def test_a_box_holds_what_lies_in_it():
    box = Box(0, 0.4, 0.2, 1.0, 0.6)
    assert box.holds(places(POINTS)).tolist() == [False, False, True]


def test_what_a_browser_sends_is_a_box():
    assert Box.sent([1, 0.1, 0.2, 0.3, 0.4], maps=2) == Box(1, 0.1, 0.2, 0.3, 0.4)


@pytest.mark.parametrize(
    "sent",
    [
        None,
        "box",
        [0, 0, 1, 1],
        [2, 0, 0, 1, 1],
        [-1, 0, 0, 1, 1],
        [0, 0, 0, 1, float("nan")],
        [float("inf"), 0, 0, 1, 1],
        [0, 0, 0, 1, "1"],
        {"0": 1},
    ],
)
def test_whatever_else_is_sent_is_no_box(sent):
    assert Box.sent(sent, maps=2) is None


def test_the_sheet_holds_every_digit_at_its_place():
    images = np.random.default_rng(0).integers(0, 256, (ACROSS + 3, 28, 28)).astype(np.uint8)
    pixels = np.asarray(Image.open(io.BytesIO(sheet(images))))
    assert pixels.shape == (2 * 28, ACROSS * 28)
    assert (pixels[:28, 28:56] == images[1]).all()
    assert (pixels[28:, 56:84] == images[ACROSS + 2]).all()
    assert (pixels[28:, 84:] == 0).all()
