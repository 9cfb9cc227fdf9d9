"""Digits drawn with the mouse in a real browser, and read."""

import math
import re
from itertools import pairwise

import pytest
from PIL import Image, ImageDraw

from pages.ui.draw.sent import LONGEST_HISTORY
from tests.browser.conftest import Visitor

expect = pytest.importorskip("playwright.sync_api").expect


def arc(x, y, width, height, start, end, points=24):
    """Points of an ellipse's arc round (x, y); angles in degrees, clockwise from three o'clock."""
    angles = [math.radians(start + (end - start) * i / points) for i in range(points + 1)]
    return [(x + width * math.cos(a), y + height * math.sin(a)) for a in angles]


ZERO = [arc(140, 140, 60, 90, -90, 275)]
ONE = [[(140, 50), (138, 230)]]
TWO = [[*arc(140, 95, 55, 45, 190, 400), (85, 220), (205, 220)]]
THREE = [[*arc(135, 90, 50, 42, 200, 440), *arc(135, 180, 58, 50, 280, 520)]]
FOUR = [[(105, 60), (85, 150), (200, 150)], [(180, 65), (172, 230)]]
FIVE = [
    [(105, 65), (100, 130), *arc(135, 175, 55, 50, 240, 500)],
    [(105, 65), (195, 65)],
]
SIX = [[(175, 55), (120, 110), (95, 165), *arc(140, 185, 48, 42, 200, 560)]]
SEVEN = [[(75, 70), (205, 70), (130, 225)]]
EIGHT = [[*arc(140, 95, 42, 40, 90, 450), *arc(140, 182, 52, 47, -90, 270)]]
NINE = [[*arc(140, 105, 48, 45, 0, -360), (188, 105), (182, 160), (165, 230)]]
DIGITS = [ZERO, ONE, TWO, THREE, FOUR, FIVE, SIX, SEVEN, EIGHT, NINE]


def placed(strokes, scale, dx, dy):
    """The strokes shrunk and moved."""
    return [[(x * scale + dx, y * scale + dy) for x, y in stroke] for stroke in strokes]


@pytest.fixture
def draw_page(server, visitor):
    """A visitor on the Draw page, the canvas ready."""
    visitor.open(f"{server.url}/draw")
    visitor.page.locator("canvas").last.wait_for()
    return visitor


@pytest.mark.parametrize("digit", range(10))
def test_every_digit_drawn_with_the_mouse_is_read(draw_page, digit):
    draw_page.draw(*DIGITS[digit])
    draw_page.expect_answer(digit)


@pytest.mark.parametrize("steps", [3, 40], ids=["fast", "slow"])
def test_fast_and_slow_pens_are_read_alike(draw_page, steps):
    draw_page.draw(*SEVEN, steps=steps)
    draw_page.expect_answer(7)


@pytest.mark.parametrize(
    ("scale", "dx", "dy"),
    [(0.35, 0, 0), (0.35, 175, 175), (0.5, 120, 0), (1.25, -35, -35), (1.45, -63, -63)],
    ids=["small in a corner", "in the other corner", "half the size", "large", "huge"],
)
def test_size_and_place_do_not_matter(draw_page, scale, dx, dy):
    draw_page.draw(*placed(TWO, scale, dx, dy))
    draw_page.expect_answer(2)


def test_the_answer_follows_stroke_by_stroke(draw_page):
    draw_page.draw(*ONE)
    draw_page.expect_answer(1)
    draw_page.draw([(60, 50), (150, 50)])
    draw_page.expect_answer(7)


def test_undo_takes_the_last_stroke_back(draw_page):
    draw_page.draw(*ONE)
    draw_page.expect_answer(1)
    draw_page.draw([(60, 50), (150, 50)])
    draw_page.expect_answer(7)
    draw_page.page.get_by_test_id("stBaseButton-secondary").filter(has_text="Undo").click()
    draw_page.expect_answer(1)
    draw_page.wait_until_idle()
    draw_page.draw([(60, 50), (150, 50)])
    draw_page.expect_answer(7)


def test_clear_empties_the_canvas_and_the_next_digit_stands_alone(draw_page):
    draw_page.draw(*SEVEN)
    draw_page.expect_answer(7)
    draw_page.page.get_by_test_id("stBaseButton-secondary").filter(has_text="Clear").click()
    expect(draw_page.page.get_by_role("heading", name="Draw a digit")).to_be_visible()
    draw_page.wait_until_idle()
    draw_page.draw(*ZERO)
    draw_page.expect_answer(0)


def test_the_drawing_survives_a_visit_to_another_page(draw_page):
    draw_page.draw(ONE[0])
    draw_page.expect_answer(1)
    draw_page.go_to("Explore")
    draw_page.go_to("Draw")
    draw_page.expect_answer(1)
    draw_page.page.locator("canvas").last.wait_for()
    draw_page.draw([(60, 50), (150, 50)])
    draw_page.expect_answer(7)


def pressed(page, name):
    page.get_by_role("button", name=name).click()


def test_a_reload_keeps_the_drawing_its_answer_and_the_way_back(draw_page):
    page = draw_page.page
    draw_page.draw(*ONE)
    draw_page.expect_answer(1)
    draw_page.draw([(60, 50), (150, 50)])
    draw_page.expect_answer(7)
    page.reload()
    draw_page.wait_until_idle()
    draw_page.expect_answer(7)
    draw_page.wait_until_idle()
    pressed(page, "Undo")
    draw_page.expect_answer(1)
    page.reload()
    draw_page.wait_until_idle()
    draw_page.expect_answer(1)
    draw_page.wait_until_idle()
    draw_page.draw([(60, 50), (150, 50)])
    draw_page.expect_answer(7)


MEMORY = "digitlab-drawings-desk"
KEPT = f"JSON.parse(sessionStorage.getItem('{MEMORY}') ?? '[]')"


def remembered_one(draw_page, pictures):
    """Draws a one and reloads, as if there had been drawings of these pictures before it.

    Returns:
        What the tab then keeps: those, and the one behind them.
    """
    page = draw_page.page
    draw_page.draw(*ONE)
    draw_page.expect_answer(1)
    page.wait_for_function(f"{KEPT}.length === 1")
    (one,) = page.evaluate(KEPT)
    kept = [*(one | {"data": picture} for picture in pictures), one]
    page.evaluate(f"kept => sessionStorage.setItem('{MEMORY}', JSON.stringify(kept))", kept)
    page.reload()
    draw_page.expect_answer(1)
    draw_page.wait_until_idle()
    return kept


def before_another_stroke(draw_page):
    """Draws one more, and returns what the tab keeps before it."""
    draw_page.draw([(60, 50), (150, 50)])
    draw_page.expect_answer(7)
    draw_page.page.wait_for_function(f"{KEPT}.at(-1).raw.objects.length === 2")
    *before, _ = draw_page.page.evaluate(KEPT)
    return before


def test_the_tab_forgets_the_first_of_many_strokes_as_the_server_does(draw_page):
    kept = remembered_one(draw_page, map(str, range(LONGEST_HISTORY - 1)))
    assert before_another_stroke(draw_page) == kept[1:]


def test_a_paper_leaves_the_others_their_room_in_the_tab(draw_page):
    kept = remembered_one(draw_page, (str(stroke) * 100_000 for stroke in range(9)))
    assert before_another_stroke(draw_page) == kept[-5:]


FILL = """
    let size = 0;
    for (let step = 2 ** 23; step >= 1; step /= 2) {
        try {
            sessionStorage.setItem("other", "x".repeat(size + step));
            size += step;
        } catch {}
    }
"""


def test_a_full_storage_keeps_no_older_drawing_than_the_last(draw_page):
    page = draw_page.page
    draw_page.draw(*ONE)
    draw_page.expect_answer(1)
    page.wait_for_function(f"{KEPT}.length === 1")
    page.evaluate(f"() => {{ {FILL} }}")
    draw_page.draw([(60, 50), (150, 50)])
    draw_page.expect_answer(7)
    page.wait_for_function(f"{KEPT}.length === 0")


def test_undo_right_after_a_stroke_takes_that_stroke_back(draw_page):
    draw_page.draw(*ONE)
    draw_page.expect_answer(1)
    draw_page.draw([(60, 50), (150, 50)])
    draw_page.page.keyboard.press("Control+z")
    draw_page.wait_until_idle()
    draw_page.expect_answer(1)


def test_a_cleared_canvas_is_empty_after_a_reload_too(draw_page):
    page = draw_page.page
    draw_page.draw(*SEVEN)
    draw_page.expect_answer(7)
    pressed(page, "Clear")
    expect(page.get_by_role("heading", name="Draw a digit")).to_be_visible()
    draw_page.wait_until_idle()
    page.reload()
    draw_page.wait_until_idle()
    draw_page.draw(*ZERO)
    draw_page.expect_answer(0)


def test_a_reload_still_reads_a_number(draw_page):
    page = draw_page.page
    page.get_by_role("radio", name="A number").click()
    expect(page.get_by_role("heading", name="Draw a number")).to_be_visible()
    draw_page.wait_until_idle()
    for digit, dx in ((SEVEN, 0), (ONE, 90)):
        draw_page.draw(*placed(digit, 0.4, dx, 70))
    expect(page.get_by_role("heading", name="I read 71")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="I read 71")).to_be_visible()


def test_another_tab_has_a_canvas_of_its_own(draw_page, server):
    draw_page.draw(*SEVEN)
    draw_page.expect_answer(7)
    other = Visitor(draw_page.page.context.new_page())
    other.open(f"{server.url}/draw")
    expect(other.page.get_by_role("heading", name="Draw a digit")).to_be_visible()


def test_what_somebody_else_wrote_into_the_storage_does_no_harm(draw_page):
    page = draw_page.page
    forged = '[{"raw": {"objects": 7}, "data": 7}, null]'
    page.evaluate(f"forged => sessionStorage.setItem('{MEMORY}', forged)", forged)
    page.reload()
    draw_page.wait_until_idle()
    expect(page.get_by_role("heading", name="Draw a digit")).to_be_visible()
    draw_page.draw(*SEVEN)
    draw_page.expect_answer(7)


def test_a_pen_in_the_upper_right_corner_draws(draw_page):
    page = draw_page.page
    draw_page.draw([(270, 10), (270, 12)])
    expect(page.get_by_role("heading", name="Not a digit")).to_be_visible()
    expect(page.get_by_role("button", name="Reset canvas & history")).to_be_hidden()


def test_the_pen_can_be_made_thinner_without_losing_the_drawing(draw_page):
    page, (angle, stem) = draw_page.page, FOUR
    draw_page.draw(angle)
    page.get_by_role("heading", name=re.compile(r"I read an? \d|Not a digit")).wait_for()
    pen = page.get_by_role("slider")
    pen.focus()
    pen.press("Home")
    expect(pen).to_have_value("8")
    draw_page.wait_until_idle()
    draw_page.draw(stem)
    draw_page.expect_answer(4)


def test_a_tiny_digit_of_a_thin_pen_is_read(draw_page):
    page = draw_page.page
    pen = page.get_by_role("slider")
    pen.focus()
    pen.press("Home")
    expect(pen).to_have_value("8")
    draw_page.wait_until_idle()
    draw_page.draw(*placed(TWO, 0.2, 200, 20))
    draw_page.expect_answer(2)


def test_a_picture_can_be_uploaded_instead(draw_page, tmp_path):
    paper = Image.new("RGB", (300, 400), "white")
    ImageDraw.Draw(paper).line([(90, 90), (220, 90), (140, 320)], fill="navy", width=24)
    paper.save(tmp_path / "seven.png")
    page = draw_page.page
    page.get_by_role("radio", name="Upload", exact=True).click()
    page.locator("input[type=file]").set_input_files(tmp_path / "seven.png")
    draw_page.expect_answer(7)


def test_a_text_file_named_png_gets_a_sentence(draw_page, tmp_path):
    (tmp_path / "notes.png").write_text("not a picture")
    page = draw_page.page
    page.get_by_role("radio", name="Upload", exact=True).click()
    page.locator("input[type=file]").set_input_files(tmp_path / "notes.png")
    expect(page.get_by_role("alert")).to_contain_text("notes.png is not a PNG, JPEG or WebP")


def test_keys_undo_and_clear(draw_page):
    page = draw_page.page
    draw_page.draw(*ONE)
    draw_page.expect_answer(1)
    draw_page.draw([(60, 50), (150, 50)])
    draw_page.expect_answer(7)
    page.keyboard.press("Control+z")
    draw_page.expect_answer(1)
    page.keyboard.press("Delete")
    expect(page.get_by_role("heading", name="Draw a digit")).to_be_visible()


def test_what_was_cleared_comes_back_by_undo_also_after_a_reload(draw_page):
    page, undo = draw_page.page, draw_page.page.get_by_role("button", name="Undo")
    for strokes, digit in ((ONE, 1), (SEVEN, 7)):
        draw_page.draw(*strokes)
        draw_page.expect_answer(digit)
        page.get_by_role("button", name="Clear").click()
        expect(page.get_by_role("heading", name="Draw a digit")).to_be_visible()
    page.reload()
    draw_page.wait_until_idle()
    undo.click()
    draw_page.expect_answer(7)
    for _ in SEVEN:
        undo.click()
        draw_page.wait_until_idle()
    expect(page.get_by_role("heading", name="Draw a digit")).to_be_visible()
    undo.click()
    draw_page.expect_answer(1)


def test_a_stroke_does_not_focus_the_whole_page_which_a_key_would_then_frame(draw_page):
    draw_page.draw(*ONE)
    expect(draw_page.page.locator("main")).not_to_be_focused()
    draw_page.expect_answer(1)


def test_a_replay_shows_when_belief_changed(draw_page):
    page = draw_page.page
    draw_page.draw(*ONE)
    draw_page.expect_answer(1)
    draw_page.draw([(60, 50), (150, 50)])
    draw_page.expect_answer(7)
    page.get_by_role("tab", name="Replay").click()
    moment = page.get_by_role("slider", name="Ink drawn, in per cent")
    expect(moment).to_have_value("100")
    expect(page.locator(".js-plotly-plot").last.locator(".annotation-text").last).to_have_text("7")
    for _ in range(45):
        moment.press("ArrowLeft")
    expect(page.get_by_alt_text("The drawing with 55 % of its ink")).to_be_visible()
    expect(page.get_by_role("heading", name=re.compile("I read a 7"))).to_be_visible()


@pytest.fixture
def number_page(draw_page):
    """A visitor with the wide paper for a number."""
    page = draw_page.page
    page.get_by_role("radio", name="A number").click()
    expect(page.get_by_role("heading", name="Draw a number")).to_be_visible()
    draw_page.wait_until_idle()
    return draw_page


def test_four_digits_fit_side_by_side_and_are_read_from_left_to_right(number_page):
    for digit, dx in ((FOUR, -20), (SEVEN, 100), (ONE, 210), (TWO, 340)):
        number_page.draw(*placed(digit, 0.8, dx, 30))
    expect(number_page.page.get_by_role("heading", name="I read 4712")).to_be_visible()


def test_a_number_has_a_paper_of_its_own(number_page):
    page = number_page.page
    number_page.draw(*placed(ONE, 0.8, 300, 30))
    expect(page.get_by_role("heading", name="I read 1")).to_be_visible()
    page.get_by_role("radio", name="One digit").click()
    expect(page.get_by_role("heading", name="Draw a digit")).to_be_visible()
    number_page.wait_until_idle()
    number_page.draw(*SEVEN)
    number_page.expect_answer(7)


def test_a_glance_at_another_paper_takes_no_drawing_away(draw_page):
    page = draw_page.page
    draw_page.draw(*ONE)
    draw_page.expect_answer(1)
    page.get_by_role("radio", name="A number").click()
    expect(page.get_by_role("heading", name="Draw a number")).to_be_visible()
    draw_page.wait_until_idle()
    draw_page.draw(*placed(SEVEN, 0.8, 60, 30))
    expect(page.get_by_role("heading", name="I read 7")).to_be_visible()
    page.get_by_role("radio", name="One digit").click()
    draw_page.expect_answer(1)
    draw_page.wait_until_idle()
    draw_page.draw([(60, 50), (150, 50)])
    draw_page.expect_answer(7)
    page.get_by_role("radio", name="A number").click()
    expect(page.get_by_role("heading", name="I read 7")).to_be_visible()
    draw_page.wait_until_idle()
    draw_page.draw(*placed(ONE, 0.8, 280, 30))
    expect(page.get_by_role("heading", name="I read 71")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="I read 71")).to_be_visible()
    draw_page.wait_until_idle()
    page.get_by_role("radio", name="One digit").click()
    draw_page.expect_answer(7)


def test_the_wide_paper_is_shown_smaller_on_a_telephone_and_drawn_on_as_ever(number_page):
    page = number_page.page
    page.set_viewport_size({"width": 390, "height": 844})
    number_page.wait_until_idle()
    box = page.locator("canvas").last.bounding_box()
    assert 300 < box["width"] <= 358
    assert box["height"] == pytest.approx(box["width"] / 2, abs=1)
    shrink = box["width"] / 560
    for digit, dx in ((SEVEN, 60), (ONE, 280)):
        number_page.draw(*placed(digit, 0.8 * shrink, dx * shrink, 30 * shrink))
    expect(page.get_by_role("heading", name="I read 71")).to_be_visible()
    main = page.get_by_test_id("stMain")
    assert main.evaluate("element => element.scrollWidth <= element.clientWidth")


def dense(stroke, steps=6):
    """The same way with more points: a finger's moves within one frame arrive as one."""
    return [
        (x + (u - x) * step / steps, y + (v - y) * step / steps)
        for (x, y), (u, v) in pairwise(stroke)
        for step in range(1, steps + 1)
    ]


def touched(page, strokes):
    """Draws strokes with a finger."""
    box = page.locator("canvas").last.bounding_box()
    fingers = page.context.new_cdp_session(page)
    for stroke in strokes:
        for number, (x, y) in enumerate(dense(stroke)):
            kind = "touchMove" if number else "touchStart"
            point = {"x": box["x"] + x, "y": box["y"] + y}
            fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
            page.evaluate("new Promise(requestAnimationFrame)")
        fingers.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_a_finger_draws_on_a_telephone_and_the_page_stays_where_it_is(server, browser):
    size = {"width": 390, "height": 700}
    with browser.new_context(viewport=size, has_touch=True, is_mobile=True) as context:
        page = context.new_page()
        visitor = Visitor(page)
        visitor.open(f"{server.url}/draw")
        page.locator("canvas").last.wait_for()
        page.locator("canvas").last.scroll_into_view_if_needed()
        visitor.wait_until_idle()
        main = page.get_by_test_id("stMain")
        before = main.evaluate("element => element.scrollTop")
        touched(page, TWO)
        visitor.expect_answer(2)
        assert main.evaluate("element => element.scrollTop") == before


def test_on_a_telephone_the_canvas_fits_and_nothing_scrolls_sideways(server, visitor):
    page = visitor.page
    page.set_viewport_size({"width": 390, "height": 844})
    visitor.open(f"{server.url}/draw")
    visitor.draw(*SEVEN)
    visitor.expect_answer(7)
    box = page.locator("canvas").last.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    main = page.get_by_test_id("stMain")
    assert main.evaluate("element => element.scrollWidth <= element.clientWidth")


def test_an_unknown_run_in_the_address_gets_a_sentence(server, visitor):
    visitor.open(f"{server.url}/draw?draw_run=no-such-run")
    warning = visitor.page.get_by_text(re.compile("There is no run 'no-such-run'"))
    expect(warning).to_be_visible()
