"""My handwriting in a real browser: some digits, the report, a correction, one removed."""

import re

import pytest

from digitlab.drawings import drawings_of
from digitlab.sources.uploads import AT_HOME
from tests.browser.conftest import PATIENCE_SECONDS
from tests.browser.test_drawing import DIGITS, ONE, SEVEN

expect = pytest.importorskip("playwright.sync_api").expect

WRITTEN = 4


def press(visitor, name):
    visitor.page.get_by_role("button", name=name).click()
    visitor.wait_until_idle()


def see(locator):
    expect(locator).to_be_visible(timeout=1000 * PATIENCE_SECONDS)


def test_a_hand_is_collected_judged_corrected_and_tidied(server, visitor):
    page = visitor.page
    visitor.open(f"{server.url}/draw?draw_mode=My+handwriting")
    press(visitor, "Start writing")
    prompt = page.get_by_role("heading", name=re.compile("Write an? "))
    for written in range(WRITTEN):
        see(page.get_by_text(f"{written} of 30 written"))
        visitor.wait_until_idle()
        visitor.draw(*DIGITS[int(prompt.inner_text()[-1])])
        page.keyboard.press("n")
    see(page.get_by_text(f"{WRITTEN} of 30 written"))
    press(visitor, "Stop here")
    report = page.get_by_role("heading", name=f"of your {WRITTEN} digits are read rightly")
    see(report)
    expect(report).to_contain_text(re.compile(f"^[{WRITTEN - 1}{WRITTEN}] of"))
    see(page.get_by_text(f"{WRITTEN} digits: {WRITTEN} that the page asked for"))

    page.get_by_role("radio", name="One digit").click()
    page.get_by_role("heading", name="Draw a digit").wait_for()
    visitor.draw(*SEVEN)
    visitor.expect_answer(7)
    page.get_by_role("radio", name="1", exact=True).click()
    press(visitor, "Keep it as a 1")
    see(page.get_by_text("Kept as a 1 in “My handwriting”."))

    page.get_by_role("radio", name="My handwriting").click()
    see(page.get_by_text(f"{WRITTEN} that the page asked for, 1 correction"))
    visitor.wait_until_idle()
    misread = page.get_by_role("button", name="a 1 that was read as a 7, your correction")
    misread.focus()
    page.keyboard.press("Enter")
    chosen = page.get_by_role("button", name="chosen: a 1 that was read as a 7")
    expect(chosen).to_be_focused()
    press(visitor, "Remove the 1 chosen")
    see(page.get_by_text(f"{WRITTEN} that the page asked for, 0 corrections"))
    expect(chosen).not_to_be_visible()


def test_a_stroke_right_before_next_is_kept(cold_server, visitor, monkeypatch):
    server, page = cold_server(), visitor.page
    visitor.open(f"{server.url}/draw?draw_mode=My+handwriting")
    press(visitor, "Start writing")
    for written in (1, 2):
        visitor.draw(*ONE, [(40, 140), (240, 140)])
        page.keyboard.press("n")
        see(page.get_by_text(f"{written} of 30 written"))
        visitor.wait_until_idle()
    monkeypatch.setenv("DIGITLAB_HOME", str(server.home))
    for image in drawings_of(AT_HOME).images:
        assert (image.max(axis=0) > 0).sum() > 15, "a cross is wide, a 1 is not"


def test_a_reload_goes_on_with_the_sitting_and_with_what_is_on_the_paper(server, visitor):
    page = visitor.page
    visitor.open(f"{server.url}/draw?draw_mode=My+handwriting")
    press(visitor, re.compile("Start writing|Write more"))
    prompt = page.get_by_role("heading", name=re.compile("Write an? "))
    for written in (1, 2):
        visitor.draw(*SEVEN)
        press(visitor, "Next")
        see(page.get_by_text(f"{written} of 30 written"))
        visitor.wait_until_idle()
    asked = prompt.inner_text()
    visitor.draw(*ONE)
    page.wait_for_function(
        "JSON.parse(sessionStorage.getItem('digitlab-drawings-sitting')).length === 1"
    )
    page.reload()
    see(page.get_by_text("2 of 30 written"))
    assert prompt.inner_text() == asked
    visitor.wait_until_idle()
    press(visitor, "Next")
    see(page.get_by_text("3 of 30 written"))

    press(visitor, "Stop here")
    see(page.get_by_role("heading", name="are read rightly"))
    page.reload()
    see(page.get_by_role("heading", name="are read rightly"))


def test_on_a_telephone_the_paper_of_a_sitting_is_in_sight(server, visitor):
    page = visitor.page
    page.set_viewport_size({"width": 390, "height": 700})
    visitor.open(f"{server.url}/draw?draw_mode=My+handwriting")
    press(visitor, re.compile("Start writing|Write more"))
    canvas = page.locator("canvas").last
    expect(canvas).to_be_in_viewport(ratio=1)
    expect(page.get_by_role("button", name="Next")).to_be_in_viewport(ratio=1)


def test_a_sitting_goes_on_with_an_empty_paper_after_another_mode(server, visitor):
    page = visitor.page
    visitor.open(f"{server.url}/draw?draw_mode=My+handwriting")
    press(visitor, re.compile("Start writing|Write more"))
    page.get_by_role("radio", name="One digit").click()
    page.get_by_role("heading", name="Draw a digit").wait_for()
    visitor.draw(*SEVEN)
    visitor.expect_answer(7)
    page.get_by_role("radio", name="My handwriting").click()
    see(page.get_by_role("heading", name=re.compile("Write an? ")))
    visitor.wait_until_idle()
    press(visitor, "Next")
    see(page.get_by_text("The paper is empty"))
    see(page.get_by_text("0 of 30 written"))
