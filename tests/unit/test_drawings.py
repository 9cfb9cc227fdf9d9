import os
import time
import zipfile
from datetime import datetime
from io import BytesIO

import numpy as np
import pytest

from digitlab import drawings
from digitlab.config import TrainingConfig
from digitlab.datasets import load_dataset, split_dataset
from digitlab.drawings import (
    UNREAD,
    Score,
    as_upload,
    as_zip,
    count_new_and_gone,
    count_right,
    drawings_of,
    has_learned,
    keep_drawing,
    prompts,
    put_back,
    remove_drawings,
    snapshots_of,
)
from digitlab.errors import InputError
from digitlab.evaluation import Count
from digitlab.records import TestResult
from digitlab.sources.files import read_path
from digitlab.sources.uploads import (
    AT_HOME,
    MOST_UPLOADS,
    VISIT_SECONDS,
    add_upload,
    is_mine,
    remove_upload,
    uploads_of,
)
from digitlab.store import Origin

ME, OTHER = "a1", "b2"
DIGITS = load_dataset("digits")


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("DIGITLAB_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def write(count, visitor=ME, start=0, prompted=True, read=UNREAD):
    """Keeps digits of scikit-learn's as if a visitor had written them."""
    return [
        keep_drawing(
            visitor, DIGITS.images[row], int(DIGITS.labels[row]), prompted=prompted, read=read
        )
        for row in range(start, start + count)
    ]


@pytest.fixture
def nothing_is_spared(monkeypatch):
    """Snapshots go as soon as there is a newer one."""
    monkeypatch.setattr(drawings, "SPARED_SECONDS", 0)


def own_npz(count):
    """A file of the visitor's own."""
    npz = BytesIO()
    np.savez(npz, x=DIGITS.images[:count], y=DIGITS.labels[:count])
    npz.seek(0)
    return npz


def as_read(labels, read):
    """Probabilities of a network that is sure of what it reads."""
    assert len(labels) == len(read)
    return np.eye(10, dtype=np.float32)[read]


def test_nobody_has_drawings_before_the_first():
    assert len(drawings_of(ME)) == 0


def test_what_is_kept_comes_back_in_order():
    times = write(3)
    times += write(1, start=3, prompted=False, read=8)
    mine = drawings_of(ME)
    assert np.array_equal(mine.images, DIGITS.images[:4])
    assert np.array_equal(mine.labels, DIGITS.labels[:4])
    assert mine.prompted.tolist() == [True, True, True, False]
    assert mine.read.tolist() == [-1, -1, -1, 8]
    assert mine.kept_at.tolist() == times == sorted(set(times))
    assert {name: array.dtype.name for name, array in mine.arrays.items()} == {
        "images": "uint8",
        "labels": "uint8",
        "prompted": "bool",
        "held_out": "bool",
        "read": "int8",
        "kept_at": "int64",
    }


def test_a_correction_that_is_there_already_is_kept_once():
    first, second = write(2)
    assert write(1, start=1, prompted=False) == [second]
    assert drawings_of(ME).kept_at.tolist() == [first, second]
    assert drawings_of(ME).prompted.all()
    other = keep_drawing(ME, DIGITS.images[1], int(DIGITS.labels[1] + 1), prompted=False)
    assert other > second


def test_a_picture_that_was_asked_for_twice_counts_twice_and_stays_on_one_side():
    write(9)
    write(9)
    mine = drawings_of(ME)
    assert len(mine) == 18
    assert np.array_equal(mine.held_out[:9], mine.held_out[9:])
    assert mine.held_out.any()


def test_every_second_of_each_digit_is_held_out_and_of_few_drawings_about_half():
    write(10)
    assert drawings_of(ME).held_out.sum() == 5
    write(50, start=10)
    mine = drawings_of(ME)
    for digit in range(10):
        flags = mine.held_out[mine.labels == digit]
        assert len(flags) > 3
        assert (flags[1:] != flags[:-1]).all(), "every second one"


def test_corrections_are_never_held_out():
    write(1)
    write(30, start=1, prompted=False)
    write(30, start=31)
    mine = drawings_of(ME)
    assert not mine.held_out[~mine.prompted].any()
    assert mine.held_out[mine.prompted].sum() == pytest.approx(15, abs=5)


def test_what_is_held_out_stays_so_whatever_comes_or_goes():
    times = write(30)
    before = dict(zip(times, drawings_of(ME).held_out, strict=True))
    remove_drawings(ME, times[::3])
    write(5, start=30)
    mine = drawings_of(ME)
    after = dict(zip(mine.kept_at.tolist(), mine.held_out, strict=True))
    assert {time: after[time] for time in times if time in after} == {
        time: held for time, held in before.items() if time in after
    }


def test_each_visitor_has_drawings_of_their_own():
    write(2)
    write(1, OTHER, start=5)
    assert len(drawings_of(ME)) == 2
    assert drawings_of(OTHER).labels.tolist() == [DIGITS.labels[5]]


def test_a_visitor_cannot_be_a_path():
    with pytest.raises(ValueError, match="is no visitor"):
        drawings_of("../a1")


def test_drawings_are_removed_by_when_they_were_kept(home):
    first, second, third = write(3)
    remove_drawings(ME, [second])
    remove_drawings(ME, [second, 12345])
    assert drawings_of(ME).kept_at.tolist() == [first, third]
    remove_drawings(ME, [first, third])
    assert len(drawings_of(ME)) == 0
    assert not list(home.rglob("*.npz"))


def test_a_drawing_kept_after_one_was_removed_is_not_taken_for_it(monkeypatch):
    monkeypatch.setattr(drawings.time, "time_ns", lambda: 7)
    assert write(3) == [7, 8, 9]


@pytest.mark.parametrize("label", [-1, 10])
def test_a_drawing_must_be_a_digit(label):
    with pytest.raises(InputError, match=f"a digit from 0 to 9, got {label}"):
        keep_drawing(ME, DIGITS.images[0], label, prompted=True)


def test_a_visitor_has_room_for_so_many(monkeypatch):
    monkeypatch.setattr(drawings, "MOST_DRAWINGS", 2)
    write(2)
    with pytest.raises(InputError, match="at most 2 of your digits are kept"):
        write(1, start=2)
    write(2, OTHER)


def test_a_full_server_takes_no_more(monkeypatch):
    write(1, OTHER)
    monkeypatch.setattr(drawings, "LARGEST_TOTAL_BYTES", 3_400)
    write(1)
    with pytest.raises(InputError, match="no room for more drawings"):
        write(1, start=1)
    assert len(drawings_of(ME)) == 1


def test_what_visitors_from_elsewhere_left_behind_goes_after_a_day_and_what_is_at_home_stays(home):
    for visitor in (AT_HOME, ME):
        write(1, visitor)
        as_upload(visitor, in_use=[])
    yesterday = time.time() - VISIT_SECONDS - 1
    for path in home.rglob("*.npz"):
        os.utime(path, (yesterday, yesterday))
    write(1, OTHER)
    assert len(drawings_of(ME)) == len(snapshots_of(ME)) == 0
    assert len(drawings_of(AT_HOME)) == len(snapshots_of(AT_HOME)) == 1


def test_looking_at_drawings_keeps_them_for_another_day(home):
    write(1)
    (path,) = home.rglob("*.npz")
    os.utime(path, (0, 0))
    drawings_of(ME)
    write(1, OTHER)
    assert len(drawings_of(ME)) == 1


def in_some_order(images, labels):
    return sorted(zip(labels.tolist(), (image.tobytes() for image in images), strict=True))


def test_a_zip_of_drawings_is_read_as_the_very_same_digits(tmp_path):
    write(60)
    mine = drawings_of(ME)
    path = tmp_path / "mine.zip"
    path.write_bytes(as_zip(mine))
    contents = read_path(path)
    assert in_some_order(contents.images, contents.labels) == in_some_order(
        mine.images, mine.labels
    )


def test_a_zip_holds_a_folder_for_each_label():
    write(2)
    with zipfile.ZipFile(BytesIO(as_zip(drawings_of(ME)))) as archive:
        assert archive.namelist() == [f"{DIGITS.labels[row]}/{row:04}.png" for row in (0, 1)]


def test_a_snapshot_is_a_dataset_whose_test_part_is_what_is_held_out():
    write(30)
    write(3, start=30, prompted=False)
    upload, mine = as_upload(ME, [], datetime(2026, 11, 3, 14, 5)), drawings_of(ME)
    assert upload.title == "My handwriting, 33 digits, 3 Nov 14:05"
    assert upload.in_words == "33 digits, 0–9, 28×28, read from your drawings."
    assert uploads_of(ME) == (upload,)
    digits = load_dataset(upload.name)
    cut = digits.train_count
    assert digits.has_test_part
    for part, flags in ((slice(cut), ~mine.held_out), (slice(cut, None), mine.held_out)):
        np.testing.assert_array_equal(digits.images[part], mine.images[flags])
        np.testing.assert_array_equal(digits.labels[part], mine.labels[flags])


def test_a_snapshot_of_corrections_alone_has_no_parts():
    write(5, prompted=False)
    assert not load_dataset(as_upload(ME, in_use=[]).name).has_test_part


def test_drawings_are_not_divided_at_random_whoever_brought_other_digits_may_do_that():
    write(30)
    at_random = TrainingConfig(split="random")
    with pytest.raises(InputError, match="split must be official, got random"):
        split_dataset(load_dataset(as_upload(ME, in_use=[]).name), at_random)
    split_dataset(load_dataset(add_upload({"mine.npz": own_npz(30)}, ME).name), at_random)


def test_the_same_drawings_again_are_the_same_snapshot(nothing_is_spared):
    write(12)
    first = as_upload(ME, in_use=[])
    assert as_upload(ME, in_use=[]) == first
    assert uploads_of(ME) == (first,)


def test_an_older_snapshot_goes_unless_a_run_was_trained_on_it(nothing_is_spared):
    write(12)
    as_upload(ME, in_use=[])
    write(1, start=12)
    second = as_upload(ME, in_use=["mnist"])
    assert uploads_of(ME) == (second,)
    write(1, start=13)
    third = as_upload(ME, in_use=[f"something+{second.name}"])
    assert uploads_of(ME) == (second, third)
    write(1, start=14)
    fourth = as_upload(ME, in_use=[second.name])
    assert uploads_of(ME) == (second, fourth)


def test_a_snapshot_is_spared_for_an_hour_since_it_was_asked_for_last(monkeypatch):
    now = time.time()
    monkeypatch.setattr(drawings.time, "time", lambda: now)
    write(12)
    first = as_upload(ME, in_use=[])
    now += 3_000
    assert as_upload(ME, in_use=[]) == first
    now += 3_000
    write(1, start=12)
    second = as_upload(ME, in_use=[])
    assert uploads_of(ME) == (first, second)
    now += 3_000
    as_upload(ME, in_use=[])
    assert uploads_of(ME) == (second,)


def test_a_snapshot_takes_nothing_else_away(nothing_is_spared):
    for name in ("My handwriting", "My handwriting (2)"):
        add_upload({name: own_npz(10 + len(name))}, ME)
    write(12)
    upload = as_upload(ME, in_use=[])
    titles = [upload.title for upload in uploads_of(ME)]
    assert titles == ["My handwriting.data", "My handwriting (2).data", upload.title]
    assert is_mine(upload.name, ME)


def test_snapshots_leave_a_visitor_room_for_what_they_bring_and_the_other_way_round():
    for count in range(MOST_UPLOADS + 1):
        write(1, start=count)
        as_upload(ME, in_use=[])
    for count in range(MOST_UPLOADS):
        add_upload({"mine.npz": own_npz(50 + count)}, ME)
    with pytest.raises(InputError, match="at most 5 datasets are kept"):
        add_upload({"mine.npz": own_npz(99)}, ME)
    write(1, start=99)
    assert as_upload(ME, in_use=[]).title.startswith("My handwriting, 7 digits, ")


def test_two_snapshots_of_one_minute_can_be_told_apart():
    now = datetime(2026, 11, 3, 14, 5)
    write(2)
    first = as_upload(ME, [], now)
    remove_drawings(ME, drawings_of(ME).kept_at[:1])
    write(1, start=2)
    assert as_upload(ME, [], now).title == f"{first.title} (2)"


def test_removed_drawings_come_back_to_their_places_once():
    write(6)
    before = drawings_of(ME)
    removed = remove_drawings(ME, before.kept_at[[0, 3, 4]])
    write(1, start=6)
    for _ in range(2):
        put_back(ME, removed)
        after = drawings_of(ME)
        assert after.kept_at[:6].tolist() == before.kept_at.tolist()
        assert len(after) == 7
        np.testing.assert_array_equal(after.images[:6], before.images)
        np.testing.assert_array_equal(after.held_out[:6], before.held_out)


def test_removed_drawings_do_not_come_back_where_there_is_no_room(monkeypatch):
    write(3)
    removed = remove_drawings(ME, drawings_of(ME).kept_at[[1]])
    monkeypatch.setattr(drawings, "MOST_DRAWINGS", 2)
    with pytest.raises(InputError, match="at most 2 of your digits are kept"):
        put_back(ME, removed)


def test_a_correction_that_was_made_again_does_not_come_back_a_second_time():
    asked, corrected = *write(1), *write(1, start=1, prompted=False)
    removed = remove_drawings(ME, [asked, corrected])
    (again,) = write(1, start=1, prompted=False)
    write(1)
    put_back(ME, removed)
    mine = drawings_of(ME)
    assert mine.kept_at[~mine.prompted].tolist() == [again]
    assert mine.prompted.sum() == 2


def test_what_had_learned_from_drawings_is_known_again_when_they_come_back():
    first, second = write(2)
    old = as_upload(ME, in_use=[])
    removed = remove_drawings(ME, [first])
    remove_drawings(ME, [second])
    write(1, start=2)
    new = as_upload(ME, in_use=[])
    assert snapshots_of(ME) == {new.digest}
    put_back(ME, removed)
    assert snapshots_of(ME) == {old.digest, new.digest}


def test_without_drawings_there_is_no_snapshot():
    with pytest.raises(InputError, match="you have no digits of your own yet"):
        as_upload(ME, in_use=[])


def test_who_learned_from_a_snapshot_is_known_after_it_was_removed(nothing_is_spared):
    write(12)
    old = as_upload(ME, in_use=[])
    write(1, start=12)
    as_upload(ME, in_use=[])
    assert old not in uploads_of(ME)
    origins = {
        "on-it": Origin(old.name, None),
        "taught": Origin(f"hand:{old.digest}+digits", "pretrained"),
        "fork": Origin("mnist", "taught"),
        "its-fork": Origin("digits", "fork"),
        "stranger": Origin("mnist", None),
        "round": Origin("mnist", "trip"),
        "trip": Origin("mnist", "round"),
    }
    learned = [run_id for run_id in origins if has_learned(run_id, origins, snapshots_of(ME))]
    assert learned == ["on-it", "taught", "fork", "its-fork"]


def test_snapshots_are_known_until_the_last_drawing_goes():
    times = write(12)
    remove_upload(as_upload(ME, in_use=[]), ME)
    remove_drawings(ME, times[:11])
    assert len(snapshots_of(ME)) == 1
    remove_drawings(ME, times)
    assert snapshots_of(ME) == set()


def test_only_what_a_snapshot_did_not_teach_is_new():
    write(6)
    write(2, start=6, prompted=False)
    taught = load_dataset(as_upload(ME, []).name)
    assert count_new_and_gone(drawings_of(ME), taught) == (0, 0)
    held_out = drawings_of(ME).held_out.sum()
    write(1, start=8, prompted=False)
    assert count_new_and_gone(drawings_of(ME), taught) == (1, 0)
    write(20, start=9)
    mine = drawings_of(ME)
    assert count_new_and_gone(mine, taught) == (21 - (mine.held_out.sum() - held_out), 0)


def test_what_a_snapshot_taught_and_was_removed_is_gone_and_with_another_label_it_is_new():
    write(6)
    write(2, start=6, prompted=False)
    taught = load_dataset(as_upload(ME, []).name)
    before = drawings_of(ME)
    remove_drawings(ME, [before.kept_at[-1]])
    assert count_new_and_gone(drawings_of(ME), taught) == (0, 1)
    keep_drawing(ME, before.images[-1], (int(before.labels[-1]) + 1) % 10, prompted=False)
    assert count_new_and_gone(drawings_of(ME), taught) == (1, 1)
    remove_drawings(ME, before.kept_at[before.held_out])
    assert count_new_and_gone(drawings_of(ME), taught) == (1, 1)


def test_every_ten_prompts_hold_each_digit_once():
    asked = prompts(30, np.random.default_rng(0))
    tens = [asked[start : start + 10] for start in (0, 10, 20)]
    assert all(sorted(ten) == list(range(10)) for ten in tens)
    assert tens[0] != tens[1] != tens[2]


def test_only_drawings_that_were_asked_for_count():
    write(4)
    write(2, start=4, prompted=False)
    mine = drawings_of(ME)
    read = mine.labels.copy()
    read[[1, 4, 5]] = (read[[1, 4, 5]] + 1) % 10
    assert count_right(mine, as_read(mine.labels, read)) == Count(3, 4)


def test_corrections_alone_are_not_counted():
    write(2, prompted=False)
    mine = drawings_of(ME)
    with pytest.raises(InputError, match="none of your digits was asked for"):
        count_right(mine, as_read(mine.labels, mine.labels))


@pytest.mark.parametrize(
    ("hits", "words"),
    [
        (29, "That is no clear difference: the intervals overlap."),
        (20, "Your hand is harder for it than the digits of its test."),
    ],
)
def test_a_score_says_no_more_than_its_intervals(hits, words):
    score = Score("pretrained", Count(hits, 30), TestResult(0.99, 0.985, 0.993, 0.1, 1000), "mnist")
    assert score.in_words == words
    assert score.test_in_words == "99.00 % (98.5–99.3)"


def test_a_hand_can_be_easier_than_the_test():
    test = TestResult(0.5, 0.45, 0.55, 0.1, 400)
    words = "Your hand is easier for it than the digits of its test."
    assert Score("bad", Count(30, 30), test, "mnist").in_words == words


def test_a_network_without_a_test_has_nothing_beside_it():
    score = Score("new", Count(30, 30), None, "mnist")
    assert score.test_in_words == "–"
    assert score.in_words.startswith("It has not been tested")


def test_drawings_with_the_same_content_have_the_same_hash():
    write(3)
    write(3, OTHER)
    mine, theirs = drawings_of(ME), drawings_of(OTHER)
    assert mine.content_hash == theirs.content_hash
    assert mine.only(mine.labels >= 0).content_hash == mine.content_hash
    assert mine.only(np.arange(2)).content_hash != mine.content_hash
