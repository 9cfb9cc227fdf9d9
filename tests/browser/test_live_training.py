"""A live training: watched to its end, stopped, reloaded, left and found again."""

import re

import pytest
from playwright.sync_api import expect

from digitlab.store import Store
from tests.browser.test_drawing import SEVEN

TRAINING_SECONDS = 120_000
RUN_LINE = re.compile(r"^Run \S+-\w{4} ")


@pytest.fixture
def trainer(server, visitor):
    """A visitor on the Train page, with the small recipe chosen; leaves no run behind."""
    visitor.open(f"{server.url}/train?train_preset=first-steps")
    yield visitor
    stop = visitor.page.get_by_role("button", name="Stop and keep")
    visitor.open(f"{server.url}/train")
    if any(run.status.is_active for run in Store(server.home).runs()):
        stop.first.click()
        expect(stop).to_have_count(0, timeout=TRAINING_SECONDS)


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


def run_shown(page):
    """The id of the run on the page."""
    return page.get_by_text(RUN_LINE).inner_text().split()[1]


def expect_end(page, words):
    """Waits until the run on the page has ended as the words say, and returns how it did."""
    result = page.get_by_text(re.compile(words))
    expect(result).to_be_visible(timeout=TRAINING_SECONDS)
    return result.inner_text()


def test_a_training_is_paused_resumed_watched_to_its_end_looked_back_at_and_forked(trainer):
    page = trainer.page
    start(page)
    wait_for_epoch(page, 3, 15)
    page.get_by_role("button", name="Pause").click()
    done = int(re.search(r"after (\d+)", expect_end(page, r"Paused after \d+ of 15")).group(1))
    assert 2 <= done < 15
    page.get_by_role("button", name=f"Resume from epoch {done + 1}").click()
    expect(page.get_by_text(re.compile(r"epoch \d+ of 15 · \d+:\d\d left"))).to_be_visible(
        timeout=TRAINING_SECONDS
    )
    expect(page.get_by_role("img", name=" by epoch")).to_have_count(3)
    words = expect_end(page, r"Finished after 15 of 15 epochs")
    assert float(re.search(r"([\d.]+) % .* of 360 test digits", words).group(1)) > 90
    run_id = run_shown(page)

    expect(page.get_by_text("What it reads after epoch 15")).to_be_visible()
    page.get_by_role("slider").press("ArrowLeft")
    expect(page.get_by_text("What it reads after epoch 14")).to_be_visible()
    expect(page.get_by_text(re.compile(r"^Epoch 14: .* of the training digits"))).to_be_visible()

    page.get_by_role("button", name="Fork from epoch 14").click()
    expect(page.get_by_text(f"This will go on from epoch 14 of {run_id}")).to_be_visible()
    start(page)
    expect(page.get_by_text(RUN_LINE)).to_contain_text(f"from epoch 14 of {run_id}")
    page.locator(".st-key-train_progress").wait_for()  # until then, the end of its parent stands
    expect_end(page, r"Finished after 15 of 15 epochs")
    fork_id = run_shown(page)

    page.get_by_role("link", name="See its mistakes").click()
    page.get_by_role("heading", level=1, name="Evaluate").wait_for()
    expect(page.get_by_text(f"{fork_id} on the 360 test digits of digits")).to_be_visible()


def test_a_live_run_is_found_again_after_a_reload_and_a_visit_elsewhere_and_stopped_in_a_second_tab(
    trainer, server
):
    page = trainer.page
    choose_epochs(page, 500)
    start(page)
    wait_for_epoch(page, 3, 500)
    live = page.get_by_text(re.compile(r"epoch \d+ of 500"))
    run_id = run_shown(page)

    page.reload()
    expect(live).to_be_visible(timeout=TRAINING_SECONDS)
    assert run_shown(page) == run_id
    expect(page.get_by_role("img", name=" by epoch")).to_have_count(3)

    trainer.go_to("Home")
    expect(page.get_by_text(run_id).first).to_be_visible()
    trainer.go_to("Train")
    expect(live).to_be_visible(timeout=TRAINING_SECONDS)
    assert run_shown(page) == run_id

    second = page.context.new_page()
    second.goto(f"{server.url}/train")
    expect(second.get_by_text(RUN_LINE)).to_contain_text(run_id)
    second.get_by_role("button", name="Stop and keep").click()
    expect(live).to_be_hidden(timeout=TRAINING_SECONDS)
    for tab in (second, page):
        words = expect_end(tab, r"Stopped after \d+ of 500 epochs")
        assert int(re.search(r"after (\d+) of", words).group(1)) >= 2
        expect(tab.get_by_role("link", name="See its mistakes")).to_be_visible(
            timeout=TRAINING_SECONDS
        )
        assert run_shown(tab) == run_id


@pytest.mark.parametrize("size", [(1280, 720), (390, 844)])
def test_a_button_brings_into_sight_what_it_leads_to(trainer, size):
    page = trainer.page
    page.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
    main, progress = page.get_by_test_id("stMain"), page.locator(".st-key-train_progress")
    choose_epochs(page, 2)
    start_button = page.get_by_role("button", name="Start training")
    start_button.scroll_into_view_if_needed()
    assert main.evaluate("element => element.scrollTop") > 0
    start_button.click()
    expect(progress).to_be_visible(timeout=TRAINING_SECONDS)
    expect(progress).to_be_in_viewport(ratio=1)
    main.evaluate("element => element.scrollTo(0, 300)")

    expect_end(page, "Finished after 2 of 2 epochs")
    assert main.evaluate("element => element.scrollTop") > 0, "it scrolled back by itself"
    page.get_by_role("button", name="Fork from epoch 2").click()
    note = page.get_by_text("This will go on from epoch 2")
    expect(note).to_be_visible(timeout=TRAINING_SECONDS)
    expect(note).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("size", [(1280, 720), (390, 844)])
def test_charts_and_form_stay_as_they_were_when_a_training_begins_and_ends(trainer, size):
    page = trainer.page
    page.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
    choose_epochs(page, 6)
    start(page)
    wait_for_epoch(page, 3, 6)
    expect(page.get_by_role("button", name="Stop and keep")).to_have_count(1)
    live = place_of_first_chart(page)
    expect_end(page, "Finished after 6 of 6 epochs")
    page.locator(".stPlotlyChart").first.wait_for()
    assert place_of_first_chart(page) == pytest.approx(live, abs=2)
    expect(page.get_by_role("tab", name="Optimisation")).to_have_attribute("aria-selected", "true")


def place_of_first_chart(page):
    """Its pixels from the top of the page, and its height."""
    chart = page.locator("figure, .stPlotlyChart").first.bounding_box()
    scrolled = page.get_by_test_id("stMain").evaluate("element => element.scrollTop")
    return chart["y"] + scrolled, chart["height"]


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


def test_a_drawing_is_read_while_a_training_runs(trainer):
    page = trainer.page
    choose_epochs(page, 500)
    start(page)
    wait_for_epoch(page, 2, 500)
    run_id = run_shown(page)
    trainer.go_to("Draw")
    trainer.draw(*SEVEN)
    trainer.expect_answer(7)
    trainer.go_to("Train")
    assert run_shown(page) == run_id
    expect(page.get_by_text(re.compile(r"epoch \d+ of 500"))).to_be_visible()
