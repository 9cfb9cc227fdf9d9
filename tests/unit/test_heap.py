"""What stays is looked through for garbage once a minute, what came lately every time."""

import gc
import weakref

import pytest

from pages.ui import heap


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


class Ring:
    """Holds on to itself: only the collector can free it."""

    def __init__(self):
        self.itself = self
        self.freed = weakref.ref(self)


@pytest.fixture
def clock(monkeypatch):
    """The time that the collector's rule goes by; the collector is as it was afterwards."""
    clock = Clock()
    monkeypatch.setattr(heap, "_whole_at", 0.0)
    monkeypatch.setattr(heap.time, "monotonic", clock)
    before = list(gc.callbacks)
    heap.spare_what_stays()
    yield clock
    gc.callbacks[:] = before
    gc.unfreeze()


def test_what_came_since_the_last_collection_is_freed_by_the_next(clock):
    gc.collect()
    freed = Ring().freed
    gc.collect()
    assert freed() is None


def test_what_lived_through_a_collection_is_freed_within_a_minute(clock):
    ring = Ring()
    gc.collect()
    freed = ring.freed
    del ring
    clock.now += 1
    gc.collect()
    assert freed() is not None
    clock.now += heap.WHOLE_SECONDS
    gc.collect()
    assert freed() is None


def test_it_holds_once_however_often_it_is_asked_for(clock):
    heap.spare_what_stays()
    assert gc.callbacks.count(heap._around_collection) == 1
