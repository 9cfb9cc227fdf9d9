"""Data files that are broken or mean harm: refused in one sentence, soon and in little memory.

The files are made here, by code; none of them holds more than a few megabytes.
"""

import gzip
import io
import struct
import time
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from digitlab.errors import InputError
from digitlab.sources.files import read_path
from tests.unit.formats import idx, png, zipped

SECONDS, MEGABYTES, LONGEST_SENTENCE = 2, 100, 600

IMAGES = np.random.default_rng(0).integers(0, 256, (12, 28, 28)).astype(np.uint8)
LABELS = (np.arange(12) % 10).astype(np.uint8)
ROW = ",".join(["0"] * 784)
HEADER = ",".join([*(f"pixel{number}" for number in range(1, 785)), "class"])
FILES = {}


def refused(sentence):
    """Registers a maker: folder → path of a file that must be refused with this sentence."""

    def register(make):
        FILES[make.__name__] = make, sentence
        return make

    return register


def written(path, data):
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def npy(shape, body=b"", descr="'|u1'", fortran=False, version=1):
    """An array whose header says what it likes."""
    header = f"{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}"
    return npy_of_header(header.encode() + b"\n", body, version)


def npy_of_header(header, body=b"", version=1):
    length = struct.pack("<H" if version == 1 else "<I", len(header))
    return b"\x93NUMPY" + bytes([version, 0]) + length + header + body


def npz(folder, x, y=None):
    """An archive of two arrays, given as bytes of .npy files."""
    labels = npy((12,), LABELS.tobytes()) if y is None else y
    return zipped(folder / "a.npz", {"x.npy": x, "y.npy": labels})


X = npy((12, 28, 28), IMAGES.tobytes())


def saved(folder, **arrays):
    np.savez(folder / "a.npz", **arrays)
    return folder / "a.npz"


def idx_pair(folder, images, labels=None, suffix=""):
    written(folder / "labels-idx1-ubyte", idx(LABELS) if labels is None else labels)
    return written(folder / f"images-idx3-ubyte{suffix}", images)


def table(folder, *rows):
    return written(folder / "a.csv", "\n".join([HEADER, *rows]) + "\n")


def png_of_size(width, height):
    """A PNG whose header claims a size, with nothing much behind it."""

    def chunk(kind, data):
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    header = struct.pack(">2I5B", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(100)))
        + chunk(b"IEND", b"")
    )


def zeros_gzipped(megabytes, before=b""):
    stream = io.BytesIO()
    with gzip.GzipFile(fileobj=stream, mode="wb", compresslevel=1) as file:
        file.write(before)
        for _ in range(megabytes):
            file.write(bytes(1_000_000))
    return stream.getvalue()


# Arrays


@refused("x must hold whole numbers such as uint8, got object")
def pickled_images(folder):
    return saved(folder, x=np.array([{}] * 12), y=LABELS)


@refused("y must hold whole numbers such as uint8, got object")
def pickled_labels(folder):
    return saved(folder, x=IMAGES, y=np.array([print] * 12))


@refused("x must hold whole numbers such as uint8, got object")
def mixed_picture_sizes(folder):
    ragged = np.empty(2, object)
    ragged[0], ragged[1] = IMAGES[0], IMAGES[0, :5]
    return saved(folder, x=ragged, y=LABELS[:2])


@refused("is no .npz")
def array_of_80_bytes_that_claims_32_gigabytes(folder):
    return written(folder / "a.npy", npy((40_816_327, 28, 28)))


@refused("must hold 1 to 500,000 digits, got 40,816,327")
def archived_array_that_claims_32_gigabytes(folder):
    return npz(folder, npy((40_816_327, 28, 28)), npy((40_816_327,)))


@refused(r"x unpacks to 3,136 MB or more, over 100 times")
def array_of_wide_numbers_that_is_not_there(folder):
    return npz(folder, npy((500_000, 784), descr="'<i8'"), npy((500_000,)))


@refused(r"x unpacks to 78 MB or more, over 100 times")
def npz_bomb(folder):
    path = folder / "a.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open("x.npy", "w") as member:
            member.write(npy((100_000, 28, 28)))
            member.write(bytes(78_400_000))
        archive.writestr("y.npy", npy((100_000,), bytes(100_000)))
    return path


@refused(r"x must be of version 1.0 of NumPy's format, got \(2, 0\)")
def header_of_two_gigabytes(folder):
    path = folder / "a.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open("x.npy", "w", force_zip64=True) as member:
            member.write(b"\x93NUMPY\x02\x00" + struct.pack("<I", 2_000_000_000))
            member.write(bytes(200_000_000))
        archive.writestr("y.npy", npy((12,), LABELS.tobytes()))
    return path


@refused("x is no NumPy array")
def header_of_nested_brackets(folder):
    return npz(folder, npy_of_header(b"(" * 9_000))


@refused("x is no NumPy array")
def header_that_is_code(folder):
    return npz(folder, npy_of_header(b"__import__('pathlib').Path('written').touch()\n"))


@refused("x is no NumPy array")
def header_with_an_impossible_type(folder):
    return npz(folder, npy((12, 28, 28), IMAGES.tobytes(), descr="[('a', ('b', -1))]"))


@refused("x must hold whole numbers such as uint8, got")
def table_instead_of_an_array(folder):
    return saved(folder, x=np.zeros(12, [("pixel", np.uint8)]), y=LABELS)


@refused("x must hold whole numbers such as uint8, got float64")
def pixels_between_0_and_1(folder):
    return saved(folder, x=IMAGES / 255, y=LABELS)


@refused(r"x must hold pixels in \[0, 255\], got 9 to 264")
def pixels_above_255(folder):
    return saved(folder, x=np.arange(12 * 784).reshape(12, 28, 28) % 256 + 9, y=LABELS)


@refused(r"x must hold pixels in \[0, 255\], got -1 to")
def pixels_below_0(folder):
    return saved(folder, x=IMAGES.astype(int).clip(1) - 2, y=LABELS)


@refused(r"y must hold labels in \[0, 9\], got 10")
def label_10(folder):
    return saved(folder, x=IMAGES, y=LABELS + 1)


@refused(r"y must hold labels in \[0, 9\], got -1")
def label_minus_1(folder):
    return saved(folder, x=IMAGES, y=LABELS.astype(int) - 1)


@refused(r"y must have the shape \(n,\), got \(12, 10\)")
def one_hot_labels(folder):
    return saved(folder, x=IMAGES, y=np.eye(10, dtype=np.uint8)[LABELS])


@refused("12 digits, but .*y 7 labels")
def fewer_labels_than_digits(folder):
    return saved(folder, x=IMAGES, y=LABELS[:7])


@refused("must hold x_train.*it holds images, labels")
def arrays_of_other_names(folder):
    return saved(folder, images=IMAGES, labels=LABELS)


@refused("x must be stored in C order")
def columns_before_rows(folder):
    return saved(folder, x=np.asfortranarray(IMAGES), y=LABELS)


@refused("must hold 1 to 500,000 digits, got -12")
def negative_count(folder):
    return npz(folder, npy((-12, 28, 28), IMAGES.tobytes()), npy((-12,), LABELS.tobytes()))


@refused(r"x must have the shape .*, got \(12, 0, 0\)")
def pictures_without_pixels(folder):
    return saved(folder, x=IMAGES[:, :0, :0], y=LABELS)


@refused(r"x must have the shape .*, got \(2, 100000, 100000\)")
def pictures_of_a_city(folder):
    return npz(folder, npy((2, 100_000, 100_000)), npy((2,), b"\0\0"))


@refused(r"x must have the shape .*, got \(\)")
def a_single_number(folder):
    return saved(folder, x=np.uint8(3), y=LABELS)


@refused("x is cut short: it ends before row 12")
def array_shorter_than_its_header_says(folder):
    return npz(folder, X[:-1])


@refused("x is longer than its header says")
def array_longer_than_its_header_says(folder):
    return npz(folder, X + b"\0")


@refused("cannot be read: Bad CRC-32")
def member_with_a_flipped_bit(folder):
    path = saved(folder, x=IMAGES, y=LABELS)
    data = bytearray(path.read_bytes())
    data[5_000] ^= 1
    return written(path, bytes(data))


@refused("cannot be read: ")
def truncated_member(folder):
    path = npz(folder, X)
    data = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        start = archive.start_dir
    return written(path, data[:3_000] + bytes(start - 3_000) + data[start:])


@refused("is a zip file that is cut short or damaged")
def truncated_archive(folder):
    path = npz(folder, X)
    return written(path, path.read_bytes()[:-40])


@refused("cannot be read: .*encrypted")
def encrypted_member(folder):
    return with_entry_field(npz(folder, X), local=6, central=8, value=1)


@refused("cannot be read: .*compression")
def member_of_an_unknown_compression(folder):
    return with_entry_field(npz(folder, X), local=8, central=10, value=77)


def with_entry_field(path, local, central, value):
    """Overwrites a two-byte field of every member, where it lies and in the archive's list."""
    data = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", local), (b"PK\x01\x02", central)):
        start = data.find(mark)
        while start >= 0:
            data[start + offset : start + offset + 2] = struct.pack("<H", value)
            start = data.find(mark, start + 4)
    return written(path, bytes(data))


@refused("lists too many files")
def archive_of_a_million_names(folder):
    entry = b"PK\x01\x02" + bytes(24) + struct.pack("<H", 1) + bytes(16) + b"a"
    count = 1_000_000
    size = len(entry) * count
    sixty_four = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size, 0)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, size, 1)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return written(folder / "a.zip", entry * count + sixty_four + locator + end)


# IDX


@refused("4,294,967,295 digits, but .* 12 labels")
def idx_that_claims_four_billion_digits(folder):
    return idx_pair(folder, struct.pack(">4I", 0x803, 2**32 - 1, 28, 28))


@refused("must hold 1 to 500,000 digits, got 4,294,967,295")
def idx_pair_that_agrees_on_four_billion(folder):
    count = 2**32 - 1
    return idx_pair(
        folder, struct.pack(">4I", 0x803, count, 28, 28), struct.pack(">2I", 0x801, count)
    )


@refused(r"must have the shape .*, got \(12, 65535, 65535\)")
def idx_of_huge_pictures(folder):
    return idx_pair(folder, struct.pack(">4I", 0x803, 12, 65_535, 65_535))


@refused("unpacks to 78 MB or more, over 100 times")
def idx_bomb(folder):
    count = 100_000
    bomb = zeros_gzipped(78, struct.pack(">4I", 0x803, count, 28, 28))
    labels = struct.pack(">2I", 0x801, count) + bytes(count)
    return idx_pair(folder, bomb, labels, ".gz")


@refused("is cut short: it ends before row")
def idx_shorter_than_its_header_says(folder):
    return idx_pair(folder, idx(IMAGES)[:-9])


@refused("is longer than its header says")
def idx_longer_than_its_header_says(folder):
    return idx_pair(folder, idx(IMAGES) + bytes(9))


@refused("its header is not complete")
def idx_with_half_a_header(folder):
    return idx_pair(folder, idx(IMAGES)[:10])


@refused("first bytes 00 00 08 03, got 00 00 0d 03")
def idx_of_floats(folder):
    return idx_pair(folder, b"\0\0\x0d\x03" + idx(IMAGES)[4:])


@refused("first bytes 00 00 08 03, got 00 00 08 ff")
def idx_of_255_dimensions(folder):
    return idx_pair(folder, b"\0\0\x08\xff" + idx(IMAGES)[4:])


@refused("first bytes 00 00 08 01, got 00 00 08 03")
def idx_with_images_for_labels(folder):
    return idx_pair(folder, idx(IMAGES), idx(IMAGES))


@refused("must have its labels file labels-idx1-ubyte .* beside it")
def idx_without_labels(folder):
    return written(folder / "images-idx3-ubyte", idx(IMAGES))


@refused("cannot be read: Compressed file ended")
def truncated_gzip(folder):
    return idx_pair(folder, gzip.compress(idx(IMAGES))[:-3_000], suffix=".gz")


@refused("cannot be read: ")
def gzip_with_a_flipped_bit(folder):
    data = bytearray(gzip.compress(idx(IMAGES)))
    data[-6] ^= 1
    return idx_pair(folder, bytes(data), suffix=".gz")


# Tables


@refused("row 2 must have 785 values, got 784")
def table_with_a_short_row(folder):
    return table(folder, f"{ROW},1", ROW)


@refused("row 2 must have 785 values, got 787")
def table_with_a_long_row(folder):
    return table(folder, f"{ROW},1", f"{ROW},1,1,1")


@refused("row 1, column pixel1 must be a whole number, got 'ink'")
def text_in_a_pixel(folder):
    return table(folder, f"{ROW},1".replace("0", "ink", 1))


@refused("row 1, column class must be a whole number, got nothing")
def missing_label(folder):
    return table(folder, f"{ROW},")


@refused("row 1, column class must be a whole number, got nan")
def label_that_is_not_a_number(folder):
    return table(folder, f"{ROW},nan")


@refused("row 1, column pixel1 must be a whole number, got 0.5")
def table_of_pixels_between_0_and_1(folder):
    return table(folder, f"{ROW},1".replace("0", "0.5", 1))


@refused(r"row 3, column pixel1 must be in \[0, 255\], got 256")
def table_with_a_pixel_of_256(folder):
    return table(folder, f"{ROW},1", f"{ROW},2", f"{ROW},1".replace("0", "256", 1))


@refused(r"row 1, column pixel1 must be in \[0, 255\], got -1")
def table_with_a_negative_pixel(folder):
    return table(folder, f"{ROW},1".replace("0", "-1", 1))


@refused(r"row 1, column pixel1 must be (a whole number|in \[0, 255\]), got (inf|1e999)")
def table_with_an_infinite_pixel(folder):
    return table(folder, f"{ROW},1".replace("0", "1e999", 1))


@refused(r"row 1, column class must be in \[0, 9\], got 10")
def table_with_a_label_of_10(folder):
    return table(folder, f"{ROW},10")


@refused("row 2 must have 785 values, got 1")
def table_with_zeros_in_its_middle(folder):
    return table(folder, *[f"{ROW},1", "\0" * 5_000])


@refused("must have 785 columns, .* got 50,001 or more")
def two_billion_columns(folder):
    stream = io.BytesIO()
    with gzip.GzipFile(fileobj=stream, mode="wb", compresslevel=1) as file:
        for _ in range(50):
            file.write(b"0," * 500_000)
    block = stream.getvalue()  # gzip files one after the other are one: 80 × 50 MB
    return written(folder / "a.csv.gz", block * 80)


@refused("has a row of more than 100,000 characters")
def row_without_an_end(folder):
    return written(folder / "a.csv.gz", zeros_gzipped(50, HEADER.encode() + b"\n"))


@refused("unpacks to .* MB or more, over 100 times")
def table_bomb(folder):
    rows = f"{ROW},1\n".encode() * 700
    packed = gzip.compress(rows, 9)  # about one part in a thousand
    return written(folder / "a.csv.gz", gzip.compress(HEADER.encode() + b"\n") + packed * 100)


@refused("unpacks to .* MB or more, over 100 times")
def zipped_table_bomb(folder):
    return zipped(folder / "a.zip", {"a.csv": f"{ROW},1\n".encode() * 28_000})


@refused("must have 785 columns, .* got 1")
def web_page_saved_as_a_table(folder):
    return written(folder / "a.csv", "<!DOCTYPE html>\n<html><body>404</body></html>\n")


@refused("is no .npz")
def table_in_two_bytes_a_letter(folder):
    return written(folder / "a.csv", f"{HEADER}\n{ROW},1\n".encode("utf-16"))


@refused("must hold 1 to 500,000 digits, got 0")
def table_without_rows(folder):
    return table(folder)


@refused("holds 2 tables, test.csv, train.csv: one of them must come alone")
def archive_of_two_tables(folder):
    rows = f"{HEADER}\n{ROW},1\n"
    return zipped(folder / "a.zip", {"train.csv": rows, "test.csv": rows})


# Pictures


@refused("a name that leads out of the archive")
def names_that_climb(folder):
    return zipped(folder / "a.zip", {"../3/a.png": png(IMAGES[0])})


@refused("a name that leads out of the archive")
def names_from_the_root(folder):
    return zipped(folder / "a.zip", {"/tmp/3/a.png": png(IMAGES[0])})


@refused("a name that leads out of the archive")
def names_that_climb_in_windows(folder):
    return zipped(folder / "a.zip", {"..\\..\\3\\a.png": png(IMAGES[0])})


@refused("holds a name of 30,006 characters")
def a_name_of_30_000_characters(folder):
    return zipped(folder / "a.zip", {f"3/{'a' * 30_000}.png": png(IMAGES[0])})


@refused("3/a.png is not a PNG, JPEG or WebP picture")
def text_called_a_picture(folder):
    return zipped(folder / "a.zip", {"3/a.png": b"not a picture"})


@refused("3/a.png is not a PNG, JPEG or WebP picture")
def archive_in_an_archive(folder):
    inner = zipped(folder / "b.zip", {"3/a.png": png(IMAGES[0])}).read_bytes()
    (folder / "b.zip").unlink()
    return zipped(folder / "a.zip", {"3/a.png": inner})


@refused("3/a.png must have at most 25 megapixels|3/a.png must have at most .* got far more")
def picture_of_30_000_by_30_000(folder):
    return zipped(folder / "a.zip", {"3/a.png": png_of_size(30_000, 30_000)})


@refused("3/a.png is damaged")
def truncated_picture(folder):
    return zipped(folder / "a.zip", {"3/a.png": png(IMAGES[0])[:-60]})


@refused("3/a.png: There is nothing to read")
def blank_picture(folder):
    return zipped(folder / "a.zip", {"3/a.png": png(np.zeros((60, 60), np.uint8))})


@refused("3/a.png must have at most 20 MB, got 20.0 MB")
def picture_of_21_megabytes(folder):
    noise = np.random.default_rng(0).bytes(300_000) * 70
    return zipped(folder / "a.zip", {"3/a.png": png(IMAGES[0]) + noise}, zipfile.ZIP_STORED)


@refused("unpacks to 90 MB or more, over 100 times")
def bomb_of_pictures(folder):
    return zipped(folder / "a.zip", {f"3/{n}.png": bytes(3_000_000) for n in range(30)})


@refused("must lie in a folder named by its label, 0 to 9, got '10'")
def folder_named_10(folder):
    return zipped(folder / "a.zip", {"10/a.png": png(IMAGES[0])})


@refused("must lie in a folder named by its label, 0 to 9, got 'cat'")
def folder_named_by_a_word(folder):
    return zipped(folder / "a.zip", {"cat/a.png": png(IMAGES[0])})


@refused("must hold 1 to 500,000 digits, got 0")
def archive_of_nothing(folder):
    return zipped(folder / "a.zip", {})


# Neither


@refused("is empty")
def nothing_at_all(folder):
    return written(folder / "a.csv", b"")


@refused("is no .npz|cannot be read")
def noise(folder):
    return written(folder / "a.npz", np.random.default_rng(0).bytes(100_000))


@refused("cannot be read: ")
def the_first_bytes_of_a_gzip(folder):
    return written(folder / "a.gz", b"\x1f\x8b\x08\x00")


@refused("is no .npz|must have its labels file")
def zeros_without_end(folder):
    return written(folder / "a.gz", zeros_gzipped(100) * 20)


def peak_megabytes():
    """The most memory that this process held since `forget_peak`; 0 where nobody says."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return 0.0
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def forget_peak():
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def everything_under(folder):
    return {(path, path.is_dir() or path.stat().st_mtime_ns) for path in folder.rglob("*")}


@pytest.mark.parametrize("name", FILES)
def test_a_hostile_file_is_refused_soon_in_one_sentence_and_little_memory(
    name, tmp_path, monkeypatch
):
    make, sentence = FILES[name]
    folder = tmp_path / "deep" / "files"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    path = make(folder)
    before = everything_under(tmp_path)
    forget_peak()
    start, began = peak_megabytes(), time.process_time()
    with pytest.raises(InputError, match=sentence) as refusal:
        read_path(path)
    assert time.process_time() - began < SECONDS
    assert peak_megabytes() - start < MEGABYTES
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < LONGEST_SENTENCE
    assert everything_under(tmp_path) == before


def test_there_are_at_least_forty():
    assert len(FILES) >= 40
