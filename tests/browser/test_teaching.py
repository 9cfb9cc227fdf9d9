"""Teach it my hand in a real browser: a copy learns somebody's digits, and is judged by others."""

import re

import numpy as np
import pytest

from digitlab.datasets import load_dataset
from digitlab.drawings import keep_drawing
from digitlab.sources.uploads import AT_HOME
from tests.browser.test_drawing import SEVEN
from tests.browser.test_live_training import (
    TRAINING_SECONDS,
    choose_epochs,
    expect_end,
    run_shown,
    start,
)

expect = pytest.importorskip("playwright.sync_api").expect

WRITTEN = 24
COUNT = re.compile(r"(Before|After): \d+\.\d\d % \(.+\) · [\d,]+ of ([\d,]+) right")


@pytest.fixture
def writer(cold_server, visitor, monkeypatch):
    """A visitor on Train, who has written digits before: scikit-learn's, a pixel further on."""
    server, digits = cold_server(), load_dataset("digits")
    with monkeypatch.context() as patch:
        patch.setenv("DIGITLAB_HOME", str(server.home))
        for image, label in zip(digits.images[:WRITTEN], digits.labels, strict=False):
            keep_drawing(AT_HOME, np.roll(image, 1, axis=1), int(label), prompted=True)
    visitor.open(f"{server.url}/train?train_preset=first-steps")
    return visitor


def choose(page, name, option):
    """Picks from a list."""
    box = page.get_by_role("combobox", name=name)
    box.click(trial=True)  # scrolls there: to scroll closes a list
    box.click()
    page.get_by_role("option", name=option).click()


def test_a_copy_is_taught_judged_and_drawn_with(writer):
    page = writer.page
    choose_epochs(page, 2)
    start(page)
    expect_end(page, "Finished after 2 of 2 epochs")
    page.get_by_role("link", name="See its mistakes").wait_for(timeout=TRAINING_SECONDS)
    original = run_shown(page)

    writer.go_to("Draw")
    page.get_by_role("radio", name="My handwriting").click()
    page.get_by_role("heading", name=f"of your {WRITTEN} digits").wait_for()
    writer.wait_until_idle()
    choose(page, "Which network to copy", original)
    writer.wait_until_idle()
    page.get_by_role("button", name="Teach it my hand").click()
    expect(page.get_by_text(f"A copy of {original} learns:")).to_be_visible()

    learned = page.get_by_text(f"is a copy of {original} that has learned your hand")
    expect(learned).to_be_visible(timeout=TRAINING_SECONDS)
    copy = learned.inner_text().split()[0]
    expect(page.get_by_text(COUNT)).to_have_count(4)
    counts = [COUNT.fullmatch(text).groups() for text in page.get_by_text(COUNT).all_inner_texts()]
    assert [when for when, _ in counts] == ["Before", "After"] * 2
    assert [n for _, n in counts] == [str(WRITTEN // 2)] * 2 + ["360"] * 2

    page.get_by_role("button", name="Teach it my hand …").click()
    expect(page.get_by_text(f"of {original} that has learned these digits")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Draw with it").click()
    page.get_by_role("heading", name="Draw a digit").wait_for()
    writer.wait_until_idle()
    expect(page.get_by_role("combobox", name="Which network reads")).to_have_value(copy)
    writer.draw(*SEVEN)
    expect(page.get_by_text(re.compile(r"I read an? \d|Not a digit"))).to_be_visible()
