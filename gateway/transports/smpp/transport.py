"""Delivery over SMPP: the parts of a text message as they came, in order, with one request each.

SMPP delivers at least once, as SMTP does. If a response is lost, or the process waiting for it dies, nobody knows
whether the part was accepted, and it is sent again. Each response is therefore stored, and a part with a stored
response is never sent again. Only the one part that was in flight may arrive twice.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence

from gateway.core.channels.smpp_message import (
    RECEIPT,
    SMSC,
    SentPart,
    SmsPart,
    account_of,
    id_variants,
    written_address,
)
from gateway.core.channels.smpp_pdu import (
    TEMPORARY_STATUSES,
    THROTTLING_STATUSES,
    Command,
    Pdu,
    PduDecoder,
    Status,
    parse_c_string,
    read_text,
)
from gateway.core.messages.delivery import Bounced, Claim, Claimed, Deferred, NextHop, Outcome, Sent
from gateway.core.messages.message import Message
from gateway.ports.channels import HopDown, SmppPeer, SmsPartStore
from gateway.ports.messages import StoreDown
from gateway.transports.smpp.throttling import ThrottlePause
from gateway.transports.text_turns import end_refused_turn, is_by_student

_MAX_OFFERS = 12
"""How often a part is offered, each time after a longer pause, to a peer that throttles us: for a minute in all."""
_PATIENCE = 1.0
"""Seconds for the response to a student's text, after which the next text of its conversation may go."""
NoteSent = Callable[[str, SentPart], None]


def _ignore(_name: str, _part: SentPart) -> None:
    """Note nothing: the store is enough."""


class SmppTransport:
    """Deliveries to the SMSC or to the applications. See gateway.ports.channels.Transport.

    `noted` is called with each part that the SMSC accepts, before it is stored: its receipt may come at once.
    `account`: the application to deliver to, or another one if it is not bound here.
    """

    def __init__(
        self,
        peer: SmppPeer,
        texts: SmsPartStore,
        *,
        route: str,
        noted: NoteSent = _ignore,
        account: str = "",
    ) -> None:
        self._peer, self._texts, self._route, self._noted, self._to = peer, texts, route, noted, account

    async def deliver(
        self, hop: NextHop, claim: Claim, holds_claim: Callable[[], Awaitable[bool]]
    ) -> Mapping[str, Outcome]:
        """Deliver to each recipient separately, its parts in order."""
        message = claim.message
        parts = _receipts(message) if _is_receipt(message) else await self._texts.parts_of(message.id)
        outcomes: dict[str, Outcome] = {}
        for claimed in claim.recipients:
            try:
                outcome = await self._deliver_one(message, claimed, parts, holds_claim)
            except HopDown as down:
                outcome = Deferred(down.reply.text)
            if outcome is None:
                break
            outcomes[claimed.recipient.address] = outcome
            if isinstance(outcome, Sent):
                break
        return outcomes

    async def _deliver_one(
        self, message: Message, claimed: Claimed, parts: Sequence[SmsPart], holds_claim: Callable[[], Awaitable[bool]]
    ) -> Outcome | None:
        position = message.envelope.recipients.index(claimed.recipient)
        known = dict(await self._texts.smsc_ids(message.id, position)) if claimed.attempts or len(parts) > 1 else {}
        if not parts:
            return Bounced("550 The parts of this text are gone")
        for part in parts:
            if part.number in known:
                continue
            request = _request(part, claimed)
            response = await self._offer(request, message, position, holds_claim)
            if response is None:
                return None
            if response.status != Status.OK:
                line = f"{response.status:#010x}"
                if response.status not in TEMPORARY_STATUSES:
                    return Bounced(line)
                if response.status not in THROTTLING_STATUSES:
                    await end_refused_turn(message, position, claimed.attempts, self._texts.end_turn)
                return Deferred(line)
            known[part.number] = parse_c_string(response.body)
            await self._note(message, position, part, known[part.number])
        return Sent(f"0x00000000 {known.get(parts[0].number, '')}".rstrip())

    def _account(self, message: Message) -> str:
        """The application that a receipt is for, or the one to deliver to if it is bound."""
        if self._route == SMSC:
            return ""
        if _is_receipt(message):
            return account_of(message)
        return self._to if self._peer.bound(self._to) else ""

    async def _offer(
        self, request: Pdu, message: Message, position: int, holds_claim: Callable[[], Awaitable[bool]]
    ) -> Pdu | None:
        """The response to one part, offered again while the peer throttles. None if the claim was lost.

        What a student wrote may be a call for help: it does not wait for the responses to other texts. It pauses all
        the same after its own refusal: without a pause, all its offers are over before the peer can recover.
        """
        account = self._account(message)
        urgent = is_by_student(message)
        pause = ThrottlePause()
        for more_offers in reversed(range(_MAX_OFFERS)):
            if not await holds_claim():
                return None
            asking = self._peer.ask(request, account, urgent=urgent)
            response = await self._without_delay(message, position, asking)
            pause.note(response.status)
            if not (pause.seconds and more_offers):
                break
            await asyncio.sleep(pause.seconds)
        return response

    async def _without_delay(self, message: Message, position: int, asking: Coroutine[None, None, Pdu]) -> Pdu:
        """The response to a part. A student's next text may be a call for help: it waits for no late response.

        Both go over one session, so they still arrive in their order.
        """
        if not is_by_student(message):
            return await asking

        async def end_turn() -> None:
            await asyncio.sleep(_PATIENCE)
            with contextlib.suppress(StoreDown):
                await self._texts.end_turn(message.id, position)

        ending = asyncio.create_task(end_turn())
        try:
            return await asking
        finally:
            ending.cancel()

    async def _note(self, message: Message, position: int, part: SmsPart, name: str) -> None:
        if self._route == SMSC and name:
            sent = SentPart(message.id, part.number, part.total, part.account)
            for smsc_id in id_variants(name)[:1]:
                self._noted(smsc_id, sent)
        if (self._route == SMSC and name) or part.total > 1:  # a single part is concluded right away
            await self._texts.record_smsc_id(message.id, position, part, name or f"none:{message.id}")


def _request(part: SmsPart, claimed: Claimed) -> Pdu:
    if part.command != Command.SUBMIT_MULTI:
        return Pdu(part.command, part.body)
    return Pdu(Command.SUBMIT_SM, read_text(part.command, part.body).addressed_to(written_address(claimed.recipient)))


def _is_receipt(message: Message) -> bool:
    return message.envelope.options[:1] == (RECEIPT,)


def _receipts(message: Message) -> Sequence[SmsPart]:
    pdus = list(PduDecoder().feed(message.content))
    return [SmsPart(number, len(pdus), pdu.command, pdu.body) for number, pdu in enumerate(pdus, 1)]
