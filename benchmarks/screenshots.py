"""Takes the pictures in `docs/`, of the app as it is.

    DIGITLAB_DATA_DIR=… python -m benchmarks.screenshots

Needs Chromium and MNIST.
"""

import re
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.conftest import ARGUMENTS, CHROMIUM, ROOT, Visitor, running_server

SEVEN = [[(105, 145), (195, 145)], [(80, 70), (205, 70), (130, 225)]]  # read as a 7 when whole
SEVERAL_EPOCHS = re.compile(r"epoch [5-9] of")


def main() -> None:
    """Draws, explores, evaluates and trains, and takes a picture of each."""
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        with running_server(Path(folder)) as server:
            visitor = window(browser, "light")
            visitor.open(f"{server.url}/draw")
            visitor.page.locator("canvas").last.wait_for()
            visitor.draw(*SEVEN)
            visitor.expect_answer(7)
            take(visitor.page, "draw")
            visitor.open(f"{server.url}/evaluate")
            visitor.page.get_by_text("The network was").wait_for()
            take(visitor.page, "evaluate")
            visitor.open(f"{server.url}/train?train_preset=first-steps")
            visitor.page.get_by_role("button", name="Start training").click()
            visitor.page.get_by_text(SEVERAL_EPOCHS).wait_for(timeout=120_000)
            take(visitor.page, "train")
            dark = window(browser, "dark")
            dark.open(f"{server.url}/explore")
            dark.page.get_by_text("Pick one").wait_for()
            take(dark.page, "explore-dark")
        browser.close()


def window(browser: Browser, scheme: str) -> Visitor:
    """A window of 1280×860 in the light or the dark theme."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 860},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    return Visitor(context.new_page())


def take(page: Page, name: str) -> None:
    """Writes `docs/name.png` once charts and pictures stand still."""
    page.wait_for_load_state("networkidle")
    page.screenshot(path=ROOT / "docs" / f"{name}.png", animations="disabled")


if __name__ == "__main__":
    main()
