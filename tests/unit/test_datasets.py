import sys

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from digitlab import datasets
from digitlab.config import TrainingConfig
from digitlab.datasets import Dataset, find_mnist, load_dataset, split_dataset
from digitlab.errors import InputError
from digitlab.preprocessing import preprocess
from digitlab.sources import downloads, mnist
from digitlab.sources.arrays import Contents
from digitlab.sources.downloads import Download
from digitlab.sources.mnist import check_mnist


def fake(count=100, train_count=80, name="fake"):
    images = np.arange(count, dtype=np.uint8)[:, None, None] * np.ones((28, 28), np.uint8)
    return Dataset(name, images, (np.arange(count) % 10).astype(np.uint8), train_count)


def config(**changes):
    return TrainingConfig(**{"validation": "none", **changes})


@pytest.fixture
def no_mnist(tmp_path, monkeypatch):
    monkeypatch.setenv("DIGITLAB_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(mnist, "SHARED_KERAS_HOME", tmp_path / "shared")
    return tmp_path


def test_the_bundled_digits_are_those_that_scikit_learn_loads():
    bundled, ours = load_digits(), load_dataset("digits")
    assert np.array_equal(ours.labels, bundled.target)
    for row in (0, 700, 1796):
        pixels = np.round(bundled.images[row] * (255 / 16)).astype(np.uint8)
        assert np.array_equal(ours.images[row], preprocess(pixels).image)


def test_the_bundled_digits_look_like_mnists():
    digits = load_dataset("digits")
    assert len(digits) == 1797
    assert digits.train_count == 1437
    assert digits.images.shape == (1797, 28, 28)
    assert digits.images.dtype == digits.labels.dtype == np.uint8
    assert set(digits.labels[digits.train_count :]) == set(range(10))
    rows = np.arange(28) @ digits.images.sum(axis=2, dtype=np.int64).T
    assert np.median(rows / digits.images.sum(axis=(1, 2), dtype=np.int64)) == pytest.approx(
        14, abs=0.1
    )


def test_digits_are_made_once_and_cannot_be_written_to():
    assert load_dataset("digits") is load_dataset("digits")
    with pytest.raises(ValueError, match="read-only"):
        load_dataset("digits").images[0, 0, 0] = 1


def test_content_hash_sees_a_single_pixel_and_ignores_the_name():
    one, same, other = fake(name="one"), fake(name="two"), fake()
    other.images[50, 3, 3] ^= 1
    assert one.content_hash == same.content_hash
    assert one.content_hash != other.content_hash
    assert one.content_hash != fake(train_count=79).content_hash


def test_a_path_lends_its_last_fifth_to_the_test(tmp_path):
    data = fake(count=11)
    np.savez(tmp_path / "a.npz", x=data.images, y=data.labels)
    loaded = load_dataset(str(tmp_path / "a.npz"))
    assert loaded.train_count == 8
    assert loaded.name == str(tmp_path / "a.npz")


def test_an_unknown_dataset_is_one_sentence():
    for nowhere in ("nowhere", "x" * 300):
        with pytest.raises(InputError, match=f"unknown dataset '{nowhere}'"):
            load_dataset(nowhere)


def test_without_mnist_the_digits_are_at_hand_and_nothing_is_downloaded(no_mnist):
    assert find_mnist() is None
    assert datasets.available() == ("digits",)
    assert datasets.default_dataset() == "digits"
    with pytest.raises(InputError, match="MNIST is not on this machine yet"):
        load_dataset("mnist")


def test_mnist_is_looked_for_in_the_data_folder_then_in_keras_cache(no_mnist):
    keras = no_mnist / "keras" / "datasets" / "mnist.npz"
    own = no_mnist / "data" / "mnist.npz"
    for file in (keras, own):
        file.parent.mkdir(parents=True)
        np.savez(file, x=1)
        assert find_mnist() == file
    assert datasets.default_dataset() == "mnist"


def test_a_file_still_growing_is_not_found_yet(no_mnist):
    file = no_mnist / "data" / "mnist.npz"
    file.parent.mkdir()
    np.savez(file, x=np.arange(1000))
    file.write_bytes(file.read_bytes()[:-30])
    assert find_mnist() is None


def test_what_is_called_mnist_must_be_mnist(no_mnist):
    file = no_mnist / "data" / "mnist.npz"
    file.parent.mkdir()
    data = fake()
    np.savez(file, x=data.images, y=data.labels)
    with pytest.raises(InputError, match="must hold 60,000 training and 10,000 test digits"):
        load_dataset("mnist")


def test_a_changed_pixel_is_found_among_fifty_five_million():
    images, labels = np.zeros((70_000, 28, 28), np.uint8), np.zeros(70_000, np.uint8)
    with pytest.raises(InputError, match="its training images differ"):
        check_mnist(Contents(images, labels, 60_000), "fake.npz")


@pytest.mark.skipif(find_mnist() is None, reason="MNIST is not on this machine")
def test_real_mnist_passes_its_checks_and_is_read_once():
    loaded = load_dataset("mnist")
    assert loaded.images.shape == (70_000, 28, 28)
    assert loaded.images[:60_000].mean() == pytest.approx(33.318421, abs=1e-6)
    assert loaded.images is load_dataset("mnist").images


def test_a_download_reports_how_far_it_is_and_that_it_is_done(tmp_path):
    file = tmp_path / "mnist.npz"
    write = f"open({str(file)!r}, 'wb').write(bytes(1000))"
    download = Download("MNIST", [sys.executable, "-c", write], [[file]], 2000)
    download.wait()
    assert download.done
    assert download.error is None
    assert download.fraction == 1.0


def test_a_failed_download_says_why_in_one_sentence(tmp_path):
    file = tmp_path / "mnist.npz"
    file.write_bytes(bytes(500))
    fail = "raise OSError('the network is unreachable')"
    download = Download("MNIST", [sys.executable, "-c", fail], [[file]], 2000)
    download.wait()
    assert download.fraction == pytest.approx(0.25, abs=0.001)
    assert download.error == ("MNIST could not be downloaded: OSError: the network is unreachable")


def test_only_one_download_runs_and_a_failed_one_is_tried_again(monkeypatch, no_mnist):
    monkeypatch.setattr(downloads, "_downloads", {})
    monkeypatch.setattr(mnist, "DOWNLOAD", "import sys; sys.stdin.read(); raise SystemExit(1)")
    first = datasets.start_mnist_download()
    first.wait()
    second = datasets.start_mnist_download()
    second.wait()
    assert first is not second
    assert datasets.mnist_download() is second


def test_the_official_split_keeps_the_makers_test_part():
    split = split_dataset(fake(), config())
    assert np.array_equal(split.train, np.arange(80))
    assert np.array_equal(split.test, np.arange(80, 100))
    assert len(split.validation) == 0


def test_a_random_split_is_scikit_learns():
    split = split_dataset(fake(), config(split="random", test_fraction=0.25, split_seed=7))
    train, test = train_test_split(np.arange(100), test_size=0.25, random_state=7)
    assert np.array_equal(split.train, train)
    assert np.array_equal(split.test, test)


def test_training_size_takes_the_first_rows_before_validation_does():
    data = fake(count=1000, train_count=800)
    split = split_dataset(
        data, config(training_size=200, validation="last", validation_fraction=0.1)
    )
    assert np.array_equal(split.train, np.arange(180))
    assert np.array_equal(split.validation, np.arange(180, 200))


def test_more_training_digits_than_there_are_is_an_error():
    with pytest.raises(InputError, match="training_size must be at most 80, .* got 100"):
        split_dataset(fake(), config(training_size=100))


@pytest.mark.parametrize(("fraction", "kept"), [(0.3, 42_000), (0.1, 54_000), (0.2, 48_000)])
def test_last_is_keras_validation_split(fraction, kept):
    split = split_dataset(
        Dataset("many", np.empty((70_000, 0, 0), np.uint8), np.empty(70_000, np.uint8), 60_000),
        config(validation="last", validation_fraction=fraction),
    )
    assert len(split.train) == kept
    assert np.array_equal(split.validation, np.arange(kept, 60_000))


def test_random_validation_takes_from_the_training_part_only():
    split = split_dataset(fake(), config(validation="random", validation_fraction=0.2))
    assert len(split.validation) == 16
    assert sorted([*split.train, *split.validation]) == list(range(80))


@pytest.mark.parametrize("how", ["last", "random"])
def test_rows_left_out_are_in_neither_part_and_all_others_stay_where_they_were(how):
    whole = split_dataset(fake(), config(validation=how, validation_fraction=0.2))
    gone = [3, 4, 5, int(whole.validation[2]), 90]
    split = split_dataset(
        fake(),
        config(validation=how, validation_fraction=0.2, left_out=", ".join(map(str, gone))),
    )
    for part in ("train", "validation"):
        before, after = getattr(whole, part), getattr(split, part)
        assert np.array_equal(after, before[~np.isin(before, gone)])
        assert len(after) < len(before)
    assert np.array_equal(split.test, np.arange(80, 100)), "the test part stays whole"


def test_a_test_part_that_is_watched_stays_whole_too():
    split = split_dataset(fake(), config(validation="test", left_out="70-85"))
    assert np.array_equal(split.validation, np.arange(80, 100))
    assert np.array_equal(split.train, np.arange(70))


def test_a_row_left_out_must_exist():
    with pytest.raises(InputError, match="left_out must name rows from 0 to 99.* got 100"):
        split_dataset(fake(), config(left_out="3, 100"))


def test_not_all_may_be_left_out():
    with pytest.raises(InputError, match="no digits are left for training.*, with 80 left out"):
        split_dataset(fake(), config(left_out="0-79"))


def test_validation_on_the_test_set_uses_its_very_rows():
    split = split_dataset(fake(), config(validation="test"))
    assert np.array_equal(split.validation, split.test)


@pytest.mark.parametrize(
    ("data", "changes", "part"),
    [
        (fake(1, 0), {}, "training"),
        (fake(5, 5), {}, "test"),
        (fake(1, 1), {"split": "random"}, "test"),
        (fake(3, 2), {"validation": "last", "validation_fraction": 0.9}, "training"),
        (fake(2, 1), {"validation": "random"}, "validation"),
    ],
)
def test_no_part_may_be_empty(data, changes, part):
    with pytest.raises(InputError, match=f"no digits are left for {part}"):
        split_dataset(data, config(**changes))


def test_a_network_is_tested_on_the_digits_its_own_training_kept_back():
    random = config(dataset="fake", split="random", split_seed=3)
    own = split_dataset(fake(), random).test
    assert np.array_equal(datasets.test_rows(fake(), random), own)
    assert np.array_equal(datasets.test_rows(fake(name="other"), random), np.arange(80, 100))
    assert np.array_equal(datasets.test_rows(fake(), None), np.arange(80, 100))


@pytest.mark.parametrize("n", [2, 3, 10, 97, 1000])
@pytest.mark.parametrize("fraction", [0.05, 0.2, 0.33, 0.5])
@pytest.mark.parametrize("seed", [0, 42])
def test_a_random_split_is_scikit_learns_row_by_row(n, fraction, seed):
    rows = np.arange(n) * 3
    kept, taken = datasets._divided(rows, fraction, seed)
    expected = train_test_split(rows, test_size=fraction, random_state=seed)
    assert np.array_equal(kept, expected[0])
    assert np.array_equal(taken, expected[1])


def test_a_path_is_the_same_dataset_however_it_is_spelt(tmp_path, monkeypatch):
    images = np.zeros((10, 28, 28), np.uint8)
    np.savez(tmp_path / "my.npz", x=images, y=np.arange(10, dtype=np.uint8))
    monkeypatch.chdir(tmp_path)
    config = TrainingConfig(dataset="my.npz")
    for spelling in ("my.npz", "./my.npz", str(tmp_path / "my.npz")):
        assert list(datasets.test_rows(load_dataset(spelling), config)) == [8, 9]
    assert len(datasets.test_rows(load_dataset("my.npz"), None)) == 10
