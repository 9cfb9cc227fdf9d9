"""What a training costs is said before Start, and Start waits for whoever should know better."""

import socket

import pytest
from streamlit.testing.v1 import AppTest

from digitlab.config import ConvBlock, DenseLayer, TrainingConfig
from digitlab.costs import Speed, speed_key
from digitlab.jobs import get_jobs
from digitlab.records import Epoch, Status, TestResult

CONFIG = TrainingConfig(
    dataset="digits",
    conv_blocks=(ConvBlock(4),),
    dense_layers=(DenseLayer(8),),
    batch_size=32,
    epochs=10,
)
BATCHES = 41


@pytest.fixture
def jobs(monkeypatch):
    """Jobs with plenty of memory, whose measurements are only noted, never begun."""
    jobs = get_jobs()
    jobs.measuring = []
    monkeypatch.setattr(jobs, "measure", jobs.measuring.append)
    monkeypatch.setattr(jobs, "is_measuring", lambda config: config in jobs.measuring)
    monkeypatch.setattr(jobs, "free_memory", lambda: 8_000_000_000)
    return jobs


def beside_start():
    """The line, and what it returns."""
    import streamlit as st

    from pages.ui.frame import guard
    from pages.ui.train.cost import show_cost

    with guard():
        done = st.session_state["done"]
        st.button("Start training", disabled=not show_cost(st.session_state["config"], done))


def shown(config=CONFIG, done=0):
    app = AppTest.from_function(beside_start, default_timeout=20)
    app.session_state["config"], app.session_state["done"] = config, done
    app.run()
    assert not app.exception
    return app


def may_start(app):
    (button,) = [button for button in app.button if button.label == "Start training"]
    return not button.disabled


def measured(jobs, seconds_per_epoch, config=CONFIG):
    """As if it had been measured."""
    step = seconds_per_epoch / BATCHES
    jobs.store.keep_speed(
        Speed(speed_key(config, BATCHES), step, 0.0, 0.0, 0.0, 1.0), socket.gethostname()
    )


def test_a_configuration_never_measured_has_a_rough_cost_and_can_be_measured(jobs):
    app = shown()
    (line,) = app.caption
    assert line.value.startswith("About 0.1–0.6 s an epoch, 3–12 s in all · ")
    assert "of memory · 5,546 parameters · 29,824 multiply-adds a digit" in line.value
    assert "a rough guess from multiply-adds" in line.help
    assert may_start(app)
    app.button(key="train_measure").click()
    app.run()
    assert jobs.measuring == [CONFIG]


def test_while_it_is_measured_that_is_said_and_then_the_seconds_are_known(jobs):
    jobs.measuring.append(CONFIG)
    app = shown()
    assert "Measuring: a few steps" in app.caption[1].value
    assert "train_measure" not in [button.key for button in app.button]
    assert may_start(app)
    measured(jobs, 9.0)
    jobs.measuring.clear()
    app.run()
    (line,) = app.caption
    assert line.value.startswith("About 9 s an epoch, 1.5 min in all · ")
    assert "measured on this machine for this very configuration" in line.help
    assert "train_measure" not in [button.key for button in app.button]


def test_a_measurement_waits_for_the_run_that_trains_and_says_so(jobs):
    run_id = jobs.store.create_run(CONFIG, None, "test 1 1")
    jobs.store.start_run(run_id)
    jobs.measuring.append(CONFIG)
    assert f"Measures when {run_id} has trained." in shown().caption[1].value


def test_a_measurement_that_failed_says_why_and_can_be_tried_again(jobs, monkeypatch):
    monkeypatch.setattr(jobs, "measuring_error", lambda config: "no memory: ![x](https://x.org)")
    app = shown()
    (warning,) = app.warning
    assert "Not measured: no memory" in warning.value
    assert "](" not in warning.value
    assert app.button(key="train_measure")


def test_a_run_of_the_same_network_tells_what_it_took(jobs):
    run_id = jobs.store.create_run(CONFIG, None, f"{socket.gethostname()} 1 1.0")
    for number, seconds in ((1, 30.0), (2, 9.0), (3, 9.0)):
        jobs.store.add_epoch(run_id, Epoch(number, 0.9, 0.3, None, None, 0.001, seconds))
    (line,) = shown(CONFIG.replace(seed=7)).caption
    assert line.value.startswith("About 9 s an epoch, ")
    assert f"from run {run_id}, the same network" in line.help


def test_more_than_an_hour_is_to_be_agreed_to_each_time_anew(jobs):
    measured(jobs, 1080.0)
    app = shown()
    (box,) = app.checkbox
    assert box.label == "I know that this takes about 3 h"
    assert not may_start(app)
    box.check()
    app.run()
    assert may_start(app)
    app.session_state["config"] = CONFIG.replace(epochs=20)
    app.run()
    assert app.checkbox[0].label == "I know that this takes about 6 h"
    assert not may_start(app)


def test_more_than_a_day_is_refused_with_what_to_change(jobs):
    measured(jobs, 10_000.0)
    app = shown()
    assert "set epochs to 8 at most" in app.error[0].value
    assert not app.checkbox
    assert not may_start(app)


def test_what_does_not_fit_into_memory_is_refused_with_what_to_change(jobs, monkeypatch):
    monkeypatch.setattr(jobs, "free_memory", lambda: 200_000_000)
    app = shown()
    assert "860 MB of memory, and 200 MB are free: close other programs" in app.error[0].value
    assert not may_start(app)
    assert "train_measure" not in [button.key for button in app.button], "it would not fit either"


def test_a_guess_of_too_many_hours_can_be_held_against_a_measurement(jobs):
    slow = Speed("another network", 1.0, 0.0, 0.0, 0.0, pace=1e6)
    jobs.store.keep_speed(slow, socket.gethostname())
    app = shown()
    assert "24 h is the limit" in app.error[0].value
    assert not may_start(app)
    assert app.button(key="train_measure")


def test_of_a_training_that_goes_on_only_the_rest_is_to_be_agreed_to(jobs):
    measured(jobs, 1080.0)
    app = shown(done=4)
    assert app.caption[0].value.startswith("About 18 min an epoch, 1.8 h from epoch 5 on · ")
    assert app.checkbox[0].label == "I know that this takes about 1.8 h"
    assert not shown(done=8).checkbox


def test_on_a_cluster_elsewhere_nobody_knows_the_memory(jobs, monkeypatch):
    monkeypatch.setattr(jobs, "free_memory", lambda: None)
    assert may_start(shown())


def test_a_network_that_no_run_would_be_taken_for_is_refused_at_once(jobs):
    app = shown(CONFIG.replace(conv_blocks=(), dense_layers=(DenseLayer(4096),) * 5))
    assert "at most 20,000,000 parameters" in app.error[0].value
    assert not may_start(app)
    assert not app.caption


def test_early_stopping_may_end_it_before(jobs):
    early = CONFIG.replace(early_stopping_patience=3)
    assert "Early stopping" in shown(early).caption[0].help
    assert "Early stopping" not in shown().caption[0].help


def ways_on():
    """The buttons under the result of a run."""
    import streamlit as st

    from pages.ui.cache import store
    from pages.ui.train.going_on import show_ways_on

    run = store().run(st.session_state["run"])
    show_ways_on(run, store().epochs(run.id))


def ended(jobs, status, epochs=4):
    """A run of ten epochs that ended after a few, each of 18 minutes."""
    run_id = jobs.store.create_run(CONFIG, None, f"{socket.gethostname()} 1 1.0")
    jobs.store.start_run(run_id)
    for number in range(1, epochs + 1):
        jobs.store.add_epoch(run_id, Epoch(number, 0.9, 0.3, None, None, 0.001, 1080.0))
        jobs.store.add_artefact(run_id, f"checkpoint-{number}.npz", b"state")
    if status is Status.STOPPED:
        jobs.store.set_test(run_id, TestResult(0.975, 0.953, 0.987, 0.1, 360))
    jobs.store.end_run(run_id, status)
    return run_id


def going_on(run_id):
    app = AppTest.from_function(ways_on, default_timeout=20)
    app.session_state["run"] = run_id
    app.run()
    assert not app.exception
    return app


def disabled(app):
    return {button.label: button.disabled for button in app.button}


def test_to_resume_what_takes_hours_is_to_be_agreed_to(jobs):
    app = going_on(ended(jobs, Status.PAUSED))
    assert disabled(app) == {"Resume from epoch 5": True}
    (box,) = app.checkbox
    assert box.label == "I know that resuming it takes about 1.8 h"
    box.check()
    app.run()
    assert disabled(app) == {"Resume from epoch 5": False}


def test_the_last_hour_of_a_run_is_resumed_without_a_question(jobs):
    app = going_on(ended(jobs, Status.PAUSED, epochs=8))
    assert not app.checkbox
    assert disabled(app) == {"Resume from epoch 9": False}


def test_to_train_for_more_hours_is_to_be_agreed_to_for_each_number_of_epochs(jobs, monkeypatch):
    monkeypatch.setattr("pages.ui.train.going_on.page_of", lambda name: "https://example.org")
    run_id = ended(jobs, Status.STOPPED)
    app = going_on(run_id)
    assert [box.label for box in app.checkbox] == [
        "I know that resuming it takes about 1.8 h",
        "I know that training 5 more takes about 1.5 h",
    ]
    app.checkbox[1].check()
    app.run()
    assert disabled(app) == {"Resume from epoch 5": True, "Train 5 more epochs": False}
    app.number_input(key=f"train_more_{run_id}").set_value(100)
    app.run()
    assert disabled(app)["Train 100 more epochs"]
    (error,) = app.error
    assert error.value.startswith("Training 100 more: this training would run for about 30 h")
    assert "set epochs to 84 at most" in error.value


def test_what_does_not_fit_into_memory_any_more_is_not_resumed(jobs, monkeypatch):
    monkeypatch.setattr(jobs, "free_memory", lambda: 200_000_000)
    app = going_on(ended(jobs, Status.INTERRUPTED, epochs=9))
    assert app.error[0].value.startswith("Resuming it: this training would need about 860 MB")
    assert disabled(app) == {"Resume from epoch 10": True}
