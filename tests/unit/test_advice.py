import math
import re
from functools import cache

import numpy as np
import pytest

from digitlab.advice import Curves, Hint, hints
from digitlab.advice.curves import UNKNOWN
from digitlab.config import ConvBlock, DenseLayer, TrainingConfig
from digitlab.costs import Digits, count_digits
from digitlab.datasets import Dataset, load_dataset
from digitlab.presets import PRESETS
from digitlab.records import Epoch

PLAIN = TrainingConfig(epochs=20, dense_layers=(DenseLayer(128),))
"""MNIST, 6,000 validation digits, no dropout, no augmentation; most curves here end before 20."""

REGULAR = PLAIN.replace(rotation=10, dense_layers=(DenseLayer(128, dropout=0.5),))
NORMALISED = PLAIN.replace(conv_blocks=(ConvBlock(32, batch_normalization=True),))
SMALL = {"dataset": "digits", "batch_size": 32}
"""144 validation digits, 41 steps an epoch."""


def curves(loss, val_loss=None, accuracy=None, val_accuracy=None):
    """Epochs from literal lists. Accuracies not given are such that no rule looks at them."""
    n = len(loss)
    accuracy = accuracy or [0.97] * n
    val_accuracy = val_accuracy or (accuracy if val_loss else [None] * n)
    rows = zip(accuracy, loss, val_accuracy, val_loss or [None] * n, strict=True)
    return [
        Epoch(number, a, x, va, vx, 0.001, 1.0) for number, (a, x, va, vx) in enumerate(rows, 1)
    ]


PIXELS = np.broadcast_to(np.uint8(0), (70_000, 28, 28))
DATASETS = {
    "mnist": Dataset("mnist", PIXELS, np.zeros(70_000, np.uint8), 60_000),
    "digits": load_dataset("digits"),
}


@cache
def digits_of(config) -> Digits:
    """How many digits a training has, as whoever asks for hints has counted them."""
    dataset = DATASETS.get(config.dataset)
    return count_digits(dataset, config) if dataset else UNKNOWN


def hinted(epochs, config=PLAIN, error=None, **more):
    return hints(epochs, config, error, digits_of(config), **more)


def keys(epochs, config=PLAIN, error=None, **more):
    return [hint.key for hint in hinted(epochs, config, error, **more)]


def only(epochs, config=PLAIN, error=None) -> Hint:
    (hint,) = hinted(epochs, config, error)
    return hint


FALLING = [0.2, 0.06, 0.04, 0.03, 0.02, 0.015, 0.01]
RISING = [0.06, 0.045, 0.035, 0.031, 0.036, 0.041, 0.047]


# Overfitting


def test_validation_loss_that_rises_while_training_loss_falls_is_overfitting():
    hint = only(curves(FALLING, RISING))
    assert (hint.key, hint.title) == ("overfitting", "Overfitting")
    assert "Since epoch 4 the validation loss rises (0.031 to 0.047)" in hint.sentence
    assert "training loss still falls (0.030 to 0.010)" in hint.sentence


@pytest.mark.parametrize(
    ("config", "changed"),
    [
        (PLAIN, {"rotation": 10.0, "zoom": 0.1, "shift": 0.1}),
        (PLAIN.replace(rotation=5), {"dense_layers": (DenseLayer(128, dropout=0.5),)}),
        (REGULAR, {"early_stopping_patience": 3}),
        (REGULAR.replace(validation="test"), {"epochs": 4}),
        (REGULAR.replace(early_stopping_patience=9), {"epochs": 4}),
    ],
)
def test_against_overfitting_the_next_thing_missing_is_tried(config, changed):
    hint = only(curves(FALLING, RISING), config)
    assert dict(hint.changes) == changed
    config.replace(**changed)


@pytest.mark.parametrize(
    ("loss", "val_loss"),
    [
        (FALLING[:5], RISING[:5]),  # one epoch above the lowest
        (FALLING, [0.6, 0.45, 0.35, 0.31, 0.315, 0.32, 0.325]),  # risen by 5 %
        (FALLING, [0.06, 0.045, 0.035, 0.031, 0.047, 0.030, 0.031]),  # back again
        ([0.2, 0.06, 0.04, 0.03, 0.031, 0.032, 0.035], RISING),  # training rises, too
        (FALLING, None),
    ],
)
def test_no_overfitting_is_seen_in_near_misses(loss, val_loss):
    assert keys(curves(loss, val_loss)) == []


def test_on_few_validation_digits_a_few_mistakes_are_no_overfitting():
    few = PLAIN.replace(**SMALL)
    assert keys(curves(FALLING, RISING), few) == []
    assert keys(curves(FALLING, [0.2, 0.1, 0.09, 0.09, 0.2, 0.3, 0.4]), few) == ["overfitting"]


# Validation accuracy below training accuracy


def test_training_digits_read_better_than_validation_digits_by_more_than_chance_is_overfitting():
    hint = only(curves([0.1, 0.02], [0.1, 0.09], [0.97, 0.9931], [0.98, 0.9890]))
    assert (hint.key, hint.title) == ("gap", "Overfitting")
    assert "(99.31 %) than the validation digits (98.90 %)" in hint.sentence
    assert "In epoch 2" in hint.sentence


def test_the_same_gap_on_few_digits_is_chance():
    gap = curves([0.1, 0.02], [0.1, 0.09], [0.97, 0.9931], [0.98, 0.9890])
    assert keys(gap, PLAIN.replace(**SMALL)) == []
    assert keys(gap, PLAIN.replace(dataset="my-digits.npz")) == []


@pytest.mark.parametrize(
    ("accuracy", "val_accuracy"),
    [
        ([0.97, 0.989], [0.98, 0.988]),
        ([0.97, 1.0], [0.98, 0.9985]),  # more than chance, but less than a fifth of a per cent
        ([0.97, 1.0], [0.98, 1.0]),
        ([0.999], [0.95]),  # a single epoch
    ],
)
def test_no_gap_is_seen_in_near_misses(accuracy, val_accuracy):
    n = len(accuracy)
    assert keys(curves([0.1, 0.02][:n], [0.1, 0.09][:n], accuracy, val_accuracy)) == []


def test_the_gap_is_that_of_the_weights_that_early_stopping_went_back_to():
    accuracy, val_accuracy = [0.97, 0.98, 0.999, 0.999], [0.98, 0.9795, 0.985, 0.985]
    epochs = curves([0.1, 0.05, 0.04, 0.05], [0.1, 0.05, 0.0501, 0.0502], accuracy, val_accuracy)
    assert keys(epochs) == ["gap"]
    assert keys(epochs, PLAIN.replace(early_stopping_patience=2)) == ["early_stopping"]


def test_a_validation_on_a_dozen_digits_is_not_looked_at():
    worse = curves(FALLING, [0.2, 0.1, 0.09, 0.09, 0.9, 1.5, 2.0], [0.97] * 7, [0.5] * 7)
    few, enough = Digits(4_012, 4_000, 12), Digits(4_100, 4_000, 100)
    assert [hint.key for hint in hints(worse, PLAIN, digits=enough)] == ["overfitting"]
    assert hints(worse, PLAIN, digits=few) == ()


def test_early_stopping_is_told_of_however_few_digits_it_watched():
    epochs = curves([0.1, 0.08, 0.07, 0.06], [0.05, 0.04, 0.0405, 0.0402])
    few = Digits(4_012, 4_000, 12)
    (hint,) = hints(epochs, STOPPING, digits=few)
    assert hint.key == "early_stopping"
    assert "lowest in epoch 2 (0.040)" in hint.sentence
    assert hint.suggestion.startswith("Of 12 validation digits that is largely chance")
    assert Curves(tuple(epochs), STOPPING, few).kept.epoch == 2


def test_a_training_that_early_stopping_ended_stands_on_no_plateau_however_few_digits_it_watched():
    flat = curves([0.1] + [0.05] * 8, [0.06] + [0.05] + [0.0505] * 7)
    few = Digits(4_012, 4_000, 12)
    stopped, not_stopped = (PLAIN.replace(early_stopping_patience=n) for n in (7, 9))
    assert [hint.key for hint in hints(flat, stopped, digits=few)] == ["early_stopping"]
    assert [hint.key for hint in hints(flat, not_stopped, digits=few)] == ["plateau"]


def test_longer_training_with_few_validation_digits_keeps_them():
    (hint,) = hints(IMPROVING, PLAIN.replace(epochs=5), digits=Digits(80, 70, 10))
    assert hint.sentence.startswith("The training loss was still falling")
    assert hint.changes == (("epochs", 10),)


def test_a_lesson_is_told_of_only_where_it_diverged():
    lesson = PLAIN.replace(dataset="hand:00112233445566778899+digits", epochs=7)
    assert hints(curves(FALLING, RISING), lesson) == ()
    assert [hint.key for hint in hints(curves([0.3]), lesson, ERROR)] == ["diverged"]


# Training accuracy below validation accuracy


@pytest.mark.parametrize(
    ("config", "why"),
    [
        (REGULAR, "Dropout and augmentation make training harder than the test"),
        (PLAIN.replace(rotation=10), "Augmentation makes training harder than the test"),
        (REGULAR.replace(rotation=0), "Dropout makes training harder than the test"),
        (PLAIN, "It is averaged over the whole epoch, while the network still learns"),
    ],
)
def test_training_accuracy_below_validation_accuracy_is_explained(config, why):
    epochs = curves([0.4, 0.3, 0.2], [0.2, 0.1, 0.06], [0.9, 0.91, 0.94], [0.96, 0.97, 0.98])
    hint = only(epochs, config)
    assert hint.key == "harder_training"
    assert "(94.00 %) is below validation accuracy (98.00 %)" in hint.sentence
    assert hint.suggestion.startswith(f"{why}: that is no underfitting.")
    assert not hint.changes


def test_a_training_accuracy_as_good_as_below_needs_no_explanation():
    accuracies = [0.9, 0.91, 0.979], [0.96, 0.97, 0.98]
    assert keys(curves([0.4, 0.3, 0.1], [0.2, 0.1, 0.06], *accuracies), REGULAR) == []


def test_of_a_training_that_was_stopped_early_nothing_is_explained_that_only_began():
    epochs = curves([0.3, 0.2], [0.1, 0.06], [0.91, 0.94], [0.97, 0.98])
    assert keys(epochs[:1], REGULAR) == []
    assert keys(epochs, REGULAR) == []


def test_low_training_accuracy_under_a_good_validation_accuracy_is_no_underfitting():
    n = 5
    epochs = curves([0.4] * n, [0.08] * n, [0.88] * n, [0.975] * n)
    assert keys(epochs, REGULAR) == ["harder_training"]


# Underfitting


FLAT = curves([0.45] * 5, [0.5] * 5, [0.861, 0.862, 0.861, 0.863, 0.862], [0.86] * 5)


def test_low_and_flat_accuracy_on_both_sides_is_underfitting():
    hint = only(FLAT)
    assert hint.key == "underfitting"
    assert "From epoch 2 to 5" in hint.sentence
    assert "86.20 % in training, 86.00 % in validation" in hint.sentence
    assert [block.filters for block in dict(hint.changes)["conv_blocks"]] == [64, 128]


@pytest.mark.parametrize(
    ("config", "changed"),
    [
        (PLAIN.replace(learning_rate=0.03), {"learning_rate": 0.003}),
        (
            PLAIN.replace(dense_layers=(DenseLayer(64, dropout=0.8),)),
            {"conv_blocks": PLAIN.conv_blocks, "dense_layers": (DenseLayer(64, dropout=0.4),)},
        ),
        (PLAIN.replace(weight_decay=0.1), {"weight_decay": 0.01}),
        (PLAIN.replace(conv_blocks=()), {"conv_blocks": (ConvBlock(32), ConvBlock(64))}),
        (PLAIN.replace(conv_blocks=(ConvBlock(512),)), {}),
    ],
)
def test_against_underfitting_whatever_holds_the_network_back_is_loosened(config, changed):
    hint = only(FLAT, config)
    assert hint.key == "underfitting"
    assert dict(hint.changes) == changed


def test_underfitting_is_seen_without_validation_too():
    assert keys(curves([0.45] * 5, accuracy=[0.86] * 5)) == ["underfitting"]


@pytest.mark.parametrize(
    "accuracy",
    [[0.86] * 3, [0.82, 0.83, 0.84, 0.85, 0.86], [0.96] * 5],
    ids=["three epochs", "not flat", "not low"],
)
def test_no_underfitting_is_seen_in_near_misses(accuracy):
    assert keys(curves([0.45] * len(accuracy), accuracy=accuracy)) == []


# Still improving


IMPROVING = curves([0.2, 0.1, 0.08, 0.07, 0.06], [0.06, 0.05, 0.04, 0.035, 0.031])


def test_losses_that_still_fall_at_the_end_ask_for_more_epochs():
    hint = only(IMPROVING, PLAIN.replace(epochs=5))
    assert hint.key == "improving"
    assert "0.040 in epoch 3, 0.031 in epoch 5" in hint.sentence
    assert hint.changes == (("epochs", 10),)
    assert hint.suggestion == "Train longer: epochs 10."


def test_without_validation_longer_training_is_to_be_watched():
    changes = only(curves([0.2, 0.1, 0.08]), PLAIN.replace(epochs=3, validation="none")).changes
    assert changes == (("epochs", 6), ("validation", "last"))


@pytest.mark.parametrize(
    ("epochs", "config"),
    [
        (IMPROVING, PLAIN),  # not at its end yet
        (IMPROVING, PLAIN.replace(epochs=5, learning_rate_schedule="cosine")),
        (IMPROVING[:2], PLAIN.replace(epochs=2)),
        (curves([0.2, 0.1, 0.08], [0.05, 0.0495, 0.0490]), PLAIN.replace(epochs=3)),
        (curves([0.2, 0.1, 0.08], [0.06, 0.04, 0.041]), PLAIN.replace(epochs=3)),
        (curves([0.2, 0.1, 0.05], [0.06, 0.04, 0.03], [1.0] * 3), PLAIN.replace(epochs=3)),
    ],
    ids=["unfinished", "falling rate", "two epochs", "two per cent", "not the best", "perfect"],
)
def test_no_longer_training_is_asked_for_in_near_misses(epochs, config):
    assert keys(epochs, config) == []


# Learning rates


STUCK = curves([2.32, 2.304, 2.303], [2.303] * 3, [0.104, 0.11, 0.112], [0.1135] * 3)


def test_a_loss_stuck_at_ln_10_is_called_guessing_and_smaller_steps_are_tried():
    hint = only(STUCK, PLAIN.replace(learning_rate=0.1))
    assert hint.key == "guessing"
    assert "loss is 2.303 and the accuracy 11.20 %: it guesses" in hint.sentence
    assert hint.changes == (("learning_rate", 0.01),)
    assert "smaller steps: learning_rate 0.01." in hint.suggestion


def test_guessing_at_a_tiny_learning_rate_asks_for_larger_steps():
    assert only(STUCK, PLAIN.replace(learning_rate=1e-6)).changes == (("learning_rate", 1e-5),)


@pytest.mark.parametrize(
    ("epochs", "config"),
    [
        (STUCK[:2], PLAIN.replace(dataset="digits")),  # 22 steps
        (STUCK, PLAIN.replace(warmup_epochs=5)),
        (curves([2.3, 2.25, 2.1], accuracy=[0.1, 0.15, 0.19]), PLAIN),
        (curves([2.3] * 3, [1.5] * 3, [0.15] * 3, [0.15, 0.15, 0.4]), PLAIN),
    ],
    ids=["few steps", "warming up", "has begun to learn", "heavy dropout"],
)
def test_no_guessing_is_seen_in_near_misses(epochs, config):
    assert "guessing" not in keys(epochs, config)


def test_a_loss_that_jumps_up_and_down_asks_for_smaller_steps():
    hint = only(curves([0.3, 0.2, 0.45, 0.2, 0.5, 0.18]))
    assert hint.key == "unstable"
    assert "2 times it rose and fell again, most in epoch 5 (0.200 to 0.500)" in hint.sentence
    assert hint.changes == (("learning_rate", 0.0003),)


def test_a_validation_loss_that_jumps_counts_too_but_by_more():
    falling = [0.3, 0.2, 0.15, 0.12, 0.1, 0.09]
    assert keys(curves(falling, [0.2, 0.5, 0.15, 0.6, 0.1, 0.12])) == ["unstable"]
    assert keys(curves(falling, [0.05, 0.06, 0.045, 0.055, 0.04, 0.042])) == []


def test_one_jump_is_no_unsteady_learning():
    assert keys(curves([0.3, 0.2, 0.45, 0.2, 0.19, 0.18])) == []


def test_small_jumps_of_a_small_loss_are_no_unsteady_learning():
    assert keys(curves([0.06, 0.02, 0.05, 0.02, 0.05, 0.02])) == []


def test_two_jumps_in_thirty_epochs_are_no_unsteady_learning():
    loss = [0.3, 0.2, 0.45, 0.2, 0.5, *np.linspace(0.2, 0.05, 25).tolist()]
    assert "unstable" not in keys(curves(loss), PLAIN.replace(epochs=40))


SLOW = curves([2.1, 1.95, 1.8, 1.65, 1.5], accuracy=[0.25, 0.3, 0.4, 0.45, 0.5])


def test_tiny_even_steps_ask_for_a_larger_learning_rate():
    hint = only(SLOW, PLAIN.replace(learning_rate=1e-5))
    assert hint.key == "slow"
    assert "1.950 in epoch 2, 1.500 in epoch 5" in hint.sentence
    assert hint.changes == (("learning_rate", 1e-4),)


def test_the_learning_rate_is_raised_to_the_usual_one_at_most():
    assert only(SLOW, PLAIN.replace(learning_rate=5e-4)).changes == (("learning_rate", 1e-3),)
    sgd = PLAIN.replace(optimizer="sgd", learning_rate=0.001)
    assert only(SLOW, sgd).changes == (("learning_rate", 0.01),)


@pytest.mark.parametrize(
    ("epochs", "changes"),
    [
        (SLOW, {"learning_rate": 0.001}),
        (SLOW, {"learning_rate": 1e-5, "warmup_epochs": 3}),
        (SLOW[:3], {"learning_rate": 1e-5}),
        (curves([2.1, 1.2, 0.8, 0.6, 0.5], accuracy=[0.3, 0.6, 0.7, 0.8, 0.85]), {}),
        (curves([0.25, 0.24, 0.23, 0.22, 0.21], accuracy=[0.9, 0.92, 0.93, 0.94, 0.945]), {}),
        (curves([2.1, 2.0, 1.98, 1.9, 1.8], accuracy=[0.3, 0.35, 0.36, 0.4, 0.45]), {}),
    ],
    ids=["usual rate", "warming up", "three epochs", "bending", "nearly there", "uneven"],
)
def test_no_slow_learning_is_seen_in_near_misses(epochs, changes):
    assert keys(epochs, PLAIN.replace(**{"learning_rate": 1e-4, **changes})) == []


# Divergence


ERROR = "the loss became nan in epoch 3: training diverged; try a learning_rate below 0.5"


def test_a_run_that_diverged_is_told_in_words():
    hint = only(curves([0.3, 0.5]), PLAIN.replace(learning_rate=0.5), ERROR)
    assert hint.key == "diverged"
    assert "In epoch 3 the loss stopped being a number" in hint.sentence
    assert hint.changes == (("learning_rate", 0.05),)


def test_divergence_in_the_first_epoch_is_told_too():
    assert "In epoch 1" in only([], error=ERROR.replace("epoch 3", "epoch 1")).sentence


@pytest.mark.parametrize("broken", [math.nan, math.inf])
def test_a_validation_loss_that_is_no_number_is_divergence(broken):
    assert "In epoch 2" in only(curves([0.3, 0.2], [0.2, broken])).sentence


@pytest.mark.parametrize("end", [2.31, 7.5, 1e9])
def test_a_loss_that_was_low_and_is_now_that_of_guessing_is_divergence(end):
    hint = only(curves([0.4, 0.2, end], accuracy=[0.9, 0.95, 0.1]))
    assert (hint.key, hint.title) == ("collapsed", "Training diverged")
    assert hint.changes == (("learning_rate", 0.0001),)
    assert "0.200 in epoch 2" in hint.sentence


def test_the_lowest_learning_rate_is_not_lowered():
    assert only([], PLAIN.replace(learning_rate=1e-6), ERROR).changes == ()


@pytest.mark.parametrize("error", [None, "the process died", "no digits are left for training"])
def test_other_errors_and_high_first_losses_are_no_divergence(error):
    assert keys(curves([40.0, 0.5, 0.3]), error=error) == []


# A plateau


LEVEL = [0.2, 0.1, 0.0501, 0.05, 0.0502, 0.05, 0.0499, 0.05]


def test_five_epochs_without_improvement_are_a_plateau():
    hint = only(curves(LEVEL, LEVEL))
    assert hint.key == "plateau"
    assert "Since epoch 3 nothing has improved: the validation loss was 0.050" in hint.sentence
    assert hint.changes == (("reduce_on_plateau_patience", 2),)


@pytest.mark.parametrize(
    ("changes", "changed"),
    [
        ({"validation": "test"}, {"learning_rate_schedule": "cosine"}),
        ({"warmup_epochs": 1}, {"learning_rate_schedule": "cosine"}),
        ({"reduce_on_plateau_patience": 3}, {"epochs": 7}),
        ({"learning_rate_schedule": "cosine"}, {"epochs": 7}),
    ],
)
def test_on_a_plateau_only_what_the_config_allows_is_tried(changes, changed):
    config = PLAIN.replace(**changes)
    assert dict(only(curves(LEVEL, LEVEL), config).changes) == changed
    config.replace(**changed)


@pytest.mark.parametrize(
    "epochs",
    [
        curves(LEVEL[:6], LEVEL[:6]),
        curves([*LEVEL[:-1], 0.045], LEVEL),
        curves(LEVEL, LEVEL, [1.0] * 8),
    ],
    ids=["four epochs", "training improves", "perfect"],
)
def test_no_plateau_is_seen_in_near_misses(epochs):
    assert keys(epochs) == []


# Early stopping


STOPPING = PLAIN.replace(early_stopping_patience=2)


def test_early_stopping_is_told_with_the_epoch_that_is_kept():
    hint = only(curves([0.1, 0.08, 0.07, 0.06], [0.05, 0.04, 0.0405, 0.0402]), STOPPING)
    assert hint.key == "early_stopping"
    assert "after epoch 4 of 20" in hint.sentence
    assert "lowest in epoch 2 (0.040)" in hint.sentence


KEPT = {
    "stopped early": ([0.05, 0.04, 0.0405, 0.0402], {}, 2),
    "finished, not stopped": ([0.05, 0.04, 0.0405, 0.0402], {"epochs": 4}, 2),
    "finished while patience was left": ([0.05, 0.04, 0.03, 0.031], {"epochs": 4}, 3),
    "the first of two equally low ones": ([0.04, 0.05, 0.04, 0.05], {"epochs": 4}, 1),
    "not at its end": ([0.05, 0.04, 0.0405], {}, 3),
    "nothing watched": ([0.05, 0.04, 0.041, 0.042], {"early_stopping_patience": None}, 4),
}


@pytest.mark.parametrize(("val_loss", "changes", "kept"), KEPT.values(), ids=KEPT)
def test_the_weights_that_early_stopping_keeps_are_the_best_whether_it_stopped_or_not(
    val_loss, changes, kept
):
    epochs = curves([0.1] * len(val_loss), val_loss)
    assert Curves(tuple(epochs), STOPPING.replace(**changes)).kept.epoch == kept


def test_early_stopping_does_not_remember_the_epochs_before_a_fork():
    epochs = tuple(curves([0.1] * 4, [0.03, 0.05, 0.04, 0.041]))
    assert Curves(epochs, STOPPING.replace(epochs=4), inherited=1).kept.epoch == 3
    assert Curves(epochs[:2], STOPPING.replace(epochs=2), inherited=2).kept.epoch == 2
    falling = curves([0.1, 0.08, 0.07], [0.04, 0.0405, 0.0402])
    assert keys(falling, STOPPING) == ["early_stopping"]
    assert keys(falling, STOPPING, inherited=1) == []


def test_a_gap_is_that_of_the_best_weights_when_all_epochs_are_done():
    accuracy, val_accuracy = [0.97, 0.98, 0.999, 0.999], [0.98, 0.9795, 0.985, 0.985]
    epochs = curves([0.1, 0.05, 0.04, 0.05], [0.1, 0.05, 0.0501, 0.0502], accuracy, val_accuracy)
    finished = PLAIN.replace(epochs=4)
    assert keys(epochs, finished) == ["gap"]
    assert keys(epochs, finished.replace(early_stopping_patience=9)) == []


@pytest.mark.parametrize(
    ("val_loss", "config"),
    [
        ([0.05, 0.04, 0.0405], STOPPING),  # stopped by a person
        ([0.05, 0.04, 0.0405, 0.0402], STOPPING.replace(epochs=4)),  # all planned epochs
        ([0.05, 0.04, 0.0405, 0.0402], PLAIN),
    ],
)
def test_no_early_stopping_is_told_of_in_near_misses(val_loss, config):
    loss = [0.1, 0.08, 0.07, 0.06][: len(val_loss)]
    assert keys(curves(loss, val_loss), config) == []


def test_overfitting_comes_before_the_early_stopping_that_answered_it():
    config = REGULAR.replace(early_stopping_patience=3)
    overfitting, stopping = hinted(curves(FALLING, RISING), config)
    assert (overfitting.key, stopping.key) == ("overfitting", "early_stopping")
    assert not overfitting.changes, "it has everything that a config can do"


# Batch normalisation


def test_a_wild_beginning_under_batch_normalisation_is_explained():
    epochs = curves(
        [0.9, 0.4, 0.3, 0.2], [3.2, 2.1, 0.3, 0.2], [0.7, 0.9, 0.92, 0.95], [0.2, 0.4, 0.92, 0.95]
    )
    hint = only(epochs, NORMALISED.replace(**SMALL))
    assert hint.key == "past_lag"
    assert "In epoch 1 the validation loss was 3.200, the training loss only 0.900" in hint.sentence
    assert "since epoch 3 they have" in hint.sentence


def test_a_validation_that_still_lags_hides_what_it_would_seem_to_show():
    epochs = curves([0.9, 0.4, 0.3], [2.0, 2.1, 3.0], [0.7, 0.9, 0.99], [0.3, 0.2, 0.2])
    small = {**SMALL, "batch_size": 128}
    hint = only(epochs, NORMALISED.replace(**small))
    assert hint.key == "lag"
    assert hint.changes == (("batch_size", 32),)
    assert keys(epochs, PLAIN.replace(**small)) != ["lag"], "without batch normalisation"


def test_a_validation_about_as_good_as_training_does_not_lag():
    epochs = curves([0.9, 0.7], [1.0, 0.75], [0.7, 0.76], [0.68, 0.75])
    assert keys(epochs, NORMALISED.replace(**SMALL)) == []


def test_many_steps_an_epoch_leave_no_lag():
    epochs = curves([0.2, 0.1, 0.08], [0.1, 0.09, 0.9], [0.9, 0.95, 0.98], [0.95, 0.96, 0.7])
    assert keys(epochs, NORMALISED) == ["gap"]


# All together


def test_the_authors_curves_raise_no_alarm():
    preset = PRESETS["tutorialspoint"]
    author = preset.author
    epochs = curves(author.loss, author.val_loss, author.accuracy, author.val_accuracy)
    assert len(epochs) == 5
    assert keys(epochs, preset.config) == ["improving", "harder_training"]
    for end in range(1, 5):
        expected = ["harder_training"] if end >= 3 else []
        assert keys(epochs[:end], preset.config) == expected


def test_nothing_is_said_about_nothing():
    assert hints([], PLAIN) == ()


def test_label_smoothing_lifts_the_losses_and_changes_no_hint():
    smoothing, floor = 0.1, 0.500288  # -0.91 ln 0.91 - 9 · 0.01 ln 0.01
    config = PLAIN.replace(label_smoothing=smoothing)
    lifted = curves([x + floor for x in FALLING], [x + floor for x in RISING])
    assert keys(lifted, config) == keys(curves(FALLING, RISING)) == ["overfitting"]
    even = curves([0.56, 0.55, 0.54, 0.53, 0.52], accuracy=[0.94, 0.95, 0.96, 0.97, 0.98])
    low = {"learning_rate": 1e-4}
    assert keys(even, PLAIN.replace(**low)) == ["slow"]
    assert keys(even, config.replace(**low)) == []


CONFIGS = [
    PLAIN,
    REGULAR,
    NORMALISED.replace(**SMALL),
    PLAIN.replace(learning_rate=1e-6, epochs=500, batch_size=4096),
    PLAIN.replace(learning_rate=1.0, optimizer="sgd", conv_blocks=(), dense_layers=()),
    REGULAR.replace(early_stopping_patience=2, reduce_on_plateau_patience=1, label_smoothing=0.5),
    PLAIN.replace(validation="none", learning_rate_schedule="one-cycle", dataset="own.npz"),
    PLAIN.replace(conv_blocks=(ConvBlock(512, dropout=0.99),), warmup_epochs=20, weight_decay=0.5),
]


def random_curves(generator):
    """Losses from calm to absurd, with and without validation; some are no numbers."""
    n = int(generator.integers(1, 25))
    scale = 10.0 ** generator.integers(-4, 4)
    trend = np.linspace(1, generator.uniform(0, 2), n)
    noise = generator.choice([0.0, 0.01, 0.5])

    def losses():
        return np.abs(scale * trend * (1 + noise * generator.normal(size=n)))

    loss, val_loss = losses(), losses() * generator.uniform(0.5, 3)
    if generator.random() < 0.1:
        val_loss[generator.integers(n)] = generator.choice([math.nan, math.inf, 1e300])
    accuracy, val_accuracy = (
        np.clip(generator.uniform(0, 1.1) + 0.02 * generator.normal(size=n), 0, 1) for _ in "tv"
    )
    if generator.random() < 0.3:
        return curves(loss.tolist(), accuracy=accuracy.tolist())
    return curves(loss.tolist(), val_loss.tolist(), accuracy.tolist(), val_accuracy.tolist())


def test_whatever_the_curves_hints_are_few_finite_valid_and_agree():
    generator = np.random.default_rng(0)
    seen = set()
    for number in range(3000):
        config = CONFIGS[number % len(CONFIGS)]
        epochs = random_curves(generator)
        found = hinted(epochs, config)
        assert len(found) <= 3
        assert len({hint.key for hint in found}) == len(found)
        assert sum(bool(hint.changes) for hint in found) <= 1, "two changes could contradict"
        for hint in found:
            words = f"{hint.title} {hint.sentence} {hint.suggestion}"
            assert not re.search(r"\b(nan|inf|None)\b", words), words
            assert config.replace(**dict(hint.changes)) != config or not hint.changes
        seen |= {hint.key for hint in found}
    assert len(seen) >= 11, seen
