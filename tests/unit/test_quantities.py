import pytest

from digitlab.quantities import (
    count_in_words,
    duration_in_words,
    range_in_words,
    size_in_words,
)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.004, "0.1 s"),
        (0.44, "0.4 s"),
        (9.06, "9.1 s"),
        (9.96, "10 s"),
        (44.6, "45 s"),
        (89.4, "89 s"),
        (91, "1.5 min"),
        (720, "12 min"),
        (3 * 3600, "3 h"),
        (24 * 3600, "24 h"),
        (60 * 3600, "2.5 days"),
        (1e7, "120 days"),
    ],
)
def test_a_duration_is_said_in_two_digits(seconds, words):
    assert duration_in_words(seconds) == words


def test_a_range_is_said_in_one_unit():
    assert range_in_words(20, 60) == "20–60 s"
    assert range_in_words(2.9, 11.6) == "3–12 s"
    assert range_in_words(40, 160) == "0.7–3 min"


@pytest.mark.parametrize(
    ("size", "words"), [(312e6, "310 MB"), (999.9e6, "1 GB"), (1.24e9, "1.2 GB"), (31e9, "31 GB")]
)
def test_a_size_is_said_in_two_digits(size, words):
    assert size_in_words(size) == words


def test_a_count_is_said_whole_below_a_million():
    assert count_in_words(999_999) == "999,999"
    assert count_in_words(2_640_000) == "2.6 M"
