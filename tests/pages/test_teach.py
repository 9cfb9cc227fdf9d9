"""Teach it my hand: what is asked for, how far it is, what came of it."""

from datetime import timedelta

import numpy as np
import pytest

from digitlab.config import TrainingConfig
from digitlab.datasets import load_dataset
from digitlab.drawings import as_upload, drawings_of, keep_drawing, remove_drawings
from digitlab.jobs import get_jobs
from digitlab.lessons import Lesson, lesson_of
from digitlab.recognisers import PRETRAINED, litert_model, pretrained_card
from digitlab.records import BatchProgress, Epoch, Status, TestResult
from digitlab.sources.uploads import AT_HOME, uploads_of
from digitlab.teaching import course
from pages.ui import cache
from pages.ui import visitor as visitors
from tests.pages.conftest import says

DIGITS = load_dataset("digits")
TEST = slice(DIGITS.train_count, None)
ELSEWHERE = "elsewhere 1 1.0"
"""A process that may be alive."""

LEARNS_NOTHING = "Another copy would learn nothing that it does not know."

pytestmark = pytest.mark.usefixtures("without_mnist", "at_home")


@pytest.fixture
def hand(visit):
    """Draw, with My handwriting chosen."""

    def open_view():
        app = visit("draw", draw_mode="My handwriting")
        assert not app.exception
        return app

    return open_view


def write(count, shift=1, prompted=True, start=0):
    """Keeps digits as if the visitor had written them: scikit-learn's, a pixel further on."""
    images = np.roll(DIGITS.images[start : start + count], shift, axis=2)
    for image, label in zip(images, DIGITS.labels[start:], strict=False):
        keep_drawing(AT_HOME, image, int(label), prompted=prompted)


@pytest.fixture
def nobody_trains(monkeypatch):
    """What is started waits for ever."""
    monkeypatch.setattr("digitlab.tasks.Tasks.connect", lambda tasks: None)
    monkeypatch.setattr("digitlab.jobs.Jobs._send", lambda jobs, run_id: None)


class Reader:
    """Reads every picture that it knows rightly, but for some, which it reads as the next digit."""

    def __init__(self, wrong):
        mine = drawings_of(AT_HOME)
        images = np.concatenate([mine.images, DIGITS.images[TEST]])
        labels = np.concatenate([mine.labels, DIGITS.labels[TEST]])
        wrong = {image.tobytes() for image in wrong}
        self.read = {
            image.tobytes(): (label + (image.tobytes() in wrong)) % 10
            for image, label in zip(images, labels, strict=True)
        }

    def probabilities(self, images):
        return np.eye(10, dtype=np.float32)[[self.read[image.tobytes()] for image in images]]


def network(tested=True):
    """A run on scikit-learn's digits whose model is the shipped recogniser's."""
    store = get_jobs().store
    run_id = store.create_run(TrainingConfig(dataset="digits", epochs=1), None, ELSEWHERE)
    store.start_run(run_id)
    store.add_epoch(run_id, Epoch(1, 0.9, 0.3, 0.95, 0.2, 0.001, 1.0))
    store.add_artefact(run_id, "checkpoint-1.npz", b"state")
    store.add_artefact(run_id, "model.tflite", litert_model(store, PRETRAINED))
    if tested:
        store.set_test(run_id, TestResult(0.9, 0.8, 1.0, 0.3, 360))
    store.end_run(run_id, Status.FINISHED)
    return run_id


def begun(epochs, original=PRETRAINED):
    """A copy that learns the visitor's digits, with so many complete epochs of its own."""
    store = get_jobs().store
    asked = course(store, original, as_upload(AT_HOME, []).name)
    if original == PRETRAINED:
        inherited = pretrained_card().epochs
        run_id = store.fork_network(original, inherited, asked.config, ELSEWHERE)
    else:
        run_id = store.fork_run(original, asked.epoch, asked.config, ELSEWHERE)
    store.start_run(run_id)
    for number in range(asked.epoch + 1, asked.epoch + 1 + epochs):
        store.add_epoch(run_id, Epoch(number, 0.9, 0.3, 0.95, 0.2, 0.0005, 1.0))
    return run_id


def ended(run_id, status=Status.FINISHED, error=None):
    """The same copy, once it is stored and tested."""
    store = get_jobs().store
    store.add_artefact(run_id, "model.tflite", b"a model")
    store.set_test(run_id, TestResult(1.0, 0.7, 1.0, 0.1, 15))
    store.end_run(run_id, status, error)
    return run_id


@pytest.fixture
def flawless(monkeypatch):
    """Every network reads every digit rightly."""
    monkeypatch.setattr(cache, "recogniser", lambda name: Reader([]))


@pytest.fixture
def taught(home, monkeypatch):
    """A copy of the shipped recogniser that has learned 30 digits: it fixes the two that were read
    wrongly, and forgets three of the test digits that it knew."""
    write(30)
    run_id = ended(begun(epochs=4))
    mine = drawings_of(AT_HOME)
    misread = mine.images[mine.held_out][:2]
    readers = {PRETRAINED: Reader(misread), run_id: Reader(DIGITS.images[TEST][:3])}
    monkeypatch.setattr(cache, "recogniser", readers.__getitem__)
    return run_id


def test_with_few_digits_the_page_says_how_many_it_takes(hand):
    write(12)
    write(12, start=12, prompted=False)
    app = hand()
    assert [info.value for info in app.info] == [
        "Teaching takes at least 20 digits that the page asked for; you have 12."
    ]
    assert "teach_start" not in [button.key for button in app.button]


def test_one_button_queues_a_copy_that_can_be_stopped(hand, nobody_trains):
    write(24)
    app = hand()
    app.button(key="teach_start").click().run()
    assert not app.error
    (run,) = get_jobs().store.runs()
    (upload,) = uploads_of(AT_HOME)
    assert lesson_of(run.config.dataset) == Lesson(upload.name, "handwriting")
    assert (run.parent_id, run.parent_epoch) == (PRETRAINED, len(pretrained_card().epochs))
    assert "teach_start" not in [button.key for button in app.button]
    app.button(key="teach_stop").click().run()
    assert get_jobs().store.run(run.id).status is Status.STOPPED
    app.run()
    assert any(f"{run.id} was to learn your hand and is stopped" in w.value for w in app.warning)
    assert app.button(key="teach_start")


def test_digits_that_the_network_learned_before_are_refused(hand, nobody_trains):
    write(24, shift=0)
    run_id = network()
    app = hand()
    app.selectbox(key="teach_network").set_value(run_id).run()
    app.button(key="teach_start").click().run()
    assert [error.value for error in app.error] == [
        "this network has learned from these very drawings: choose one that has not"
    ]
    assert [run.id for run in get_jobs().store.runs()] == [run_id]


def test_the_progress_of_a_copy_counts_its_own_epochs(hand, monkeypatch):
    write(30)
    begun(epochs=1)
    (bar,) = hand().get("progress")
    assert "learns: epoch 1 of 4" in bar.proto.text
    assert bar.proto.value == 25
    batch = BatchProgress(len(pretrained_card().epochs) + 2, 5, 10, 0.9, 0.1, 0.0005, 3.0)
    monkeypatch.setattr(get_jobs(), "progress", lambda run_id: [batch])
    (bar,) = hand().get("progress")
    assert "learns: epoch 2 of 4" in bar.proto.text
    assert bar.proto.value == 37


def test_a_stopped_copy_is_followed_until_it_is_tested_but_not_for_ever(hand, monkeypatch):
    write(30)
    run_id = begun(epochs=2)
    get_jobs().store.end_run(run_id, Status.STOPPED)
    (bar,) = hand().get("progress")
    assert bar.proto.text.endswith("learns: storing and testing the model")
    monkeypatch.setattr("digitlab.jobs.LONGEST_TEST", timedelta(0))
    app = hand()
    assert not app.get("progress")
    assert f"{run_id} was to learn your hand and is stopped" in app.warning[0].value


@pytest.mark.parametrize(
    ("epochs", "status", "error", "reason"),
    [
        (0, Status.STOPPED, None, "is stopped: no epoch of its own is complete"),
        (1, Status.FAILED, "training diverged", "is failed: training diverged"),
    ],
)
def test_a_copy_that_is_of_no_use_is_not_said_to_have_learned(hand, epochs, status, error, reason):
    write(30)
    ended(begun(epochs), status, error)
    app = hand()
    assert [warning.value.endswith(reason) for warning in app.warning] == [True]
    assert "has learned your hand" not in says(app)


def test_a_copy_that_was_stopped_says_how_much_it_learned(hand, flawless):
    write(30)
    run_id = ended(begun(epochs=2), Status.STOPPED)
    said = says(hand())
    assert f"**{run_id}** is a copy of pretrained that has learned your hand" in said
    assert "stopped after 2 of 4 epochs" in said


def test_a_copy_outlives_its_original(hand, flawless):
    write(30)
    original = network()
    run_id = ended(begun(4, original))
    get_jobs().store.delete_runs([original])
    app = hand()
    assert not app.error
    said = says(app)
    assert f"{original} was deleted" in said
    assert "After: **100.00 % (79.6–100.0)** · 15 of 15 right" in said
    assert "360 of 360 right" in said
    assert "Before" not in said
    app.button(key="teach_draw").click().run()
    assert app.selectbox(key="draw_run").value == run_id


def test_before_and_after_are_shown_on_what_was_held_out_and_on_what_was_known(hand, taught):
    app = hand()
    assert not app.error
    said = says(app)
    assert f"**{taught}** is a copy of pretrained" in said
    assert "13 of 15 right" in said
    assert "15 of 15 right" in said
    assert "It fixes 2, breaks 0 (p = 0.5): with 15 digits that may be chance" in said
    assert "360 of 360 right" in said
    assert "It fixes 0, breaks 3: it has forgotten 0.83 points, 3 of 360 digits." in said


def test_corrections_are_learned_and_never_tested(hand, flawless):
    write(30)
    write(10, start=30, prompted=False)
    run_id = ended(begun(epochs=4))
    said = says(hand())
    assert "15 of 15 right" in said
    digits = load_dataset(get_jobs().store.run(run_id).config.dataset)
    tested = {image.tobytes() for image in digits.images[digits.train_count :]}
    mine = drawings_of(AT_HOME)
    assert tested == {image.tobytes() for image in mine.images[mine.held_out]}


def test_a_network_that_was_not_tested_is_not_offered(hand):
    write(24)
    tested = network()
    network(tested=False)
    assert hand().selectbox(key="teach_network").options == [PRETRAINED, tested]


def test_drawing_with_the_copy_is_one_click(hand, taught):
    app = hand()
    app.button(key="teach_draw").click().run()
    assert not app.error
    assert app.selectbox(key="draw_run").value == taught
    assert app.session_state["draw_mode"] == "One digit"


def test_a_copy_that_knows_these_digits_is_named_before_they_are_taught_again(
    hand, taught, nobody_trains
):
    app = hand()
    said = says(app)
    assert f"**{taught}** is a copy of pretrained that has learned these digits already." in said
    assert "Of the 15 that were held out it reads 15 rightly." in said
    again = app.button(key="teach_start")
    assert again.label == "Teach another copy"
    again.click().run()
    assert not app.error
    assert len(get_jobs().store.runs()) == 2


def test_another_network_is_taught_the_same_digits_without_a_question(hand, flawless):
    write(30)
    ended(begun(epochs=4))
    other = network()
    app = hand()
    app.selectbox(key="teach_network").set_value(other).run()
    assert app.button(key="teach_start").label == "Teach it my hand"


def test_new_digits_are_taught_without_a_question_and_removed_ones_make_none(hand, taught):
    mine = drawings_of(AT_HOME)
    assert LEARNS_NOTHING in says(hand())
    remove_drawings(AT_HOME, mine.kept_at[~mine.held_out][:1])
    app = hand()
    assert app.button(key="teach_start").label == "Teach another copy"
    assert "1 of the drawings it learned is gone since." in says(app)
    assert LEARNS_NOTHING not in says(app)
    remove_drawings(AT_HOME, mine.kept_at[~mine.held_out][:2])
    assert "2 of the drawings it learned are gone since." in says(hand())
    write(1, start=30, prompted=False)
    assert hand().button(key="teach_start").label == "Teach it my hand"


def test_of_several_copies_the_one_that_learned_the_very_same_drawings_is_named(hand, flawless):
    write(30)
    mine = drawings_of(AT_HOME)
    learned = mine.only(~mine.held_out)
    exact = ended(begun(epochs=4))
    keep_drawing(AT_HOME, learned.images[0], int(learned.labels[0] + 1) % 10, prompted=False)
    ended(begun(epochs=4))
    remove_drawings(AT_HOME, drawings_of(AT_HOME).kept_at[-1:])
    said = says(hand())
    assert f"**{exact}** is a copy of pretrained that has learned these digits already." in said
    assert LEARNS_NOTHING in said


def test_a_drawing_whose_label_was_corrected_is_taught_without_a_question(hand, taught):
    mine = drawings_of(AT_HOME)
    learned = mine.only(~mine.held_out)
    remove_drawings(AT_HOME, learned.kept_at[:1])
    keep_drawing(AT_HOME, learned.images[0], int(learned.labels[0] + 1) % 10, prompted=False)
    app = hand()
    assert app.button(key="teach_start").label == "Teach it my hand"
    assert LEARNS_NOTHING not in says(app)


def test_a_copy_that_was_stopped_does_not_know_them_all(hand, flawless):
    write(30)
    ended(begun(epochs=2), Status.STOPPED)
    assert hand().button(key="teach_start").label == "Teach it my hand"


def test_a_copy_is_not_offered_to_be_taught_again(hand, taught):
    app = hand()
    assert app.selectbox(key="teach_network").options == [PRETRAINED]


def test_evaluate_offers_what_was_held_out_under_the_drawings_own_name(visit, taught):
    app = visit("evaluate", evaluate_run=taught)
    assert not app.error
    (drawings,) = uploads_of(AT_HOME)
    assert any(f"15 test digits of {drawings.title} with mnist" in c.value for c in app.caption)


def test_another_visitor_sees_the_copy_but_not_the_drawings(visit, taught, monkeypatch):
    monkeypatch.setattr(visitors, "_is_at_home", lambda: False)
    app = visit("evaluate", evaluate_run=taught)
    assert not app.error
    assert app.selectbox(key="evaluate_dataset").options == ["digits"]
