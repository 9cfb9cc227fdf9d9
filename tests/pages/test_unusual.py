"""Digits that stand out, and the study behind them, on the digits that are always at hand."""

import numpy as np
import pytest

from digitlab.datasets import Dataset, load_dataset
from digitlab.jobs import get_jobs
from digitlab.similarity import Comparison, comparison_study
from digitlab.studies import compute
from pages.ui.explore.twins import twins
from tests.pages.conftest import says, well

DIGITS = load_dataset("digits")
STUDY = comparison_study(DIGITS)


pytestmark = pytest.mark.usefixtures("without_mnist")


@pytest.fixture(scope="module")
def comparison():
    return Comparison.from_bytes(compute(STUDY, lambda *_: None))


@pytest.fixture
def compared(comparison, home, visit):
    """Opens the view where the digits have been compared."""

    def open_view(found=comparison, **query):
        get_jobs().shelf.keep(STUDY, found.to_bytes())
        return well(visit("explore", explore_view="Unusual", **query))

    return open_view


def test_nothing_is_compared_until_somebody_asks(visit):
    app = visit("explore", explore_view="Unusual")
    start = app.button(key="explore_comparison_start")
    assert start.label == "Compare all 1,797 digits (a few seconds)"
    assert get_jobs().study_progress(STUDY) is None


def test_the_comparison_is_done_in_the_worker_and_then_shown(visit, comparison):
    app = visit("explore", explore_view="Unusual")
    app.button(key="explore_comparison_start").click().run()
    assert get_jobs().wait(STUDY.key, timeout=60)
    app.run()
    assert not app.error
    assert "The 300 training digits least like others of their label" in says(app)
    kept = Comparison.from_bytes(get_jobs().shelf.result(STUDY))
    assert np.allclose(kept.kinship, comparison.kinship, atol=1e-5)


def test_the_strangest_digit_comes_first(compared, comparison):
    strangest = int(comparison.kinship[: DIGITS.train_count].argmin())
    assert f"Training digit {strangest}." in says(compared())


def test_part_and_label_filter_the_strangest(compared, comparison):
    rows = np.flatnonzero(DIGITS.labels == 7)
    rows = rows[rows >= DIGITS.train_count]
    strangest = rows[comparison.kinship[rows].argmin()] - DIGITS.train_count
    app = compared(explore_part="test", explore_unusual_label="7")
    assert f"The {len(rows)} test digits" in says(app)
    assert f"**This is a 7.** Test digit {strangest}" in says(app)


def test_near_duplicates_are_shown_in_pairs(compared, comparison):
    app = compared(explore_unusual="Near-duplicates")
    assert f"{len(comparison.pairs)} pairs are near-duplicates: 98 % alike or more." in says(app)
    assert f"{100 * comparison.alike[0]:.1f} % alike. On the right what differs" in says(app)


def test_pairs_across_training_and_test_are_shown_apart(compared):
    first, second = 5, DIGITS.train_count + 9
    pairs = np.array([[first, second], [3, 4]])
    found = Comparison(pairs, np.array([0.999, 0.99]), True, np.ones(len(DIGITS)))
    app = compared(found, explore_unusual="In training and test")
    assert "1 pairs" not in says(app)
    assert "One pair is a near-duplicate across training and test" in says(app)
    assert "training digit 5, and" in says(app)
    assert "test digit 9: 99.9 % alike" in says(app)


def test_without_near_duplicates_that_is_said(compared):
    none = Comparison(np.empty((0, 2), int), np.empty(0), True, np.ones(len(DIGITS)))
    app = compared(none, explore_unusual="Near-duplicates")
    assert app.info[0].value.startswith("No near-duplicates: no two digits are 98 % alike.")


def test_that_there_are_more_pairs_than_were_kept_is_said(compared):
    found = Comparison(np.array([[0, 1], [2, 3]]), np.ones(2), False, np.ones(len(DIGITS)))
    assert "2 pairs, or more, are" in says(compared(found, explore_unusual="Near-duplicates"))


def test_pairs_are_chosen_by_label_and_by_where_they_lie():
    digits = Dataset("some", np.zeros((4, 28, 28), np.uint8), np.array([1, 1, 7, 1]), 2)
    pairs = np.array([[0, 1], [2, 3], [1, 3]])
    found = Comparison(pairs, np.ones(3), True, np.ones(4))
    assert twins(digits, found, "any", across=False).tolist() == [0, 1, 2]
    assert twins(digits, found, "7", across=False).tolist() == [1]
    assert twins(digits, found, "any", across=True).tolist() == [2]


def test_a_comparison_that_failed_says_why_and_can_be_tried_again(visit, monkeypatch):
    monkeypatch.setattr(get_jobs(), "study_error", lambda study: "the worker fell asleep")
    app = visit("explore", explore_view="Unusual")
    assert app.error[0].value == "It did not work: the worker fell asleep"
    assert app.button(key="explore_comparison_start").label.startswith("Compare all")


def test_a_result_is_read_once_whoever_looks(compared, monkeypatch):
    app = compared()
    monkeypatch.setattr(Comparison, "from_bytes", None)
    monkeypatch.setattr(get_jobs().shelf, "result", None)
    app.segmented_control(key="explore_unusual").set_value("Near-duplicates").run()
    assert not app.exception
    assert not app.error
