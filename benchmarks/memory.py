"""The memory of the server process while a visitor brings a table of 70,000 digits.

    DIGITLAB_DATA_DIR=… python -m benchmarks.memory

A real server and a real Chromium: MNIST is opened, the same digits come as a CSV of 128 MB, are
evaluated, and taken away. Needs Chromium and MNIST.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from playwright.sync_api import Page, sync_playwright

from benchmarks.datasets import write_tables
from tests.browser.conftest import ARGUMENTS, CHROMIUM, Server, Visitor, running_server

PATIENCE = 120_000


def main() -> None:
    """Prints one Markdown table: resident memory after each step, and at its peak within it."""
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        table, _ = write_tables(Path(folder))
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        with running_server(Path(folder, "home")) as server:
            page = browser.new_page()
            page.set_default_timeout(PATIENCE)
            print("| step | MB after it | MB at its peak |\n|---|--:|--:|")
            walk(page, server, table)
        browser.close()


def walk(page: Page, server: Server, table: Path) -> None:
    """What the visitor does, step by step."""
    visitor = Visitor(page)
    with measured("the home page", server):
        visitor.open(server.url)
    with measured("MNIST explored", server):
        visitor.open(f"{server.url}/explore?explore_dataset=mnist")
    with measured(f"a table of {table.stat().st_size / 1e6:.0f} MB added", server):
        page.get_by_role("button", name="Add your own").click()
        page.locator("input[type=file]").set_input_files(table)
        page.get_by_text("70,000 digits, 0–9").first.wait_for()
        visitor.wait_until_idle()
    with measured("evaluated", server):
        visitor.go_to("Evaluate")
        page.get_by_role("combobox", name="On the test digits of").click()
        page.get_by_role("option", name=table.name).click()
        page.get_by_text(f"test digits of {table.name}").wait_for()
        visitor.wait_until_idle()
    with measured("removed", server):
        visitor.go_to("Explore")
        page.get_by_role("button", name="Add your own").click()
        page.get_by_role("button", name="Remove").click()
        page.get_by_role("button", name="Remove").wait_for(state="detached")
        visitor.wait_until_idle()


@contextmanager
def measured(step: str, server: Server) -> Iterator[None]:
    """Prints what the server holds after a step, and what it held at most within it."""
    pid = server.process.pid
    Path(f"/proc/{pid}/clear_refs").write_text("5")  # the peak is counted anew
    yield
    status = Path(f"/proc/{pid}/status").read_text()
    peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
    print(f"| {step} | {psutil.Process(pid).memory_info().rss / 2**20:.0f} | {peak:.0f} |")


if __name__ == "__main__":
    main()
