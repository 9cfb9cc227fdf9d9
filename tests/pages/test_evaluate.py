import dataclasses
import json
import re
from collections.abc import Callable

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from digitlab.datasets import load_dataset
from digitlab.errors import InputError
from digitlab.presets import PRESETS, AuthorFigures
from digitlab.records import Epoch, Status, TestResult
from digitlab.store import Store
from pages.ui import cache
from pages.ui.gallery import picked_key
from tests.pages.conftest import says

WRONG = 5
"""The fake reads the first five test digits as the next class, 82 % sure; the rest rightly."""

UNSURE = 7
"""The test digit that it reads rightly, but is only 55 % sure of."""


class FakeRecogniser:
    """Knows the digits by their looks, and counts how often it is asked."""

    asked = 0

    def __init__(self) -> None:
        digits = load_dataset("digits")
        first = digits.train_count
        self.known = {}
        for row, image in enumerate(digits.images):
            label = int(digits.labels[row])
            misread = first <= row < first + WRONG or row == first - 1
            sureness = 0.5 if row == first + UNSURE else 0.8
            answer = np.full(10, (1 - sureness) / 10, np.float32)
            answer[(label + 1) % 10 if misread else label] += sureness
            self.known[image.tobytes()] = answer

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        FakeRecogniser.asked += 1
        return np.stack([self.known[image.tobytes()] for image in images])


@pytest.fixture
def run_id(home, monkeypatch: pytest.MonkeyPatch) -> str:
    """A finished run of `first-steps`."""
    fake = FakeRecogniser()
    monkeypatch.setattr(cache, "recogniser", lambda key: fake)
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


def charts(page: AppTest) -> int:
    return len(page.get("plotly_chart"))


def test_the_headline_gives_its_numbers_and_says_what_they_mean(evaluate):
    headline = evaluate().subheader[0]
    assert headline.value.startswith("98.61 % (96.8–99.4) · 5 of 360 wrong · top-2 100.00 % · loss")
    assert headline.value.endswith("ECE 16.7 %")
    for term in ("**Accuracy**", "**Error rate**", "1.39 %", "**Top-2**", "**Loss**", "**ECE**"):
        assert term in headline.help


def test_it_says_of_which_digits_the_numbers_are(evaluate):
    assert "360 test digits of digits" in says(evaluate())


def test_without_a_run_in_the_url_the_newest_tested_one_is_shown(visit, home, run_id):
    published_run(home, "first-steps", EPOCH)  # newer, with a model, but not tested
    page = visit("evaluate")
    assert page.selectbox[0].value == run_id
    assert not page.exception
    assert visit("draw").selectbox[0].value == "pretrained"


def test_what_was_read_once_is_not_read_again(evaluate):
    page = evaluate()
    before = FakeRecogniser.asked
    page.selectbox(key="evaluate_true").set_value("4").run()
    page.run()
    assert FakeRecogniser.asked == before


def test_the_surest_mistake_is_shown_large_with_its_sentence(evaluate):
    label = int(load_dataset("digits").labels[load_dataset("digits").train_count])
    page = evaluate()
    assert f"The network was 82 % sure this is a {(label + 1) % 10}." in says(page)
    assert "Test digit 0." in says(page)


def test_a_picked_digit_takes_the_place_of_the_first(evaluate):
    page = evaluate()
    page.session_state[picked_key("evaluate_wrong_digits")] = 3
    page.run()
    assert "Test digit 3." in says(page)


def test_the_filter_leaves_only_the_mistakes_asked_for(evaluate):
    digits = load_dataset("digits")
    label = int(digits.labels[digits.train_count])
    count = int((digits.labels[digits.train_count :][:WRONG] == label).sum())
    page = evaluate(evaluate_true=str(label))
    assert f"{count} read wrongly" in says(page)


def gallery_title(page: AppTest) -> str:
    return next(m.value for m in page.markdown if " first (" in m.value)


def test_mistakes_can_stand_in_three_orders(evaluate):
    page = evaluate()
    assert "the surest first" in gallery_title(page)
    page.selectbox(key="evaluate_order").set_value("nearest misses first").run()
    assert "the nearest misses first" in gallery_title(page)
    assert "the highest loss first" in gallery_title(evaluate(evaluate_order="highest loss first"))


def test_the_right_answers_can_be_looked_at_the_least_sure_first(evaluate):
    page = evaluate(evaluate_show="right but unsure")
    assert gallery_title(page).startswith("355 read rightly, the least sure first")
    assert f"Test digit {UNSURE}." in says(page)
    assert "The network was 55 % sure" in says(page)


def test_a_confused_pair_in_words_opens_its_digits(evaluate):
    page = evaluate()
    pair = next(b for b in page.button if "taken for" in b.label)
    true, read = pair.label.split(" taken for ")[0], pair.label.split(" taken for ")[1][0]
    page.selectbox(key="evaluate_show").set_value("right but unsure").run()
    page.button(key=pair.key).click().run()
    assert not page.exception
    assert page.selectbox(key="evaluate_show").value == "wrong"
    assert page.selectbox(key="evaluate_true").value == true
    assert page.selectbox(key="evaluate_read").value == read
    assert gallery_title(page).startswith("1 read wrongly")
    assert pair.label.endswith(": once")


def matrix(page: AppTest) -> dict:
    return json.loads(page.get("plotly_chart")[0].proto.spec)


def test_the_matrix_frames_what_the_gallery_shows(evaluate):
    assert not matrix(evaluate())["layout"].get("shapes")
    (frame,) = matrix(evaluate(evaluate_true="4", evaluate_read="9"))["layout"]["shapes"]
    assert (frame["x0"], frame["y0"]) == (8.5, 3.5)
    (frame,) = matrix(evaluate(evaluate_true="4", evaluate_show="right but unsure"))["layout"][
        "shapes"
    ]
    assert (frame["x0"], frame["y0"]) == (3.5, 3.5)


def test_a_filter_without_mistakes_says_so(evaluate):
    page = evaluate(evaluate_true="4", evaluate_read="4")
    assert page.info[0].value == "No mistakes of this kind."


def test_the_grid_counts_what_was_read_rightly(evaluate):
    assert "20 of these 25 were read rightly" in says(evaluate(evaluate_view="25 digits"))


def test_the_curves_stand_side_by_side_and_on_two_axes(evaluate):
    assert charts(evaluate(evaluate_view="Learning curves")) == 3


def test_every_class_has_its_row(evaluate):
    page = evaluate(evaluate_view="Each class")
    table = page.dataframe[0].value
    assert list(table["digit"]) == list("0123456789")
    assert table["support"].sum() == 360


def test_report_numbers_classes_and_mistakes_can_be_taken_along(evaluate):
    page = evaluate(evaluate_view="Take it along")
    labels = [button.proto.label for button in page.get("download_button")]
    assert labels == [
        "Report (HTML)", "All numbers (JSON)", "Each class (CSV)", "Mistakes (ZIP)",
    ]  # fmt: skip
    assert f"{WRONG} pictures, in a folder for each true digit" in says(page)


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


def published_run(home, preset: str, *epochs: Epoch, **changes: object) -> str:
    store = Store(home)
    run_id = store.create_run(PRESETS[preset].config.replace(**changes), preset, "tests")
    store.start_run(run_id)
    for epoch in epochs:
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
    assert "author" not in says(page)
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
    assert headline in says(page)
    assert words in [caption.value for caption in page.caption]
    assert {"training, the author's", "accuracy, the author's"} <= line_names(page)


def test_the_learning_curves_say_what_they_mean(visit, home, run_id):
    harder = [Epoch(number, 0.6, 1.0, 0.95, 0.3, 0.001, 1.0) for number in (1, 2, 3)]
    other = published_run(home, "first-steps", *harder)
    page = visit("evaluate", evaluate_run=other, evaluate_view="Learning curves")
    assert "**Training is harder than the test.**" in " ".join(m.value for m in page.markdown)


def test_learning_curves_without_a_finding_say_nothing(visit, home, run_id):
    page = visit(
        "evaluate",
        evaluate_run=published_run(home, "first-steps", EPOCH),
        evaluate_view="Learning curves",
    )
    assert not [m for m in page.markdown if "lightbulb" in m.value]


def test_reliability_says_what_a_stated_sureness_is_worth(evaluate):
    page = evaluate(evaluate_view="Reliability")
    words = says(page)
    assert "right in 98.61 % (96.8–99.4): it could be surer." in words
    assert "Up to 60 % sure: 1 answer, 55 % sure on average, 100 % right." in words
    assert charts(page) == 2


def test_a_temperature_is_fitted_on_the_validation_digits_of_the_training(evaluate):
    words = says(evaluate(evaluate_view="Reliability"))
    assert re.search(r"\*\*Temperature 0\.\d\d\*\*, fitted on its 144 validation digits", words)
    assert re.search(r"it changes ECE 16\.\d+ % → [01]\.\d+ %", words)
    assert "What the network reads stays the same." in words


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"validation": "none"}, "validated on no digits"),
        ({"validation": "test"}, "validated on the test digits"),
        ({"validation_fraction": 0.01}, "it reads all of its 15 validation digits"),
    ],
)
def test_without_validation_digits_that_tell_there_is_no_temperature(
    visit, home, run_id, changes, reason, monkeypatch
):
    if "validation_fraction" in changes:
        known = cache.recogniser("").known
        digits = load_dataset("digits")
        label = digits.labels[digits.train_count - 1]
        known[digits.images[digits.train_count - 1].tobytes()] = np.eye(10, dtype="f4")[label]
    other = published_run(home, "first-steps", EPOCH, **changes)
    page = visit("evaluate", evaluate_run=other, evaluate_view="Reliability")
    assert not page.exception
    assert not page.error
    words = says(page)
    assert "No temperature can be fitted" in words
    assert reason in words
    assert "**Temperature" not in words


def test_refusing_the_unsure_says_what_is_answered_and_what_is_spared(evaluate):
    page = evaluate(evaluate_view="Reliability", evaluate_refuse="70")
    assert "It answers **359 of 360** (99.7 %) and gets 5 wrong" in says(page)
    assert "Of the 1 refused it would have got 0 wrong." in says(page)
    page.select_slider(key="evaluate_refuse").set_value(90).run()
    assert "It answers none of 360." in says(page)
    assert page.info[0].value == "No mistake remains among the answered."
    assert not page.exception


def test_a_bin_of_the_diagram_opens_its_answers_mistakes_first(evaluate):
    page = evaluate(evaluate_view="Reliability")
    page.session_state["evaluate_bin"] = ("as it is", 12)
    page.run()
    assert not page.exception
    assert "359 answers, 80–87 % sure, 354 of them right; mistakes first" in says(page)
    page.session_state["evaluate_bin"] = ("as it is", 2)
    page.run()
    assert "No answer is 13–20 % sure." in [info.value for info in page.info]


def test_a_bin_of_another_networks_temperature_is_no_bin_of_a_network_without(visit, home, run_id):
    other = published_run(home, "first-steps", EPOCH, validation="none")
    page = visit("evaluate", evaluate_run=other, evaluate_view="Reliability")
    page.session_state["evaluate_bin"] = ("with the temperature", 12)
    page.run()
    assert not page.exception
    assert not [info for info in page.info if info.value.startswith("No answer is")]
    assert "Click a point or a bar to see its answers." in [c.value for c in page.caption]


def test_what_is_refused_can_be_looked_at(evaluate):
    page = evaluate(evaluate_view="Reliability", evaluate_refuse="70", evaluate_whose="refused")
    assert "Refused, the least sure first" in says(page)
    page.select_slider(key="evaluate_refuse").set_value(0).run()
    assert "Nothing is refused." in [info.value for info in page.info]


def test_the_newest_run_is_shown_to_who_comes_back_and_has_chosen_no_other(visit, home):
    page = visit("evaluate")
    assert page.selectbox(key="evaluate_run").value == "pretrained"
    newer = finished_and_tested(home)
    page.run()
    assert page.selectbox(key="evaluate_run").value == "pretrained", "not under one's eyes"
    page.switch_page("pages/runs.py").run()
    page.switch_page("pages/evaluate.py").run()
    assert page.selectbox(key="evaluate_run").value == newer
    page.selectbox(key="evaluate_run").set_value("pretrained").run()
    finished_and_tested(home)
    page.switch_page("pages/runs.py").run()
    page.switch_page("pages/evaluate.py").run()
    assert page.selectbox(key="evaluate_run").value == "pretrained"


def finished_and_tested(home):
    run_id = published_run(home, "first-steps", EPOCH)
    Store(home).set_test(run_id, TestResult(0.98, 0.96, 0.99, 0.1, 360))
    return run_id


def test_no_page_puts_handwriting_together(visit, home, run_id):
    other = published_run(home, "first-steps", EPOCH, dataset="handwriting")
    page = visit(
        "evaluate",
        evaluate_run=other,
        evaluate_dataset="digits",
        evaluate_view="Learning curves",
    )
    assert not page.exception
    assert not page.error
    assert "its own" not in page.selectbox(key="evaluate_dataset").options
    with pytest.raises(InputError, match="put together by code.* choose mnist instead"):
        cache.dataset("handwriting")


def test_the_path_of_a_dataset_is_shown_at_the_server_s_computer_only(
    visit, home, run_id, monkeypatch
):
    other = published_run(home, "first-steps", EPOCH, dataset="/srv/secret/mine.csv")
    for at_home in (True, False):
        monkeypatch.setattr("pages.ui.visitor._is_at_home", lambda here=at_home: here)
        page = visit("evaluate", evaluate_run=other, evaluate_dataset="digits")
        assert not page.exception
        assert "mine.csv" in says(page)
        assert ("/srv/secret" in says(page)) == at_home


def test_doubtful_labels_are_known_of_mnist_only(evaluate):
    page = evaluate(evaluate_view="Doubtful labels")
    assert "Doubtful labels are known of MNIST's official test digits only" in page.info[0].value


def someone_on_mnist() -> None:
    """Reads every digit as its label says, and the test digit 947 as people do."""
    import numpy as np

    from digitlab.datasets import Dataset
    from digitlab.doubtful import DOUBTS
    from pages.ui.answers import Answers
    from pages.ui.evaluate.doubtful import show_doubtful
    from pages.ui.evaluate.mistakes import show_mistakes

    labels = np.zeros(10_100, np.uint8)
    for doubt in DOUBTS:
        labels[100 + doubt.test_digit] = doubt.label
    probabilities = np.eye(10, dtype=np.float32)[labels[100:]]
    probabilities[947] = np.eye(10)[9]
    digits = Dataset("mnist", np.zeros((10_100, 28, 28), np.uint8), labels, 100)
    answers = Answers("someone", digits, np.arange(100, 10_100), probabilities)
    show_doubtful(answers)
    show_mistakes(answers)


def test_doubtful_labels_are_listed_shown_and_set_apart():
    page = AppTest.from_function(someone_on_mnist, default_timeout=20).run()
    assert not page.exception
    assert not page.error
    assert [metric.value for metric in page.metric] == [
        "99.99 % (99.9–100.0)", "100.00 % (100.0–100.0)", "99.91 % (99.8–100.0)",
    ]  # fmt: skip
    words = says(page)
    assert "1 of 10,000 wrong" in words
    assert "0 of 9,985 wrong" in words
    assert "9 of 9,995 wrong" in words
    assert "sure this is a 9. The label says 8.** Test digit 947." in words
    assert "Of 5 people, 0 saw 8 as labelled, 5 saw 9, and 0 saw neither." in words
    table = page.dataframe[0].value
    assert len(table) == 15
    assert table["people say"][0] == "5 of 5 saw 9"
    assert "github.com/cleanlab/label-errors" in words
    assert "This label is doubtful. Of 5 people, 0 saw 8" in words, "among the mistakes too"


def test_hints_know_of_a_fork_and_of_a_learning_rate_set_while_it_trained(
    visit, home, run_id, monkeypatch
):
    asked = []
    monkeypatch.setattr("pages.ui.train.hints.hints_of", lambda *given: asked.append(given) or ())
    store = Store(home)
    store.add_artefact(run_id, "checkpoint-1.npz", b"a state")
    fork = store.fork_run(run_id, 1, PRESETS["first-steps"].config, "tests")
    store.start_run(fork)
    store.set_learning_rate(fork, 0.0005)
    store.add_artefact(fork, "model.tflite", b"a model")
    store.end_run(fork, Status.FINISHED)
    page = visit("evaluate", evaluate_run=fork, evaluate_view="Learning curves")
    assert not page.exception
    ((config, epochs, error, inherited),) = asked
    assert (config.learning_rate, len(epochs), error, inherited) == (0.0005, 1, None, 1)
