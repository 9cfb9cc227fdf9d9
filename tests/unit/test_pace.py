"""How long a training will still take, on the page and on the command line."""

import pytest

from digitlab.config import TrainingConfig
from digitlab.pace import clock, pace
from digitlab.progress import bar
from digitlab.records import BatchProgress, Epoch


def test_the_pace_of_a_run_that_was_taken_up_again_counts_from_there():
    reports = [
        BatchProgress(5, 5, 10, 0.9, 0.3, 0.001, 2.0),
        BatchProgress(6, 5, 10, 0.9, 0.3, 0.001, 6.0),
    ]
    now = pace(TrainingConfig(batch_size=100, epochs=8), reports, ())
    assert (now.position, now.seconds_per_epoch, now.digits_per_second) == (5.5, 4.0, 250.0)
    assert now.seconds_left(8) == 10.0


def test_the_pace_is_that_of_the_last_seconds():
    slow_start = [BatchProgress(1, 1, 100, 0.9, 0.3, 0.001, 50.0)]
    reports = [BatchProgress(1, 1 + i, 100, 0.9, 0.3, 0.001, 50.0 + i) for i in range(1, 60)]
    assert pace(TrainingConfig(), slow_start + reports, ()).seconds_per_epoch == pytest.approx(100)


def test_without_reports_there_is_no_pace():
    assert pace(TrainingConfig(), (), ()) is None


@pytest.mark.parametrize(("seconds", "words"), [(5, "0:05"), (90.9, "1:30"), (7205, "2:00:05")])
def test_times_are_written_as_on_a_clock(seconds, words):
    assert clock(seconds) == words


def test_a_run_of_another_process_has_the_pace_of_its_complete_epochs():
    epochs = [Epoch(n, 0.9, 0.3, None, None, 0.001, 2.0 * n) for n in (1, 2, 3)]
    assert pace(TrainingConfig(), (), epochs).seconds_left(5) == 8.0


def test_the_bar_of_a_run_that_was_taken_up_again_tells_the_time_of_the_rest():
    reports = [
        BatchProgress(5, 5, 10, 0.9, 0.3, 0.001, 20.0),
        BatchProgress(6, 5, 10, 0.9, 0.3, 0.001, 60.0),
    ]
    now = pace(TrainingConfig(epochs=8), reports, ())
    assert bar(reports[-1], now, 8) == (
        "epoch 6/8 [#####################.........] accuracy 0.9000 loss 0.3000 1:40 left"
    )


def test_a_bar_without_a_pace_tells_no_time():
    assert bar(BatchProgress(1, 1, 10, 0.9, 0.3, 0.001, 0.0), None, 8).endswith("loss 0.3000")
