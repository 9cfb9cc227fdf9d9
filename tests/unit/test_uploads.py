import io
import json
import os
import time

import numpy as np
import pytest

from digitlab import datasets
from digitlab.datasets import canonical_name, load_dataset
from digitlab.errors import InputError
from digitlab.sources import uploads
from digitlab.sources.uploads import (
    AT_HOME,
    add_upload,
    is_mine,
    plain_name,
    read_upload,
    remove_upload,
    upload_of,
    uploads_of,
)
from tests.unit.formats import idx

ME, OTHER = "a1", "b2"
LABELS = (np.arange(50) % 10).astype(np.uint8)


def images(seed=0):
    return np.random.default_rng(seed).integers(0, 256, (50, 28, 28)).astype(np.uint8)


def table(seed=0, name="class"):
    rows = np.hstack([images(seed).reshape(50, 784), LABELS[:, None]])
    header = ",".join([*(f"pixel{number}" for number in range(1, 785)), name])
    return io.BytesIO("\n".join([header, *(",".join(map(str, r)) for r in rows)]).encode())


def arrays(**named):
    stream = io.BytesIO()
    np.savez(stream, **named)
    stream.seek(0)
    return stream


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("DIGITLAB_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_an_upload_says_what_was_read():
    upload = add_upload({"mine.csv": table()}, ME)
    assert upload.title == "mine.csv"
    assert upload.in_words == ("50 digits, 0–9, 28×28, read from a table of 784 pixels and class.")
    assert uploads_of(ME) == (upload,)


def test_the_labels_that_are_there_are_named():
    upload = add_upload({"a.npz": arrays(x=images()[:4], y=np.array([3, 7, 3, 3]))}, ME)
    assert upload.in_words == "4 digits, 3, 7, 28×28, read from the arrays x, y."


def test_an_upload_is_a_dataset_that_anything_can_load_by_its_name():
    upload = add_upload({"mine.csv": table()}, ME)
    digits = load_dataset(upload.name)
    assert np.array_equal(digits.images, images())
    assert np.array_equal(digits.labels, LABELS)
    assert digits.name == canonical_name(upload.name) == upload.name
    assert digits.train_count == 40
    assert len(datasets.test_rows(digits, None)) == 50, "its makers set no test part apart"


def test_an_upload_keeps_the_parts_that_its_makers_made():
    parts = {"x_train": images()[:45], "y_train": LABELS[:45]}
    upload = add_upload({"a.npz": arrays(**parts, x_test=images()[45:], y_test=LABELS[45:])}, ME)
    assert load_dataset(upload.name).train_count == 45
    assert load_dataset(upload.name).has_test_part


def test_idx_files_come_together():
    files = {
        "train-images-idx3-ubyte": io.BytesIO(idx(images()[:40])),
        "train-labels-idx1-ubyte": io.BytesIO(idx(LABELS[:40])),
        "t10k-images-idx3-ubyte": io.BytesIO(idx(images()[40:])),
        "t10k-labels-idx1-ubyte": io.BytesIO(idx(LABELS[40:])),
    }
    upload = add_upload(files, ME)
    assert upload.title == "train-images-idx3-ubyte.data"
    assert np.array_equal(load_dataset(upload.name).images, images())
    assert load_dataset(upload.name).train_count == 40


def test_several_files_that_are_no_idx_files_are_refused():
    with pytest.raises(InputError, match=r"IDX files of one dataset.*got a\.csv and b\.csv"):
        add_upload({"a.csv": table(), "b.csv": table(1)}, ME)


def test_an_upload_belongs_to_its_visitor():
    upload = add_upload({"mine.csv": table()}, ME)
    assert is_mine(upload.name, ME)
    assert upload_of(upload.name, ME) == upload
    assert not is_mine(upload.name, OTHER)
    assert upload_of(upload.name, OTHER) is None
    assert uploads_of(OTHER) == ()
    remove_upload(upload, OTHER)
    assert is_mine(upload.name, ME)


def test_the_same_digits_of_two_visitors_live_and_go_apart():
    mine, theirs = (add_upload({"a.csv": table()}, who) for who in (ME, OTHER))
    assert mine.name == theirs.name
    remove_upload(mine, ME)
    assert not is_mine(mine.name, ME)
    assert len(read_upload(theirs.name).labels) == 50


def test_what_is_removed_is_gone_from_the_disk(home):
    upload = add_upload({"mine.csv": table()}, ME)
    remove_upload(upload, ME)
    assert not [path for path in home.rglob("*") if path.is_file()]
    with pytest.raises(InputError, match="it was removed"):
        load_dataset(upload.name)


def test_the_same_file_twice_is_one_upload_and_another_of_the_same_name_is_numbered():
    first = add_upload({"mine.csv": table()}, ME)
    assert add_upload({"again.csv": table()}, ME) == first
    assert add_upload({"mine.csv": table(1)}, ME).title == "mine (2).csv"


def test_a_visitor_has_room_for_five_datasets():
    for seed in range(uploads.MOST_UPLOADS):
        add_upload({"mine.csv": table(seed)}, ME)
    with pytest.raises(InputError, match="at most 5 datasets are kept"):
        add_upload({"mine.csv": table(99)}, ME)
    add_upload({"mine.csv": table(99)}, OTHER)


def test_a_full_server_takes_no_more(monkeypatch):
    add_upload({"mine.csv": table()}, ME)
    monkeypatch.setattr(uploads, "LARGEST_TOTAL_BYTES", 60_000)
    with pytest.raises(InputError, match="no room for another dataset"):
        add_upload({"mine.csv": table(1)}, OTHER)
    assert uploads_of(OTHER) == ()


def test_too_many_bytes_and_too_many_digits_are_refused(monkeypatch):
    monkeypatch.setattr(uploads, "LARGEST_UPLOAD", 49)
    with pytest.raises(InputError, match=r"^mine\.csv must hold 1 to 49 digits, got 50"):
        add_upload({"mine.csv": table()}, ME)
    monkeypatch.setattr(uploads, "LARGEST_UPLOAD_BYTES", 1_000)
    with pytest.raises(InputError, match="must have at most 0 MB"):
        add_upload({"mine.csv": table()}, ME)


def test_what_visitors_from_elsewhere_left_behind_goes_after_a_day_and_what_is_at_home_stays(home):
    left, kept = (add_upload({"a.csv": table()}, who) for who in (ME, AT_HOME))
    yesterday = time.time() - uploads.VISIT_SECONDS - 1
    for path in home.rglob("*.npz"):
        os.utime(path, (yesterday, yesterday))
    add_upload({"b.csv": table(1)}, OTHER)
    assert not is_mine(left.name, ME)
    assert is_mine(kept.name, AT_HOME)


def test_reading_an_upload_is_a_visit_to_it(home):
    upload = add_upload({"a.csv": table()}, ME)
    (path,) = home.rglob("*.npz")
    os.utime(path, (0, 0))
    load_dataset(upload.name)
    add_upload({"b.csv": table(1)}, OTHER)
    assert is_mine(upload.name, ME)


def test_a_fault_is_told_by_the_visitors_own_name_of_the_file():
    with pytest.raises(InputError) as refusal:
        add_upload({"../../my digits.csv": io.BytesIO(b"1,2,3\n")}, ME)
    assert str(refusal.value).startswith("my digits.csv must have 785 columns")


@pytest.mark.parametrize(
    ("given", "plain"),
    [
        ("mine.csv", "mine.csv"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("/", "file"),
        ("..", "file"),
        (".hidden", "hidden"),
        ("a[x](y).csv", "a_x_(y).csv"),
        ("a\0b\n[x](http://y).csv", "y).csv"),
        ("x" * 500 + ".csv", "x" * 56 + ".csv"),
        ("ziffern – größer.csv", "ziffern _ größer.csv"),
    ],
)
def test_a_file_s_name_leads_nowhere(given, plain):
    assert plain_name(given) == plain


@pytest.mark.parametrize("name", ["upload:../../x", "upload:" + "0" * 20, "upload:", "/etc/passwd"])
def test_a_name_that_is_no_upload_reads_nothing(name):
    with pytest.raises(InputError):
        read_upload(name)
    assert not is_mine(name, ME)


def test_a_visitor_cannot_be_a_path():
    with pytest.raises(ValueError, match="is no visitor"):
        uploads_of("../a1")


def test_an_upload_counts_only_once_its_words_are_written(home):
    upload = add_upload({"mine.csv": table()}, ME)
    (words,) = home.rglob("*.json")
    assert json.loads(words.read_text())["title"] == "mine.csv"
    words.unlink()
    assert uploads_of(ME) == ()
    assert add_upload({"mine.csv": table()}, ME) == upload


def test_what_came_is_let_go_before_it_is_read(monkeypatch):
    came, seen = table(), []
    read = uploads.read_path
    monkeypatch.setattr(
        uploads, "read_path", lambda *given: (seen.append(came.closed), read(*given))[1]
    )
    add_upload({"mine.csv": came}, ME)
    assert seen == [True]
