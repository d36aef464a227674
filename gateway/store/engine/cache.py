"""Messages that were written a moment ago, so that publishing and delivering them need not read them again.

The row and the content of a message never change: a cached message equals a read one.
"""

from __future__ import annotations

import threading

from gateway.core.messages.message import Message

MAX_BYTES = 16 << 20
MAX_MESSAGE_BYTES = 1 << 20


class RecentMessages:
    """The latest messages, with contents of at most MAX_BYTES together. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._messages: dict[str, Message] = {}
        self._bytes = 0

    def add(self, message: Message) -> None:
        """Cache a message whose row is being written. Nobody asks for it unless the row is committed."""
        if len(message.content) > MAX_MESSAGE_BYTES:
            return
        with self._lock:
            self._drop(message.id)
            self._messages[message.id] = message
            self._bytes += len(message.content)
            while self._bytes > MAX_BYTES:
                self._drop(next(iter(self._messages)))

    def get(self, id_: str) -> Message | None:
        """A message, if it is cached."""
        return self._messages.get(id_)

    def take(self, id_: str) -> Message | None:
        """A message, if it is cached, and remove it: it is about to be delivered."""
        with self._lock:
            return self._drop(id_)

    def _drop(self, id_: str) -> Message | None:
        message = self._messages.pop(id_, None)
        if message is not None:
            self._bytes -= len(message.content)
        return message
