"""What pages share is never older than what the store holds."""

import numpy as np
import pytest

from digitlab.config import TrainingConfig
from digitlab.costs import Digits
from digitlab.datasets import load_dataset
from digitlab.errors import InputError
from digitlab.jobs import get_jobs
from digitlab.records import Status, TestResult
from pages.ui import cache

OWNER = "test 1 1"


class Model:
    """Reads every digit as the one that its file names."""

    def __init__(self, content: bytes) -> None:
        self.digit = int(content)

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        return np.tile(np.eye(10, dtype=np.float32)[self.digit], (len(images), 1))


@pytest.fixture
def store(monkeypatch):
    monkeypatch.setattr(cache, "Recogniser", Model)
    return get_jobs().store


def ends(store, run_id, digit, accuracy, status=Status.FINISHED):
    """The files and figures of a run that ends, in the order in which a worker writes them."""
    attempt = store.run(run_id).attempt
    store.add_artefact(run_id, "model.tflite", b"%d" % digit)
    store.set_test(run_id, TestResult(accuracy, 0.1, 0.9, 0.1, 360), attempt)
    store.end_run(run_id, status, attempt=attempt)


def read(run_id):
    """What the pages say: on Draw, and on Evaluate."""
    digits = load_dataset("digits")
    drawn = cache.recogniser(run_id).digit
    (row,) = cache.probabilities(run_id, digits, np.array([0]))
    return drawn, int(row.argmax())


def test_a_run_that_is_resumed_shows_its_new_model_beside_its_new_test_accuracy(store):
    run_id = store.create_run(TrainingConfig(dataset="digits"), None, OWNER)
    store.start_run(run_id)
    ends(store, run_id, 3, 0.5, Status.STOPPED)
    assert read(run_id) == (3, 3)
    store.requeue_run(run_id, OWNER)
    store.start_run(run_id)
    assert read(run_id) == (3, 3), "the old model until there is a new one"
    ends(store, run_id, 7, 0.5)
    assert read(run_id) == (7, 7)


def test_a_model_is_loaded_once_for_all_who_ask(store):
    run_id = store.create_run(TrainingConfig(dataset="digits"), None, OWNER)
    ends(store, run_id, 3, 0.5)
    assert cache.recogniser(run_id) is cache.recogniser(run_id)


def test_a_run_without_a_model_gets_one_when_it_is_written(store):
    run_id = store.create_run(TrainingConfig(dataset="digits"), None, OWNER)
    with pytest.raises(InputError, match="has no model"):
        cache.recogniser(run_id)
    store.add_artefact(run_id, "model.tflite", b"3")
    assert read(run_id) == (3, 3)


def test_the_digits_of_a_config_are_counted_once(monkeypatch):
    config = TrainingConfig(dataset="digits")
    assert cache.digits_of(config) == Digits(1797, 1293, 144)
    monkeypatch.setattr(cache, "count_digits", None)
    assert cache.digits_of(config) == Digits(1797, 1293, 144)
