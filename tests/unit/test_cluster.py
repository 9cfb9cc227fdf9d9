"""The address of a scheduler comes from the process that was started for it, or an error does."""

import subprocess
import sys

import pytest

from digitlab import cluster
from digitlab.errors import InputError


def keeper(code):
    """A process in the place of the keeper."""
    command = [sys.executable, "-S", "-c", code]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_the_first_line_is_the_address():
    process = keeper("print('tcp://127.0.0.1:1', flush=True)")
    assert cluster._first_line(process) == "tcp://127.0.0.1:1"
    process.wait()


def test_a_keeper_that_says_nothing_is_given_up(monkeypatch):
    monkeypatch.setattr(cluster, "STARTING_SECONDS", 0.1)
    process = keeper("import time; time.sleep(600)")
    with pytest.raises(InputError, match=r"must start within 0\.1 s, and did not"):
        cluster._first_line(process)
    assert process.returncode is not None


def test_a_keeper_that_ends_at_once_is_no_fault_of_the_visitor():
    with pytest.raises(RuntimeError, match="ended with 3"):
        cluster._first_line(keeper("raise SystemExit(3)"))
