"""Each way to spoil a digit does what it says, to each digit alone, and the same again."""

import numpy as np
import pytest

from digitlab.augmentation_preview import warped
from digitlab.config import TrainingConfig
from digitlab.corruptions import CORRUPTIONS, EVERYDAY, MNIST_C
from digitlab.datasets import load_dataset

DIGITS = load_dataset("digits").images[:40]
EACH = pytest.mark.parametrize("corruption", CORRUPTIONS.values(), ids=CORRUPTIONS)


def spoiled(key, level, images=DIGITS, seed=0):
    return CORRUPTIONS[key].apply(images, level, np.random.default_rng(seed))


def white(count=20):
    return np.full((count, 28, 28), 255, np.uint8)


def square(count=20):
    """A bright square of 10 pixels in the middle."""
    images = np.zeros((count, 28, 28), np.uint8)
    images[:, 9:19, 9:19] = 200
    return images


def test_there_are_ten_everyday_ones_and_the_fifteen_of_mnist_c():
    assert len(EVERYDAY) == 10
    assert len(MNIST_C) == 15
    assert set(CORRUPTIONS.values()) == {*EVERYDAY, *MNIST_C}


@EACH
def test_level_0_changes_nothing(corruption):
    assert np.array_equal(spoiled(corruption.key, 0), DIGITS)


@EACH
def test_the_further_the_level_the_further_from_the_digit(corruption):
    off = [
        np.abs(spoiled(corruption.key, level).astype(int) - DIGITS).mean()
        for level in (0, *corruption.levels)
    ]
    assert (np.diff(off) > 0).all()


@EACH
def test_what_comes_out_are_pictures_and_what_came_in_stays(corruption):
    before = DIGITS.copy()
    after = spoiled(corruption.key, corruption.levels[-1])
    assert (after.dtype, after.shape) == (np.uint8, DIGITS.shape)
    assert np.array_equal(DIGITS, before)


@EACH
def test_the_same_seed_spoils_the_same_way(corruption):
    level = corruption.levels[1]
    assert np.array_equal(spoiled(corruption.key, level), spoiled(corruption.key, level))


@EACH
def test_a_digit_is_spoiled_alone_whatever_stands_beside_it(corruption):
    others = DIGITS.copy()
    others[-1] = 255 - others[-1]
    level = corruption.levels[-1]
    here, there = spoiled(corruption.key, level), spoiled(corruption.key, level, others)
    assert np.array_equal(here[:-1], there[:-1])


@EACH
def test_levels_rise(corruption):
    assert corruption.levels[0] > 0
    assert list(corruption.levels) == sorted(set(corruption.levels))


def test_levels_are_said_with_their_unit():
    words = [CORRUPTIONS[key].level_in_words for key in ("shift", "rotation", "fog", "zigzag")]
    assert [say(3) for say in words] == ["3 px", "3°", "3 %", "3"]


def test_a_shift_moves_by_whole_pixels_to_one_of_four_sides():
    moves = [(0, 3), (0, -3), (3, 0), (-3, 0)]
    seen = set()
    for before, after in zip(square(), spoiled("shift", 3, square()), strict=True):
        (move,) = [m for m in moves if np.array_equal(after, np.roll(before, m, (0, 1)))]
        seen.add(move)
    assert seen == set(moves)


@pytest.mark.parametrize(("key", "field"), [("rotation", "rotation"), ("shear", "shear")])
def test_turning_and_slanting_are_those_of_the_augmentation(key, field):
    pixels, noise = DIGITS.astype(np.float64), np.zeros((len(DIGITS), 2, 14, 14))
    ways = []
    for sign in (-1, 1):
        draws = np.zeros((6, len(DIGITS)))
        draws[0 if field == "rotation" else 1] = sign
        ways.append(warped(pixels, TrainingConfig(**{field: 30}), draws, noise))
    off = np.abs(spoiled(key, 30) - np.stack(ways)).max(axis=(2, 3))
    assert (off.min(axis=0) < 1).all()
    assert set(off.argmin(axis=0)) == {0, 1}


def test_a_digit_shrunk_by_half_holds_a_quarter_of_the_ink():
    ratio = spoiled("scale", 50).sum() / DIGITS.sum()
    assert ratio == pytest.approx(0.25, abs=0.02)


def test_noise_has_the_standard_deviation_it_says():
    grey = np.full((20, 28, 28), 128, np.uint8)
    assert spoiled("noise", 20, grey).std() == pytest.approx(20, rel=0.05)


def test_contrast_loss_keeps_the_mean_and_takes_that_share_of_the_spread():
    after = spoiled("contrast", 60, square())
    assert after.mean() == pytest.approx(square().mean(), abs=0.5)
    assert np.ptp(after) == pytest.approx(0.4 * 200, abs=1)


def test_a_full_inversion_is_dark_ink_on_bright_paper():
    assert np.array_equal(spoiled("inversion", 100), 255 - DIGITS)


def test_strokes_grow_or_shrink_by_a_pixel_on_every_side():
    areas = (spoiled("thickness", 1, square()) > 0).sum(axis=(1, 2))
    assert set(areas) == {8 * 8, 12 * 12}


def test_half_a_pixel_thicker_is_half_as_bright_at_the_rim():
    after = spoiled("thickness", 0.5, square())
    assert {100} == set(after[:, 8, 14]) - {0}
    assert {100} == set(after[:, 9, 14]) - {200}


def test_an_occlusion_hides_one_whole_square_anywhere():
    hidden = spoiled("occlusion", 7, white()) == 0
    assert (hidden.sum(axis=(1, 2)) == 49).all()
    assert (hidden.any(axis=1).sum(axis=1) == 7).all()
    assert len({tuple(np.argwhere(one)[0]) for one in hidden}) > 10


def test_shot_noise_puts_white_off_by_what_it_says_and_leaves_black_black():
    grey = np.full((20, 28, 28), 128, np.uint8)
    share = spoiled("shot_noise", 20, grey).std() / 255
    assert share == pytest.approx(0.2 * np.sqrt(128 / 255), rel=0.05)
    assert not spoiled("shot_noise", 20, np.zeros_like(grey)).any()


def test_impulse_noise_turns_half_of_its_share_white_and_half_black():
    after = spoiled("impulse_noise", 20, np.full((50, 28, 28), 128, np.uint8))
    for value in (0, 255):
        assert (after == value).mean() == pytest.approx(0.1, abs=0.01)


@pytest.mark.parametrize(("key", "level"), [("blur", 1), ("motion_blur", 6)])
def test_a_blur_spreads_the_ink_and_keeps_it(key, level):
    after = spoiled(key, level, square())
    assert after.mean() == pytest.approx(square().mean(), rel=0.02)
    assert (after > 0).sum() > (square() > 0).sum()


def test_motion_blur_goes_along_not_across():
    spread = spoiled("motion_blur", 12, square()) > 10
    assert spread.any(axis=1).sum() > spread.any(axis=2).sum()


def test_brightness_adds_to_ink_and_paper():
    assert set(spoiled("brightness", 20, square()).ravel()) == {51, 251}


def test_stripes_invert_both_sides_and_leave_the_middle():
    after = spoiled("stripe", 7)
    assert np.array_equal(after[:, :, 7:21], DIGITS[:, :, 7:21])
    for side in (np.s_[:, :, :7], np.s_[:, :, 21:]):
        assert np.array_equal(after[side], 255 - DIGITS[side])


def test_fog_reaches_from_clear_to_as_bright_as_it_says():
    fog = spoiled("fog", 100, np.zeros((20, 28, 28), np.uint8))
    assert fog.min() == 0
    assert (fog.max(axis=(1, 2)) == 128).all()


def test_spatter_covers_its_share_in_mud_grey():
    mud = spoiled("spatter", 30, np.zeros((20, 28, 28), np.uint8))
    assert mud.max() == 63
    assert (mud > 31).mean() == pytest.approx(0.3, abs=0.03)


@pytest.mark.parametrize("key", ["dotted_line", "zigzag"])
def test_a_second_line_leaves_the_first_where_it_was(key):
    paper = np.zeros((20, 28, 28), np.uint8)
    one, two = spoiled(key, 1, paper), spoiled(key, 2, paper)
    assert (two >= one).all()
    assert (one.max(axis=(1, 2)) > 200).all()


def test_half_of_the_columns_of_a_dotted_line_are_gaps():
    paper = np.zeros((20, 28, 28), np.uint8)
    inked = spoiled("dotted_line", 1, paper).any(axis=1)
    assert (inked == (np.arange(28) // 2 % 2 == 1)).all()


def test_edges_leave_thin_outlines():
    edges = spoiled("canny_edges", 100, square()) > 0
    assert not edges[:, 12:16, 12:16].any()
    assert not edges[:, :6].any()
    assert 24 <= edges[0].sum() <= 60
