"""The augmentation view of Explore: sliders from the declared fields, and the digits under them."""

import pytest

from digitlab.recognisers import pretrained_card
from pages.ui.train.augmented import FIELDS
from tests.pages.conftest import well


@pytest.fixture
def view(visit, without_mnist):
    """Opens the view on the digits that are always at hand."""

    def open_page(**query):
        return well(visit("explore", explore_view="Augmentation", **query))

    return open_page


def sliders(page):
    return {slider.label: slider.value for slider in page.slider}


def picture(page):
    (image,) = page.get("image")
    return image.proto.imgs[0].url


def test_every_field_has_a_slider_that_starts_as_the_shipped_recogniser_was_trained(view):
    config = pretrained_card().config
    assert sliders(view()) == {field.label: getattr(config, field.name) for field in FIELDS}


def test_another_value_shows_another_picture(view):
    page = view()
    before, rotation = picture(page), page.slider(key="explore_rotation").value
    page.slider(key="explore_rotation").set_value(90.0).run()
    assert picture(page) != before
    page.slider(key="explore_rotation").set_value(rotation).run()
    assert picture(page) == before


def test_the_values_stand_in_the_url(view):
    assert sliders(view(explore_rotation="45"))["Rotation"] == 45


def test_with_every_slider_at_its_lowest_a_sentence_says_that_nothing_is_changed(view):
    page = view()
    for slider in page.slider:
        slider.set_value(slider.min)
    page.run()
    assert not page.get("image")
    assert any("as they are" in caption.value for caption in page.caption)
