"""The Runs page: found, named, starred, deleted and brought back, exported and imported."""

import io
import threading
from dataclasses import replace

import pytest
import sqlalchemy as sql

from digitlab.archive import pack, unpack
from digitlab.jobs import get_jobs
from digitlab.presets import PRESETS
from digitlab.records import Curve, Epoch, Status, TestResult
from digitlab.store import Newcomer, Store
from pages.ui.runs.actions import in_words
from pages.ui.runs.archive import arrived_in_words, file_name
from pages.ui.runs.filters import holds_words
from pages.ui.runs.table import CURVE_POINTS, TICKED, table_rows
from tests.pages.conftest import by_label, says

CONFIG = PRESETS["first-steps"].config
EPOCH = Epoch(1, 0.9, 0.3, 0.95, 0.2, 0.001, 4.0)
ELSEWHERE = "elsewhere 1 1.0"
"""The owner of a run: a process of another machine."""


@pytest.fixture
def store(home):
    return get_jobs().store


def add_run(store, status=Status.FINISHED, accuracy=0.975, epochs=2, preset="first-steps", **how):
    run_id = store.create_run(CONFIG.replace(**how), preset, ELSEWHERE)
    if status is Status.QUEUED:
        return run_id
    store.start_run(run_id)
    for number in range(1, epochs + 1):
        store.add_epoch(run_id, replace(EPOCH, epoch=number))
    if status is Status.FINISHED:
        store.add_artefact(run_id, "model.keras", b"a model")
        store.add_artefact(run_id, "model.tflite", b"a model")
        store.set_test(run_id, TestResult(accuracy, 0.953, 0.987, 0.1, 360))
    if status is not Status.RUNNING:
        store.end_run(run_id, status)
    return run_id


@pytest.fixture
def open_page(visit):
    """Opens the page, with runs ticked as a click would."""

    def open_page(*ticked, **query):
        page = visit("runs", **query)
        if ticked:
            page.session_state[TICKED] = list(ticked)
            page.switch_page("pages/home.py").run()
            page.switch_page("pages/runs.py").run()
        assert not page.exception
        assert not page.error
        return page

    return open_page


def listed(page):
    return list(page.dataframe[0].value["id"]) if page.dataframe else []


def links(page):
    return {link.proto.label: link.proto.query_string for link in page.get("page_link")}


def press(page, label):
    by_label(page.button, label).click()
    page.run()
    assert not page.exception
    return page


def test_before_the_first_run_the_page_says_what_to_do(open_page):
    page = open_page()
    assert page.info[0].value == "No runs yet."
    assert "Train one in about 30 seconds" in links(page)
    assert not page.dataframe


def test_a_row_says_what_matters_of_a_run(store, open_page):
    run_id = add_run(store)
    store.star_runs([run_id], True)
    store.label_run(run_id, "the good one", "")
    row = open_page().dataframe[0].value.iloc[0]
    assert (row["star"], row["run"], row["id"]) == ("★", "the good one", run_id)
    assert (row["status"], row["epochs"], row["seconds"]) == ("finished", "2 of 15", 8.0)
    assert (row["accuracy"], row["interval"], row["wrong"]) == (97.5, "95.3–98.7", 9)
    assert (row["preset"], row["dataset"]) == ("first-steps", "digits")
    assert list(row["curve"]) == [0.95, 0.95]
    assert row["parameters"] > 100_000


def test_an_epoch_that_is_complete_is_in_the_list_on_the_next_rerun(store, open_page):
    run_id = add_run(store, Status.RUNNING, epochs=1)
    page = open_page()
    store.add_epoch(run_id, replace(EPOCH, epoch=2, val_accuracy=0.97))
    assert list(page.run().dataframe[0].value["curve"][0]) == [0.95, 0.97]


def test_a_long_curve_is_thinned_out_and_keeps_its_end(store):
    run = store.run(add_run(store))
    accuracies = tuple(number / 1000 for number in range(500))
    curve = table_rows([run], {run.id: Curve(accuracies, 1.0)})["curve"][0]
    assert len(curve) <= CURVE_POINTS
    assert curve[-1] == 0.499
    assert curve == sorted(curve)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"runs_status": "paused"}, {"paused"}),
        ({"runs_preset": "no preset"}, {"free"}),
        ({"runs_dataset": "mnist"}, {"mnist"}),
        ({"runs_starred": "true"}, {"starred"}),
        ({"runs_text": "GOOD one"}, {"starred"}),
        ({"runs_text": "good", "runs_status": "paused"}, set()),
        ({"runs_status": "nonsense"}, {"paused", "free", "mnist", "starred"}),
    ],
)
def test_filters_stand_in_the_address(store, open_page, query, found):
    ids = {
        "paused": add_run(store, Status.PAUSED),
        "free": add_run(store, preset=None),
        "mnist": add_run(store, dataset="mnist"),
        "starred": add_run(store),
    }
    store.star_runs([ids["starred"]], True)
    store.label_run(ids["starred"], "One", "a good run")
    assert set(listed(open_page(**query))) == {ids[name] for name in found}


def test_where_nothing_is_left_one_click_shows_all(store, open_page):
    run_id = add_run(store)
    page = open_page(runs_text="nothing like this", runs_status="failed")
    assert "None of the 1 runs is like this." in says(page)
    assert listed(press(page, "Show all")) == [run_id]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("newest first", [2, 1, 0]),
        ("best test accuracy first", [1, 0, 2]),
        ("by name", [2, 1, 0]),
    ],
)
def test_the_order_stands_in_the_address(store, open_page, order, expected):
    ids = [add_run(store, accuracy=0.96), add_run(store, accuracy=0.98)]
    ids.append(add_run(store, Status.FAILED))
    for name, run_id in zip("cBa", ids, strict=True):
        store.label_run(run_id, name, "")
    assert listed(open_page(runs_order=order)) == [ids[place] for place in expected]


def test_a_single_run_says_how_it_differs_and_where_to_go(store, open_page):
    run_id = add_run(store, epochs=2, learning_rate=0.01)
    page = open_page(run_id)
    assert "97.50 % (95.3–98.7) · 9 of 360 wrong" in says(page)
    assert "Changed from the preset: learning_rate 0.003 → 0.01." in says(page)
    assert links(page)["Open on Train"] == f"train_run={run_id}"
    assert links(page)["See its mistakes"] == f"evaluate_run={run_id}"


def test_ticked_runs_stay_ticked_when_the_list_around_them_changes(store, open_page):
    first, third = (add_run(store) for _ in range(2))
    page = open_page(first, third)
    page.text_input(key="runs_text").set_value(third).run()
    assert page.session_state[TICKED] == [third]
    add_run(store)
    page.text_input(key="runs_text").set_value("").run()
    assert page.session_state[TICKED] == [third]


def test_two_runs_with_models_can_be_compared_and_one_without_cannot(store, open_page):
    first, second, failed = add_run(store), add_run(store), add_run(store, Status.FAILED)
    compared = links(open_page(first, second))["Compare these 2"]
    assert compared == f"compare_runs={second}%2C{first}"
    assert not [label for label in links(open_page(first, failed)) if "Compare" in label]
    assert not [label for label in links(open_page(first)) if "Compare" in label]


def test_a_run_is_named_and_noted(store, open_page):
    run_id = add_run(store)
    page = open_page(run_id)
    (name,) = [field for field in page.text_input if field.label == "Name"]
    name.set_value("the good one")
    page.text_area[0].set_value("keep")
    press(page, "Save")
    run = store.run(run_id)
    assert (run.name, run.note) == ("the good one", "keep")
    assert page.dataframe[0].value["run"][0] == "the good one"


def test_stars_are_given_and_taken(store, open_page):
    run_ids = [add_run(store), add_run(store)]
    page = press(open_page(*run_ids), "Star")
    assert all(run.starred for run in store.runs())
    press(page, "Take the star away")
    assert not any(run.starred for run in store.runs())


def test_a_deletion_names_what_is_gone_and_can_be_undone(store, open_page):
    kept, named, plain = (add_run(store) for _ in range(3))
    store.label_run(named, "not [this](http://x)", "")
    page = press(open_page(named, plain), "Delete 2 runs")
    assert listed(page) == [kept]
    assert "kept for 24 hours" in says(page)
    assert plain in says(page)
    assert r"not \[this\]" in says(page)
    assert "](http" not in says(page)
    page = press(page, "Undo")
    assert set(listed(page)) == {kept, named, plain}
    assert "Undo" not in [button.label for button in page.button]


def test_a_run_from_the_bin_brings_its_curve_although_others_were_drawn_meanwhile(store, open_page):
    run_id = add_run(store)
    page = press(open_page(run_id), "Delete")
    add_run(store)
    page = press(page.run(), "Undo")
    assert list(page.dataframe[0].value["epochs"]) == ["2 of 15", "2 of 15"]


def test_the_last_run_can_be_deleted_and_brought_back(store, open_page):
    run_id = add_run(store)
    page = press(open_page(run_id), "Delete")
    assert page.info[0].value == "No runs yet."
    assert listed(press(page, "Undo")) == [run_id]


def test_the_bin_empties_itself_when_its_day_is_over(home, monkeypatch):
    emptied = threading.Event()
    monkeypatch.setattr(Store, "empty_bin", lambda store: emptied.set())
    monkeypatch.setattr("digitlab.jobs.PULSE_SECONDS", 0.01)
    get_jobs()
    assert emptied.wait(10)


def test_a_run_that_trains_is_neither_deleted_nor_exported(store, open_page):
    run_id = add_run(store, Status.RUNNING)
    page = open_page(run_id)
    (delete,) = [button for button in page.button if button.label == "Delete"]
    (export,) = page.get("download_button")
    assert delete.disabled
    assert "stop it first" in delete.help
    assert export.proto.disabled
    assert f"**{run_id}** is running: 2 of 15 epochs are complete." in says(page)


def test_an_imported_run_says_that_its_model_is_a_stranger_s(store, tmp_path, open_page):
    other = Store(tmp_path / "other")
    run_id = add_run(other, Status.FAILED)
    unpack(store, io.BytesIO(pack(other, other.runs())))
    assert "never opened here" in says(open_page(run_id))


def test_runs_are_imported_and_ticked(store, tmp_path, open_page):
    other = Store(tmp_path / "other")
    run_id = add_run(other, Status.FAILED)
    page = open_page()
    page.file_uploader[0].set_value(("runs.zip", pack(other, other.runs()), "application/zip"))
    press(page, "Import")
    assert listed(page) == [run_id]
    assert page.session_state[TICKED] == [run_id]
    assert page.success[0].value == f"Imported {run_id}."


def test_imported_runs_are_seen_whatever_was_filtered(store, tmp_path, open_page):
    other = Store(tmp_path / "other")
    run_id, here = add_run(other, Status.FAILED), add_run(store)
    page = open_page(runs_status="finished")
    page.file_uploader[0].set_value(("runs.zip", pack(other, other.runs()), "application/zip"))
    assert set(listed(press(page, "Import"))) == {here, run_id}


def test_a_file_that_is_no_archive_gets_a_sentence(store, open_page):
    page = open_page()
    page.file_uploader[0].set_value(("runs.zip", b"GIF89a", "application/zip"))
    press(page, "Import")
    assert page.error[0].value.startswith("nothing was imported: this is no zip file")
    press(page, "Import")
    assert "choose a file first" in page.error[0].value


def test_what_arrived_is_said_in_words():
    from digitlab.archive import Arrived

    ids = tuple(f"run-{number}" for number in range(6))
    assert arrived_in_words(Arrived(ids, (), ())) == (
        "Imported 6 runs, run-0, run-1, run-2, run-3 among them."
    )
    assert arrived_in_words(Arrived(("a",), ("a",), ("b",))) == (
        "Imported a. Here already, and left as it is: b. "
        "With a new id, because the old one was taken: a."
    )


def test_the_name_of_a_download_tells_its_runs_apart(store):
    first, second = (store.run(add_run(store)) for _ in range(2))
    assert file_name([first]) == f"digitlab-runs-{first.id}.zip"
    assert file_name([first, second]).startswith("digitlab-runs-2-")
    assert in_words([first] * 6) == ", ".join([first.id] * 4) + ", 2 more"


def test_a_word_is_found_wherever_a_person_reads_it(store):
    run = replace(store.run(add_run(store)), name="Straße", note="after lunch")
    assert holds_words(run, "mine.csv", "STRASSE lunch first-steps mine")
    assert not holds_words(run, "mine.csv", "lunch dinner")


def test_200_runs_are_one_look_at_their_epochs_and_none_on_a_rerun(store, open_page):
    run = store.run(add_run(store, Status.FAILED))
    store.add_runs(
        Newcomer(replace(run, id=f"{run.id}-{number}"), (EPOCH,) * (number % 2), (), bytes)
        for number in range(199)
    )
    asked = []

    @sql.event.listens_for(store._engine, "before_cursor_execute")
    def note(connection, cursor, statement, *_):
        asked.append(" ".join(statement.split()))

    page = open_page()
    assert len(listed(page)) == 200
    assert len([s for s in asked if "epochs.val_accuracy" in s]) == 1
    asked.clear()
    page.run()
    page_asks = [s for s in asked if s.startswith("SELECT")]
    assert not [s for s in page_asks if "epochs.val_accuracy" in s]
    assert len(page_asks) < 10
