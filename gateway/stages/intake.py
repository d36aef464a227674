"""Intake: a message in scope is stored. From then on the gateway is responsible for it.

It works the same for every channel: a relay passes envelope, content and relation, and answers its peer only after the
message is stored.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from datetime import tzinfo
from functools import partial
from typing import Protocol, TypeVar

from gateway.core.channels.registry import capabilities_of, header_section_of
from gateway.core.channels.smpp_message import SmsPart
from gateway.core.contact.log import ContactLogRow, contact_log_rows
from gateway.core.messages.addresses import canonical_address
from gateway.core.messages.delivery import State
from gateway.core.messages.message import Envelope, Message, new_id, sha256_of
from gateway.core.messages.parties import Directory, Relation
from gateway.core.messages.refusal import store_full, unavailable
from gateway.core.mime.excerpt import EXCERPT_BYTES
from gateway.core.mime.headers import HeaderSection
from gateway.core.mime.seal import remove_seals, trace_and_seal, verify_seal
from gateway.core.policy.policy import Policy
from gateway.observability.events import EventLog
from gateway.ports.content import ReadHere
from gateway.ports.maintenance import SecretStore
from gateway.ports.messages import IntakeStore as IntakeStore
from gateway.ports.messages import StoreDown, StoreFull

T = TypeVar("T")
_READ_HERE = ReadHere()
_LARGE = 1 << 15
"""Bytes from which content is hashed in a thread, so that the event loop is not blocked."""
_MANY_PAIRS = 200  # from which their rows are made in a thread


def _no_fields(_: str) -> bytes:
    return b""


def _do_nothing() -> None:
    return None


class StartReader(Protocol):
    """Reads the start of contents. See gateway.ports.content.ContentParser."""

    async def excerpt(self, channel: str, content: bytes) -> str:
        """The start of the new text."""

    async def signed_names(self, channel: str, content: bytes) -> Sequence[str]:
        """The names that the text may be signed with."""


class MessageIntake:
    """Stores the messages that relays receive.

    `wake_publisher` and `wake_delivery` wake those stages in another process; within a process the store does it.
    `max_waiting`: bytes of undecided and queued content above which nothing is accepted. In `shadow` mode every
    recipient is due at once. `reader` reads the start of the text; that of a serving process is another process.
    """

    def __init__(
        self, store: IntakeStore, secrets: SecretStore, directory: Directory, event_log: EventLog, *,
        policy: Callable[[], Policy], time_zone: tzinfo, max_waiting: int, shadow: bool,
        wake_publisher: Callable[[], None] = _do_nothing, wake_delivery: Callable[[], None] = _do_nothing,
        reader: StartReader = _READ_HERE,
    ) -> None:  # fmt: skip
        self._store, self._secrets, self._directory, self._event_log = store, secrets, directory, event_log
        self._policy, self._time_zone = policy, time_zone
        self._max_waiting, self._shadow = max_waiting, shadow
        self._wake_publisher, self._wake_delivery = wake_publisher, wake_delivery
        self._reader = reader
        self._cached_key = b""

    async def check_room(self) -> None:
        """Raise Refused if the store is full or down."""
        try:
            waiting = await self._store.waiting_bytes()
        except StoreDown:
            raise self._down() from None
        if waiting >= self._max_waiting:
            raise store_full()

    async def take(
        self, channel: str, envelope: Envelope, content: bytes, relation: Relation, now: float, *,
        section: HeaderSection | None = None, fields: Callable[[str], bytes] = _no_fields, tls: bool = False,
        name: str = "", known_as: str = "", parts: Sequence[SmsPart] = (),
    ) -> str:  # fmt: skip
        """Store a message. Returns its id. Raises Refused.

        `content` has only CRLF line endings; `section` is its header section if it was parsed already; `fields`
        returns the trace fields for an id. `name`: an id derived from the message, so that the same message twice is
        stored once. `known_as`: the id of a text message elsewhere; `parts`: its PDUs if it came over SMPP.

        Every X-Chaperone-Id in an incoming mail is forged, and is removed before the sha256 is computed. Ours is added
        in front, with the trace fields.
        """
        await self.check_room()
        try:
            key = await self._key() if capabilities_of(channel).has_header_section else b""
        except StoreDown:
            raise self._down() from None
        name = name or new_id(now, os.urandom(10))
        excerpt_of_text = await self._reader.excerpt(channel, content[:EXCERPT_BYTES])

        def build() -> Message:
            header, ours = header_section_of(content, channel) if section is None else section, content
            prefix = fields(name)
            if key:
                header, ours = remove_seals(header, content)
                prefix = trace_and_seal(key, name, envelope.sender, prefix, header, ours)
            return _message(
                name, channel, envelope, header, ours, relation, now, prefix, excerpt_of_text, tls, known_as
            )

        message = await _in_thread_if_large(content, build)
        addresses = [recipient.address for recipient in envelope.recipients]
        make_rows = partial(
            contact_log_rows, relation, addresses, now, self._time_zone, self._policy().night,
            sender=envelope.sender, channel=channel, text=message.excerpt, subject=message.subject,
        )  # fmt: skip
        rows = make_rows() if len(relation.pairs) < _MANY_PAIRS else await asyncio.to_thread(make_rows)
        paired = {pair.recipient for pair in relation.pairs}
        due = addresses if self._shadow else [address for address in addresses if address not in paired]
        await self._accept(message, due, rows, parts)
        return name

    async def signed_names(self, channel: str, start: bytes) -> Sequence[str]:
        """The names that a text may be signed with, by the first EXCERPT_BYTES of its content."""
        return await self._reader.signed_names(channel, start[:EXCERPT_BYTES])

    async def has_message(self, name: str) -> bool:
        """Whether a message with this id is stored already. Raises Refused if the store is down."""
        try:
            return bool(await self._store.states(name))
        except StoreDown:
            raise self._down() from None

    async def forward(
        self, channel: str, envelope: Envelope, content: bytes, now: float, *,
        section: HeaderSection | None = None, fields: Callable[[str], bytes] = _no_fields, tls: bool = False,
        name: str = "",
    ) -> str:  # fmt: skip
        """Store a message that was decided before: every recipient is due, and it gets no second verdict.

        Its content is unchanged, including X-Chaperone-Id. `section` and `name` as in `take`. Raises Refused.
        """
        name = name or new_id(now, os.urandom(10))
        prefix = fields(name)
        excerpt_of_text = await self._reader.excerpt(channel, content[:EXCERPT_BYTES])

        def build() -> Message:
            header = header_section_of(content, channel) if section is None else section
            return _message(name, channel, envelope, header, content, Relation(), now, prefix, excerpt_of_text, tls)

        message = await _in_thread_if_large(content, build)
        await self._accept(message, [recipient.address for recipient in envelope.recipients], ())
        return name

    async def released_as(
        self, sender: str, section: HeaderSection, content: bytes, recipients: Sequence[str]
    ) -> str | None:
        """The id under which content with our seal was released to all these recipients; None for a new message.

        See docs/architecture.md, Second pass. `sender` is the envelope sender.

        A recipient counts if it is queued or sent, if it is another district address of such a person, or the district
        address of a member of such a group. Raises Refused if the store is down.
        """
        if b"chaperone-id" not in section.raw[: 1 << 20].lower():
            return None
        try:
            key = await self._key()
            name = await _in_thread_if_large(content, lambda: verify_seal(key, sender, section, content))
            states = {} if name is None else await self._store.states(name)
        except StoreDown:
            raise self._down() from None
        released = [address for address, state in states.items() if state in (State.QUEUED, State.SENT)]
        same = {canonical_address(address) for address in released}
        if not released or not all(
            canonical_address(recipient) in same or self._is_behind(recipient, released) for recipient in recipients
        ):
            return None
        return name

    def _is_behind(self, recipient: str, released: Sequence[str]) -> bool:
        """Whether a recipient is a person that the message was released to at an alias or as a group member."""
        directory = self._directory
        person = directory.person(recipient) if directory.is_internal(recipient) else None
        if person is None:
            return False
        for address in released:
            members = directory.members(address)
            if members is None and directory.is_internal(address) and (own := directory.person(address)) is not None:
                members = (own,)
            if any(member.id == person.id for member in members or ()):
                return True
        return False

    async def _key(self) -> bytes:
        if not self._cached_key:
            self._cached_key = await self._secrets.get_or_create("seal")
        return self._cached_key

    async def _accept(
        self, message: Message, due: Sequence[str], rows: Sequence[ContactLogRow], parts: Sequence[SmsPart] = ()
    ) -> None:
        try:
            await self._store.accept(message, rows, due, parts)
        except StoreFull:
            self._down()
            raise store_full() from None
        except StoreDown:
            raise self._down() from None
        directions = {pair.direction for pair in message.relation.pairs}
        self._event_log.accepted(message.id, message.channel, directions, len(message.content))
        if message.relation:
            self._wake_publisher()
        if due:
            self._wake_delivery()

    def _down(self) -> Exception:
        self._event_log.store_lost("intake")
        return unavailable()


def _message(
    name: str, channel: str, envelope: Envelope, section: HeaderSection, content: bytes, relation: Relation,
    now: float, prefix: bytes, excerpt_of_text: str, tls: bool, known_as: str = "",
) -> Message:  # fmt: skip
    return Message(
        id=name,
        channel=channel,
        envelope=envelope,
        content=content,
        sha256=sha256_of(content),
        received_at=now,
        relation=relation,
        prefix=prefix,
        subject=section.subject,
        message_id=known_as or section.message_id,
        excerpt=excerpt_of_text,
        tls=tls,
    )


async def _in_thread_if_large(content: bytes, work: Callable[[], T]) -> T:
    """Run work that reads all of the content: directly if it is small, in a thread if it is large."""
    return work() if len(content) < _LARGE else await asyncio.to_thread(work)
