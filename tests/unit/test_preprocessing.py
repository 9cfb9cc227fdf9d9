import numpy as np
import pytest
from PIL import Image, ImageDraw

from digitlab.errors import BlankImageError, InputError
from digitlab.network import MNIST_PIXELS
from digitlab.preprocessing import ROAD, as_input, normalized, pixel_statistics, preprocess


def drawing(side=280, width=20, shift=(0, 0), paper=0, ink=255):
    """A seven, drawn with a pen of some width on a square canvas: uint8 (side, side)."""
    image = Image.new("L", (side, side), paper)
    corners = [(0.3, 0.25), (0.7, 0.25), (0.45, 0.75)]
    points = [(x * side + shift[0], y * side + shift[1]) for x, y in corners]
    ImageDraw.Draw(image).line(points, fill=ink, width=width, joint="curve")
    return np.asarray(image)


def difference(one, other):
    return float(np.abs(one.astype(float) - other).mean())


def test_every_stage_is_shown_from_raw_to_centred():
    result = preprocess(drawing())
    assert [stage.key for stage in result.stages] == [
        "raw",
        "polarity",
        "noise_floor",
        "crop",
        "fit",
        "centre",
    ]
    assert all(stage.image.dtype == np.uint8 for stage in result.stages)
    assert max(result.stages[4].image.shape) == 20
    assert result.stages[-1].image is result.image
    assert result.image.shape == (28, 28)


def test_a_digit_drawn_in_a_corner_is_read_like_one_in_the_middle():
    middle = preprocess(drawing()).image
    corner = preprocess(drawing(shift=(-70, -60))).image
    assert np.array_equal(middle, corner)


def test_a_small_drawing_is_read_like_a_large_one():
    large = preprocess(drawing(side=280, width=20)).image
    small = preprocess(np.pad(drawing(side=140, width=10), 70)).image
    assert difference(large, small) < 4


def test_dark_ink_on_light_paper_is_read_like_light_ink_on_dark():
    assert np.array_equal(preprocess(drawing()).image, preprocess(255 - drawing()).image)


def test_grey_pencil_on_grey_paper_becomes_white_on_black():
    image = preprocess(drawing(paper=170, ink=110)).image
    assert np.array_equal(image, preprocess(drawing()).image)


def test_grain_and_a_shadow_on_the_paper_disappear():
    ink = drawing() / 255 * 120
    shadow = np.linspace(-25, 25, 280)[None, :]
    grain = np.random.default_rng(0).normal(0, 4, ink.shape)
    photo = np.clip(190 + shadow + grain - ink, 0, 255).astype(np.uint8)
    assert difference(preprocess(photo).image, preprocess(drawing()).image) < 6


def test_a_speck_of_dust_does_not_shrink_the_digit():
    dusty = drawing().copy()
    dusty[270:273, 4:7] = 255
    assert np.array_equal(preprocess(dusty).image, preprocess(drawing()).image)


def test_the_ink_keeps_its_aspect_and_its_mass_lies_on_the_centre():
    result = preprocess(drawing(side=200, width=6)[:, 40:160])
    cropped, fitted = result.stages[3].image, result.stages[4].image
    assert fitted.shape[1] / fitted.shape[0] == pytest.approx(
        cropped.shape[1] / cropped.shape[0], abs=0.03
    )
    weights = result.image.astype(float)
    rows, columns = np.mgrid[:28, :28]
    assert (weights * rows).sum() / weights.sum() == pytest.approx(14, abs=0.51)
    assert (weights * columns).sum() / weights.sum() == pytest.approx(14, abs=0.51)


def test_a_digit_of_mnist_size_and_place_comes_out_nearly_as_it_went_in():
    once = preprocess(drawing(side=280, width=24)).image
    assert difference(preprocess(once).image, once) < 4


def test_a_hair_thin_pen_gives_bright_strokes():
    image = preprocess(drawing(side=1000, width=1)).image
    assert image.max() == 255
    assert (image > 200).sum() > 10


@pytest.mark.parametrize(
    "blank",
    [
        np.zeros((280, 280), np.uint8),
        np.full((280, 280), 255, np.uint8),
        np.full((1, 1), 90, np.uint8),
        np.zeros((0, 5), np.uint8),
        np.zeros((50, 50, 4), np.uint8),
        np.random.default_rng(1).normal(240, 3, (90, 90)).clip(0, 255).astype(np.uint8),
    ],
    ids=["black", "white", "one pixel", "no pixels", "transparent", "bare paper"],
)
def test_a_picture_without_ink_is_a_named_error(blank):
    with pytest.raises(BlankImageError, match="nothing to read"):
        preprocess(blank)


@pytest.mark.parametrize("shape", [(3, 3), (280, 280), (2000, 1500), (5, 400)])
def test_a_single_dot_is_never_more_than_a_dot(shape):
    picture = np.zeros(shape, np.uint8)
    picture[shape[0] // 2, shape[1] // 2] = 255
    image = preprocess(picture).image
    assert image.shape == (28, 28)
    assert image.max() == 255


def test_no_picture_of_any_size_and_content_raises_anything_but_blank():
    rng = np.random.default_rng(2)
    read = 0
    for number in range(500):
        height, width = rng.integers(1, 50, 2)
        colours = [(), (3,), (4,)][number % 3]
        picture = rng.integers(0, 256, (height, width, *colours)).astype(np.uint8)
        if number % 2:
            picture *= rng.random(picture.shape) < 0.03
        try:
            assert preprocess(picture).image.shape == (28, 28)
            read += 1
        except BlankImageError:
            pass
    assert read > 50


def test_colour_is_read_by_its_brightness():
    red_on_white = np.repeat(255 - drawing()[..., None], 3, axis=2)
    red_on_white[..., 0] = 255
    assert difference(preprocess(red_on_white).image, preprocess(drawing()).image) < 1


@pytest.mark.parametrize("ink", [0, 255])
def test_ink_on_a_transparent_ground_is_read_whatever_its_colour(ink):
    picture = np.full((280, 280, 4), ink, np.uint8)
    picture[..., 3] = drawing()
    assert np.array_equal(preprocess(picture).image, preprocess(drawing()).image)


def test_a_white_card_with_transparent_corners_is_paper():
    picture = np.repeat(255 - drawing()[..., None], 4, axis=2)
    picture[..., 3] = 255
    picture[:20, :20, 3] = 0
    assert np.array_equal(preprocess(picture).image, preprocess(drawing()).image)


def test_an_array_that_is_no_picture_is_named_by_its_shape_and_type():
    with pytest.raises(InputError, match=r"got float64 \(28, 28\)"):
        preprocess(np.zeros((28, 28)))
    with pytest.raises(InputError, match=r"got uint8 \(28, 28, 2\)"):
        preprocess(np.zeros((28, 28, 2), np.uint8))


@pytest.mark.parametrize("key", ["noise_floor", "crop", "fit", "centre"])
def test_a_step_left_out_shows_what_came_to_it(key):
    picture = drawing(shift=(-60, 30), paper=215, ink=88)
    result = preprocess(picture, frozenset((key,)))
    place = list(ROAD).index(key)
    assert result.stages[place + 1].image is result.stages[place].image
    assert result.image.shape == (28, 28)
    assert not np.array_equal(result.image, preprocess(picture).image)


def test_dark_ink_whose_polarity_is_left_is_no_ink():
    with pytest.raises(BlankImageError, match="nothing to read"):
        preprocess(255 - drawing(), frozenset(("polarity",)))


def test_the_field_s_commonest_bug_is_a_road_of_no_steps():
    squashed = preprocess(drawing(), frozenset(ROAD)).image
    assert np.array_equal(squashed, as_input(drawing()))
    assert squashed[:5].max() == 0


def test_no_choice_of_steps_raises_anything_but_blank():
    pictures = [
        drawing(),
        255 - drawing(),
        np.full((30, 30), 255, np.uint8),
        np.pad(np.full((1, 1), 255, np.uint8), 400),
        np.random.default_rng(4).integers(0, 256, (7, 300)).astype(np.uint8),
    ]
    for mask in range(2 ** len(ROAD)):
        left_out = frozenset(key for bit, key in enumerate(ROAD) if mask >> bit & 1)
        for picture in pictures:
            try:
                assert preprocess(picture, left_out).image.shape == (28, 28)
            except BlankImageError:
                assert left_out < set(ROAD)


def test_a_picture_smaller_than_the_input_is_put_in_its_middle():
    image = as_input(np.full((20, 10), 9, np.uint8))
    assert image.shape == (28, 28)
    assert (image[4:24, 9:19] == 9).all()
    assert image.sum() == 20 * 10 * 9


def test_pixel_statistics_are_exact():
    images = np.random.default_rng(3).integers(0, 256, (1500, 4, 4)).astype(np.uint8)
    pixels = pixel_statistics(images)
    assert pixels.mean == pytest.approx(images.mean())
    assert pixels.standard_deviation == pytest.approx(images.std())


def test_each_normalisation_does_what_its_name_says():
    images = np.stack([preprocess(drawing()).image, preprocess(drawing(width=30)).image])
    assert normalized(images, "divide", MNIST_PIXELS).max() == 1
    columns = np.linalg.norm(normalized(images, "columns", MNIST_PIXELS), axis=1)
    assert np.allclose(columns[columns > 0], 1)
    assert (columns == 0).any()
    standardised = normalized(images, "standardize", pixel_statistics(images))
    assert standardised.mean() == pytest.approx(0, abs=1e-5)
    assert standardised.std() == pytest.approx(1, abs=1e-5)
