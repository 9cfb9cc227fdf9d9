import json
import math
import warnings

import numpy as np
import pytest

from digitlab import plots
from digitlab.evaluation import evaluate
from digitlab.records import BatchProgress, Epoch

EPOCHS = (
    Epoch(1, 0.90, 0.30, 0.95, 0.20, 0.001, 3.0),
    Epoch(2, 0.96, 0.10, 0.97, 0.08, 0.001, 3.0),
)
UNWATCHED = tuple(Epoch(e.epoch, e.accuracy, e.loss, None, None, 0.001, 3.0) for e in EPOCHS)
BATCHES = (
    BatchProgress(1, 50, 100, 0.5, 2.0, 0.001, 1.0),
    BatchProgress(2, 25, 100, 0.9, 0.3, 0.001, 4.0),
)
AUTHOR = {"accuracy": (0.91, 0.95), "val_accuracy": (0.94,)}


def digits():
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (40, 28, 28)).astype(np.uint8)
    return images, np.arange(40, dtype=np.uint8) % 10


def some_evaluation():
    labels = np.arange(100, dtype=np.uint8) % 10
    probabilities = np.eye(10)[labels]
    probabilities[4] = np.eye(10)[9]
    return evaluate(labels, probabilities)


def by_name(series):
    return {line.name: line for line in series}


def test_points_within_epochs_lie_at_their_share_of_the_epoch():
    line = by_name(plots.curves_info("accuracy", EPOCHS, BATCHES))["training, within epochs"]
    assert (line.x, line.y) == ([0.5, 1.25], [50.0, 90.0])


def test_accuracy_is_drawn_in_per_cent_and_loss_as_it_is():
    assert by_name(plots.curves_info("accuracy", EPOCHS))["validation"].y == [95.0, 97.0]
    assert by_name(plots.curves_info("loss", EPOCHS))["validation"].y == [0.20, 0.08]


def test_training_and_validation_differ_in_more_than_their_colour():
    lines = by_name(plots.curves_info("loss", EPOCHS))
    assert lines["training"].colour == plots.TRAINING
    assert lines["validation"].colour == plots.VALIDATION
    assert lines["training"].dash != lines["validation"].dash
    assert lines["training"].symbol != lines["validation"].symbol


def test_without_validation_there_is_no_validation_line():
    assert list(by_name(plots.curves_info("loss", UNWATCHED))) == ["training"]


def test_the_authors_figures_are_dotted_and_marked_as_theirs():
    lines = by_name(plots.curves_info("accuracy", EPOCHS, author=AUTHOR))
    assert lines["training, the author's"].y == [91.0, 95.0]
    assert lines["training, the author's"].dash == "dot"
    assert lines["validation, the author's"].x == [1]
    assert "training, the author's" not in by_name(plots.curves_info("loss", EPOCHS, author=AUTHOR))


def test_the_scale_follows_the_epochs_and_not_the_first_batches():
    figure = plots.learning_curve("loss", EPOCHS, BATCHES)
    assert figure.layout.yaxis.range[1] < 0.4


def test_the_first_epoch_is_in_sight_beside_an_authors_figures():
    batches = [BatchProgress(1, i, 10, 0.1 * i, 2.3 - 0.2 * i, 0.001, i) for i in range(1, 9)]
    figure = plots.learning_curve("accuracy", (), batches, AUTHOR | {"accuracy": [0.91, 0.95]})
    shown = figure.layout.yaxis.range
    assert shown[0] < 10 < 95 < shown[1]


def test_there_are_a_dozen_ticks_at_whole_epochs_at_most():
    assert plots.learning_curve("loss", EPOCHS).layout.xaxis.dtick == 1
    epochs = [Epoch(n, 0.9, 1 / n, None, None, 0.001, 3.0) for n in range(1, 51)]
    axis = plots.learning_curve("loss", epochs).layout.xaxis
    assert axis.range == pytest.approx((0, 51))
    assert axis.dtick == 5


def test_marks_on_an_axis_are_whole():
    assert not any(line.cliponaxis for line in plots.learning_curve("loss", EPOCHS).data)


@pytest.mark.parametrize(("metric", "highest"), [("loss", 2.5), ("accuracy", 100)])
def test_before_the_first_batch_the_axes_start_at_zero(metric, highest):
    figure = plots.learning_curve(metric, (), author=AUTHOR)
    assert tuple(figure.layout.yaxis.range) == (0, highest)
    assert figure.layout.xaxis.range[0] == 0


def test_an_epoch_that_is_looked_at_has_a_line_through_it():
    (line,) = plots.learning_curve("loss", EPOCHS, marked=2).layout.shapes
    assert (line.x0, line.x1) == (2, 2)


def test_the_learning_rate_is_drawn_within_epochs_too():
    changed = BatchProgress(2, 50, 100, 0.9, 0.3, 0.0005, 4.0)
    line = plots.learning_rate_info(EPOCHS[:1], (*BATCHES, changed))
    assert list(zip(line.x, line.y, strict=True)) == [
        (0.5, 0.001), (1.0, 0.001), (1.25, 0.001), (1.5, 0.0005),
    ]  # fmt: skip


@pytest.mark.parametrize(("last", "scale"), [(0.0001, "log"), (0.0005, None)])
def test_a_learning_rate_that_spans_decades_has_a_scale_of_decades(last, scale):
    epochs = (EPOCHS[0], Epoch(2, 0.9, 0.3, None, None, last, 3.0))
    first = BatchProgress(1, 1, 100, 0.5, 2.0, 0.002, 1.0)
    assert plots.learning_rate_curve(epochs, (first,)).layout.yaxis.type == scale


def test_filters_are_blue_below_zero_white_at_zero_and_red_above_on_one_scale():
    filters = np.zeros((1, 1, 3), np.float32)
    filters[0, 0] = -0.5, 0, 0.25
    picture = plots.filter_picture(filters, widest=5)
    assert picture.shape == (1, 5, 4)
    (low, gap, zero, _, high) = picture[0].tolist()
    assert low == [33, 102, 172, 255]
    assert zero == [247, 247, 247, 255]
    assert 178 < high[0] < 247, "half as far as the largest"
    assert high[0] > high[2]
    assert gap[3] == 0, "the page shows through"


@pytest.mark.parametrize("count", [1, 6, 32, 512])
def test_every_weight_of_the_filters_is_a_square_of_whole_pixels(count):
    filters = np.random.default_rng(0).normal(size=(3, 3, count)).astype(np.float32)
    picture = plots.filter_picture(filters)
    assert picture.shape[1] <= 264
    opaque = (picture[..., 3] == 255).sum()
    side = math.isqrt(opaque // (9 * count))
    assert opaque == 9 * count * side**2
    assert (picture[:side, :side] == picture[0, 0]).all()


def test_filters_that_are_all_zero_are_white():
    assert (plots.filter_picture(np.zeros((3, 3, 4)))[0, 0] == (247, 247, 247, 255)).all()


def test_the_two_axis_chart_shows_training_loss_and_accuracy_on_scales_of_their_own():
    figure = plots.two_axis_curves(EPOCHS, AUTHOR)
    axes = {trace.name: trace.yaxis for trace in figure.data}
    assert axes == {"loss": "y", "accuracy": "y2", "accuracy, the author's": "y2"}


def test_the_confusion_matrix_normalises_each_row():
    values, text = plots.confusion_info(np.array([[3, 1], [0, 0]]), True, False)
    assert values[0].tolist() == [75.0, 25.0]
    assert text == [["75.0", "25.0"], ["", ""]]


def test_the_confusion_matrix_can_hide_what_was_read_rightly():
    values, text = plots.confusion_info(np.array([[3, 1], [2, 4000]]), False, True)
    assert np.isnan(values.diagonal()).all()
    assert text == [["", "1"], ["2", ""]]


def test_every_cell_of_the_confusion_matrix_can_be_picked_and_says_what_it_is():
    points = plots.confusion_matrix(some_evaluation()).data[1]
    assert points.customdata[49] == [4, 9]
    assert points.hovertext[49] == "1 of 10 that are a 4 were read as 9 (10.00 %)"


def test_a_class_without_digits_has_no_mean_picture_and_causes_no_warning():
    images, labels = digits()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        means = plots.mean_digits_info(images[:5], labels[:5])
    assert np.allclose(means[3], images[3])
    assert np.isnan(means[9]).all()


def test_the_histogram_counts_every_pixel_once():
    images, _ = digits()
    middles, shares = plots.histogram_info(images)
    assert len(middles) == len(shares) == 32
    assert shares.sum() == pytest.approx(1)


def test_a_bar_of_the_histogram_holds_the_brightness_that_it_names():
    images = np.array([[0, 7, 8, 255]], np.uint8)
    before = plots.pixel_histogram(images, images / 255, "divide", (248, 255)).data[0]
    heights = {tuple(ends): share for ends, share in zip(before.customdata, before.y, strict=True)}
    assert {ends for ends, share in heights.items() if share} == {(0, 7), (8, 15), (248, 255)}
    assert heights[0, 7] == 50
    assert [o == 1 for o in before.marker.opacity] == [False] * 31 + [True]


def all_figures():
    images, labels = digits()
    evaluation = some_evaluation()
    return {
        "class_counts": plots.class_counts({"training": labels, "test": labels[:0]}),
        "digit_heatmap": plots.digit_heatmap(images[0], "Digit 0, a 0"),
        "mean_digits": plots.mean_digits(images, labels),
        "pixel_histogram": plots.pixel_histogram(images, images / 255, "divide", (8, 15)),
        "confusion_matrix": plots.confusion_matrix(evaluation, normalise=True),
        "loss": plots.learning_curve("loss", EPOCHS, BATCHES, AUTHOR),
        "accuracy": plots.learning_curve("accuracy", EPOCHS),
        "two_axis": plots.two_axis_curves(EPOCHS, AUTHOR),
        "nothing yet": plots.learning_curve("loss", ()),
        "learning_rate": plots.learning_rate_curve(EPOCHS, BATCHES),
        "no learning rate yet": plots.learning_rate_curve(()),
        "one epoch": plots.learning_curve("loss", EPOCHS[:1]),
    }


@pytest.mark.parametrize("name", list(all_figures()))
def test_every_figure_has_a_title_and_leaves_background_and_text_to_the_theme(name):
    figure = json.loads(all_figures()[name].to_json())
    assert figure["layout"]["title"]["text"]
    assert figure["layout"]["template"]["layout"]["paper_bgcolor"] == "rgba(0,0,0,0)"
    assert "color" not in figure["layout"].get("font", {})


@pytest.mark.parametrize("name", ["class_counts", "digit_heatmap", "loss", "learning_rate"])
def test_every_axis_is_named(name):
    layout = all_figures()[name].layout
    assert layout.xaxis.title.text
    assert layout.yaxis.title.text


def test_ten_classes_have_ten_colours():
    assert len(set(plots.CLASS_COLOURS)) == 10


def test_a_bar_of_a_class_says_its_part_and_its_label():
    labels = np.array([0, 1, 1, 9], np.uint8)
    figure = plots.class_counts({"training": labels, "test": labels[:1]}, chosen=1, among="test")
    training, test = figure.data
    assert training.customdata[1] == ["training", 1, 50]
    assert test.customdata[0] == ["test", 0, 100]
    assert set(training.marker.opacity) == {test.marker.opacity[0]}
    assert test.marker.opacity[1] == 1


def test_what_a_bar_counts_is_what_a_slider_with_its_ends_lets_through():
    values = np.array([0, 1, 2, 2, 3.5, 9])
    counts = plots.ranges_info(values, 2)
    assert counts == {(0, 2): 4, (2, 4): 3, (4, 6): 0, (6, 8): 0, (8, 10): 1}
    bars = plots.range_bars(values, 2, (2, 4), "Ink", " %").data[0]
    assert bars.customdata[1] == [2, 4]
    assert [opacity == 1 for opacity in bars.marker.opacity] == [False, True, False, False, False]


def test_no_values_make_one_empty_bar():
    assert plots.ranges_info(np.array([]), 2) == {(0, 2): 0}


def test_axes_of_clothes_are_not_called_digits():
    labels = np.zeros(3, np.uint8)
    names = tuple("abcdefghij")
    assert plots.class_counts({"training": labels}, names).layout.xaxis.title.text == "class"
