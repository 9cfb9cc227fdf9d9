"""The Train page: the form, the network before it exists, what went wrong in words."""

import dataclasses
import socket
from datetime import timedelta
from html import unescape

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from digitlab.checkpoints import check_fork
from digitlab.config import ConvBlock, DenseLayer, TrainingConfig
from digitlab.domains import declared
from digitlab.jobs import get_jobs
from digitlab.presets import PRESETS, AuthorFigures
from digitlab.records import BatchProgress, Epoch, Snapshot, Status, TestResult, Wish
from pages.ui.train.author import author_table
from pages.ui.train.forms import PARAMETERS, read_rows
from pages.ui.train.hints import hints_of
from pages.ui.train.layers import PLAIN_WORDS, WIDEST_WORDS
from pages.ui.train.lineage import family
from pages.ui.train.live import OFTEN, SELDOM, SOON
from pages.ui.train.probe import readings_info
from tests.pages.conftest import by_label, says, well


@pytest.fixture
def jobs(monkeypatch):
    """Jobs whose trainings are only written down, never begun."""
    jobs = get_jobs()

    def submit(config, preset=None):
        return jobs.store.create_run(config, preset, "test 1 1")

    def fork(run_id, epoch, config):
        check_fork(jobs.store.run(run_id).config, epoch, config)
        return jobs.store.fork_run(run_id, epoch, config, "test 1 1")

    monkeypatch.setattr(jobs, "submit", submit)
    monkeypatch.setattr(jobs, "fork", fork)
    monkeypatch.setattr(jobs, "resume", lambda run_id: jobs.store.requeue_run(run_id, "test 1 1"))
    return jobs


SMALL = PRESETS["first-steps"].config.replace(epochs=4)


def trained(jobs, epochs=2, config=SMALL, preset="first-steps", **changes):
    """A run that trains, with so many complete epochs: in each, one more of the probe digits is
    read rightly, the others as a 0."""
    run_id = jobs.submit(config, preset)
    jobs.store.start_run(run_id)
    for number in range(1, epochs + 1):
        probabilities = np.tile(np.eye(10, dtype=np.float32)[0], (20, 1))
        probabilities[2 : 2 + number] = np.eye(10)[1]
        filters = np.full((3, 3, 16), number / 10, np.float32)
        figures = {"accuracy": 0.5, "loss": 1.0, "val_accuracy": 0.6, "val_loss": 0.9} | changes
        epoch = Epoch(number, **figures, learning_rate=0.001, seconds=1.0)
        jobs.store.add_epoch(run_id, epoch, Snapshot(probabilities, filters))
        jobs.store.add_artefact(run_id, f"checkpoint-{number}.npz", b"state")
    return run_id


def ended(jobs, status=Status.FINISHED, error=None, epochs=4, **how):
    """A run that has ended, tested if it finished, was stopped or diverged."""
    run_id = trained(jobs, epochs, **how)
    if status in (Status.FINISHED, Status.STOPPED, Status.FAILED):
        jobs.store.set_test(run_id, TestResult(0.975, 0.953, 0.987, 0.1, 360))
    jobs.store.end_run(run_id, status, error)
    return run_id


def press(app, label):
    by_label(app.button, label).click()
    app.run()
    assert not app.exception


def html_of(app):
    return " ".join(element.proto.body for element in app.get("html"))


def live_figures(app):
    """The curves of a run that trains: text, and no Plotly chart, which would be made anew for
    every point."""
    assert not app.get("plotly_chart")
    return [line.value for line in app.markdown if line.value.startswith("<figure")]


def shown(app, run_id):
    return any(line.value.startswith(f"Run **{run_id}**") for line in app.markdown)


def looking_back(visit, run_id):
    """The Train page with the epochs of an ended run open."""
    return visit("train", train_run=run_id)


def test_every_field_has_a_widget_or_a_reason_to_be_hidden(visit):
    app = visit("train", train_preset="kazmi")
    assert not app.exception
    kinds = (app.selectbox, app.number_input, app.toggle, app.text_input)
    shown = {e.label for kind in kinds for e in kind}
    values = {p.name: getattr(PRESETS["kazmi"].config, p.name) for p in PARAMETERS}
    expected = {p.label for p in PARAMETERS if p.matters(values)}
    tables = {line.value.strip("*") for line in app.markdown}
    assert expected - shown == {"Conv blocks", "Dense layers"} <= tables


def test_what_a_layer_does_fits_into_the_table_beside_the_form():
    assert max(map(len, PLAIN_WORDS.values())) <= WIDEST_WORDS


@pytest.mark.parametrize("key", PRESETS)
def test_each_preset_shows_its_network(visit, key):
    app = visit("train", train_preset=key)
    assert not app.exception
    parameters = by_label(app.metric, "Parameters").value
    assert parameters == {
        "ndlovu": "220,234",
        "tutorialspoint": "225,034",
        "kazmi": "225,418",
        "tuxacademy": "93,322",
    }.get(key, parameters)


def test_start_queues_what_the_form_says(visit, jobs):
    app = visit("train", train_preset="first-steps")
    by_label(app.number_input, "Epochs").set_value(3)
    app.run()
    assert any("epochs 15 → 3" in caption.value for caption in app.caption)
    by_label(app.button, "Start training").click()
    app.run()
    (run,) = jobs.store.runs()
    assert run.config == PRESETS["first-steps"].config.replace(epochs=3)
    assert run.preset == "first-steps"
    assert by_label(app.button, "Take out of the queue")


def test_values_that_do_not_go_together_are_one_sentence(visit):
    app = visit("train", train_preset="kazmi")
    by_label(app.selectbox, "Validation").select("test")
    app.run()
    assert not app.exception
    (error,) = app.error
    assert "test set chooses nothing" in error.value
    assert not [button for button in app.button if button.label == "Start training"]


@pytest.mark.parametrize(
    ("label", "value", "words"),
    [
        ("Epochs", 100_000, "epochs must be in [1, 500], got 100000"),
        ("Epochs", 0, "epochs must be in [1, 500], got 0"),
        ("Learning rate", 1000.0, "learning_rate must be in [1e-06, 1], got 1000"),
        ("Early stopping patience", -3, "early_stopping_patience must be in [1, 100], got -3"),
    ],
)
def test_a_number_out_of_bounds_is_one_sentence_and_cannot_be_started(visit, label, value, words):
    app = visit("train")
    before = by_label(app.number_input, label).value
    by_label(app.number_input, label).set_value(value)
    app.run()
    assert not app.exception
    assert [error.value for error in app.error] == [words]
    assert not [button for button in app.button if button.label == "Start training"]
    by_label(app.number_input, label).set_value(before)
    assert by_label(well(app.run()).button, "Start training")


def test_a_number_that_may_be_left_out_is_whole_and_empty(visit):
    app = visit("train")
    patience = by_label(app.number_input, "Early stopping patience")
    assert (patience.value, patience.step) == (None, 1)
    patience.set_value(3)
    app.run()
    assert "early_stopping_patience None → 3" in says(app)


def test_what_has_to_wait_is_told_where_it_was_queued(visit, jobs):
    app = visit("train", train_preset="first-steps")
    press(app, "Start training")
    assert not app.toast
    first = jobs.store.runs()[0].id
    press(app, "Queue this training")
    second = jobs.store.runs()[0].id
    assert [toast.value for toast in app.toast] == [
        f"**{second}** waits for its turn, after {first}."
    ]
    assert shown(app, first)


def test_a_run_is_headed_by_its_id_and_the_name_that_a_visitor_gave_it(visit, jobs):
    run_id = ended(jobs)
    jobs.store.label_run(run_id, "the *small* one", "")
    heading = f"Run **{run_id}** · “the \\*small\\* one” · first-steps on digits"
    assert any(line.value.startswith(heading) for line in visit("train").markdown)


def test_a_waiting_run_can_be_taken_out_of_the_queue(visit, jobs):
    first, second = (jobs.submit(TrainingConfig(dataset="digits")) for _ in range(2))
    jobs.store.start_run(first)
    app = visit("train")
    by_label(app.button, "Take out").click()
    app.run()
    assert jobs.store.run(second).status is Status.STOPPED
    assert jobs.store.run(first).status is Status.RUNNING


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [
        (Status.FAILED, "the loss became nan in epoch 1", "the loss became nan"),
        (Status.PAUSED, None, "Paused after 1 of 12 epochs"),
        (
            Status.INTERRUPTED,
            "the program that trained it ended",
            "1 of 12 epochs are complete and kept",
        ),
    ],
)
def test_how_a_run_ended_is_said(visit, jobs, status, error, words):
    run_id = jobs.submit(TrainingConfig(dataset="digits", epochs=12))
    jobs.store.start_run(run_id)
    jobs.store.add_epoch(run_id, Epoch(1, 0.5, 1.0, None, None, 0.001, 1.0))
    app = visit("train")
    jobs.store.end_run(run_id, status, error)
    app.run()
    assert not app.exception
    assert any(words in box.value for box in (*app.error, *app.warning, *app.info))


def test_a_finished_run_leads_to_its_mistakes(visit, jobs):
    run_id = jobs.submit(TrainingConfig(dataset="digits", epochs=1))
    jobs.store.start_run(run_id)
    app = visit("train")
    jobs.store.set_test(run_id, TestResult(0.975, 0.953, 0.987, 0.1, 360))
    jobs.store.end_run(run_id, Status.FINISHED)
    app.run()
    (result,) = app.success
    assert "**97.50 % (95.3–98.7)** of 360 test digits" in result.value


def test_an_empty_cell_of_a_new_row_takes_its_default():
    columns = declared(ConvBlock)
    row = dict.fromkeys((c.name for c in columns), None) | {"filters": 7.0}
    (values,) = read_rows(columns, [row])
    assert ConvBlock(**values) == ConvBlock(filters=7)
    (values,) = read_rows(declared(DenseLayer), [{"units": 5, "dropout": 0.25}])
    assert DenseLayer(**values) == DenseLayer(5, 0.25)


def test_who_comes_without_a_choice_gets_a_training_of_seconds(visit):
    assert by_label(visit("train").selectbox, "Start from").value == "first-steps"


def test_an_unknown_preset_in_the_url_is_one_sentence_and_the_default_is_used(visit):
    app = visit("train", train_preset="[nonsense](https://example.org)")
    assert not app.exception
    (warning,) = app.warning
    assert "There is no preset" in warning.value
    assert "starts from first-steps" in warning.value
    assert "](https" not in warning.value
    assert by_label(app.selectbox, "Start from").value == "first-steps"


def test_a_run_of_another_process_shows_its_completed_epochs(visit, jobs):
    run_id = jobs.submit(TrainingConfig(dataset="digits", epochs=12))
    jobs.store.start_run(run_id)
    for number in (1, 2, 3):
        jobs.store.add_epoch(run_id, Epoch(number, 0.5, 1.25, None, None, 0.001, 10.0))
    bar = visit("train").get("progress")[0].proto
    assert bar.value == 25
    assert "epoch 3 of 12 · 1:30 left · accuracy 50.00 % · loss 1.2500" in bar.text
    assert "starting" not in bar.text


@pytest.mark.parametrize("status", [Status.FAILED, Status.INTERRUPTED])
def test_what_went_wrong_is_shown_without_links(visit, jobs, status):
    run_id = jobs.submit(TrainingConfig(dataset="digits"))
    jobs.store.start_run(run_id)
    jobs.store.end_run(run_id, status, "no such file: ![x](https://example.org/x.png)")
    app = visit("train")
    (box,) = (*app.error, *app.warning)
    assert "no such file" in box.value
    assert "](" not in box.value
    assert "://" not in box.value


def waiting_for_a_test_result():
    """The panel of a run that is being stored; the page starts over once."""
    import streamlit as st

    from pages.ui.train.live import _live

    if "begun" in st.session_state:
        st.markdown("the page started over")
        st.stop()
    st.session_state["begun"] = True
    _live(st.session_state["run"], every=1.0)


@pytest.mark.parametrize(("patience", "over"), [(timedelta(0), True), (timedelta(hours=1), False)])
def test_waiting_for_a_test_result_ends_by_itself(jobs, monkeypatch, patience, over):
    monkeypatch.setattr("digitlab.jobs.LONGEST_TEST", patience)
    run_id = trained(jobs, epochs=1)
    jobs.store.end_run(run_id, Status.STOPPED)
    app = AppTest.from_function(waiting_for_a_test_result, default_timeout=20)
    app.session_state["run"] = run_id
    app.run()
    assert not app.exception
    assert ("the page started over" in [line.value for line in app.markdown]) == over
    words = "Stopped: 1 epoch is complete; the model is being stored and tested …"
    assert [bar.proto.text for bar in app.get("progress")] == [words] * (not over)
    assert all(button.disabled for button in app.button)


def test_waiting_for_a_test_result_ends_with_the_process_that_tests(jobs):
    owner = f"{socket.gethostname()} {2**22 + 1} 1.0"
    run_id = jobs.store.create_run(TrainingConfig(dataset="digits"), None, owner)
    jobs.store.start_run(run_id)
    jobs.store.end_run(run_id, Status.STOPPED)
    app = AppTest.from_function(waiting_for_a_test_result, default_timeout=20)
    app.session_state["run"] = run_id
    app.run()
    assert [line.value for line in app.markdown] == ["the page started over"]


def test_waiting_for_the_test_result_of_a_lost_run_is_one_sentence():
    app = AppTest.from_function(waiting_for_a_test_result, default_timeout=20)
    app.session_state["run"] = "lost-run"
    app.run()
    assert not app.exception
    assert "lost-run" in app.error[0].value


@pytest.mark.parametrize("key", ["ndlovu", "kazmi"])
def test_the_authors_note_stands_under_the_preset(visit, key):
    captions = [caption.value for caption in visit("train", train_preset=key).caption]
    assert PRESETS[key].author.note in captions


@pytest.mark.parametrize(
    ("changes", "dotted", "words"),
    [
        ({}, True, "Dotted: the author's figures."),
        ({"seed": 7}, True, "Dotted: the author's figures, for the unchanged preset."),
        ({"dataset": "mnist"}, False, None),
    ],
)
def test_the_authors_curves_stand_only_beside_runs_on_their_dataset(
    visit, jobs, monkeypatch, changes, dotted, words
):
    preset = dataclasses.replace(PRESETS["first-steps"], author=AuthorFigures(accuracy=(0.5, 0.9)))
    monkeypatch.setitem(PRESETS, "first-steps", preset)
    run_id = jobs.submit(preset.config.replace(**changes), "first-steps")
    jobs.store.start_run(run_id)
    jobs.store.add_epoch(run_id, Epoch(1, 0.4, 1.0, None, None, 0.001, 1.0))
    app = visit("train")
    drawn = "".join(map(unescape, live_figures(app)))
    assert ("training, the author's" in drawn) == dotted
    assert [c.value for c in app.caption if "Dotted" in c.value] == ([words] if words else [])


# While a run trains


def test_before_the_first_epoch_the_places_of_readings_and_filters_are_kept(
    visit, jobs, monkeypatch
):
    trained(jobs, epochs=0)
    batch = BatchProgress(1, 10, 45, 0.5, 1.0, 0.001, 0.3)
    for known in ([], [batch]):
        monkeypatch.setattr(jobs, "progress", lambda run_id, known=known: known)
        app = visit("train")
        assert not app.exception
        assert len(live_figures(app)) == 3
        assert html_of(app).count("not read yet") == 2 * 20
        assert any("The first 16 filters" in line.value for line in app.markdown)


def test_after_an_epoch_each_reading_is_marked_right_or_wrong_and_the_changed_ones_too(visit, jobs):
    trained(jobs, epochs=2)
    app = visit("train")
    assert any("after epoch 2: 4 of 20 right, 1 changed" in line.value for line in app.markdown)
    html = html_of(app)
    assert "✓ 0→1" in html, "a 1 that was read as a 0 before"
    assert "✗ 0" in html
    assert "wrong: a 9, read as 0, over 99 % sure" in html


def test_a_network_without_convolution_has_readings_and_no_filters(visit, jobs):
    trained(jobs, config=SMALL.replace(conv_blocks=()))
    app = visit("train")
    assert any("What it reads" in line.value for line in app.markdown)
    assert not any("filters**" in line.value for line in app.markdown)


@pytest.mark.parametrize(
    ("label", "wish", "words"),
    [("Pause", Wish.PAUSE, "Pausing …"), ("Stop and keep", Wish.STOP, "Stopping …")],
)
def test_what_is_wished_for_is_said_at_once(visit, jobs, label, wish, words):
    run_id = trained(jobs)
    app = visit("train")
    press(app, label)
    assert jobs.store.run(run_id).controls.wish is wish
    assert by_label(app.button, words).disabled
    assert app.get("progress")[0].proto.text == words.lower()


def waiting_for_news():
    """The words of a run whose first batch is awaited, as the page has long drawn them."""
    import streamlit as st

    from pages.ui.train.live import _news

    if st.session_state.get("begun"):
        st.markdown("the page started over")
        st.stop()
    st.session_state["begun"] = "progress" in st.session_state
    st.session_state["progress"] = True
    _news(st.session_state["run"], every=1.0, drawn_at=0.0)


@pytest.fixture
def looks(monkeypatch):
    """The seconds between two looks of every live fragment that a page has begun."""
    every, fragment = [], st.fragment

    def noted(function=None, **how):
        if getattr(function, "__module__", None) == "pages.ui.train.live":
            every.append(how["run_every"])
        return fragment(function, **how)

    monkeypatch.setattr(st, "fragment", noted)
    return every


def test_a_run_is_looked_at_soon_only_where_its_first_batch_or_its_end_is_awaited(
    visit, jobs, looks
):
    run_id = trained(jobs, epochs=0)
    visit("train")
    assert looks == [SELDOM, SOON]
    looks.clear()
    jobs.store.add_epoch(run_id, Epoch(1, 0.5, 1.0, None, None, 0.001, 1.0))
    visit("train")
    assert looks == [OFTEN]
    looks.clear()
    jobs.store.wish(run_id, Wish.STOP)
    visit("train")
    assert looks == [SELDOM, SOON]


def test_the_first_batch_of_a_fork_is_awaited_too(visit, jobs, looks):
    jobs.store.start_run(jobs.fork(ended(jobs), 2, SMALL.replace(epochs=50)))
    visit("train")
    assert SOON in looks


@pytest.mark.parametrize(("per_epoch", "seconds"), [(1.0, OFTEN), (25.0, 5.0), (999.0, SELDOM)])
def test_a_long_training_is_looked_at_less_often(visit, jobs, looks, per_epoch, seconds):
    owner = f"{socket.gethostname()} 1 1"
    before = jobs.store.create_run(SMALL, "first-steps", owner)
    for number in (1, 2, 3):
        epoch = Epoch(number, 0.5, 1.0, None, None, 0.001, per_epoch)
        jobs.store.add_epoch(before, epoch)
    jobs.store.end_run(before, Status.STOPPED)
    jobs.store.add_epoch(trained(jobs, epochs=0), epoch)
    visit("train")
    assert looks == [pytest.approx(seconds, rel=0.1)]


@pytest.mark.parametrize(("per_epoch", "is_near"), [(1.5, False), (0.4, True)])
def test_a_run_that_is_about_to_end_is_looked_at_soon(visit, jobs, looks, per_epoch, is_near):
    run_id = trained(jobs, epochs=0)
    for number in (1, 2, 3):
        epoch = Epoch(number, 0.5, 1.0, None, None, 0.001, per_epoch)
        jobs.store.add_epoch(run_id, epoch)
    visit("train")
    assert (SOON in looks) == is_near


def one_look():
    """The panel of a run that trains."""
    import streamlit as st

    from pages.ui.train.live import _live

    _live(st.session_state["run"], every=1.0)


def test_one_look_reads_what_it_shows_once(visit, jobs, monkeypatch):
    run_id, asked = trained(jobs, epochs=1), []
    monkeypatch.setattr(jobs, "progress", lambda run_id: asked.append(run_id) or [])
    app = AppTest.from_function(one_look, default_timeout=20)
    app.session_state["run"] = run_id
    assert "epoch 1 of 4" in app.run().get("progress")[0].proto.text
    assert asked == [run_id]


def test_where_news_is_awaited_the_page_starts_over_when_it_comes(jobs):
    app = AppTest.from_function(waiting_for_news, default_timeout=20)
    app.session_state["run"] = trained(jobs, epochs=0)
    app.run()
    assert "starting" in app.get("progress")[0].proto.text
    jobs.store.add_epoch(app.session_state["run"], Epoch(1, 0.5, 1.0, None, None, 0.001, 1.0))
    app.run()
    assert [line.value for line in app.markdown] == ["the page started over"]


def test_the_learning_rate_can_be_changed_and_it_is_said_that_it_was(visit, jobs):
    run_id = trained(jobs)
    app = visit("train")
    app.number_input(key=f"train_rate_{run_id}").set_value(0.0001)
    app.run()
    assert jobs.store.run(run_id).controls.learning_rate == 0.0001
    assert "Learning rate changed: 0.003 → 0.0001" in [c.value for c in app.caption]


def test_under_a_schedule_the_highest_rate_is_asked_for_and_the_present_one_stands_below(
    visit, jobs
):
    run_id = trained(jobs)
    field = f"train_rate_{run_id}"
    app = visit("train")
    assert app.number_input(key=field).label == "New highest learning rate"
    assert "Now 0.001; the highest of the schedule is 0.003." in says(app)
    app.number_input(key=field).set_value(0.002)
    assert "Now 0.001; the highest of the schedule is 0.002." in says(well(app.run()))


def test_a_constant_learning_rate_has_no_highest(visit, jobs):
    run_id = trained(jobs, config=SMALL.replace(learning_rate_schedule="constant"))
    app = visit("train")
    assert app.number_input(key=f"train_rate_{run_id}").label == "New learning rate"
    assert "highest" not in says(app)


def test_a_learning_rate_that_moves_has_a_chart_of_its_own(visit, jobs):
    trained(jobs, config=SMALL.replace(learning_rate_schedule="constant"))
    assert len(live_figures(visit("train"))) == 2
    trained(jobs, config=SMALL)
    jobs.store.end_run(jobs.store.runs()[1].id, Status.INTERRUPTED)
    jobs.store.start_run(jobs.store.runs()[0].id)
    assert len(live_figures(visit("train"))) == 3


def test_a_hint_puts_what_it_suggests_into_the_form(visit, jobs):
    trained(jobs, 4, accuracy=0.1, loss=2.3, config=SMALL.replace(learning_rate=0.5))
    app = visit("train")
    press(app, "Try this")
    assert by_label(app.number_input, "Learning rate").value < 0.5
    assert any("epochs 15 → 4" in caption.value for caption in app.caption)


def test_hints_weigh_chance_by_the_digits_of_the_run_and_speak_without_them_too():
    epochs = [Epoch(number, 0.97, 0.1, 0.95, 0.1, 0.001, 1.0) for number in (1, 2)]
    assert hints_of(SMALL, epochs) == (), "two per cent of 144 digits are chance"
    gone = SMALL.replace(dataset="gone.npz")
    assert [hint.key for hint in hints_of(gone, epochs)] == ["gap"], "on a thousand they are not"


def test_hints_know_the_learning_rate_that_was_set_meanwhile(visit, jobs):
    stuck = {"accuracy": 0.1, "loss": 2.3}
    run_id = trained(jobs, 4, config=SMALL.replace(learning_rate=0.5), **stuck)
    jobs.set_learning_rate(run_id, 0.02)
    app = visit("train")
    assert any("smaller steps: learning_rate 0.002." in line.value for line in app.markdown)
    press(app, "Try this")
    assert by_label(app.number_input, "Learning rate").value == 0.002


def test_a_hint_about_something_else_leaves_the_learning_rate_that_was_set_meanwhile(visit, jobs):
    constant = SMALL.replace(learning_rate_schedule="constant", epochs=3)
    run_id = trained(jobs, 2, config=constant, val_accuracy=0.4, accuracy=0.9)
    jobs.set_learning_rate(run_id, 0.0007)
    app = visit("train")
    press(app, "Try this")
    assert by_label(app.number_input, "Learning rate").value == 0.0007


# After the end


def test_a_paused_run_is_resumed_where_it_ended(visit, jobs):
    run_id = ended(jobs, Status.PAUSED, epochs=2)
    app = visit("train")
    press(app, "Resume from epoch 3")
    assert jobs.store.run(run_id).status is Status.QUEUED
    assert by_label(app.button, "Take out of the queue")


@pytest.mark.parametrize("status", [Status.INTERRUPTED, Status.STOPPED])
def test_a_run_that_did_not_finish_can_be_resumed(visit, jobs, status):
    ended(jobs, status, "the program that trained it ended", epochs=1)
    assert by_label(visit("train").button, "Resume from epoch 2")


def test_a_finished_run_cannot_be_resumed_but_trained_for_longer(visit, jobs):
    run_id = ended(jobs)
    app = visit("train")
    assert not [button for button in app.button if button.label.startswith("Resume")]
    app.number_input(key=f"train_more_{run_id}").set_value(3)
    app.run()
    press(app, "Train 3 more epochs")
    fork = jobs.store.runs()[0]
    assert (fork.parent_id, fork.parent_epoch, fork.config.epochs) == (run_id, 4, 7)


def kept(visit, jobs, val_losses, status=Status.FINISHED, patience=2, planned=4):
    """What is said of a run with these validation losses."""
    config = SMALL.replace(early_stopping_patience=patience, epochs=planned)
    run_id = jobs.submit(config, "first-steps")
    jobs.store.start_run(run_id)
    for number, val_loss in enumerate(val_losses, 1):
        jobs.store.add_epoch(run_id, Epoch(number, 0.5, 1.0, 0.6, val_loss, 0.001, 1.0))
    jobs.store.set_test(run_id, TestResult(0.975, 0.953, 0.987, 0.1, 360))
    jobs.store.end_run(run_id, status)
    return visit("train", train_run=run_id).success[0].value


def test_where_early_stopping_went_back_the_epoch_of_the_model_is_named(visit, jobs):
    sentence = "The model is that of epoch 3, the lowest validation loss."
    assert kept(visit, jobs, [0.9, 0.8, 0.7, 0.75]).endswith(sentence), "all epochs are done"
    early = kept(visit, jobs, [0.9, 0.8, 0.7, 0.75, 0.8], planned=9)
    assert early.endswith(sentence), "stopped early"


@pytest.mark.parametrize(
    ("val_losses", "how"),
    [
        ([0.9, 0.8, 0.7, 0.6], {}),
        ([0.9, 0.8, 0.7, 0.75], {"patience": None}),
        ([0.9, 0.8, 0.7, 0.75], {"status": Status.STOPPED, "planned": 9}),
    ],
    ids=["the last is the best", "no early stopping", "a person stopped it"],
)
def test_elsewhere_the_model_is_that_of_the_last_epoch(visit, jobs, val_losses, how):
    assert "The model is that of" not in kept(visit, jobs, val_losses, **how)


def test_a_run_stopped_within_its_first_epoch_says_so(visit, jobs):
    ended(jobs, Status.STOPPED, epochs=0)
    assert "Stopped before its first epoch was complete" in visit("train").success[0].value


def test_the_slider_goes_back_to_what_was_read_then(visit, jobs):
    app = looking_back(visit, ended(jobs))
    assert any("after epoch 4" in line.value for line in app.markdown)
    app.slider[0].set_value(2)
    app.run()
    lines = [line.value for line in app.markdown]
    assert any("after epoch 2: 4 of 20 right" in line for line in lines)
    assert any(line.startswith("Epoch 2: **50.00 %** of the training digits") for line in lines)
    assert by_label(app.button, "Fork from epoch 2")


def test_the_epochs_of_the_last_run_are_folded_away_until_somebody_asks(visit, jobs):
    ended(jobs)
    assert not visit("train").slider


def fork_chosen(visit, jobs):
    run_id = ended(jobs)
    app = looking_back(visit, run_id)
    app.slider[0].set_value(2)
    app.run()
    press(app, "Fork from epoch 2")
    return app, run_id


def test_a_fork_fills_the_form_and_start_goes_on_from_there(visit, jobs):
    app, run_id = fork_chosen(visit, jobs)
    assert app.info[0].value == f"This will go on from epoch 2 of {run_id}."
    assert by_label(app.number_input, "Epochs").value == 4
    by_label(app.number_input, "Batch size").set_value(64)
    app.run()
    press(app, "Start training")
    fork = jobs.store.runs()[0]
    assert (fork.parent_id, fork.parent_epoch) == (run_id, 2)
    assert fork.config == SMALL.replace(batch_size=64)
    assert not [box for box in app.info if "go on from" in box.value]


def test_a_fork_can_be_given_up(visit, jobs):
    app, _ = fork_chosen(visit, jobs)
    press(app, "Start from the beginning instead")
    press(app, "Start training")
    assert jobs.store.runs()[0].parent_id is None


def test_a_fork_with_another_network_is_refused_in_a_sentence(visit, jobs):
    app, _ = fork_chosen(visit, jobs)
    by_label(app.selectbox, "Start from").select("tutorialspoint")
    app.run()
    assert "a fork keeps its weights" in app.error[0].value
    assert not [button for button in app.button if button.label == "Start training"]


def test_a_fork_of_the_last_epoch_has_epochs_left(visit, jobs):
    app = looking_back(visit, ended(jobs))
    press(app, "Fork from epoch 4")
    assert by_label(app.number_input, "Epochs").value == 9


def test_a_run_that_diverged_keeps_its_last_good_state_and_goes_on_with_smaller_steps(visit, jobs):
    run_id = ended(jobs, Status.FAILED, "the loss became nan in epoch 3: training diverged", 2)
    app = visit("train")
    assert "What it had learned by then is kept: **97.50 %" in app.error[0].value
    press(app, "Fork from epoch 2 with learning_rate 0.0003")
    assert by_label(app.number_input, "Learning rate").value == 0.0003
    press(app, "Start training")
    fork = jobs.store.runs()[0]
    assert (fork.parent_id, fork.parent_epoch) == (run_id, 2)


def test_smaller_steps_are_smaller_than_those_that_made_it_diverge(visit, jobs):
    run_id = trained(jobs, 2)
    jobs.set_learning_rate(run_id, 0.1)
    jobs.store.set_test(run_id, TestResult(0.975, 0.953, 0.987, 0.1, 360))
    jobs.store.end_run(run_id, Status.FAILED, "the loss became nan in epoch 3: training diverged")
    press(visit("train"), "Fork from epoch 2 with learning_rate 0.01")


def test_the_authors_figures_stand_beside_ours_epoch_by_epoch(visit, jobs, monkeypatch):
    author = AuthorFigures(accuracy=(0.91, 0.95), test_accuracy=0.9906)
    preset = dataclasses.replace(PRESETS["first-steps"], author=author)
    monkeypatch.setitem(PRESETS, "first-steps", preset)
    ended(jobs)
    app = visit("train")
    assert "Test accuracy **97.50 %**, the author's 99.06 %." in [m.value for m in app.markdown]
    (table,) = [t.value for t in app.dataframe if "epoch" in t.value]
    assert list(table["accuracy, the author's"])[:2] == [91, 95]
    assert list(table["accuracy"]) == [50] * 4


def test_without_an_authors_figures_there_is_no_comparison(visit, jobs):
    ended(jobs)
    assert not [m for m in visit("train").markdown if "author" in m.value]


# Several runs


def test_a_stopped_run_stays_in_reach_while_the_next_one_trains(visit, jobs):
    stopped, next_run = ended(jobs, Status.STOPPED, epochs=2), trained(jobs, epochs=1)
    app = visit("train")
    assert shown(app, next_run)
    by_label(app.selectbox, "Show run").select(stopped)
    app.run()
    assert shown(app, stopped)
    assert app.success[0].value.startswith("Stopped after 2 of 4 epochs")
    assert any(f"**{next_run}** is training: 1 of 4" in line.value for line in app.markdown)
    press(app, "Watch it")
    assert by_label(app.button, "Pause")


def test_who_stopped_a_run_sees_it_while_it_is_tested_though_the_next_one_trains(
    visit, jobs, monkeypatch
):
    monkeypatch.setattr(jobs, "may_still_test", lambda run: True)
    first, second = trained(jobs), jobs.submit(SMALL)
    app = visit("train", train_run=first)
    jobs.store.end_run(first, Status.STOPPED)
    jobs.store.start_run(second)
    app.run()
    app.query_params.clear()
    app.session_state["train_next_run"] = None
    app.run()
    assert shown(app, first)
    assert "is being stored and tested" in app.get("progress")[0].proto.text


def test_who_saw_a_run_end_goes_on_seeing_it(visit, jobs):
    first, second = trained(jobs), jobs.submit(SMALL)
    app = visit("train")
    jobs.store.end_run(first, Status.PAUSED)
    jobs.store.start_run(second)
    app.run()
    assert shown(app, second), "whoever comes anew follows what trains"
    app.session_state["train_ended"] = first
    app.run()
    assert shown(app, first)


def test_an_unknown_run_in_the_url_is_one_sentence(visit, jobs):
    ended(jobs)
    app = visit("train", train_run="[lost](https://example.org)")
    assert not app.exception
    assert "There is no run" in app.warning[0].value
    assert "](https" not in app.warning[0].value


@pytest.fixture
def sent_to_the_form(visit, monkeypatch):
    """The Train page, for who was sent there by another page with a config for the form."""

    def open_page(config, **before):
        monkeypatch.setattr(st, "switch_page", lambda *page, **query: None)
        there, app = AppTest.from_function(send, default_timeout=20), visit("home")
        for key, value in {"config": config, **before}.items():
            there.session_state[key] = value
        there.run()
        for key in ("train_values", "train_version", "train_preset", "train_run_aside", *before):
            if key in there.session_state:
                app.session_state[key] = there.session_state[key]
        return app.switch_page("pages/train.py").run()

    return open_page


def send():
    """What a button of another page does."""
    import streamlit as st

    from pages.ui.train.forms import open_filled

    open_filled(st.session_state["config"], "first-steps")


def test_who_is_sent_to_the_form_sees_the_form_and_no_run_above_it(jobs, sent_to_the_form):
    last = ended(jobs)
    app = sent_to_the_form(SMALL.replace(batch_size=64))
    assert not app.exception
    assert not app.success
    assert by_label(app.number_input, "Batch size").value == 64
    by_label(app.selectbox, "Show run").select(last).run()
    assert shown(app, last)


def test_what_is_started_from_such_a_form_is_watched(jobs, sent_to_the_form):
    ended(jobs)
    app = sent_to_the_form(SMALL.replace(batch_size=64))
    press(app, "Start training")
    run = jobs.store.runs()[0]
    assert (run.config.batch_size, run.parent_id) == (64, None)
    assert shown(app, run.id)


def test_a_training_that_goes_on_is_one_click_away_from_such_a_form(jobs, sent_to_the_form):
    training = trained(jobs)
    app = sent_to_the_form(SMALL)
    assert any(f"**{training}** is training" in line.value for line in app.markdown)
    press(app, "Watch it")
    assert shown(app, training)


def test_a_form_that_another_page_filled_goes_on_from_no_fork(jobs, sent_to_the_form):
    app = sent_to_the_form(SMALL, train_fork=(ended(jobs), 2))
    assert not app.exception
    assert not [box for box in app.info if "go on from" in box.value]


def test_forks_stand_under_the_run_they_come_from_and_a_click_shows_them(visit, jobs):
    parent = ended(jobs)
    fork = jobs.fork(parent, 2, SMALL)
    jobs.store.end_run(fork, Status.INTERRUPTED, "the program that trained it ended")
    app = visit("train")
    assert any(f"from epoch 2 of {parent}" in line.value for line in app.markdown)
    assert "from epoch 2 · interrupted" in [caption.value for caption in app.caption]
    press(app, parent)
    assert shown(app, parent)


def test_the_family_of_a_run_is_a_tree_with_older_forks_first(jobs):
    root = ended(jobs)
    older, younger = jobs.fork(root, 2, SMALL), jobs.fork(root, 1, SMALL)
    jobs.store.add_artefact(older, "checkpoint-3.npz", b"state")
    grandchild, stranger = jobs.fork(older, 3, SMALL), jobs.submit(SMALL)
    runs = jobs.store.runs()
    (shown,) = [run for run in runs if run.id == younger]
    tree = [(depth, run.id) for depth, run in family(shown, runs)]
    assert tree == [(0, root), (1, older), (2, grandchild), (1, younger)]
    assert stranger not in [run_id for _, run_id in tree]


# What the panels say


def test_a_reading_that_has_changed_names_both():
    now, before = np.eye(10)[[4, 1]], np.eye(10)[[9, 1]]
    captions, words = readings_info(np.array([4, 7]), now, before)
    assert captions == ["9→4", "1"]
    assert words[0] == "a 4, read as 4, over 99 % sure; an epoch before as 9"
    assert readings_info(np.array([4]), now[:1], None)[0] == ["4"]


def test_where_one_has_no_such_epoch_the_cell_beside_the_author_is_empty():
    epochs = [Epoch(1, 0.5, 1.0, None, None, 0.001, 1.0)]
    table = author_table(epochs, AuthorFigures(accuracy=(0.91, 0.95), val_loss=(0.3,)))
    assert table == {
        "epoch": [1, 2],
        "accuracy": [50, None],
        "accuracy, the author's": [91, 95],
        "validation loss": [None, None],
        "validation loss, the author's": [0.3, None],
    }
