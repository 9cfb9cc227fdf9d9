import numpy as np
import pytest

from digitlab.doubtful import DOUBTS, MAJORITY, VOTERS, doubts_among, recount


def test_fifteen_labels_are_doubtful_ten_can_be_corrected_and_three_fit_neither():
    assert len({doubt.test_digit for doubt in DOUBTS}) == 15
    corrections = {d.test_digit: d.correction for d in DOUBTS if d.correction is not None}
    assert corrections == {
        947: 9, 1621: 6, 1901: 4, 2462: 0, 2597: 3, 3558: 0, 5937: 3, 6651: 6, 6783: 6, 9729: 6,
    }  # fmt: skip
    verdicts = {doubt.test_digit: doubt.verdict for doubt in DOUBTS}
    assert [verdicts[digit] for digit in (2654, 3520, 9679)] == ["3 of 5 saw neither"] * 3
    assert [verdicts[digit] for digit in (2130, 8527)] == ["no majority"] * 2
    assert verdicts[947] == "5 of 5 saw 9"


@pytest.mark.parametrize("doubt", DOUBTS, ids=lambda doubt: str(doubt.test_digit))
def test_five_people_voted_on_each_and_most_did_not_uphold_the_label(doubt):
    assert doubt.for_label + doubt.for_guess + doubt.for_neither == VOTERS
    assert doubt.for_label < MAJORITY
    assert doubt.label != doubt.guess


def test_only_the_digits_that_were_tested_are_found_each_at_its_place():
    found = doubts_among(np.array([9729, 5, 947]))
    assert [(position, doubt.test_digit) for position, doubt in found] == [(2, 947), (0, 9729)]
    assert doubts_among(np.arange(900)) == []


def test_the_answers_are_counted_as_labelled_without_the_doubtful_and_corrected():
    found = doubts_among(np.array([0, 947, 2130, 3558, 4]))  # 947 is a 9, 3558 a 0, 2130 nobody's
    labels = np.array([7, 8, 4, 5, 4], np.uint8)
    read = np.array([7, 9, 4, 5, 9])
    counts = recount(labels, read, found)
    assert (counts.as_labelled.hits, counts.as_labelled.n) == (3, 5)
    assert (counts.set_apart.hits, counts.set_apart.n) == (1, 2)
    assert (counts.corrected.hits, counts.corrected.n) == (2, 4)
    assert counts.corrected.accuracy == 0.5
    low, high = counts.corrected.interval
    assert low < 0.5 < high


def test_a_network_that_reads_every_label_as_it_stands_is_wrong_on_the_ten_corrected():
    labels = np.zeros(10_000, np.uint8)
    for doubt in DOUBTS:
        labels[doubt.test_digit] = doubt.label
    counts = recount(labels, labels, doubts_among(np.arange(10_000)))
    assert counts.as_labelled.accuracy == counts.set_apart.accuracy == 1
    assert (counts.corrected.hits, counts.corrected.n) == (9_985, 9_995)
