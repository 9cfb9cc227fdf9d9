"""My handwriting: digits are asked for, counted, corrected, removed, taken along, trained on."""

import json
import re

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from digitlab.config import TrainingConfig
from digitlab.datasets import load_dataset
from digitlab.drawings import as_upload, drawings_of, keep_drawing, remove_drawings
from digitlab.jobs import get_jobs
from digitlab.recognisers import litert_model
from digitlab.records import Status, TestResult
from digitlab.sources.uploads import AT_HOME, remove_upload, uploads_of
from pages.ui import cache
from pages.ui import visitor as visitors
from pages.ui.draw.sitting import Sitting
from pages.ui.gallery import picked_key
from tests.pages.conftest import well
from tests.pages.test_draw import ONE, SEVEN, drawing, says
from tests.pages.test_draw import handed_down as paper_handed_down

MODE = {"draw_mode": "My handwriting"}
DIGITS = load_dataset("digits")
MEMORY = "digitlab_sitting_memory"
STROKES = {digit: [SEVEN] if digit == 7 else [ONE] for digit in range(10)}
"""Whoever writes here writes a 1 for everything but a 7."""

pytestmark = pytest.mark.usefixtures("without_mnist", "at_home")


@pytest.fixture
def my_hand(visit):
    """Draw, with My handwriting chosen."""

    def open_view(**query):
        return well(visit("draw", **MODE, **query))

    return open_view


def text(app):
    blocks = (*app.header, *app.subheader, *app.markdown, *app.caption, *app.success)
    return "\n".join(block.value for block in blocks)


def press(app, key):
    return well(app.button(key=key).click().run())


def draw(app, *strokes):
    """What the canvas that is mounted now sends."""
    app.session_state[f"draw_canvas_{app.session_state['draw_mount']}"] = drawing(*strokes)
    return app


def asked(app):
    """The digit that is asked for."""
    return int(re.fullmatch(r"Write an? (\d)", says(app))[1])


def write_one(app):
    """Nobody writes a digit twice the very same way: the second begins elsewhere."""
    digit = asked(app)
    ((first, *rest),) = STROKES[digit]
    draw(app, [(first[0] + 20 * (digit in mine().labels), first[1]), *rest])
    return press(app, "hand_next")


def sit_down(app, count=20):
    app.segmented_control(key="hand_count").set_value(count).run()
    return press(app, "hand_start")


def keep(count, prompted=True, start=0):
    """As if the visitor had written digits before; scikit-learn's."""
    for row in range(start, start + count):
        label = int(DIGITS.labels[row])
        keep_drawing(AT_HOME, DIGITS.images[row], label, prompted=prompted)


def mine():
    return drawings_of(AT_HOME)


TEST = TestResult(0.97, 0.95, 0.98, 0.1, 360)


def trained(test=TEST, dataset="digits"):
    """A run of which the shipped recogniser's model is said to be the outcome."""
    store = get_jobs().store
    run_id = store.create_run(TrainingConfig(dataset=dataset), None, owner="elsewhere 1 1.0")
    store.start_run(run_id)
    if test is not None:
        store.set_test(run_id, test)
    store.add_artefact(run_id, "model.tflite", litert_model(store, "pretrained"))
    store.end_run(run_id, Status.FINISHED)
    return run_id


def test_before_the_first_digit_the_view_says_what_it_is_for(my_hand):
    app = my_hand()
    assert says(app) == "How well is your hand read?"
    assert app.button(key="hand_start").label == "Start writing"
    assert [control.key for control in app.segmented_control] == ["draw_mode", "hand_count"]


def test_a_sitting_asks_for_every_digit_keeps_each_at_once_and_shows_no_answer(my_hand):
    app = sit_down(my_hand())
    wanted = []
    for place in range(20):
        assert len(mine()) == place
        assert "I read" not in text(app)
        wanted.append(asked(app))
        write_one(app)
    assert mine().labels.tolist() == wanted
    assert sorted(wanted) == sorted([*range(10), *range(10)])
    assert mine().prompted.all()
    assert says(app) == "4 of your 20 digits are read rightly"
    assert "**pretrained** on your digits: 20.00 % (8.1–41.6)" in text(app)
    assert "Your hand is harder for it than the digits of its test." in text(app)


def test_an_empty_paper_is_not_accepted(my_hand):
    app = sit_down(my_hand())
    digit = asked(app)
    app.button(key="hand_next").click().run()
    assert [warning.value[:22] for warning in app.warning] == ["The paper is empty: wr"]
    assert asked(app) == digit
    assert len(mine()) == 0
    assert not well(app.run()).warning


def test_a_stroke_that_comes_with_the_click_is_kept_too(my_hand):
    app = sit_down(my_hand())
    draw(app, ONE).run()
    press(draw(app, ONE, [(40, 140), (240, 140)]), "hand_next")
    (image,) = mine().images
    assert (image.max(axis=0) > 0).sum() > 15, "a cross is wide, a 1 is not"


def test_one_can_go_back_one(my_hand):
    app = sit_down(my_hand())
    first = asked(app)
    assert app.button(key="hand_back").disabled
    write_one(app)
    assert app.get("progress")[0].proto.text == "1 of 20 written"
    press(app, "hand_back")
    assert asked(app) == first
    assert len(mine()) == 0


def test_the_very_same_picture_twice_counts_twice_and_going_back_takes_one(my_hand, monkeypatch):
    monkeypatch.setattr("pages.ui.draw.collecting.prompts", lambda *_: (1, 1, 7))
    app = sit_down(my_hand())
    for _ in range(2):
        press(draw(app, ONE), "hand_next")
    assert asked(app) == 7
    assert mine().labels.tolist() == [1, 1]
    assert len(set(mine().held_out.tolist())) == 1
    press(app, "hand_back")
    assert asked(app) == 1
    assert mine().labels.tolist() == [1]
    press(app, "hand_back")
    assert len(mine()) == 0


def test_who_stops_early_keeps_what_is_there(my_hand):
    app = sit_down(my_hand())
    for _ in range(3):
        write_one(app)
    press(app, "hand_stop")
    assert len(mine()) == 3
    assert " of your 3 digits " in says(app)
    assert app.button(key="hand_start").label == "Write more"


def test_a_sitting_survives_a_visit_to_another_page(my_hand):
    app = write_one(sit_down(my_hand()))
    wanted = asked(app)
    app.switch_page("pages/home.py").run()
    app.query_params.update(MODE)
    app.switch_page("pages/draw.py").run()
    assert asked(app) == wanted
    assert len(mine()) == 1
    assert "draw_sitting" in app.query_params


def handed_down(app):
    """What the tab's script is told of the sitting."""
    shown = [element.proto for element in app.get("bidi_component")]
    return json.loads(next(c.json for c in shown if c.component_name == MEMORY))


def test_the_tab_is_told_of_every_digit_and_of_the_end(my_hand):
    app = my_hand()
    assert handed_down(app) == {"asks": False, "sitting": None}
    write_one(sit_down(app))
    kept = json.loads(handed_down(app)["sitting"])
    assert kept["kept"] == mine().kept_at.tolist()
    assert len(kept["prompts"]) == 20
    assert kept["prompts"][1] == asked(app)
    assert "draw_sitting" in app.query_params
    press(app, "hand_stop")
    assert handed_down(app) == {"asks": False, "sitting": None}
    assert "draw_sitting" not in app.query_params


def test_after_a_reload_nothing_is_answered_until_the_tab_has_said_what_it_kept(my_hand):
    keep(20)
    app = my_hand(draw_sitting="on")
    assert handed_down(app)["asks"]
    assert not app.header
    assert not app.dataframe


def test_where_the_tab_has_kept_nothing_the_report_is_shown(my_hand):
    keep(20)
    app = my_hand(draw_sitting="on")
    app.session_state["hand_sitting_known"] = True  # as its answer leaves it
    well(app.run())
    assert len(app.dataframe) == 1


def recalled(answer, **state):
    """The session after the tab has answered."""

    def script():
        import streamlit as st

        from pages.ui.draw.sitting import _recall

        _recall(st.session_state["answer"])

    app = AppTest.from_function(script)
    for name, value in {"answer": answer, **state}.items():
        app.session_state[name] = value
    return well(app.run()).session_state


def kept_by_the_tab(prompts, visitor=AT_HOME):
    """The sitting of whoever has written the first of these digits."""
    kept = drawings_of(visitor).kept_at.tolist()
    return {"sitting": json.dumps({"prompts": prompts, "kept": kept, "visitor": visitor})}


def test_a_reload_goes_on_with_the_sitting(home):
    keep(3)
    prompts = [*mine().labels.tolist(), 7, 1]
    state = recalled(kept_by_the_tab(prompts))
    assert state["hand_sitting"] == Sitting(tuple(prompts), tuple(mine().kept_at.tolist()))
    assert state["hand_sitting"].prompt == 7


def test_a_visitor_from_elsewhere_is_known_again_by_what_the_tab_kept(home, monkeypatch):
    monkeypatch.setattr(visitors, "_is_at_home", lambda: False)
    before, other = "0" * 32, "1" * 32
    keep_drawing(before, DIGITS.images[0], 5, prompted=True)
    answer = kept_by_the_tab([5, 7], before)
    state = recalled(answer)
    assert (state["visitor"], state["hand_sitting"].prompt) == (before, 7)
    keep_drawing(other, DIGITS.images[1], 1, prompted=True)
    state = recalled(answer, visitor=other)
    assert (state["visitor"], state["hand_sitting"]) == (other, None)


@pytest.mark.parametrize(
    "answer",
    [
        None,
        {"sitting": None},
        {"sitting": "{"},
        {"sitting": "[]"},
        {"sitting": '{"prompts": [7], "kept": [1], "visitor": "../home"}'},
        {"sitting": '{"prompts": [7, 7], "kept": ["x"]}'},
        {"sitting": '{"prompts": [17], "kept": []}'},
        {"sitting": '{"prompts": [], "kept": []}'},
        {"sitting": json.dumps({"prompts": [7] * 51, "kept": []})},
        {"sitting": " " * 20_000 + '{"prompts": [7], "kept": []}'},
    ],
)
def test_what_no_page_of_ours_kept_is_no_sitting(home, answer):
    assert recalled(answer)["hand_sitting"] is None


def test_a_sitting_of_which_a_digit_was_removed_is_over(home):
    keep(3)
    answer = kept_by_the_tab([*mine().labels.tolist(), 7])
    remove_drawings(AT_HOME, [mine().kept_at[0]])
    assert recalled(answer)["hand_sitting"] is None


def test_a_sitting_that_began_since_the_tab_was_asked_goes_on(home):
    new = Sitting((3,))
    state = recalled(kept_by_the_tab([7]), hand_sitting=new, hand_sitting_known=True)
    assert state["hand_sitting"] == new


def test_the_way_back_out_of_a_sitting_does_not_lead_into_it_again(my_hand):
    app = sit_down(my_hand())
    app.query_params.clear()
    app.query_params.update(MODE)
    well(app.run())
    assert "draw_sitting" not in app.query_params


def test_no_network_is_chosen_while_one_writes(my_hand):
    run_id = trained()
    app = my_hand(draw_run=run_id)
    assert app.selectbox(key="draw_run").value == run_id
    sit_down(app)
    assert not app.selectbox
    press(write_one(app), "hand_stop")
    assert app.selectbox(key="draw_run").value == run_id


def test_what_is_drawn_elsewhere_during_a_sitting_is_not_taken_for_its_digit(my_hand):
    app = sit_down(my_hand())
    digit = asked(app)
    well(app.segmented_control(key="draw_mode").set_value("One digit").run())
    assert says(draw(app, SEVEN).run()).startswith("I read a 7")
    well(app.segmented_control(key="draw_mode").set_value("My handwriting").run())
    assert asked(app) == digit
    app.button(key="hand_next").click().run()
    assert app.warning[0].value.startswith("The paper is empty")
    assert len(mine()) == 0
    write_one(app)
    assert mine().labels.tolist() == [digit]


def test_the_paper_is_empty_for_every_digit_that_is_asked_for(my_hand):
    app = my_hand()
    for begin in (sit_down, write_one, lambda app: press(app, "hand_back")):
        told = paper_handed_down(begin(app))
        assert (told["place"], told["asks"], told["last"]) == ("sitting", False, None)
    assert paper_handed_down(draw(app, ONE).run())["last"] is not None
    press(app, "hand_stop")
    assert paper_handed_down(sit_down(app))["last"] is None


def test_a_full_book_is_one_sentence(my_hand, monkeypatch):
    app = sit_down(my_hand())
    monkeypatch.setattr("digitlab.drawings.MOST_DRAWINGS", 0)
    draw(app, ONE)
    app.button(key="hand_next").click().run()
    assert app.warning[0].value.startswith("at most 0 of your digits are kept")


def test_every_network_that_reads_digits_is_in_the_report(my_hand):
    keep(30)
    untested, tested = trained(None), trained()
    clothes = trained(dataset="fashion_mnist")
    app = my_hand(draw_run=tested)
    table = app.dataframe[0].value
    assert table["network"].tolist() == ["pretrained", tested, untested]
    assert table["test digits of"].tolist() == ["mnist and digits", "digits", "digits"]
    assert table["its test (95 %)"].tolist()[1:] == ["97.00 % (95.0–98.0)", "–"]
    assert len(set(table["right"])) == 1
    assert clothes not in text(app)
    assert f"**{tested}** on your digits: " in text(app)
    assert " In its test on digits: 97.00 % (95.0–98.0)." in text(app)


def test_only_the_newest_networks_read_along_and_the_chosen_one(my_hand, monkeypatch):
    keep(20)
    monkeypatch.setattr("pages.ui.draw.hand_report.MOST_NETWORKS", 1)
    runs = [trained() for _ in range(3)]
    app = my_hand(draw_run=runs[0])
    assert app.dataframe[0].value["network"].tolist() == ["pretrained", runs[2], runs[0]]
    assert "3 of 4 networks: the newest, and the one chosen above." in text(app)


def test_a_network_that_has_learned_from_these_digits_is_not_judged_by_them(my_hand):
    keep(20)
    run_id = trained(dataset=f"hand:{as_upload(AT_HOME, []).digest}+digits")
    app = my_hand(draw_run=run_id)
    assert app.dataframe[0].value["network"].tolist() == ["pretrained"]
    assert "1 network has learned from your digits and is not judged by them here." in text(app)
    assert "**pretrained** on your digits: " in text(app)


def test_nor_is_one_that_goes_on_from_it_though_the_snapshot_and_it_are_gone(my_hand):
    keep(20)
    upload, store = as_upload(AT_HOME, []), get_jobs().store
    taught = trained(dataset=f"hand:{upload.digest}+digits")
    store.add_artefact(taught, "checkpoint-1.npz", b"state")
    fork_id = store.fork_run(taught, 1, TrainingConfig(dataset="digits"), "tests")
    store.add_artefact(fork_id, "model.tflite", litert_model(store, "pretrained"))
    store.delete_runs([taught])
    remove_upload(upload, AT_HOME)
    app = my_hand(draw_run=fork_id)
    assert app.dataframe[0].value["network"].tolist() == ["pretrained"]
    assert "1 network has learned from your digits and is not judged by them here." in text(app)


def test_where_the_chosen_network_reads_clothes_the_shipped_one_is_spoken_of(my_hand):
    keep(20)
    app = my_hand(draw_run=trained(dataset="fashion_mnist"))
    assert "**pretrained** on your digits: " in text(app)


def test_corrections_do_not_count(my_hand):
    keep(4)
    keep_drawing(AT_HOME, DIGITS.images[7], 3, prompted=False, read=7)
    app = my_hand()
    assert app.dataframe[0].value["right"].tolist() == ["4 of 4"]
    assert "5 digits: 4 that the page asked for, 1 correction." in text(app)


def test_with_corrections_alone_there_is_no_report_but_they_are_shown(my_hand):
    keep(2, prompted=False)
    app = my_hand()
    assert says(app) == "How well is your hand read?"
    assert not app.dataframe
    assert "2 digits: 0 that the page asked for, 2 corrections." in text(app)


def test_one_digit_alone_is_spoken_of_as_one(my_hand):
    keep(1)
    assert says(my_hand()) == "Your one digit is read rightly"


def test_one_right_digit_of_several_is_one(my_hand):
    for digit in range(2):
        keep_drawing(AT_HOME, DIGITS.images[digit], int(DIGITS.labels[0]), prompted=True)
    assert says(my_hand()) == "1 of your 2 digits is read rightly"


def test_what_was_misread_is_shown_with_what_it_was_taken_for(my_hand):
    keep_drawing(AT_HOME, DIGITS.images[3], int(DIGITS.labels[3] + 1), prompted=True)
    app = my_hand()
    assert "What pretrained misread" in text(app)
    assert "**You wrote a 4. I read a 3" in text(app)


def test_when_nothing_was_misread_it_is_said(my_hand):
    keep(4)
    assert "pretrained misread none of them." in text(my_hand())


def test_networks_read_once_however_often_the_page_runs(my_hand, monkeypatch):
    keep(20)
    app = my_hand()
    monkeypatch.setattr("digitlab.inference.Recogniser.probabilities", None)
    well(app.run())


def test_a_look_at_the_report_reads_no_epochs(my_hand, monkeypatch):
    keep(20)
    trained()
    monkeypatch.setattr("digitlab.store.Store.epochs", None)
    my_hand()


class Says:
    """Reads everything as one digit."""

    def __init__(self, digit):
        self.digit = digit

    def probabilities(self, images):
        return np.tile(np.eye(10, dtype=np.float32)[self.digit], (len(images), 1))


def test_a_stopped_network_is_read_anew_once_its_new_model_is_there(my_hand, monkeypatch):
    keep(15)
    run_id = trained(None)  # has ended, and its new model is being stored
    models = {"pretrained": Says(0), run_id: Says(0)}
    monkeypatch.setattr(cache, "recogniser", models.__getitem__)
    app = my_hand()
    assert app.dataframe[0].value["right"].tolist() == ["2 of 15", "2 of 15"]
    models[run_id] = Says(9)
    get_jobs().store.set_test(run_id, TEST)
    well(app.run())
    assert app.dataframe[0].value["right"].tolist() == ["2 of 15", "1 of 15"]


def test_chosen_digits_are_removed_and_no_others(my_hand):
    keep(5)
    times = mine().kept_at.tolist()
    app = my_hand()
    assert app.button(key="hand_remove").disabled
    for picked in (times[1], times[3], times[2], times[2]):
        app.session_state[picked_key("hand_gallery")] = picked
        well(app.run())
    assert app.button(key="hand_remove").label == "Remove the 2 chosen"
    press(app, "hand_remove")
    assert mine().kept_at.tolist() == [times[0], times[2], times[4]]
    assert app.button(key="hand_remove").disabled


def remove(app, times):
    for picked in times:
        app.session_state[picked_key("hand_gallery")] = picked
        well(app.run())
    return press(app, "hand_remove")


def test_removed_digits_are_put_back(my_hand):
    keep(5)
    before = mine()
    app = remove(my_hand(), before.kept_at[[1, 3]].tolist())
    assert "2 digits removed." in text(app)
    press(app, "hand_put_back")
    for name, array in before.arrays.items():
        np.testing.assert_array_equal(mine().arrays[name], array)
    assert "removed." not in text(app)


def test_the_last_digits_are_put_back_too(my_hand):
    keep(2)
    app = remove(my_hand(), mine().kept_at.tolist())
    assert len(mine()) == 0
    press(app, "hand_put_back")
    assert len(mine()) == 2


def test_the_way_back_ends_where_all_digits_are_removed_or_new_ones_written(my_hand):
    keep(3)
    app = remove(my_hand(), mine().kept_at[:1].tolist())
    assert "1 digit removed." in text(app)
    press(app, "hand_remove_all")
    keep(2, start=5)
    assert "removed." not in text(well(app.run()))
    remove(app, mine().kept_at[:1].tolist())
    assert "1 digit removed." in text(app)
    press(sit_down(app), "hand_stop")
    assert "removed." not in text(app)


def test_all_digits_are_removed_after_a_question(my_hand):
    keep(5)
    app = my_hand()
    assert "Remove all 5 of your digits? That cannot be undone." in text(app)
    press(app, "hand_remove_all")
    assert len(mine()) == 0
    assert says(app) == "How well is your hand read?"


def test_the_digits_are_trained_on(my_hand):
    keep(30)
    app = press(my_hand(), "hand_train")
    (upload,) = uploads_of(AT_HOME)
    assert app.title[0].value == "Train"
    assert app.session_state["train_values"]["dataset"] == upload.name


def test_the_digits_are_looked_at_in_explore(my_hand):
    keep(30)
    app = press(my_hand(), "hand_explore")
    assert app.title[0].value == "Explore"
    (upload,) = uploads_of(AT_HOME)
    assert app.selectbox(key="explore_dataset").value == upload.title
    assert upload.title.startswith("My handwriting, 30 digits, ")
    assert "30 digits" in text(app)


@pytest.mark.parametrize("trains", [False, True])
def test_a_snapshot_stays_that_a_run_was_trained_on_even_one_in_the_bin(
    my_hand, monkeypatch, trains
):
    monkeypatch.setattr("digitlab.drawings.SPARED_SECONDS", 0)
    keep(20)
    press(my_hand(), "hand_explore")
    (first,) = uploads_of(AT_HOME)
    if trains:
        get_jobs().store.delete_runs([trained(dataset=first.name)])
    keep(1, start=20)
    press(my_hand(), "hand_explore")
    assert (first in uploads_of(AT_HOME)) == trains
    assert len(uploads_of(AT_HOME)) == 1 + trains


def test_digits_of_a_visitor_from_elsewhere_are_theirs_alone(visit, monkeypatch):
    keep(3)
    monkeypatch.setattr(visitors, "_is_at_home", lambda: False)
    app = well(visit("draw", **MODE))
    assert says(app) == "How well is your hand read?"
    app = write_one(sit_down(app))
    press(app, "hand_stop")
    assert len(drawings_of(app.session_state["visitor"])) == 1
    assert "It is kept for this visit only." in text(app)


@pytest.fixture
def misread(visit):
    """One digit: what looks like a 7 has been drawn."""
    app = visit("draw")
    draw(app, SEVEN).run()
    assert says(app).startswith("I read a 7")
    return app


def can_correct(app):
    return any(pills.key == "draw_truth" for pills in app.pills)


def choose(app, label):
    app.pills(key="draw_truth").set_value(label)
    return well(app.run())


def correct(app, label):
    """Chooses another digit than the network is sure of, and means it."""
    return press(choose(app, label), "draw_correction_keep")


def test_who_contradicts_a_network_that_is_sure_is_asked_back(misread):
    choose(misread, "1")
    assert "% sure that it is a 7. Keep it as a 1?" in text(misread)
    assert len(mine()) == 0
    press(misread, "draw_correction_drop")
    assert len(mine()) == 0
    assert misread.pills(key="draw_truth").value is None
    choose(misread, "1")
    well(draw(misread, ONE).run())
    assert "Keep it as" not in text(misread)


def test_who_corrects_a_network_that_is_not_sure_is_not_asked_back(misread, monkeypatch):
    monkeypatch.setattr("pages.ui.draw.corrections.CERTAIN", 1)
    choose(misread, "1")
    assert "Kept as a 1 in “My handwriting”." in text(misread)
    assert mine().labels.tolist() == [1]


def test_a_correction_is_kept_with_what_was_read_and_said(misread):
    correct(misread, "1")
    kept = mine()
    assert (kept.labels.tolist(), kept.read.tolist(), kept.prompted.tolist()) == ([1], [7], [False])
    assert "Kept as a 1 in “My handwriting”." in text(misread)
    assert not can_correct(misread)


def test_what_was_read_rightly_is_no_correction_and_one_sentence_says_so(misread):
    sentence = "It is read as a 7 already, so there is nothing to correct."
    choose(misread, "7")
    assert len(mine()) == 0
    assert sentence in text(misread)
    correct(misread, "1")
    assert mine().labels.tolist() == [1]
    assert sentence not in text(misread)


def test_the_sentence_goes_with_the_drawing_that_it_was_about(misread):
    choose(misread, "7")
    well(draw(misread, ONE).run())
    assert "nothing to correct" not in text(misread)


def test_a_correction_is_taken_back(misread):
    correct(misread, "1")
    press(misread, "draw_correction_undo")
    assert len(mine()) == 0
    assert can_correct(misread)


def test_a_correction_that_was_removed_elsewhere_is_not_called_kept(misread):
    correct(misread, "1")
    remove_drawings(AT_HOME, mine().kept_at)
    well(misread.run())
    assert "Kept as a 1" not in text(misread)
    assert can_correct(misread)


def test_the_next_drawing_can_be_corrected_too(misread):
    correct(misread, "1")
    well(draw(misread, ONE).run())
    assert says(misread).startswith("I read a 1")
    correct(misread, "7")
    assert mine().labels.tolist() == [1, 7]


def test_a_correction_that_cannot_be_kept_is_one_sentence(misread, monkeypatch):
    monkeypatch.setattr("digitlab.drawings.MOST_DRAWINGS", 0)
    choose(misread, "1").button(key="draw_correction_keep").click().run()
    assert misread.error[0].value.startswith("at most 0 of your digits are kept")
    assert can_correct(misread)


def test_clothes_are_not_corrected(visit):
    run_id = trained(dataset="fashion_mnist")
    app = draw(visit("draw", draw_run=run_id), SEVEN).run()
    assert not can_correct(app)
