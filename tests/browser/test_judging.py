"""The label detective by keyboard, in a real Chromium."""

import numpy as np
import pytest

from digitlab.datasets import load_dataset
from digitlab.studies import Shelf
from digitlab.suspects import Readings, rows_in, study_of

expect = pytest.importorskip("playwright.sync_api").expect

DIGITS = load_dataset("digits")


def test_suspects_are_judged_with_one_hand_on_the_keyboard(server, visitor):
    rows = rows_in(DIGITS, "training")
    probabilities = np.eye(10, dtype=np.float32)[DIGITS.labels[rows]] * 0.9 + 0.01
    probabilities[:4] = 0.001
    probabilities[np.arange(4), (DIGITS.labels[:4] + 1) % 10] = 0.99
    study = study_of(DIGITS, "training", 3)
    Shelf(server.home).keep(study, Readings(rows, probabilities).to_bytes())
    visitor.open(
        f"{server.url}/explore?explore_dataset=digits&explore_view=Label+detective&explore_part=training"
    )
    page = visitor.page
    expect(page.get_by_text("0 judged, 4 left")).to_be_visible()
    expect(page.get_by_role("button", name="Train with them")).to_be_visible()  # drawn last
    for key, words in (
        ("y", "1 judged, 3 left"),
        ("7", "2 judged, 2 left"),
        ("n", "3 judged, 1 left"),
        ("b", "2 judged, 2 left"),
        ("n", "3 judged, 1 left"),
    ):
        page.keyboard.press(key)
        expect(page.get_by_text(words)).to_be_visible()
    tally = page.get_by_text("1 label right, 1 wrong, 1 that nobody can tell")
    expect(tally).to_be_visible()
