"""What a worker imports before its first task, and what it leaves out."""

import subprocess
import sys
import threading

import pytest

from digitlab.ahead import _hidden


def test_a_hidden_package_is_not_there_for_this_thread_and_there_again_afterwards():
    found = []
    sys.modules.pop("wave", None)
    with _hidden(("wave",)):
        with pytest.raises(ModuleNotFoundError, match="wave"):
            __import__("wave")
        other = threading.Thread(target=lambda: found.append(__import__("wave")))
        other.start()
        other.join()
    assert found
    sys.modules.pop("wave")
    assert __import__("wave").__name__ == "wave"


def test_training_is_imported_without_what_keras_only_wraps():
    pytest.importorskip("tensorflow")
    code = (
        "import sys; from digitlab.ahead import UNASKED, _import_training; _import_training();"
        "print('digitlab.training' in sys.modules, sorted(set(UNASKED) & set(sys.modules)));"
        "import sklearn.metrics, pandas"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.split("\n")[0] == "True []"
