"""A box drawn on the map of digits, with the mouse and by touch, picks the digits in it."""

import re

import pytest
from playwright.sync_api import expect

ADDRESS = "explore?explore_dataset=digits&explore_view=Map&explore_map_size=500"
IN_THE_BOX = re.compile(r"^([\d,]+) digits in the box\.$")


def canvas_of(page):
    canvas = page.get_by_role("img", name=re.compile("By their pixels"))
    canvas.click(trial=True)  # waits until it rests, and is in sight
    corner = canvas.bounding_box()
    return lambda x, y: (corner["x"] + x * corner["width"], corner["y"] + y * corner["height"])


def expect_count(page):
    words = page.get_by_text(IN_THE_BOX)
    expect(words).to_be_visible()
    return int(IN_THE_BOX.match(words.inner_text())[1])


def drag(page, start, end):
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=4)
    page.mouse.up()


def swipe(page, start, end):
    """As a finger does."""
    session = page.context.new_cdp_session(page)
    for kind, points in (("touchStart", [start]), ("touchMove", [end]), ("touchEnd", [])):
        places = [{"x": x, "y": y} for x, y in points]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})


@pytest.mark.parametrize("draw", [drag, swipe])
def test_a_box_fills_the_gallery_until_all_are_shown(server, visitor, draw):
    page = visitor.page
    visitor.open(f"{server.url}/{ADDRESS}")
    at = canvas_of(page)
    draw(page, at(0.02, 0.02), at(0.5, 0.5))
    assert 0 < expect_count(page) < 500
    page.get_by_role("button", name="Show all").click()
    expect(page.get_by_text("Draw a box round some digits")).to_be_visible()


def test_a_larger_box_holds_more(server, visitor):
    page = visitor.page
    visitor.open(f"{server.url}/{ADDRESS}")
    at = canvas_of(page)
    drag(page, at(0.02, 0.02), at(0.5, 0.5))
    few = expect_count(page)
    drag(page, at(0.02, 0.02), at(0.98, 0.98))
    expect(page.get_by_text("500 digits in the box.")).to_be_visible()
    assert few < 500
