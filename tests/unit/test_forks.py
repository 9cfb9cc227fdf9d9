"""Which epochs of a fork are told as its own."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from digitlab.config import TrainingConfig
from digitlab.forks import counted_from, epochs_set_apart
from digitlab.lessons import Lesson
from digitlab.records import BatchProgress, Epoch, Status
from digitlab.store import Store

CONFIG = TrainingConfig(dataset="digits", epochs=9)
LESSON = Lesson("upload:00112233445566778899", "digits").name


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path)


def epochs(count):
    return [Epoch(number, 0.9, 0.3, 0.9, 0.2, 0.001, 1.0) for number in range(1, count + 1)]


def run(store):
    return with_states(store, store.create_run(CONFIG, None, "me"))


def fork(store, parent, epoch, **changes):
    config = store.run(parent).config.replace(**changes)
    return with_states(store, store.fork_run(parent, epoch, config, "me"))


def with_states(store, run_id):
    """A run that has ended and can be forked after each of its first four epochs."""
    for number in (1, 2, 3, 4):
        store.add_artefact(run_id, f"checkpoint-{number}.npz", b"state")
    store.end_run(run_id, Status.STOPPED)
    return run_id


def apart(store, run_id):
    return epochs_set_apart(store, store.run(run_id))


def test_a_run_that_goes_on_with_the_same_digits_is_told_whole(store):
    parent = run(store)
    assert apart(store, parent) == 0
    assert apart(store, fork(store, parent, 3, learning_rate=0.01, rotation=5.0)) == 0


@pytest.mark.parametrize(
    "changes",
    [{"dataset": "mnist"}, {"split": "random"}, {"validation": "test"}, {"training_size": 500}],
    ids=lambda changes: next(iter(changes)),
)
def test_what_a_fork_took_over_with_other_validation_digits_is_set_apart(store, changes):
    assert apart(store, fork(store, run(store), 3, **changes)) == 3


def test_a_fork_of_such_a_fork_is_told_with_what_has_the_same_digits(store):
    child = fork(store, run(store), 2, dataset="mnist")
    assert apart(store, fork(store, child, 4)) == 2
    assert apart(store, fork(store, child, 1)) == 1, "it left the line before"


def test_a_taught_copy_is_told_by_its_lesson_whatever_became_of_its_original(store):
    parent = run(store)
    copy = fork(store, parent, 4, dataset=LESSON, validation="test")
    store.delete_runs([parent])
    assert apart(store, copy) == 4
    shipped = store.fork_network("pretrained", epochs(3), CONFIG.replace(dataset=LESSON), "me")
    assert apart(store, shipped) == 3


def test_a_copy_that_goes_on_with_its_lesson_is_told_with_all_of_it(store):
    parent = run(store)
    copy = fork(store, parent, 2, dataset=LESSON, validation="test")
    more = fork(store, copy, 4)
    assert apart(store, more) == 2
    store.delete_runs([parent])
    assert apart(store, more) == 2
    another = Lesson("upload:99887766554433221100", "digits").name
    assert apart(store, fork(store, more, 4, dataset=another)) == 4


def test_a_fork_whose_parent_was_deleted_is_told_whole(store):
    parent = run(store)
    child = fork(store, parent, 3, dataset="mnist")
    store.delete_runs([parent])
    assert apart(store, child) == 0


def test_runs_of_an_archive_that_descend_from_each_other_are_told_whole(store):
    first = store.run(run(store))
    second = replace(first, id="second", parent_id=first.id, parent_epoch=1)
    first = replace(first, parent_id=second.id, parent_epoch=1)
    around = SimpleNamespace(run={first.id: first, second.id: second}.__getitem__)
    assert epochs_set_apart(around, first) == 0


def test_epochs_and_reports_count_from_the_fork():
    assert [epoch.epoch for epoch in counted_from(epochs(5), 3)] == [1, 2]
    (report,) = counted_from([BatchProgress(4, 5, 10, 0.9, 0.3, 0.001, 1.0)], 3)
    assert report.position == 0.5
    assert counted_from(epochs(2), 0) == tuple(epochs(2))
