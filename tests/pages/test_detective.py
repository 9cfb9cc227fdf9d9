"""Label detective: from the offer to the verdicts, and to a training without the wrong labels."""

import numpy as np
import pytest

from digitlab.datasets import load_dataset
from digitlab.jobs import get_jobs
from digitlab.presets import PRESETS
from digitlab.records import Status, TestResult
from digitlab.studies import StudyProgress
from digitlab.suspects import Readings, Suspects, rows_in, study_of
from digitlab.verdicts import Judgement, Verdict, Verdicts
from pages.ui.explore.detective import summary
from pages.ui.explore.verdicts import GALLERY, tally
from pages.ui.gallery import picked_key
from tests.pages.conftest import says, well

DIGITS = load_dataset("digits")
DOUBTFUL = {1000: 7, 20: 9, 300: 5, 1500: 2}
"""Row → what the networks read there instead; the first the surest."""


pytestmark = pytest.mark.usefixtures("without_mnist")


@pytest.fixture
def detective(visit):
    """Opens the view."""

    def open_view(**query):
        return well(visit("explore", explore_view="Label detective", **query))

    return open_view


def readings(scope):
    """As if networks had read the digits: sure of every label but the doubtful ones."""
    rows = rows_in(DIGITS, scope)
    probabilities = np.full((len(rows), 10), 0.01, np.float32)
    probabilities[np.arange(len(rows)), DIGITS.labels[rows]] = 0.91
    for place, (row, read) in enumerate(DOUBTFUL.items()):
        if row < len(rows):
            assert DIGITS.labels[row] != read
            probabilities[row] = 0.005 + place / 1000
            probabilities[row, read] = 0.95
    return Readings(rows, probabilities)


@pytest.fixture
def read():
    """The study is done, of the training digits and of all."""
    for scope in ("training", "all"):
        study = study_of(DIGITS, scope, 3)
        get_jobs().shelf.keep(study, readings(scope).to_bytes())


def press(app, key):
    return well(app.button(key=key).click().run())


def asks_about(app):
    """The label that the digit on screen has."""
    (words,) = [m.value for m in app.markdown if m.value.startswith("**The label says")]
    return words


def test_before_the_study_it_is_offered_with_what_it_costs(detective, monkeypatch):
    asked = []
    monkeypatch.setattr(get_jobs(), "study", asked.append)
    app = detective()
    assert "3 networks read digits that they have not learned from." in says(app)
    (button,) = [b for b in app.button if b.label.startswith("Look for wrong labels (about ")]
    press(app, button.key)
    assert asked == [study_of(DIGITS, "training", 3)]


def test_five_networks_and_all_digits_are_another_study(detective, monkeypatch):
    asked = []
    monkeypatch.setattr(get_jobs(), "study", asked.append)
    app = detective(detective_folds="5", explore_part="test")
    (button,) = [b for b in app.button if b.label.startswith("Look for wrong labels")]
    press(app, button.key)
    assert asked == [study_of(DIGITS, "all", 5)]


def test_while_it_is_done_that_is_shown_and_it_can_be_cancelled(detective, monkeypatch):
    jobs, cancelled = get_jobs(), []
    monkeypatch.setattr(jobs, "study_progress", lambda study: StudyProgress(0.4, "network 2 of 3"))
    monkeypatch.setattr(jobs, "cancel_study", cancelled.append)
    app = detective()
    assert "network 2 of 3" in app.get("progress")[0].proto.text
    (button,) = [b for b in app.button if b.label == "Cancel"]
    press(app, button.key)
    assert cancelled == [study_of(DIGITS, "training", 3)]


def test_what_failed_says_why_and_is_offered_again(visit, monkeypatch):
    monkeypatch.setattr(get_jobs(), "study_error", lambda study: "no memory ![x](https://x.org)")
    app = visit("explore", explore_view="Label detective")
    assert "no memory" in app.error[0].value
    assert "](" not in app.error[0].value
    assert [b for b in app.button if b.label.startswith("Look for wrong labels")]


def test_the_most_suspicious_digit_comes_first_in_words(detective, read):
    app = detective()
    assert "**3 labels look wrong among the training digits.** About 3 of 1,437" in says(app)
    label = DIGITS.labels[1000]
    assert asks_about(app).startswith(f"**The label says {label}.** The network was 95 % sure ")
    assert f"this is a 7, and under 1 % that it is a {label}." in asks_about(app)
    assert asks_about(app).endswith("Training digit 1000.")
    assert app.get("progress")[0].proto.text == "0 judged, 3 left"


@pytest.mark.parametrize(("part", "rows"), [("test", [1500]), ("all", [1000, 20, 300, 1500])])
def test_each_part_has_its_own_suspects(detective, read, part, rows):
    app = detective(explore_part=part)
    assert app.get("progress")[0].proto.text == f"0 judged, {len(rows)} left"
    name = f"Test digit {1500 - DIGITS.train_count}." if part == "test" else "digit 1000."
    assert asks_about(app).endswith(name)


def test_every_button_has_the_key_that_the_keyboard_has(detective, read):
    shortcuts = {b.key: b.proto.shortcut for b in detective().button if b.proto.shortcut}
    assert {shortcut.lower() for shortcut in shortcuts.values()} == {*"0123456789", "y", "n", "b"}


def test_digits_are_judged_one_by_one_and_taken_back(detective, read):
    app = detective()
    label = int(DIGITS.labels[1000])
    press(app, "detective_key_Y")
    assert asks_about(app).endswith("Training digit 20.")
    press(app, "detective_key_N")
    press(app, "detective_key_5")
    assert "All of them are judged." in says(app)
    assert "**3 judged:** 1 label right, 1 wrong, 1 that nobody can tell." in says(app)
    app.session_state[picked_key(GALLERY)] = 1000
    app.run()
    press(app, "detective_again")
    assert asks_about(app).startswith(f"**The label says {label}.**")
    press(app, f"detective_key_{label}")
    assert "1 label right" in says(app), "the digit of the label means that the label is right"


def test_back_takes_the_last_verdict_back(detective, read):
    app = detective()
    assert app.button(key="detective_back").disabled
    press(app, "detective_key_N")
    press(app, "detective_back")
    assert asks_about(app).endswith("Training digit 1000.")
    assert "gathers here" in says(app)


def test_verdicts_are_the_visitor_s_own_until_they_are_saved(detective, read):
    app = detective()
    press(app, "detective_key_7")
    assert "1 judged" not in says(detective()), "another visitor"
    press(app, "detective_save")
    assert app.button(key="detective_save").label == "Saved"
    stored = Verdicts(get_jobs().store.database_url)
    assert stored.saved(DIGITS.content_hash) == (Judgement(1000, Verdict.OTHER, 7),)
    other = detective()
    assert "**1 judged:**" in says(other)
    assert asks_about(other).endswith("Training digit 20.")
    press(other, "detective_back")
    press(other, "detective_key_N")
    press(other, "detective_back")
    press(other, "detective_key_Y")
    press(other, "detective_key_N")
    press(other, "detective_save")
    assert set(stored.saved(DIGITS.content_hash)) == {
        Judgement(1000, Verdict.RIGHT),
        Judgement(20, Verdict.UNCLEAR),
    }


def test_a_saved_verdict_taken_back_is_forgotten_when_that_is_saved(detective, read):
    stored = Verdicts(get_jobs().store.database_url)
    for row in (20, 1000):
        stored.save(DIGITS.content_hash, [Judgement(row, Verdict.RIGHT)])
    app = detective()
    press(app, "detective_back")
    press(app, "detective_save")
    assert stored.saved(DIGITS.content_hash) == (Judgement(20, Verdict.RIGHT),)


def test_train_without_them_fills_the_form_with_the_training_rows_judged_against(
    detective, read, monkeypatch
):
    trained = []
    monkeypatch.setattr(get_jobs(), "submit", lambda config, preset: trained.append(config))
    monkeypatch.setattr(get_jobs(), "free_memory", lambda: None)
    app = detective(explore_part="all")
    assert app.button(key="detective_without").disabled
    press(app, "detective_key_7")  # 1000 is a 7
    press(app, "detective_key_Y")  # 20 is right
    press(app, "detective_key_N")  # nobody can tell 300
    press(app, "detective_key_2")  # 1500 is a 2, but a test digit
    assert "the 2 training digits that you found wrong" in says(app)
    app.button(key="detective_without").click()
    app.run()
    assert app.title[0].value == "Train"
    (field,) = [field for field in app.text_input if field.label == "Left out"]
    assert field.value == "300, 1000"
    assert any("left_out changed" in caption.value for caption in app.caption)
    app.switch_page("pages/train.py").run()  # AppTest does not notice that the page has changed
    press(app, "train_start")
    assert trained == [PRESETS["first-steps"].config.replace(left_out="300, 1000")]


def test_rows_to_leave_out_can_be_written_and_what_is_wrong_is_one_sentence(visit):
    app = visit("train", train_preset="first-steps")
    (field,) = [field for field in app.text_input if field.label == "Left out"]
    field.set_value("3, 5-7x").run()
    (error,) = app.error
    assert error.value.startswith("left_out must be row numbers such as 17, 2034, 40000-40010")
    (field,) = [field for field in app.text_input if field.label == "Left out"]
    field.set_value("3, 1-2").run()
    assert not app.error
    assert not app.exception


def test_train_with_them_fills_the_form_with_the_same_preset(detective, read):
    app = detective()
    app.button(key="detective_with").click()
    app.run()
    assert app.title[0].value == "Train"
    assert app.selectbox(key="train_preset").value == "first-steps"
    (field,) = [field for field in app.text_input if field.label == "Left out"]
    assert field.value == ""


def test_the_accuracies_before_and_after_stand_together_once_both_are_trained(detective, read):
    config = PRESETS["first-steps"].config
    for left_out, accuracy in (("", 0.9), ("1000", 0.95), ("20", 0.5)):
        store = get_jobs().store
        run_id = store.create_run(config.replace(left_out=left_out), "first-steps", "test 1 1")
        store.set_test(run_id, TestResult(accuracy, accuracy - 0.02, accuracy + 0.02, 0.1, 360))
        store.end_run(run_id, Status.FINISHED)
    app = detective()
    assert "With them" not in says(app)
    press(app, "detective_key_7")
    assert "With them: 90.00 % (88.0–92.0) · 36 of 360 wrong" in says(app)
    assert "Without them: 95.00 % (93.0–97.0) · 18 of 360 wrong" in says(app)
    (link,) = [
        link.proto
        for link in app.get("page_link")
        if link.proto.label == "Compare the two, digit by digit"
    ]
    assert "compare_runs" in link.query_string


def test_where_no_label_looks_wrong_that_is_said(detective):
    rows = rows_in(DIGITS, "training")
    sure = np.eye(10, dtype=np.float32)[DIGITS.labels[rows]]
    study = study_of(DIGITS, "training", 3)
    get_jobs().shelf.keep(study, Readings(rows, sure).to_bytes())
    assert "No label of the training digits looks wrong to the networks." in says(detective())


def test_the_csv_holds_the_verdicts(detective, read):
    app = detective()
    press(app, "detective_key_7")
    assert [b for b in app.get("download_button") if b.proto.label == "Download (CSV)"]


def test_a_tally_counts_each_verdict():
    judged = [
        Judgement(1, Verdict.RIGHT),
        Judgement(2, Verdict.RIGHT),
        Judgement(3, Verdict.OTHER, 4),
    ]
    assert tally(judged) == "**3 judged:** 2 labels right, 1 wrong, 0 that nobody can tell."


def test_the_summary_names_the_largest_group():
    suspects = Suspects(
        rows=np.arange(3),
        probabilities=np.zeros((3, 10)),
        given=np.array([4, 4, 1]),
        read=np.array([8, 8, 7]),
        self_confidence=np.zeros(3),
        joint=np.diag(np.full(10, 0.097)),
        n=100,
    )
    three = summary(suspects, 3, "all", DIGITS)
    assert "The largest group: 2 labelled 4 look like an 8." in three
    one = summary(suspects, 1, "test", DIGITS)
    assert one.startswith("**1 label looks wrong among the test digits.** Many are")
