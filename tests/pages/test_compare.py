import json
from collections.abc import Callable, Iterable

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from digitlab.config import TrainingConfig
from digitlab.datasets import load_dataset
from digitlab.presets import PRESETS
from digitlab.records import Epoch, Status
from digitlab.store import Store
from pages.ui import cache
from pages.ui.answers import a
from pages.ui.gallery import picked_key
from tests.pages.conftest import says, well

CONFIG = PRESETS["first-steps"].config

WRONG = {"first": range(0, 9), "second": range(7, 10)}
"""Test digits that each network reads as the next class: it fixes 0–6, breaks 9; both miss 7, 8."""


class FakeRecogniser:
    """Reads the digits rightly, 82 % sure, but for some test digits."""

    asked = 0

    def __init__(self, wrong: Iterable[int]) -> None:
        digits = load_dataset("digits")
        read = digits.labels.copy()
        rows = digits.train_count + np.array(list(wrong), int)
        read[rows] = (read[rows] + 1) % 10
        answers = (0.8 * np.eye(10) + 0.02)[read].astype(np.float32)
        self.known = {
            image.tobytes(): answer for image, answer in zip(digits.images, answers, strict=True)
        }

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        FakeRecogniser.asked += 1
        return np.stack([self.known[image.tobytes()] for image in images])


@pytest.fixture
def train(home, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Makes a finished run with these mistakes; returns its id."""
    networks = {"pretrained": FakeRecogniser(WRONG["second"])}
    monkeypatch.setattr(cache, "recogniser", networks.__getitem__)
    store = Store(home)

    def make(
        wrong: Iterable[int], config: TrainingConfig = CONFIG, ended: Status = Status.FINISHED
    ) -> str:
        run_id = store.create_run(config, "first-steps", "tests")
        store.start_run(run_id)
        store.add_epoch(run_id, Epoch(1, 0.9, 0.3, 0.95, 0.2, 0.001, 1.0))
        store.add_artefact(run_id, "model.tflite", b"a model")
        store.end_run(run_id, ended)
        networks[run_id] = FakeRecogniser(wrong)
        return run_id

    return make


@pytest.fixture
def two(train) -> tuple[str, str]:
    """Two runs of different settings."""
    return train(WRONG["first"]), train(WRONG["second"], CONFIG.replace(batch_size=64))


@pytest.fixture
def compare(visit: Callable[..., AppTest]) -> Callable[..., AppTest]:
    """Opens the page on some networks."""

    def open_page(*names: str, **query: str) -> AppTest:
        return well(visit("compare", compare_runs=",".join(names), **query))

    return open_page


def chart(page: AppTest, place: int = 0) -> dict:
    return json.loads(page.get("plotly_chart")[place].proto.spec)


def test_what_is_fixed_and_broken_is_said_with_mcnemars_p(compare, two):
    first, second = two
    assert (
        f"**{second} fixes 7 that {first} gets wrong and breaks 1 that {first} gets right "
        "(McNemar's exact p = 0.07): that is what chance would do too.**"
    ) in says(compare(*two))


def test_all_networks_are_judged_on_the_same_digits(compare, two):
    page = compare(*two)
    assert "On the 360 test digits of digits; no network here learned from them." in says(page)
    table = page.dataframe[0].value
    assert list(table["network"]) == list(two)
    assert list(table["wrong"]) == [9, 3]
    assert table["accuracy (95 %)"][0].startswith("97.50 % (")


@pytest.mark.parametrize(("kind", "count"), [("Fixed", 7), ("Broken", 1), ("Missed by both", 2)])
def test_the_digits_of_each_kind_can_be_seen(compare, two, kind, count):
    page = compare(*two, compare_kind=kind)
    assert f"{count} that " in says(page)


def test_a_picked_digit_shows_what_both_networks_make_of_it(compare, two):
    page = compare(*two)
    page.session_state[picked_key("compare_gallery_digits")] = 3
    page.run()
    label = int(load_dataset("digits").labels[load_dataset("digits").train_count + 3])
    words = says(page)
    assert f"**This is a{'n' if label == 8 else ''} {label}.** Test digit 3." in words
    assert f":material/close: {two[0]} is 82 % sure" in words
    assert f":material/check: {two[1]} is 82 % sure" in words
    assert [bars["name"] for bars in chart(page)["data"]] == list(two)


def test_without_a_digit_of_a_kind_the_page_says_so(compare, train):
    names = train(range(3)), train(range(3), CONFIG.replace(batch_size=64))
    page = compare(*names)
    assert "get the same digits right and wrong, all 360 of them" in says(page)
    assert page.info[0].value.startswith("There is no digit that ")


def test_one_run_of_each_setting_cannot_tell_the_setting_from_the_seed(compare, two):
    page = compare(*two)
    assert "cannot tell the setting from the seed (Dietterich, 1998)" in says(page)
    assert page.button(key="compare_seed").label == f"Train {two[1]} with another seed"


def test_the_form_is_filled_to_train_the_same_with_another_seed(compare, two):
    page = compare(*two)
    page.button(key="compare_seed").click().run()
    assert page.title[0].value == "Train"
    assert not page.exception
    assert "seed 42 → 1" in says(page)
    assert "batch_size" in says(page)


def test_runs_with_other_seeds_tell_what_seeds_do(compare, train, two):
    train(range(0, 8), CONFIG.replace(seed=7))
    train(range(0, 2), CONFIG.replace(seed=7, batch_size=64))
    words = says(compare(*two))
    assert "With other seeds (2 runs of the one setting, 2 of the other)" in words
    assert "more than seeds explain" in words


def test_a_run_that_was_stopped_tells_nothing_of_its_setting(compare, train, two):
    train(range(0, 8), CONFIG.replace(seed=7))
    train(range(0, 2), CONFIG.replace(seed=7, batch_size=64))
    stopped = train(range(5), CONFIG.replace(seed=8), Status.STOPPED)
    words = says(compare(two[0], stopped))
    assert f"nothing of their settings: {stopped} did not train" in words
    assert "With other seeds" not in words


def test_two_seeds_of_one_setting_are_said_to_be_that(compare, train):
    names = train(range(3)), train(range(2, 7), CONFIG.replace(seed=7))
    assert "Both have the same settings, the seed aside" in says(compare(*names))


def test_the_recall_of_every_class_is_held_against_the_other(compare, two):
    page = compare(*two, compare_view="Each class")
    assert len(chart(page)["data"][0]["y"]) == 10


def test_the_curves_of_all_are_overlaid(compare, train, two):
    third = train(range(2))
    page = compare(*two, third, compare_view="Learning curves")
    assert len(page.get("plotly_chart")) == 2
    assert {line["legendgroup"] for line in chart(page)["data"]} == {*two, third}


def test_the_configurations_show_at_first_what_differs(compare, two):
    page = compare(*two, compare_view="Configurations")
    table = page.dataframe[1].value
    assert list(table["hyperparameter"]) == ["Batch size"]
    assert list(table[two[1]]) == ["≠ 64"]
    page.toggle(key="compare_all").set_value(True).run()
    assert len(page.dataframe[1].value) > 30


def test_equal_configurations_are_said_to_be_equal(compare, train):
    page = compare(train(range(3)), train(range(4)), compare_view="Configurations")
    assert "the same configuration in every field" in page.info[0].value


def test_among_several_the_pair_can_be_chosen(compare, train, two):
    third = train(range(2), CONFIG.replace(epochs=9))
    page = compare(*two, third)
    assert f"**{two[1]} fixes" in says(page)
    page.selectbox(key="compare_second").set_value(third).run()
    assert f"**{third} fixes 7 that {two[0]}" in says(page)
    page.selectbox(key="compare_first").set_value(third).run()
    assert not page.exception
    assert f"**{two[0]} fixes 0 that {third}" in says(page)


def test_without_a_choice_the_latest_two_are_compared_and_stand_in_the_address(visit, two):
    page = visit("compare")
    assert page.multiselect[0].value == [two[1], two[0]]
    assert page.query_params["compare_runs"] == f"{two[1]},{two[0]}"


def test_the_address_follows_the_choice(compare, two):
    page = compare(*two)
    page.multiselect[0].set_value([two[1], "pretrained"]).run()
    assert page.query_params["compare_runs"] == f"{two[1]},pretrained"
    assert "get the same digits right and wrong" in says(page)


def test_another_address_changes_the_choice(compare, two):
    page = compare(*two)
    page.query_params["compare_runs"] = f"pretrained,{two[0]}"
    page.run()
    assert page.multiselect[0].value == ["pretrained", two[0]]


def test_unknown_networks_are_named_and_left_out(compare, two):
    page = compare("no-such-run", *two)
    assert "no-such-run" in page.warning[0].value
    assert page.multiselect[0].value == list(two)


def test_one_network_is_too_few(compare, two):
    page = compare(two[0])
    assert page.info[0].value == "Choose a second network above."
    page.multiselect[0].set_value([]).run()
    assert page.info[0].value == "Choose two networks above."


def test_before_the_first_run_the_page_leads_to_training(visit, home):
    page = visit("compare")
    assert not page.exception
    assert "Train one in about 30 seconds" in page.get("page_link")[0].proto.label


def test_different_random_tests_leave_the_digits_that_both_keep(compare, train):
    configs = [CONFIG.replace(split="random", split_seed=seed) for seed in (1, 2)]
    page = compare(*[train([], config) for config in configs])
    assert "those that every network here keeps for its test" in says(page)


def test_networks_without_common_digits_are_refused_in_one_sentence(visit, train):
    configs = [
        CONFIG.replace(split="random", split_seed=seed, test_fraction=0.05) for seed in range(4)
    ]
    names = [train([], config) for config in configs]
    page = visit("compare", compare_runs=",".join(names))
    assert "no test digit of this dataset in common" in page.error[0].value
    assert not page.exception


def test_nothing_is_read_twice(compare, train, two):
    train(range(0, 8), CONFIG.replace(seed=7))
    page = compare(*two)
    asked = FakeRecogniser.asked
    page.session_state[picked_key("compare_gallery_digits")] = 3
    page.run()
    assert FakeRecogniser.asked == asked


def test_a_network_that_is_deleted_meanwhile_is_left_out(compare, train, two, home):
    third = train(range(2))
    page = compare(*two, third)
    Store(home).delete_runs([two[0]])
    page.run()
    assert not page.exception
    assert not page.error
    assert page.multiselect[0].value == [two[1], third]


def test_a_class_opens_what_is_fixed_and_broken_there(compare, two):
    digits = load_dataset("digits")
    label = int(digits.labels[digits.train_count])
    fixed = int((digits.labels[digits.train_count :][:7] == label).sum())
    page = compare(*two, compare_view="Each class")
    assert "Of those that are" not in says(page)
    page.session_state["compare_class"] = label
    page.run()
    assert not page.exception
    assert f"**Of those that are {a(label)}**" in says(page)
    assert f"{fixed:,} that {two[1]} reads rightly" in says(page)


def test_the_dataset_of_a_run_is_called_as_its_visitor_may_know_it(train, compare, monkeypatch):
    monkeypatch.setattr("pages.ui.visitor._is_at_home", lambda: False)
    other = train(WRONG["first"], CONFIG.replace(dataset="/srv/secret/mine.csv"))
    page = compare(other, "pretrained", compare_view="Configurations", compare_dataset="digits")
    table = page.dataframe[1].value
    assert "mine.csv" in table.to_string()
    assert "secret" not in table.to_string() + page.dataframe[0].value.to_string()
