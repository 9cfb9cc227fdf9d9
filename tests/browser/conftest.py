"""A real server and a real Chromium. Nothing sleeps: every wait has a condition."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import pytest

try:
    from playwright.sync_api import Browser, Page, expect, sync_playwright
except ImportError:
    sync_playwright = None

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_SECONDS = 30


def _unavailable(reason: str) -> None:
    """Skips the test; where everything must run, fails it."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@dataclass(frozen=True)
class Server:
    """A running `streamlit run app.py`."""

    url: str
    process: subprocess.Popen
    home: Path


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def _wait_until_healthy(server: Server, log: Path) -> None:
    deadline = monotonic() + PATIENCE_SECONDS
    while monotonic() < deadline and server.process.poll() is None:
        try:
            with urllib.request.urlopen(f"{server.url}/_stcore/health", timeout=1):
                return
        except OSError:
            try:
                server.process.wait(timeout=0.05)
            except subprocess.TimeoutExpired:
                continue
    raise RuntimeError(f"the server did not start:\n{log.read_text()}")


@contextmanager
def running_server(home: Path) -> Iterator[Server]:
    """Starts a fresh server with its own DIGITLAB_HOME, and ends it with all its processes."""
    home.mkdir(parents=True, exist_ok=True)
    port, log = _free_port(), home / "server.log"
    command = [sys.executable, "-m", "streamlit", "run", "app.py"]
    command += ["--server.port", str(port), "--server.headless", "true"]
    command += ["--server.address", "127.0.0.1", "--server.fileWatcherType", "none"]
    environment = os.environ | {"DIGITLAB_HOME": str(home)}
    with log.open("w") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=output, stderr=output, start_new_session=True
        )
    server = Server(f"http://127.0.0.1:{port}", process, home)
    try:
        _wait_until_healthy(server, log)
        yield server
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests that do not need a cold one."""
    with running_server(tmp_path_factory.mktemp("home")) as server:
        yield server


@pytest.fixture
def cold_server(tmp_path: Path) -> Iterator[Callable[[], Server]]:
    """A factory: each call starts a server that nobody has visited."""
    with ExitStack() as stack:
        count = iter(range(100))
        yield lambda: stack.enter_context(running_server(tmp_path / f"home{next(count)}"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, started once."""
    if sync_playwright is None:
        _unavailable("playwright is not installed")
    if not Path(CHROMIUM).exists():
        _unavailable(f"there is no Chromium at {CHROMIUM}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh browser window of 1400×900, on its blank page."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    context.set_default_timeout(PATIENCE_SECONDS * 1000)
    yield context.new_page()
    context.close()


@dataclass(frozen=True)
class Visitor:
    """What a person at the browser does."""

    page: Page

    def open(self, url: str) -> None:
        """Goes to an address and waits until the page is complete."""
        self.page.goto(url)
        self.wait_until_idle()

    def go_to(self, title: str) -> None:
        """Follows a link of the navigation."""
        heading = "DigitLab" if title == "Home" else title
        self.page.get_by_test_id("stSidebarNavLink").filter(has_text=title).click()
        self.page.get_by_role("heading", level=1, name=heading).wait_for()
        self.wait_until_idle()

    def wait_until_idle(self) -> None:
        """Waits until the page has its title and its script rests."""
        self.page.locator("h1").wait_for()
        self.page.locator('[data-test-script-state="notRunning"]').wait_for()

    def draw(self, *strokes: Sequence[tuple[float, float]], steps: int = 8) -> None:
        """Draws strokes with the mouse; points are in the canvas's own 280×280 coordinates."""
        canvas = self.page.locator("canvas").last
        canvas.click(trial=True)  # waits until it rests, and nothing covers it
        corner = canvas.bounding_box()
        assert corner is not None, "the canvas is not visible"
        mouse = self.page.mouse
        for stroke in strokes:
            points = [(corner["x"] + x, corner["y"] + y) for x, y in stroke]
            mouse.move(*points[0])
            mouse.down()
            for point in points[1:]:
                mouse.move(*point, steps=steps)
            mouse.up()

    def expect_answer(self, digit: int) -> None:
        """Waits until the page says 'I read a …' with this digit; fails with what it says else."""
        answer = self.page.get_by_text(re.compile(r"I read an? \d"))
        expect(answer).to_contain_text(re.compile(rf"I read an? {digit}\b"), timeout=10_000)


@pytest.fixture
def visitor(page: Page) -> Visitor:
    """A person at the browser window of `page`."""
    return Visitor(page)
