import gzip
import io
import re
import struct

import numpy as np
import pandas as pd
import pytest

from digitlab.errors import InputError
from digitlab.sources import arrays, tables
from digitlab.sources.files import read_path
from tests.unit.formats import idx, png, zipped

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (12, 28, 28)).astype(np.uint8)
LABELS = (np.arange(12) % 10).astype(np.uint8)
NAMES = [f"pixel{number}" for number in range(1, 785)]


def table(label_last=True, header=True):
    """The digits as CSV text."""
    pixels = IMAGES.reshape(12, 784)
    columns = [pixels, LABELS[:, None]] if label_last else [LABELS[:, None], pixels]
    lines = [",".join(map(str, row)) for row in np.hstack(columns)]
    names = [*NAMES, "class"] if label_last else ["label", *NAMES]
    return "\n".join([",".join(names), *lines] if header else lines) + "\n"


def holds_the_digits(contents):
    return (
        np.array_equal(contents.images, IMAGES)
        and np.array_equal(contents.labels, LABELS)
        and contents.images.dtype == contents.labels.dtype == np.uint8
    )


def test_keras_layout_keeps_its_training_and_test_parts(tmp_path):
    np.savez_compressed(
        tmp_path / "a.npz",
        x_train=IMAGES[:8],
        y_train=LABELS[:8],
        x_test=IMAGES[8:],
        y_test=LABELS[8:],
    )
    contents = read_path(tmp_path / "a.npz")
    assert holds_the_digits(contents)
    assert contents.train_count == 8


@pytest.mark.parametrize("shape", [(12, 784), (12, 28, 28, 1), (12, 28, 28)])
@pytest.mark.parametrize("dtype", [np.uint8, np.int64])
def test_x_and_y_may_be_flat_or_deep_and_of_any_whole_type(tmp_path, shape, dtype):
    np.savez(tmp_path / "a.npz", x=IMAGES.reshape(shape).astype(dtype), y=LABELS.astype(dtype))
    contents = read_path(tmp_path / "a.npz")
    assert holds_the_digits(contents)
    assert contents.train_count is None


def test_arrays_of_another_size_are_preprocessed_as_drawings_are(tmp_path):
    drawn = np.zeros((3, 60, 40), np.uint8)
    drawn[:, 10:50, 18:24] = 255
    np.savez(tmp_path / "a.npz", x=drawn, y=np.ones(3, np.uint8))
    images = read_path(tmp_path / "a.npz").images
    assert images.shape == (3, 28, 28)
    assert images[0, 14, 14] == 255


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [
        ({"x": IMAGES}, "must hold x_train.*; it holds x"),
        ({"x": IMAGES, "y": LABELS[:5]}, "12 digits, but .*: y 5 labels"),
        ({"x": IMAGES / 255, "y": LABELS}, "x must hold whole numbers such as uint8, got float64"),
        ({"x": IMAGES.astype(int) + 9, "y": LABELS}, r"x must hold pixels in \[0, 255\]"),
        ({"x": IMAGES, "y": LABELS + 5}, r"y must hold labels in \[0, 9\], got 10"),
        ({"x": IMAGES.reshape(12, 8, 98)[:, 0], "y": LABELS}, r"got \(12, 98\)"),
        ({"x": IMAGES[:0], "y": LABELS[:0]}, "1 to 500,000 digits, got 0"),
        ({"x": np.array([{}]), "y": LABELS[:1]}, "whole numbers such as uint8, got object"),
        ({"x": np.zeros((2, 40, 40), np.uint8), "y": LABELS[:2]}, r"x\[0\]: There is nothing"),
    ],
)
def test_a_wrong_array_is_named_in_one_sentence(tmp_path, arrays, sentence):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(InputError, match=sentence):
        read_path(tmp_path / "a.npz")


def test_an_array_that_claims_more_than_it_holds_is_refused(tmp_path):
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        stream, {"descr": "|u1", "fortran_order": False, "shape": (20_000, 28, 28)}
    )
    labels = io.BytesIO()
    np.save(labels, np.zeros(20_000, np.uint8))
    zipped(tmp_path / "a.npz", {"x.npy": stream.getvalue(), "y.npy": labels.getvalue()})
    with pytest.raises(InputError, match="x is cut short"):
        read_path(tmp_path / "a.npz")


@pytest.mark.parametrize("label_last", [True, False])
@pytest.mark.parametrize("header", [True, False])
def test_csv_with_the_label_first_or_last_with_or_without_header(tmp_path, label_last, header):
    path = tmp_path / "a.csv"
    path.write_text(table(label_last, header))
    assert holds_the_digits(read_path(path))


def test_csv_may_be_gzipped_or_zipped(tmp_path):
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(table().encode()))
    zipped(tmp_path / "a.zip", {"mnist_784.csv": table(), "__MACOSX/._mnist_784.csv": b"\0"})
    assert holds_the_digits(read_path(tmp_path / "a.csv.gz"))
    assert holds_the_digits(read_path(tmp_path / "a.zip"))


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (",0\n", ",12\n", r"row 1, column class must be in \[0, 9\], got 12"),
        (",0\n", ",\n", "row 1, column class must be a whole number, got nothing"),
        (",0\n", ",zero\n", "row 1, column class must be a whole number, got 'zero'"),
        (",0\n", ",0.5\n", "row 1, column class must be a whole number, got 0.5"),
        (",1\n", ",1,1\n", "row 2 must have 785 values, got 786"),
    ],
)
def test_a_wrong_cell_is_named_by_row_and_column(tmp_path, old, new, sentence):
    path = tmp_path / "a.csv"
    path.write_text(table().replace(old, new, 1))
    with pytest.raises(InputError, match=sentence):
        read_path(path)


def test_a_table_of_something_else_says_how_many_columns_it_needs(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("sepal,petal\n1,2\n")
    with pytest.raises(InputError, match="must have 785 columns.*got 2"):
        read_path(path)


def test_a_table_without_rows_holds_no_digits(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(table().splitlines()[0] + "\n")
    with pytest.raises(InputError, match="got 0"):
        read_path(path)


@pytest.mark.parametrize("packed", [True, False])
def test_a_folder_with_four_idx_files_keeps_its_parts(tmp_path, packed):
    parts = {
        "train-images-idx3-ubyte": IMAGES[:8],
        "train-labels-idx1-ubyte": LABELS[:8],
        "t10k-images-idx3-ubyte": IMAGES[8:],
        "t10k-labels-idx1-ubyte": LABELS[8:],
    }
    for name, array in parts.items():
        data = gzip.compress(idx(array)) if packed else idx(array)
        (tmp_path / (name + ".gz" * packed)).write_bytes(data)
    contents = read_path(tmp_path)
    assert holds_the_digits(contents)
    assert contents.train_count == 8


def test_an_idx_images_file_finds_its_labels_beside_it(tmp_path):
    (tmp_path / "my-images.idx3-ubyte").write_bytes(idx(IMAGES))
    with pytest.raises(InputError, match=r"its labels file my-labels.idx1-ubyte .* beside it"):
        read_path(tmp_path / "my-images.idx3-ubyte")
    (tmp_path / "my-labels.idx1-ubyte").write_bytes(idx(LABELS))
    assert holds_the_digits(read_path(tmp_path / "my-images.idx3-ubyte"))


@pytest.mark.parametrize(
    ("images", "sentence"),
    [
        (idx(IMAGES)[:-1], "is cut short"),
        (idx(IMAGES) + b"\0", "longer than its header says"),
        (idx(IMAGES)[:9], "header is not complete"),
        (idx(LABELS), "first bytes 00 00 08 03, got 00 00 08 01"),
        (struct.pack(">4I", 0x803, 2**32 - 1, 28, 28), r"4,294,967,295 digits, but"),
    ],
)
def test_a_damaged_idx_file_is_one_sentence(tmp_path, images, sentence):
    (tmp_path / "images-idx3").write_bytes(images)
    (tmp_path / "labels-idx1").write_bytes(idx(LABELS))
    with pytest.raises(InputError, match=sentence):
        read_path(tmp_path / "images-idx3")


@pytest.mark.parametrize("archived", [True, False])
def test_pictures_lie_in_a_folder_named_by_their_label(tmp_path, archived):
    members = {f"{label}/{row}.png": png(IMAGES[row]) for row, label in enumerate(LABELS)}
    members[".DS_Store"] = members["3/.hidden"] = b"x"
    path = tmp_path / "digits"
    if archived:
        zipped(path, {f"top/{name}": data for name, data in members.items()})
    else:
        for name, data in members.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(data)
    contents = read_path(path)
    assert sorted(contents.labels) == sorted(LABELS)
    bright = {np.maximum(image, 255 - image).tobytes() for image in IMAGES}
    assert {np.maximum(image, 255 - image).tobytes() for image in contents.images} == bright


def test_any_tail_of_a_folder_of_pictures_holds_every_label(tmp_path):
    members = {f"{label}/{row}.png": png(IMAGES[row]) for label in range(10) for row in range(5)}
    labels = read_path(zipped(tmp_path / "a.zip", members)).labels
    assert set(labels[-10:]) == set(range(10))


def test_dark_pictures_on_light_paper_are_made_ink_bright(tmp_path):
    seven = np.full((28, 28), 255, np.uint8)
    seven[6:22, 12:15] = 0
    contents = read_path(zipped(tmp_path / "a.zip", {"1/a.png": png(seven)}))
    assert np.array_equal(contents.images[0], 255 - seven)


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("seven/a.png", png(IMAGES[0]), "named by its label, 0 to 9, got 'seven'"),
        ("a.png", png(IMAGES[0]), "named by its label, 0 to 9, got ''"),
        ("3/a.png", b"text", "3/a.png is not a PNG, JPEG or WebP picture"),
        ("3/a.png", png(np.zeros((50, 50), np.uint8)), "3/a.png: There is nothing to read"),
    ],
)
def test_a_wrong_picture_is_named(tmp_path, name, data, sentence):
    with pytest.raises(InputError, match=sentence):
        read_path(zipped(tmp_path / "a.zip", {name: data}))


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\n" + bytes(50), b"PK\x03\x04 torn"])
def test_a_file_of_no_known_kind_is_one_sentence(tmp_path, data):
    (tmp_path / "a.npz").write_bytes(data)
    with pytest.raises(InputError, match=r"a\.npz"):
        read_path(tmp_path / "a.npz")


def test_an_empty_folder_holds_no_digits(tmp_path):
    with pytest.raises(InputError, match="got 0"):
        read_path(tmp_path)


SPELLINGS = {
    "as spreadsheets on Windows do": lambda text: text.replace("\n", "\r\n"),
    "with a mark of its encoding": lambda text: "\ufeff" + text,
    "every value quoted": lambda text: '"' + text.replace(",", '","').replace("\n", '"\n"')[:-1],
    "as decimals": lambda text: re.sub(r"(?<=[,\n])(\d+)(?=[,\n])", r"\1.0", text),
    "with blanks": lambda text: text.replace(",", " , "),
    "with empty lines": lambda text: text.replace("\n", "\n\n") + "\n\n",
    "without a last line's end": lambda text: text.rstrip("\n"),
    "some with leading zeros": lambda text: text.replace(",7,", ",00007,"),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("header", [True, False])
def test_a_table_may_be_spelt_in_many_ways(tmp_path, spelling, header):
    path = tmp_path / "a.csv"
    path.write_bytes(SPELLINGS[spelling](table(header=header)).encode())
    assert holds_the_digits(read_path(path))


@pytest.mark.parametrize("block_bytes", [1, 7, 1_000, 3_000, 10_000])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_table_is_the_same_wherever_its_blocks_are_cut(tmp_path, monkeypatch, block_bytes, end):
    monkeypatch.setattr(tables, "BLOCK_BYTES", block_bytes)
    path = tmp_path / "a.csv"
    path.write_bytes(table().replace("\n", end).encode())
    assert holds_the_digits(read_path(path))


def test_the_fast_way_and_the_careful_way_read_the_same_and_as_pandas_does(tmp_path):
    block = "\n".join(table().splitlines()[1:]).encode() + b"\n"
    names = [*NAMES, "class"]
    fast = tables._plain_numbers(block)
    assert np.array_equal(fast, tables._any_numbers(block, names, "a", 0))
    assert np.array_equal(fast, pd.read_csv(io.BytesIO(block), header=None).to_numpy())


def test_a_wrong_cell_far_down_is_named_by_its_row(tmp_path):
    rows = table(header=False) * 60
    path = tmp_path / "a.csv"
    path.write_text(rows + rows.replace(",", ",x", 1))
    with pytest.raises(InputError, match="row 721, column 2 must be a whole number, got 'x"):
        read_path(path)


def test_pictures_that_would_take_minutes_to_decode_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(arrays, "LARGEST_SUM_OF_PIXELS", 3_000)
    members = {f"3/{row}.png": png(IMAGES[row]) for row in range(5)}
    np.savez(tmp_path / "a.npz", x=IMAGES, y=LABELS)
    for path in (zipped(tmp_path / "a.zip", members), tmp_path / "a.npz"):
        with pytest.raises(InputError, match="megapixels in all its pictures, got more"):
            read_path(path)
