"""The Train page: the form, the network before it exists, what went wrong in words."""

import dataclasses
import json
from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from digitlab.config import ConvBlock, DenseLayer, TrainingConfig
from digitlab.domains import declared
from digitlab.jobs import get_jobs
from digitlab.presets import PRESETS, AuthorFigures
from digitlab.records import Epoch, Status, TestResult
from pages.ui.forms import PARAMETERS, read_rows


@pytest.fixture
def jobs(monkeypatch):
    """Jobs whose trainings are only written down, never begun."""
    jobs = get_jobs()

    def submit(config, preset=None):
        return jobs.store.create_run(config, preset, "test 1 1")

    monkeypatch.setattr(jobs, "submit", submit)
    return jobs


def by_label(elements, label):
    (found,) = [element for element in elements if element.label == label]
    return found


def test_every_field_has_a_widget_or_a_reason_to_be_hidden(visit):
    app = visit("train", train_preset="kazmi")
    assert not app.exception
    shown = {e.label for kind in (app.selectbox, app.number_input, app.toggle) for e in kind}
    values = {p.name: getattr(PRESETS["kazmi"].config, p.name) for p in PARAMETERS}
    expected = {p.label for p in PARAMETERS if p.matters(values)}
    tables = {line.value.strip("*") for line in app.markdown}
    assert expected - shown == {"Conv blocks", "Dense layers"} <= tables


@pytest.mark.parametrize("key", PRESETS)
def test_each_preset_shows_its_network(visit, key):
    app = visit("train", train_preset=key)
    assert not app.exception
    parameters = by_label(app.metric, "Parameters").value
    assert parameters == {
        "ndlovu": "220,234",
        "tutorialspoint": "225,034",
        "kazmi": "225,418",
        "tuxacademy": "93,322",
    }.get(key, parameters)


def test_start_queues_what_the_form_says(visit, jobs):
    app = visit("train", train_preset="first-steps")
    by_label(app.number_input, "Epochs").set_value(3)
    app.run()
    assert any("epochs 15 → 3" in caption.value for caption in app.caption)
    by_label(app.button, "Start training").click()
    app.run()
    (run,) = jobs.store.runs()
    assert run.config == PRESETS["first-steps"].config.replace(epochs=3)
    assert run.preset == "first-steps"
    assert by_label(app.button, "Take out of the queue")


def test_values_that_do_not_go_together_are_one_sentence(visit):
    app = visit("train", train_preset="kazmi")
    by_label(app.selectbox, "Validation").select("test")
    app.run()
    assert not app.exception
    (error,) = app.error
    assert "test set chooses nothing" in error.value
    assert not [button for button in app.button if button.label == "Start training"]


def test_a_waiting_run_can_be_taken_out_of_the_queue(visit, jobs):
    first, second = (jobs.submit(TrainingConfig(dataset="digits")) for _ in range(2))
    jobs.store.start_run(first)
    app = visit("train")
    by_label(app.button, "Take out").click()
    app.run()
    assert jobs.store.run(second).status is Status.STOPPED
    assert jobs.store.run(first).status is Status.RUNNING


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [
        (Status.FAILED, "the loss became nan in epoch 1", "the loss became nan"),
        (Status.INTERRUPTED, "the program that trained it ended", "1 completed epochs are kept"),
    ],
)
def test_how_a_run_ended_is_said(visit, jobs, status, error, words):
    run_id = jobs.submit(TrainingConfig(dataset="digits"))
    jobs.store.start_run(run_id)
    jobs.store.add_epoch(run_id, Epoch(1, 0.5, 1.0, None, None, 0.001, 1.0))
    app = visit("train")
    jobs.store.end_run(run_id, status, error)
    app.run()
    assert not app.exception
    assert any(words in box.value for box in (*app.error, *app.warning))


def test_a_finished_run_leads_to_its_mistakes(visit, jobs):
    run_id = jobs.submit(TrainingConfig(dataset="digits", epochs=1))
    jobs.store.start_run(run_id)
    app = visit("train")
    jobs.store.set_test(run_id, TestResult(0.975, 0.953, 0.987, 0.1, 360))
    jobs.store.end_run(run_id, Status.FINISHED)
    app.run()
    (result,) = app.success
    assert "**97.50 % (95.3–98.7)** of 360 test digits" in result.value


def test_an_empty_cell_of_a_new_row_takes_its_default():
    columns = declared(ConvBlock)
    row = dict.fromkeys((c.name for c in columns), None) | {"filters": 7.0}
    (values,) = read_rows(columns, [row])
    assert ConvBlock(**values) == ConvBlock(filters=7)
    (values,) = read_rows(declared(DenseLayer), [{"units": 5, "dropout": 0.25}])
    assert DenseLayer(**values) == DenseLayer(5, 0.25)


def test_an_unknown_preset_in_the_url_is_one_sentence_and_the_default_is_used(visit, monkeypatch):
    monkeypatch.setattr("pages.ui.forms.available", lambda: ("digits",))
    app = visit("train", train_preset="[nonsense](https://example.org)")
    assert not app.exception
    (warning,) = app.warning
    assert "There is no preset" in warning.value
    assert "starts from first-steps" in warning.value
    assert "](https" not in warning.value
    assert by_label(app.selectbox, "Start from").value == "first-steps"


def test_a_run_of_another_process_shows_its_completed_epochs(visit, jobs):
    run_id = jobs.submit(TrainingConfig(dataset="digits", epochs=12))
    jobs.store.start_run(run_id)
    for number in (1, 2, 3):
        jobs.store.add_epoch(run_id, Epoch(number, 0.5, 1.25, None, None, 0.001, 10.0))
    bar = visit("train").get("progress")[0].proto
    assert bar.value == 25
    assert "epoch 3 of 12 · 1:30 left · accuracy 50.00 % · loss 1.2500" in bar.text
    assert "starting" not in bar.text


@pytest.mark.parametrize("status", [Status.FAILED, Status.INTERRUPTED])
def test_what_went_wrong_is_shown_without_links(visit, jobs, status):
    run_id = jobs.submit(TrainingConfig(dataset="digits"))
    jobs.store.start_run(run_id)
    jobs.store.end_run(run_id, status, "no such file: ![x](https://example.org/x.png)")
    app = visit("train")
    (box,) = (*app.error, *app.warning)
    assert "no such file" in box.value
    assert "](" not in box.value
    assert "://" not in box.value


def waiting_for_a_test_result():
    """The panel of a run that is being stored; the page starts over once."""
    import streamlit as st

    from pages.ui.live import _saving

    if "begun" in st.session_state:
        st.markdown("the page started over")
        st.stop()
    st.session_state["begun"] = True
    _saving(st.session_state["run"])


@pytest.mark.parametrize(("patience", "over"), [(timedelta(0), True), (timedelta(hours=1), False)])
def test_waiting_for_a_test_result_ends_by_itself(jobs, monkeypatch, patience, over):
    monkeypatch.setattr("pages.ui.live.SAVING", patience)
    run_id = jobs.submit(TrainingConfig(dataset="digits"))
    jobs.store.start_run(run_id)
    jobs.store.end_run(run_id, Status.STOPPED)
    app = AppTest.from_function(waiting_for_a_test_result, default_timeout=20)
    app.session_state["run"] = run_id
    app.run()
    assert not app.exception
    assert [line.value for line in app.markdown] == ["the page started over"] * over
    assert len(app.info) == (not over)


def test_waiting_for_the_test_result_of_a_lost_run_is_one_sentence():
    app = AppTest.from_function(waiting_for_a_test_result, default_timeout=20)
    app.session_state["run"] = "lost-run"
    app.run()
    assert not app.exception
    assert "lost-run" in app.error[0].value


def finished(jobs, accuracy, val_accuracy):
    run_id = jobs.submit(TrainingConfig(dataset="digits", epochs=1))
    jobs.store.start_run(run_id)
    jobs.store.add_epoch(run_id, Epoch(1, accuracy, 0.1, val_accuracy, None, 0.001, 1.0))
    jobs.store.set_test(run_id, TestResult(0.975, 0.953, 0.987, 0.1, 360))
    jobs.store.end_run(run_id, Status.FINISHED)


def test_a_result_says_that_the_network_overfits(visit, jobs):
    finished(jobs, 0.9931, 0.9890)
    assert "better (99.31 %) than the validation digits (98.90 %)" in visit("train").info[0].value


def test_a_result_without_overfitting_says_nothing_of_it(visit, jobs):
    finished(jobs, 0.98, 0.99)
    assert not visit("train").info


@pytest.mark.parametrize("key", ["ndlovu", "kazmi"])
def test_the_authors_note_stands_under_the_preset(visit, key):
    captions = [caption.value for caption in visit("train", train_preset=key).caption]
    assert PRESETS[key].author.note in captions


@pytest.mark.parametrize(
    ("changes", "dotted", "words"),
    [
        ({}, True, "Dotted: the author's figures."),
        ({"seed": 7}, True, "Dotted: the author's figures, for the unchanged preset."),
        ({"dataset": "mnist"}, False, None),
    ],
)
def test_the_authors_curves_stand_only_beside_runs_on_their_dataset(
    visit, jobs, monkeypatch, changes, dotted, words
):
    preset = dataclasses.replace(PRESETS["first-steps"], author=AuthorFigures(accuracy=(0.5, 0.9)))
    monkeypatch.setitem(PRESETS, "first-steps", preset)
    run_id = jobs.submit(preset.config.replace(**changes), "first-steps")
    jobs.store.start_run(run_id)
    jobs.store.add_epoch(run_id, Epoch(1, 0.4, 1.0, None, None, 0.001, 1.0))
    app = visit("train")
    lines = [line["name"] for chart in app.get("plotly_chart")
             for line in json.loads(chart.proto.spec)["data"]]  # fmt: skip
    assert ("training, the author's" in lines) == dotted
    assert [c.value for c in app.caption if "Dotted" in c.value] == ([words] if words else [])
