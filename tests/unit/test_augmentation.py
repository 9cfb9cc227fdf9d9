"""Augmentation changes digits as it says, and the same way each time."""

import numpy as np
import pytest

from digitlab.config import TrainingConfig

tf = pytest.importorskip("tensorflow")
from digitlab.augmentation import augment, plain_pipeline, training_pipeline  # noqa: E402

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
    [{"rotation": 30}, {"zoom": 0.3}, {"shift": 0.2}, {"shear": 30}, {"stroke_thickness": 1}],
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
    config = TrainingConfig(batch_size=4, rotation=20, stroke_thickness=0.5)
    *_, whole = epochs_of(images, labels, config, range(3))
    (later,) = epochs_of(images, labels, config, [2])
    for (digits, targets), (same_digits, same_targets) in zip(whole, later, strict=True):
        assert np.array_equal(digits, same_digits)
        assert np.array_equal(targets, same_targets)


def test_the_plain_pipeline_keeps_order_and_pixels():
    images = np.arange(3 * 784, dtype=np.uint64).reshape(3, 28, 28).astype(np.uint8)
    ((digits, targets),) = plain_pipeline(images, np.array([4, 5, 6], np.uint8))
    assert np.array_equal(digits.numpy()[..., 0], images)
    assert list(targets.numpy()) == [4, 5, 6]
