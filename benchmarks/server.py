"""The server process: how soon it shows a page, how much memory it takes, what it maps.

    DIGITLAB_DATA_DIR=… python -m benchmarks.server

Starts `streamlit run app.py` several times; in the last one a browser visits every page, draws,
and the process's memory is read. Needs Chromium, and MNIST for the figures to mean what they say.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import ARGUMENTS, CHROMIUM, Server, Visitor, running_server

STARTS = 6
TITLES = ("Draw", "Explore", "Train", "Evaluate", "Home")


def main() -> None:
    """Prints what was measured."""
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        seconds = []
        for start in range(STARTS):
            page = browser.new_page()
            began = time.perf_counter()
            with running_server(Path(folder, str(start))) as server:
                page.goto(server.url)
                page.get_by_role("heading", level=1).wait_for()
                seconds.append(time.perf_counter() - began)
                if start == STARTS - 1:
                    visit_everything(page, server)
                    report_memory(server.process)
            page.close()
        browser.close()
    warm = seconds[1:]
    print(
        f"start to first page: first {seconds[0]:.1f} s, then median "
        f"{statistics.median(warm):.1f} s ({min(warm):.1f}–{max(warm):.1f}, {len(warm)} starts)"
    )


def visit_everything(page: Page, server: Server) -> None:
    """Every page and every tab on it, with a digit drawn on the way."""
    visitor = Visitor(page)
    for title in TITLES:
        visitor.open(f"{server.url}/{title.lower()}")
        if title == "Draw":
            page.locator("canvas").last.wait_for()
            visitor.draw([(75, 70), (205, 70), (130, 225)])
            visitor.expect_answer(7)
        for tab in page.get_by_role("tab").all():
            tab.click()
            visitor.wait_until_idle()


def report_memory(process: subprocess.Popen) -> None:
    """Resident memory now and at its peak, and whether TensorFlow is mapped."""
    info = psutil.Process(process.pid).memory_info()
    status = Path(f"/proc/{process.pid}/status").read_text()
    peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
    maps = Path(f"/proc/{process.pid}/maps").read_text()
    print(f"memory after every page: {info.rss / 2**20:.0f} MB resident, peak {peak:.0f} MB")
    print(f"TensorFlow mapped: {'yes' if 'tensorflow' in maps else 'no'}")


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    sys.exit(main())
