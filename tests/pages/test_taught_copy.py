"""A copy that learns somebody's hand: its pages tell of its own epochs."""

import json

import numpy as np
import pytest

from digitlab.config import ConvBlock, TrainingConfig
from digitlab.datasets import load_dataset
from digitlab.drawings import as_upload, keep_drawing
from digitlab.jobs import get_jobs
from digitlab.records import Epoch, Snapshot, Status, TestResult
from digitlab.sources.uploads import AT_HOME
from digitlab.teaching import course
from pages.ui import cache
from pages.ui import visitor as visitors
from pages.ui.runs.table import TICKED
from tests.pages.conftest import by_label, says

DIGITS = load_dataset("digits")
CONFIG = TrainingConfig(dataset="digits", conv_blocks=(ConvBlock(4),), epochs=3)
ELSEWHERE = "elsewhere 1 1.0"
"""A process that may be alive."""

pytestmark = pytest.mark.usefixtures("without_mnist", "at_home")


def learn(run_id, numbers, val_accuracy):
    """Epochs after which twenty digits are read as a 0, of whatever dataset they are."""
    store = get_jobs().store
    snapshot = Snapshot(np.eye(10, dtype=np.float32)[[0] * 20], np.zeros((3, 3, 4), np.float32))
    for number in numbers:
        epoch = Epoch(number, 0.9, 0.3, val_accuracy, 1 - val_accuracy, 0.0005, 1.0)
        store.add_epoch(run_id, epoch, snapshot)
        store.add_artefact(run_id, f"checkpoint-{number}.npz", b"state")


def taught(epochs, status=None, result=(0.5, 0.25, 0.75)):
    """A copy of a run of three epochs, with so many of its own: it reads 360 test digits well, and
    the visitor's dozen badly. It trains, unless it has ended.
    """
    store = get_jobs().store
    for row in range(24):
        image = np.roll(DIGITS.images[row], 1, axis=1)
        keep_drawing(AT_HOME, image, int(DIGITS.labels[row]), prompted=True)
    original = store.create_run(CONFIG, "first-steps", ELSEWHERE)
    store.start_run(original)
    learn(original, (1, 2, 3), 0.98)
    store.set_test(original, TestResult(0.98, 0.96, 0.99, 0.1, 360))
    store.end_run(original, Status.FINISHED)
    asked = course(store, original, as_upload(AT_HOME, []).name)
    run_id = store.fork_run(original, asked.epoch, asked.config, ELSEWHERE)
    store.start_run(run_id)
    learn(run_id, range(4, 4 + epochs), 0.5)
    if status:
        store.add_artefact(run_id, "model.tflite", b"a model")
        store.set_test(run_id, TestResult(*result, 0.5, 12))
        store.end_run(run_id, status)
    return run_id


def lines(app):
    """Every line of every chart, by name."""
    specs = [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]
    return [line for spec in specs for line in spec["data"]]


def ticked(visit, run_id):
    """Runs, with one ticked as a click would."""
    app = visit("runs")
    app.session_state[TICKED] = [run_id]
    app.switch_page("pages/home.py").run()
    app.switch_page("pages/runs.py").run()
    assert not app.exception
    assert not app.error
    return app


@pytest.fixture
def reads_zeros(monkeypatch):
    """Every network reads every digit as a 0."""

    class Reader:
        def probabilities(self, images):
            return np.eye(10, dtype=np.float32)[[0] * len(images)]

    monkeypatch.setattr(cache, "recogniser", lambda name: Reader())


def test_while_it_learns_train_counts_as_draw_does(visit):
    taught(1)
    app = visit("train")
    assert not app.exception
    assert "epoch 1 of 4 · 0:03 left" in app.get("progress")[0].proto.text
    assert app.get("progress")[0].proto.value == 25
    assert "learns: epoch 1 of 4 · 0:03 left" in (
        visit("draw", draw_mode="My handwriting").get("progress")[0].proto.text
    )


def test_home_counts_its_own_epochs_too(visit):
    taught(1)
    bar = visit("home").get("progress")[0].proto
    assert "is training · epoch 2 of 4" in bar.text
    assert bar.value == 25


def test_its_curves_hold_no_figures_of_what_its_original_was_validated_on(visit):
    run_id = taught(4, Status.FINISHED)
    app = visit("train", train_run=run_id)
    assert not app.error
    assert app.success[0].value.startswith("Finished after 4 of 4 epochs")
    (validation,) = [line for line in lines(app) if line["name"] == "validation" and
                     max(line["y"]) > 1]  # fmt: skip
    assert (validation["x"], validation["y"]) == ([1, 2, 3, 4], [50] * 4)
    assert "the 3 before were validated on other digits" in says(app)
    assert "Overfitting" not in says(app)


def test_after_its_first_epoch_no_reading_has_changed_from_one_of_another_digit(visit):
    app = visit("train", train_run=taught(4, Status.FINISHED))
    app.slider[0].set_value(1).run()
    assert not app.exception
    assert not app.error
    assert "**Epoch 1" not in says(app)
    assert "Epoch 1: **90.00 %** of the training digits right" in says(app)
    assert "changed" not in says(app)


def test_a_fork_of_it_goes_on_from_the_epoch_that_was_looked_at(visit):
    run_id = taught(4, Status.FINISHED)
    app = visit("train", train_run=run_id)
    app.slider[0].set_value(2).run()
    by_label(app.button, "Fork from epoch 2").click().run()
    assert app.info[0].value == (
        f"This will go on from epoch 2 of {run_id}. “Epochs” below counts the 3 of its original "
        "too."
    )
    assert app.session_state["train_fork"] == (run_id, 5)


def test_a_copy_that_was_stopped_is_resumed_from_an_epoch_of_its_own(visit):
    app = visit("train", train_run=taught(1, Status.STOPPED))
    assert app.success[0].value.startswith("Stopped after 1 of 4 epochs")
    assert by_label(app.button, "Resume from epoch 2")


def test_evaluate_shows_its_own_epochs(visit, reads_zeros):
    run_id = taught(4, Status.FINISHED)
    app = visit("evaluate", evaluate_run=run_id, evaluate_view="Learning curves")
    assert not app.error
    assert {tuple(line["x"]) for line in lines(app)} == {(1, 2, 3, 4)}


def test_home_does_not_take_it_for_the_best_run(visit):
    taught(4, Status.FINISHED, result=(1.0, 0.97, 1.0))
    (best,) = [m.value for m in visit("home").metric if m.label == "Best test accuracy"]
    assert best == "98.00 % (96.0–99.0)"


def test_runs_says_what_it_is_and_what_it_was_tested_on(visit):
    run_id = taught(4, Status.FINISHED)
    original = get_jobs().store.run(run_id).parent_id
    said = says(ticked(visit, run_id))
    assert f"Taught from {original} with 12 drawings." in said
    assert "Went on from" not in said
    assert "Tested on My handwriting, 24 digits, " in said


def test_runs_says_of_a_fork_of_it_and_of_its_original_what_they_are(visit):
    original = get_jobs().store.run(taught(4, Status.FINISHED)).parent_id
    fork = get_jobs().store.fork_run(original, 2, CONFIG, ELSEWHERE)
    assert f"Went on from epoch 2 of {original}." in says(ticked(visit, fork))
    said = says(ticked(visit, original))
    assert "Tested on digits." in said
    assert "Taught from" not in said


def test_another_visitor_is_not_told_how_many_drawings_it_learned(visit, monkeypatch):
    run_id = taught(4, Status.FINISHED)
    monkeypatch.setattr(visitors, "_is_at_home", lambda: False)
    original = get_jobs().store.run(run_id).parent_id
    assert f"Taught from {original}." in says(ticked(visit, run_id))


def test_runs_counts_its_own_epochs(visit):
    run_id = taught(4, Status.FINISHED)
    table = visit("runs").dataframe[0].value.set_index("id")
    assert table.loc[run_id, "epochs"] == "4 of 4"
    assert table.loc[run_id, "seconds"] == 4.0
    assert list(table.loc[run_id, "curve"]) == [0.5] * 4


def test_while_it_learns_runs_counts_its_own_epochs_too(visit):
    run_id = taught(1)
    assert f"**{run_id}** is running: 1 of 4 epochs are complete." in says(visit("runs"))


def test_compare_counts_its_own_epochs_and_seconds(visit, reads_zeros):
    run_id = taught(4, Status.FINISHED)
    app = visit("compare", compare_runs=f"pretrained,{run_id}", compare_view="Learning curves")
    assert not app.error
    row = app.dataframe[0].value.set_index("network").loc[run_id]
    assert (row["epochs"], row["training"]) == (4, "4 s")
    assert {tuple(line["x"]) for line in lines(app) if line["name"] == run_id} == {(1, 2, 3, 4)}


def test_its_line_among_the_forks_says_no_status_that_grows_stale(visit):
    store = get_jobs().store
    run_id = taught(1)
    app = visit("train", train_run=run_id)
    assert "from epoch 3" in [caption.value for caption in app.caption]
    store.end_run(run_id, Status.INTERRUPTED)
    app = visit("train", train_run=run_id)
    assert "from epoch 3 · interrupted" in [caption.value for caption in app.caption]
