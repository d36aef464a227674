"""Mailboxes: a small SMTP next hop that writes each message it gets as a file one can open.

One file per recipient, `<recipient>/NNNN-<subject>.eml`, with the exact bytes that came after DATA. A file appears
under its name only when it is whole.
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

from gateway.core.mime.headers import addresses, fields, header_section, message_id, subject, unfolded

MAX_SIZE = 64 << 20
"""Bytes of one message; more than the gateway takes, so that the mailboxes never are the bound."""

_LINE = 1 << 20


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message in one mailbox.

    `sender` is that of the envelope, `author` the first address of From in lower case; `gateway_id` is the gateway's id
    of the message, "" where it bears none.
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
    """The folder of mailboxes: files messages, numbered per recipient."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._early: list[Arrival] = []
        self._on_arrival: Callable[[Arrival], None] = self._early.append
        self._last: dict[Path, int] = {}  # the last number of each box
        self._filing = asyncio.Lock()

    def tell(self, on_arrival: Callable[[Arrival], None]) -> None:
        """Say each arrival from now on, and those that came before anybody listened."""
        self._on_arrival = on_arrival
        for arrival in self._early:
            on_arrival(arrival)
        self._early.clear()

    async def file(self, sender: str, recipients: list[str], content: bytes) -> None:
        """Write the content into each recipient's mailbox, then say so. Raises OSError when it cannot be written."""
        section = header_section(content)
        title, mid, gateway_id = subject(section), message_id(section), _gateway_id(section)
        author = next((each.address.lower() for each in addresses(section, ("from",))), "")
        async with self._filing:
            paths = [
                await asyncio.to_thread(self._write, self.folder / box_of(each), title, content) for each in recipients
            ]
        now = time.time()
        for recipient, path in zip(recipients, paths, strict=True):
            self._on_arrival(Arrival(recipient, sender, author, title, mid, gateway_id, path, now))

    def _write(self, box: Path, title: str, content: bytes) -> Path:
        if box not in self._last:
            box.mkdir(parents=True, exist_ok=True)
            numbers = [int(number) for each in box.glob("*.eml") if (number := each.name.partition("-")[0]).isdigit()]
            self._last[box] = max(numbers, default=0)
        path = box / f"{self._last[box] + 1:04d}-{slug(title)}.eml"
        unfinished = box / f".{path.name}"
        unfinished.write_bytes(content)
        os.replace(unfinished, path)
        self._last[box] += 1
        return path

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 aiosmtpd's name
        """Take one message (aiosmtpd's hook)."""
        content = envelope.content
        sender = envelope.mail_from or ""
        try:
            await self.file("" if sender == "<>" else sender, envelope.rcpt_tos, _bytes(content))
        except OSError:
            return "451 4.3.0 The mailbox cannot be written"
        return "250 2.0.0 In the mailbox"


class _Server(SMTP):
    """One connection; known to its listener, so that closing the listener ends it."""

    line_length_limit = _LINE

    def __init__(self, mailboxes: Mailboxes, hostname: str, open_ones: set[_Server]) -> None:
        super().__init__(
            mailboxes, data_size_limit=MAX_SIZE, enable_SMTPUTF8=True, hostname=hostname, ident="Riverbend mailboxes",
            loop=asyncio.get_running_loop(),
        )  # fmt: skip
        self._open_ones = open_ones

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Join the listener's connections."""
        super().connection_made(transport)
        self._open_ones.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        """Leave them."""
        self._open_ones.discard(self)
        super().connection_lost(error)


@asynccontextmanager
async def listening(mailboxes: Mailboxes, port: int, hostname: str) -> AsyncIterator[str]:
    """Serve the mailboxes on loopback while the context lasts; yields host:port, the port chosen where `port` is 0."""
    open_ones: set[_Server] = set()
    server = await asyncio.get_running_loop().create_server(
        lambda: _Server(mailboxes, hostname, open_ones), "127.0.0.1", port
    )
    try:
        host, chosen = server.sockets[0].getsockname()[:2]
        yield f"{host}:{chosen}"
    finally:
        server.close()
        for each in list(open_ones):
            if each.transport is not None:
                each.transport.close()
        await server.wait_closed()


def box_of(recipient: str) -> str:
    """The folder name of a recipient's mailbox: the address in lower case, safe as a name."""
    address = recipient.lower()
    name = re.sub(r"[^a-z0-9_@.+=-]", "_", address).lstrip(".")[:120]
    if name != address:  # what was changed could meet another address: keep them apart
        name = f"{name or '_'}-{hashlib.sha256(address.encode()).hexdigest()[:6]}"
    return name


def slug(title: str) -> str:
    """A subject as the middle of a file name: ASCII letters and digits, at most 48."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain)[:48].strip("-") or "no-subject"


def _gateway_id(section: bytes) -> str:
    """The id in the first X-Chaperone-Id, which is `id; signature`."""
    raw = next((raw for name, raw in fields(section) if name == "x-chaperone-id"), b"")
    return unfolded(raw).partition(b";")[0].strip().decode("ascii", "replace") if raw else ""


def _bytes(content: bytes | str | None) -> bytes:
    return content.encode() if isinstance(content, str) else content or b""
