import dataclasses
from datetime import UTC, datetime

import numpy as np
import pytest
from scipy.stats import binomtest, ttest_ind

from digitlab import plots
from digitlab.comparison import (
    SeedTest,
    common_rows,
    configuration_rows,
    is_draw,
    mcnemar,
    other_seeds,
    p_in_words,
    pair,
    rows_in_words,
    same_setting,
    seed_test,
)
from digitlab.config import ConvBlock, TrainingConfig
from digitlab.datasets import Dataset, split_dataset
from digitlab.errors import InputError
from digitlab.evaluation import evaluate
from digitlab.records import Controls, Epoch, Run, Status

CONFIG = TrainingConfig(dataset="some")


def dataset(count=100):
    images = np.zeros((count, 28, 28), np.uint8)
    return Dataset("some", images, np.arange(count, dtype=np.uint8) % 10, count * 4 // 5)


def answers(*read, sure=0.9):
    """float (n, 10): each row is `sure` of one class."""
    return np.eye(10)[list(read)] * (sure - (1 - sure) / 9) + (1 - sure) / 9


@pytest.mark.parametrize(
    ("fixed", "broken", "published"),
    [(7, 1, 0.0703), (1, 7, 0.0703), (9, 2, 0.0654)],
)
def test_mcnemars_p_is_that_of_published_examples(fixed, broken, published):
    # 7 and 1: Bentur et al. (2009), as worked out by Fagerland, Lydersen & Laake (2013, BMC Med.
    # Res. Methodol. 13:91), whose mid-p would be 0.039. 9 and 2: Fay (2010), R package exact2x2.
    assert mcnemar(fixed, broken) == pytest.approx(published, abs=5e-5)


@pytest.mark.parametrize(("fixed", "broken"), [(41, 28), (0, 5), (12, 12), (1, 0), (3000, 2500)])
def test_mcnemars_p_is_the_binomial_test(fixed, broken):
    assert mcnemar(fixed, broken) == pytest.approx(binomtest(fixed, fixed + broken).pvalue)


def test_without_any_difference_mcnemars_p_is_one():
    assert mcnemar(0, 0) == 1


def test_p_is_written_with_two_digits_and_never_as_zero():
    assert [p_in_words(p) for p in (0.1480, 0.0042, 1.0, 1e-9)] == [
        "p = 0.15", "p = 0.0042", "p = 1", "p < 0.001",
    ]  # fmt: skip


def test_digits_are_fixed_broken_or_missed_by_both():
    labels = np.array([1, 2, 3, 4], np.uint8)
    paired = pair(labels, answers(1, 0, 3, 0), answers(1, 2, 0, 5))
    assert paired.fixed.tolist() == [1]
    assert paired.broken.tolist() == [2]
    assert paired.missed.tolist() == [3]


def test_the_surest_mistakes_come_first():
    first = np.concatenate([answers(0, sure=0.6), answers(0, sure=0.9), answers(0, sure=0.7)])
    paired = pair(np.ones(3, np.uint8), first, answers(1, 1, 1))
    assert paired.fixed.tolist() == [1, 2, 0]


def test_what_chance_would_do_too_is_said_so():
    labels = np.zeros(69, np.uint8)
    paired = pair(labels, answers(*[1] * 41, *[0] * 28), answers(*[0] * 41, *[1] * 28))
    assert paired.in_words("A", "B") == (
        "B fixes 41 that A gets wrong and breaks 28 that A gets right (McNemar's exact p = 0.15): "
        "that is what chance would do too."
    )


def test_what_chance_would_rarely_do_is_said_so():
    paired = pair(np.zeros(9, np.uint8), answers(*[1] * 9), answers(*[0] * 9))
    assert "(McNemar's exact p = 0.0039): chance alone would rarely do that." in paired.in_words(
        "A", "B"
    )


def test_networks_that_agree_throughout_are_said_so():
    paired = pair(np.zeros(2, np.uint8), answers(0, 1), answers(0, 2))
    assert paired.in_words("A", "B").startswith("B and A get the same digits right and wrong")


def test_the_common_rows_are_in_no_networks_training_part():
    configs = [
        CONFIG.replace(split="random", split_seed=seed, test_fraction=0.5) for seed in (1, 2)
    ]
    rows = common_rows(dataset(), configs)
    assert 0 < len(rows) < 50
    for config in configs:
        split = split_dataset(dataset(), config)
        assert not np.isin(rows, np.concatenate([split.train, split.validation])).any()
    assert f"On {len(rows)} digits of some: those" in rows_in_words(dataset(), "some", configs)


def test_networks_with_the_official_split_share_the_whole_test_part():
    configs = [CONFIG, CONFIG.replace(dataset="mnist", split="random")]
    assert common_rows(dataset(), configs).tolist() == list(range(80, 100))
    assert rows_in_words(dataset(), "some", configs) == (
        "On the 20 test digits of some; no network here learned from them."
    )


def test_networks_without_a_common_test_digit_cannot_be_compared():
    configs = [
        CONFIG.replace(split="random", split_seed=seed, test_fraction=0.05) for seed in range(9)
    ]
    with pytest.raises(InputError, match="no test digit of this dataset in common"):
        common_rows(dataset(), configs)


def test_the_seed_test_is_students_t():
    first, second = [0.981, 0.983, 0.980], [0.985, 0.988]
    found = seed_test(first, second)
    expected = ttest_ind(second, first)
    assert found.p_value == pytest.approx(expected.pvalue)
    assert found.difference == pytest.approx(np.mean(second) - np.mean(first))
    assert found.counts == (3, 2)


def test_one_run_is_judged_by_the_spread_of_the_other_setting():
    found = seed_test([0.97], [0.98, 0.99])
    assert found.deviation == pytest.approx(np.std([0.98, 0.99], ddof=1))
    assert found.p_value == pytest.approx(ttest_ind([0.97], [0.98, 0.99]).pvalue)


def test_one_run_of_each_setting_proves_nothing_about_seeds():
    assert seed_test([0.97], [0.98]) is None


@pytest.mark.parametrize(("second", "p"), [(0.98, 1.0), (0.99, 0.0)])
def test_seeds_that_change_nothing_are_no_division_by_zero(second, p):
    assert seed_test([0.98, 0.98], [second, second]).p_value == p


@pytest.mark.parametrize(
    ("p", "verdict"), [(0.2, "no more than seeds explain."), (0.01, ": more than seeds explain.")]
)
def test_the_verdict_on_seeds_in_words(p, verdict):
    words = SeedTest((1, 3), -0.0013, 0.0006, p).in_words
    assert "(1 run of the one setting, 3 of the other)" in words
    assert "±0.06 percentage points" in words
    assert "differ by 0.13 points" in words
    assert words.endswith(verdict)


def run(run_id, config, **changes):
    now = datetime(2026, 1, 1, tzinfo=UTC)
    made = Run(run_id, config, Status.FINISHED, None, now, now, now, None, None, ("model.tflite",))
    return dataclasses.replace(made, **changes)


def test_other_seeds_are_the_finished_runs_that_differ_in_their_seed_alone():
    runs = [
        run("newer-seven", CONFIG.replace(seed=7)),
        run("older-seven", CONFIG.replace(seed=7)),
        run("same-seed", CONFIG),
        run("logged", CONFIG.replace(seed=8, tensorboard=True)),
        run("other-setting", CONFIG.replace(seed=9, epochs=9)),
        run("stopped", CONFIG.replace(seed=10), status=Status.STOPPED),
        run("forked", CONFIG.replace(seed=11), parent_id="a", parent_epoch=1),
        run("by-hand", CONFIG.replace(seed=12), controls=Controls(learning_rate=0.1)),
        run("without-model", CONFIG.replace(seed=13), artefacts=()),
    ]
    assert [found.id for found in other_seeds(CONFIG, runs)] == ["newer-seven", "logged"]
    draws = [found.id for found in runs if is_draw(found.id, runs)]
    assert set(draws) == {found.id for found in runs} - {"stopped", "forked", "by-hand"}
    assert is_draw("pretrained", runs)


def test_a_setting_is_everything_but_the_seed():
    assert same_setting(CONFIG, CONFIG.replace(seed=1))
    assert not same_setting(CONFIG, CONFIG.replace(batch_size=1))


def rows_by_name(*configs):
    return {row.name: row for row in configuration_rows(configs)}


def test_a_difference_is_marked_where_it_departs_from_the_first():
    row = rows_by_name(CONFIG, CONFIG, CONFIG.replace(batch_size=32))["Batch size"]
    assert row.differs
    assert row.marked == ("128", "128", "≠ 32")


def test_what_is_shared_is_not_marked():
    row = rows_by_name(CONFIG, CONFIG)["Batch size"]
    assert not row.differs
    assert row.marked == ("128", "128")


def test_a_layer_that_another_network_lacks_has_its_own_lines():
    deep = CONFIG.replace(conv_blocks=(ConvBlock(8), ConvBlock(16), ConvBlock(24, dropout=0.25)))
    rows = rows_by_name(CONFIG, deep)
    assert rows["Conv block 1: filters"].values == ("32", "8")
    assert rows["Conv block 3: filters"].values == ("–", "24")
    assert rows["Conv block 3: dropout"].values == ("–", "0.25")


def test_hyperparameters_without_effect_do_not_count_as_differences():
    one = CONFIG.replace(optimizer="sgd", beta_1=0.5)
    other = CONFIG.replace(optimizer="sgd", beta_1=0.9)
    assert rows_by_name(one, other)["Beta 1"].values == ("–", "–")


def test_none_and_flags_and_nothing_are_words():
    rows = rows_by_name(CONFIG)
    assert rows["Training size"].values == ("all",)
    assert rows["Early stopping patience"].values == ("off",)
    assert rows["Tensorboard"].values == ("no",)
    assert rows["Left out"].values == ("none",)


EPOCHS = (Epoch(1, 0.9, 0.3, 0.95, 0.2, 0.001, 3.0), Epoch(2, 0.96, 0.1, 0.97, 0.1, 0.001, 3.0))
UNWATCHED = tuple(dataclasses.replace(e, val_accuracy=None, val_loss=None) for e in EPOCHS)


def test_overlaid_runs_have_a_colour_each_and_training_is_dashed():
    lines = {line.name: line for line in plots.overlay_info("loss", {"a": EPOCHS, "b": EPOCHS})}
    assert lines["a, training"].colour == lines["a, validation"].colour
    assert lines["a, training"].colour != lines["b, training"].colour
    assert (lines["b, training"].dash, lines["b, validation"].dash) == ("dash", "solid")
    assert lines["a, training"].y == [0.3, 0.1]


def test_the_legend_names_each_run_once_even_without_validation():
    figure = plots.overlaid_curves("accuracy", {"a": EPOCHS, "b": UNWATCHED})
    assert sorted(trace.name for trace in figure.data if trace.showlegend) == ["a", "b"]


def test_the_change_of_recall_is_in_percentage_points_with_the_support():
    labels = np.array([0, 0, 1, 1], np.uint8)
    first, second = evaluate(labels, answers(0, 0, 1, 2)), evaluate(labels, answers(0, 3, 1, 1))
    assert plots.recall_deltas_info(first, second)[:3] == [-50, 50, 0]
    bars = plots.recall_deltas(first, second, ("A", "B")).data[0]
    assert bars.x[0] == "0<br>(2)"
    assert bars.text[:3] == ("-50.0", "+50.0", "0")
    assert bars.hovertext[1] == ("Of 2 that are a 1, A reads 50.00 % rightly, B 100.00 %")


def test_two_networks_bars_differ_in_more_than_their_colour():
    both = {"A": answers(3)[0], "B": answers(4)[0]}
    first, second = plots.probability_pairs(both, truth=4).data
    assert first.y[4] == "4 (true)"
    assert first.hovertext[3] == "A is 90 % sure that it is a 3"
    assert first.marker.pattern.shape != second.marker.pattern.shape
