"""Explore, on the digits that are always at hand."""

import json
import re

import numpy as np
import pytest

from digitlab.datasets import load_dataset
from digitlab.drawings import as_upload, keep_drawing
from digitlab.pixels import ink_of
from digitlab.similarity import Sketches, nearest
from digitlab.sources.uploads import AT_HOME
from pages.ui.answers import a
from pages.ui.explore.filters import rows_of
from pages.ui.explore.many_digits import digit_in_words
from pages.ui.explore.one_digit import numbers_table
from pages.ui.explore.pixel_views import using
from pages.ui.gallery import picked_key
from tests.pages.conftest import says, well

DIGITS = load_dataset("digits")
GALLERY = f"explore_gallery_{DIGITS.content_hash[:12]}"


pytestmark = pytest.mark.usefixtures("without_mnist")


@pytest.fixture
def explore(visit):
    """Opens the page in one of its views."""

    def open_page(view="Browse", **query):
        return well(visit("explore", explore_view=view, **query))

    return open_page


def charts(app):
    return "\n".join(chart.proto.spec for chart in app.get("plotly_chart"))


def test_the_digits_are_there_at_once_and_mnist_is_offered(explore):
    app = explore()
    assert "1,797 digits" in says(app)
    assert "1,437 training, 360 test" in says(app)
    assert app.button(key="mnist_download").label == "Download MNIST"


@pytest.mark.usefixtures("at_home")
def test_one_digit_is_spoken_of_as_one(explore):
    keep_drawing(AT_HOME, DIGITS.images[0], 0, prompted=True)
    title = as_upload(AT_HOME, in_use=[]).title
    said = says(explore(explore_dataset=title, explore_part="test"))
    assert "1 digit of yours: 0 training, 1 test." in said
    assert "1 digit. Pick one" in said


def test_a_page_of_digits_and_the_first_one_large(explore):
    app = explore()
    assert "1,437 digits. Pick one to see it large." in says(app)
    assert "**This is a 0.** Training digit 0." in says(app)


def test_part_and_label_filter_the_gallery_and_stand_in_the_url(explore):
    app = explore(explore_part="test", explore_label="8")
    eights = (DIGITS.labels[DIGITS.train_count :] == 8).sum()
    assert f"{eights} digits. Pick one" in says(app)
    assert "**This is an 8.** Test digit" in says(app)


def test_a_wrong_filter_in_the_url_is_ignored(explore):
    app = explore(explore_part="nothing", explore_label="12", explore_dataset="/etc/passwd")
    assert app.toast[0].value == "There is no dataset '/etc/passwd' here."
    assert "1,437 digits. Pick one" in says(app)


def test_going_to_a_digit_picks_it_and_opens_its_page(explore):
    app = explore()
    app.number_input(key="explore_jump").set_value(1000).run()
    assert f"**This is a {DIGITS.labels[1000]}.** Training digit 1000." in says(app)
    assert app.session_state["explore_page_24"] == 1000 // 60 + 1


def test_going_to_a_digit_opens_a_filter_that_hides_it(explore):
    other = str((int(DIGITS.labels[1500]) + 1) % 10)
    app = explore(explore_label=other)
    app.number_input(key="explore_jump").set_value(1500).run()
    assert f"Test digit {1500 - DIGITS.train_count}, digit 1500 of all" in says(app)
    assert app.session_state["explore_part"] == "all"
    assert app.session_state["explore_label"] == "any"


def test_a_digit_at_random_is_one_that_the_filter_lets_through(explore):
    app = explore(explore_part="test", explore_label="7")
    app.button(key="explore_any").click().run()
    assert "**This is a 7.** Test digit" in says(app)


def test_a_picked_digit_is_shown_large(explore):
    app = explore()
    app.session_state[picked_key(GALLERY)] = 5
    app.run()
    assert "**This is a 5.** Training digit 5." in says(app)


def test_one_digit_as_heatmap_and_as_numbers(explore):
    app = explore()
    view = app.segmented_control(key="explore_one")
    view.set_value("Heatmap").run()
    assert len(app.get("plotly_chart")) == 1
    app.segmented_control(key="explore_one").set_value("Numbers").run()
    assert "pixel-numbers" in app.get("html")[0].proto.body


def test_the_table_of_numbers_holds_every_pixel_in_order():
    image = np.arange(784).reshape(28, 28).astype(np.uint8)
    cells = re.findall(r">(\d+)</td>", numbers_table(image, "a digit"))
    assert [int(cell) for cell in cells] == image.ravel().tolist()


@pytest.mark.parametrize("size", ["3×3", "5×5"])
def test_another_sample_shows_other_digits_and_the_same_seed_the_same(explore, size):
    app = explore("Random sample")
    app.segmented_control(key="explore_grid").set_value(size).run()
    first = says(app)
    app.button(key="explore_again").click().run()
    assert app.number_input(key="explore_seed").value == 43
    assert says(app) != first
    app.number_input(key="explore_seed").set_value(42).run()
    assert says(app) == first


def test_the_sampled_table_has_the_tutorials_columns(explore):
    table = explore("Table", explore_part="test").dataframe[0].value
    assert list(table.columns) == [*(f"pixel{n}" for n in range(1, 785)), "class"]
    assert len(table) == 10
    assert (table.index >= DIGITS.train_count).all()
    assert (table["class"] == DIGITS.labels[table.index]).all()
    assert (table["pixel400"] == DIGITS.images.reshape(-1, 784)[table.index, 399]).all()


def test_ink_and_brightness_filter_the_gallery_and_stand_in_the_url(explore):
    ink = ink_of(DIGITS.images[: DIGITS.train_count])
    wanted = (ink.amount >= 0.2) & (ink.amount <= 0.25) & (ink.brightness >= 150)
    app = explore(explore_ink=["20", "25"], explore_brightness=["150", "255"])
    expected = f"{wanted.sum()} digits with 20–25 % ink and brightness 150–255."
    assert 0 < wanted.sum() < len(wanted)
    assert expected in says(app)
    row = int(np.flatnonzero(wanted)[0])
    assert f"**This is {a(int(DIGITS.labels[row]))}.** Training digit {row}." in says(app)


def test_a_filter_that_lets_nothing_through_says_so(explore):
    app = explore(explore_ink=["99", "100"], explore_label="3")
    assert app.info[0].value == "No 3 among the training digits with 99–100 % ink."


def test_going_to_a_digit_opens_the_ink_filter_that_hides_it(explore):
    amounts = 100 * ink_of(DIGITS.images).amount
    row = int(amounts.argmin())
    app = explore(explore_ink=[str(int(amounts[row]) + 2), "100"])
    app.number_input(key="explore_jump").set_value(row).run()
    assert tuple(app.session_state["explore_ink"]) == (0, 100)
    assert f"digit {row}" in says(app).lower()


def test_the_digits_most_like_one_and_the_pair_side_by_side(explore):
    app = explore()
    app.segmented_control(key="explore_one").set_value("Alike").run()
    assert not app.error
    rows, alike = nearest(Sketches.of(DIGITS.images), 0, 12)
    own = (DIGITS.labels[rows] == DIGITS.labels[0]).sum()
    assert f"The 12 most like it among all 1,797; {own} of them have its label." in says(app)
    pair = f"A 0, training digit 0, and {digit_in_words(DIGITS, rows[0])}: {100 * alike[0]:.1f} %"
    assert pair in says(app)
    app.session_state["explore_one_alike_picked"] = int(rows[5])
    app.run()
    assert f"and {digit_in_words(DIGITS, rows[5])}: {100 * alike[5]:.1f} % alike" in says(app)


def test_one_digit_as_the_row_of_a_table(explore):
    app = explore()
    app.segmented_control(key="explore_one").set_value("Row").run()
    table = app.dataframe[0].value
    assert table.shape == (1, 785)
    assert table.iloc[0, :-1].tolist() == DIGITS.images[0].ravel().tolist()
    assert table["class"].tolist() == [DIGITS.labels[0]]


@pytest.mark.parametrize("kind", ["Mean", "Spread", "Two compared"])
def test_classes_are_counted_and_drawn(explore, kind):
    app = explore("Classes", explore_part="all", explore_pictures=kind)
    assert len(app.get("plotly_chart")) == 2


def test_two_classes_to_be_compared_are_chosen(explore):
    app = explore("Classes", explore_pictures="Two compared", explore_first="3")
    assert app.selectbox(key="explore_first").value == "3"
    assert "Where 3 has more ink (orange) and where 9 (blue)" in charts(app)
    app.selectbox(key="explore_second").set_value("8").run()
    assert "Where 3 has more ink (orange) and where 8 (blue)" in charts(app)


def test_a_class_opens_its_digits(explore):
    app = explore("Classes", explore_part="test")
    assert "Pick a class" in says(app)
    app.pills(key="explore_class").set_value("6").run()
    sixes = (DIGITS.labels[DIGITS.train_count :] == 6).sum()
    assert f"{sixes} test digits are a 6." in says(app)


def test_a_bar_opens_a_class_among_a_part(explore):
    app = explore("Classes", explore_part="all", explore_class="6", explore_class_part="test")
    sixes = (DIGITS.labels[DIGITS.train_count :] == 6).sum()
    assert f"{sixes} test digits are a 6." in says(app)
    app.segmented_control(key="explore_class_part").set_value("all").run()
    assert f"{(DIGITS.labels == 6).sum()} digits are a 6." in says(app)


def test_the_picture_of_the_class_that_is_shown_is_framed(explore):
    assert "shapes" not in pictures(explore("Classes"))["layout"]
    (frame,) = pictures(explore("Classes", explore_class="3"))["layout"]["shapes"]
    assert frame["xref"] == "x4 domain"


def pictures(app):
    return json.loads(app.get("plotly_chart")[1].proto.spec)


def test_a_pixel_of_two_compared_classes_opens_their_digits(explore):
    app = explore("Classes", explore_pictures="Two compared", explore_first="3")
    app.session_state["explore_difference_pixel"] = (14, 14)
    app.run()
    training = DIGITS.labels[: DIGITS.train_count]
    inked = (DIGITS.images[: DIGITS.train_count, 14, 14] > 0) & np.isin(training, (3, 9))
    assert f"{inked.sum()} that are a 3 or a 9 have ink in row 14, column 14" in says(app)
    app.pills(key="explore_class").set_value("6").run()
    assert "training digits are a 6." in says(app)


def test_ink_is_drawn_and_measured_only_where_its_box_is_open(explore):
    app = explore()
    assert not charts(app)
    app.session_state["explore_ink_open"] = True
    app.run()
    assert not app.exception
    assert len(app.get("plotly_chart")) == 2


def test_the_pixels_that_are_never_used_are_counted(explore):
    never = (~DIGITS.images[: DIGITS.train_count].any(axis=0)).sum()
    assert f"{never} of 784 pixels are never used" in charts(explore("Pixel values"))


def test_a_bar_of_pixel_values_opens_the_digits_with_most_of_them(explore):
    app = explore("Pixel values", explore_part="test")
    assert "Click a bar on the left to see the digits with most such pixels." in says(app)
    app.session_state["explore_histogram_bar"] = (120, 127)
    app.run()
    images = DIGITS.images[DIGITS.train_count :]
    has_some = ((images >= 120) & (images <= 127)).any(axis=(1, 2))
    assert f"{has_some.sum()} have pixels of 120–127, those with most first." in says(app)
    app.session_state["explore_histogram_bar"] = (256, 263)
    app.run()
    assert app.info[0].value == "No digit has pixels of 256–263."


def test_a_pixel_opens_the_digits_that_use_it(explore):
    app = explore("Pixel values", explore_pixel_row="5", explore_pixel_column="14")
    inked = np.flatnonzero(DIGITS.images[: DIGITS.train_count, 5, 14])
    assert f"{len(inked):,} have ink in row 5, column 14, the brightest first." in says(app)
    app.number_input(key="explore_pixel_row").set_value(0).run()
    assert app.info[0].value == "No digit has ink in row 0, column 14."


def test_the_digits_that_use_a_pixel_come_brightest_first():
    rows = rows_of(DIGITS, "test")
    found = using(DIGITS, rows, 10, 10)
    values = DIGITS.images[found, 10, 10].astype(int)
    assert (values > 0).all()
    assert (np.diff(values) <= 0).all()
    assert len(found) == (DIGITS.images[rows, 10, 10] > 0).sum()


@pytest.mark.parametrize("how", ["divide", "columns", "standardize"])
def test_pixels_before_and_after_each_normalisation(explore, how):
    app = explore("Pixel values", explore_normalization=how)
    assert len(app.get("plotly_chart")) == 2
    assert f"{how}: " in says(app)


@pytest.mark.parametrize(("part", "count"), [("training", 1437), ("test", 360), ("all", 1797)])
def test_rows_of_a_part(part, count):
    rows = rows_of(DIGITS, part)
    assert len(rows) == count
    threes = rows_of(DIGITS, part, "3")
    assert (DIGITS.labels[threes] == 3).all()
    assert set(threes) <= set(rows)


def test_a_digit_in_words():
    assert digit_in_words(DIGITS, 8) == "an 8, training digit 8"
    assert digit_in_words(DIGITS, 1437).endswith(", test digit 0")
