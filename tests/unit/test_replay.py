from itertools import pairwise

import numpy as np
import pytest

from digitlab.errors import InputError
from digitlab.plots import belief_info
from digitlab.replay import Flip, flips, pen_strokes, picture, until

BAR = {
    "type": "Path",
    "path": [["M", 50, 80], ["L", 150, 80]],
    "left": 100,
    "top": 80,
    "strokeWidth": 20,
}
STEM = BAR | {"path": [["M", 100, 20], ["L", 100, 120]], "left": 100, "top": 70}
DOT = BAR | {"path": [["M", 19.98, 20], ["L", 20.02, 20]], "left": 20, "top": 20}


def drawing(*paths):
    return {"version": "7.4.0", "objects": list(paths), "background": "#000000"}


def test_strokes_come_in_the_order_of_writing_with_points_along_the_way():
    bar, stem = pen_strokes(drawing(BAR, STEM))
    assert bar.width == 20
    assert np.allclose(bar.points[[0, -1]], [(50, 80), (150, 80)])
    assert np.allclose(np.diff(bar.points[:, 0]), 2)
    assert np.allclose(stem.points[:, 0], 100)


def test_a_bend_is_followed():
    path = [["M", 0, 0], ["Q", 100, 0, 100, 100]]
    (stroke,) = pen_strokes(drawing(BAR | {"path": path, "left": 50, "top": 50}))
    middle = stroke.points[len(stroke.points) // 2]
    assert np.abs(middle - (75, 25)).max() < 3


def test_a_stroke_that_was_moved_stretched_and_turned_is_where_it_is_seen():
    turned = BAR | {"left": 140, "top": 90, "scaleX": 0.5, "angle": 90}
    (stroke,) = pen_strokes(drawing(turned))
    assert np.allclose(stroke.points[[0, -1]], [(140, 65), (140, 115)])


def test_a_dot_is_ink():
    (dot,) = pen_strokes(drawing(DOT))
    assert dot.ink == pytest.approx(20, abs=0.1)
    paper = picture((dot,), 280)
    assert paper[20, 20] == 255
    assert 200 < (paper > 127).sum() < 400


def test_ink_accumulates_stroke_by_stroke():
    strokes = pen_strokes(drawing(BAR, STEM))
    half = until(strokes, 0.5)
    assert len(half) == 1
    assert len(half[0].points) == len(strokes[0].points)
    papers = [picture(until(strokes, share), 280) for share in (0.01, 0.25, 0.5, 0.75, 1)]
    assert papers[0].any()
    for less, more in pairwise(papers):
        assert (less <= more).all()
        assert less.sum() < more.sum()
    assert np.array_equal(papers[-1], picture(strokes, 280))


def test_strokes_of_different_pens_keep_their_widths():
    strokes = pen_strokes(drawing(BAR, STEM | {"strokeWidth": 8}))
    paper = picture(strokes, 280)
    assert (paper[:, 60] > 127).sum() == pytest.approx(20, abs=1)
    assert (paper[30] > 127).sum() == pytest.approx(8, abs=1)


def test_a_very_long_scribble_has_few_points():
    zigzag = [["M", 0, 0], *(["L", 280 * (i % 2), i % 280] for i in range(1, 4_000))]
    strokes = pen_strokes(drawing(BAR | {"path": zigzag}))
    assert sum(len(stroke.points) for stroke in strokes) <= 2_002


@pytest.mark.parametrize(
    "objects",
    [
        None,
        7,
        [7],
        [{}],
        [BAR | {"path": []}],
        [BAR | {"path": [["Q", 1, 2, 3, 4]]}],
        [BAR | {"path": [["M", 1]]}],
        [BAR | {"path": [["M", "a", "b"]]}],
        [BAR | {"path": [["A", 1, 2]]}],
        [BAR | {"path": [[["M"], 1, 2]]}],
        [BAR | {"path": [["M", float("nan"), 1]]}],
        [BAR | {"path": [["M", 1e300, 1], ["L", -1e300, 5]]}],
        [BAR | {"left": None}],
        [BAR | {"strokeWidth": 1e9}],
        [BAR | {"strokeWidth": 0}],
    ],
)
def test_forged_strokes_get_one_sentence(objects):
    with pytest.raises(InputError, match="strokes cannot be read"):
        pen_strokes({"objects": objects})


def test_a_flip_is_where_another_answer_is_given():
    rows = np.zeros((5, 10))
    rows[0, 1] = rows[1, 1] = 0.9
    rows[2, 1] = rows[2, 7] = 0.4
    rows[3, 7] = rows[4, 7] = 0.8
    assert flips(rows) == (Flip(2, None), Flip(3, 7))


def test_only_digits_that_were_ever_likely_have_a_line():
    rows = np.zeros((3, 10))
    rows[:, 4], rows[1, 9], rows[:, 2] = 0.8, 0.2, 0.01
    assert belief_info(rows) == (4, 9)
