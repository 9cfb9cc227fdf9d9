"""Preloaded by a worker that is to train: it imports TensorFlow before its first task comes."""

import gc
import threading
from importlib import import_module


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
        import_module("digitlab.training")
    finally:
        gc.freeze()
        gc.enable()
