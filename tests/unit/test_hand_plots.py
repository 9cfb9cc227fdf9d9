import pytest

from digitlab.drawings import Score
from digitlab.evaluation import Count
from digitlab.plots import hand_chart, hand_info
from digitlab.records import TestResult

TESTED = Score("amber-otter", Count(27, 30), TestResult(0.99, 0.985, 0.993, 0.1, 1000), "mnist")
UNTESTED = Score("new-run", Count(30, 30), None, "mine.csv")


def test_a_network_has_a_mark_for_your_digits_and_one_for_its_test():
    mine, tests = hand_info([TESTED])
    assert mine.places == tests.places == [0]
    assert mine.accuracy == [pytest.approx(90)]
    assert (mine.low, mine.high) == ([pytest.approx(74.4, abs=0.1)], [pytest.approx(96.5, abs=0.1)])
    assert (tests.accuracy, tests.low, tests.high) == ([99.0], [98.5], [99.3])
    assert mine.hover == ["amber-otter on your digits: 90.00 % (74.4–96.5), 27 of 30 right"]
    assert tests.hover == ["amber-otter in its test, on 1,000 digits of mnist: 99.00 % (98.5–99.3)"]


def test_a_network_that_was_not_tested_has_one_mark():
    mine, tests = hand_info([UNTESTED, TESTED])
    assert mine.places == [0, 1]
    assert tests.places == [1]


def test_the_chart_has_a_line_for_each_network_the_first_on_top():
    figure = hand_chart([UNTESTED, TESTED])
    assert list(figure.layout.yaxis.ticktext) == ["new-run", "amber-otter"]
    top, bottom = figure.layout.yaxis.range[::-1]
    assert top < 0 < 1 < bottom
    assert list(figure.data[0].error_x.arrayminus) == [
        pytest.approx(11.35, abs=0.01),
        pytest.approx(15.6, abs=0.1),
    ]


def test_every_interval_is_within_the_chart():
    figure = hand_chart([TESTED])
    assert figure.layout.xaxis.range[0] < 74.4
    assert figure.layout.xaxis.range[1] > 99.3
