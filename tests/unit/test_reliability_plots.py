import numpy as np
import pytest

from digitlab import plots
from digitlab.calibration import Bin, Refusal

BINS = (Bin(0.4, 0.6, 4, 1, 0.5), Bin(0.8, 1.0, 1000, 990, 0.97))
REFUSAL = Refusal(0.9, 10, 8, 1, 2)


def test_each_bin_is_a_point_with_its_interval_and_its_count_in_words():
    points = plots.reliability_info(BINS)
    assert points.sureness == [50.0, 97.0]
    assert points.accuracy == [25.0, 99.0]
    assert points.below[0] > points.below[1], "few answers leave much open"
    assert points.accuracy[1] + points.above[1] < 100
    assert points.words[0] == "40–60 % sure, 50.0 % on average: 1 of 4 right, 25.0 % (5–70)"


def test_before_and_after_a_temperature_differ_in_more_than_their_colour():
    figure = plots.reliability_diagram(BINS, BINS[:1])
    points = {trace.name: trace for trace in figure.data if trace.type == "scatter"}
    assert points.keys() == {"as right as sure", "as it is", "with the temperature"}
    before, after = points["as it is"], points["with the temperature"]
    assert before.marker.symbol != after.marker.symbol
    assert [list(t.y) for t in figure.data if t.type == "bar"] == [[4, 1000], [4]]


def test_without_a_temperature_nothing_is_said_of_one():
    names = {trace.name for trace in plots.reliability_diagram(BINS).data}
    assert "with the temperature" not in names


@pytest.mark.parametrize("count", [1, 399, 10_000])
def test_a_long_curve_is_thinned_and_keeps_both_ends(count):
    answered = np.linspace(1 / count, 1, count)
    accuracy = np.linspace(1, 0.9, count)
    x, y = plots.selective_info(answered, accuracy)
    assert len(x) == len(y) <= 400
    assert (x[0], y[0]) == pytest.approx((100 / count, 100))
    assert x[-1] == pytest.approx(100)


def test_the_chosen_refusal_is_a_point_of_the_curve():
    figure = plots.selective_curve(np.array([0.5, 1.0]), np.array([1.0, 0.7]), REFUSAL)
    point = figure.data[1]
    assert (point.x[0], point.y[0]) == pytest.approx((80, 87.5))


def test_where_nothing_is_answered_there_is_no_point():
    figure = plots.selective_curve(np.array([1.0]), np.array([0.7]), Refusal(1, 10, 0, 0, 3))
    assert len(figure.data) == 1


def test_every_axis_is_named():
    diagram = plots.reliability_diagram(BINS).layout
    assert diagram.title.text
    assert diagram.xaxis2.title.text
    assert diagram.yaxis.title.text
    assert diagram.yaxis2.title.text
    curve = plots.selective_curve(np.array([1.0]), np.array([0.7]), REFUSAL).layout
    assert curve.title.text
    assert curve.xaxis.title.text
    assert curve.yaxis.title.text


def test_the_frame_of_the_matrix_is_round_what_the_gallery_shows():
    counts = np.eye(10, dtype=int)
    assert not plots.confusion_matrix(counts).layout.shapes
    (cell,) = plots.confusion_matrix(counts, true=4, read=9).layout.shapes
    assert (cell.x0, cell.x1, cell.y0, cell.y1) == (8.5, 9.5, 3.5, 4.5)
    (row,) = plots.confusion_matrix(counts, true=4).layout.shapes
    assert (row.x0, row.x1, row.y0, row.y1) == (-0.5, 9.5, 3.5, 4.5)


def test_a_bin_is_a_point_that_says_which_it_is_and_the_chosen_one_stands_out():
    figure = plots.reliability_diagram(BINS, BINS[:1], (plots.AS_IT_IS, 12))
    first = [trace for trace in figure.data if trace.meta == plots.AS_IT_IS]
    assert [list(map(tuple, trace.customdata)) for trace in first] == [
        [(plots.AS_IT_IS, 6), (plots.AS_IT_IS, 12)]
    ] * 2
    assert all(trace.marker.opacity[0] < trace.marker.opacity[1] == 1 for trace in first)
    (mended, _) = [trace for trace in figure.data if trace.meta == "with the temperature"]
    assert mended.marker.opacity[0] < 1


def test_every_place_of_the_curve_can_be_picked():
    figure = plots.selective_curve(np.array([0.5, 1.0]), np.array([1.0, 0.7]), REFUSAL)
    assert list(figure.data[0].customdata) == list(figure.data[0].x)
    assert "markers" in figure.data[0].mode
