import numpy as np
import pytest

from digitlab import datasets
from digitlab.config import TrainingConfig
from digitlab.datasets import canonical_name, load_dataset, split_dataset
from digitlab.drawings import as_upload, drawings_of, keep_drawing, remove_drawings
from digitlab.errors import InputError
from digitlab.lessons import FEWEST_DRAWINGS, Lesson, compose_lesson, lesson_of
from digitlab.sources.arrays import Contents

DIGITS = load_dataset("digits")
KNOWN = Contents(DIGITS.images, DIGITS.labels, DIGITS.train_count)
COUNT = 30


def drawings(count=COUNT, shift=1):
    """Digits that nobody has learned: scikit-learn's, a pixel further on. Half are held out."""
    images = np.roll(DIGITS.images[:count], shift, axis=2)
    return Contents(images, DIGITS.labels[:count], count // 2)


def pictures(images):
    return {image.tobytes() for image in images}


def write(mine):
    """Keeps drawings; those that are there already stay."""
    for image, label in zip(mine.images, mine.labels, strict=True):
        keep_drawing("a1", image, int(label), prompted=True)


@pytest.fixture
def lesson(tmp_path, monkeypatch):
    """The lesson of a visitor who has written COUNT digits."""
    monkeypatch.setenv("DIGITLAB_HOME", str(tmp_path))
    write(drawings())
    return Lesson(as_upload("a1", in_use=[]).name, "digits")


@pytest.mark.parametrize("replayed", ["mnist", "upload:0123456789abcdef0123", "/my/a+b.npz"])
def test_a_lesson_s_name_says_what_it_is_made_of(replayed):
    lesson = Lesson("upload:00112233445566778899", replayed)
    assert lesson_of(lesson.name) == lesson
    assert canonical_name(lesson.name) == lesson.name


@pytest.mark.parametrize("name", ["mnist", "upload:00112233445566778899", "hand:12+mnist"])
def test_other_names_are_no_lessons(name):
    assert lesson_of(name) is None


def test_a_lesson_shows_drawings_often_beside_digits_known_before_and_tests_on_what_it_hides():
    mine = drawings()
    lesson = compose_lesson(mine, KNOWN)
    shown, hidden = lesson.images[: lesson.train_count], lesson.images[lesson.train_count :]
    assert pictures(hidden) == pictures(mine.images[COUNT // 2 :])
    assert not pictures(hidden) & pictures(shown)
    of_mine = sum(image.tobytes() in pictures(mine.images) for image in shown)
    assert len(shown) - of_mine == DIGITS.train_count
    assert pictures(shown) <= pictures(mine.images) | pictures(DIGITS.images[: DIGITS.train_count])


@pytest.mark.parametrize("known", [200, 600, 1437])
def test_a_quarter_of_a_lesson_is_drawings_however_few_digits_it_replays(known):
    lesson = compose_lesson(drawings(), Contents(DIGITS.images, DIGITS.labels, known))
    assert (lesson.train_count - known) / lesson.train_count == pytest.approx(0.25, abs=0.03)


def test_the_same_drawings_give_the_same_lesson():
    first, second = (compose_lesson(drawings(), KNOWN) for _ in range(2))
    np.testing.assert_array_equal(first.images, second.images)


def test_few_drawings_are_refused_with_how_many_are_missing():
    with pytest.raises(InputError, match="at least 20 of your digits, got 12: write 8 more"):
        compose_lesson(drawings(12), KNOWN)
    compose_lesson(drawings(FEWEST_DRAWINGS), KNOWN)


@pytest.mark.parametrize("parts", [None, 0, COUNT])
def test_drawings_of_which_none_or_all_are_held_out_are_refused(parts):
    mine = drawings()
    with pytest.raises(InputError, match="others that are held out"):
        compose_lesson(Contents(mine.images, mine.labels, parts), KNOWN)


def test_whoever_learned_from_these_drawings_is_refused():
    with pytest.raises(InputError, match="has learned from these very drawings"):
        compose_lesson(drawings(shift=0), KNOWN)


def test_a_network_that_learned_drawings_but_none_that_is_held_out_can_be_taught(lesson):
    mine = load_dataset(lesson.drawings)
    known = Contents(mine.images, mine.labels, mine.train_count)
    assert compose_lesson(known, known).train_count >= 2 * mine.train_count


def test_a_lesson_is_a_dataset_whose_test_part_is_what_is_held_out(lesson):
    dataset, mine = load_dataset(lesson.name), drawings_of("a1")
    assert (dataset.name, dataset.has_test_part) == (lesson.name, True)
    config = TrainingConfig(dataset=lesson.name, validation="none")
    rows = datasets.test_rows(dataset, config)
    assert pictures(dataset.images[rows]) == pictures(mine.images[mine.held_out])


def test_a_lesson_of_a_path_is_tested_on_what_its_own_training_kept_back(lesson, tmp_path):
    path = tmp_path / "known.npz"
    np.savez(path, x=DIGITS.images[:100], y=DIGITS.labels[:100])
    known = load_dataset(str(path))
    config = TrainingConfig(dataset=Lesson(lesson.drawings, str(path)).name)
    assert datasets.test_rows(known, config).tolist() == list(range(80, 100))
    assert len(datasets.test_rows(known, TrainingConfig(dataset="mnist"))) == 100


def test_no_network_is_tested_on_drawings_that_it_learned_whatever_was_drawn_or_removed(lesson):
    write(drawings(COUNT + 1))
    second = as_upload("a1", in_use=[])
    remove_drawings("a1", drawings_of("a1").kept_at[:3])
    third = as_upload("a1", in_use=[])
    snapshots = [lesson.drawings, second.name, third.name]
    assert len(set(snapshots)) == 3
    lessons = [Lesson(name, "digits").name for name in snapshots]
    for name in [*snapshots, *lessons]:
        config, dataset = TrainingConfig(dataset=name, validation="none"), load_dataset(name)
        learned = pictures(dataset.images[split_dataset(dataset, config).train])
        for tested in map(load_dataset, snapshots):
            rows = datasets.test_rows(tested, config)
            assert len(rows) >= COUNT // 2 - 3
            assert not pictures(tested.images[rows]) & learned


def test_a_lesson_is_not_divided_at_random_since_it_repeats_drawings(lesson):
    with pytest.raises(InputError, match="several times"):
        split_dataset(load_dataset(lesson.name), TrainingConfig(split="random"))
