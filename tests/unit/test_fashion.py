import gzip

import numpy as np
import pytest

from digitlab import datasets
from digitlab.datasets import load_dataset
from digitlab.errors import InputError
from digitlab.sources import mnist
from digitlab.sources.fashion import find_fashion_mnist
from tests.unit.formats import idx


def packed(array):
    return gzip.compress(idx(array), 0)


def labels(count):
    return (np.arange(count) % 10).astype(np.uint8)


def pictures(count):
    return np.random.default_rng(0).integers(0, 256, (1, 28, 28)).astype(np.uint8).repeat(count, 0)


@pytest.fixture(scope="module")
def files():
    """The four files as they are named and sized; what the pictures show does not matter."""
    return {
        "train-images-idx3-ubyte.gz": packed(pictures(60_000)),
        "train-labels-idx1-ubyte.gz": packed(labels(60_000)),
        "t10k-images-idx3-ubyte.gz": packed(pictures(10_000)),
        "t10k-labels-idx1-ubyte.gz": packed(labels(10_000)),
    }


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty machine; where Keras would keep the files."""
    monkeypatch.setenv("DIGITLAB_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(mnist, "SHARED_KERAS_HOME", tmp_path / "shared")
    return tmp_path / "keras" / "datasets" / "fashion-mnist"


def put(files, place):
    place.mkdir(parents=True)
    for name, content in files.items():
        (place / name).write_bytes(content)


def test_it_is_found_where_keras_keeps_it_and_in_the_data_folder(place, files, tmp_path):
    assert find_fashion_mnist() is None
    assert "fashion_mnist" not in datasets.available()
    put(files, place)
    assert find_fashion_mnist() == place
    assert datasets.available()[-1] == "fashion_mnist"
    put(files, tmp_path / "data" / "fashion-mnist")
    assert find_fashion_mnist() == tmp_path / "data" / "fashion-mnist"


def test_it_is_not_found_while_a_file_still_grows(place, files):
    put(files, place)
    grown = place / "t10k-images-idx3-ubyte.gz"
    grown.write_bytes(grown.read_bytes()[:-1])
    assert find_fashion_mnist() is None


def test_it_is_a_dataset_of_clothes_by_name(place, files):
    put(files, place)
    clothes = load_dataset("fashion_mnist")
    assert len(clothes) == 70_000
    assert clothes.train_count == 60_000
    assert clothes.class_names[7] == "Sneaker"
    assert load_dataset("fashion_mnist").images is clothes.images, "read once"


def test_another_number_of_a_kind_is_not_fashion_mnist(place, files):
    put(files, place)
    wrong = labels(10_000)
    wrong[0] = 5
    (place / "t10k-labels-idx1-ubyte.gz").write_bytes(packed(wrong))
    with pytest.raises(InputError, match="must hold 1,000 pictures of each kind, got 999 to 1,001"):
        load_dataset("fashion_mnist")


def test_without_its_files_the_sentence_says_where_to_get_them(place):
    with pytest.raises(InputError, match="download it on the Explore page"):
        load_dataset("fashion_mnist")
