"""A relay between two fake next hops, with a directory and a store in memory, and a scriptable client."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path

from prometheus_client import CollectorRegistry

from gateway.assembly.certificates import Certificates
from gateway.core.contact.calendar import NightHours
from gateway.core.contact.log import ContactLogRow
from gateway.core.messages.delivery import NextHop, State
from gateway.core.messages.message import Message
from gateway.core.messages.parties import Namesakes, Person, Role
from gateway.core.relation.answers import Answered
from gateway.observability.events import EventLog
from gateway.ports.content import ReadHere
from gateway.ports.messages import StoreDown
from gateway.relays.smtp.memory import MemoryBudget
from gateway.relays.smtp.relay import SmtpConfig, SmtpRelay
from gateway.stages.address_sightings import AddressSightings
from gateway.stages.intake import MessageIntake, StartReader
from gateway.transports.smtp.connection import SmtpTimeouts
from gateway.transports.smtp.pool import SmtpPool
from gateway.transports.smtp.transport import SmtpTransport
from tests.transports.smtp.fake_hop import FakeHop, accept_all, fake_hop

TEACHER, PRINCIPAL = "dwhitfield@riverbend.example", "rcastellano@riverbend.example"
AVERY, JORDAN = "alindqvist@students.riverbend.example", "jpacheco@students.riverbend.example"
CLASS, VENDOR, PERSONAL = "algebra@riverbend.example", "vendor@paper.example", "dana.w@home.example"
OURS = b"by gateway.riverbend.example"


class FakeDirectory:
    """A directory in memory."""

    def __init__(self) -> None:
        def one(id_: str, name: str, role: Role, address: str) -> Person:
            return Person(id_, name, frozenset({role}), ("hs",), frozenset(), address)

        teacher = one("t1", "Dana Whitfield", Role.STAFF, TEACHER)
        students = one("s1", "Avery Lindqvist", Role.STUDENT, AVERY), one("s2", "Jordan Pacheco", Role.STUDENT, JORDAN)
        principal = one("p1", "Ruth Castellano", Role.STAFF, PRINCIPAL)
        self.people = {person.address: person for person in (teacher, *students, principal)} | {PERSONAL: teacher}
        self.groups = {CLASS: students}

    def person(self, address: str) -> Person | None:
        return self.people.get(address.lower())

    def members(self, address: str) -> tuple[Person, ...] | None:
        return self.groups.get(address.lower())

    def namesakes(self, display_name: str) -> tuple[Person, ...]:
        return tuple({person.id: person for person in self.people.values() if person.name == display_name}.values())

    def by_id(self, id_: str) -> Person | None:
        return next((person for person in self.people.values() if person.id == id_), None)

    def local_part_namesakes(self, local_part: str) -> Namesakes:
        return Namesakes()

    def unknown_student(self, address: str) -> Person | None:
        return None

    def is_unknown_internal(self, address: str) -> bool:
        return self.is_internal(address) and self.person(address) is None and self.members(address) is None

    def is_refused(self, address: str, person_id: str) -> bool:
        return False

    def is_organization(self, address: str) -> bool:
        return False

    @property
    def reads_guardians(self) -> bool:
        return False

    def is_internal(self, address: str) -> bool:
        return address.lower().endswith(("@riverbend.example", "@students.riverbend.example"))


_READ_HERE = ReadHere()


@dataclass
class MemoryStore:
    """The part of the store that intake needs, in memory."""

    accepted: list[tuple[Message, tuple[ContactLogRow, ...], frozenset[str] | None]] = field(default_factory=list)
    waiting: int = 0
    known: dict[str, dict[str, State]] = field(default_factory=dict)
    down: bool = False
    asked: list[str] = field(default_factory=list)

    @property
    def messages(self) -> list[Message]:
        return [message for message, _, _ in self.accepted]

    async def accept(self, message, contacts=(), due=None, parts=()) -> None:
        self._up("accept")
        self.accepted.append((message, tuple(contacts), None if due is None else frozenset(due)))

    async def waiting_bytes(self) -> int:
        self._up("waiting_bytes")
        return self.waiting

    async def states(self, message_id: str) -> dict[str, State]:
        self._up("states")
        return self.known.get(message_id, {})

    async def get_or_create(self, name: str) -> bytes:
        self._up("get_or_create")
        return name.encode().ljust(32, b"!")

    async def answered(self, message_ids) -> list[Answered]:
        self._up("answered")
        return []

    async def count_students(self, author, students, at, within) -> list[str]:
        self._up("count_students")
        return sorted(students)

    def _up(self, what: str) -> None:
        self.asked.append(what)
        if self.down:
            raise StoreDown


class Policies:
    night = NightHours()


@dataclass
class SmtpClient:
    """One connection to the relay."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def reply(self) -> str:
        lines = []
        while True:
            line = (await asyncio.wait_for(self.reader.readuntil(b"\r\n"), 10)).decode()
            lines.append(line[:-2])
            if line[3:4] != "-":
                return "\n".join(lines)

    async def say(self, line: str | bytes) -> str:
        self.send(line if isinstance(line, bytes) else line.encode("utf-8", "surrogateescape") + b"\r\n")
        return await self.reply()

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def mail(
        self, sender: str, recipients: list[str], content: bytes | None = None, options: str = "", rcpt: str = ""
    ) -> list[str]:
        """Send MAIL, RCPT and, with a content, DATA. Returns all replies."""
        replies = [await self.say(f"MAIL FROM:<{sender}> {options}".strip())]
        replies += [await self.say(f"RCPT TO:<{recipient}> {rcpt}".strip()) for recipient in recipients]
        return replies if content is None else [*replies, *await self.data(content)]

    async def data(self, content: bytes) -> list[str]:
        replies = [await self.say("DATA")]
        if replies[0].startswith("354"):
            replies.append(await self.say(dot_stuffed(content) + b".\r\n"))
        return replies

    async def ended(self) -> bool:
        """Whether the relay closed the connection."""
        return await asyncio.wait_for(self.reader.read(), 10) is not None

    async def start_tls(self) -> None:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        await self.writer.start_tls(context)


@dataclass
class RelayHarness:
    """A running relay with its fakes. `woken` counts the calls that wake publisher and delivery."""

    port: int
    inside: FakeHop
    outside: FakeHop
    store: MemoryStore
    directory: FakeDirectory
    event_log: EventLog
    relay: SmtpRelay
    pool: SmtpPool
    woken: dict[str, int]
    tls_port: int
    certificates: Certificates | None
    clients: list[SmtpClient] = field(default_factory=list)

    async def client(self, hello: str = "EHLO client.example") -> SmtpClient:
        client = await self.connected()
        assert (await client.reply()).startswith("220 gateway.riverbend.example")
        if hello:
            assert (await client.say(hello)).startswith("250")
        return client

    async def connected(self) -> SmtpClient:
        client = SmtpClient(*await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 20))
        self.clients.append(client)
        return client

    def count(self, metric: str, **labels: str) -> float:
        if metric == "smtp_refusals_total":
            labels.setdefault("hop", "")
        return self.event_log.registry.get_sample_value(f"chaperone_{metric}", labels) or 0.0


def listening_socket() -> socket.socket:
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind(("127.0.0.1", 0))
    return made


@asynccontextmanager
async def running_relay(
    inside: Callable[[str], str] = accept_all, outside: Callable[[str], str] = accept_all, *, shadow: bool = False,
    one_hop: bool = False, networks: tuple[str, ...] = (), hop_timeouts: SmtpTimeouts | None = None,
    hop_more: dict | None = None, hop_answers_within: float = 100.0,
    memory: MemoryBudget | None = None, reader: StartReader = _READ_HERE, **config,
) -> AsyncIterator[RelayHarness]:  # fmt: skip
    async with AsyncExitStack() as stack:
        hops = [await stack.enter_async_context(fake_hop(script, **(hop_more or {}))) for script in (inside, outside)]
        if one_hop:
            hops[1] = hops[0]
        store, directory, event_log = MemoryStore(), FakeDirectory(), EventLog(CollectorRegistry())
        pool = await stack.enter_async_context(SmtpPool("gateway.riverbend.example", timeouts=hop_timeouts))
        woken = {"published": 0, "due": 0}
        intake = MessageIntake(
            store, store, directory, event_log, policy=Policies, time_zone=UTC, max_waiting=1000, shadow=shadow,
            wake_publisher=lambda: woken.update(published=woken["published"] + 1),
            wake_delivery=lambda: woken.update(due=woken["due"] + 1), reader=reader,
        )  # fmt: skip
        district = ("riverbend.example", "students.riverbend.example")
        ways = (
            NextHop("mail", hops[0].target, frozenset(district)),
            NextHop("mail", hops[1].target, frozenset(), True),
        )
        usual = {"relay_from": ("127.0.0.0/8",), "hop_timeout": hop_answers_within}
        cert, key = (config.pop(name, "") for name in ("tls_cert", "tls_key"))
        certificates = Certificates(Path(cert), Path(key), "smtp.tls_cert", event_log) if cert else None
        settings = SmtpConfig("gateway.riverbend.example", district, **(usual | config))
        listening, tls_listening = listening_socket(), listening_socket()
        relay = SmtpRelay(
            settings, [listening], directory, intake, ways, pool, SmtpTransport(pool), event_log,
            networks=lambda: networks, clock=lambda: 1_795_534_200.125,
            tls=lambda: certificates.context if certificates else None, tls_sockets=[tls_listening], memory=memory,
            sightings=AddressSightings(store, directory, event_log),
        )  # fmt: skip
        port = listening.getsockname()[1]
        await stack.enter_async_context(relay)
        made = RelayHarness(
            port, hops[0], hops[1], store, directory, event_log, relay, pool, woken, tls_listening.getsockname()[1],
            certificates,
        )  # fmt: skip
        try:
            yield made
        finally:
            for client in made.clients:
                client.writer.transport.abort()


def dot_stuffed(content: bytes) -> bytes:
    """Content as sent over the wire, without the final dot."""
    assert content.endswith(b"\r\n") or not content
    return (b"\r\n" + content).replace(b"\r\n.", b"\r\n..")[2:]


def mail_content(
    sender: str = TEACHER, to: str = VENDOR, subject: str = "Order", text: str = "forty boxes", extra: str = ""
) -> bytes:
    head = f"From: <{sender}>\r\nTo: <{to}>\r\nSubject: {subject}\r\nMessage-ID: <1@client.example>\r\n"
    return f"{head}{extra}\r\n{text}\r\n".encode()


def without_trace(passed: bytes) -> bytes:
    """Passed-through content without its first field, which must be our Received."""
    assert passed.startswith(b"Received: from ")
    lines = passed.split(b"\r\n")
    end = next(at for at, line in enumerate(lines) if at and line[:1] != b"\t")
    assert OURS in b" ".join(lines[:end])
    return b"\r\n".join(lines[end:])


async def wait_until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait until a condition is true."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.002)
