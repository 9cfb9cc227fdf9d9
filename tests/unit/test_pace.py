"""How long a training will still take, on the page and on the command line."""

import pytest

from digitlab.config import TrainingConfig
from digitlab.pace import clock, pace
from digitlab.progress import bar
from digitlab.records import BatchProgress, Epoch


def report(epoch, batch, seconds, batches=10):
    return BatchProgress(epoch, batch, batches, 0.9, 0.3, 0.001, seconds)


TAKEN_UP = [report(5, 5, 9.0), report(5, 10, 11.0), report(6, 5, 13.0)]
"""From its fifth epoch on, four seconds an epoch once it runs."""


def test_the_pace_of_a_run_that_was_taken_up_again_counts_from_there():
    now = pace(TrainingConfig(batch_size=100, epochs=8), TAKEN_UP, ())
    assert now.position == 5.5
    assert now.seconds_per_epoch == 4.0
    assert now.digits_per_second == 250.0
    assert now.left_in_words(8) == "0:10 left"


def test_the_first_report_which_holds_the_making_of_the_graph_tells_no_time():
    reports = [report(1, 1, 8.0), report(1, 2, 8.5)]
    for count in (1, 2):
        now = pace(TrainingConfig(), reports[:count], ())
        assert now.position == count / 10
        assert now.left_in_words(2) == "a moment …"
    now = pace(TrainingConfig(), [*reports, report(1, 3, 9.0)], ())
    assert now.seconds_per_epoch == pytest.approx(5.0)
    assert now.left_in_words(2) == "0:08 left"


def test_the_pace_is_that_of_the_last_seconds():
    slow_start = [report(1, 1, 50.0, batches=100)]
    reports = [report(1, 1 + i, 50.0 + i, batches=100) for i in range(1, 60)]
    assert pace(TrainingConfig(), slow_start + reports, ()).seconds_per_epoch == pytest.approx(100)


def test_reports_that_stand_still_tell_no_time():
    assert pace(TrainingConfig(), [report(1, 5, 1.0)] * 3, ()).left_in_words(2) == "a moment …"


def test_without_reports_there_is_no_pace():
    assert pace(TrainingConfig(), (), ()) is None


@pytest.mark.parametrize(("seconds", "words"), [(5, "0:05"), (90.9, "1:30"), (7205, "2:00:05")])
def test_times_are_written_as_on_a_clock(seconds, words):
    assert clock(seconds) == words


def test_a_run_of_another_process_has_the_pace_of_its_complete_epochs():
    epochs = [Epoch(n, 0.9, 0.3, None, None, 0.001, 2.0 * n) for n in (1, 2, 3)]
    assert pace(TrainingConfig(), (), epochs).left_in_words(5) == "0:08 left"


def test_the_bar_of_a_run_that_was_taken_up_again_tells_the_time_of_the_rest():
    now = pace(TrainingConfig(epochs=8), TAKEN_UP, ())
    assert bar(TAKEN_UP[-1], now, 8) == (
        "epoch 6/8 [#####################.........] accuracy 0.9000 loss 0.3000 0:10 left"
    )


def test_a_bar_without_a_pace_tells_no_time():
    assert bar(report(1, 1, 0.0), None, 8).endswith("loss 0.3000")
