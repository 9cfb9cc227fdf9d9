"""Rows as short text, there and back."""

import random

import pytest

from digitlab.config import MOST_LEFT_OUT, TrainingConfig
from digitlab.errors import InputError
from digitlab.rows import rows_of_text, text_of_rows


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ([], ""),
        ([17], "17"),
        ([2034, 17, 17], "17, 2034"),
        ([5, 3, 4, 9], "3-5, 9"),
        ([0, 1], "0-1"),
    ],
)
def test_rows_have_one_shortest_text(rows, text):
    assert text_of_rows(rows) == text
    assert list(rows_of_text("left_out", text, 10)) == sorted(set(rows))


def test_any_rows_survive_their_text():
    chance = random.Random(3)
    for _ in range(200):
        rows = chance.sample(range(300), chance.randrange(100))
        assert list(rows_of_text("left_out", text_of_rows(rows), 100)) == sorted(rows)


@pytest.mark.parametrize("text", ["x", "1,,2", "7-3", "-4", "1.5", "3-", "1 2", "٣", "1" * 5000])
def test_what_names_no_rows_is_refused_with_the_piece_that_is_wrong(text):
    with pytest.raises(InputError, match="left_out must be row numbers such as 17, 2034") as caught:
        TrainingConfig(left_out=text)
    assert len(str(caught.value)) < 130


@pytest.mark.parametrize("text", ["0-999999999", "1-10000," * 50_000 + "1", "0-9999, 20000"])
def test_more_rows_than_may_be_left_out_are_refused_before_they_are_made(text):
    with pytest.raises(InputError, match="must name at most 10,000 rows"):
        TrainingConfig(left_out=text)


def test_a_config_keeps_the_shortest_text_whatever_was_written():
    config = TrainingConfig(left_out=" 9 , 4-6,7,  2 ")
    assert config.left_out == "2, 4-7, 9"
    assert config == TrainingConfig(left_out="2,4,5,6,7,9")
    assert config.left_out_rows == (2, 4, 5, 6, 7, 9)
    assert TrainingConfig.from_json(config.to_json()) == config
    assert TrainingConfig().left_out_rows == ()
    assert len(TrainingConfig(left_out=f"0-{MOST_LEFT_OUT - 1}").left_out_rows) == MOST_LEFT_OUT


def test_rows_must_be_text():
    with pytest.raises(InputError, match="left_out must be row numbers as text, got 3"):
        TrainingConfig(left_out=3)
