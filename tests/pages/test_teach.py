"""Teach it my hand: what is asked for, how far it is, what came of it."""

import numpy as np
import pytest

from digitlab.config import TrainingConfig
from digitlab.datasets import load_dataset
from digitlab.drawings import as_upload, drawings_of, keep_drawing, remove_drawings
from digitlab.jobs import get_jobs
from digitlab.lessons import Lesson, lesson_of
from digitlab.recognisers import PRETRAINED, litert_model, pretrained_card
from digitlab.records import Epoch, Status, TestResult
from digitlab.sources.uploads import AT_HOME, uploads_of
from digitlab.teaching import course
from pages.ui import cache
from pages.ui import visitor as visitors

DIGITS = load_dataset("digits")
TEST = slice(DIGITS.train_count, None)

pytestmark = pytest.mark.usefixtures("without_mnist", "at_home")


@pytest.fixture
def at_home(monkeypatch):
    """The visitor sits at the server's own computer."""
    monkeypatch.setattr(visitors, "_is_at_home", lambda: True)


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
    monkeypatch.setattr("digitlab.jobs.Jobs._client", lambda jobs: None)
    monkeypatch.setattr("digitlab.jobs.Jobs._send", lambda jobs, client, run_id: None)


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


@pytest.fixture
def taught(home, monkeypatch):
    """A copy of the shipped recogniser that has learned 30 digits: it fixes the two that were read
    wrongly, and forgets three of the test digits that it knew."""
    write(30)
    store = get_jobs().store
    asked = course(store, PRETRAINED, as_upload(AT_HOME).name)
    run_id = store.fork_network(PRETRAINED, pretrained_card().epochs, asked.config, "tests")
    store.start_run(run_id)
    store.add_artefact(run_id, "model.tflite", b"a model")
    store.set_test(run_id, TestResult(1.0, 0.7, 1.0, 0.1, 15))
    store.end_run(run_id, Status.FINISHED)
    mine = drawings_of(AT_HOME).images
    readers = {PRETRAINED: Reader(mine[[11, 13]]), run_id: Reader(DIGITS.images[TEST][:3])}
    monkeypatch.setattr(cache, "recogniser", readers.__getitem__)
    return run_id


def text(app):
    return "\n".join(block.value for block in (*app.markdown, *app.caption))


def test_with_few_digits_the_page_says_how_many_it_takes(hand):
    write(12)
    app = hand()
    assert "Teaching takes at least 20 of your digits; you have 12." in [i.value for i in app.info]
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
    store = get_jobs().store
    run_id = store.create_run(TrainingConfig(dataset="digits", epochs=1), None, "tests")
    store.start_run(run_id)
    store.add_epoch(run_id, Epoch(1, 0.9, 0.3, 0.95, 0.2, 0.001, 1.0))
    store.add_artefact(run_id, "checkpoint-1.npz", b"state")
    store.add_artefact(run_id, "model.tflite", litert_model(store, PRETRAINED))
    store.end_run(run_id, Status.FINISHED)
    app = hand()
    app.selectbox(key="teach_network").set_value(run_id).run()
    app.button(key="teach_start").click().run()
    assert [error.value for error in app.error] == [
        "this network has learned from these very drawings: choose one that has not"
    ]
    assert [run.id for run in store.runs()] == [run_id]


def test_before_and_after_are_shown_on_what_was_held_out_and_on_what_was_known(hand, taught):
    app = hand()
    assert not app.error
    said = text(app)
    assert f"**{taught}** is a copy of pretrained" in said
    assert "13 of 15 right" in said
    assert "15 of 15 right" in said
    assert "It fixes 2, breaks 0 (p = 0.5): with 15 digits that may be chance" in said
    assert "360 of 360 right" in said
    assert "It fixes 0, breaks 3: it has forgotten 0.83 points, 3 of 360 digits." in said


def test_corrections_do_not_count_in_before_and_after(hand, taught):
    mine = drawings_of(AT_HOME)
    for row in (11, 13):  # the same two, as if they had been corrected
        remove_drawings(AT_HOME, [int(mine.kept_at[row])])
        keep_drawing(AT_HOME, mine.images[row], int(mine.labels[row]), prompted=False)
    said = text(hand())
    assert "13 of 13 right" in said
    assert "It reads the same ones rightly as before, of all 13." in said


def test_drawing_with_the_copy_is_one_click(hand, taught):
    app = hand()
    app.button(key="teach_draw").click().run()
    assert not app.error
    assert app.selectbox(key="draw_run").value == taught
    assert app.session_state["draw_mode"] == "One digit"


def test_a_copy_is_not_offered_to_be_taught_again(hand, taught):
    app = hand()
    assert app.selectbox(key="teach_network").options == [PRETRAINED]


def test_evaluate_offers_what_was_held_out_under_the_drawings_own_name(visit, taught):
    app = visit("evaluate", evaluate_run=taught)
    assert not app.error
    assert any(
        "15 test digits of My handwriting with mnist and digits" in c.value for c in app.caption
    )


def test_another_visitor_sees_the_copy_but_not_the_drawings(visit, taught, monkeypatch):
    monkeypatch.setattr(visitors, "_is_at_home", lambda: False)
    app = visit("evaluate", evaluate_run=taught)
    assert not app.error
    assert app.selectbox(key="evaluate_dataset").options == ["digits"]
