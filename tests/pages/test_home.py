"""Home, in each of its states."""

import pytest

from digitlab.config import TrainingConfig
from digitlab.jobs import get_jobs
from digitlab.records import Epoch, Status, TestResult

ELSEWHERE = "elsewhere 1 1.0"
"""The owner of a run: a process of another machine."""


def finished_run(accuracy, low=None, n=360):
    store = get_jobs().store
    run_id = store.create_run(TrainingConfig(dataset="digits"), "first-steps", ELSEWHERE)
    store.start_run(run_id)
    low = accuracy - 0.02 if low is None else low
    store.set_test(run_id, TestResult(accuracy, low, accuracy + 0.01, 0.1, n))
    store.end_run(run_id, Status.FINISHED)
    return run_id


def facts(app):
    return {metric.label: metric.value for metric in app.metric}


def test_a_first_visit_says_that_there_are_no_runs_and_where_to_go(visit, without_mnist):
    app = visit("home")
    assert facts(app) == {"Digits at hand": "1,797", "Last run": "None yet"}
    assert {button.label for button in app.button} >= {"Draw a digit", "Train a network"}


def test_without_mnist_one_line_offers_the_download(visit, without_mnist):
    app = visit("home")
    assert "MNIST is not on this computer yet" in app.markdown[0].value
    assert app.button(key="mnist_download").label == "Download MNIST"


def test_a_failed_download_is_said_in_a_sentence_and_can_be_tried_again(
    visit, without_mnist, monkeypatch
):
    class Failed:
        done, fraction, error = True, 0.0, "MNIST could not be downloaded: no network"

    monkeypatch.setattr("digitlab.sources.downloads._downloads", {"MNIST": Failed()})
    app = visit("home")
    assert app.error[0].value == "MNIST could not be downloaded: no network"
    assert app.button(key="mnist_again").label == "Try again"


def test_the_best_run_stands_with_its_interval_and_its_dataset(visit, without_mnist):
    best, last = finished_run(0.97), finished_run(0.95)
    app = visit("home")
    assert facts(app)["Last run"] == last
    assert facts(app)["Best test accuracy"] == "97.00 % (95.0–98.0)"
    assert f"{best} · 360 test digits · dataset digits" in [
        caption.value for caption in app.caption
    ]


def test_a_few_test_digits_that_are_all_right_make_no_best_run(visit, without_mnist):
    finished_run(0.95)
    finished_run(0.99, low=0.72, n=10)
    app = visit("home")
    assert facts(app)["Best test accuracy"] == "95.00 % (93.0–96.0)"


def test_a_running_training_shows_how_far_it_is(visit, without_mnist):
    store = get_jobs().store
    run_id = store.create_run(TrainingConfig(epochs=4), None, ELSEWHERE)
    store.start_run(run_id)
    store.add_epoch(run_id, Epoch(1, 0.9, 0.3, None, None, 0.001, 2.0))
    app = visit("home")
    bar = app.get("progress")[0].proto
    assert bar.value == 25
    assert bar.text == f"{run_id} is training · epoch 2 of 4"


def test_a_queued_training_is_said_to_wait(visit, without_mnist):
    run_id = get_jobs().store.create_run(TrainingConfig(), None, ELSEWHERE)
    app = visit("home")
    assert app.get("progress")[0].proto.text == f"{run_id} waits for the training process"


def test_of_several_trainings_the_one_that_trains_is_shown(visit, without_mnist):
    store = get_jobs().store
    waiting, training = (store.create_run(TrainingConfig(), None, ELSEWHERE) for _ in range(2))
    store.start_run(training)
    app = visit("home")
    assert app.get("progress")[0].proto.text.startswith(f"{training} is training")
    assert waiting not in app.get("progress")[0].proto.text


@pytest.mark.parametrize("name", ["draw", "train", "explore", "evaluate"])
def test_each_button_leads_to_its_page(visit, without_mnist, name):
    app = visit("home")
    app.button(key=f"home_{name}").click().run()
    assert app.title[0].value == name.capitalize()
