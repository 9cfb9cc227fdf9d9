"""The robustness card over a network that reads as it is told to."""

import numpy as np
import pytest

from digitlab.corruptions import Corruption
from digitlab.plots import severity_curve, severity_info
from digitlab.robustness import SAMPLE, card, misread, sample

N = 200
LABELS = np.arange(N, dtype=np.uint8) % 10
IMAGES = np.full((N, 28, 28), 200, np.uint8)


def fading(title, levels=(1, 2, 3), step=1):
    """Takes `step` grey levels off for each level."""
    return Corruption(
        title.lower(), title, f"{title}.", levels, "px", lambda p, level, _: p - step * level
    )


def reader(wrong_by_loss):
    """Reads so many digits wrongly by how many grey levels were lost."""

    def read(images):
        wrong = np.arange(N) < wrong_by_loss[200 - int(images[0, 0, 0])]
        return np.eye(10)[np.where(wrong, (LABELS + 1) % 10, LABELS)]

    return read


def card_of(wrong_by_loss, *corruptions):
    return card(reader(wrong_by_loss), IMAGES, LABELS, corruptions, lambda *_: None)


def test_every_level_has_its_count_and_the_unchanged_digits_come_first():
    (curve,) = card_of({0: 2, 1: 4, 2: 50, 3: 180}, fading("Fog")).curves
    assert [(p.level, p.hits) for p in curve.points] == [(0, 198), (1, 196), (2, 150), (3, 20)]
    assert curve.points[2].in_words == "75.00 % (68.6–80.5)"


def test_one_point_less_is_survived_and_more_is_not():
    (curve,) = card_of({0: 2, 1: 4, 2: 5, 3: 180}, fading("Fog")).curves
    assert curve.survived == 1
    assert curve.in_words == "Survives up to 1 px; 10.00 % (6.6–14.9) at 3 px."


def test_a_level_counts_only_if_all_milder_ones_are_survived():
    (curve,) = card_of({0: 0, 1: 100, 2: 0, 3: 0}, fading("Fog")).curves
    assert curve.survived == 0
    assert curve.in_words.startswith("Not even 1 px is survived;")


def test_what_survives_everything_is_said_so():
    made = card_of({0: 0, 1: 0, 2: 0, 3: 0}, fading("Fog"))
    assert made.curves[0].in_words == "Survives all levels: 100.00 % (98.1–100.0) at 3 px."
    assert made.in_words == "It survives fog up to 3 px."


def test_the_most_harmful_corruption_comes_first():
    wrong = {0: 0, 1: 2, 2: 20, 3: 40, 4: 60, 6: 180}
    made = card_of(wrong, fading("Fog"), fading("Rain", step=2))
    assert [curve.corruption.title for curve in made.curves] == ["Rain", "Fog"]
    assert made.curves[1].harm == pytest.approx((2 + 20 + 40) / 3 / N)


def test_the_card_says_in_words_what_is_survived_and_what_is_not():
    wrong = {0: 0, 1: 0, 2: 0, 3: 0, 5: 0, 7: 100, 9: 100, 10: 0}
    kinds = [fading("Fog"), fading("Hail", (5,)), fading("Rain", (7, 10)), fading("Snow", (9,))]
    assert card_of(wrong, *kinds).in_words == (
        "It survives hail up to 5 px and fog up to 3 px, but not even the mildest snow or rain."
    )
    assert card_of(wrong, *kinds[3:]).in_words == "It survives not even the mildest snow."


def test_the_examples_are_the_same_few_digits_at_each_level():
    (curve,) = card_of(dict.fromkeys(range(4), 0), fading("Fog")).curves
    assert curve.examples.shape == (4, 3, 28, 28)
    assert curve.examples[:, :, 0, 0].tolist() == [[200] * 3, [199] * 3, [198] * 3, [197] * 3]


def test_it_tells_how_far_it_is():
    told = []
    kinds = [fading("Fog"), fading("Rain")]
    wrong = dict.fromkeys(range(4), 0)
    card(reader(wrong), IMAGES, LABELS, kinds, lambda done, words: told.append((done, words)))
    fractions = [done for done, _ in told]
    assert fractions == pytest.approx([0, 1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6])
    assert told[4][1] == "Rain, 2 px"


def test_a_few_digits_are_all_tested_and_many_are_sampled_the_same_way():
    assert np.array_equal(sample(360), np.arange(360))
    rows = sample(10_000)
    assert len(set(rows)) == SAMPLE
    assert (np.diff(rows) > 0).all()
    assert np.array_equal(rows, sample(10_000))


def test_the_figure_shows_percentages_their_interval_and_words():
    (curve,) = card_of({0: 2, 1: 4, 2: 50, 3: 180}, fading("Fog")).curves
    line = severity_info(curve)
    assert line.levels == ["0", "1", "2", "3"]
    assert line.accuracy == pytest.approx([99, 98, 75, 10])
    assert all(
        low < middle < high
        for low, middle, high in zip(line.low, line.accuracy, line.high, strict=True)
    )
    assert line.hover[0] == "unchanged: 99.00 % (96.4–99.7), 2 of 200 wrong"
    assert line.hover[2] == "2 px: 75.00 % (68.6–80.5), 50 of 200 wrong"


def test_what_is_misread_at_a_level_is_as_many_as_the_card_counts():
    labels = np.arange(40, dtype=np.uint8) % 10
    images = np.repeat(labels, 784).reshape(-1, 28, 28)

    def read(pictures):
        return np.eye(10, dtype=np.float32)[pictures[:, 0, 0] % 10]

    def spoil(pictures, level, rng):
        changed = pictures.copy()
        changed[rng.permutation(len(pictures))[: int(level)]] += 1
        return changed

    corruption = Corruption("swap", "Swap", "Swap.", (1, 2, 3), "px", spoil)
    (curve,) = card(read, images, labels, [corruption], lambda *_: None).curves
    for point in curve.points:
        wrong, pictures, probabilities = misread(read, images, labels, corruption, point.level)
        assert len(wrong) == point.n - point.hits
        assert (probabilities.argmax(axis=1) == (labels[wrong] + 1) % 10).all()
        assert np.array_equal(pictures[:, 0, 0], labels[wrong] + 1)


def test_the_figure_marks_what_guessing_would_give():
    (curve,) = card_of(dict.fromkeys(range(4), 0), fading("Fog")).curves
    figure = severity_curve(curve)
    assert figure.layout.shapes[0].y0 == 10
    assert figure.layout.xaxis.title.text == "level (px)"
