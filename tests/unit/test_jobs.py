"""Real trainings in a real worker process: watched, stopped, queued, killed."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import numpy as np
import psutil
import pytest

from digitlab.checkpoints import Checkpoint
from digitlab.cluster import Connection
from digitlab.config import ConvBlock, DenseLayer, TrainingConfig
from digitlab.errors import InputError, UnknownRunError
from digitlab.inference import Recogniser
from digitlab.jobs import LONGEST_TEST, Jobs
from digitlab.lifeline import POLITE
from digitlab.owners import is_alive, recover, this_process
from digitlab.records import Status
from digitlab.run_rows import IMPORTED
from digitlab.store import Store
from tests.unit.conftest import PATIENCE, figures, keeper_of, kill_worker, wait_until, worker_of

TINY = TrainingConfig(
    dataset="digits",
    conv_blocks=(ConvBlock(4),),
    dense_layers=(DenseLayer(8),),
    batch_size=32,
    epochs=2,
)
ENDLESS = TINY.replace(epochs=500)


def test_a_run_is_trained_reported_stored_and_tested(jobs):
    run_id = jobs.submit(TINY, "first-steps")
    assert jobs.wait(run_id, PATIENCE)
    run = jobs.store.run(run_id)
    assert run.status is Status.FINISHED
    assert [epoch.epoch for epoch in jobs.store.epochs(run_id)] == [1, 2]
    assert run.artefacts == (
        "checkpoint-1.npz",
        "checkpoint-2.npz",
        "model.keras",
        "model.tflite",
    )
    assert jobs.store.snapshot(run_id, 2).probabilities.shape == (20, 10)
    assert run.test.n == 360
    assert run.test.accuracy_low < run.test.accuracy < run.test.accuracy_high
    last = wait_until(lambda: jobs.progress(run_id))[-1]
    assert last.position == 2
    recogniser = Recogniser(jobs.store.artefact(run_id, "model.tflite"))
    assert recogniser.layer_names == (
        "normalization",
        "conv_1",
        "pool_1",
        "dense_1",
        "probabilities",
    )


def test_stop_keeps_the_completed_epochs_and_the_model(jobs):
    run_id = jobs.submit(ENDLESS)
    wait_until(lambda: len(jobs.store.epochs(run_id)) >= 2)
    jobs.stop(run_id)
    asked = time.monotonic()
    wait_until(lambda: jobs.store.run(run_id).status is Status.STOPPED)
    assert time.monotonic() - asked < 3
    kept = len(jobs.store.epochs(run_id))
    assert jobs.wait(run_id, PATIENCE)
    run = jobs.store.run(run_id)
    assert len(jobs.store.epochs(run_id)) == kept < 500
    assert run.has_model
    assert run.test.n == 360


def test_a_paused_run_gives_up_its_place_and_goes_on_as_if_nothing_had_been(jobs):
    config = TINY.replace(epochs=8)
    whole, broken, other = jobs.submit(config), jobs.submit(config), jobs.submit(TINY)
    wait_until(lambda: len(jobs.store.epochs(broken)) >= 2)
    jobs.pause(broken)
    assert jobs.wait(broken, PATIENCE)
    paused = jobs.store.run(broken)
    assert (paused.status, paused.test, paused.has_model) == (Status.PAUSED, None, False)
    assert jobs.wait(other, PATIENCE)
    jobs.resume(broken)
    assert jobs.wait(broken, PATIENCE)
    assert jobs.store.run(broken).status is Status.FINISHED
    assert figures(jobs.store, broken) == figures(jobs.store, whole)
    last = "checkpoint-8.npz"
    ours, theirs = (
        Checkpoint.from_bytes(jobs.store.artefact(run, last)) for run in (broken, whole)
    )
    for mine, yours in zip(ours.weights, theirs.weights, strict=True):
        np.testing.assert_array_equal(mine, yours)


def test_a_finished_run_is_forked_for_more_epochs_and_not_resumed(jobs):
    parent = jobs.submit(TINY)
    assert jobs.wait(parent, PATIENCE)
    with pytest.raises(InputError, match="is finished"):
        jobs.resume(parent)
    with pytest.raises(InputError, match="at least 3"):
        jobs.fork(parent, 2, TINY)
    with pytest.raises(InputError, match="keeps its weights"):
        jobs.fork(parent, 2, TINY.replace(epochs=3, dense_layers=(DenseLayer(9),)))
    child = jobs.fork(parent, 2, TINY.replace(epochs=3, learning_rate=0.01))
    assert jobs.wait(child, PATIENCE)
    run = jobs.store.run(child)
    assert (run.status, run.parent_id, run.parent_epoch) == (Status.FINISHED, parent, 2)
    epochs = jobs.store.epochs(child)
    assert epochs[:2] == jobs.store.epochs(parent)
    assert epochs[2].learning_rate == pytest.approx(0.01)


def test_the_learning_rate_of_a_live_run_can_be_changed(jobs):
    run_id = jobs.submit(ENDLESS)
    wait_until(lambda: jobs.store.epochs(run_id))
    with pytest.raises(InputError, match="learning_rate must be"):
        jobs.set_learning_rate(run_id, 7.0)
    jobs.set_learning_rate(run_id, 0.0005)
    wait_until(lambda: jobs.store.epochs(run_id)[-1].learning_rate == pytest.approx(0.0005))
    jobs.stop(run_id)
    assert jobs.wait(run_id, PATIENCE)


def test_one_run_trains_while_others_wait_in_order_and_may_leave(jobs):
    first, second, third = (jobs.submit(ENDLESS) for _ in range(3))
    wait_until(lambda: jobs.store.run(first).status is Status.RUNNING)
    assert jobs.queue() == [second, third]
    jobs.stop(second)
    assert jobs.store.run(second).status is Status.STOPPED
    assert jobs.queue() == [third]
    jobs.stop(first)
    wait_until(lambda: jobs.store.run(third).status is Status.RUNNING)
    jobs.stop(third)
    assert all(jobs.wait(run_id, PATIENCE) for run_id in (first, second, third))
    assert jobs.store.epochs(second) == ()


def test_a_killed_worker_costs_one_run_and_no_completed_epoch(jobs):
    doomed, waiting = jobs.submit(ENDLESS), jobs.submit(TINY)
    wait_until(lambda: jobs.store.epochs(doomed))
    kill_worker(jobs)
    assert jobs.wait(doomed, PATIENCE)
    run = jobs.store.run(doomed)
    assert run.status is Status.INTERRUPTED
    assert "ended unexpectedly" in run.error
    assert jobs.store.epochs(doomed)
    assert "model.keras" in run.artefacts
    assert jobs.wait(waiting, PATIENCE)
    assert jobs.store.run(waiting).status is Status.FINISHED


def test_a_dataset_that_is_not_there_fails_with_its_sentence(jobs):
    run_id = jobs.submit(TINY.replace(dataset="/no/such/file.npz"))
    assert jobs.wait(run_id, PATIENCE)
    run = jobs.store.run(run_id)
    assert run.status is Status.FAILED
    assert "/no/such/file.npz" in run.error


def test_a_network_that_cannot_be_built_is_refused_before_it_waits(jobs):
    before = len(jobs.store.runs())
    with pytest.raises(InputError, match="conv_blocks"):
        jobs.submit(TINY.replace(conv_blocks=(ConvBlock(4),) * 5))
    assert len(jobs.store.runs()) == before


def test_an_unknown_run_cannot_be_stopped(jobs):
    with pytest.raises(UnknownRunError):
        jobs.stop("nobody")


SERVER = f"""
import sys, time
from digitlab.config import TrainingConfig
from digitlab.jobs import Jobs
from digitlab.store import Store
jobs = Jobs(Store())
print(jobs.submit(TrainingConfig.from_json('''{ENDLESS.to_json()}''')), flush=True)
time.sleep(600)
"""


def test_a_killed_server_takes_its_worker_along_and_loses_no_epoch(tmp_path):
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER],
        env=os.environ | {"DIGITLAB_HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    run_id = server.stdout.readline().strip()
    store = Store(tmp_path)
    wait_until(lambda: store.epochs(run_id))
    family = psutil.Process(server.pid).children(recursive=True)
    server.kill()
    server.wait()
    _, alive = psutil.wait_procs(family, timeout=PATIENCE)
    assert not alive
    kept = store.epochs(run_id)
    assert store.run(run_id).status is Status.RUNNING
    assert recover(store) == [run_id]
    assert store.run(run_id).status is Status.INTERRUPTED
    assert store.epochs(run_id) == kept != ()


def test_the_worker_stands_back_where_a_page_wants_the_processor(jobs):
    assert jobs.wait(jobs.submit(TINY.replace(epochs=1)), PATIENCE)
    assert worker_of(jobs).nice() == min(psutil.Process().nice() + POLITE, 19)


def training_processes(home):
    """The processes that were started for a home, alive."""
    found = []
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if process.status() != "zombie" and str(home) in " ".join(process.cmdline()):
                found.append(process)
    return found


def test_an_idle_worker_goes_away_and_the_next_run_starts_another(jobs, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("digitlab.tasks.IDLE_SECONDS", 0.5)
        first = jobs.submit(TINY.replace(epochs=1))
        assert training_processes(jobs.store.home)
        assert jobs.wait(first, PATIENCE)
        wait_until(lambda: not training_processes(jobs.store.home))
    second = jobs.submit(TINY.replace(epochs=1))
    assert jobs.wait(second, PATIENCE)
    statuses = [jobs.store.run(run_id).status for run_id in (first, second)]
    assert statuses == [Status.FINISHED] * 2


def test_a_killed_keeper_costs_what_it_held_and_the_next_run_starts_another(jobs, monkeypatch):
    monkeypatch.setattr("digitlab.jobs.PULSE_SECONDS", 0.5)
    doomed = jobs.submit(ENDLESS)
    wait_until(lambda: jobs.store.epochs(doomed))
    keeper_of(jobs).kill()
    assert jobs.wait(doomed, PATIENCE)
    assert jobs.store.run(doomed).status is Status.INTERRUPTED
    assert jobs.store.epochs(doomed)
    after = jobs.submit(TINY.replace(epochs=1))
    assert jobs.wait(after, PATIENCE)
    assert jobs.store.run(after).status is Status.FINISHED


def test_a_worker_that_closes_for_good_leaves_nobody_waiting(tmp_path):
    def close(dask_worker):
        dask_worker.loop.add_callback(dask_worker.close)  # as after a heartbeat that was refused

    connection = Connection(tmp_path, None, restarts=1, trains=False)
    try:
        connection.client.wait_for_workers(1, timeout=PATIENCE)
        connection.client.run(close)
        wait_until(lambda: not connection.is_alive)
    finally:
        connection.close()


def test_dask_takes_no_time_from_a_training_to_watch_it(tmp_path):
    def rhythms(dask_worker):
        return {name: task.callback_time for name, task in dask_worker.periodic_callbacks.items()}

    connection = Connection(tmp_path, None, restarts=1, trains=False)
    try:
        connection.client.wait_for_workers(1, timeout=PATIENCE)
        (found,) = connection.client.run(rhythms).values()
    finally:
        connection.close()
    assert "profile" not in found
    assert min(found.values()) >= 500, f"milliseconds: {found}"


def test_a_run_waits_while_that_of_another_process_trains(jobs):
    jobs_elsewhere = Jobs(Store(jobs.store.home))
    try:
        first = jobs.submit(ENDLESS)
        wait_until(lambda: jobs.store.epochs(first))
        second = jobs_elsewhere.submit(TINY)
        assert not jobs_elsewhere.wait(second, 3)
        assert jobs.store.run(second).status is Status.QUEUED
        jobs.stop(first)
        assert jobs_elsewhere.wait(second, PATIENCE)
        assert jobs.store.run(second).status is Status.FINISHED
    finally:
        jobs_elsewhere.close()


def test_ctrl_c_stops_and_keeps_a_training_of_the_command_line(tmp_path):
    options = ["--preset", "first-steps", "--epochs", "500", "--json"]
    command_line = subprocess.Popen(
        [sys.executable, "-m", "digitlab", "train", *options],
        env=os.environ | {"DIGITLAB_HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    store = Store(tmp_path)
    (run,) = wait_until(store.runs)
    wait_until(lambda: store.epochs(run.id))
    os.killpg(command_line.pid, signal.SIGINT)
    out, _ = command_line.communicate(timeout=PATIENCE)
    document = json.loads(out)
    assert command_line.returncode == 0
    assert document["status"] == "stopped"
    assert document["test"]["n"] == 360
    assert store.run(run.id).has_model


@pytest.mark.parametrize(
    ("owner", "minutes", "alive"),
    [
        (this_process(), 0, True),
        (this_process(), 3, False),
        ("elsewhere 1 1.0", 0, True),
        ("elsewhere 1 1.0", 3, False),
        (f"{socket.gethostname()} {2**22 + 1} 1.0", 0, False),
        (f"{socket.gethostname()} {os.getpid()} 1.0", 0, False),
        (IMPORTED, 0, False),
    ],
    ids=[
        "this one",
        "silent",
        "elsewhere",
        "silent elsewhere",
        "gone",
        "number taken over",
        "imported",
    ],
)
def test_an_owner_is_alive_if_heard_of_lately_and_still_there(owner, minutes, alive):
    assert is_alive(owner, timedelta(minutes=minutes)) is alive


def test_a_model_is_tested_for_no_longer_than_its_process_lives(tmp_path):
    jobs = Jobs(Store(tmp_path))
    owners = (this_process(), "elsewhere 1 1.0", f"{socket.gethostname()} {2**22 + 1} 1.0")
    runs = [jobs.store.run(jobs.store.create_run(TINY, None, owner)) for owner in owners]
    assert [jobs.may_still_test(run) for run in runs] == [True, True, False]
    jobs._tasks._done[runs[0].id] = job = threading.Event()
    assert jobs.may_still_test(runs[0])
    job.set()  # as when its worker has died
    assert not jobs.may_still_test(runs[0])
    jobs.close()


def test_nobody_waits_for_ever_for_a_test_on_a_host_that_is_gone(tmp_path):
    jobs = Jobs(Store(tmp_path))
    run_id = jobs.store.create_run(TINY, None, "a-container-of-yesterday 1 1.0")
    jobs.store.end_run(run_id, Status.STOPPED)
    run = jobs.store.run(run_id)
    assert jobs.may_still_test(run)
    assert not jobs.may_still_test(replace(run, ended_at=run.ended_at - LONGEST_TEST))
    jobs.close()
