"""The digits that the shipped recogniser learns from are what they say, and none of the test's."""

import numpy as np
import pytest

from digitlab.config import TrainingConfig
from digitlab.datasets import Dataset, load_dataset, loads_at_once, split_dataset
from digitlab.errors import InputError
from digitlab.handwriting import dataset as handwriting
from digitlab.handwriting.allographs import DIGITS, OTHERS
from digitlab.handwriting.dataset import compose, excerpt
from digitlab.handwriting.drawing import (
    curve,
    drawn_anew,
    invented,
    outlined,
    placed,
    scribbles,
    strokes_of,
    varied,
    written,
)
from digitlab.presets import PRESETS
from digitlab.sources.arrays import Contents


@pytest.fixture(scope="module")
def digits():
    return load_dataset("digits")


def test_every_shape_is_strokes_of_at_least_two_points_within_or_near_the_box():
    for shape in (*(shape for shapes in DIGITS for shape in shapes), *OTHERS):
        for stroke in shape.split(";"):
            points = np.array([point.split() for point in stroke.split(",")], float)
            assert len(points) >= 2, shape
            assert points.min() >= -10, shape
            assert points.max() <= 100, shape


def test_each_digit_has_shapes_of_its_own():
    assert len(DIGITS) == 10
    every = [shape for shapes in DIGITS for shape in shapes] + list(OTHERS)
    assert len(set(every)) == len(every)


def test_invented_digits_are_equally_many_of_each_and_follow_from_the_seed():
    images, labels = invented(60, seed=1)
    again, _ = invented(60, seed=1)
    others, _ = invented(60, seed=2)
    assert np.bincount(labels).tolist() == [6] * 10
    assert np.array_equal(images, again)
    assert not np.array_equal(images, others)
    assert len({image.tobytes() for image in images}) == 60
    assert images.reshape(60, -1).max(axis=1).min() == 255


def test_pens_are_thin_and_thick():
    ink = (invented(200, seed=3)[0] / 255).sum(axis=(1, 2))
    assert np.percentile(ink, 95) > 3 * np.percentile(ink, 5)


def test_a_smooth_line_goes_through_its_points_and_two_points_are_a_straight_one():
    points = np.array([[0.0, 0], [1, 1], [2, 0], [3, 1]])
    assert np.allclose(curve(points)[::8], points)
    assert np.array_equal(curve(points[:2]), points[:2])


def test_a_point_given_twice_is_a_corner():
    random = np.random.default_rng(0)
    corner = outlined("0 0, 100 0, 100 0, 100 100", 0.02, random)
    bend = outlined("0 0, 100 0, 100 100", 0.02, random)
    assert len(np.unique(corner, axis=0)) == 3
    assert len(bend) == 17


def test_a_shape_is_written_in_another_way_each_time_with_few_or_many_points():
    random = np.random.default_rng(0)
    twice = [written("0 0, 100 0, 100 100; 50 20, 50 80", random) for _ in range(40)]
    assert all(len(strokes) == 2 for strokes in twice)
    counts = [len(strokes[0]) for strokes in twice]
    assert min(counts) < 20
    assert max(counts) > 60


def test_strokes_end_late_or_with_a_hook_now_and_then():
    random = np.random.default_rng(0)
    lengths = [np.ptp(written("50 0, 50 100", random)[0], axis=0) for _ in range(60)]
    widths = np.array([across / down for across, down in lengths])
    assert np.percentile(widths, 90) > 2 * np.percentile(widths, 10)


def test_another_hand_keeps_the_strokes_and_moves_them_a_little():
    strokes = (np.array([[0.0, 0], [0, 10]]), np.array([[0.0, 5], [5, 5]]))
    random = np.random.default_rng(0)
    ends = np.stack([varied(strokes, random)[0][1] for _ in range(200)])
    assert ends.std(axis=0).min() > 0.01
    assert ends.mean(axis=0) == pytest.approx([0, 1], abs=0.1)


def test_strokes_are_placed_in_the_middle_of_the_paper():
    (line,) = placed((np.array([[3.0, 4], [3, 9]]),), 50, 72)
    assert line.tolist() == [[36, 11], [36, 61]]


def test_written_digits_are_drawn_anew_where_strokes_tell_them_faithfully(digits):
    images, rows = drawn_anew(digits.images[:100], 3, seed=0)
    assert len(images) == len(rows)
    assert np.array_equal(rows[::3], strokes_of(digits.images[:100])[1])
    assert 40 <= len(rows) / 3 < 100
    assert not np.array_equal(images[0], images[1])


def test_a_blot_is_not_told_by_strokes():
    blot = np.full((1, 28, 28), 200, np.uint8)
    assert strokes_of(blot)[1].tolist() == []


def test_scribbles_are_of_many_kinds():
    images = scribbles(80, seed=0)
    assert images.shape == (80, 28, 28)
    assert len({image.tobytes() for image in images}) > 70
    assert images.reshape(80, -1).any(axis=1).all()


@pytest.fixture(scope="module")
def composed(digits):
    """The dataset from 180 digits twice, with little that is drawn, and the parts it is made of."""
    sources = [
        Contents(digits.images[start : start + 180], digits.labels[start : start + 180], 140)
        for start in (0, 180)
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(handwriting, "LEARNED", 2_850)
        patch.setattr(handwriting, "WATCHED", 150)
        patch.setattr(handwriting, "scribbles", lambda count, seed: scribbles(count // 20, seed))
        contents = compose(*sources)
    return Dataset("handwriting", contents.images, contents.labels, contents.train_count), sources


def rows_of(images):
    return {image.tobytes() for image in images}


def test_test_digits_stay_held_out(composed):
    dataset, sources = composed
    tests = np.concatenate([source.images[140:] for source in sources])
    assert np.array_equal(dataset.images[dataset.train_count :], tests)
    assert not rows_of(dataset.images[: dataset.train_count]) & rows_of(tests)


def test_digits_that_validate_are_not_learned_from(composed):
    dataset, sources = composed
    split = split_dataset(dataset, PRESETS["pretrained"].config)
    assert len(split.train) == 2_850
    learned, watched = (rows_of(dataset.images[rows]) for rows in (split.train, split.validation))
    for source in sources:
        assert rows_of(source.images[:133]) <= learned
        assert rows_of(source.images[133:140]) <= watched
    assert not learned & watched


def test_what_is_no_digit_is_learned_with_every_answer(composed):
    dataset, _ = composed
    nothing = rows_of(scribbles(200, seed=3))
    found = [image.tobytes() in nothing for image in dataset.images]
    assert np.bincount(dataset.labels[found]).min() >= 20


def test_the_real_sizes_are_divided_where_the_preset_divides_them():
    config = PRESETS["pretrained"].config
    count = handwriting.LEARNED + handwriting.WATCHED
    empty = Dataset("handwriting", np.zeros((count + 1, 1)), np.zeros(count + 1), count)
    assert len(split_dataset(empty, config).train) == handwriting.LEARNED


@pytest.mark.parametrize("part", ["split", "validation"])
def test_a_random_division_is_refused_since_digits_come_several_times(composed, part):
    with pytest.raises(InputError, match="split must be official"):
        split_dataset(composed[0], TrainingConfig(dataset="handwriting", **{part: "random"}))


def test_no_page_offers_what_takes_a_minute_to_put_together():
    assert not loads_at_once("handwriting")
    assert loads_at_once("digits")
    assert loads_at_once("/some/path")


def test_an_excerpt_holds_a_little_of_everything_and_no_test_digit(digits):
    contents = excerpt(None, digits)
    assert contents.train_count == len(contents.labels) == 2_100
    known = {image.tobytes() for image in digits.images[digits.train_count :]}
    assert not known & {image.tobytes() for image in contents.images}
