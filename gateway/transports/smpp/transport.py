"""The way out of texts over SMPP: the parts of a text as they came, one request for each, in their order.

SMPP is at least once, as SMTP is: where a response is lost, or whoever waited for it died, nobody knows whether the
part was taken, and it goes again. So a part is noted when its response is there, and what is noted never goes again:
what may come twice is the one part that was on its way.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from gateway.core.channels.smpp_message import RECEIPT, SMSC, SentPart, SmsPart, account_of, to_of, written
from gateway.core.channels.smpp_pdu import LATER, SLOWER, Command, Frames, Pdu, Status, c_string, read_text
from gateway.core.messages.delivery import Bounced, Claim, Claimed, Deferred, NextHop, Outcome, Sent
from gateway.core.messages.message import Message
from gateway.ports.channels import HopDown, SmppPeer, SmsPartStore

_PATIENCE = 12
"""Times that a part is offered again, each after a longer pause, to a peer that says that it goes too fast."""
Noted = Callable[[str, SentPart], None]


def _forgotten(_name: str, _told: SentPart) -> None:
    """Nobody wants to know before the store does."""


class SmppTransport:
    """Deliveries to the SMSC, or to the applications; see gateway.ports.channels.Transport.

    `noted` is told of each part that the SMSC took, before the store is: its receipt may come at once. `account`: the
    application that texts go to; to another where it is not bound here.
    """

    def __init__(
        self,
        peer: SmppPeer,
        texts: SmsPartStore,
        *,
        way: str,
        noted: Noted = _forgotten,
        account: str = "",
    ) -> None:
        self._peer, self._texts, self._way, self._noted, self._to = peer, texts, way, noted, account

    async def deliver(
        self, hop: NextHop, claim: Claim, still_ours: Callable[[], Awaitable[bool]]
    ) -> Mapping[str, Outcome]:
        """Every recipient for itself, its parts in their order."""
        message = claim.message
        parts = _receipts(message) if _is_receipt(message) else await self._texts.text_parts(message.id)
        outcomes: dict[str, Outcome] = {}
        for claimed in claim.recipients:
            try:
                ended = await self._one(message, claimed, parts, still_ours)
            except HopDown as down:
                ended = Deferred(down.reply.text)
            if ended is None:
                break
            outcomes[claimed.recipient.address] = ended
        return outcomes

    async def _one(
        self, message: Message, claimed: Claimed, parts: Sequence[SmsPart], still_ours: Callable[[], Awaitable[bool]]
    ) -> Outcome | None:
        position = message.envelope.recipients.index(claimed.recipient)
        known = dict(await self._texts.known_by(message.id, position)) if claimed.attempts or len(parts) > 1 else {}
        if not parts:
            return Bounced("550 The parts of this text are gone")
        for part in parts:
            if part.number in known:
                continue
            response = await self._offered(_request(part, claimed), self._account(message), still_ours)
            if response is None:
                return None
            if response.status != Status.OK:
                line = f"{response.status:#010x}"
                return Deferred(line) if response.status in LATER else Bounced(line)
            known[part.number] = c_string(response.body)
            await self._note(message, position, part, known[part.number])
        return Sent(f"0x00000000 {known.get(parts[0].number, '')}".rstrip())

    def _account(self, message: Message) -> str:
        """The application that a receipt is for, or the one that texts go to, where it is bound."""
        if self._way == SMSC:
            return ""
        if _is_receipt(message):
            return account_of(message)
        return self._to if self._peer.bound(self._to) else ""

    async def _offered(self, request: Pdu, account: str, still_ours: Callable[[], Awaitable[bool]]) -> Pdu | None:
        """The response to one part, offered again while the peer wants it slower; None where the claim was lost."""
        for _ in range(_PATIENCE):
            if not await still_ours():
                return None
            response = await self._peer.ask(request, account)
            if response.status not in SLOWER:
                break
        return response

    async def _note(self, message: Message, position: int, part: SmsPart, name: str) -> None:
        if self._way == SMSC and name:
            told = SentPart(message.id, part.number, part.total, part.account)
            for each in written(name)[:1]:
                self._noted(each, told)
        if (self._way == SMSC and name) or part.total > 1:  # a single one is concluded in the same breath
            await self._texts.note_id(message.id, position, part, name or f"none:{message.id}")


def _request(part: SmsPart, claimed: Claimed) -> Pdu:
    if part.command != Command.SUBMIT_MULTI:
        return Pdu(part.command, part.body)
    return Pdu(Command.SUBMIT_SM, read_text(part.command, part.body).to_one(to_of(claimed.recipient)))


def _is_receipt(message: Message) -> bool:
    return message.envelope.options[:1] == (RECEIPT,)


def _receipts(message: Message) -> Sequence[SmsPart]:
    pdus = list(Frames().fed(message.content))
    return [SmsPart(number, len(pdus), each.command, each.body) for number, each in enumerate(pdus, 1)]
