"""The first request a server ever gets may be for any page: here for each of them.

`tests/browser/test_deep_links.py` asks real servers for a few. Before each run, AppTest forgets
that there is an `st.navigation`, as if the server had just started; the process is new as well, so
that each page is the first to import what it needs.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pages.ui.frame import FRAMED, REGISTRY

ROOT = Path(__file__).resolve().parents[2]

FIRST_VISIT = f"""
import json, sys
from streamlit.testing.v1 import AppTest
app = AppTest.from_file("{ROOT}/app.py", default_timeout=60).switch_page(sys.argv[1]).run()
wrong = [element.value for element in (*app.exception, *app.error)]
titles = [title.value for title in app.title]
print(json.dumps([wrong, titles, "{FRAMED}" in app.session_state]))
"""


@pytest.mark.parametrize("entry", REGISTRY, ids=lambda entry: entry.name)
def test_a_deep_link_right_after_the_start_shows_the_framed_page(entry, monkeypatch):
    monkeypatch.delenv("DIGITLAB_DATA_DIR", raising=False)  # 70,000 digits take a second
    done = subprocess.run(
        [sys.executable, "-c", FIRST_VISIT, f"pages/{entry.name}.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    title = "DigitLab" if entry.name == "home" else entry.title
    assert json.loads(done.stdout) == [[], [title], True]
