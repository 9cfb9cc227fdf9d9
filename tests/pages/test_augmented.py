"""The preview of augmentation: a sentence, or a picture that a button draws anew."""

import io
import time

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from digitlab.config import TrainingConfig
from digitlab.datasets import load_dataset
from pages.ui.train.augmented import FIELDS, VARIANTS, _picture, one_of_each_class, png


def script(fields):
    from digitlab.config import TrainingConfig
    from pages.ui.train.augmented import show_augmented

    show_augmented(TrainingConfig(dataset="digits", **fields))


def preview(**fields):
    return AppTest.from_function(script, args=(fields,), default_timeout=20).run()


def picture_of(app):
    (image,) = app.get("image")
    return image.proto.imgs[0].url


def test_without_augmentation_one_sentence_names_every_field():
    app = preview()
    assert not app.exception
    assert not app.get("image")
    assert not app.button
    (caption,) = app.caption
    assert "as they are" in caption.value
    assert len(FIELDS) == 6
    assert all(field.label.lower() in caption.value for field in FIELDS)


@pytest.mark.parametrize("name", [field.name for field in FIELDS])
def test_each_field_alone_shows_a_picture_said_in_words(name):
    app = preview(**{name: 0.5})
    assert not app.exception
    assert not app.error
    (image,) = app.get("image")
    assert name.replace("_", " ") in image.proto.imgs[0].alt
    assert any("differently every epoch" in line.value for line in app.markdown)


def test_the_button_shows_other_variants_and_a_rerun_the_same():
    app = preview(rotation=20)
    first = picture_of(app)
    assert picture_of(app.run()) == first
    (button,) = app.button
    assert picture_of(button.click().run()) != first


def test_the_originals_are_a_training_digit_of_each_class():
    digits = load_dataset("digits")
    firsts = one_of_each_class(digits)
    assert firsts.shape == (10, 28, 28)
    for label, image in enumerate(firsts):
        same = digits.images[: digits.train_count][digits.labels[: digits.train_count] == label]
        assert np.array_equal(image, same[0])


def test_originals_stand_on_top_and_nothing_covers_a_digit():
    digits = np.full((1 + VARIANTS, 3, 28, 28), 200, np.uint8)
    digits[0] = 100
    grey, opacity = np.moveaxis(np.asarray(Image.open(io.BytesIO(png(digits)))), -1, 0)
    assert ((grey == 100) & (opacity == 255)).sum() == 3 * (28 * 4) ** 2
    assert ((grey == 200) & (opacity == 255)).sum() == 3 * VARIANTS * (28 * 4) ** 2
    assert np.argwhere(grey == 100)[:, 0].max() < np.argwhere(grey == 200)[:, 0].min()


def test_a_picture_takes_less_than_50_milliseconds_of_the_server():
    digits = load_dataset("digits")
    config = TrainingConfig(rotation=20, elastic=1, stroke_thickness=1)
    seconds = []
    for seed in range(5):
        start = time.thread_time()
        _picture(digits.content_hash, config, seed, digits)
        seconds.append(time.thread_time() - start)
    assert min(seconds) < 0.05
