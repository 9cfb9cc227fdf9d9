"""Several test processes share few processors: each numerical library gets one thread."""

import os

import pytest

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"):
    os.environ.setdefault(name, "1")

LONGEST_FIRST = (
    "test_jobs.py",
    "test_live_training.py",
    "test_training.py",
    "test_drawing.py",
    "test_my_handwriting.py",
    "test_kills.py",
    "test_script.py",
    "test_suspects.py",
    "test_measuring.py",
    "test_embedding_view.py",
    "test_studies.py",
    "test_evaluating.py",
    "test_map.py",
    "test_deep_links.py",
)
"""The files that take longest: one that began last would be waited for by an idle process."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the longest files first; a process takes up one file after another."""
    places = {name: place for place, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: places.get(item.path.name, len(places)))
