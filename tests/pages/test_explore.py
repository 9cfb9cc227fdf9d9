"""Explore, on the digits that are always at hand."""

import re

import numpy as np
import pytest

from digitlab.datasets import load_dataset
from pages.ui.browse import rows_of
from pages.ui.gallery import picked_key
from pages.ui.one_digit import digit_in_words, numbers_table

DIGITS = load_dataset("digits")
GALLERY = f"explore_gallery_{DIGITS.content_hash[:12]}"


@pytest.fixture(autouse=True)
def without_mnist(tmp_path, monkeypatch):
    monkeypatch.delenv("DIGITLAB_DATA_DIR", raising=False)
    monkeypatch.setattr("digitlab.mnist._keras_files", lambda: [tmp_path / "mnist.npz"])


@pytest.fixture
def explore(visit):
    """Opens the page in one of its views."""

    def open_page(view="Browse", **query):
        app = visit("explore", explore_view=view, **query)
        assert not app.exception
        assert not app.error
        return app

    return open_page


def says(app):
    return "\n".join(block.value for block in (*app.markdown, *app.caption))


def test_the_digits_are_there_at_once_and_mnist_is_offered(explore):
    app = explore()
    assert "1,797 digits" in says(app)
    assert "1,437 training, 360 test" in says(app)
    assert app.button(key="mnist_download").label == "Download MNIST"


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


def test_classes_are_counted_and_averaged(explore):
    assert len(explore("Classes", explore_part="all").get("plotly_chart")) == 2


@pytest.mark.parametrize("how", ["divide", "columns", "standardize"])
def test_pixels_before_and_after_each_normalisation(explore, how):
    app = explore("Pixel values", explore_normalization=how)
    assert len(app.get("plotly_chart")) == 1
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
