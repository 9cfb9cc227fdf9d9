"""A copy of a network learns somebody's hand: how, and what is said of it."""

import time
from types import SimpleNamespace

import numpy as np
import pytest

from digitlab.comparison import Paired
from digitlab.config import ConvBlock, TrainingConfig
from digitlab.datasets import load_dataset
from digitlab.drawings import as_upload, keep_drawing
from digitlab.errors import InputError
from digitlab.inference import Recogniser
from digitlab.lessons import Lesson, lesson_of
from digitlab.recognisers import MODELS, PRETRAINED, pretrained_card
from digitlab.records import Epoch, Status, TestResult
from digitlab.store import Store
from digitlab.teaching import (
    EPOCHS,
    before_and_after,
    course,
    forgetting_in_words,
    gain_in_words,
    is_taught_from,
    known_before,
    lesson_taught,
    unteachable,
)
from digitlab.training import checkpoint_of

PATIENCE = 120
UPLOAD = "upload:00112233445566778899"
DIGITS = load_dataset("digits")
CONFIG = TrainingConfig(dataset="digits", conv_blocks=(ConvBlock(4),), epochs=5)


def trained(store, config=CONFIG, losses=(0.4, 0.2, 0.3), status=Status.FINISHED):
    """A run whose validation loss went like that, with what going on from each epoch takes."""
    run_id = store.create_run(config, None, "me")
    store.start_run(run_id)
    for number, loss in enumerate(losses, 1):
        store.add_epoch(run_id, Epoch(number, 0.9, 0.3, 0.9, loss, 0.001, 1.0))
        store.add_artefact(run_id, f"checkpoint-{number}.npz", b"state")
    store.end_run(run_id, status)
    store.set_test(run_id, TestResult(0.9, 0.87, 0.92, 0.4, 360))
    return run_id


def paired(n, fixed, broken, missed=0):
    return Paired(n, np.arange(fixed), np.arange(broken), np.arange(missed))


def test_a_run_is_taught_from_its_last_epoch_with_digits_of_its_own_dataset(tmp_path):
    store = Store(tmp_path)
    run_id = trained(store)
    asked = course(store, run_id, UPLOAD)
    assert (asked.parent, asked.epoch, asked.config.epochs) == (run_id, 3, 3 + EPOCHS)
    assert lesson_of(asked.config.dataset) == Lesson(UPLOAD, "digits")
    assert asked.config.conv_blocks == CONFIG.conv_blocks


def test_a_run_that_early_stopping_took_back_is_taught_from_the_epoch_of_its_model(tmp_path):
    store = Store(tmp_path)
    config = CONFIG.replace(early_stopping_patience=1)
    assert course(store, trained(store, config), UPLOAD).epoch == 2


def test_settings_of_a_run_s_own_data_do_not_reach_its_lesson(tmp_path):
    store = Store(tmp_path)
    config = CONFIG.replace(validation="random", training_size=200)
    asked = course(store, trained(store, config), UPLOAD).config
    assert (asked.split, asked.validation, asked.training_size) == ("official", "test", None)


def test_what_the_shipped_recogniser_forgot_is_read_off_a_dataset_that_is_at_hand(
    tmp_path, monkeypatch
):
    monkeypatch.setattr("digitlab.datasets.find_mnist", lambda: None)
    asked = course(Store(tmp_path), PRETRAINED, UPLOAD)
    lesson = lesson_of(asked.config.dataset)
    assert lesson == Lesson(UPLOAD, "handwriting")
    assert known_before(lesson) == "digits"
    assert known_before(Lesson(UPLOAD, "mnist")) == "mnist"
    assert asked.epoch == len(pretrained_card().epochs)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"dataset": "fashion_mnist"}, "reads no digits"),
        ({"dataset": Lesson(UPLOAD, "digits").name}, "was taught already"),
        ({"split": "random"}, "its split was random"),
        ({"left_out": "3"}, "digits were left out of its training"),
        ({"normalization": "standardize"}, "standardizes pixels by its own training digits"),
    ],
)
def test_what_cannot_be_taught_says_why(tmp_path, change, why):
    store = Store(tmp_path)
    run_id = trained(store, CONFIG.replace(**change))
    assert why in unteachable(store.run(run_id).config)
    with pytest.raises(InputError, match=f"{run_id} cannot be taught: .*{why}"):
        course(store, run_id, UPLOAD)


def test_a_run_without_the_state_of_its_model_cannot_be_taught(tmp_path):
    store = Store(tmp_path)
    run_id = trained(store)
    store.remove_artefact(run_id, "checkpoint-3.npz")
    with pytest.raises(InputError, match="after its epoch 3 was not kept"):
        course(store, run_id, UPLOAD)


def test_a_run_whose_model_is_of_an_earlier_attempt_cannot_be_taught(tmp_path):
    store = Store(tmp_path)
    run_id = trained(store, status=Status.STOPPED)
    store.requeue_run(run_id, "me")
    store.start_run(run_id)
    store.add_epoch(run_id, Epoch(4, 0.9, 0.3, 0.9, 0.2, 0.001, 1.0), attempt=2)
    store.add_artefact(run_id, "checkpoint-4.npz", b"state")
    store.end_run(run_id, Status.INTERRUPTED)
    with pytest.raises(InputError, match="it is interrupted and not tested"):
        course(store, run_id, UPLOAD)


def test_a_copy_knows_whose_drawings_it_learned():
    lesson = CONFIG.replace(dataset=Lesson(UPLOAD, "digits").name)
    copy = SimpleNamespace(config=lesson, parent_id="able-fox-1a2b")
    assert is_taught_from(copy, {UPLOAD})
    assert not is_taught_from(copy, {"upload:99887766554433221100"})
    assert not is_taught_from(SimpleNamespace(config=CONFIG, parent_id=None), {UPLOAD})


def test_a_training_that_began_with_a_lesson_is_no_taught_copy():
    lesson = CONFIG.replace(dataset=Lesson(UPLOAD, "digits").name)
    from_nothing = SimpleNamespace(config=lesson, parent_id=None)
    assert not is_taught_from(from_nothing, {UPLOAD})
    assert lesson_taught(from_nothing) is None


def test_before_and_after_are_counted():
    before, after = before_and_after(paired(20, fixed=4, broken=1, missed=2))
    assert (before.hits, after.hits, before.n, after.n) == (14, 17, 20, 20)


def test_a_gain_on_few_drawings_may_be_chance_and_on_many_is_none():
    assert gain_in_words(paired(15, 4, 1)) == (
        "It fixes 4, breaks 1 (p = 0.38): with 15 digits that may be chance; more drawings tell "
        "more."
    )
    assert gain_in_words(paired(25, 8, 0)).endswith("chance alone would rarely do that.")
    assert gain_in_words(paired(15, 0, 0)) == (
        "It reads the same ones rightly as before, of all 15."
    )


def test_what_is_forgotten_is_said_in_points_and_digits():
    assert forgetting_in_words(paired(10_000, 8, 31)) == (
        "It fixes 8, breaks 31: it has forgotten 0.23 points, 23 of 10,000 digits."
    )
    assert "forgotten nothing" in forgetting_in_words(paired(10_000, 31, 8))


def test_the_shipped_recogniser_is_forked_after_its_last_epoch_whatever_is_asked(jobs):
    config, done = pretrained_card().config, len(pretrained_card().epochs)
    with pytest.raises(InputError, match=f"epochs must be at least {done + 1} to go on"):
        jobs.fork(PRETRAINED, 1, config.replace(epochs=done))


def test_a_copy_of_the_shipped_recogniser_begins_as_it_reads():
    import keras

    from digitlab.architectures import build

    card = pretrained_card()
    keras_file = (MODELS / "pretrained.keras").read_bytes()
    start = checkpoint_of(keras_file, card.config, len(card.epochs))
    network = build(card.config.replace(precision="float32"))
    network.set_weights(start.weights)
    images = DIGITS.images[:20]
    ours = keras.ops.convert_to_numpy(network(images[..., None].astype(np.float32)))
    shipped = Recogniser((MODELS / "pretrained.tflite").read_bytes()).probabilities(images)
    np.testing.assert_allclose(ours, shipped, atol=1e-4)


def test_a_taught_copy_that_was_interrupted_goes_on_and_is_tested_on_what_was_held_out(
    jobs, monkeypatch
):
    monkeypatch.setenv("DIGITLAB_HOME", str(jobs.store.home))
    monkeypatch.setattr("digitlab.datasets.find_mnist", lambda: None)
    for row in range(24):
        image = np.roll(DIGITS.images[row], 1, axis=1)
        keep_drawing("a1", image, int(DIGITS.labels[row]), prompted=True)
    asked = course(jobs.store, PRETRAINED, as_upload("a1", in_use=[]).name)
    config = asked.config.replace(epochs=asked.epoch + 1, training_size=400)
    run_id = jobs.fork(asked.parent, asked.epoch, config)
    until = time.monotonic() + PATIENCE
    while jobs.store.run(run_id).status is not Status.RUNNING:
        assert time.monotonic() < until, "it did not begin"
        time.sleep(0.02)
    jobs.pause(run_id)
    assert jobs.wait(run_id, PATIENCE)
    assert jobs.store.run(run_id).status is Status.PAUSED
    assert len(jobs.store.epochs(run_id)) == asked.epoch

    jobs.resume(run_id)
    assert jobs.wait(run_id, PATIENCE)
    run = jobs.store.run(run_id)
    assert (run.status, run.parent_id, run.parent_epoch) == (
        Status.FINISHED,
        PRETRAINED,
        asked.epoch,
    )
    epochs = jobs.store.epochs(run_id)
    assert epochs[: asked.epoch] == pretrained_card().epochs
    assert epochs[-1].learning_rate == pytest.approx(asked.config.learning_rate)
    assert epochs[-1].accuracy > 0.8
    assert run.test.n == 12
