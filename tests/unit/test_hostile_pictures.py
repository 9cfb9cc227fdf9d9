"""Pictures made to do harm, or only odd: a clear sentence or the right reading, soon and small."""

import json
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests.unit.formats import encoded

ROOT = Path(__file__).resolve().parents[2]

LONGEST_SECONDS = 2
MOST_MEMORY_MB = 200


def seven(size=(300, 360), ink=30, paper=235):
    """Dark ink on light paper: a grey picture."""
    picture = Image.new("L", size, paper)
    across, down = size
    points = [(0.25, 0.2), (0.75, 0.2), (0.4, 0.85)]
    line = [(across * x, down * y) for x, y in points]
    ImageDraw.Draw(picture).line(line, ink, max(1, min(size) // 12), joint="curve")
    return picture


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width, height, depth, colour, data, *more):
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    chunks = chunk(b"IHDR", header), *more, chunk(b"IDAT", data), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def turned(orientation):
    """A seven as a camera keeps it that was held another way."""
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(seven().transpose(undo[orientation]), "JPEG", exif=exif)


def on_transparent():
    picture = Image.new("RGBA", (300, 360))
    picture.putalpha(seven(ink=255, paper=0))
    return picture


def palette_with_transparency():
    picture = seven().point(lambda level: level < 128).convert("P")
    picture.putpalette([255, 255, 255, 20, 20, 60])
    return encoded(picture, transparency=0)


def uneven():
    light = np.linspace(1, 0.35, 300)[None, :]
    grain = np.random.default_rng(0).normal(0, 2, (360, 300))
    return Image.fromarray(np.clip(np.asarray(seven()) * light + grain, 0, 255).astype(np.uint8))


def frames():
    return {"save_all": True, "append_images": [Image.new("L", (300, 360), 0)] * 200}


def cut(data, share):
    return data[: int(share * len(data))]


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'
NOISE = Image.fromarray(np.random.default_rng(1).integers(0, 256, (200, 200)).astype(np.uint8))

READ = {
    "grey": lambda: encoded(seven()),
    "one bit": lambda: encoded(seven().convert("1")),
    "16 bits": lambda: encoded(Image.fromarray(np.asarray(seven()).astype(np.uint16) * 257)),
    "CMYK": lambda: encoded(seven().convert("CMYK"), "JPEG"),
    "palette with transparency": palette_with_transparency,
    "ink on nothing": lambda: encoded(on_transparent()),
    "grey with alpha": lambda: encoded(seven().convert("LA")),
    "lossless WebP": lambda: encoded(seven().convert("RGB"), "WEBP", lossless=True),
    "progressive JPEG": lambda: encoded(seven(), "JPEG", progressive=True, quality=40),
    "animated PNG": lambda: encoded(seven(), **frames()),
    "animated WebP": lambda: encoded(seven().convert("RGB"), "WEBP", **frames()),
    "WebP named png": lambda: encoded(seven(), "WEBP"),
    "uneven light": lambda: encoded(uneven(), "JPEG"),
    "wide paper": lambda: encoded(pasted(Image.new("L", (3000, 400), 235), seven(), (2000, 20))),
    "25 megapixels": lambda: encoded(seven((5000, 5000)), compress_level=1),
    "twelve times as high": lambda: encoded(
        pasted(Image.new("L", (330, 4000), 235), seven(), (10, 900))
    ),
    "text in its margin": lambda: encoded(seven(), pnginfo=long_text()),
    **{f"turned, EXIF {n}": (lambda n=n: turned(n)) for n in range(2, 9)},
}
"""Pictures of a seven."""

REFUSED = {
    "empty": lambda: b"",
    "SVG named png": lambda: SVG,
    "GIF": lambda: encoded(seven(), "GIF"),
    "TIFF": lambda: encoded(seven(), "TIFF"),
    "text": lambda: b"not a picture at all",
    "PNG cut in the header": lambda: encoded(seven())[:20],
    "PNG cut in the pixels": lambda: cut(encoded(NOISE), 0.5),
    "JPEG cut in the pixels": lambda: cut(encoded(NOISE, "JPEG"), 0.6),
    "WebP cut in the pixels": lambda: cut(encoded(NOISE, "WEBP"), 0.5),
    "PNG with a wrong checksum": lambda: encoded(NOISE).replace(b"IDAT", b"IDAU"),
    "1×1": lambda: encoded(Image.new("L", (1, 1), 255)),
    "1×10000, blank": lambda: encoded(Image.new("L", (1, 10_000))),
    "10000×1, blank": lambda: encoded(Image.new("RGBA", (10_000, 1))),
    "all transparent": lambda: encoded(Image.new("RGBA", (200, 200))),
    "100 megapixels of one colour": lambda: encoded(Image.new("1", (10_000, 10_000))),
    "60000×60000 in the header": lambda: png(60_000, 60_000, 8, 6, zlib.compress(b"0")),
    "4×10⁹ pixels wide": lambda: png(2**31 - 1, 1, 8, 0, zlib.compress(b"0")),
    "zero pixels": lambda: png(0, 0, 8, 0, zlib.compress(b"0")),
    "a bomb of zeros in small pixels": lambda: png(50, 50, 8, 0, zlib.compress(bytes(10**8)))[:-20],
    "a bomb in its text": lambda: png(
        50, 50, 8, 0, b"", chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(10**8)))
    ),
    "a bomb in its colour profile": lambda: png(
        50, 50, 8, 0, b"", chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(10**8)))
    ),
    "a palette that is none": lambda: png(50, 50, 8, 3, zlib.compress(bytes(51 * 50))),
    "21 MB": lambda: encoded(seven()) + bytes(21_000_000),
}
"""What gets a sentence."""


def pasted(paper, picture, place):
    paper.paste(picture, place)
    return paper


def long_text():
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("Comment", "7" * 500_000)
    return info


READ_THEM = """
import json, sys, time
from pathlib import Path
from digitlab.errors import InputError
from digitlab.inference import Recogniser
from digitlab.pictures import read_picture
from digitlab.preprocessing import preprocess
from digitlab.recognisers import MODELS

def peak():
    lines = open("/proc/self/status")
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))

network = Recogniser((MODELS / "pretrained.tflite").read_bytes())
before, answers = peak(), {}
for path in sorted(Path(sys.argv[1]).iterdir()):
    began = time.process_time()
    try:
        image = preprocess(read_picture(path.read_bytes(), "it.png")).image
        said = str(network.probabilities(image[None])[0].argmax())
    except InputError as error:
        said = str(error)
    answers[path.name] = said, time.process_time() - began
print(json.dumps([answers, (peak() - before) / 1000]))
"""
"""In a process of its own, so that its peak of memory is that of these pictures."""


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    """What was said to each picture and in how many seconds, and the MB that all took at most."""
    if not Path("/proc/self/status").exists():
        pytest.skip("asks Linux for the peak of memory")
    folder = tmp_path_factory.mktemp("pictures")
    names = {f"{number:03}": name for number, name in enumerate([*READ, *REFUSED])}
    for file, name in names.items():
        (folder / file).write_bytes((READ | REFUSED)[name]())
    done = subprocess.run(
        [sys.executable, "-c", READ_THEM, str(folder)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    answers, megabytes = json.loads(done.stdout)
    return {names[file]: answer for file, answer in answers.items()}, megabytes


@pytest.mark.parametrize("name", READ)
def test_an_odd_picture_of_a_seven_is_read(outcome, name):
    said, seconds = outcome[0][name]
    assert said == "7"
    assert seconds < LONGEST_SECONDS


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_gets_one_sentence(outcome, name):
    said, seconds = outcome[0][name]
    assert said.startswith(("it.png ", "There is nothing to read"))
    assert said.endswith(".")
    assert "Traceback" not in said
    assert len(said) < 120
    assert seconds < LONGEST_SECONDS


def test_together_they_take_little_memory(outcome):
    assert outcome[1] < MOST_MEMORY_MB
