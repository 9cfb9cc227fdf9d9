"""What this process has sent to Dask and is not over, and the connection that it went through."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from digitlab.cluster import Connection
from digitlab.worker import TOPIC

IDLE_SECONDS = 600
"""After so long without work the local scheduler and worker end, and give their memory back."""


class Tasks:
    """Sends work to a worker, one that is started on first need, and knows when it is over.

    Args:
        home: where a local worker may keep scratch files.
        scheduler: address of a Dask scheduler; None starts one here on first need.
        restarts: deaths of a local worker that its waiting tasks survive.
        heard: called with each message of a worker.
    """

    def __init__(
        self,
        home: Path,
        scheduler: str | None,
        restarts: int,
        heard: Callable[[dict[str, Any]], None],
    ) -> None:
        self.lock = threading.RLock()
        """Held by whoever looks at what is out and acts upon it."""
        self._home, self._scheduler, self._restarts = home, scheduler, restarts
        self._heard = heard
        self._connection: Connection | None = None
        self._rest: threading.Timer | None = None
        self._futures: dict[str, Any] = {}
        self._done: dict[str, threading.Event] = {}

    def connect(self, trains: bool = True) -> Any:
        """The client of a scheduler that is alive.

        Args:
            trains: whether a worker that is started for it will train.

        Raises:
            InputError: if nobody answers at the scheduler's address, or none starts here in time.
        """
        with self.lock:
            if self._rest is not None:
                self._rest.cancel()
            if self._connection is None or not self._connection.is_alive:
                self.disconnect()
                self._connection = Connection(self._home, self._scheduler, self._restarts, trains)
                self._connection.client.subscribe_topic(TOPIC, lambda event: self._heard(event[1]))
            return self._connection.client

    def send(
        self,
        name: str,
        function: Callable[..., Any],
        *arguments: Any,
        key: str,
        ended: Callable[[Any], None],
        priority: int = 0,
    ) -> None:
        """Sends work; returns at once.

        Args:
            name: by which it is known here.
            key: by which Dask knows it, another one each time.
            ended: called with its future when it is over, before `wait` returns; never for work
                that was let go or sent anew.
            priority: what has a lower one waits for what has a higher one.

        Raises:
            InputError: see `connect`.
        """
        with self.lock:
            future = self.connect().submit(
                function, *arguments, key=key, pure=False, priority=priority
            )
            self._futures[name], self._done[name] = future, threading.Event()
        future.add_done_callback(lambda future: self._ended(name, future, ended))

    def was_sent(self, name: str) -> bool:
        """Whether work of that name was ever sent."""
        return name in self._done

    def is_out(self, name: str) -> bool:
        """Whether it waits or is being done."""
        return name in self._done and not self._done[name].is_set()

    def wait(self, name: str, timeout: float | None = None) -> bool:
        """Waits until work that was sent is over; False if `timeout` seconds were too few."""
        return self._done[name].wait(timeout)

    def let_go(self, name: str) -> None:
        """Forgets work: nobody is told of its end. The worker finds out by itself, if at all."""
        with self.lock:
            if name in self._futures:
                self._put_away(name)

    def disconnect(self) -> None:
        """Ends the connection, and the local worker and scheduler with whatever they do."""
        with self.lock:
            if self._rest is not None:
                self._rest.cancel()
            if self._connection is not None:
                self._connection.close()
            self._connection = None

    def drop_dead_connection(self) -> None:
        """Gives up what a scheduler or worker held that will not come back."""
        with self.lock:
            if self._connection is not None and not self._connection.is_alive:
                self.disconnect()

    def _ended(self, name: str, future: Any, ended: Callable[[Any], None]) -> None:
        """Tells whoever sent it, unless it was let go or sent anew meanwhile."""
        with self.lock:
            if self._futures.get(name) is future:
                try:
                    ended(future)
                finally:
                    self._put_away(name)

    def _put_away(self, name: str) -> None:
        """Forgets what is over; after the last one, the worker may rest."""
        del self._futures[name]
        self._done[name].set()
        if not self._futures:
            self._rest = threading.Timer(IDLE_SECONDS, self._close_if_idle)
            self._rest.daemon = True
            self._rest.start()

    def _close_if_idle(self) -> None:
        with self.lock:
            if not self._futures:
                self.disconnect()
