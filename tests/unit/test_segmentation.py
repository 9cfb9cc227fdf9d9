import numpy as np
import pytest
from PIL import Image, ImageDraw

from digitlab.errors import InputError
from digitlab.inference import Recogniser
from digitlab.preprocessing import preprocess
from digitlab.reading import reading
from digitlab.recognisers import MODELS
from digitlab.segmentation import read_number

ONE = [[(0.3, 0), (0.3, 1)]]
FOUR = [[(0.2, 0), (0, 0.6), (0.7, 0.6)], [(0.55, 0.05), (0.5, 1)]]
FIVE = [
    [(0.1, 0), (0.05, 0.4), (0.4, 0.35), (0.6, 0.65), (0.4, 1), (0, 0.95)],
    [(0.12, 0), (0.6, 0)],
]
SEVEN = [[(0, 0), (0.6, 0), (0.25, 1)]]


@pytest.fixture(scope="module")
def read():
    return Recogniser((MODELS / "pretrained.tflite").read_bytes()).probabilities


def paper(*digits, size=(420, 160), pen=12, ink=255, ground=0):
    """Digits at places: uint8 (h, w)."""
    image = Image.new("L", size, ground)
    for strokes, left, top in digits:
        for stroke in strokes:
            points = [(left + 100 * x, top + 100 * y) for x, y in stroke]
            ImageDraw.Draw(image).line(points, fill=ink, width=pen, joint="curve")
    return np.asarray(image)


def found(picture, read):
    return read_number(preprocess(picture).stages[2].image, read)


def text(digits):
    return "".join(str(reading(digit.probabilities).label) for digit in digits)


def test_digits_are_read_from_left_to_right(read):
    digits = found(paper((SEVEN, 30, 30), (ONE, 130, 20), (FOUR, 250, 40)), read)
    assert text(digits) == "714"
    assert [digit.left for digit in digits] == sorted(digit.left for digit in digits)
    assert not any(digit.was_touching or digit.may_be_several for digit in digits)


def test_a_box_holds_the_ink_of_its_digit(read):
    (digit,) = found(paper((SEVEN, 130, 30)), read)
    assert (digit.top, digit.left) == (pytest.approx(24, abs=3), pytest.approx(130, abs=7))
    assert (digit.bottom, digit.right) == (pytest.approx(131, abs=7), pytest.approx(191, abs=7))


def test_strokes_that_lie_over_one_another_are_one_digit(read):
    bar_apart = [FIVE[0], [(x, y - 0.2) for x, y in FIVE[1]]]
    digits = found(paper((bar_apart, 50, 45), (SEVEN, 200, 30)), read)
    assert len(digits) == 2


def test_dark_ink_on_light_paper_is_read_too(read):
    picture = paper((SEVEN, 30, 30), (ONE, 160, 30), ink=40, ground=220)
    assert text(found(picture, read)) == "71"


def test_digits_that_touch_are_cut_and_said_to_be(read):
    digits = found(paper((SEVEN, 100, 30), (SEVEN, 163, 30)), read)
    assert text(digits) == "77"
    assert all(digit.was_touching for digit in digits)


def test_what_no_cut_makes_readable_is_declared():
    unsure = np.full(10, 0.1, np.float32)
    blot = np.zeros((100, 300), np.uint8)
    blot[20:80, 30:270] = 255
    (digit,) = found(blot, lambda images: np.repeat(unsure[None], len(images), axis=0))
    assert digit.may_be_several
    assert not digit.is_digit


def test_a_comma_is_no_digit(read):
    comma = [[(0, 0.95), (-0.03, 1.05)]]
    digits = found(paper((SEVEN, 30, 30), (comma, 150, 30), (ONE, 200, 30)), read)
    assert text(digits) == "71"


def test_a_page_of_writing_is_refused_in_one_sentence(read):
    dots = [([[(0, 0), (0, 0.3)]], 15 + 18 * i, 30) for i in range(22)]
    with pytest.raises(InputError, match="at most 20 digits, got 22 pieces"):
        found(paper(*dots, pen=6), read)
