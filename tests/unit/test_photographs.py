import numpy as np
import pytest
from PIL import Image, ImageDraw

from digitlab.photographs import evened
from digitlab.preprocessing import preprocess

SIDE = 360


def ink():
    """A seven: float (SIDE, SIDE), 1 where ink is."""
    image = Image.new("L", (SIDE, SIDE))
    ImageDraw.Draw(image).line([(110, 90), (250, 90), (160, 270)], fill=255, width=26)
    return np.asarray(image) / 255


def photograph(light, grain=2.0):
    """Dark ink on paper in some light: float (SIDE, SIDE), 0–1 → uint8."""
    noise = np.random.default_rng(0).normal(0, grain, (SIDE, SIDE))
    return np.clip(235 * light * (1 - 0.7 * ink()) + noise, 0, 255).astype(np.uint8)


ROWS, COLUMNS = np.mgrid[:SIDE, :SIDE] / SIDE
LIGHTS = {
    "from the side": 1 - 0.7 * COLUMNS,
    "from a corner": 1 - 0.35 * (ROWS + COLUMNS),
    "from a lamp": 1 - 0.9 * ((ROWS - 0.4) ** 2 + (COLUMNS - 0.6) ** 2),
    "with a shadow over half of it": 0.75 - 0.25 * np.tanh(60 * (ROWS + 0.3 * COLUMNS - 0.7)),
}


@pytest.mark.parametrize("light", LIGHTS.values(), ids=LIGHTS)
def test_ink_in_uneven_light_is_seen_as_in_even_light(light):
    even = preprocess(photograph(np.ones((SIDE, SIDE)))).image.astype(float)
    seen = preprocess(photograph(light)).image.astype(float)
    assert np.corrcoef(even.ravel(), seen.ravel())[0, 1] > 0.93


@pytest.mark.parametrize("light", LIGHTS.values(), ids=LIGHTS)
def test_paper_comes_to_one_level(light):
    paper = evened(photograph(light))[ink() == 0].astype(float)
    assert np.percentile(paper, 90) - np.percentile(paper, 10) < 40


def test_chalk_on_a_board_in_uneven_light_is_read_too():
    board = (20 + 90 * COLUMNS + 120 * ink()).astype(np.uint8)
    even = preprocess((20 + 120 * ink()).astype(np.uint8)).image.astype(float)
    seen = preprocess(board).image.astype(float)
    assert np.corrcoef(even.ravel(), seen.ravel())[0, 1] > 0.93


@pytest.mark.parametrize(
    "picture",
    [
        (255 * ink()).astype(np.uint8),
        (255 - 255 * ink()).astype(np.uint8),
        photograph(np.ones((SIDE, SIDE))),
        np.random.default_rng(1).integers(0, 256, (28, 28)).astype(np.uint8),
        np.zeros((1, 900), np.uint8),
    ],
    ids=["canvas", "print", "photograph in even light", "small", "one row"],
)
def test_what_is_evenly_lit_or_small_stays_as_it_is(picture):
    assert evened(picture) is picture


def test_a_stroke_along_the_edge_of_a_canvas_is_ink():
    canvas = np.zeros((280, 280), np.uint8)
    canvas[:12, 20:260] = 255
    assert evened(canvas) is canvas
