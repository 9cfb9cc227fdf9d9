"""The confusion matrix is a filter: a click on a cell shows its digits."""

import re

import pytest
from playwright.sync_api import expect

WRONG = re.compile(r"^\d+ read wrongly, the surest first")


@pytest.fixture
def mistakes(server, visitor):
    """The mistakes of the shipped recogniser on the digits that need no download."""
    visitor.open(f"{server.url}/evaluate?evaluate_run=pretrained&evaluate_dataset=digits")
    expect(visitor.page.get_by_text(WRONG)).to_be_visible()
    return visitor


def click_cell(page, true, read):
    """Clicks the middle of a cell of the confusion matrix."""
    matrix = page.locator(".js-plotly-plot", has_text="What was read as what")
    box = matrix.locator(".nsewdrag").bounding_box()
    page.mouse.click(
        box["x"] + box["width"] * (read + 0.5) / 10, box["y"] + box["height"] * (true + 0.5) / 10
    )


def most_confused(page):
    """True class, class read and count, as the first of the confused pairs says."""
    words = page.get_by_role("button", name=re.compile("taken for")).first.inner_text()
    true, read, times = re.match(r"(\d) taken for (\d): (\w+)", words).groups()
    return int(true), int(read), {"once": 1, "twice": 2}.get(times) or int(times)


def expect_shown(page, true, read, count):
    """Waits until the gallery, the filter and the address say the same."""
    expect(page.get_by_text(f"{count} read wrongly, the surest first")).to_be_visible()
    expect(page.locator(".grid button")).to_have_count(count)
    first = page.locator(".grid button").first
    expect(first).to_have_attribute("aria-label", re.compile(rf"read as {read} .*is an? {true}"))
    expect(page).to_have_url(re.compile(rf"evaluate_true={true}.*evaluate_read={read}"))


def test_a_click_on_a_cell_shows_its_digits_and_a_second_one_shows_all(mistakes):
    page = mistakes.page
    everything = page.get_by_text(WRONG).inner_text()
    true, read, count = most_confused(page)

    click_cell(page, true, read)
    expect_shown(page, true, read, count)
    mistakes.wait_until_idle()

    click_cell(page, true, read)
    expect(page.get_by_text(everything)).to_be_visible()
    expect(page).not_to_have_url(re.compile("evaluate_true"))
    mistakes.wait_until_idle()

    click_cell(page, true, read)
    expect_shown(page, true, read, count)


def test_a_confused_pair_in_words_does_the_same_and_a_reload_keeps_it(mistakes):
    page = mistakes.page
    true, read, count = most_confused(page)
    page.get_by_role("button", name=re.compile("taken for")).first.click()
    expect_shown(page, true, read, count)
    page.reload()
    expect_shown(page, true, read, count)


def test_a_cell_on_the_diagonal_shows_what_was_read_rightly(mistakes):
    page = mistakes.page
    click_cell(page, 3, 3)
    expect(page.get_by_text(re.compile(r"^\d+ read rightly, the least sure first"))).to_be_visible()
    expect(page).to_have_url(re.compile("evaluate_show=right"))


def test_back_takes_one_click_on_a_cell_back_however_soon_it_was(server, visitor):
    visitor.open(server.url)
    visitor.go_to("Evaluate")
    page = visitor.page
    everything = page.get_by_text(WRONG).inner_text()
    true, read, count = most_confused(page)
    click_cell(page, true, read)
    expect_shown(page, true, read, count)
    visitor.wait_until_idle()
    page.go_back()
    expect(page.get_by_text(everything)).to_be_visible()
    expect(page).to_have_url(re.compile("/evaluate$"))
    page.go_back()
    expect(page.get_by_role("heading", level=1, name="DigitLab")).to_be_visible()


def test_back_does_not_bring_back_what_was_let_go_before_leaving(server, visitor):
    visitor.open(f"{server.url}/evaluate?evaluate_true=4&evaluate_read=9")
    page = visitor.page
    click_cell(page, 4, 9)
    expect(page).to_have_url(re.compile("/evaluate$"))
    visitor.wait_until_idle()
    now = page.evaluate("performance.now()")
    page.wait_for_function("then => performance.now() > then + 600", arg=now)  # no hand is quicker
    visitor.go_to("Runs")
    page.go_back()
    expect(page.get_by_role("heading", level=1, name="Evaluate")).to_be_visible()
    expect(page).to_have_url(re.compile("/evaluate$"))


def test_on_a_telephone_reliability_and_mistakes_fit_the_width(server, visitor):
    page = visitor.page
    page.set_viewport_size({"width": 390, "height": 844})
    for view in ("Mistakes", "Reliability"):
        visitor.open(
            f"{server.url}/evaluate?evaluate_run=pretrained&evaluate_dataset=digits"
            f"&evaluate_view={view}"
        )
        page.locator(".js-plotly-plot").first.wait_for()
        main = page.get_by_test_id("stMain")
        assert main.evaluate("element => element.scrollWidth <= element.clientWidth")
