"""The navigation's place beside the page."""

import pytest

from pages.ui.frame import SIDEBAR_PIXELS

expect = pytest.importorskip("playwright.sync_api").expect


@pytest.mark.parametrize("path", ["", "draw"])
def test_the_sidebar_is_as_wide_at_a_servers_first_visit_as_later(cold_server, visitor, path):
    server, page = cold_server(), visitor.page
    sidebar = page.get_by_test_id("stSidebar")
    for _ in range(2):
        visitor.open(f"{server.url}/{path}")
        expect(sidebar).to_have_css("width", f"{SIDEBAR_PIXELS}px")
