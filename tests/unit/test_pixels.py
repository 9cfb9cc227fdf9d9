"""What the pixels of digits tell, against plain NumPy over everything at once."""

import numpy as np

from digitlab.pixels import BLOCK, deviations, ink_of, uses, with_brightness

IMAGES = np.random.default_rng(0).integers(0, 256, (BLOCK + 7, 28, 28)).astype(np.uint8)
IMAGES[IMAGES < 200] = 0
IMAGES[0] = 0
LABELS = np.arange(len(IMAGES), dtype=np.uint8) % 9


def test_the_amount_of_ink_is_the_share_of_pixels_that_are_not_black():
    assert np.allclose(ink_of(IMAGES).amount, (IMAGES > 0).mean(axis=(1, 2)))


def test_its_brightness_is_the_mean_of_those_pixels():
    brightness = ink_of(IMAGES).brightness
    assert np.isclose(brightness[5], IMAGES[5][IMAGES[5] > 0].mean())
    assert np.isclose(brightness[-1], IMAGES[-1][IMAGES[-1] > 0].mean())


def test_a_picture_without_ink_has_none_and_no_brightness():
    ink = ink_of(IMAGES[:1])
    assert (ink.amount[0], ink.brightness[0]) == (0, 0)


def test_digits_with_pixels_of_some_brightness_come_with_most_of_them_first():
    counts = ((IMAGES >= 208) & (IMAGES <= 215)).sum(axis=(1, 2))
    found = with_brightness(IMAGES, 208, 215)
    assert set(found) == set(np.flatnonzero(counts))
    assert (np.diff(counts[found]) <= 0).all()
    assert len(with_brightness(IMAGES, 1, 199)) == 0


def test_each_pixel_knows_how_many_digits_use_it():
    assert (uses(IMAGES) == (IMAGES > 0).sum(axis=0)).all()
    assert uses(IMAGES[:1]).sum() == 0


def test_the_spread_of_a_class_is_its_standard_deviation_and_none_where_it_is_empty():
    spread = deviations(IMAGES, LABELS)
    assert np.allclose(spread[4], IMAGES[LABELS == 4].std(axis=0), rtol=1e-4)
    assert np.isnan(spread[9]).all()
