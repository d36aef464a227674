"""What both sides of the SMPP way share: scope, and texts made durable before anybody is told that they were taken."""

from __future__ import annotations

import asyncio
import os
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from gateway.core.channels.smpp_encoding import party, piece_of, read
from gateway.core.channels.smpp_message import (
    ESME,
    INCOMPLETE,
    SMSC,
    UNREADABLE,
    PartialText,
    SentPart,
    SmsPart,
    asks_in_between,
    asks_on_failure,
    envelope,
    esme_way,
    part_id,
    receipts,
    receipts_envelope,
    recipient,
    written,
)
from gateway.core.channels.smpp_pdu import Malformed, Pdu, SmppText, Status, read_text
from gateway.core.channels.text_routing import passes_at_once
from gateway.core.channels.twilio import derived_id
from gateway.core.messages.message import Channel, Recipient, new_id
from gateway.core.messages.parties import Directory, Relation
from gateway.core.messages.refusal import Refused, unavailable
from gateway.core.policy.relation import relate
from gateway.observability.events import EventLog
from gateway.ports.channels import HopDown, SmsPartStore
from gateway.ports.messages import StoreDown
from gateway.ports.review import LookupStore
from gateway.relays.smpp.routing import SmppRouter
from gateway.stages.intake import MessageIntake
from gateway.stages.wakeup import Wakeup

T = TypeVar("T")
_REMEMBERED = 50_000
_MOST_OVERDUE = 100


class Memory:
    """What is known for a while of what was passed on: nothing is lost where it is forgotten.

    Which application a text out of scope is from, by the SMSC's id, for its receipt; and which text of ours has just
    got an id, until the store knows.
    """

    def __init__(self) -> None:
        self._senders: OrderedDict[str, str] = OrderedDict()
        self._told: OrderedDict[str, SentPart] = OrderedDict()

    def passed(self, name: str, account: str) -> None:
        """A text of an application was passed on."""
        if name:
            _remember(self._senders, written(name)[0], account)

    def told(self, name: str, told: SentPart) -> None:
        """The SMSC took a part of a text of ours."""
        _remember(self._told, name, told)

    def told_of(self, names: Sequence[str]) -> SentPart | None:
        """The part that the SMSC knows by one of these ids, where it is fresh."""
        return next((found for each in names if (found := self._told.get(each)) is not None), None)

    def sender(self, names: Sequence[str]) -> str:
        """The application that a text out of scope was from, by one of its ids; "" where it is not known any more."""
        return next((found for each in names if (found := self._senders.get(each))), "")


def _remember(memory: OrderedDict[str, T], key: str, value: T) -> None:
    memory[key] = value
    memory.move_to_end(key)
    if len(memory) > _REMEMBERED:
        memory.popitem(last=False)


@dataclass(slots=True)
class SmppContext:
    """The parts. `parts_timeout`: seconds after which a long text is taken without the parts that did not come."""

    directory: Directory
    intake: MessageIntake
    texts: SmsPartStore
    review: LookupStore
    event_log: EventLog
    exchange: SmppRouter
    parts_timeout: float
    memory: Memory = field(default_factory=Memory)
    clock: Callable[[], float] = time.time
    _last: float = field(default=0.0, init=False)

    def now(self) -> float:
        """The time, later at each call: texts of one conversation go in the order in which they came."""
        self._last = max(self.clock(), self._last + 1e-6)
        return self._last

    def related(self, text: SmppText) -> Relation:
        """The pairs of a text that is to be looked at: none where it is out of scope or passes at once."""
        relation = self.paired(text)
        if relation and len(text.destinations) == 1 and piece_of(text) is None:
            said, readable = read([text])
            if readable and passes_at_once(party(text.destinations[0]), said):
                return Relation()
        return relation

    def paired(self, text: SmppText) -> Relation:
        """Every staff-student pair of a text."""
        return relate(party(text.source), (), [party(each) for each in text.destinations], self.directory)

    async def take(self, request: Pdu, text: SmppText, relation: Relation, account: str, way: str) -> str:
        """Make a text, or a part of one, durable; by what its sender is to know it. Raises Refused."""
        now = self.now()  # before anything is waited for: what comes behind it is later
        piece, name = piece_of(text), new_id(now, os.urandom(10))
        if piece is None:
            part = SmsPart(1, 1, request.command, request.body, account)
            await self._make(name, [part], [text], relation, way, now)
            return part_id(name, 1, 1)
        await self.intake.room()
        part = SmsPart(piece.number, piece.total, request.command, request.body, account)
        ends = (each.encoded().hex() for each in (text.source, *text.destinations))
        key = "\n".join((way, account, *ends, piece.reference, str(piece.total)))
        try:
            gathered = await self.texts.gather(key, name, part)
        except StoreDown:
            self.event_log.store_lost("intake")
            raise unavailable() from None
        if gathered.whole and not gathered.done:
            await self._gathered(gathered, way, now)
        return part_id(gathered.id, piece.number, piece.total)

    async def gather_overdue(self, wakeup: Wakeup, *, every: float = 1.0) -> None:
        """Take what waited too long for its other parts, until the beat stops: it is as whole as it will be."""
        while not wakeup.stopped:
            try:
                for gathered in await self.texts.overdue(self.parts_timeout, _MOST_OVERDUE):
                    lacking = () if gathered.whole else (INCOMPLETE,)
                    await self._gathered(gathered, _way(gathered), self.now(), lacking)
            except StoreDown:
                self.event_log.store_lost("intake")
            except Refused:
                pass  # no room: its parts are durable, and it is tried again
            await wakeup.rest(every)

    async def _gathered(self, gathered: PartialText, way: str, now: float, lacking: Sequence[str] = ()) -> None:
        texts = [read_text(each.command, each.body) for each in gathered.parts]
        await self._make(gathered.id, gathered.parts, texts, self.paired(texts[0]), way, now, lacking)

    async def _make(
        self, name: str, parts: Sequence[SmsPart], texts: Sequence[SmppText], relation: Relation, way: str,
        now: float, lacking: Sequence[str] = (),
    ) -> None:  # fmt: skip
        said, readable = read(texts)
        first = texts[0]
        recipients: dict[str, Recipient] = {}
        for each in first.destinations:
            out = way if way != ESME else esme_way(await self._speaker(party(each)))
            recipients.setdefault(party(each), recipient(party(each), out, each))
        numbered = list(zip(parts, texts, strict=True))
        enveloped = envelope(
            party(first.source), tuple(recipients.values()), first, account=parts[0].account, total=parts[0].total,
            receipts=[part.number for part, text in numbered if asks_on_failure(text.registered)],
            lacking=[*lacking, *([] if readable else [UNREADABLE])],
        )  # fmt: skip
        known_as = part_id(name, parts[0].number, parts[0].total)
        await self.intake.take(
            Channel.SMS, enveloped, said.encode("utf-8", "replace"), relation, now,
            name=name, known_as=known_as, parts=parts,
        )  # fmt: skip
        asked = [part.number for part, text in numbered if part.account and asks_in_between(text.registered)]
        if asked:
            content = receipts(name, enveloped, asked, "ACCEPTD", 0, at=now, since=now)
            await self.intake.forward(
                Channel.SMS, receipts_envelope(enveloped), content, now, name=derived_id("ACCEPTD", name)
            )

    async def _speaker(self, line: str) -> str:
        try:
            return await self.exchange.speaker(line)
        except StoreDown:
            self.event_log.store_lost("intake")
            raise unavailable() from None


def _way(gathered: PartialText) -> str:
    """By which way a text goes on: what came from an application to the SMSC, and the other way round."""
    return SMSC if gathered.parts[0].account else ESME


async def guarded(
    request: Pdu, answer: Callable[[], Awaitable[Pdu | None]], event_log: EventLog, *, later: Status
) -> Pdu | None:
    """The answer to a request, or its refusal; `later` is what a peer is told that is to try again."""
    try:
        return await answer()
    except Malformed as malformed:
        event_log.request_refused("malformed")
        return request.answered(malformed.status)
    except Refused as refused:
        event_log.request_refused(refused.reason)
        return request.answered(Status.QUEUE_FULL if refused.code == 452 else later)
    except HopDown:
        event_log.request_refused("next_hop_down")
        return request.answered(later)
    except asyncio.CancelledError:
        raise
    except Exception:  # noqa: BLE001 - the relay's edge: what nobody foresaw is a temporary refusal
        event_log.failed("sms")
        return request.answered(later)
