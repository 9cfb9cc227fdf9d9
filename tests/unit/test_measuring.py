"""A measurement trains for a moment, writes no run, and the estimate knows its speed."""

import pytest

from digitlab.config import ConvBlock, DenseLayer, TrainingConfig
from digitlab.datasets import load_dataset
from digitlab.errors import InputError
from digitlab.jobs import _measurement

PATIENCE = 60

TINY = TrainingConfig(
    dataset="digits",
    conv_blocks=(ConvBlock(4),),
    dense_layers=(DenseLayer(8),),
    batch_size=32,
    rotation=10,
)


def measured(jobs, config):
    """Measures in the worker, and waits for it."""
    jobs.measure(config)
    assert jobs.is_measuring(config)
    assert jobs.wait(_measurement(config), PATIENCE)
    assert not jobs.is_measuring(config)


def test_a_measured_configuration_is_known_and_its_like_too(jobs):
    digits = load_dataset("digits")
    assert jobs.estimate(TINY, digits).is_rough
    measured(jobs, TINY)
    assert jobs.measuring_error(TINY) is None
    cost = jobs.estimate(TINY.replace(seed=7, epochs=4), digits)
    assert cost.basis == "measured on this machine for this very configuration"
    assert 0.01 < cost.seconds_per_epoch < 10
    assert jobs.estimate(TINY.replace(batch_size=64), digits).is_rough
    assert jobs.store.runs() == []
    assert sorted(path.name for path in jobs.store.home.iterdir()) == [
        "digitlab.sqlite3",
        "scratch",
    ]


def test_a_measurement_that_fails_says_why(jobs):
    nowhere = TINY.replace(dataset="/no/such/file.npz")
    measured(jobs, nowhere)
    assert "/no/such/file.npz" in jobs.measuring_error(nowhere)
    assert jobs.measuring_error(TINY) is None


def test_a_network_that_cannot_be_built_is_not_measured(jobs):
    impossible = TINY.replace(conv_blocks=(ConvBlock(4),) * 5)
    with pytest.raises(InputError, match="conv_blocks"):
        jobs.measure(impossible)
    assert not jobs.is_measuring(impossible)


def test_a_measurement_that_cannot_be_sent_is_not_waited_for(jobs, monkeypatch):
    def closed(*arguments, **keywords):
        raise RuntimeError("the client is closed")

    monkeypatch.setattr(jobs._tasks, "send", closed)
    with pytest.raises(RuntimeError, match="closed"):
        jobs.measure(TINY)
    assert not jobs.is_measuring(TINY)


def test_only_so_many_measurements_can_wait(jobs, monkeypatch):
    monkeypatch.setattr("digitlab.errands.LONGEST_ERRAND_QUEUE", 0)
    with pytest.raises(InputError, match="at most 0 measurements and studies can wait"):
        jobs.measure(TINY)
    assert not jobs.is_measuring(TINY)


def test_the_stopwatch_leaves_out_the_first_execution_and_stops_when_it_has_seen_enough(
    monkeypatch,
):
    measuring = pytest.importorskip("digitlab.measuring")
    times = iter([100.0, 100.5, 101.0, 101.6, 102.5])
    monkeypatch.setattr(measuring.time, "perf_counter", lambda: next(times))
    watch = measuring._Stopwatch(batches=12)
    watch.set_model(type("Model", (), {"stop_training": False})())
    stopped = []
    for epoch, batch in ((0, 4), (0, 9), (0, 14), (1, 4)):  # of 5 steps each, the third of 2
        watch.on_epoch_begin(epoch)
        watch.on_train_batch_end(batch)
        stopped.append(watch.model.stop_training)
    assert stopped == [False, False, False, True]
    assert (watch.warm, watch.warm_steps) == (100.0, 5)
    assert watch.seconds_per_step == pytest.approx(1.6 / (17 - 5))
