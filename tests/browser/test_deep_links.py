"""The first request a server ever gets may be for any page."""

import re

import pytest

TITLES = {
    "": "DigitLab",
    "draw": "Draw",
    "explore": "Explore",
    "train": "Train",
    "runs": "Runs",
    "evaluate": "Evaluate",
    "compare": "Compare",
}


@pytest.mark.parametrize("path", TITLES)
def test_a_deep_link_right_after_the_start_shows_the_framed_page(cold_server, visitor, path):
    visitor.open(f"{cold_server().url}/{path}")
    page = visitor.page
    assert page.locator("h1").inner_text() == TITLES[path]
    links = page.get_by_test_id("stSidebarNavLink").all_inner_texts()
    assert [re.sub(r"^\S+\s+", "", link) for link in links] == [
        "Home",
        "Draw",
        "Explore",
        "Train",
        "Runs",
        "Evaluate",
        "Compare",
    ]
    assert page.title() == f"{TITLES[path] if path else 'Home'} · DigitLab"
    assert page.url.partition("?")[0].endswith(f"/{path}")


def test_an_unknown_address_leads_home(cold_server, visitor):
    visitor.open(f"{cold_server().url}/nonsense")
    assert visitor.page.locator("h1").inner_text() == "DigitLab"
