"""What was trained is never lost."""

import pytest

from digitlab.config import TrainingConfig
from digitlab.errors import InputError, UnknownRunError
from digitlab.records import Epoch, Status, TestResult
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
    assert [path.name for path in (tmp_path / "runs" / run_id).iterdir()] == ["model.keras"]


def test_a_damaged_artefact_is_refused(store, tmp_path):
    run_id = new_run(store)
    store.add_artefact(run_id, "model.tflite", b"weights")
    (tmp_path / "runs" / run_id / "model.tflite").write_bytes(b"weighed")
    with pytest.raises(InputError, match="damaged"):
        store.artefact(run_id, "model.tflite")


def test_an_unknown_run_is_named(store):
    for call in (store.run, store.request_stop, lambda run: store.artefact(run, "model.keras")):
        with pytest.raises(UnknownRunError, match="no run 'nobody'"):
            call("nobody")


def test_a_waiting_run_is_stopped_at_once_and_never_starts(store):
    run_id = new_run(store)
    store.request_stop(run_id)
    assert store.run(run_id).status is Status.STOPPED
    assert not store.start_run(run_id)


def test_a_running_run_is_asked_to_stop(store):
    run_id = new_run(store)
    assert store.start_run(run_id)
    assert not store.stop_requested(run_id)
    store.request_stop(run_id)
    assert store.stop_requested(run_id)
    assert store.run(run_id).status is Status.RUNNING


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
