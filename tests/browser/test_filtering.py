"""Charts of Explore are filters: a click opens the digits behind a bar or a picture. And the way
back from another page leads to what was chosen."""

import re

import pytest
from playwright.sync_api import expect


@pytest.fixture
def classes(server, visitor):
    """The classes of the digits that need no download, training and test."""
    visitor.open(
        f"{server.url}/explore?explore_dataset=digits&explore_part=all&explore_view=Classes"
    )
    return visitor


def click_chart(page, title, part, across=0.5, up=0.5):
    """Clicks the plot with this number of the chart with this title, at a share of its size."""
    chart = page.locator(".js-plotly-plot", has_text=title)
    box = chart.locator(".nsewdrag").nth(part).bounding_box()
    page.mouse.click(box["x"] + across * box["width"], box["y"] + (1 - up) * box["height"])


def test_a_bar_opens_its_class_and_part_and_a_picture_its_class(classes):
    page = classes.page
    click_chart(page, "about as often", 0, across=(3 + 0.7) / 10, up=0.05)
    expect(page.get_by_text("37 test digits are a 3.")).to_be_visible()
    classes.wait_until_idle()

    click_chart(page, "about as often", 0, across=(3 + 0.7) / 10, up=0.05)
    expect(page.get_by_text("Pick a class, here")).to_be_visible()
    classes.wait_until_idle()

    click_chart(page, "lies on average", 8)
    expect(page.get_by_text("174 digits are an 8.")).to_be_visible()


def test_a_bar_of_one_part_chooses_no_part_among_all(server, visitor):
    visitor.open(f"{server.url}/explore?explore_dataset=digits&explore_view=Classes")
    page = visitor.page
    click_chart(page, "about as often", 0, across=(3 + 0.5) / 10, up=0.05)
    expect(page.get_by_text("146 training digits are a 3.")).to_be_visible()
    visitor.wait_until_idle()
    page.get_by_test_id("stButtonGroup").get_by_text("all", exact=True).click()
    expect(page.get_by_text("183 digits are a 3.")).to_be_visible()


def test_a_bar_of_pixel_values_opens_the_digits_with_most_of_them(server, visitor):
    visitor.open(f"{server.url}/explore?explore_dataset=digits&explore_view=Pixel values")
    page = visitor.page
    page.locator(".js-plotly-plot", has_text="never used").wait_for()  # both are drawn, and rest
    click_chart(page, "Most pixels are black", 0, across=(15 + 0.5) / 32, up=0.02)
    expect(page.get_by_text("have pixels of 120–127, those with most first")).to_be_visible()
    visitor.wait_until_idle()
    click_chart(page, "Most pixels are black", 0, across=(15 + 0.5) / 32, up=0.02)
    expect(page.get_by_text("Click a bar on the left")).to_be_visible()


def test_back_leads_to_the_page_as_it_was_left(classes):
    page = classes.page
    page.get_by_test_id("stButtonGroup").get_by_text("8", exact=True).click()
    expect(page).to_have_url(re.compile("explore_class=8"))
    classes.go_to("Runs")
    page.go_back()
    expect(page).to_have_url(re.compile("explore_class=8"))
    expect(page.get_by_text("174 digits are an 8.")).to_be_visible()


def test_the_next_page_begins_at_its_top(server, visitor):
    visitor.open(
        f"{server.url}/explore?explore_dataset=digits&explore_view=Classes&explore_class=3"
    )
    main = visitor.page.get_by_test_id("stMain")
    assert main.evaluate("element => (element.scrollTo(0, 200), element.scrollTop)") == 200
    visitor.go_to("Train")
    assert main.evaluate("element => element.scrollTop") == 0
