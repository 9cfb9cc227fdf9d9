"""My handwriting in a real browser: some digits, the report, a correction, one removed."""

import re

import pytest

from tests.browser.conftest import PATIENCE_SECONDS
from tests.browser.test_drawing import DIGITS, SEVEN

expect = pytest.importorskip("playwright.sync_api").expect


WRITTEN = 4
HEARD = """count => JSON.parse(sessionStorage.getItem("digitlab-drawings") ?? "[]")
    .at(-1)?.raw.objects.length === count"""


def press(visitor, name):
    visitor.page.get_by_role("button", name=name).click()
    visitor.wait_until_idle()


def see(locator):
    expect(locator).to_be_visible(timeout=1000 * PATIENCE_SECONDS)


def write(visitor, strokes):
    """Writes a digit, and waits until the server has heard of its last stroke."""
    visitor.draw(*strokes)
    visitor.page.wait_for_function(HEARD, arg=len(strokes))


def test_a_hand_is_collected_judged_corrected_and_tidied(server, visitor):
    page = visitor.page
    visitor.open(f"{server.url}/draw?draw_mode=My+handwriting")
    press(visitor, "Start writing")
    prompt = page.get_by_role("heading", name=re.compile("Write an? "))
    for written in range(WRITTEN):
        see(page.get_by_text(f"{written} of 30 written"))
        visitor.wait_until_idle()
        write(visitor, DIGITS[int(prompt.inner_text()[-1])])
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
