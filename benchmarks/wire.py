"""What goes over the WebSocket between a page and its server, and when."""

import time
from dataclasses import dataclass

from playwright.sync_api import Page, WebSocket
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

PATIENCE_SECONDS = 60


@dataclass
class Wire:
    """What went over the WebSocket since the last `clear`."""

    asked: float = 0.0
    finished: float = 0.0
    size_bytes: int = 0
    script_seconds: float = 0.0
    """What scripts took by Streamlit's clock, where the server gathers usage statistics."""

    @classmethod
    def of(cls, page: Page) -> "Wire":
        """Listens to every socket that a page opens from now on."""
        wire = cls()
        page.on("websocket", wire._listen)
        return wire

    @property
    def seconds(self) -> float:
        """From the first message of the page to the server's last word that a script is done."""
        return self.finished - self.asked

    def clear(self) -> None:
        """Forgets what there was."""
        self.asked = self.finished = 0.0
        self.size_bytes = 0
        self.script_seconds = 0.0

    def wait(self, page: Page) -> None:
        """Waits until the server has finished a script."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self.finished and time.monotonic() < deadline:
            page.wait_for_timeout(5)  # lets the socket's events come in

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framesent", lambda _: self._sent())
        socket.on("framereceived", self._received)

    def _sent(self) -> None:
        self.asked = self.asked or time.perf_counter()

    def _received(self, payload: bytes | str) -> None:
        content = payload if isinstance(payload, bytes) else payload.encode()
        self.size_bytes += len(content)
        message = ForwardMsg.FromString(content)
        self.script_seconds += message.page_profile.exec_time / 1e6
        if message.WhichOneof("type") == "script_finished":
            self.finished = time.perf_counter()
