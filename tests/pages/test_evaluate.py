import dataclasses
import json
from collections.abc import Callable

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from digitlab.datasets import load_dataset
from digitlab.presets import PRESETS, AuthorFigures
from digitlab.records import Epoch, Status, TestResult
from digitlab.store import Store
from pages.ui import cache
from pages.ui.gallery import picked_key

WRONG = 5
"""The fake reads the first five test digits as the next class, 80 % sure; the rest rightly."""


class FakeRecogniser:
    def probabilities(self, images: np.ndarray) -> np.ndarray:
        digits = load_dataset("digits")
        labels = digits.labels[digits.train_count :].copy()
        labels[:WRONG] = (labels[:WRONG] + 1) % 10
        return (0.8 * np.eye(10) + 0.02)[labels].astype(np.float32)


@pytest.fixture
def run_id(home, monkeypatch: pytest.MonkeyPatch) -> str:
    """A finished run of `first-steps`."""
    monkeypatch.setattr(cache, "recogniser", lambda key: FakeRecogniser())
    store = Store(home)
    run_id = store.create_run(PRESETS["first-steps"].config, "first-steps", "tests")
    store.start_run(run_id)
    store.add_epoch(run_id, Epoch(1, 0.9, 0.3, 0.95, 0.2, 0.001, 1.0))
    store.add_artefact(run_id, "model.tflite", b"a model")
    store.set_test(run_id, TestResult(0.98, 0.96, 0.99, 0.1, 360))
    store.end_run(run_id, Status.FINISHED)
    return run_id


@pytest.fixture
def evaluate(visit: Callable[..., AppTest], run_id: str) -> Callable[..., AppTest]:
    """Opens the page on that run."""

    def open_page(**query: str) -> AppTest:
        page = visit("evaluate", evaluate_run=run_id, **query)
        assert not page.exception
        assert not page.error
        return page

    return open_page


def sentences(page: AppTest) -> str:
    return "\n".join(block.value for block in (*page.subheader, *page.markdown, *page.caption))


def charts(page: AppTest) -> int:
    return len(page.get("plotly_chart"))


def test_the_headline_gives_accuracy_interval_mistakes_and_loss(evaluate):
    page = evaluate()
    assert page.subheader[0].value.startswith("98.61 % (96.8–99.4) · 5 of 360 wrong · loss")
    assert "360 test digits of digits" in sentences(page)


def test_the_surest_mistake_is_shown_large_with_its_sentence(evaluate):
    label = int(load_dataset("digits").labels[load_dataset("digits").train_count])
    page = evaluate()
    assert f"The network was 82 % sure this is a {(label + 1) % 10}." in sentences(page)
    assert "Test digit 0." in sentences(page)


def test_a_picked_digit_takes_the_place_of_the_first(evaluate):
    page = evaluate()
    page.session_state[picked_key("evaluate_wrong_digits")] = 3
    page.run()
    assert "Test digit 3." in sentences(page)


def test_the_filter_leaves_only_the_mistakes_asked_for(evaluate):
    digits = load_dataset("digits")
    label = int(digits.labels[digits.train_count])
    count = int((digits.labels[digits.train_count :][:WRONG] == label).sum())
    page = evaluate(evaluate_true=str(label))
    assert f"{count} read wrongly" in sentences(page)


def test_a_filter_without_mistakes_says_so(evaluate):
    page = evaluate(evaluate_true="4", evaluate_read="4")
    assert page.info[0].value == "No mistakes of this kind."


def test_the_grid_counts_what_was_read_rightly(evaluate):
    assert "20 of these 25 were read rightly" in sentences(evaluate(evaluate_view="25 digits"))


def test_the_curves_stand_side_by_side_and_on_two_axes(evaluate):
    assert charts(evaluate(evaluate_view="Learning curves")) == 3


def test_every_class_has_its_row_and_the_numbers_can_be_taken_away(evaluate, run_id):
    page = evaluate(evaluate_view="Each class")
    table = page.dataframe[0].value
    assert list(table["digit"]) == list(range(10))
    assert table["support"].sum() == 360
    assert len(page.get("download_button")) == 2


def test_an_unknown_run_in_the_url_is_said_in_one_sentence(visit, run_id):
    page = visit("evaluate", evaluate_run="no-such-run")
    assert "no-such-run" in page.warning[0].value
    assert not page.exception


def test_without_runs_the_pretrained_network_is_shown_and_the_way_to_train(visit, monkeypatch):
    monkeypatch.setenv("DIGITLAB_DATA_DIR", "/nonexistent")
    page = visit("evaluate")
    assert page.selectbox[0].value == "pretrained"
    assert not page.exception
    assert not page.error
    assert "Train one in about 30 seconds" in page.get("page_link")[0].proto.label


def published_run(home, preset: str, epoch: Epoch, **changes: object) -> str:
    store = Store(home)
    run_id = store.create_run(PRESETS[preset].config.replace(**changes), preset, "tests")
    store.start_run(run_id)
    store.add_epoch(run_id, epoch)
    store.add_artefact(run_id, "model.tflite", b"a model")
    store.end_run(run_id, Status.FINISHED)
    return run_id


def line_names(page: AppTest) -> set[str]:
    specs = [json.loads(chart.proto.spec) for chart in page.get("plotly_chart")]
    return {line["name"] for spec in specs for line in spec["data"]}


EPOCH = Epoch(1, 0.9931, 0.3, 0.9890, 0.2, 0.001, 1.0)


def test_figures_of_an_author_on_another_dataset_are_not_shown(visit, home, run_id):
    other = published_run(home, "tutorialspoint", EPOCH, dataset="digits")
    page = visit("evaluate", evaluate_run=other, evaluate_view="Learning curves")
    assert not page.exception
    assert "author" not in sentences(page)
    assert not [name for name in line_names(page) if "author" in name]


@pytest.mark.parametrize(
    ("changes", "headline", "words"),
    [
        ({}, "reports 97.00 %.", "Dotted: the author's figures. Printed in 2020."),
        (
            {"seed": 7},
            "reports 97.00 %; this run changed that preset.",
            "Dotted: the author's figures, for the unchanged preset. Printed in 2020.",
        ),
    ],
)
def test_figures_of_an_author_stand_beside_the_run_with_their_note(
    visit, home, run_id, monkeypatch, changes, headline, words
):
    figures = AuthorFigures(accuracy=(0.5, 0.9), test_accuracy=0.97, note="Printed in 2020.")
    preset = dataclasses.replace(PRESETS["first-steps"], author=figures)
    monkeypatch.setitem(PRESETS, "first-steps", preset)
    other = published_run(home, "first-steps", EPOCH, **changes)
    page = visit("evaluate", evaluate_run=other, evaluate_view="Learning curves")
    assert headline in sentences(page)
    assert words in [caption.value for caption in page.caption]
    assert {"training, the author's", "accuracy, the author's"} <= line_names(page)


def test_the_learning_curves_say_what_they_mean(visit, home, run_id):
    harder = Epoch(1, 0.6, 1.0, 0.95, 0.3, 0.001, 1.0)
    other = published_run(home, "first-steps", harder)
    page = visit("evaluate", evaluate_run=other, evaluate_view="Learning curves")
    assert "**Training is harder than the test.**" in " ".join(m.value for m in page.markdown)


def test_learning_curves_without_a_finding_say_nothing(visit, home, run_id):
    page = visit(
        "evaluate",
        evaluate_run=published_run(home, "first-steps", EPOCH),
        evaluate_view="Learning curves",
    )
    assert not [m for m in page.markdown if "lightbulb" in m.value]
