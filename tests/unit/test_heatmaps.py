import warnings

import numpy as np

from digitlab import plots

GENERATOR = np.random.default_rng(0)
IMAGES = GENERATOR.integers(0, 256, (40, 28, 28)).astype(np.uint8)
LABELS = np.arange(40, dtype=np.uint8) % 9


def test_the_difference_of_two_classes_is_that_of_their_means():
    found = plots.class_difference_info(IMAGES, LABELS, 3, 8)
    expected = IMAGES[LABELS == 3].mean(axis=0) - IMAGES[LABELS == 8].mean(axis=0)
    assert np.allclose(found, expected)


def test_a_class_without_digits_differs_from_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert (plots.class_difference_info(IMAGES, LABELS, 9, 3) == 0).all()
        plots.class_difference(IMAGES, LABELS, 9, 3)
        plots.spread_digits(IMAGES, LABELS)


def test_classes_go_by_their_names():
    names = tuple("abcdefghij")
    figure = plots.class_difference(IMAGES, LABELS, 3, 8, names)
    assert figure.layout.title.text == "Where d has more ink (orange) and where i (blue)"


def test_the_scale_of_a_difference_has_nothing_in_its_middle():
    heatmap = plots.class_difference(IMAGES, LABELS, 3, 8).data[0]
    assert heatmap.zmin == -heatmap.zmax
    assert heatmap.zmax == np.abs(heatmap.z).max()


def test_pixels_that_no_digit_uses_are_counted_in_the_title_and_left_open():
    images = IMAGES | 1
    images[:, :, 20:] = 0
    figure = plots.used_pixels(images)
    assert figure.layout.title.text == "224 of 784 pixels are never used"
    assert np.isnan(figure.data[0].z[:, 20:]).all()
    assert np.isfinite(figure.data[0].z[:, :20]).all()


def test_every_pixel_can_be_selected_and_says_how_many_use_it():
    images = np.zeros((3, 28, 28), np.uint8)
    images[:2, 5, 7] = 9
    points = plots.used_pixels(images).data[1]
    at = 5 * 28 + 7
    assert tuple(points.customdata[at]) == (5, 7)
    assert (points.x[at], points.y[at]) == (7, 5)
    assert points.text[at] == "ink in 2 of 3 digits"


def test_digits_without_any_ink_are_drawn_too():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = plots.used_pixels(np.zeros((3, 28, 28), np.uint8))
    assert figure.layout.title.text == "784 of 784 pixels are never used"


def test_each_mean_picture_is_a_point_and_can_be_framed():
    figure = plots.mean_digits(IMAGES, LABELS)
    points = [trace for trace in figure.data if trace.type == "scatter"]
    assert [point.customdata[0] for point in points] == list(range(10))
    (frame,) = plots.framed(figure, 3).layout.shapes
    assert frame.xref == f"{points[3].xaxis} domain"
    assert plots.framed(figure, 0).layout.shapes[0].xref == "x domain"
    assert not figure.layout.shapes


def test_each_pixel_of_a_difference_can_be_picked():
    points = plots.class_difference(IMAGES, LABELS, 3, 8).data[1]
    assert points.customdata[28] == [1, 0]
    assert points.text[0].endswith("from 8 to 3")
