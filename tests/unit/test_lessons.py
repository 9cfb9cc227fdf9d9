import numpy as np
import pytest

from digitlab import datasets
from digitlab.config import TrainingConfig
from digitlab.datasets import canonical_name, load_dataset, split_dataset
from digitlab.drawings import as_upload, keep_drawing
from digitlab.errors import InputError
from digitlab.lessons import FEWEST_DRAWINGS, Lesson, compose_lesson, held_out, lesson_of
from digitlab.sources.arrays import Contents

DIGITS = load_dataset("digits")
KNOWN = Contents(DIGITS.images, DIGITS.labels, DIGITS.train_count)
COUNT = 30


def drawings(count=COUNT, shift=1):
    """Digits that nobody has learned: scikit-learn's, a pixel further on."""
    return Contents(np.roll(DIGITS.images[:count], shift, axis=2), DIGITS.labels[:count])


def pictures(images):
    return {image.tobytes() for image in images}


@pytest.fixture
def lesson(tmp_path, monkeypatch):
    """The lesson of a visitor who has written COUNT digits."""
    monkeypatch.setenv("DIGITLAB_HOME", str(tmp_path))
    mine = drawings()
    for image, label in zip(mine.images, mine.labels, strict=True):
        keep_drawing("a1", image, int(label), prompted=True)
    return Lesson(as_upload("a1").name, "digits")


@pytest.mark.parametrize("replayed", ["mnist", "upload:0123456789abcdef0123", "/my/a+b.npz"])
def test_a_lesson_s_name_says_what_it_is_made_of(replayed):
    lesson = Lesson("upload:00112233445566778899", replayed)
    assert lesson_of(lesson.name) == lesson
    assert canonical_name(lesson.name) == lesson.name


@pytest.mark.parametrize("name", ["mnist", "upload:00112233445566778899", "hand:12+mnist"])
def test_other_names_are_no_lessons(name):
    assert lesson_of(name) is None


def test_every_second_drawing_of_each_digit_is_held_out_however_many_come_after():
    labels = np.array([7, 7, 1, 7, 7, 1, 3], np.uint8)
    assert held_out(labels).tolist() == [1, 4, 5]
    assert held_out(np.append(labels, [3, 7, 2, 2])).tolist() == [1, 4, 5, 7, 9]


def test_a_lesson_shows_drawings_often_beside_digits_known_before_and_tests_on_what_it_hides():
    mine = drawings()
    lesson = compose_lesson(mine, KNOWN)
    shown, hidden = lesson.images[: lesson.train_count], lesson.images[lesson.train_count :]
    assert pictures(hidden) == pictures(mine.images[held_out(mine.labels)])
    assert not pictures(hidden) & pictures(shown)
    of_mine = sum(image.tobytes() in pictures(mine.images) for image in shown)
    assert 1_000 <= of_mine <= 1_020
    assert len(shown) - of_mine == DIGITS.train_count
    assert pictures(shown) <= pictures(mine.images) | pictures(DIGITS.images[: DIGITS.train_count])


def test_the_same_drawings_give_the_same_lesson():
    first, second = (compose_lesson(drawings(), KNOWN) for _ in range(2))
    np.testing.assert_array_equal(first.images, second.images)


def test_few_drawings_are_refused_with_how_many_are_missing():
    with pytest.raises(InputError, match="at least 20 of your digits, got 12: write 8 more"):
        compose_lesson(drawings(12), KNOWN)
    compose_lesson(drawings(FEWEST_DRAWINGS), KNOWN)


def test_whoever_learned_from_these_drawings_is_refused():
    with pytest.raises(InputError, match="has learned from these very drawings"):
        compose_lesson(drawings(shift=0), KNOWN)


def test_a_lesson_is_a_dataset_whose_test_part_is_what_is_held_out(lesson):
    dataset = load_dataset(lesson.name)
    assert (dataset.name, dataset.has_test_part) == (lesson.name, True)
    config = TrainingConfig(dataset=lesson.name, validation="none")
    assert len(datasets.test_rows(dataset, config)) == len(
        held_out(load_dataset(lesson.drawings).labels)
    )


def test_a_network_taught_by_a_lesson_is_tested_on_nothing_that_it_learned(lesson):
    config = TrainingConfig(dataset=lesson.name, validation="none")
    mine = load_dataset(lesson.drawings)
    assert datasets.test_rows(mine, config).tolist() == held_out(mine.labels).tolist()
    assert datasets.test_rows(DIGITS, config).tolist() == list(
        range(DIGITS.train_count, len(DIGITS))
    )


def test_a_lesson_is_not_divided_at_random_since_it_repeats_drawings(lesson):
    with pytest.raises(InputError, match="several times"):
        split_dataset(load_dataset(lesson.name), TrainingConfig(split="random"))
