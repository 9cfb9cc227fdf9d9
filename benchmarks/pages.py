"""How long the server works on one click in Explore and Evaluate, and what it sends.

    DIGITLAB_DATA_DIR=… python -m benchmarks.pages

A real server with all of MNIST loaded, a real Chromium. Each interaction is made several times;
its time is from the browser's message to the server's word that the script has finished, read from
the WebSocket between them, and its bytes are those of the answer.
"""

import re
import statistics
import sys
import tempfile
from collections.abc import Callable
from itertools import cycle
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from benchmarks.wire import Wire
from tests.browser.conftest import ARGUMENTS, CHROMIUM, Visitor, running_server

ROUNDS = 11
"""Of each interaction; the first, which may fill a cache, is reported beside the others."""


def main() -> None:
    """Prints one row for each interaction."""
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        wire = Wire.of(page)
        with running_server(Path(folder)) as server:
            print("| interaction | first, ms | then, ms: median (highest) | kB sent |")
            print("|---|--:|--:|--:|")
            visitor = Visitor(page)
            visitor.open(f"{server.url}/explore?explore_dataset=mnist&explore_part=all")
            for name, act in explore(page):
                measure(name, act, wire, visitor)
            visitor.open(f"{server.url}/evaluate?evaluate_run=pretrained")
            for name, act in evaluate(page):
                measure(name, act, wire, visitor)
        browser.close()


def measure(name: str, act: Callable[[], None], wire: Wire, visitor: Visitor) -> None:
    """Makes an interaction ROUNDS times and prints its row."""
    seconds, sizes = [], []
    for _ in range(ROUNDS):
        visitor.wait_until_idle()
        wire.clear()
        act()
        wire.wait(visitor.page)
        seconds.append(wire.seconds)
        sizes.append(wire.size_bytes)
    first, *others = (1000 * s for s in seconds)
    print(
        f"| {name} | {first:.0f} | {statistics.median(others):.0f} ({max(others):.0f}) "
        f"| {statistics.median(sizes) / 1000:.0f} |",
        flush=True,
    )


def explore(page: Page) -> list[tuple[str, Callable[[], None]]]:
    """A label, another page, a digit, a digit at random."""
    labels = cycle("3141592653")
    cells = cycle(range(2, 30))
    pages = cycle(["2", "3"])
    return [
        ("Explore: another label", lambda: _pill(page, next(labels))),
        ("Explore: another page", lambda: _page(page, next(pages))),
        ("Explore: pick a digit", lambda: _cell(page, next(cells))),
        (
            "Explore: a digit at random",
            lambda: page.get_by_role("button", name="At random").click(),
        ),
    ]


def evaluate(page: Page) -> list[tuple[str, Callable[[], None]]]:
    """A digit, a cell of the matrix, a switch."""
    cells = cycle([(4, 9), (9, 4), (7, 2), (3, 5)])
    digits = cycle(range(2, 12))
    return [
        ("Evaluate: pick a mistake", lambda: _cell(page, next(digits))),  # before a cell leaves few
        ("Evaluate: a cell of the matrix", lambda: _matrix(page, *next(cells))),
        (
            "Evaluate: counts or per cent",
            lambda: page.get_by_text("Per cent of each row").click(),
        ),
    ]


def _pill(page: Page, label: str) -> None:
    page.get_by_role("radio", name=label, exact=True).first.click()


def _page(page: Page, number: str) -> None:
    page.get_by_role("button", name=re.compile(rf"(page )?{number}$", re.I)).first.click()


def _cell(page: Page, position: int) -> None:
    page.locator(".grid button").nth(position).click()


def _matrix(page: Page, true: int, read: int) -> None:
    """Clicks the cell of the confusion matrix, wherever it is drawn."""
    area = page.locator(".js-plotly-plot .nsewdrag").first.bounding_box()
    assert area is not None
    side = area["width"] / 10, area["height"] / 10
    page.mouse.click(area["x"] + side[0] * (read + 0.5), area["y"] + side[1] * (true + 0.5))


if __name__ == "__main__":
    sys.exit(main())
