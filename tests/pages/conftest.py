"""Every page test has a home of its own, and caches that nobody has filled."""

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

import digitlab.jobs

APP = Path(__file__).resolve().parents[2] / "app.py"


@pytest.fixture(scope="session", autouse=True)
def packages_scanned_once() -> Iterator[None]:
    """Every AppTest looks for components in all installed packages, which takes longer than most
    pages; what it finds stays the same."""
    with pytest.MonkeyPatch.context() as patch:
        scan = cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", scan)
        yield


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """DIGITLAB_HOME for one test; what it set to train ends with it."""
    monkeypatch.setenv("DIGITLAB_HOME", str(tmp_path))
    monkeypatch.setattr(digitlab.jobs, "_jobs", None)
    st.cache_data.clear()
    st.cache_resource.clear()
    yield tmp_path
    if digitlab.jobs._jobs is not None:
        digitlab.jobs._jobs.close()


@pytest.fixture
def without_mnist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A computer without MNIST, and without the network."""
    monkeypatch.delenv("DIGITLAB_DATA_DIR", raising=False)
    monkeypatch.setattr("digitlab.sources.mnist._keras_files", lambda: [tmp_path / "mnist.npz"])


@pytest.fixture
def at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """The visitor sits at the server's own computer."""
    monkeypatch.setattr("pages.ui.visitor._is_at_home", lambda: True)


@pytest.fixture
def visit() -> Callable[..., AppTest]:
    """Opens a page through app.py, as a visitor does: `visit("draw", draw_run="pretrained")`."""

    def open_page(name: str, **query: str) -> AppTest:
        app = AppTest.from_file(str(APP), default_timeout=20)
        app.run()
        app.query_params.update(query)
        return app.switch_page(f"pages/{name}.py").run()

    return open_page


def well(app: AppTest) -> AppTest:
    """The page, which shows no error."""
    assert not app.exception
    assert not app.error
    return app


def says(app: AppTest) -> str:
    """What a page says, but for errors and warnings: headings, paragraphs, captions, good news."""
    blocks = (*app.header, *app.subheader, *app.markdown, *app.caption, *app.info, *app.success)
    return "\n".join(block.value for block in blocks)


def by_label(elements: Iterable[Any], label: str) -> Any:
    """The one element of that label."""
    (found,) = [element for element in elements if element.label == label]
    return found
