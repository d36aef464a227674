"""The way out by SMTP: a message goes to its next hop with the bytes and the envelope that it came with (RFC 5321).

Delivery is at least once: where the next hop's word on the content is lost, it is sent again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from gateway.core.messages.delivery import Bounced, Claim, Deferred, NextHop, Outcome, Sent
from gateway.core.messages.message import Message, Recipient
from gateway.core.messages.reply import Reply, nonsense
from gateway.ports.channels import HopDown
from gateway.transports.smtp.connection import Connection
from gateway.transports.smtp.pool import SmtpPool, mail, rcpt

_PIECE = 1 << 18


class SmtpTransport:
    """Deliveries over pooled connections; see gateway.ports.channels.Transport."""

    def __init__(self, pool: SmtpPool) -> None:
        self._pool = pool

    async def deliver(
        self, hop: NextHop, claim: Claim, still_ours: Callable[[], Awaitable[bool]]
    ) -> Mapping[str, Outcome]:
        """Hand a message on; a next hop that takes only so many recipients at once gets the others right afterwards.

        Behind a hop without a target is nobody: what is to go there is refused, or it would wait for ever.
        """
        outcomes: dict[str, Outcome] = {}
        left = [each.recipient for each in claim.recipients]
        if not hop.target:
            return everybody(left, Bounced("550 5.4.4 No next hop serves this domain"))
        while left:
            ended = await self._transaction(hop, claim.message, left, still_ours)
            if ended is None:
                return outcomes
            outcomes |= ended
            crowded = [each for each in left if too_many(outcomes[each.address])]
            left = crowded if len(crowded) < len(left) else []
        return outcomes

    async def _transaction(
        self, hop: NextHop, message: Message, recipients: Sequence[Recipient], still_ours: Callable[[], Awaitable[bool]]
    ) -> dict[str, Outcome] | None:
        """One transaction; None when the message is no longer ours to hand over."""
        size = len(message.prefix) + len(message.content)

        def commands(connection: Connection) -> list[bytes] | Reply:
            line = mail(
                connection, message.envelope.sender, message.envelope.options, size, plain=as_plain(message, recipients)
            )
            if isinstance(line, Reply):
                return line
            return [line, *(rcpt(connection, each) for each in recipients), b"DATA"]

        try:
            connection, said = await self._pool.opened(hop, commands, tls=message.tls)
        except HopDown as down:
            return everybody(recipients, Deferred(down.reply.text))
        if not said[0].taken:
            self._pool.done(hop, connection, clean=False)
            return everybody(recipients, refusal(said[0]))
        outcomes: dict[str, Outcome] = {}
        accepted = []
        for recipient, answer in zip(recipients, said[1:], strict=False):
            if answer.taken:
                accepted.append(recipient)
            else:
                outcomes[recipient.address] = refusal(answer, at_rcpt=True)
        let_in = said[-1]
        if not accepted or let_in.code != 354:
            if let_in.code == 354:
                connection.abort()  # it would take a message for nobody
            self._pool.done(hop, connection, clean=False)
            return outcomes | everybody(accepted, refusal(let_in))
        try:
            ended = await self._content(connection, message, still_ours)
        except BaseException:
            connection.abort()
            raise
        finally:
            self._pool.done(hop, connection, clean=True)
        return None if ended is None else outcomes | everybody(accepted, ended)

    async def _content(
        self, connection: Connection, message: Message, still_ours: Callable[[], Awaitable[bool]]
    ) -> Outcome | None:
        """Everything behind DATA; the last piece goes with the dot, once the message was seen to be still ours."""
        whole = memoryview(message.prefix + message.content) if message.prefix else memoryview(message.content)
        at = 0
        try:
            while len(whole) - at > _PIECE:
                await connection.content(bytes(whole[at : at + _PIECE]))
                at += _PIECE
                await asyncio.sleep(0)  # a large message leaves the others their turn
            if not await still_ours():
                connection.abort()
                return None
            said = await connection.end_of_data(bytes(whole[at:]))
        except HopDown as down:
            return refusal(down.reply)
        return Sent(said.text, connection.offers("DSN")) if said.taken else refusal(said)


def everybody(recipients: Sequence[Recipient], outcome: Outcome) -> dict[str, Outcome]:
    """One outcome for all of them."""
    return {each.address: outcome for each in recipients}


def refusal(said: Reply, *, at_rcpt: bool = False) -> Outcome:
    """What a refusal means: lasting where it says so, temporary in every other case.

    552 to RCPT without an enhanced code of its own has meant too many recipients since RFC 821: temporary.
    """
    said = said if 400 <= said.code <= 599 else nonsense()
    if at_rcpt and said.code == 552 and said.enhanced in ("", "5.5.3"):
        return Deferred("452 4.5.3 " + said.text[4:])
    return Bounced(said.text) if said.lasting else Deferred(said.text)


def too_many(outcome: Outcome) -> bool:
    """Whether a recipient was refused only because there were too many in one transaction."""
    if not isinstance(outcome, Deferred) or not outcome.reply.startswith("452"):
        return False
    return outcome.reply.startswith("452 4.5.3") or "too many recipients" in outcome.reply.lower()


def as_plain(message: Message, recipients: Sequence[Recipient]) -> bool:
    """Whether content and addresses are ASCII, so that any next hop can take them whatever MAIL said of them."""
    addresses = [message.envelope.sender, *(each.address for each in recipients)]
    return message.content.isascii() and message.prefix.isascii() and all(each.isascii() for each in addresses)
