"""Augmentation changes digits as it says, and the same way each time."""

import numpy as np
import pytest

from digitlab.config import TrainingConfig

tf = pytest.importorskip("tensorflow")
from digitlab.augmentation import (  # noqa: E402
    affine_transforms,
    augment,
    bend,
    move,
    plain_pipeline,
    smooth,
    training_pipeline,
)

SEED = (7, 3)


@pytest.fixture
def bars():
    """Eight vertical bars, 4 pixels wide."""
    digits = np.zeros((8, 28, 28, 1), np.float32)
    digits[:, 6:22, 12:16] = 255
    return digits


def augmented(digits, **fields):
    config = TrainingConfig(**fields)
    return augment(tf.constant(digits), config, tf.constant(SEED, tf.int64)).numpy()


def test_nothing_chosen_changes_nothing(bars):
    assert np.array_equal(augmented(bars), bars)


@pytest.mark.parametrize(
    "fields",
    [
        {"rotation": 30},
        {"zoom": 0.3},
        {"shift": 0.2},
        {"shear": 30},
        {"elastic": 1},
        {"stroke_thickness": 1},
        {"elastic": 1, "rotation": 30, "zoom": 0.3, "shift": 0.2, "stroke_thickness": 1},
    ],
)
def test_each_kind_changes_digits_within_the_range_and_repeatably(bars, fields):
    changed = augmented(bars, **fields)
    assert not np.array_equal(changed, bars)
    assert changed.min() >= 0
    assert changed.max() <= 255
    assert np.array_equal(changed, augmented(bars, **fields))
    assert not np.array_equal(changed[0], changed[1])


def test_a_shift_moves_by_no_more_than_it_says(bars):
    rows, columns = np.indices((28, 28))
    for digit in augmented(bars, shift=0.1)[..., 0]:
        assert abs((digit * columns).sum() / digit.sum() - 13.5) <= 2.8 + 0.01
        assert abs((digit * rows).sum() / digit.sum() - 13.5) <= 2.8 + 0.01


def test_a_rotation_keeps_the_middle_in_place(bars):
    rows, columns = np.indices((28, 28))
    for digit in augmented(bars, rotation=45)[..., 0]:
        assert (digit * columns).sum() / digit.sum() == pytest.approx(13.5, abs=0.2)
        assert (digit * rows).sum() / digit.sum() == pytest.approx(13.5, abs=0.2)


def test_thickness_goes_both_ways_and_leaves_ink_bright(bars):
    changed = augmented(np.tile(bars, (8, 1, 1, 1)), stroke_thickness=1)
    ink = changed.sum(axis=(1, 2, 3)) / bars[0].sum()
    assert ink.min() < 0.99 < 1.01 < ink.max()
    assert np.allclose(changed.max(axis=(1, 2, 3)), 255, atol=0.01)


def centres(digits):
    """Centre of mass of each digit: float (n, 2), row and column."""
    places = np.indices((28, 28))
    ink = digits[..., 0]
    return np.stack([(ink * axis).sum(axis=(1, 2)) / ink.sum(axis=(1, 2)) for axis in places], 1)


@pytest.mark.parametrize("pixels", [0.5, 1, 2])
def test_elastic_moves_ink_along_each_axis_by_about_as_many_pixels_as_asked(pixels):
    dots = np.zeros((2000, 28, 28, 1), np.float32)
    dots[:, 13:15, 13:15] = 255
    moved = centres(augmented(dots, elastic=pixels)) - 13.5
    assert np.sqrt((moved**2).mean(axis=0)) == pytest.approx([pixels, pixels], rel=0.15)
    assert moved.mean(axis=0) == pytest.approx([0, 0], abs=pixels / 10)


def test_elastic_keeps_about_as_much_ink(bars):
    many = np.tile(bars, (50, 1, 1, 1))
    ink = augmented(many, elastic=1).sum(axis=(1, 2, 3)) / bars[0].sum()
    assert ink.mean() == pytest.approx(1, abs=0.05)
    assert 0.6 < ink.min() < ink.max() < 1.5


def test_elastic_bends_what_was_straight(bars):
    rows, columns = np.indices((28, 28))[:, 8:20]
    lines = augmented(bars, elastic=1)[:, 8:20, :, 0]
    middles = (lines * columns).sum(axis=2) / lines.sum(axis=2)
    assert augmented(bars)[0, 8:20, :, 0].sum(axis=1).std() == 0
    for middle in middles:
        straight = np.polyval(np.polyfit(rows[:, 0], middle, 1), rows[:, 0])
        assert np.abs(middle - straight).max() > 0.1


def test_displacements_have_the_covariance_of_noise_in_every_pixel_smoothed_with_4_pixels():
    # The field is linear in its noise: one unit of noise at a time shows the whole covariance.
    units = np.eye(14 * 14, dtype=np.float32).reshape(-1, 1, 14, 14)
    answers = smooth(tf.constant(units)).numpy().reshape(-1, 28 * 28)
    rows, columns = (axis.ravel() for axis in np.indices((28, 28)))
    squares = np.subtract.outer(rows, rows) ** 2 + np.subtract.outer(columns, columns) ** 2
    assert np.abs(answers.T @ answers - np.exp(-squares / (4 * 4**2))).max() < 1e-3


def test_without_displacement_bending_is_moving(bars):
    config = TrainingConfig(rotation=180, zoom=0.9, shift=0.5, shear=45)
    noisy = np.random.default_rng(0).uniform(0, 255, bars.shape).astype(np.float32)
    draws = np.random.default_rng(1).uniform(-1, 1, (6, len(bars))).astype(np.float32)
    transforms = affine_transforms(tf.constant(draws), config)
    bent = bend(tf.constant(noisy), transforms, tf.zeros((len(bars), 2, 28, 28)))
    assert np.allclose(bent, move(tf.constant(noisy), transforms), atol=0.1)


def epochs_of(images, labels, config, numbers):
    """The batches of the given epochs, from one pipeline."""
    epoch = tf.Variable(0, dtype=tf.int64)
    pipeline = training_pipeline(images, labels, config, epoch)
    for number in numbers:
        epoch.assign(number)
        yield [(digits.numpy(), targets.numpy()) for digits, targets in pipeline]


def test_an_epoch_has_every_digit_once_in_another_order():
    images = np.zeros((10, 28, 28), np.uint8)
    labels = np.arange(10, dtype=np.uint8)
    config = TrainingConfig(batch_size=4)
    orders = set()
    for batches in epochs_of(images, labels, config, range(3)):
        assert [len(targets) for _, targets in batches] == [4, 4, 2]
        order = np.concatenate([targets for _, targets in batches])
        assert sorted(order) == list(range(10))
        orders.add(tuple(order))
    assert len(orders) == 3


def test_a_later_start_gives_the_same_later_epochs():
    images = np.random.default_rng(0).integers(0, 256, (9, 28, 28)).astype(np.uint8)
    labels = np.arange(9, dtype=np.uint8)
    config = TrainingConfig(batch_size=4, rotation=20, elastic=1, stroke_thickness=0.5)
    *_, whole = epochs_of(images, labels, config, range(3))
    (later,) = epochs_of(images, labels, config, [2])
    for (digits, targets), (same_digits, same_targets) in zip(whole, later, strict=True):
        assert np.array_equal(digits, same_digits)
        assert np.array_equal(targets, same_targets)


def test_elastic_differs_from_digit_to_digit_and_from_epoch_to_epoch(bars):
    images, labels = bars[:4, ..., 0].astype(np.uint8), np.arange(4, dtype=np.uint8)
    config = TrainingConfig(batch_size=2, elastic=1)
    seen = [
        digit.tobytes()
        for batches in epochs_of(images, labels, config, [0, 1, 2])
        for digits, _ in batches
        for digit in digits
    ]
    assert len(set(seen)) == len(seen) == 12


@pytest.mark.parametrize("make", [training_pipeline, plain_pipeline])
def test_no_pipeline_is_tuned_while_it_runs(make):
    """tf.data's tuner may hold up the end of an epoch for as long as the epoch took."""
    images, labels = np.zeros((4, 28, 28), np.uint8), np.zeros(4, np.uint8)
    more = (TrainingConfig(), tf.Variable(0, dtype=tf.int64)) if make is training_pipeline else ()
    assert make(images, labels, *more).options().autotune.enabled is False


def test_the_plain_pipeline_keeps_order_and_pixels():
    images = np.arange(3 * 784, dtype=np.uint64).reshape(3, 28, 28).astype(np.uint8)
    ((digits, targets),) = plain_pipeline(images, np.array([4, 5, 6], np.uint8))
    assert np.array_equal(digits.numpy()[..., 0], images)
    assert list(targets.numpy()) == [4, 5, 6]
