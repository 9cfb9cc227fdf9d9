"""The preview of augmentation makes the pictures that the training sees, without TensorFlow."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from digitlab import augmentation_preview as preview
from digitlab.config import TrainingConfig
from digitlab.datasets import load_dataset

ROOT = Path(__file__).resolve().parents[2]
CHOICES = [
    {"rotation": 30},
    {"zoom": 0.3},
    {"shift": 0.2},
    {"shear": 30},
    {"elastic": 2},
    {"rotation": 20, "zoom": 0.2, "shift": 0.1, "shear": 10, "elastic": 1},
    {"rotation": 180, "zoom": 0.9, "shift": 0.5, "shear": 45, "elastic": 3},
]


@pytest.fixture
def digits():
    return load_dataset("digits").images[:40]


@pytest.fixture
def training():
    """The maps of the training process."""
    pytest.importorskip("tensorflow")
    from digitlab import augmentation

    return augmentation


def drawn(count):
    """Affine draws, noise and thickness draws, as the training draws them: float32."""
    random = np.random.default_rng(5)
    draws = (
        random.uniform(-1, 1, (6, count)),
        random.standard_normal((count, 2, 14, 14)),
        random.random((2, count)),
    )
    return [values.astype(np.float32) for values in draws]


@pytest.mark.parametrize("fields", CHOICES, ids=lambda fields: "+".join(fields))
def test_the_same_draws_give_the_pictures_of_the_training(digits, training, fields):
    config = TrainingConfig(**fields)
    affine, noise, _ = drawn(len(digits))
    transforms = training.affine_transforms(affine, config)
    pixels = digits.astype(np.float32)[..., None]
    if config.elastic:
        expected = training.bend(pixels, transforms, config.elastic * training.smooth(noise))
    else:
        expected = training.move(pixels, transforms)
    shown = preview.warped(digits.astype(float), config, affine, noise)
    assert np.abs(shown - expected.numpy()[..., 0]).max() < 0.1
    assert np.abs(shown - digits).max() > 50


def test_the_same_draws_thicken_the_same_digits_as_much(digits, training):
    *_, draws = drawn(len(digits))
    expected = training.change_thickness(digits.astype(np.float32)[..., None], draws, 0.6)
    shown = preview.thickened(digits.astype(float), draws, 0.6)
    assert np.abs(shown - expected.numpy()[..., 0]).max() < 0.1
    changed = (shown != digits).any(axis=(1, 2))
    assert np.array_equal(changed, draws[0] < np.float32(0.6))
    assert 10 < changed.sum() < 35


def test_nothing_chosen_changes_nothing(digits):
    assert np.array_equal(preview.augmented(digits, TrainingConfig(), 1), digits)


@pytest.mark.parametrize("fields", [*CHOICES, {"stroke_thickness": 1}], ids="+".join)
def test_digits_change_repeatably_and_differently_with_every_seed(digits, fields):
    config = TrainingConfig(**fields)
    changed = preview.augmented(digits, config, 1)
    assert changed.dtype == np.uint8
    assert changed.shape == digits.shape
    assert not np.array_equal(changed, digits)
    assert np.array_equal(changed, preview.augmented(digits, config, 1))
    assert not np.array_equal(changed, preview.augmented(digits, config, 2))


def test_one_more_kind_of_change_leaves_the_others_as_they_were(digits):
    both = preview.augmented(digits, TrainingConfig(rotation=20, stroke_thickness=0.5), 1)
    turned = preview.augmented(digits, TrainingConfig(rotation=20), 1)
    same = (both == turned).all(axis=(1, 2))
    assert 5 < same.sum() < 35


def test_the_preview_imports_no_tensorflow():
    code = "import sys, digitlab.augmentation_preview; sys.exit('tensorflow' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
