"""Messages that were written a moment ago: whoever publishes or delivers them at once need not read them again.

The row of a message and its content never change, so that a kept one is as good as a read one.
"""

from __future__ import annotations

import threading

from gateway.core.messages.message import Message

MOST_BYTES = 16 << 20
LARGEST = 1 << 20


class RecentMessages:
    """Contents of at most MOST_BYTES, the latest; none of more than LARGEST. For every thread of a process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, Message] = {}
        self._bytes = 0

    def keep(self, message: Message) -> None:
        """Keep a message whose row is being written; nobody asks for it unless that is committed."""
        if len(message.content) > LARGEST:
            return
        with self._lock:
            self._drop(message.id)
            self._kept[message.id] = message
            self._bytes += len(message.content)
            while self._bytes > MOST_BYTES:
                self._drop(next(iter(self._kept)))

    def get(self, id_: str) -> Message | None:
        """A message that is still kept."""
        return self._kept.get(id_)

    def take(self, id_: str) -> Message | None:
        """A message that is still kept, which is on its way out: it is not needed any more."""
        with self._lock:
            return self._drop(id_)

    def _drop(self, id_: str) -> Message | None:
        message = self._kept.pop(id_, None)
        if message is not None:
            self._bytes -= len(message.content)
        return message
