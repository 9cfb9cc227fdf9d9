"""Preloaded by a worker that is to train: it imports TensorFlow before its first task comes."""

import gc
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

UNASKED = ("sklearn", "pandas")
"""What Keras imports where it is there, to wrap it or to be given its tables. Nobody here asks for
that, and with SciPy behind it, it takes more than a fifth of the time."""


def dask_setup(_worker: object) -> None:
    """Begins to import what a training needs, which takes some seconds, and returns at once."""
    # What other threads ask for is complete before: no two threads wait for each other's half.
    import_module("digitlab.datasets")
    import_module("digitlab.worker")
    threading.Thread(target=_import_training, name="ahead", daemon=True).start()


def _import_training() -> None:
    """All that is imported stays: looking through it for garbage takes half a second now, and a
    quarter of one before each training."""
    gc.disable()
    try:
        with _hidden(UNASKED):
            import_module("digitlab.training")
    finally:
        gc.freeze()
        gc.enable()


@contextmanager
def _hidden(packages: tuple[str, ...]) -> Iterator[None]:
    """As if these packages were not installed, in this thread, unless they are imported already."""
    finder = _Hiding(packages, threading.get_ident())
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


class _Hiding:
    """What Python asks for a module first."""

    def __init__(self, packages: tuple[str, ...], thread: int) -> None:
        self._packages, self._thread = packages, thread

    def find_spec(self, name: str, _path: object, _target: object = None) -> None:
        """Raises ModuleNotFoundError for a hidden package; else leaves it to the next."""
        if name in self._packages and threading.get_ident() == self._thread:
            raise ModuleNotFoundError(f"{name} is not asked for", name=name)
