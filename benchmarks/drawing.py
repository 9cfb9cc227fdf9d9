"""How long a drawing waits for its answer: from the pen's lift to the new probabilities.

    python -m benchmarks.drawing

A real server, a real Chromium. Each digit is drawn on an empty canvas; its time is from the mouse
button's release to the first picture of the answer on the screen, as the page itself sees both.
Beside it the server's own part, read from the WebSocket between them: from the browser's message to
the word that the script has finished, and what the page's script took of that by Streamlit's clock;
and the processor time of the whole server, less what it takes at rest. What is left is the canvas
and the browser.
"""

import os
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
from playwright.sync_api import Page, expect, sync_playwright

from benchmarks.wire import Wire
from tests.browser.conftest import ARGUMENTS, CHROMIUM, Visitor, running_server
from tests.browser.test_drawing import DIGITS

ROUNDS = 40
"""Digits drawn, after two that warm up."""

PATIENCE_SECONDS = 30
REST_SECONDS = 5
READ = re.compile(r"I read an? \d|Not a digit")

WATCH = """() => {
    window.lifted = window.answered = 0;
    const said = () => document.querySelector('h2')?.textContent ?? '';
    const before = said();
    addEventListener('mouseup', () => { window.lifted = performance.now(); },
                     {capture: true, once: true});
    new MutationObserver((_, observer) => {
        if (said() !== before) {
            observer.disconnect();
            requestAnimationFrame(() => { window.answered = performance.now(); });
        }
    }).observe(document.body, {subtree: true, childList: true, characterData: true});
}"""
"""Notes when the pen was lifted, and when the next frame with another heading was drawn."""


def main() -> None:
    """Prints medians, 95th percentiles and the longest."""
    os.environ["STREAMLIT_BROWSER_GATHER_USAGE_STATS"] = "true"  # else scripts are not timed
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        wire = Wire.of(page)
        with running_server(Path(folder)) as server:
            visitor = Visitor(page)
            visitor.open(f"{server.url}/draw")
            page.locator("canvas").last.wait_for()
            process = psutil.Process(server.process.pid)
            at_rest = seconds_at_rest(process)
            times = [draw(visitor, wire, d % 10, process, at_rest) for d in range(ROUNDS + 2)][2:]
        browser.close()
    answers, servers, scripts, work = zip(*times, strict=True)
    say("pen up to new probabilities", list(answers))
    say("of which the server", list(servers))
    say("of which the page's script", list(scripts))
    print(f"the server's processor time: {statistics.mean(work):.0f} ms a drawing, on average")


def seconds_at_rest(server: psutil.Process) -> float:
    """Processor time that a server takes in a second in which nobody does anything."""
    before = sum(server.cpu_times()[:2])
    time.sleep(REST_SECONDS)
    return (sum(server.cpu_times()[:2]) - before) / REST_SECONDS


def draw(
    visitor: Visitor, wire: Wire, digit: int, server: psutil.Process, at_rest: float
) -> tuple[float, float, float, float]:
    """Draws a digit in one stroke and clears the canvas.

    Returns:
        Milliseconds in all, of the server, of the page's script, and of processor time.
    """
    page = visitor.page
    visitor.wait_until_idle()
    page.evaluate(WATCH)
    wire.clear()
    before, began = sum(server.cpu_times()[:2]), time.monotonic()
    visitor.draw([point for stroke in DIGITS[digit] for point in stroke])
    page.wait_for_function("window.answered > 0", timeout=1000 * PATIENCE_SECONDS)
    visitor.wait_until_idle()
    work = sum(server.cpu_times()[:2]) - before - at_rest * (time.monotonic() - began)
    total: float = page.evaluate("answered - lifted")
    wire.wait(page)
    answering, script = 1000 * wire.seconds, 1000 * wire.script_seconds
    clear(page)
    return total, answering, script, 1000 * work


def clear(page: Page) -> None:
    """Back to an empty canvas."""
    expect(page.get_by_role("heading", name=READ)).to_be_visible()
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_role("heading", name="Draw a digit")).to_be_visible()


def say(what: str, milliseconds: list[float]) -> None:
    """One line."""
    print(
        f"{what}: median {statistics.median(milliseconds):.0f} ms, 95th percentile "
        f"{np.percentile(milliseconds, 95):.0f} ms, longest {max(milliseconds):.0f} ms "
        f"({len(milliseconds)} digits)",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
