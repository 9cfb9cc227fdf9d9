"""A live training as its visitor feels it: Start, Stop, and what being watched costs.

    DIGITLAB_DATA_DIR=… python -m benchmarks.live

A real server and a real Chromium, which shares the two cores with the training. Start and Stop are
timed from the click to what the page shows. What watching costs is the epoch seconds of the same
training with the page open beside those with no page open, in turns.
"""

import re
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from digitlab.records import Status
from digitlab.store import Store
from tests.browser.conftest import ARGUMENTS, CHROMIUM, Server, Visitor, running_server

ROUNDS = 5
EPOCHS = 4
"""Of a watched or unwatched training; its first epoch, which builds, does not count."""

PATIENCE = 120_000
FIRST_BATCH = re.compile(r"epoch 1 of")
STOPPED = re.compile(r"^Stopped")
TESTED = re.compile(r"^Stopped (after|before)")


def main() -> None:
    """Prints what was measured."""
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        cold: list[float] = []
        for number in range(ROUNDS):
            with running_server(Path(folder, str(number))) as server:
                page = browser.new_page()
                cold.append(start(page, server))
                stop(page)
                page.close()
        with running_server(Path(folder, "warm")) as server:
            page = browser.new_page()
            start(page, server)
            stop(page)
            times = [(start(page, server), stop(page)) for _ in range(ROUNDS)]
            page.close()
            say("Start to first batch, cold", cold)
            say("Start to first batch, warm worker", [begun for begun, _ in times])
            say("Stop to stopped", [stopped for _, stopped in times])
            pairs = [
                (epoch_seconds(browser.new_page(), server, watch) for watch in (True, False))
                for _ in range(ROUNDS)
            ]
            watched, alone = zip(*pairs, strict=True)
            say("an epoch, watched", list(watched))
            say("an epoch, nobody watches", list(alone))
            ratio = statistics.median(a / b for a, b in zip(watched, alone, strict=True))
            print(f"watched beside alone: {100 * (ratio - 1):+.1f} %")
        browser.close()


def say(what: str, seconds: list[float]) -> None:
    """One line: the median, and the extremes in brackets."""
    print(
        f"{what}: {statistics.median(seconds):.2f} s ({min(seconds):.2f}–{max(seconds):.2f})",
        flush=True,
    )


def start(page: Page, server: Server) -> float:
    """Seconds from the click on Start to the first batch on the screen."""
    Visitor(page).open(f"{server.url}/train?train_preset=tutorialspoint")
    button = page.get_by_role("button", name="Start training")
    expect(button).to_be_enabled(timeout=PATIENCE)
    began = time.perf_counter()
    button.click()
    page.get_by_text(FIRST_BATCH).first.wait_for(timeout=PATIENCE)
    return time.perf_counter() - began


def stop(page: Page) -> float:
    """Seconds from the click on Stop to a run that has stopped, on the screen."""
    button = page.get_by_role("button", name="Stop and keep").first
    began = time.perf_counter()
    button.click()
    page.get_by_text(STOPPED).first.wait_for(timeout=PATIENCE)
    seconds = time.perf_counter() - began
    page.get_by_text(TESTED).first.wait_for(timeout=PATIENCE)  # the worker is free again
    return seconds


def epoch_seconds(page: Page, server: Server, watched: bool) -> float:
    """The median epoch of a training that a page shows, or that its page has left."""
    store = Store(server.home)
    start(page, server)
    run = store.runs()[0]
    if not watched:
        page.goto("about:blank")
    while len(store.epochs(run.id)) < EPOCHS:
        time.sleep(0.5)
    store.wish(run.id, "stop")
    while store.run(run.id).status is not Status.STOPPED or store.run(run.id).test is None:
        time.sleep(0.2)
    page.close()
    return statistics.median(epoch.seconds for epoch in store.epochs(run.id)[1:EPOCHS])


if __name__ == "__main__":
    main()
