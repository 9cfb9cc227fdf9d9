"""The robustness view of Evaluate: asked for once, shown to all."""

import numpy as np
import pytest

from digitlab.datasets import load_dataset
from digitlab.errors import InputError
from pages.ui import cache
from pages.ui.evaluate import robustness
from tests.pages.conftest import says, well

LEVELS = sum(len(corruption.levels) for corruption in robustness.FAMILIES["Everyday"])


class Reader:
    """Reads every test digit of `digits` rightly, and counts how often it is asked."""

    def __init__(self):
        self.asked = 0
        self.broken = False

    def probabilities(self, images):
        if self.broken:
            raise InputError("this network is broken")
        self.asked += 1
        digits = load_dataset("digits")
        return np.eye(10, dtype=np.float32)[digits.labels[digits.train_count :]]


@pytest.fixture
def reader(without_mnist, monkeypatch):
    reader = Reader()
    monkeypatch.setattr(cache, "recogniser", lambda key: reader)
    return reader


@pytest.fixture
def page(visit, reader):
    """Opens the view."""

    def open_page(**query):
        return well(visit("evaluate", evaluate_view="Robustness", **query))

    return open_page


def press(page):
    return page.button(key="evaluate_spoil").click().run()


def charts(page):
    return len(page.get("plotly_chart"))


def test_nothing_is_computed_before_somebody_asks_for_it(page, reader):
    shown = page()
    assert "All 360 test digits are spoiled in 10 ways" in says(shown)
    assert charts(shown) == 0
    assert reader.asked == 1, "for the headline of the page"


def test_the_card_has_a_chart_and_pictures_for_each_way(page):
    shown = press(page())
    assert not shown.exception
    assert not shown.error
    assert charts(shown) == 10
    strips = [html.proto.body for html in shown.get("html") if "<img" in html.proto.body]
    assert len(strips) == 10
    assert "3 pictures under shift: unchanged, then at 1 px, 2 px" in strips[0]
    assert "It survives " in says(shown)
    assert "lose at most 1 point" in says(shown)


def test_a_rerun_repeats_nothing_and_another_visitor_sees_the_card_at_once(page, reader):
    shown = press(page())
    assert reader.asked == 1 + 1 + LEVELS
    assert charts(shown.run()) == 10
    other = page()
    assert charts(other) == 10
    assert not [b for b in other.button if b.key == "evaluate_spoil"]
    assert reader.asked == 1 + 1 + LEVELS


def test_the_other_kinds_have_a_card_of_their_own(page):
    press(page())
    other = page(evaluate_corruptions="MNIST-C")
    assert charts(other) == 0
    assert "spoiled in 15 ways" in says(other)
    assert charts(press(other)) == 15


def test_one_test_at_a_time_and_the_next_visitor_is_told_so(page, reader):
    shown = page()
    with robustness.ONE_AT_A_TIME:
        press(shown)
        assert "Another network is being tested" in shown.info[0].value
        assert charts(shown) == 0
    assert charts(press(shown)) == 10


def test_a_test_that_fails_says_why_and_lets_the_next_one_begin(page, reader):
    shown = page()
    reader.broken = True
    press(shown)
    assert shown.error[0].value == "this network is broken"
    reader.broken = False
    assert charts(press(shown.run())) == 10
