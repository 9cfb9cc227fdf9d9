import base64
import io

import numpy as np
import pytest
from PIL import Image

from pages.ui.gallery import cells, data_url, enlarge, sprite


def some_digits(n=7):
    return np.random.default_rng(0).integers(0, 256, (n, 28, 28)).astype(np.uint8)


def test_the_sprite_holds_every_digit_side_by_side_and_unchanged():
    digits = some_digits()
    picture = np.asarray(Image.open(io.BytesIO(sprite(digits))))
    assert picture.shape == (28, 7 * 28)
    for i, digit in enumerate(digits):
        assert (picture[:, 28 * i : 28 * (i + 1)] == digit).all()


def test_a_page_of_a_hundred_digits_travels_in_less_than_a_hundred_kilobytes():
    strokes = np.where(some_digits(100) > 200, some_digits(100), 0).astype(np.uint8)
    assert len(sprite(strokes)) < 100_000


def test_the_data_url_decodes_to_the_picture():
    png = sprite(some_digits(1))
    head, body = data_url(png).split(",")
    assert head == "data:image/png;base64"
    assert base64.b64decode(body) == png


def test_right_and_wrong_are_said_by_mark_and_word_and_not_by_colour_alone():
    good, bad = cells(["4", "9 is a 4"], ["read as 4", "read as 9"], [True, False])
    assert (good["caption"], good["hover"], good["verdict"]) == (
        "✓ 4", "right: read as 4", "right",
    )  # fmt: skip
    assert bad["caption"].startswith("✗")
    assert bad["hover"].startswith("wrong")


def test_without_a_verdict_cells_say_what_they_were_given():
    assert cells(["4"], ["a 4"], None) == [{"caption": "4", "hover": "a 4", "verdict": ""}]


def test_every_digit_needs_its_caption():
    with pytest.raises(ValueError, match="zip"):
        cells(["4"], ["a 4", "a 5"], None)


def test_enlarging_keeps_pixels_square_and_sharp():
    assert enlarge(np.array([[1, 2]], np.uint8), 2).tolist() == [[1, 1, 2, 2], [1, 1, 2, 2]]
