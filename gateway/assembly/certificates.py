"""The certificates of listeners: loaded at start, and again when their files change.

A pair that cannot be used never replaces the one in use. Open connections keep the certificate they began with.
"""

from __future__ import annotations

import asyncio
import hashlib
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from gateway.core.fault import Fault
from gateway.observability.events import EventLog

POLL_INTERVAL = 5.0
"""Seconds between checks of the files."""

_Stamps = tuple[tuple[int, int, int] | None, ...]
"""Modification time, size and inode of both files; None for a file that cannot be read."""


class Certificates:
    """The certificate and key of one listener. `key` names the setting in messages. Raises Fault at the start."""

    def __init__(
        self, cert: Path, private_key: Path, key: str, event_log: EventLog, clock: Callable[[], float] = time.time
    ) -> None:
        self._cert, self._private_key, self._key = cert, private_key, key
        self._event_log, self._clock = event_log, clock
        self._seen = self._tried = self._stamps()
        self._digest = self._read_digest()
        self.context = load_pair(cert, private_key, key)
        self._expires_at = expires_at(cert)

    def listener_context(self) -> ssl.SSLContext:
        """A context for a server that keeps one: every handshake takes the certificate in use."""
        context = load_pair(self._cert, self._private_key, self._key)

        def use_current(connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
            connection.context = self.context

        context.sni_callback = use_current
        return context

    def reload(self, cert: Path | None = None, private_key: Path | None = None) -> bool:
        """Load the pair again, from other files if they are given. False if nothing changed. Raises Fault."""
        cert, private_key = cert or self._cert, private_key or self._private_key
        stamps, digest = self._stamps(cert, private_key), self._read_digest(cert, private_key)
        self._tried = stamps
        if digest == self._digest:
            self._cert, self._private_key = cert, private_key
            return False
        context = load_pair(cert, private_key, self._key)
        ends = expires_at(cert)
        if ends <= self._clock() < self._expires_at:
            raise Fault(f"{self._key}: {cert} expired on {day_of(ends)}; name a certificate that is still valid")
        self.context, self._digest, self._expires_at = context, digest, ends
        self._cert, self._private_key = cert, private_key
        return True

    async def check_files(self) -> None:
        """Reload the pair if its files changed and have been stable since the last check. Logs what was done."""
        stamps = await asyncio.to_thread(self._stamps)
        settled, self._seen = stamps == self._seen, stamps
        if settled and stamps != self._tried:
            await self.reload_and_log()

    async def reload_and_log(self, cert: Path | None = None, private_key: Path | None = None) -> None:
        """Reload the pair and log `reloaded`, or `kept` with the reason."""
        try:
            changed = await asyncio.to_thread(self.reload, cert, private_key)
        except Fault as fault:
            self._event_log.kept(self._key, str(fault))
        else:
            self._event_log.reloaded(self._key, int(changed))

    @asynccontextmanager
    async def watched(self, every: float = POLL_INTERVAL) -> AsyncIterator[None]:
        """Check the files every `every` seconds while entered."""

        async def watch() -> None:
            while True:
                await asyncio.sleep(every)
                await self.check_files()

        watching = asyncio.create_task(watch())
        try:
            yield
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    def _stamps(self, *files: Path) -> _Stamps:
        return tuple(_stamp(file) for file in files or (self._cert, self._private_key))

    def _read_digest(self, *files: Path) -> bytes:
        digest = hashlib.sha256()
        for file in files or (self._cert, self._private_key):
            try:
                digest.update(file.read_bytes() + b"\0")
            except OSError:
                digest.update(b"missing\0")
        return digest.digest()


def load_pair(cert: Path, private_key: Path, key: str) -> ssl.SSLContext:
    """A context for a server with this certificate and key. Raises Fault, which names `key`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    for file, name in ((cert, key), (private_key, key.replace("cert", "key"))):
        try:
            file.read_bytes()
        except OSError as error:
            raise Fault(f"{name}: {file} cannot be read ({error.strerror}); create it, readable by this user") from None
    try:
        context.load_cert_chain(cert, private_key, password=_no_password)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise Fault(f"{key}: {cert} and {private_key} cannot be used ({_why(error)})") from None
    return context


def read_certificate(cert: Path) -> x509.Certificate:
    """The first certificate of a file. Raises Fault."""
    try:
        return x509.load_pem_x509_certificates(cert.read_bytes())[0]
    except (OSError, ValueError) as error:
        raise Fault(f"{cert}: not a certificate in PEM form; write the certificate and its chain") from error


def expires_at(cert: Path) -> float:
    """When a certificate ends, in seconds since the epoch. Raises Fault."""
    return read_certificate(cert).not_valid_after_utc.timestamp()


def day_of(at: float) -> str:
    """A time as a day, UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")


def _why(error: Exception) -> str:
    """Why OpenSSL refuses a pair, in words."""
    reason = getattr(error, "reason", None) or ""
    if reason == "KEY_VALUES_MISMATCH":
        return "the key is not that of the certificate; name the key that the certificate was made with"
    if "PASSWORD" in reason or isinstance(error, _PasswordNeeded):
        return "the key is encrypted; write it without a password"
    return "not a PEM certificate and its key; name a PEM certificate and its key"


class _PasswordNeeded(ValueError):
    """The key is encrypted."""


def _no_password() -> str:
    raise _PasswordNeeded


def _stamp(file: Path) -> tuple[int, int, int] | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
