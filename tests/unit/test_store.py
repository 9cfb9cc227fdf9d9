"""What was trained is never lost."""

from dataclasses import replace

import numpy as np
import pytest

from digitlab.config import TrainingConfig
from digitlab.errors import InputError, UnknownRunError
from digitlab.records import CHECKPOINT, Controls, Epoch, Snapshot, Status, TestResult, Wish
from digitlab.store import Store

EPOCH = Epoch(1, 0.9, 0.3, 0.95, 0.2, 0.001, 4.0)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path)


def new_run(store, owner="me"):
    return store.create_run(TrainingConfig(epochs=3), "tutorialspoint", owner)


def test_a_new_run_waits(store):
    run = store.run(new_run(store))
    assert (run.status, run.preset, run.config.epochs) == (Status.QUEUED, "tutorialspoint", 3)
    assert not run.has_model


def test_runs_come_newest_first(store):
    ids = [new_run(store) for _ in range(5)]
    assert [run.id for run in store.runs()] == ids[::-1]


def test_epochs_survive_the_store_that_wrote_them(store, tmp_path):
    run_id = new_run(store)
    store.start_run(run_id)
    store.add_epoch(run_id, EPOCH)
    assert Store(tmp_path).epochs(run_id) == (EPOCH,)


def test_a_missing_validation_is_kept_as_missing(store):
    run_id = new_run(store)
    epoch = Epoch(1, 0.9, 0.3, None, None, 0.001, 4.0)
    store.add_epoch(run_id, epoch)
    assert store.epochs(run_id) == (epoch,)


def test_an_artefact_is_replaced_whole_and_leaves_nothing_aside(store, tmp_path):
    run_id = new_run(store)
    for content in (b"first", b"second"):
        store.add_artefact(run_id, "model.keras", content)
    assert store.artefact(run_id, "model.keras") == b"second"
    (path,) = (tmp_path / "runs" / run_id).iterdir()
    assert path.name.endswith("-model.keras")
    assert path.read_bytes() == b"second"


def test_a_damaged_artefact_is_refused(store, tmp_path):
    run_id = new_run(store)
    store.add_artefact(run_id, "model.tflite", b"weights")
    (path,) = (tmp_path / "runs" / run_id).iterdir()
    path.write_bytes(b"weighed")
    with pytest.raises(InputError, match="damaged"):
        store.artefact(run_id, "model.tflite")


def test_an_unknown_run_is_named(store):
    for call in (
        store.run,
        lambda run: store.wish(run, Wish.STOP),
        lambda run: store.set_learning_rate(run, 0.1),
        lambda run: store.artefact(run, "model.keras"),
        lambda run: store.fork_run(run, 1, TrainingConfig(), "me"),
    ):
        with pytest.raises(UnknownRunError, match="no run 'nobody'"):
            call("nobody")


@pytest.mark.parametrize(
    ("wish", "status"), [(Wish.STOP, Status.STOPPED), (Wish.PAUSE, Status.PAUSED)]
)
def test_a_waiting_run_hears_a_wish_at_once_and_never_starts(store, wish, status):
    run_id = new_run(store)
    store.wish(run_id, wish)
    assert store.run(run_id).status is status
    assert not store.start_run(run_id)


def test_a_running_run_is_asked(store):
    run_id = new_run(store)
    assert store.start_run(run_id)
    assert store.controls(run_id, 1) == Controls()
    store.wish(run_id, Wish.PAUSE)
    store.set_learning_rate(run_id, 0.01)
    assert store.controls(run_id, 1) == Controls(Wish.PAUSE, 0.01) == store.run(run_id).controls
    assert store.run(run_id).status is Status.RUNNING


def test_a_resumed_run_waits_again_without_its_wish_and_keeps_its_epochs(store):
    run_id = new_run(store)
    store.start_run(run_id)
    store.add_epoch(run_id, EPOCH)
    store.wish(run_id, Wish.PAUSE)
    store.end_run(run_id, Status.PAUSED)
    store.requeue_run(run_id, "another")
    run = store.run(run_id)
    assert (run.status, run.attempt, run.ended_at) == (Status.QUEUED, 2, None)
    assert run.controls == Controls()
    assert store.epochs(run_id) == (EPOCH,)


def test_a_finished_run_is_not_queued_again(store):
    run_id = new_run(store)
    store.end_run(run_id, Status.FINISHED)
    store.requeue_run(run_id, "me")
    assert store.run(run_id).status is Status.FINISHED


def test_an_attempt_that_was_overtaken_cannot_end_the_next_one(store):
    run_id = new_run(store)
    store.wish(run_id, Wish.PAUSE)
    store.requeue_run(run_id, "me")
    store.end_run(run_id, Status.INTERRUPTED, "too late", attempt=1)
    assert store.run(run_id).status is Status.QUEUED
    store.end_run(run_id, Status.FINISHED, attempt=2)
    assert store.run(run_id).status is Status.FINISHED


def test_an_overtaken_attempt_is_told_so_and_adds_nothing(store):
    run_id = new_run(store)
    store.start_run(run_id)
    store.end_run(run_id, Status.INTERRUPTED)
    assert store.controls(run_id, 1) is None, "it was given up"
    store.requeue_run(run_id, "me")
    store.start_run(run_id)
    assert store.controls(run_id, 1) is None
    assert not store.add_epoch(run_id, EPOCH, attempt=1)
    store.set_test(run_id, TestResult(0.99, 0.985, 0.994, 0.03, 10_000), attempt=1)
    assert store.epochs(run_id) == ()
    assert store.run(run_id).test is None
    assert store.controls(run_id, 2) == Controls()
    assert store.add_epoch(run_id, EPOCH, attempt=2)
    assert store.epochs(run_id) == (EPOCH,)


def test_the_active_runs_come_oldest_first(store):
    ended, waiting, training = (new_run(store) for _ in range(3))
    store.wish(ended, Wish.STOP)
    store.start_run(training)
    assert [run.id for run in store.active_runs()] == [waiting, training]


def test_a_store_of_an_older_version_is_brought_up_to_date(store, tmp_path):
    run_id = new_run(store)
    store.add_epoch(run_id, EPOCH)
    with store._engine.begin() as connection:
        for column in ("attempt", "wish", "learning_rate", "parent_id", "parent_epoch"):
            connection.exec_driver_sql(f"ALTER TABLE runs DROP COLUMN {column}")
        connection.exec_driver_sql("ALTER TABLE epochs DROP COLUMN snapshot")
    newer = Store(tmp_path)
    assert newer.run(run_id).attempt == 1
    assert newer.epochs(run_id) == (EPOCH,)
    assert newer.start_run(new_run(newer))


def test_what_a_killed_writer_left_behind_goes_with_the_next_file(store, tmp_path):
    run_id = new_run(store)
    store.add_artefact(run_id, "model.keras", b"first")
    (tmp_path / "runs" / run_id / "0123456789ab-model.keras").write_bytes(b"half")
    assert store.artefact(run_id, "model.keras") == b"first"
    store.add_artefact(run_id, "model.keras", b"second")
    assert len(list((tmp_path / "runs" / run_id).iterdir())) == 1


def test_a_fork_stands_alone_with_the_epochs_up_to_its_own(store):
    run_id = new_run(store)
    snapshot = Snapshot(np.full((2, 10), 0.1, np.float32), np.ones((3, 3, 2), np.float32))
    for number in (1, 2, 3):
        store.add_epoch(run_id, replace(EPOCH, epoch=number), snapshot)
        store.add_artefact(run_id, CHECKPOINT.format(epoch=number), b"state %d" % number)
    fork_id = store.fork_run(run_id, 2, TrainingConfig(epochs=9), "me")
    fork = store.run(fork_id)
    assert (fork.parent_id, fork.parent_epoch, fork.status) == (run_id, 2, Status.QUEUED)
    assert fork.config.epochs == 9
    assert [epoch.epoch for epoch in store.epochs(fork_id)] == [1, 2]
    assert store.artefact(fork_id, CHECKPOINT.format(epoch=2)) == b"state 2"
    assert fork.checkpoints == (2,)
    np.testing.assert_array_equal(store.snapshot(fork_id, 2).filters, snapshot.filters)


def test_a_run_is_not_forked_from_an_epoch_that_it_does_not_have(store):
    run_id = new_run(store)
    with pytest.raises(InputError, match=r"no checkpoint-4\.npz"):
        store.fork_run(run_id, 4, TrainingConfig(), "me")
    assert len(store.runs()) == 1


def test_a_removed_file_is_gone(store, tmp_path):
    run_id = new_run(store)
    store.add_artefact(run_id, "checkpoint-1.npz", b"state")
    store.remove_artefact(run_id, "checkpoint-1.npz")
    assert store.run(run_id).artefacts == ()
    assert list((tmp_path / "runs" / run_id).iterdir()) == []


def test_a_run_ends_once(store):
    run_id = new_run(store)
    store.start_run(run_id)
    store.end_run(run_id, Status.STOPPED)
    store.end_run(run_id, Status.INTERRUPTED, "too late")
    assert (store.run(run_id).status, store.run(run_id).error) == (Status.STOPPED, None)


def test_a_test_result_survives(store):
    run_id = new_run(store)
    result = TestResult(0.99, 0.985, 0.994, 0.03, 10_000)
    store.set_test(run_id, result)
    assert store.run(run_id).test == result


def test_runs_of_a_dead_program_are_interrupted_and_keep_their_epochs(store):
    done, theirs, mine = (new_run(store, owner) for owner in ("them", "them", "me"))
    for run_id in (done, theirs):
        store.start_run(run_id)
        store.add_epoch(run_id, EPOCH)
        if run_id == done:
            store.end_run(done, Status.FINISHED)
    assert store.interrupt_orphans(lambda owner, silence: owner == "me") == [theirs]
    statuses = [store.run(run_id).status for run_id in (mine, theirs, done)]
    assert statuses == [Status.QUEUED, Status.INTERRUPTED, Status.FINISHED]
    assert store.epochs(theirs) == (EPOCH,)


def test_a_database_that_cannot_be_used_is_a_clear_error(tmp_path):
    with pytest.raises(InputError, match="database of the runs"):
        Store(tmp_path, "nonsense")


def test_one_run_trains_at_a_time_whoever_asks(store, tmp_path):
    first, second = new_run(store), new_run(store)
    assert store.start_run(first)
    assert not Store(tmp_path).start_run(second)
    store.end_run(first, Status.FINISHED)
    assert Store(tmp_path).start_run(second)


def test_a_run_of_another_version_hides_only_itself(store):
    readable, other = new_run(store), new_run(store)
    with store._engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE runs SET config = ? WHERE id = ?", ('{"no_such_field": 1}', other)
        )
    assert [run.id for run in store.runs()] == [readable]
    with pytest.raises(InputError, match="no_such_field"):
        store.run(other)


def test_a_home_that_cannot_be_written_is_a_clear_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="DIGITLAB_HOME must be a folder"):
        Store(tmp_path / "file" / "home")
