"""What people say of labels is kept by the content of the dataset, and can be taken along."""

import csv
import io

import numpy as np
import pytest

from digitlab.store import Store
from digitlab.verdicts import Judgement, Verdict, Verdicts, as_csv

RIGHT = Judgement(17, Verdict.RIGHT)
OTHER = Judgement(4, Verdict.OTHER, 9)
UNCLEAR = Judgement(2034, Verdict.UNCLEAR)


@pytest.fixture
def verdicts(tmp_path):
    return Verdicts(Store(tmp_path).database_url)


@pytest.mark.parametrize(
    ("digit", "judgement"),
    [
        (4, Judgement(3, Verdict.RIGHT)),
        (0, Judgement(3, Verdict.OTHER, 0)),
        (None, Judgement(3, Verdict.UNCLEAR)),
    ],
)
def test_who_sees_the_digit_of_the_label_finds_it_right(digit, judgement):
    assert Judgement.of(3, 4, digit) == judgement


def test_saved_verdicts_are_found_again_by_content_by_everybody(verdicts, tmp_path):
    assert verdicts.saved("a") == ()
    verdicts.save("a", [RIGHT, OTHER])
    verdicts.save("b", [UNCLEAR])
    assert set(Verdicts(Store(tmp_path).database_url).saved("a")) == {RIGHT, OTHER}
    assert verdicts.saved("b") == (UNCLEAR,)


def test_a_second_verdict_replaces_the_first_and_leaves_those_of_others(verdicts):
    verdicts.save("a", [RIGHT, OTHER])
    changed = Judgement(17, Verdict.OTHER, 3)
    verdicts.save("a", [changed, UNCLEAR])
    assert set(verdicts.saved("a")) == {changed, OTHER, UNCLEAR}


def test_a_verdict_taken_back_is_forgotten_for_that_dataset_only(verdicts):
    verdicts.save("a", [RIGHT, OTHER])
    verdicts.save("b", [RIGHT])
    verdicts.save("a", [], taken_back=[17, 99])
    assert verdicts.saved("a") == (OTHER,)
    assert verdicts.saved("b") == (RIGHT,)


def test_the_first_judged_come_first(verdicts):
    for judgement in (UNCLEAR, RIGHT, OTHER):
        verdicts.save("a", [judgement])
    assert verdicts.saved("a") == (UNCLEAR, RIGHT, OTHER)


def test_the_csv_holds_every_judgement_by_row():
    labels = np.zeros(3000, np.uint8)
    labels[[4, 17, 2034]] = 5, 6, 7
    text = as_csv([RIGHT, OTHER, UNCLEAR], labels, {4: 0.25, 17: 1e-9})
    assert list(csv.reader(io.StringIO(text))) == [
        ["row", "label", "verdict", "corrected", "probability"],
        ["4", "5", "other", "9", "0.250000"],
        ["17", "6", "right", "", "0.000000"],
        ["2034", "7", "unclear", "", ""],
    ]
