"""Pictures from outside → grey pixels: uploads, the canvas, people's files. Nothing is trusted."""

import base64
import binascii
import io
import threading
import warnings

import numpy as np
from PIL import ExifTags, Image, ImageOps

from digitlab.errors import BlankImageError, InputError

LARGEST_FILE_BYTES = 20_000_000
LARGEST_DECODED_BYTES = 100_000_000
LARGEST_PIXELS = LARGEST_DECODED_BYTES // 4

FORMATS = ("PNG", "JPEG", "WEBP")

STRIP_PIXELS = 200_000
"""Of the picture as it came, averaged at a time: all of a drawing, a strip of a photograph."""

_one_at_a_time = threading.Lock()
"""Held while an upload is decoded: two visitors do not need twice the memory."""

WORKING_SIDE = 1024
"""Larger pictures are averaged down to about this, which costs a 28×28 digit nothing."""


def read_picture(data: bytes, name: str) -> np.ndarray:
    """Decodes a PNG, JPEG or WebP picture; what it is, is decided by content, not by name.

    Turned as its camera held it, transparency filled, first frame of several; pictures far larger
    than `WORKING_SIDE` averaged down by a whole factor.

    Args:
        data: the file's bytes.
        name: what to call the file in messages.

    Returns:
        uint8 (h, w) grey.

    Raises:
        InputError: in one sentence, for anything too large, broken or not a picture.
    """
    if len(data) > LARGEST_FILE_BYTES:
        raise InputError(
            f"{name} must have at most {LARGEST_FILE_BYTES / 1e6:.0f} MB, "
            f"got {len(data) / 1e6:.1f} MB."
        )
    image = _open(data, name, FORMATS, "PNG, JPEG or WebP")
    width, height = image.size
    largest = _largest_pixels(image)
    if width * height > largest:
        raise InputError(
            f"{name} must have at most {largest / 1e6:.0f} megapixels, "
            f"got {width}×{height} = {width * height / 1e6:.1f}."
        )
    with _one_at_a_time:
        return _decode(image, name)


def count_pixels(data: bytes, name: str) -> int:
    """How many pixels a picture says it has, without decoding it.

    Raises:
        InputError: if it is no picture.
    """
    width, height = _open(data, name, FORMATS, "PNG, JPEG or WebP").size
    return width * height


def _largest_pixels(image: Image.Image) -> int:
    """How large a picture may be, by its header: what decodes within LARGEST_DECODED_BYTES.

    A pixel costs 4 bytes in Pillow; in a WebP also libwebp's two canvases and a copy of one; in
    a progressive JPEG also two bytes for each coefficient, which `draft` does not spare.
    """
    if image.format == "WEBP":
        return LARGEST_DECODED_BYTES // 16
    if "progressive" in image.info:
        return LARGEST_DECODED_BYTES // (2 * len(image.getbands()))
    return LARGEST_PIXELS


def decode_canvas(data_url: str | None, width: int, height: int) -> np.ndarray:
    """Decodes what the drawing canvas sent: untrusted, so held to PNG and the canvas' own size.

    Args:
        data_url: `data:image/png;base64,…`; None before the first stroke.
        width: of the canvas, in pixels.
        height: of the canvas, in pixels.

    Returns:
        uint8 (height, width) grey.

    Raises:
        BlankImageError: before the first stroke.
        InputError: for anything that this canvas would not have sent.
    """
    if not data_url:
        raise BlankImageError("Nothing is drawn yet.")
    prefix = "data:image/png;base64,"
    if not data_url.startswith(prefix):
        raise InputError("The drawing must arrive as a PNG data URL.")
    longest = longest_data_url(width, height)
    if len(data_url) > longest:
        raise InputError(
            f"The drawing must have at most {longest} characters, got {len(data_url)}."
        )
    try:
        data = base64.b64decode(data_url[len(prefix) :], validate=True)
    except (binascii.Error, ValueError):
        raise InputError("The drawing is damaged: it is no base64 text.") from None
    image = _open(data, "The drawing", ("PNG",), "PNG")
    if image.size != (width, height):
        raise InputError(
            f"The drawing must be {width}×{height} pixels, got {image.width}×{image.height}."
        )
    return _decode(image, "The drawing")


def longest_data_url(width: int, height: int) -> int:
    """Characters that a canvas's data URL has at most: twice its bare pixels, and some."""
    return 2 * 4 * width * height + 65_536


def _open(data: bytes, name: str, formats: tuple[str, ...], wanted: str) -> Image.Image:
    """Reads a picture's header."""
    try:
        with warnings.catch_warnings():  # Pillow warns of what LARGEST_PIXELS refuses anyway
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            return Image.open(io.BytesIO(data), formats=formats)
    except Image.DecompressionBombError:
        raise InputError(
            f"{name} must have at most {LARGEST_PIXELS / 1e6:.0f} megapixels, got far more."
        ) from None
    except Exception:  # Pillow's readers raise whatever a broken header leads them to
        raise InputError(f"{name} is not a {wanted} picture.") from None


def _decode(image: Image.Image, name: str) -> np.ndarray:
    """Reads the pixels of an opened picture: uint8 (h, w), upright, near WORKING_SIDE at most."""
    try:
        factor = max(1, max(image.size) // WORKING_SIDE)
        image.draft("L", (image.width // factor, image.height // factor))
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
        small = _reduced(image, max(1, max(image.size) // WORKING_SIDE))
        small.getexif()[ExifTags.Base.Orientation] = orientation
        ImageOps.exif_transpose(small, in_place=True)
        return np.asarray(_flatten(small))
    except Exception:  # as above: truncated and hostile files fail in many ways
        raise InputError(f"{name} is damaged: its pixels cannot be read.") from None


def _reduced(image: Image.Image, factor: int) -> Image.Image:
    """Any mode to L or LA, averaged down by a whole factor: strip by strip.

    So the picture as it was decoded is the only thing of its size in memory.
    """
    width, height = image.size
    size = (-(-width // factor), -(-height // factor))
    small = Image.new(_grey(image.crop((0, 0, 1, 1))).mode, size)
    rows = max(1, STRIP_PIXELS // (width * factor))
    for row in range(0, size[1], rows):
        bottom = min(height, (row + rows) * factor)
        strip = _grey(image.crop((0, row * factor, width, bottom)))
        small.paste(strip.reduce(factor), (0, row))
    return small


def _grey(image: Image.Image) -> Image.Image:
    """Any mode to L, or LA where parts may be transparent: 16 bits scaled, colours weighed."""
    if image.mode.startswith("I"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.has_transparency_data:
        return image.convert("RGBA").convert("LA")
    return image.convert("L") if image.mode in ("L", "1") else image.convert("RGB").convert("L")


def _flatten(image: Image.Image) -> Image.Image:
    """Any mode to L, transparency filled."""
    grey = _grey(image)
    return grey if grey.mode == "L" else _fill(grey.getchannel("L"), grey.getchannel("A"))


def _fill(grey: Image.Image, alpha: Image.Image) -> Image.Image:
    """Fills the transparent parts with paper.

    Where opaque pixels are most of the picture and hold both ink and paper, paper is their median;
    otherwise they are the ink, and paper is what contrasts with it.
    """
    opacity = np.asarray(alpha)
    visible = opacity >= min(128, max(1, int(opacity.max())))
    levels = np.asarray(grey)[visible]
    if len(levels) == 0:
        paper = 255
    elif visible.mean() > 0.5 and int(levels.max()) - int(levels.min()) > 64:
        paper = int(np.median(levels))
    else:
        paper = 0 if levels.mean() > 127 else 255
    return Image.composite(grey, Image.new("L", grey.size, paper), alpha)


def to_grey(pixels: np.ndarray) -> np.ndarray:
    """uint8 (h, w), (h, w, 3) or (h, w, 4) → uint8 (h, w).

    Raises:
        InputError: if the array is no picture.
    """
    if pixels.dtype != np.uint8 or not (
        pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] in (3, 4))
    ):
        raise InputError(
            "a picture must be uint8 (h, w), (h, w, 3) or (h, w, 4), "
            f"got {pixels.dtype} {pixels.shape}"
        )
    if pixels.ndim == 2 or pixels.size == 0:
        return pixels if pixels.ndim == 2 else pixels[..., 0]
    return np.asarray(_flatten(Image.fromarray(pixels)))
