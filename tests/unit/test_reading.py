"""What is said about a picture follows from its probabilities."""

import numpy as np
import pytest

from digitlab.handwriting.drawing import invented, scribbles
from digitlab.inference import Recogniser
from digitlab.reading import LEAST_CONFIDENCE, Reading, reading
from digitlab.recognisers import MODELS


def sure_of(digit, probability):
    probabilities = np.full(10, (1 - probability) / 9)
    probabilities[digit] = probability
    return probabilities


def test_the_likeliest_digit_is_read():
    assert reading(sure_of(7, 0.97)) == Reading(7, pytest.approx(0.97), is_digit=True)


def test_what_no_digit_is_likely_enough_for_is_not_one():
    assert reading(sure_of(3, LEAST_CONFIDENCE)).is_digit
    assert not reading(sure_of(3, LEAST_CONFIDENCE - 0.01)).is_digit
    assert not reading(np.full(10, 0.1)).is_digit


@pytest.fixture(scope="module")
def shipped():
    return Recogniser((MODELS / "pretrained.tflite").read_bytes())


def test_the_shipped_recogniser_reads_shapes_from_many_countries(shipped):
    images, labels = invented(400, seed=99)
    right = shipped.probabilities(images).argmax(axis=1) == labels
    assert right.mean() > 0.97


def test_the_shipped_recogniser_takes_digits_for_digits_and_scribbles_for_none(shipped):
    digits, others = (
        np.mean([reading(row).is_digit for row in shipped.probabilities(images)])
        for images in (invented(400, seed=99)[0], scribbles(400, seed=99))
    )
    assert digits > 0.95
    assert others < 0.2
