"""The ten bars as text: read back with a parser, as a browser would."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest

from digitlab.plots import CLASS_COLOURS, probability_bars
from digitlab.plots.bars import ROW

CLOTHES = ("T-shirt/top", *"abcdefgh", "Ankle boot")
ANSWER = np.array([0.0, 0.001, 0.25, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.749], np.float32)


def rows(html):
    """Each row below the title, as its name and what stands beside it."""
    return [tuple(row) for row in ET.fromstring(html).findall("div")[1:]]


def text(element):
    return "".join(element.itertext())


def test_every_class_has_a_bar_with_its_name_and_its_percent_in_its_colour():
    *bars, _, _ = rows(probability_bars(ANSWER))
    assert [text(name) for name, _ in bars] == list("0123456789")
    assert [text(bar) for _, bar in bars][1:3] == ["under 1 %", "25 %"]
    for (_, bar), share, colour in zip(bars, ANSWER, CLASS_COLOURS, strict=True):
        style = bar[0].get("style")
        assert f"calc({share:.4f} * " in style
        assert f"background:{colour}" in style


def test_both_axes_are_named_and_the_longest_bar_ends_at_a_hundred():
    *_, (_, ticks), (noun, unit) = rows(probability_bars(ANSWER))
    assert [tick.text for tick in ticks] == ["0", "25", "50", "75", "100"]
    assert (text(noun), text(unit)) == ("digit", "probability (%)")
    assert text(rows(probability_bars(ANSWER, CLOTHES))[-1][0]) == "class"


def test_the_true_class_is_marked_in_words():
    names = [text(name) for name, _ in rows(probability_bars(ANSWER, CLOTHES, truth=9))]
    assert names[9] == "Ankle boot (true)"
    assert sum("(true)" in name for name in names) == 1


def test_a_screen_reader_hears_all_ten():
    bars = ET.fromstring(probability_bars(ANSWER))
    assert (bars.tag, bars.get("role")) == ("div", "img")
    said = bars.get("aria-label")
    assert said.startswith("How sure it is of each digit. 0: 0 %, 1: under 1 %, 2: 25 %")
    assert said.endswith("9: 75 %")


def test_the_text_takes_its_colour_and_its_ground_from_the_page():
    assert "color:" not in probability_bars(ANSWER)


@pytest.mark.parametrize("answer", [np.zeros(10), np.eye(10)[3]], ids=["blank", "sure"])
def test_every_bar_is_one_line_high_so_a_blank_paper_leaves_the_room_of_any_answer(answer):
    html = probability_bars(answer)
    assert f"line-height:{ROW}px" in ET.fromstring(html).get("style")
    *bars, _, _ = rows(html)
    assert all("white-space:nowrap" in bar.get("style") for _, bar in bars)
