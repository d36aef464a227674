"""Intake: a message in scope becomes durable, and from then on it is ours to publish, hold, deliver or bounce.

The same for every channel: relays bring envelope, content and relation, and answer their peer only after this returned.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from datetime import tzinfo
from typing import TypeVar

from gateway.core.channels.registry import capabilities_of, header_section_of
from gateway.core.channels.smpp_message import SmsPart
from gateway.core.messages.addresses import canonical
from gateway.core.messages.delivery import State
from gateway.core.messages.message import Envelope, Message, new_id, sha256_of
from gateway.core.messages.parties import Directory, Relation
from gateway.core.messages.refusal import store_full, unavailable
from gateway.core.mime.excerpt import EXCERPT_BYTES, excerpt
from gateway.core.mime.headers import HeaderSection
from gateway.core.mime.seal import remove_seals, trace_and_seal, verify_seal
from gateway.core.policy.contact import ContactLogRow, contact_log_rows
from gateway.core.policy.policy import Policy
from gateway.observability.events import EventLog
from gateway.ports.messages import IntakeStore as IntakeStore
from gateway.ports.messages import StoreDown
from gateway.ports.secrets import SecretStore

T = TypeVar("T")
_LARGE = 1 << 18
"""Bytes from which a content is hashed beside the event loop, so that nobody else waits for it."""


def _no_fields(_: str) -> bytes:
    return b""


def _nobody() -> None:
    return None


class MessageIntake:
    """Where relays bring what they take in.

    `published` and `due` wake whoever publishes and delivers in another process; here the store tells them.
    `max_waiting` bytes of undecided and queued content are the most that the store takes; in `shadow` mode every
    recipient is due at acceptance.
    """

    def __init__(
        self, store: IntakeStore, secrets: SecretStore, directory: Directory, event_log: EventLog, *, policy: Callable[[], Policy],
        time_zone: tzinfo, max_waiting: int, shadow: bool, published: Callable[[], None] = _nobody,
        due: Callable[[], None] = _nobody,
    ) -> None:  # fmt: skip
        self._store, self._secrets, self._directory, self._event_log = store, secrets, directory, event_log
        self._policy, self._time_zone = policy, time_zone
        self._max_waiting, self._shadow = max_waiting, shadow
        self._published, self._due = published, due
        self._kept_key = b""

    async def check_room(self) -> None:
        """Raises Refused where the store's bound is reached, or the store cannot be asked."""
        try:
            waiting = await self._store.waiting_bytes()
        except StoreDown:
            raise self._down() from None
        if waiting >= self._max_waiting:
            raise store_full()

    async def take(
        self, channel: str, envelope: Envelope, content: bytes, relation: Relation, now: float, *,
        section: HeaderSection | None = None, fields: Callable[[str], bytes] = _no_fields, tls: bool = False, name: str = "", known_as: str = "",
        parts: Sequence[SmsPart] = (),
    ) -> str:  # fmt: skip
        """Make a message durable; its id. `content` is canonical; `fields` gives the trace fields of an id.

        `name`: the id, where it is made of what came, so that the same coming twice changes nothing; `known_as`:
        what a text is known by elsewhere; `parts`: the PDUs of one over SMPP.

        On mail every X-Chaperone-Id that came in is a forgery here and goes before the sha256 is taken; ours goes in
        front with the trace fields. Raises Refused.
        """
        await self.check_room()
        try:
            key = await self._key() if capabilities_of(channel).has_header_section else b""
        except StoreDown:
            raise self._down() from None
        name = name or new_id(now, os.urandom(10))

        def made() -> Message:
            header, ours = header_section_of(content, channel) if section is None else section, content
            prefix = fields(name)
            if key:
                header, ours = remove_seals(header, content)
                prefix = trace_and_seal(key, name, prefix, header, ours)
            return _message(name, channel, envelope, header, ours, relation, now, prefix, tls, known_as)

        message = await _beside(content, made)
        addresses = [each.address for each in envelope.recipients]
        rows = contact_log_rows(relation, addresses, now, self._time_zone, self._policy().night, sender=envelope.sender)
        paired = {pair.recipient for pair in relation.pairs}
        due = addresses if self._shadow else [each for each in addresses if each not in paired]
        await self._accept(message, due, rows, parts)
        return name

    async def has_message(self, name: str) -> bool:
        """Whether a message of this id is there already. Raises Refused where the store cannot be asked."""
        try:
            return bool(await self._store.states(name))
        except StoreDown:
            raise self._down() from None

    async def forward(
        self, channel: str, envelope: Envelope, content: bytes, now: float, *,
        section: HeaderSection | None = None, fields: Callable[[str], bytes] = _no_fields, tls: bool = False, name: str = "",
    ) -> str:  # fmt: skip
        """Make a message durable that was decided before: every recipient is due, and it gets no second verdict.

        Its content stays as it is, X-Chaperone-Id included; `name` as in `take`. Raises Refused.
        """
        name = name or new_id(now, os.urandom(10))
        prefix = fields(name)

        def made() -> Message:
            header = header_section_of(content, channel) if section is None else section
            return _message(name, channel, envelope, header, content, Relation(), now, prefix, tls)

        message = await _beside(content, made)
        await self._accept(message, [each.address for each in envelope.recipients], ())
        return name

    async def was_released(self, section: HeaderSection, content: bytes, recipients: Sequence[str]) -> bool:
        """Whether a content bears our seal and all these recipients were released under its id (the second pass).

        A recipient counts that is queued or sent, another district address of the same person, or the district address
        of a member of a group that is. Raises Refused where the store cannot be asked.
        """
        if b"chaperone-id" not in section.raw[: 1 << 20].lower():
            return False
        try:
            key = await self._key()
            name = await _beside(content, lambda: verify_seal(key, section, content))
            states = {} if name is None else await self._store.states(name)
        except StoreDown:
            raise self._down() from None
        released = [address for address, state in states.items() if state in (State.QUEUED, State.SENT)]
        same = {canonical(address) for address in released}
        return bool(released) and all(canonical(each) in same or self._is_behind(each, released) for each in recipients)

    def _is_behind(self, recipient: str, released: Sequence[str]) -> bool:
        """Whether a district address is of somebody who was released it at another one (an alias), or in a group."""
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
        if not self._kept_key:
            self._kept_key = await self._secrets.get_or_create("seal")
        return self._kept_key

    async def _accept(
        self, message: Message, due: Sequence[str], rows: Sequence[ContactLogRow], parts: Sequence[SmsPart] = ()
    ) -> None:
        try:
            await self._store.accept(message, rows, due, parts)
        except StoreDown:
            raise self._down() from None
        directions = {pair.direction for pair in message.relation.pairs}
        self._event_log.accepted(message.id, message.channel, directions, len(message.content))
        if message.relation:
            self._published()
        if due:
            self._due()

    def _down(self) -> Exception:
        self._event_log.store_lost("intake")
        return unavailable()


def _message(
    name: str, channel: str, envelope: Envelope, section: HeaderSection, content: bytes, relation: Relation,
    now: float, prefix: bytes, tls: bool, known_as: str = "",
) -> Message:  # fmt: skip
    parts = capabilities_of(channel).read_parts(content[:EXCERPT_BYTES], section)
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
        excerpt=excerpt(parts),
        tls=tls,
    )


async def _beside(content: bytes, act: Callable[[], T]) -> T:
    """Do what reads a whole content: at once where it is small, beside the event loop where it is large."""
    return act() if len(content) < _LARGE else await asyncio.to_thread(act)
