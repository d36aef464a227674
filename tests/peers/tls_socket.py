"""A TLS socket that one thread may read while another writes.

An OpenSSL session must be used by one thread at a time. An `ssl.SSLSocket` breaks that rule while one thread waits in
`recv`: data written while the reader processes TLS 1.3 session tickets is lost or ends the session. Here no thread
holds the session while it waits for bytes.
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
    """A connection after its handshake. `name`: the server name a client expects, "" for a server. Raises OSError."""

    def __init__(self, plain: socket.socket, context: ssl.SSLContext, name: str = "") -> None:
        self._plain = plain
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=not name, server_hostname=name or None)
        self._lock = threading.Lock()
        self._run(self._tls.do_handshake)

    def recv(self, size: int) -> bytes:
        """Received bytes; empty at the end of the stream."""
        try:
            return self._run(lambda: self._tls.read(size))
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError):
            return b""

    def sendall(self, content: bytes) -> None:
        """Write all of it."""
        with self._lock:
            self._tls.write(content)
            self._plain.sendall(self._outgoing.read())

    def settimeout(self, seconds: float | None) -> None:
        """Set the timeout of reads."""
        self._plain.settimeout(seconds)

    def shutdown(self, how: int) -> None:
        """Shut the connection down without a TLS close."""
        self._plain.shutdown(how)

    def close(self) -> None:
        """Close the socket."""
        self._plain.close()

    def _run(self, act: Callable[[], T]) -> T:
        while True:
            with self._lock:
                try:
                    return act()
                except ssl.SSLWantReadError:
                    pass
                finally:
                    if self._outgoing.pending:
                        self._plain.sendall(self._outgoing.read())
            content = self._plain.recv(_CHUNK)
            if content:
                self._incoming.write(content)
            else:
                self._incoming.write_eof()
