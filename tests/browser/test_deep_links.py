"""The first request a server ever gets may be for a page, or for nothing that there is.

`tests/pages/test_first_visit.py` tries every page, without a browser.
"""

import re

import pytest

TITLES = {"draw": "Draw", "evaluate": "Evaluate"}


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
    assert page.title() == f"{TITLES[path]} · DigitLab"
    assert page.url.partition("?")[0].endswith(f"/{path}")


def test_an_unknown_address_leads_home(cold_server, visitor):
    visitor.open(f"{cold_server().url}/nonsense")
    assert visitor.page.locator("h1").inner_text() == "DigitLab"
    assert visitor.page.title() == "Home · DigitLab"
