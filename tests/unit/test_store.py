"""What was trained is never lost."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import numpy as np
import pytest
import sqlalchemy as sql

from digitlab.config import TrainingConfig
from digitlab.errors import InputError, UnknownRunError
from digitlab.records import CHECKPOINT, Controls, Curve, Epoch, Snapshot, Status, TestResult, Wish
from digitlab.store import BIN_KEEPS, Newcomer, Origin, Store
from digitlab.tables import METADATA

EPOCH = Epoch(1, 0.9, 0.3, 0.95, 0.2, 0.001, 4.0)


POSTGRESQL = os.environ.get("DIGITLAB_TEST_DATABASE_URL")
"""A database that the tests may empty, such as `postgresql+psycopg://me@localhost/digitlab_test`."""

NO_POSTGRESQL = pytest.mark.skip("DIGITLAB_TEST_DATABASE_URL names no PostgreSQL database to empty")


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=() if POSTGRESQL else NO_POSTGRESQL)]
)
def store(request, tmp_path):
    """A store over each database; PostgreSQL's is emptied first."""
    url = None
    if request.param == "postgresql":
        url = POSTGRESQL
        engine = sql.create_engine(url)
        METADATA.drop_all(engine)
        engine.dispose()
    store = Store(tmp_path, url)
    yield store
    store._engine.dispose()


def same(store):
    """Another process's look at a store."""
    return Store(store.home, store.database_url)


def new_run(store, owner="me"):
    return store.create_run(TrainingConfig(epochs=3), "tutorialspoint", owner)


def test_a_new_run_waits(store):
    run = store.run(new_run(store))
    assert (run.status, run.preset, run.config.epochs) == (Status.QUEUED, "tutorialspoint", 3)
    assert not run.has_model


@pytest.mark.parametrize("run_id", ["", "nobody-1a2b", "\0", "a\0b"])
def test_an_id_that_no_run_has_is_unknown_whatever_stands_in_it(store, run_id):
    with pytest.raises(UnknownRunError, match="there is no run"):
        store.run(run_id)


def test_runs_come_newest_first(store):
    ids = [new_run(store) for _ in range(5)]
    assert [run.id for run in store.runs()] == ids[::-1]


def test_epochs_survive_the_store_that_wrote_them(store):
    run_id = new_run(store)
    store.start_run(run_id)
    store.add_epoch(run_id, EPOCH)
    assert same(store).epochs(run_id) == (EPOCH,)


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


def test_a_store_of_an_older_version_is_brought_up_to_date(store):
    run_id = new_run(store)
    store.add_epoch(run_id, EPOCH)
    with store._engine.begin() as connection:
        newer = ("attempt", "wish", "learning_rate", "parent_id", "parent_epoch")
        for column in (*newer, "name", "note", "starred", "imported", "deleted_at"):
            connection.exec_driver_sql(f"ALTER TABLE runs DROP COLUMN {column}")
        connection.exec_driver_sql("ALTER TABLE epochs DROP COLUMN snapshot")
    newer = same(store)
    run = newer.run(run_id)
    assert (run.attempt, run.name, run.note, run.starred, run.imported) == (1, "", "", False, False)
    assert newer.runs() == [run]
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


def test_one_run_trains_at_a_time_whoever_asks(store):
    first, second = new_run(store), new_run(store)
    assert store.start_run(first)
    assert not same(store).start_run(second)
    store.end_run(first, Status.FINISHED)
    assert same(store).start_run(second)


def test_of_runs_that_begin_at_one_moment_one_does(store):
    barrier = Barrier(4)

    def start(run_id):
        process = same(store)
        barrier.wait()
        return process.start_run(run_id)

    with ThreadPoolExecutor(4) as pool:
        for _ in range(5):
            runs = [new_run(store) for _ in range(4)]
            started = list(pool.map(start, runs))
            assert sum(started) == 1
            store.end_run(runs[started.index(True)], Status.FINISHED)


def test_a_run_waits_while_the_database_is_held(tmp_path):
    store = Store(tmp_path)
    run_id = new_run(store)

    @sql.event.listens_for(store._engine, "begin")
    def do_not_wait(connection):
        connection.exec_driver_sql("PRAGMA busy_timeout=0")

    with same(store)._engine.connect() as other:
        other.exec_driver_sql("BEGIN IMMEDIATE")
        assert not store.start_run(run_id)
        other.rollback()
    assert store.start_run(run_id)


def test_a_database_that_is_broken_is_not_taken_for_one_that_is_held(store):
    run_id = new_run(store)
    METADATA.drop_all(store._engine)
    with pytest.raises(sql.exc.DatabaseError):
        store.start_run(run_id)


def test_a_run_that_waits_is_known_by_its_owner(store):
    run_id = new_run(store, "me")
    assert store.owner(run_id) == "me"
    assert store.has_queued("me")
    assert not store.has_queued("another")
    store.start_run(run_id)
    assert not store.has_queued("me")


def test_a_run_of_another_version_hides_only_itself(store):
    readable, other = new_run(store), new_run(store)
    with store._engine.begin() as connection:
        connection.execute(
            sql.text("UPDATE runs SET config = :config WHERE id = :id"),
            {"config": '{"no_such_field": 1}', "id": other},
        )
    assert [run.id for run in store.runs()] == [readable]
    with pytest.raises(InputError, match="no_such_field"):
        store.run(other)


def test_a_home_that_cannot_be_written_is_a_clear_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="DIGITLAB_HOME must be a folder"):
        Store(tmp_path / "file" / "home")


def ended_run(store):
    run_id = new_run(store)
    store.add_epoch(run_id, EPOCH)
    store.add_artefact(run_id, "model.keras", b"weights")
    store.end_run(run_id, Status.FINISHED)
    return run_id


@pytest.fixture
def clock(store, monkeypatch):
    """Moves the store's time on by what it is called with."""
    import digitlab.store.bin as module

    real = module.now
    return lambda later: monkeypatch.setattr(module, "now", lambda: real() + later)


def test_a_run_is_named_noted_and_starred(store):
    run_id, other = ended_run(store), ended_run(store)
    store.label_run(run_id, "  the\x00good\n one ", " first line\nsecond\x07 ")
    store.star_runs([run_id], True)
    run = store.run(run_id)
    assert (run.name, run.note, run.starred) == ("the good one", "first line\nsecond", True)
    store.star_runs([run_id, other], False)
    assert not any(run.starred for run in store.runs())


@pytest.mark.parametrize(("name", "note"), [("x" * 61, ""), ("", "x" * 2001)])
def test_a_label_that_is_too_long_is_refused(store, name, note):
    run_id = ended_run(store)
    with pytest.raises(InputError, match="must have at most"):
        store.label_run(run_id, name, note)
    assert store.run(run_id).name == ""


def test_a_deleted_run_is_gone_everywhere_and_comes_back_whole(store):
    run_id, kept = ended_run(store), ended_run(store)
    before = store.run(run_id)
    store.delete_runs([run_id])
    assert [run.id for run in store.runs()] == [kept]
    assert store.curves().keys() == {kept}
    for call in (store.run, lambda run: store.artefact(run, "model.keras")):
        with pytest.raises(UnknownRunError):
            call(run_id)
    store.restore_runs([run_id])
    assert store.run(run_id) == before
    assert store.artefact(run_id, "model.keras") == b"weights"


def test_the_last_deletion_can_be_undone_as_one_then_the_one_before(store):
    first, second, third = (ended_run(store) for _ in range(3))
    store.delete_runs([first])
    store.delete_runs([second, third])
    assert {run.id for run in store.last_deleted()} == {second, third}
    store.restore_runs([second, third])
    assert [run.id for run in store.last_deleted()] == [first]


def test_an_active_run_is_not_deleted_nor_those_beside_it(store):
    done, training = ended_run(store), new_run(store)
    store.start_run(training)
    with pytest.raises(InputError, match=f"{training} still waits or trains"):
        store.delete_runs([done, training])
    assert len(store.runs()) == 2
    assert store.last_deleted() == []


def test_a_deleted_run_is_not_queued_again(store):
    run_id = new_run(store)
    store.wish(run_id, Wish.PAUSE)
    store.delete_runs([run_id])
    store.requeue_run(run_id, "me")
    assert store.active_runs() == []


def test_the_bin_keeps_runs_for_a_day_and_not_longer(store, clock, tmp_path):
    run_id, kept = ended_run(store), ended_run(store)
    store.delete_runs([run_id])
    clock(BIN_KEEPS - timedelta(minutes=1))
    store.empty_bin()
    assert [run.id for run in store.last_deleted()] == [run_id]
    clock(BIN_KEEPS + timedelta(minutes=1))
    assert store.last_deleted() == []
    store.restore_runs([run_id])
    assert [run.id for run in store.runs()] == [kept]
    store.empty_bin()
    assert not store.holds(run_id)
    assert store.epochs(run_id) == ()
    assert not store.folder(run_id).exists()
    assert store.artefact(kept, "model.keras") == b"weights"


def test_the_deletion_of_a_run_harms_no_fork_of_it(store, clock):
    run_id = ended_run(store)
    store.add_artefact(run_id, CHECKPOINT.format(epoch=1), b"state")
    fork_id = store.fork_run(run_id, 1, TrainingConfig(epochs=9), "me")
    store.delete_runs([run_id])
    clock(2 * BIN_KEEPS)
    store.empty_bin()
    assert store.epochs(fork_id) == (EPOCH,)
    assert store.artefact(fork_id, CHECKPOINT.format(epoch=1)) == b"state"


def test_where_a_run_comes_from_is_known_of_those_in_the_bin_too(store, clock):
    root = store.create_run(TrainingConfig(dataset="digits"), None, "me")
    store.end_run(root, Status.FINISHED)
    fork_id = store.fork_network("pretrained", [EPOCH], TrainingConfig(), "me")
    store.delete_runs([root])
    assert store.origins() == {
        root: Origin("digits", None),
        fork_id: Origin("mnist", "pretrained"),
    }
    clock(2 * BIN_KEEPS)
    store.empty_bin()
    assert list(store.origins()) == [fork_id]


def test_a_list_of_runs_takes_one_look_at_their_curves(store):
    run_id = new_run(store)
    for number, validation in ((1, 0.5), (2, None)):
        store.add_epoch(run_id, replace(EPOCH, epoch=number, val_accuracy=validation))
        store.add_artefact(run_id, CHECKPOINT.format(epoch=number), b"state")
    fork_id = store.fork_run(run_id, 1, TrainingConfig(epochs=9), "me")
    store.add_epoch(fork_id, replace(EPOCH, epoch=2, seconds=7.0))
    new_run(store)
    assert store.epoch_counts() == {run_id: 2, fork_id: 2}
    assert store.curves() == {
        run_id: Curve((0.5, 0.9), 8.0),
        fork_id: Curve((0.5, 0.95), 7.0),
    }


def test_a_newcomer_never_takes_the_place_of_a_run(store):
    run = store.run(ended_run(store))
    with pytest.raises(InputError, match="just brought these runs"):
        store.add_runs([Newcomer(run, (), (), lambda name: b"other")])
    assert store.artefact(run.id, "model.keras") == b"weights"


def newcomer(store, run_id="amber-otter-0001", read=lambda name: b"weights"):
    """A run from elsewhere with an epoch, something to look at after it, and a model."""
    run = replace(store.run(ended_run(store)), id=run_id, artefacts=("model.keras",))
    return Newcomer(run, (EPOCH,), (1,), read)


def test_a_newcomer_comes_whole_over_what_a_killed_writer_left(store):
    guest = newcomer(store)
    (store.folder(guest.run.id)).mkdir()
    (store.folder(guest.run.id) / "half").write_bytes(b"half")
    store.add_runs([guest])
    assert store.run(guest.run.id).imported
    assert store.epochs(guest.run.id) == (EPOCH,)
    assert store.snapshots(guest.run.id) == {1: b"weights"}
    assert store.artefact(guest.run.id, "model.keras") == b"weights"
    assert len(list(store.folder(guest.run.id).iterdir())) == 1
    assert not list(store.home.glob("runs/.*"))


def test_others_write_to_the_database_while_the_files_of_a_newcomer_are_written(store):
    busy = ended_run(store)

    def read(name):
        if name == "model.keras":
            same(store).star_runs([busy], True)
        return b"weights"

    store.add_runs([newcomer(store, read=read)])
    assert store.run(busy).starred


def test_newcomers_that_cannot_be_moved_to_their_place_leave_nothing(store, monkeypatch):
    first, second = newcomer(store), newcomer(store, "amber-otter-0002")
    before = sorted(store.home.rglob("*"))

    def full_disk(folder):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("digitlab.store.newcomers.sync_folder", full_disk)
    with pytest.raises(InputError, match="No space left"):
        store.add_runs([first, second])
    assert not store.holds(first.run.id)
    assert sorted(store.home.rglob("*")) == before


@pytest.mark.parametrize(
    ("bound", "value"), [("MOST_IMPORTED", 2), ("LARGEST_IMPORTED_BYTES", 2 * 2 * len(b"weights"))]
)
def test_imported_runs_have_a_bound_and_their_place_is_free_once_the_bin_is_emptied(
    store, clock, monkeypatch, bound, value
):
    monkeypatch.setattr(f"digitlab.store.newcomers.{bound}", value)
    first, second, third = (newcomer(store, f"amber-otter-000{number}") for number in (1, 2, 3))
    store.add_runs([first, second])
    with pytest.raises(InputError, match="imported runs .* are kept here: delete some"):
        store.add_runs([third])
    store.delete_runs([first.run.id])
    with pytest.raises(InputError):
        store.add_runs([third])
    assert not store.holds(third.run.id)
    assert not store.folder(third.run.id).exists()
    clock(2 * BIN_KEEPS)
    store.empty_bin()
    store.add_runs([third])
    assert store.run(third.run.id).imported
