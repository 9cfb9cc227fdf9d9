"""The cost of a training is known before it starts, and one that cannot end well is refused."""

from dataclasses import replace

import pytest

from digitlab import costs
from digitlab.config import ConvBlock, DenseLayer, TrainingConfig
from digitlab.costs import (
    Digits,
    Memory,
    Speed,
    count_digits,
    estimate,
    guess_step,
    memory_needed,
    obstacle,
    speed_key,
    speed_of_run,
)
from digitlab.datasets import load_dataset
from digitlab.errors import InputError
from digitlab.jobs import Jobs
from digitlab.network import plan
from digitlab.presets import PRESETS
from digitlab.records import Epoch, Status
from digitlab.store import Newcomer, Store

CONFIG = TrainingConfig()
MNIST = Digits(70_000, 54_000, 6_000)
BATCHES = 422
GB = 1_000_000_000


def speed(config=CONFIG, **changes):
    return replace(Speed(speed_key(config, BATCHES), 0.02, 0.0001, 0.5, 2.0, 0.5), **changes)


def test_a_measured_training_costs_its_steps_its_validation_and_what_lies_between():
    cost = estimate(CONFIG.replace(epochs=3), MNIST, [speed()])
    assert cost.seconds_per_epoch == pytest.approx(422 * 0.02 + 6000 * 0.0001 + 0.5)
    assert cost.seconds == pytest.approx(2 + 3 * cost.seconds_per_epoch)
    assert not cost.is_rough
    assert cost.basis == "measured on this machine for this very configuration"
    assert (cost.parameters, cost.multiply_adds) == (225_034, plan(CONFIG).multiply_adds)


def test_the_first_speed_that_fits_counts_and_a_run_is_named():
    other = speed(CONFIG.replace(batch_size=64), seconds_per_step=9.0)
    run = speed(seconds_per_step=0.01, run="amber-otter-1f2e")
    cost = estimate(CONFIG, MNIST, [other, run, speed()])
    assert cost.basis == "from run amber-otter-1f2e, the same network"
    assert cost.seconds_per_epoch == pytest.approx(422 * 0.01 + 6000 * 0.0001 + 0.5)


def test_without_any_measurement_the_guess_comes_from_the_multiply_adds():
    cost = estimate(CONFIG, MNIST)
    arithmetic = 3 * cost.multiply_adds * (54_000 + 6_000 / 3) / costs.STEP_SPEED
    assert cost.seconds_per_epoch == pytest.approx(arithmetic, rel=0.1)
    assert cost.seconds_per_epoch > arithmetic
    assert cost.is_rough
    assert cost.basis == "a rough guess from multiply-adds"


def test_a_guess_is_corrected_by_the_median_of_what_was_timed_here():
    others = [speed(key="another", pace=pace) for pace in (4.0, 0.5, 3.0)]
    guess, corrected = estimate(CONFIG, MNIST), estimate(CONFIG, MNIST, others)
    steps = guess.seconds_per_epoch - costs.BETWEEN_EPOCHS
    assert corrected.seconds_per_epoch - costs.BETWEEN_EPOCHS == pytest.approx(3 * steps)
    assert corrected.is_rough
    assert "corrected by 3 timed on this machine" in corrected.basis


def test_what_a_run_tells_of_its_own_epochs_is_what_they_took():
    run = speed_of_run("amber-otter-1f2e", CONFIG, MNIST, [9.0, 10.0, 30.0])
    cost = estimate(CONFIG, MNIST, [run])
    assert cost.seconds_per_epoch == pytest.approx(10.0)
    assert run.pace == pytest.approx(run.seconds_per_step / guess_step(CONFIG, BATCHES))


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": 7},
        {"learning_rate": 0.1, "learning_rate_schedule": "cosine"},
        {"epochs": 50},
        {"dense_layers": (DenseLayer(128, dropout=0.1),)},
        {"validation": "none"},
    ],
)
def test_trainings_that_are_equally_fast_have_one_key(changes):
    assert speed_key(CONFIG.replace(**changes), BATCHES) == speed_key(CONFIG, BATCHES)


@pytest.mark.parametrize(
    "changes",
    [
        {"batch_size": 64},
        {"optimizer": "sgd"},
        {"precision": "mixed_bfloat16"},
        {"rotation": 1.0},
        {"elastic": 1.0},
        {"stroke_thickness": 0.1},
        {"normalization": "columns"},
        {"dense_layers": (DenseLayer(128),)},
        {"dense_layers": (DenseLayer(64, dropout=0.5),)},
        {"conv_blocks": (ConvBlock(32, activation="gelu"), ConvBlock(64))},
    ],
)
def test_trainings_that_are_not_equally_fast_have_keys_of_their_own(changes):
    assert speed_key(CONFIG.replace(**changes), BATCHES) != speed_key(CONFIG, BATCHES)


def test_so_do_trainings_so_short_that_keras_looks_at_the_callbacks_more_often():
    assert speed_key(CONFIG, 10) != speed_key(CONFIG, BATCHES)


def test_a_speed_is_kept_for_its_place_and_replaced_by_a_newer_one(tmp_path):
    store = Store(tmp_path)
    store.keep_speed(speed(), "here")
    store.keep_speed(speed(seconds_per_step=0.7), "there")
    store.keep_speed(speed(seconds_per_step=0.03), "here")
    store.keep_speed(speed(key="another"), "here")
    assert store.speeds("here") == [speed(key="another"), speed(seconds_per_step=0.03)]
    assert store.speeds("there") == [speed(seconds_per_step=0.7)]
    assert store.speeds("nowhere") == []


def test_a_run_tells_of_the_epochs_that_it_trained_itself_here_but_for_the_first(tmp_path):
    store = Store(tmp_path)
    parent = store.create_run(CONFIG, None, "here 1 1.0")
    for number in (1, 2, 3):
        store.add_epoch(parent, Epoch(number, 0.9, 0.3, None, None, 0.001, float(number)))
    store.add_artefact(parent, "checkpoint-2.npz", b"state")
    child = store.fork_run(parent, 2, CONFIG.replace(batch_size=32), "here 1 1.0")
    for number in (3, 4):
        store.add_epoch(child, Epoch(number, 0.9, 0.3, None, None, 0.001, 10.0 * number))
    elsewhere = store.create_run(CONFIG, None, "hereabouts 1 1.0")
    store.add_epoch(elsewhere, Epoch(2, 0.9, 0.3, None, None, 0.001, 1.0))
    imported = replace(store.run(parent), id="amber-otter-0001", artefacts=(), status=Status.PAUSED)
    store.add_runs([Newcomer(imported, store.epochs(parent), (), lambda name: b"")])
    store.requeue_run(imported.id, "here 1 1.0")
    assert store.timed_runs("here") == [
        (child, CONFIG.replace(batch_size=32), [40.0]),
        (parent, CONFIG, [2.0, 3.0]),
    ]


# Peak resident memory in millions of bytes: of the worker for a whole run, export included, and
# of a bare process that only trained.
PEAKS = {
    "first-steps, a run": (PRESETS["first-steps"].config, Digits(1797, 1293, 144), 996),
    "ndlovu-mlp": (PRESETS["ndlovu-mlp"].config, Digits(70_000, 56_000, 0), 1014),
    "tutorialspoint, a run": (
        PRESETS["tutorialspoint"].config,
        Digits(70_000, 30_000, 10_000),
        1161,
    ),
    "soorya": (PRESETS["soorya"].config, Digits(70_000, 42_000, 18_000), 1169),
    "a large MLP, a run": (
        TrainingConfig(conv_blocks=(), dense_layers=(DenseLayer(2048), DenseLayer(2048))),
        Digits(70_000, 9_000, 1_000),
        1305,
    ),
    "batches of 2048": (CONFIG.replace(batch_size=2048), MNIST, 1613),
    "the same, with batch normalisation": (
        CONFIG.replace(
            batch_size=2048,
            conv_blocks=(ConvBlock(32, batch_normalization=True, dropout=0.2),) * 2,
        ),
        MNIST,
        2341,
    ),
    "batches of 4096 through a large layer": (
        CONFIG.replace(
            batch_size=4096, conv_blocks=(), dense_layers=(DenseLayer(4096),), optimizer="sgd"
        ),
        MNIST,
        1327,
    ),
}


@pytest.mark.parametrize(("config", "digits", "peak"), PEAKS.values(), ids=PEAKS)
def test_the_memory_is_what_a_training_process_took(config, digits, peak):
    assert memory_needed(config, digits).total == pytest.approx(peak * 1e6, rel=0.15)


def test_best_weights_cost_memory_as_a_checkpoint_holds_them_too():
    plain, watching = (
        memory_needed(CONFIG.replace(early_stopping_patience=patience), MNIST).weights
        for patience in (None, 3)
    )
    assert watching - plain == 4 * 4 * plan(CONFIG).parameters
    sgd = memory_needed(CONFIG.replace(optimizer="sgd"), MNIST).weights
    assert plain - sgd == 4 * 4 * plan(CONFIG).parameters, "one slot less"


def test_what_does_not_fit_is_refused_naming_what_takes_the_most():
    config = CONFIG.replace(batch_size=2048)
    cost = estimate(config, MNIST)
    assert obstacle(cost, config, 4 * GB) is None
    assert obstacle(cost, config, None) is None
    refused = obstacle(cost, config, GB)
    assert refused.startswith("this training would need about 1.7 GB of memory, and 1 GB are free")
    for largest, words in (
        ({"batch": 2 * GB}, "a smaller batch_size"),
        ({"weights": 2 * GB}, "fewer units"),
        ({"dataset": 2 * GB}, "a smaller dataset"),
        ({}, "close other programs; TensorFlow alone needs 850 MB"),
    ):
        needed = replace(Memory(850_000_000, 0, 0, 0), **largest)
        assert words in obstacle(replace(cost, memory=needed), config, GB // 2)


def test_an_hour_is_asked_for_and_a_day_is_refused():
    config = CONFIG.replace(epochs=100)
    for hours, is_long, is_refused in (
        (0.9, False, False),
        (1.1, True, False),
        (23, True, False),
        (25, True, True),
    ):
        step = hours * 36 / BATCHES
        slow = speed(seconds_per_step=step, seconds_per_validation_digit=0.0)
        cost = estimate(config, MNIST, [replace(slow, seconds_between_epochs=0.0)])
        assert cost.is_long is is_long
        assert (obstacle(cost, config, None) is not None) is is_refused
    assert obstacle(cost, config, None) == (
        "this training would run for about 25 h, and 24 h is the limit: set epochs to 96 at most, "
        "use fewer filters or smaller kernels, or set training_size"
    )


def test_of_a_training_that_goes_on_only_the_rest_counts():
    config = CONFIG.replace(epochs=100)
    quarter = speed(seconds_per_step=900 / BATCHES, seconds_per_validation_digit=0.0)
    quarter = replace(quarter, seconds_between_epochs=0.0, seconds_to_begin=0.0)
    whole, rest = (estimate(config, MNIST, [quarter], done) for done in (0, 98))
    assert (whole.seconds, rest.seconds) == (90_000, 1800)
    assert not rest.is_long
    assert obstacle(whole, config, None)
    assert obstacle(rest, config, None) is None
    assert " an epoch, 30 min from epoch 99 on · " in rest.in_words
    late = estimate(config.replace(epochs=200), MNIST, [quarter], 98)
    assert "set epochs to 194 at most" in obstacle(late, config.replace(epochs=200), None)
    assert estimate(config, MNIST, [quarter], done=100).seconds == 0


def test_a_fork_too_large_to_train_here_is_refused_before_it_is_written(tmp_path):
    store = Store(tmp_path)
    run_id = store.create_run(CONFIG, None, "here 1 1.0")
    jobs = Jobs(store)
    with pytest.raises(InputError, match="at most 150,000,000 activations per batch"):
        jobs.fork(run_id, 1, CONFIG.replace(batch_size=4096))
    assert [run.id for run in store.runs()] == [run_id]
    jobs.close()


def test_a_guess_is_refused_only_if_even_its_better_end_is_too_long():
    config = CONFIG.replace(epochs=100)
    cost = replace(estimate(config, MNIST), seconds_per_epoch=1e3, seconds=1.5 * 24 * 3600)
    assert obstacle(cost, config, None) is None
    assert obstacle(replace(cost, spread=1.0), config, None)


def test_one_epoch_of_more_than_a_day_has_no_epochs_to_take_away():
    cost = replace(estimate(CONFIG, MNIST, [speed()]), seconds_per_epoch=1e5, seconds=5e5)
    assert "the limit: use fewer filters" in obstacle(cost, CONFIG, None)


def test_the_cost_is_one_line():
    cost = estimate(CONFIG.replace(epochs=5), MNIST, [speed()])
    assert cost.in_words == (
        "About 9.5 s an epoch, 50 s in all · 1.1 GB of memory · 225,034 parameters · "
        "2.6 M multiply-adds a digit"
    )
    guess = replace(cost, spread=2.0, seconds_per_epoch=10.0, seconds=60.0)
    assert guess.in_words.startswith("About 5–20 s an epoch, 0.5–2 min in all · ")


def test_digits_are_counted_as_they_are_split():
    config = TrainingConfig(dataset="digits", validation="random", validation_fraction=0.25)
    assert count_digits(load_dataset("digits"), config) == Digits(1797, 1077, 360)


def test_the_limit_of_a_container_counts_and_cached_files_are_free(tmp_path):
    everything = costs.psutil.virtual_memory().total
    assert costs._free_in_container(tmp_path) == everything
    (tmp_path / "memory.current").write_text("900\n")
    (tmp_path / "memory.stat").write_text("anon 100\ninactive_file 250\n")
    (tmp_path / "memory.max").write_text("max\n")
    assert costs._free_in_container(tmp_path) == everything
    (tmp_path / "memory.max").write_text("1000\n")
    assert costs._free_in_container(tmp_path) == 350
    assert 0 < costs.free_memory() <= everything
