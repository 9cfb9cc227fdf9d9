"""Server, worker or both are killed at random moments, again and again; nothing is lost.

`DIGITLAB_KILLS=50 pytest tests/unit/test_kills.py -s` kills fifty times instead of once.
"""

import os
import random
import subprocess
import sys
import time

import numpy as np
import psutil
import pytest

from digitlab.checkpoints import Checkpoint
from digitlab.config import ConvBlock, DenseLayer, TrainingConfig
from digitlab.owners import recover
from digitlab.records import CHECKPOINT, Status
from digitlab.store import Store
from tests.unit.conftest import figures

KILLS = int(os.environ.get("DIGITLAB_KILLS", "1"))
PATIENCE = 120
EPOCHS = 12

CONFIG = TrainingConfig(
    dataset="digits",
    training_size=600,
    validation="random",
    conv_blocks=(ConvBlock(16, batch_normalization=True, dropout=0.2),),
    dense_layers=(DenseLayer(64, dropout=0.3),),
    learning_rate=0.003,
    reduce_on_plateau_patience=1,
    early_stopping_patience=8,
    batch_size=16,
    epochs=EPOCHS,
    rotation=10,
    stroke_thickness=0.3,
)

SERVER = f"""
import sys
from digitlab.config import TrainingConfig
from digitlab.jobs import Jobs
from digitlab.store import Store
jobs = Jobs(Store())
run_id = sys.argv[1] if len(sys.argv) > 1 else jobs.submit(
    TrainingConfig.from_json('''{CONFIG.to_json()}''')
)
if len(sys.argv) > 1:
    jobs.resume(run_id)
print(run_id, flush=True)
jobs.wait(run_id)
jobs.close()
"""


def serve(home, *run_id):
    """A server that trains a run, or resumes it, and the run's id."""
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, *run_id],
        env=os.environ | {"DIGITLAB_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    return psutil.Process(server.pid), server.stdout.readline().strip()


def kill(server, victim):
    """Kills the server, the training process or both, and waits until all are gone."""
    family = server.children(recursive=True)
    if victim in ("worker", "both") and family:
        max(family, key=lambda process: process.memory_info().rss).kill()
    if victim in ("server", "both"):
        server.kill()
    _, alive = psutil.wait_procs([server, *family], timeout=PATIENCE)
    assert not alive, f"{alive} outlived the death of {victim}"


def wait_for_the_moment(chance, server, store, run_id):
    """Waits for a random moment: one in four while it starts, else soon after an epoch."""
    before = len(store.epochs(run_id))
    if chance.random() < 0.25:
        psutil.wait_procs([server], timeout=chance.uniform(0.5, 8))
        return
    until = time.monotonic() + PATIENCE
    while server.is_running() and len(store.epochs(run_id)) == before:
        assert time.monotonic() < until, "no epoch came"
        psutil.wait_procs([server], timeout=0.05)
    psutil.wait_procs([server], timeout=chance.uniform(0, 2))


def weights(store, run_id):
    """A run's weights after its last epoch."""
    file = store.artefact(run_id, CHECKPOINT.format(epoch=EPOCHS))
    return Checkpoint.from_bytes(file).weights


@pytest.fixture
def chance():
    """The moments and the victims: other ones every time, and told if the test fails."""
    seed = int(os.environ.get("DIGITLAB_KILLS_SEED", time.time_ns() % 1_000_000))
    print(f"DIGITLAB_KILLS_SEED={seed}")
    return random.Random(seed)


def test_killed_at_random_moments_a_run_ends_as_if_it_had_been_left_alone(tmp_path, chance):
    store = Store(tmp_path)
    server, whole = serve(tmp_path)
    server.wait(PATIENCE)
    expected, final = figures(store, whole), weights(store, whole)
    assert len(expected) == EPOCHS

    kills, run_id = 0, ()
    while kills < KILLS or run_id:
        server, name = serve(tmp_path, *run_id)
        if kills < KILLS:
            wait_for_the_moment(chance, server, store, name)
            if server.is_running():
                kept = figures(store, name)
                kill(server, chance.choice(["server", "worker", "both"]))
                kills += 1
                recover(store)
                assert figures(store, name)[: len(kept)] == kept
        else:
            server.wait(PATIENCE)
        assert figures(store, name) == expected[: len(figures(store, name))]
        status = store.run(name).status
        assert status in (Status.FINISHED, Status.INTERRUPTED)
        run_id = (name,) if status.can_resume else ()
        if status is Status.FINISHED:
            for ours, theirs in zip(weights(store, name), final, strict=True):
                np.testing.assert_array_equal(ours, theirs)
        print(f"{kills} kills, {name} {status} after {len(figures(store, name))} epochs")
