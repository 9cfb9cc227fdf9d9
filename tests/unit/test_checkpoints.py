"""The state of a training is one file, and a run's files stay within their room."""

from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pytest

from digitlab.checkpoints import (
    KEPT_BYTES,
    Checkpoint,
    check_fork,
    checkpoint_bytes,
    superfluous_checkpoints,
)
from digitlab.config import ConvBlock, DenseLayer, TrainingConfig
from digitlab.errors import InputError
from digitlab.records import CHECKPOINT, Run, Status

CONFIG = TrainingConfig(epochs=8, early_stopping_patience=2)
LARGE = TrainingConfig(dense_layers=(DenseLayer(2048),), epochs=500)


def test_a_checkpoint_comes_back_as_it_was():
    checkpoint = Checkpoint(
        epoch=3,
        config=CONFIG,
        weights=[np.arange(6, dtype=np.float32).reshape(2, 3), np.float32([1.5])],
        optimizer=[np.int64(7), np.float32([0.25])],
        best_weights=[np.float32([2.5])],
        callbacks={"EarlyStopping": {"wait": 1, "best": 0.0625, "best_epoch": None}},
        learning_rate=0.003,
    )
    back = Checkpoint.from_bytes(checkpoint.to_bytes())
    assert (back.epoch, back.config, back.learning_rate) == (3, CONFIG, 0.003)
    assert back.callbacks == checkpoint.callbacks
    for group in ("weights", "optimizer", "best_weights"):
        for ours, theirs in zip(getattr(back, group), getattr(checkpoint, group), strict=True):
            np.testing.assert_array_equal(ours, theirs)
            assert ours.dtype == theirs.dtype


@pytest.mark.parametrize(
    ("patience", "wait", "epoch", "stopped"),
    [(2, 2, 5, True), (2, 1, 5, False), (None, 0, 5, False), (1, 1, 1, False)],
)
def test_early_stopping_is_remembered(patience, wait, epoch, stopped):
    config = CONFIG.replace(early_stopping_patience=patience)
    checkpoint = Checkpoint(epoch, config, [], [], callbacks={"EarlyStopping": {"wait": wait}})
    assert checkpoint.has_stopped_early is stopped


def run_with_checkpoints(config, epochs):
    names = tuple(CHECKPOINT.format(epoch=epoch) for epoch in epochs)
    now = datetime.now(UTC)
    return Run("a-run", config, Status.RUNNING, None, now, now, None, None, None, names)


def test_the_checkpoints_of_a_small_network_all_stay():
    assert superfluous_checkpoints(run_with_checkpoints(CONFIG, range(1, 9))) == []


@pytest.mark.parametrize("last", [1, 2, 9, 100, 333])
def test_those_of_a_large_network_are_thinned_out_and_the_last_stays(last):
    kept = []
    for epoch in range(1, last + 1):
        kept.append(epoch)
        gone = superfluous_checkpoints(run_with_checkpoints(LARGE, kept))
        kept = [e for e in kept if CHECKPOINT.format(epoch=e) not in gone]
        assert kept[-1] == epoch
        assert len(kept) * checkpoint_bytes(LARGE) <= max(KEPT_BYTES, 2 * checkpoint_bytes(LARGE))


def test_those_that_stay_are_evenly_spread():
    config = TrainingConfig()
    room = KEPT_BYTES // checkpoint_bytes(config)
    kept = list(range(1, 6 * room))
    gone = superfluous_checkpoints(run_with_checkpoints(config, kept))
    stay = [epoch for epoch in kept if CHECKPOINT.format(epoch=epoch) not in gone]
    assert len(stay) > room / 2
    assert {b - a for a, b in pairwise(stay[:-1])} == {8}


def test_a_fork_may_change_everything_but_the_weights():
    new = CONFIG.replace(learning_rate=0.1, optimizer="sgd", batch_size=7, rotation=9)
    check_fork(CONFIG, 4, new)
    check_fork(CONFIG, 4, new.replace(dense_layers=(DenseLayer(128, dropout=0.1),)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dense_layers": (DenseLayer(64),)}, "keeps its weights"),
        ({"conv_blocks": (ConvBlock(32), ConvBlock(64, padding="same"))}, "keeps its weights"),
        ({"epochs": 4}, "epochs must be at least 5 to go on, got 4"),
    ],
)
def test_a_fork_that_cannot_go_on_is_refused(change, message):
    with pytest.raises(InputError, match=message):
        check_fork(CONFIG, 4, CONFIG.replace(**change))
