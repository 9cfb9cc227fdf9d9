"""Curves as text: read back with a parser, as a browser would."""

import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from digitlab.plots import curves_info, learning_curve, learning_rate_info
from digitlab.plots.still import MOST_MARKED, still_curves, still_rate, ticks, whole_ticks
from digitlab.records import BatchProgress, Epoch

EPOCHS = (Epoch(1, 0.9, 0.3, 0.95, 0.2, 0.001, 3.0), Epoch(2, 0.96, 0.1, 0.97, 0.1, 0.001, 3.0))
BATCHES = (BatchProgress(1, 5, 10, 0.5, 2.0, 0.001, 1.0), BatchProgress(2, 5, 10, 0.9, 0.2, 0.1, 4))


def figure_of(lines, metric="loss", planned=None):
    return parsed(still_curves(metric, lines, planned))


def parsed(html):
    return ET.fromstring(html.replace("&nbsp;", ""))


def points(line):
    return [tuple(map(float, xy.split(","))) for xy in line.get("points").split()]


def texts(figure):
    return [text.text for text in figure.iter("text")]


def test_points_lie_by_epoch_within_the_frame_and_a_smaller_loss_lies_lower():
    training, validation = figure_of(curves_info("loss", EPOCHS), planned=4).iter("polyline")
    (first, second) = points(training)
    assert (first[0], second[0]) == (250, 500)
    assert 0 < first[1] < second[1] < 1000
    assert training.get("stroke-dasharray") != validation.get("stroke-dasharray")


def test_the_epochs_to_come_have_their_place_from_the_start():
    assert {"0", "5", "50"} <= set(texts(figure_of(curves_info("loss", EPOCHS), planned=50)))
    assert "3" not in texts(figure_of(curves_info("loss", EPOCHS)))


def test_the_line_within_epochs_is_thin_and_has_no_marks():
    within, _, _ = figure_of(curves_info("loss", EPOCHS, BATCHES)).iter("polyline")
    assert within.get("stroke-width") == "1"
    alone = figure_of(curves_info("loss", (), BATCHES[:1]), planned=2)
    assert not list(alone.iter("path"))
    assert "training" not in "".join(alone.itertext()), "one line needs no legend"


@pytest.mark.parametrize(
    ("metric", "words"),
    [
        ("loss", "epoch 1: loss 0.3 (training)"),
        ("accuracy", "epoch 2: accuracy 97 % (validation)"),
    ],
)
def test_every_epoch_says_its_value(metric, words):
    figure = figure_of(curves_info(metric, EPOCHS), metric)
    assert words in [title.text for title in figure.iter("title")]
    assert figure.get("aria-label") == f"{metric} by epoch"


def test_the_author_s_marks_are_open_and_their_line_is_dotted():
    lines = curves_info("accuracy", EPOCHS, author={"accuracy": (0.91, 0.95)})
    figure = figure_of(lines, "accuracy")
    assert [mark.get("fill") for mark in figure.iter("path")].count("none") == 2
    assert "training, the author's" in "".join(figure.itertext())


def test_an_author_who_trained_for_longer_leaves_no_marks_beside_the_frame():
    lines = curves_info("accuracy", EPOCHS[:1], author={"accuracy": (0.91, 0.95, 0.97)})
    figure = figure_of(lines, "accuracy", planned=2)
    assert [title.text for title in figure.iter("title") if "author" in title.text] == [
        "epoch 1: accuracy 91 % (training, the author's)",
        "epoch 2: accuracy 95 % (training, the author's)",
    ]


@pytest.mark.parametrize("loss", [0.0, 2.3, 1e20])
def test_a_single_point_can_be_drawn_however_large(loss):
    (line,) = figure_of(curves_info("loss", (), [replace(BATCHES[0], loss=loss)])).iter("polyline")
    ((_, y),) = points(line)
    assert 0 <= y <= 1000


def test_very_many_epochs_are_a_line_without_marks():
    epochs = [Epoch(n, 0.9, 1 / n, None, None, 0.001, 3.0) for n in range(1, MOST_MARKED + 2)]
    assert not list(figure_of(curves_info("loss", epochs)).iter("path"))
    assert len(list(figure_of(curves_info("loss", epochs[:-1])).iter("path"))) == MOST_MARKED


def test_before_the_first_point_the_scale_is_that_of_a_guess():
    assert {"0", "100"} <= set(texts(figure_of([], "accuracy", planned=3)))


def test_there_is_no_empty_line_which_would_end_the_html_in_markdown():
    assert "\n" not in still_curves("loss", curves_info("loss", EPOCHS, BATCHES))


def test_a_learning_rate_that_spans_decades_is_drawn_in_decades():
    info = learning_rate_info(EPOCHS, BATCHES)
    assert {"0.001", "0.01", "0.1"} <= set(texts(parsed(still_rate(info))))
    (line,) = parsed(still_rate(info)).iter("polyline")
    assert {y for _, y in points(line)} == {0, 1000}
    falling = (EPOCHS[0], replace(EPOCHS[1], learning_rate=1e-5))
    words = [title.text for title in parsed(still_rate(learning_rate_info(falling))).iter("title")]
    assert words[1].startswith("epoch 2: learning rate 1e-05")


@pytest.mark.parametrize("epochs", [EPOCHS, ()])
def test_a_learning_rate_that_hardly_moves_is_drawn_from_zero(epochs):
    assert "0" in texts(parsed(still_rate(learning_rate_info(epochs), planned=3)))


@pytest.mark.parametrize("metric", ["loss", "accuracy"])
def test_a_chart_is_as_high_while_a_training_is_watched_as_afterwards(metric):
    afterwards = learning_curve(metric, EPOCHS).layout.height
    still = figure_of(curves_info(metric, EPOCHS), metric)
    assert f"height:{afterwards}px" in still.get("style")


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (94.1, 100, [96, 98, 100]),
        (0.02, 0.031, [0.02, 0.03]),
        (0, 0.3, [0, 0.1, 0.2]),
    ],
)
def test_ticks_are_round_numbers(low, high, expected):
    found = ticks(low, high)
    assert set(expected) <= set(found)
    assert 3 <= len(found) <= 8


@pytest.mark.parametrize(
    ("last", "step"), [(1, 1), (12, 1), (13, 2), (25, 5), (100, 10), (150, 20), (500, 50)]
)
def test_epochs_are_told_in_round_steps_a_dozen_at_most(last, step):
    found = whole_ticks(last)
    assert found[:2] == [0, step]
    assert len(found) <= 13
    assert last - step < found[-1] <= last
