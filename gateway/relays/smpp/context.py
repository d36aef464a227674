"""What requests of the SMSC and of applications share: scope, and storing a text message before it is acknowledged."""

from __future__ import annotations

import asyncio
import os
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from gateway.core.channels.capabilities import SMS
from gateway.core.channels.smpp_encoding import (
    TextReading,
    decode_texts,
    normalize_address,
    part_reference,
    read_texts,
)
from gateway.core.channels.smpp_message import (
    ESME,
    INCOMPLETE,
    SMSC,
    UNREADABLE,
    PartialText,
    SentPart,
    SmsPart,
    esme_route,
    id_variants,
    part_id,
    receipt_envelope_of,
    receipt_pdus,
    text_envelope,
    text_recipient,
    wants_failure_receipt,
    wants_intermediate_receipt,
    words_of_receipt,
)
from gateway.core.channels.smpp_pdu import MalformedPdu, Pdu, SmppAddress, SmppText, Status, read_text
from gateway.core.channels.text_routing import NAMES_MARK, READING_MARK, is_name, passes_at_once, without_marks
from gateway.core.messages.message import Recipient, derived_id, new_id
from gateway.core.messages.parties import Direction, Directory, Relation
from gateway.core.messages.refusal import Refused, unavailable
from gateway.core.messages.verdict import DISPUTED, PICTURED
from gateway.core.relation.text_relation import TextAddress, relate_mailed, relate_text, text_address, text_addresses
from gateway.observability.events import EventLog
from gateway.ports.channels import HopDown, SmsPartStore
from gateway.ports.messages import StoreDown
from gateway.ports.review import LookupStore
from gateway.relays.smpp.mailed_texts import MailedTexts
from gateway.relays.smpp.routing import SmppRouter
from gateway.stages.intake import MessageIntake
from gateway.stages.wakeup import Wakeup

T = TypeVar("T")
_REMEMBERED = 50_000  # entries of each recent map
_OVERDUE_BATCH = 100
_STUDENT_PARTS = 3.0
"""Seconds for the next part of a text of a student. A later one is delivered as a text of its own."""


class RecentTexts:
    """A bounded memory of recent text messages. Nothing is lost when an entry is dropped.

    It holds the application that sent a message out of scope, by the SMSC's id, to route its receipt; and the parts
    that the SMSC has just accepted, until the store has them.
    """

    def __init__(self) -> None:
        self._accounts: OrderedDict[str, str] = OrderedDict()
        self._sent: OrderedDict[str, SentPart] = OrderedDict()

    def note_forwarded(self, name: str, account: str) -> None:
        """Note that a message of an application was passed on and is known to the SMSC by `name`."""
        if name:
            _remember(self._accounts, id_variants(name)[0], account)

    def note_sent(self, name: str, part: SentPart) -> None:
        """Note that the SMSC accepted a part of a message of ours under `name`."""
        _remember(self._sent, name, part)

    def find_sent(self, names: Sequence[str]) -> SentPart | None:
        """The part that the SMSC knows by one of these ids, None if it is not a recent one."""
        return next((part for name in names if (part := self._sent.get(name)) is not None), None)

    def find_account(self, names: Sequence[str]) -> str:
        """The application that sent a message out of scope, by one of its ids; "" if it is not known anymore."""
        return next((account for name in names if (account := self._accounts.get(name))), "")


def _remember(recent: OrderedDict[str, T], key: str, value: T) -> None:
    recent[key] = value
    recent.move_to_end(key)
    if len(recent) > _REMEMBERED:
        recent.popitem(last=False)


@dataclass(slots=True)
class SmppContext:
    """What a request needs. `parts_timeout`: seconds after which a long message is accepted without its missing parts.

    `texts` stores the parts, `lookups` looks up messages.
    """

    directory: Directory
    intake: MessageIntake
    texts: SmsPartStore
    lookups: LookupStore
    event_log: EventLog
    router: SmppRouter
    parts_timeout: float
    recent: RecentTexts = field(default_factory=RecentTexts)
    mailed: MailedTexts = field(default_factory=MailedTexts)
    clock: Callable[[], float] = time.time
    _last: float = field(default=0.0, init=False)

    def now(self) -> float:
        """The time, strictly increasing: messages of a conversation are delivered in the order of arrival."""
        self._last = max(self.clock(), self._last + 1e-6)
        return self._last

    def relation_to_check(self, text: SmppText) -> Relation:
        """The staff-student pairs of a message that must be checked: none if out of scope or passed at once."""
        relation = self._relation_or_by_mail(text)
        if not relation or part_reference(text) is not None:
            return relation
        if len(text.destinations) == 1:
            reading = read_texts([text])
            is_clear = reading.readable and not (reading.is_disputed or reading.pictured)
            is_clear = is_clear and all(map(is_name, reading.others))  # such as the name of the carrier
            if is_clear and passes_at_once(text.destinations[0].digits, reading.text):
                return Relation()
        return relation

    def _relation_or_by_mail(self, text: SmppText) -> Relation:
        """Every staff-student pair of a message or of a part of one, if need be by the mailbox in its words."""
        source, destinations = self.addresses_of(text)
        relation = relate_text(source, destinations, self.directory)
        if relation or not (source.known or any(to.known for to in destinations)):
            return relation
        words = decode_texts([text])[0]
        return self.mailed.pairs_of(text, words, relate_mailed(source, destinations, words, self.directory))

    def relation_of(self, text: SmppText) -> Relation:
        """Every staff-student pair of a message."""
        return relate_text(*self.addresses_of(text), self.directory)

    def addresses_of(self, text: SmppText) -> tuple[TextAddress, list[TextAddress]]:
        """Sender and recipients of a message."""
        return text_addresses(text.source, text.destinations, self.address_of)

    def address_of(self, address: SmppAddress, near: str = "") -> TextAddress:
        """An address with the known numbers that it may mean. `near`: the other party's number."""
        return text_address(address.digits, normalize_address(address), self.directory, near)

    async def take(self, request: Pdu, text: SmppText, relation: Relation, account: str, route: str) -> str:
        """Store a message, or a part of one. Returns the id to give to its sender. Raises Refused."""
        now = self.now()  # before the first await, so that a later message gets a later time
        piece, name = part_reference(text), new_id(now, os.urandom(10))
        if piece is None:
            part = SmsPart(1, 1, request.command, request.body, account)
            await self._store(name, [part], [text], relation, route, now)
            return part_id(name, 1, 1)
        await self.intake.check_room()
        part = SmsPart(piece.number, piece.total, request.command, request.body, account)
        source, destinations = self.addresses_of(text)
        numbers = sorted(number for address in destinations for number in address.known or (address.number,))
        key = "\n".join((route, account, source.number, *numbers, piece.reference, str(piece.total)))
        try:
            gathered = await self.texts.add(key, name, part)
        except StoreDown:
            self.event_log.store_lost("intake")
            raise unavailable() from None
        if gathered.whole and not gathered.done:
            await self._store_gathered(gathered, route, now)
        return part_id(gathered.id, piece.number, piece.total)

    async def gather_overdue(self, wakeup: Wakeup, *, every: float = 0.5) -> None:
        """Accept messages that waited too long for their other parts, until `wakeup` is stopped."""
        while not wakeup.stopped:
            try:
                overdue = [*await self.texts.overdue(self.parts_timeout, _OVERDUE_BATCH)]
                for gathered in {text.id: text for text in (*overdue, *await self._overdue_of_students())}.values():
                    failures = () if gathered.whole else (INCOMPLETE,)
                    await self._store_gathered(gathered, _route(gathered), self.now(), failures)
            except StoreDown:
                self.event_log.store_lost("intake")
            except Refused:
                pass  # the store is full: the parts are stored, and this is tried again
            await wakeup.rest(every)

    async def _overdue_of_students(self) -> list[PartialText]:
        """The incomplete texts of students that wait no longer: each may be a call for help."""
        found = await self.texts.overdue(min(self.parts_timeout, _STUDENT_PARTS), _OVERDUE_BATCH, account="")
        return [gathered for gathered in found if _is_by_student(self._relation_or_by_mail(_first_text(gathered)))]

    async def _store_gathered(
        self, gathered: PartialText, route: str, now: float, failures: Sequence[str] = ()
    ) -> None:
        texts = [read_text(part.command, part.body) for part in gathered.parts]
        await self._store(gathered.id, gathered.parts, texts, self._relation_or_by_mail(texts[0]), route, now, failures)

    async def _store(
        self, name: str, parts: Sequence[SmsPart], texts: Sequence[SmppText], relation: Relation, route: str,
        now: float, failures: Sequence[str] = (),
    ) -> None:  # fmt: skip
        reading = read_texts(texts)
        failed = [UNREADABLE] * (not reading.readable) + [DISPUTED] * reading.is_disputed
        failed += [PICTURED] * reading.pictured
        first = texts[0]
        sender, destinations = self.addresses_of(first)
        source = sender.number
        recipients: dict[str, Recipient] = {}
        for address, number in zip(first.destinations, (found.number for found in destinations), strict=True):
            out = route if route != ESME else esme_route(await self._last_sender(number))
            recipients.setdefault(number, text_recipient(number, out, address))
        numbered = list(zip(parts, texts, strict=True))
        enveloped = text_envelope(
            source, tuple(recipients.values()), first, account=parts[0].account,
            total=parts[0].total,
            receipts=[part.number for part, text in numbered if wants_failure_receipt(text.registered)],
            failures=[*failures, *failed],
        )  # fmt: skip
        known_as = part_id(name, parts[0].number, parts[0].total)
        await self.intake.take(
            SMS, enveloped, _content(reading, relation), relation, now,
            name=name, known_as=known_as, parts=parts,
        )  # fmt: skip
        requested = [
            part.number for part, text in numbered if part.account and wants_intermediate_receipt(text.registered)
        ]
        if requested:
            notifications = receipt_pdus(name, enveloped, requested, "ACCEPTD", 0, at=now, since=now)
            await self.intake.forward(
                SMS, receipt_envelope_of(enveloped), notifications, now, name=derived_id("ACCEPTD", name)
            )

    async def _last_sender(self, line: str) -> str:
        try:
            return await self.router.last_sender(line)
        except StoreDown:
            self.event_log.store_lost("intake")
            raise unavailable() from None


def _content(reading: TextReading, relation: Relation) -> bytes:
    """Every reading of a text. In a student's, the names of carriers and the like stand behind a mark."""
    apart = not reading.is_disputed and all(pair.direction is Direction.STUDENT_TO_STAFF for pair in relation.pairs)
    names = [words for words in reading.others if apart and is_name(words)]
    said = [reading.text, *(words for words in reading.others if words not in names)]
    if reading.text[:3].lower() == "id:":
        said.append(words_of_receipt(reading.text))
    content = f"\n\n{READING_MARK}".join(map(without_marks, filter(None, said)))
    if names:
        content += f"\n\n{NAMES_MARK}" + "\n".join(map(without_marks, names))
    return content.encode("utf-8", "replace")


def _is_by_student(relation: Relation) -> bool:
    return any(pair.direction is Direction.STUDENT_TO_STAFF for pair in relation.pairs)


def _first_text(gathered: PartialText) -> SmppText:
    return read_text(gathered.parts[0].command, gathered.parts[0].body)


def _route(gathered: PartialText) -> str:
    """The way out of a message: from an application to the SMSC, and from the SMSC to an application."""
    return SMSC if gathered.parts[0].account else ESME


async def answer_or_refuse(
    request: Pdu, answer: Callable[[], Awaitable[Pdu | None]], event_log: EventLog, *, later: Status
) -> Pdu | None:
    """The answer to a request, or its refusal. `later` is the status for a peer that should try again."""
    try:
        return await answer()
    except MalformedPdu as malformed:
        event_log.request_refused("malformed")
        return request.response(malformed.status)
    except Refused as refused:
        event_log.request_refused(refused.reason)
        return request.response(Status.QUEUE_FULL if refused.code == 452 else later)
    except HopDown:
        event_log.request_refused("next_hop_down")
        return request.response(later)
    except asyncio.CancelledError:
        raise
    except Exception:  # noqa: BLE001 - the relay's edge: an unexpected error is a temporary refusal
        event_log.unexpected_failure("sms")
        return request.response(later)
