"""TLS over a socket that two threads may use at once, one that reads and one that writes.

A session of OpenSSL is for one thread at a time, and a client's `ssl.SSLSocket` is used by two of them as soon as one
waits for bytes: what is written while the reader settles the tickets that come behind a handshake of TLS 1.3 is lost,
or ends the session. Here nobody has the session while it waits for bytes.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
_CHUNK = 1 << 16


class TlsSocket:
    """A connection, once it has shaken hands; `name`: whom a client expects, "" for a server. Raises OSError."""

    def __init__(self, plain: socket.socket, context: ssl.SSLContext, name: str = "") -> None:
        self._plain = plain
        self._came, self._goes = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._came, self._goes, server_side=not name, server_hostname=name or None)
        self._lock = threading.Lock()
        self._waited_for(self._tls.do_handshake)

    def recv(self, most: int) -> bytes:
        """What came; nothing at the end."""
        try:
            return self._waited_for(lambda: self._tls.read(most))
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError):
            return b""

    def sendall(self, content: bytes) -> None:
        """Write all of it."""
        with self._lock:
            self._tls.write(content)
            self._plain.sendall(self._goes.read())

    def settimeout(self, seconds: float | None) -> None:
        """Of what is waited for."""
        self._plain.settimeout(seconds)

    def shutdown(self, how: int) -> None:
        """End the connection without a word."""
        self._plain.shutdown(how)

    def close(self) -> None:
        """Give the socket back."""
        self._plain.close()

    def _waited_for(self, act: Callable[[], T]) -> T:
        while True:
            with self._lock:
                try:
                    return act()
                except ssl.SSLWantReadError:
                    pass
                finally:
                    if self._goes.pending:
                        self._plain.sendall(self._goes.read())
            content = self._plain.recv(_CHUNK)
            if content:
                self._came.write(content)
            else:
                self._came.write_eof()
