"""How errands end, told by a double of Dask: studies in a real worker are in test_studies."""

import threading
from types import SimpleNamespace

import pytest

from digitlab.errands import ErrandFailedError, Errands, do
from digitlab.worker import PROCESS_DIED


class Tasks:
    """Tasks that end when the test says so."""

    def __init__(self):
        self.lock, self.ends = threading.RLock(), {}

    def connect(self, trains):
        pass

    def send(self, name, *work, key, priority, ended):
        self.ends[name] = ended

    def is_out(self, name):
        return name in self.ends

    def end(self, name, **future):
        self.ends[name](SimpleNamespace(**future))
        del self.ends[name]


@pytest.fixture
def tasks():
    return Tasks()


@pytest.fixture
def errands(tasks):
    errands = Errands(tasks)
    errands.send("count", len, "words")
    return errands


def test_what_is_done_is_over_without_a_word_from_its_worker(tasks, errands):
    assert errands.is_out("count")
    tasks.end("count", status="finished")  # this future has no `result` to wait for
    assert not errands.is_out("count")
    assert errands.error("count") is None
    assert errands.progress("count") is None


@pytest.mark.parametrize(
    ("status", "error", "sentence"),
    [
        ("error", ErrandFailedError("there are no digits"), "there are no digits"),
        ("error", RuntimeError("the worker was killed"), PROCESS_DIED),
        ("cancelled", None, PROCESS_DIED),
    ],
)
def test_why_an_errand_failed_is_told_until_it_is_sent_again(
    tasks, errands, status, error, sentence
):
    tasks.end("count", status=status, exception=lambda: error)
    assert errands.error("count") == sentence
    errands.send("count", len, "words")
    assert errands.error("count") is None


def test_what_an_errand_returns_is_what_failed():
    assert do(lambda word: None, "well") is None
    with pytest.raises(ErrandFailedError, match="^ill$"):
        do(lambda word: word, "ill")


def test_only_the_progress_of_what_is_out_is_noted(tasks, errands):
    for name in ("count", "another server's"):
        errands.heard(name, {"fraction": 0.5, "words": "half-way"})
    assert errands.progress("count").fraction == 0.5
    assert errands.progress("another server's") is None
    tasks.end("count", status="finished")
    errands.send("count", len, "words")
    assert errands.progress("count").fraction == 0
