"""A small SMTP next hop that writes each message to a file.

Each recipient gets a file, `<recipient>/NNNN-<subject>.eml`, with the exact bytes received after DATA. Files are
renamed into place, so a file is never seen half written.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import time
import unicodedata
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from gateway.core.mime.headers import HeaderSection, unfold

MAX_SIZE = 64 << 20
"""Bytes of one message: more than the gateway accepts, so that the mailboxes never set the limit."""

_LINE = 1 << 20


@dataclass(frozen=True, slots=True)
class DeliveredCopy:
    """One message in one mailbox.

    `sender` is the envelope sender, `author` the first From address in lower case. `gateway_id` is the gateway's id of
    the message, or "" if it has none.
    """

    recipient: str
    sender: str
    author: str
    subject: str
    message_id: str
    gateway_id: str
    path: Path
    at: float


class Mailboxes:
    """The folder of mailboxes. Messages are numbered per recipient."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._unreported: list[DeliveredCopy] = []
        self._on_delivery: Callable[[DeliveredCopy], None] = self._unreported.append
        self._last: dict[Path, int] = {}  # the last number in each mailbox
        self._writing = asyncio.Lock()

    def report_to(self, on_delivery: Callable[[DeliveredCopy], None]) -> None:
        """Report each delivery from now on, and first those that came before."""
        self._on_delivery = on_delivery
        for copy in self._unreported:
            on_delivery(copy)
        self._unreported.clear()

    async def deliver(self, sender: str, recipients: list[str], content: bytes) -> None:
        """Write the content into each recipient's mailbox, then report it. Raises OSError if writing fails."""
        section = HeaderSection.of(content)
        title, mid, gateway_id = section.subject, section.message_id, _gateway_id(section)
        author = next((mailbox.address.lower() for mailbox in section.mailboxes(("from",))), "")
        async with self._writing:
            paths = [
                await asyncio.to_thread(self._write, self.folder / mailbox_name(recipient), title, content)
                for recipient in recipients
            ]
        now = time.time()
        for recipient, path in zip(recipients, paths, strict=True):
            self._on_delivery(DeliveredCopy(recipient, sender, author, title, mid, gateway_id, path, now))

    def _write(self, box: Path, title: str, content: bytes) -> Path:
        if box not in self._last:
            box.mkdir(parents=True, exist_ok=True)
            numbers = [int(number) for file in box.glob("*.eml") if (number := file.name.partition("-")[0]).isdigit()]
            self._last[box] = max(numbers, default=0)
        path = box / f"{self._last[box] + 1:04d}-{slug(title)}.eml"
        unfinished = box / f".{path.name}"
        unfinished.write_bytes(content)
        os.replace(unfinished, path)
        self._last[box] += 1
        return path

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 aiosmtpd's name
        """Accept one message (aiosmtpd's hook)."""
        content = envelope.content
        sender = envelope.mail_from or ""
        try:
            await self.deliver("" if sender == "<>" else sender, envelope.rcpt_tos, _bytes(content))
        except OSError:
            return "451 4.3.0 The mailbox cannot be written"
        return "250 2.0.0 In the mailbox"


class _MailboxSession(SMTP):
    """One connection, registered with its listener so that closing the listener ends it."""

    line_length_limit = _LINE

    def __init__(self, mailboxes: Mailboxes, hostname: str, sessions: set[_MailboxSession]) -> None:
        super().__init__(
            mailboxes, data_size_limit=MAX_SIZE, enable_SMTPUTF8=True, hostname=hostname, ident="Riverbend mailboxes",
            loop=asyncio.get_running_loop(),
        )  # fmt: skip
        self._sessions = sessions

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Register this session."""
        super().connection_made(transport)
        self._sessions.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        """Unregister this session."""
        self._sessions.discard(self)
        super().connection_lost(error)


@asynccontextmanager
async def serve_mailboxes(mailboxes: Mailboxes, port: int, hostname: str) -> AsyncIterator[str]:
    """Serve the mailboxes on loopback while the context lasts; yields host:port (port 0 chooses a free one)."""
    sessions: set[_MailboxSession] = set()
    server = await asyncio.get_running_loop().create_server(
        lambda: _MailboxSession(mailboxes, hostname, sessions), "127.0.0.1", port
    )
    try:
        host, chosen = server.sockets[0].getsockname()[:2]
        yield f"{host}:{chosen}"
    finally:
        server.close()
        for session in list(sessions):
            if session.transport is not None:
                session.transport.close()
        await server.wait_closed()


def mailbox_name(recipient: str) -> str:
    """The folder name of a recipient's mailbox: the address in lower case, safe as a file name."""
    address = recipient.lower()
    name = re.sub(r"[^a-z0-9_@.+=-]", "_", address).lstrip(".")[:120]
    if name != address:  # a changed name could equal that of another address
        name = f"{name or '_'}-{hashlib.sha256(address.encode()).hexdigest()[:6]}"
    return name


def slug(title: str) -> str:
    """A subject as part of a file name: ASCII letters, digits and hyphens, at most 48 characters."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain)[:48].strip("-") or "no-subject"


def _gateway_id(section: HeaderSection) -> str:
    """The id in the first X-Chaperone-Id field, which holds `id; signature`."""
    raw = next((raw for name, raw in section.fields if name == "x-chaperone-id"), b"")
    return unfold(raw).partition(b";")[0].strip().decode("ascii", "replace") if raw else ""


def _bytes(content: bytes | str | None) -> bytes:
    return content.encode() if isinstance(content, str) else content or b""
