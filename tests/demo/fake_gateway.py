"""A fake gateway for the demo's tests: accepts mail, decides by the subject, delivers to the next hops."""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiosmtplib
from aiosmtpd.smtp import SMTP

from gateway.core.channels.capabilities import MAIL
from gateway.core.messages.delivery import State
from gateway.core.messages.message import sha256_of
from gateway.core.messages.parties import Direction
from gateway.core.messages.verdict import Finding, Span, Verdict
from gateway.core.mime.headers import HeaderSection
from gateway.core.review.views import Backlog, HeldMessage, MessageDetail, RecipientTrace, Trace
from gateway.demo.folder import DOMAINS
from gateway.demo.run import RunningGateway

STAFF, STUDENTS = "riverbend.example", "students.riverbend.example"
TITLES = {"7a": "Sexual or flirtatious content, grooming cues", "8": "Confidential information", "6": "Purpose"}

WITHIN = 60.0
DANA, LIAM = f"dana.okafor@{DOMAINS[0]}", f"liam.whitcomb@{DOMAINS[1]}"

Decide = Callable[[str, str], tuple[str, tuple[Finding, ...]]]
"""From subject and text to action and findings."""


async def until(what: Callable[[], Any]) -> Any:
    """Wait until a condition is true; returns its value."""
    async with asyncio.timeout(WITHIN):
        while not (value := what()):
            await asyncio.sleep(0.01)
        return value


async def send(address: str, sender: str, recipient: str, title: str, **more: str) -> None:
    """Send a mail to a listener. `more`: further fields of its header."""
    host, _, port = address.rpartition(":")
    fields = "".join(f"{name}: {value}\r\n" for name, value in {"Subject": title, **more}.items())
    content = f"From: {sender}\r\n{fields}\r\nhello there, this is a text\r\n".encode()
    await aiosmtplib.send(
        content, sender=sender, recipients=[recipient], hostname=host, port=int(port), start_tls=False
    )


def domain(address: str) -> str:
    return address.rpartition("@")[2].lower()


class FakeGateway:
    """A store with SMTP on both sides; `decide` gives the action for a message in scope."""

    def __init__(self, decide: Decide, hops: Mapping[str, str]) -> None:
        self.decide, self.hops = decide, hops
        self.kept: dict[str, dict[str, Any]] = {}
        self.refuse = ""

    # SMTP

    async def handle_DATA(self, _server: SMTP, _session: Any, envelope: Any) -> str:  # noqa: N802 aiosmtpd's name
        if self.refuse:
            return self.refuse
        sender = "" if envelope.mail_from == "<>" else envelope.mail_from
        pairs = [address for address in envelope.rcpt_tos if self._pair(sender, address)]
        if not pairs:
            await self._out(sender, envelope.rcpt_tos, envelope.content)
            return "250 2.0.0 passed"
        self.take(sender, envelope.rcpt_tos, envelope.content, pairs)
        return "250 2.0.0 accepted"

    def _pair(self, sender: str, recipient: str) -> bool:
        group = recipient.partition("@")[0] in ("biology-2", "track")
        return (domain(sender) == STUDENTS) != (domain(recipient) == STUDENTS or group) and (
            STUDENTS in (domain(sender), domain(recipient)) or group
        )

    def take(self, sender: str, recipients: Sequence[str], content: bytes, pairs: Sequence[str]) -> str:
        id = f"m{len(self.kept) + 1:03d}"
        section = HeaderSection.of(content)
        action, findings = self.decide(section.subject, content.decode("utf-8", "replace"))
        self.kept[id] = {
            "sender": sender, "content": content, "mid": section.message_id, "action": action, "findings": findings,
            "states": {
                address: State.HELD if action == "hold" and address in pairs else State.QUEUED
                for address in recipients
            },
        }  # fmt: skip
        return id

    async def deliver(self) -> None:
        """Deliver what is queued."""
        for id, row in list(self.kept.items()):
            due = [address for address, state in row["states"].items() if state is State.QUEUED]
            if due:
                await self._out(row["sender"], due, f"X-Chaperone-Id: {id}; 00ff\r\n".encode() + row["content"])
                row["states"] |= dict.fromkeys(due, State.SENT)

    async def _out(self, sender: str, recipients: Sequence[str], content: bytes) -> None:
        for recipient in recipients:
            host, _, port = self.hops.get(domain(recipient), self.hops["*"]).rpartition(":")
            await aiosmtplib.send(
                content, sender=sender, recipients=[recipient], hostname=host, port=int(port), start_tls=False
            )

    # the lookup port

    def _trace(self, id: str) -> Trace:
        row = self.kept[id]
        return Trace(
            id, row["mid"], MAIL, Direction.STAFF_TO_STUDENT, row["sender"],
            tuple(RecipientTrace(address, state, 0.0) for address, state in row["states"].items()),
            sha256_of(row["content"]), row["action"], tuple(finding.clause for finding in row["findings"]),
        )  # fmt: skip

    async def trace(self, *, id: str = "", message_id: str = "", address: str = "") -> Sequence[Trace]:
        return [self._trace(key) for key, row in self.kept.items() if key == id or row["mid"] == (message_id or None)]

    async def detail(self, id: str) -> MessageDetail | None:
        if id not in self.kept:
            return None
        row = self.kept[id]
        verdict = Verdict(
            id, sha256_of(row["content"]), "fake", findings=row["findings"], purpose={"scheduling": 0.9}, took_ms=12.0,
            help=0.9 if row["action"] == "alert" else 0.0,
        )  # fmt: skip
        return MessageDetail(self._trace(id), row["content"], MAIL, verdict, "hash")

    async def held(self) -> Sequence[HeldMessage]:
        return [
            HeldMessage(id, MAIL, Direction.STAFF_TO_STUDENT, row["sender"], (), 0.0, None, (), (), "")
            for id, row in self.kept.items()
            if State.HELD in row["states"].values()
        ]

    async def backlog(self) -> Backlog:
        return Backlog()

    async def now(self) -> float:
        return 0.0

    about_now = now

    def release(self, id: str) -> None:
        """Release a held message, as an administrator would."""
        states = self.kept[id]["states"]
        states |= {address: State.QUEUED for address, state in states.items() if state is State.HELD}


def read(config: Path) -> dict[str, Any]:
    return tomllib.loads(config.read_text(encoding="utf-8"))


@asynccontextmanager
async def running_fake(config: Path, decide: Decide) -> AsyncIterator[FakeGateway]:
    """A fake gateway that listens and delivers as the configuration says."""
    settings = read(config)
    fake = FakeGateway(decide, settings["smtp"]["next_hop"])
    loop = asyncio.get_running_loop()
    sessions: set[SMTP] = set()

    def new_session() -> SMTP:
        session = SMTP(fake, loop=loop, hostname="gateway.riverbend.example", enable_SMTPUTF8=True)
        sessions.add(session)
        return session

    host, _, port = settings["smtp"]["listen"][0].rpartition(":")
    server = await loop.create_server(new_session, host, int(port))

    stop = asyncio.Event()

    async def delivering() -> None:
        while not stop.is_set():
            await fake.deliver()
            await asyncio.sleep(0.02)

    task = asyncio.create_task(delivering())
    try:
        yield fake
    finally:
        stop.set()
        server.close()
        for session in sessions:
            if session.transport is not None:
                session.transport.close()
        await server.wait_closed()
        await task


def by_subject(expected: Mapping[str, str]) -> Decide:
    """Decide as expected for the subject; hold unknown subjects with the words "between us"."""

    def decide(title: str, text: str) -> tuple[str, tuple[Finding, ...]]:
        action = expected.get(title, "hold" if "between us" in title else "release")
        if action != "hold":
            return action, ()
        return action, (Finding("7a", 0.97, "lexicon", (Span("subject", 0, len(title)), Span("1", 0, 30))),)

    return decide


def serving(decide: Decide, fakes: list[FakeGateway]) -> Callable[[Path], Any]:
    """A `serve` function for the demo; the fakes that it starts are appended to `fakes`."""

    @asynccontextmanager
    async def serve(config: Path) -> AsyncIterator[RunningGateway]:
        async with running_fake(config, decide) as fake:
            fakes.append(fake)
            yield RunningGateway(fake, TITLES, ("admin", "quiet-river-42"))

    return serve
