"""A live training: watched to its end, stopped, reloaded, left and found again."""

import re

import pytest
from playwright.sync_api import expect

TRAINING_SECONDS = 120_000


@pytest.fixture
def trainer(server, visitor):
    """A visitor on the Train page, with the small recipe chosen; leaves no run behind."""
    visitor.open(f"{server.url}/train?train_preset=first-steps")
    yield visitor
    stop = visitor.page.get_by_role("button", name="Stop and keep")
    visitor.open(f"{server.url}/train")
    if stop.is_visible():
        stop.click()
        expect(stop).to_be_hidden(timeout=TRAINING_SECONDS)


def choose_epochs(page, epochs):
    page.get_by_role("tab", name="Optimisation").click()
    field = page.get_by_label("Epochs", exact=True)
    field.fill(str(epochs))
    field.press("Enter")
    page.get_by_text(re.compile(rf"epochs \d+ → {epochs}")).wait_for()


def start(page):
    page.get_by_role("button", name="Start training").click()


def wait_for_epoch(page, epoch, epochs):
    """Waits for an epoch below ten, or a later one: a short epoch may pass between two looks."""
    pattern = re.compile(rf"epoch ([{epoch}-9]|\d\d+) of {epochs}")
    expect(page.get_by_text(pattern)).to_be_visible(timeout=TRAINING_SECONDS)


def test_a_training_is_watched_to_its_end_and_its_mistakes_are_shown(trainer):
    page = trainer.page
    start(page)
    expect(page.get_by_text(re.compile(r"epoch \d+ of 15 · \d+:\d\d left"))).to_be_visible(
        timeout=TRAINING_SECONDS
    )
    expect(page.locator(".js-plotly-plot")).to_have_count(2)
    result = page.get_by_text(re.compile(r"finished after 15 of 15 epochs"))
    expect(result).to_be_visible(timeout=TRAINING_SECONDS)
    words = result.inner_text()
    accuracy = float(re.search(r"([\d.]+) % .* of 360 test digits", words).group(1))
    assert accuracy > 95
    run_id = words.split()[0]
    page.get_by_role("link", name="See its mistakes").click()
    page.get_by_role("heading", level=1, name="Evaluate").wait_for()
    expect(page.get_by_text(f"{run_id} on the 360 test digits of digits")).to_be_visible()


def test_stop_keeps_the_completed_epochs_and_the_model(trainer):
    page = trainer.page
    choose_epochs(page, 500)
    start(page)
    wait_for_epoch(page, 3, 500)
    page.get_by_role("button", name="Stop and keep").click()
    result = page.get_by_text(re.compile(r"stopped after \d+ of 500 epochs"))
    expect(result).to_be_visible(timeout=TRAINING_SECONDS)
    assert int(re.search(r"after (\d+) of", result.inner_text()).group(1)) >= 2
    expect(page.get_by_role("link", name="See its mistakes")).to_be_visible()


def test_a_live_run_is_found_again_after_a_reload_a_visit_elsewhere_and_in_a_second_tab(
    trainer, server
):
    page = trainer.page
    choose_epochs(page, 500)
    start(page)
    wait_for_epoch(page, 2, 500)
    live = page.get_by_text(re.compile(r"epoch \d+ of 500"))
    run_id = live.inner_text().split()[0]

    page.reload()
    expect(live).to_contain_text(run_id)
    expect(page.locator(".js-plotly-plot")).to_have_count(2)

    trainer.go_to("Home")
    expect(page.get_by_text(run_id).first).to_be_visible()
    trainer.go_to("Train")
    expect(live).to_contain_text(run_id)

    second = page.context.new_page()
    second.goto(f"{server.url}/train")
    expect(second.get_by_text(re.compile(r"epoch \d+ of 500"))).to_contain_text(run_id)
    second.get_by_role("button", name="Stop and keep").click()
    expect(live).to_be_hidden(timeout=TRAINING_SECONDS)
    expect(page.get_by_text(re.compile(rf"{run_id}.* stopped after"))).to_be_visible(
        timeout=TRAINING_SECONDS
    )


def test_a_second_training_waits_in_a_visible_queue_and_can_leave_it(trainer):
    page = trainer.page
    choose_epochs(page, 500)
    start(page)
    wait_for_epoch(page, 1, 500)
    page.get_by_role("button", name="Queue this training").click()
    expect(page.get_by_text("Waiting: 1")).to_be_visible()
    page.get_by_role("button", name="Take out").click()
    expect(page.get_by_text("Waiting: 1")).to_be_hidden()
    expect(page.get_by_text(re.compile(r"epoch \d+ of 500"))).to_be_visible()


def test_the_form_keeps_its_values_while_its_visitor_is_elsewhere(trainer):
    page = trainer.page
    choose_epochs(page, 7)
    trainer.go_to("Home")
    trainer.go_to("Train")
    expect(page.get_by_text(re.compile(r"epochs 15 → 7"))).to_be_visible()
    page.get_by_role("button", name="Back to the preset").click()
    expect(page.get_by_text(re.compile(r"epochs 15 → 7"))).to_be_hidden()
