import base64
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digitlab import pictures
from digitlab.errors import BlankImageError, InputError
from digitlab.pictures import LARGEST_FILE_BYTES, decode_canvas, read_picture
from tests.unit.formats import encoded

ROOT = Path(__file__).resolve().parents[2]
GREY = np.arange(48, dtype=np.uint8).reshape(6, 8) * 5


def url(data, kind="png"):
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def test_a_grey_png_comes_back_pixel_by_pixel():
    assert np.array_equal(read_picture(encoded(Image.fromarray(GREY)), "a.png"), GREY)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_jpeg_and_webp_are_read_by_content_whatever_the_name(kind):
    data = encoded(Image.fromarray(np.full((40, 30), 200, np.uint8)), kind)
    assert read_picture(data, "wrong.png").shape == (40, 30)


def test_sixteen_bits_are_scaled_not_cut_off():
    data = encoded(Image.fromarray(GREY.astype(np.uint16) * 256))
    assert np.array_equal(read_picture(data, "deep.png"), GREY)


@pytest.mark.parametrize("mode", ["1", "P", "RGB", "CMYK"])
def test_every_mode_becomes_grey(mode):
    kind = "JPEG" if mode == "CMYK" else "PNG"
    white = Image.new("L", (16, 16), 255).convert(mode)
    assert (read_picture(encoded(white, kind), "white") >= 254).all()


def test_a_transparent_palette_is_filled_with_paper():
    picture = Image.new("P", (10, 10), 0)
    picture.putpalette([0, 0, 0, 20, 20, 20])
    picture.paste(1, (4, 4, 6, 6))
    grey = read_picture(encoded(picture, transparency=0), "palette.png")
    assert grey[0, 0] == 255
    assert grey[5, 5] == 20


def test_a_photograph_is_turned_as_its_camera_held_it():
    exif = Image.Exif()
    exif[0x0112] = 6
    picture = Image.new("L", (40, 20), 0)
    picture.paste(255, (0, 0, 20, 20))
    turned = read_picture(encoded(picture, "JPEG", exif=exif), "photo.jpg")
    assert turned.shape == (40, 20)
    assert turned[:18].mean() > 250
    assert turned[22:].mean() < 5


def test_an_animation_gives_its_first_frame():
    frames = [Image.new("L", (8, 8), level) for level in (10, 200)]
    data = encoded(frames[0], save_all=True, append_images=frames[1:])
    assert (read_picture(data, "moving.png") == 10).all()


def test_a_large_photograph_is_averaged_down():
    assert read_picture(encoded(Image.new("L", (3000, 4100), 9)), "big.png").shape == (1025, 750)


@pytest.mark.parametrize("transparent", ["colour", "pixels"])
def test_averaging_down_strip_by_strip_changes_nothing(transparent):
    rng = np.random.default_rng(1)
    blocks = rng.integers(0, 256, (500, 700, 3)).astype(np.uint8)
    blocks[:250] = 255
    picture = Image.fromarray(blocks.repeat(3, axis=0).repeat(3, axis=1))
    if transparent == "pixels":
        picture.putalpha(Image.new("L", picture.size, 255))
        whole = picture.convert("RGB").convert("L").reduce(2)
    else:
        picture = picture.quantize(64)
        whole = picture.convert("RGB").convert("L").reduce(2)
    grey = read_picture(encoded(picture), "striped.png")
    assert grey.shape == (750, 1050)
    assert np.abs(grey.astype(int) - np.asarray(whole)).max() <= 1


def test_a_large_transparent_photograph_is_turned_too():
    exif = Image.Exif()
    exif[0x0112] = 6
    picture = Image.new("RGBA", (4000, 2000), (0, 0, 0, 0))
    picture.paste((0, 0, 0, 255), (0, 0, 1000, 1000))
    turned = read_picture(encoded(picture, exif=exif), "big.png")
    assert turned.shape == (1334, 667)
    assert (turned[:300, 400:] == 0).all()
    assert (turned[400:] == 255).all()


MEASURE = """
import sys
from digitlab.pictures import read_picture
def peak():
    lines = open("/proc/self/status")
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
data = open(sys.argv[1], "rb").read()
before = peak()
read_picture(data, "large.png")
print((peak() - before) // 1000)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="asks Linux for the peak")
@pytest.mark.parametrize(
    ("kind", "side", "options"),
    [
        ("PNG", 5000, {"compress_level": 1}),
        ("WEBP", 2500, {"lossless": True, "method": 0}),
        ("JPEG", 4000, {"progressive": True, "subsampling": 0}),
    ],
)
def test_the_largest_pictures_take_less_than_150_mb(tmp_path, kind, side, options):
    picture = Image.new("RGB" if kind == "JPEG" else "RGBA", (side, side))
    picture.paste("white", (0, 0, side // 2, side))
    exif = Image.Exif()
    exif[0x0112] = 6
    (tmp_path / "large").write_bytes(encoded(picture, kind, exif=exif, **options))
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(tmp_path / "large")],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) < 150


@pytest.mark.parametrize(
    ("kind", "options", "largest"),
    [("WEBP", {"method": 0}, 6), ("JPEG", {"progressive": True}, 17)],
)
def test_what_takes_more_to_decode_may_be_less_large(kind, options, largest):
    data = encoded(Image.new("RGB", (4200, 4200)), kind, **options)
    with pytest.raises(InputError, match=rf"at most {largest} megapixels, got 4200×4200 = 17.6"):
        read_picture(data, "large")


def test_two_visitors_do_not_decode_at_once(monkeypatch):
    alone = []
    monkeypatch.setattr(
        pictures, "_decode", lambda *_: alone.append(pictures._one_at_a_time.locked())
    )
    data = encoded(Image.fromarray(GREY))
    visitors = [threading.Thread(target=read_picture, args=(data, "a.png")) for _ in range(2)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
    assert alone == [True, True]


def test_too_many_pixels_are_refused_from_the_header():
    data = encoded(Image.new("1", (10_000, 10_000)))
    with pytest.raises(InputError) as raised:
        read_picture(data, "huge.png")
    assert str(raised.value) == (
        "huge.png must have at most 25 megapixels, got 10000×10000 = 100.0."
    )


def test_a_decompression_bomb_is_refused_in_one_sentence():
    header = encoded(Image.new("1", (1, 1)))
    bomb = header[:16] + (60_000).to_bytes(4, "big") * 2 + header[24:]
    with pytest.raises(InputError, match=r"bomb.png .*"):
        read_picture(bomb, "bomb.png")


def test_too_many_bytes_are_refused_unread():
    with pytest.raises(InputError, match=r"^long.png must have at most 20 MB, got 20.0 MB"):
        read_picture(bytes(LARGEST_FILE_BYTES + 1), "long.png")


@pytest.mark.parametrize("data", [b"", b"just some text", b"GIF89a" + bytes(40)])
def test_what_is_no_picture_is_said_to_be_none(data):
    with pytest.raises(InputError, match=r"^note.png is not a PNG, JPEG or WebP picture.$"):
        read_picture(data, "note.png")


def test_a_truncated_picture_is_one_sentence_wherever_it_ends():
    rng = np.random.default_rng(0)
    noise = Image.fromarray(rng.integers(0, 256, (40, 40)).astype(np.uint8))
    for kind in ("PNG", "JPEG", "WEBP"):
        data = encoded(noise, kind)
        for end in range(0, len(data) - 40, 37):
            with pytest.raises(InputError, match=r"^cut (is|must)"):
                read_picture(data[:end], "cut")


def test_a_canvas_is_decoded_at_its_own_size():
    strokes = np.zeros((50, 50, 4), np.uint8)
    strokes[10:40, 20:30] = 255
    grey = decode_canvas(url(encoded(Image.fromarray(strokes))), 50, 50)
    assert grey.shape == (50, 50)
    assert grey[20, 25] == 255
    assert grey[0, 0] == 0


@pytest.mark.parametrize("nothing", [None, ""])
def test_a_canvas_before_the_first_stroke_is_blank(nothing):
    with pytest.raises(BlankImageError):
        decode_canvas(nothing, 50, 50)


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        (url(encoded(Image.new("L", (51, 50)))), "must be 50×50 pixels, got 51×50"),
        (url(encoded(Image.new("L", (50, 50)), "JPEG"), "jpeg"), "PNG data URL"),
        (url(encoded(Image.new("L", (50, 50)), "JPEG")), "is not a PNG picture"),
        ("data:image/png;base64,????", "no base64"),
        ("data:image/png;base64," + "A" * 200_000, "at most"),
        (url(encoded(Image.new("L", (50, 50)))[:50]), "damaged|not a PNG"),
    ],
    ids=["size", "type", "disguised", "text", "length", "truncated"],
)
def test_a_canvas_sends_nothing_but_a_png_of_its_own_size(sent, sentence):
    with pytest.raises(InputError, match=sentence):
        decode_canvas(sent, 50, 50)
