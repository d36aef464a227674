"""Delivery over SMTP: a message goes to its next hop with the bytes and envelope that it came with (RFC 5321).

Delivery is at least once: if the reply to the content is lost, the message is sent again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from gateway.core.messages.delivery import Bounced, Claim, Deferred, NextHop, Outcome, Sent
from gateway.core.messages.message import Message, Recipient
from gateway.core.messages.reply import Reply, invalid_answer
from gateway.ports.channels import HopDown
from gateway.transports.smtp.commands import content_limits, mail_command, rcpt_command, refused_recipient
from gateway.transports.smtp.connection import SmtpConnection
from gateway.transports.smtp.destination import NoMailServer
from gateway.transports.smtp.pool import SmtpPool
from gateway.transports.smtp.routes import domain_for

_PIECE = 1 << 18
_CLIENT = "delivery"  # whose slots deliveries take
_WAIT = 300.0  # seconds to wait for a slot; the claim is renewed meanwhile


class SmtpTransport:
    """Deliveries over pooled connections; see gateway.ports.channels.Transport."""

    def __init__(self, pool: SmtpPool) -> None:
        self._pool = pool

    async def deliver(
        self, hop: NextHop, claim: Claim, holds_claim: Callable[[], Awaitable[bool]]
    ) -> Mapping[str, Outcome]:
        """Hand a message over. Recipients that exceed the next hop's limit are left out: they are due at once.

        A hop without a target serves nobody: recipients there are refused, or they would wait forever.
        """
        outcomes: dict[str, Outcome] = {}
        recipients = [claimed.recipient for claimed in claim.recipients]
        if not hop.target:
            return same_outcome(recipients, Bounced("550 5.4.4 No next hop serves this domain"))
        by_domain: dict[str, list[Recipient]] = {}
        for recipient in recipients:
            by_domain.setdefault(domain_for(hop, recipient), []).append(recipient)
        for domain, left in by_domain.items():
            ended = await self._transaction(hop, domain, claim.message, left, holds_claim)
            if ended is None:
                return outcomes
            fitting = {address: outcome for address, outcome in ended.items() if not is_too_many(outcome)}
            outcomes |= fitting or ended
            if any(isinstance(outcome, Sent) for outcome in ended.values()):
                return outcomes
        return outcomes

    async def _transaction(
        self, hop: NextHop, domain: str, message: Message, recipients: Sequence[Recipient],
        holds_claim: Callable[[], Awaitable[bool]],
    ) -> dict[str, Outcome] | None:  # fmt: skip
        """One transaction. None if the claim was lost."""
        size, envelope = len(message.prefix) + len(message.content), message.envelope
        refused: dict[str, Outcome] = {}
        going: list[Recipient] = []

        def commands(connection: SmtpConnection) -> list[bytes] | Reply:
            refused.clear()
            going.clear()
            limits = content_limits(connection, envelope.options)
            whole = message.content if message.prefix.isascii() else message.prefix + message.content
            if (refusal := limits.refuses(whole)) is not None:
                return Reply(refusal.code, (refusal.reply.encode(),))
            line = mail_command(connection, envelope.sender, envelope.options, size)
            if isinstance(line, Reply):
                return line
            for recipient in recipients:
                if (answer := refused_recipient(connection, recipient)) is not None:
                    refused[recipient.address] = refusal_outcome(answer)
                else:
                    going.append(recipient)
            if not going:
                return next(answer for recipient in recipients if (answer := refused_recipient(connection, recipient)))
            return [line, *(rcpt_command(connection, recipient) for recipient in going), b"DATA"]

        try:
            lease, replies = await self._pool.routes.open_transaction(
                hop, commands, domain=domain, tls=message.tls, client=_CLIENT, wait=_WAIT
            )
        except NoMailServer as gone:
            return same_outcome(recipients, Bounced(gone.reply.text))
        except HopDown as down:
            return same_outcome(recipients, Deferred(down.reply.text))
        connection = lease.connection
        if not replies[0].accepted:
            lease.give_back(clean=False)
            return same_outcome(recipients, refusal_outcome(replies[0]))
        outcomes = refused
        accepted = []
        data_reply = replies[-1]
        answers = [*replies[1:-1], *[data_reply] * len(going)]  # after a 421 there are fewer than recipients
        for recipient, answer in zip(going, answers, strict=False):
            if answer.accepted:
                accepted.append(recipient)
            else:
                outcomes[recipient.address] = refusal_outcome(answer, at_rcpt=True)
        if not accepted or data_reply.code != 354:
            if data_reply.code == 354:
                connection.abort()  # it would accept a message for nobody
            lease.give_back(clean=False)
            return outcomes | same_outcome(accepted, refusal_outcome(data_reply))
        try:
            ended = await self._send_content(connection, message, holds_claim)
        except BaseException:
            connection.abort()
            raise
        finally:
            lease.give_back(clean=True)
        return None if ended is None else outcomes | same_outcome(accepted, ended)

    async def _send_content(
        self, connection: SmtpConnection, message: Message, holds_claim: Callable[[], Awaitable[bool]]
    ) -> Outcome | None:
        """Send the content. The last piece and the final dot are sent only while the claim holds, else None."""
        content = memoryview(message.content)  # sliced, never copied as a whole: it may be large
        at = max(_PIECE - len(message.prefix), 0)
        piece = b"".join((message.prefix, content[:at]))
        try:
            while at < len(content):
                await connection.content(piece)
                piece = bytes(content[at : at + _PIECE])
                at += _PIECE
                await asyncio.sleep(0)  # let other tasks run during a large message
            if not await holds_claim():
                connection.abort()
                return None
            final = await connection.end_of_data(piece)
        except HopDown as down:
            return refusal_outcome(down.reply)
        return Sent(final.text, connection.offers("DSN")) if final.accepted else refusal_outcome(final)


def same_outcome(recipients: Sequence[Recipient], outcome: Outcome) -> dict[str, Outcome]:
    """The same outcome for every recipient."""
    return {recipient.address: outcome for recipient in recipients}


def refusal_outcome(answer: Reply, *, at_rcpt: bool = False) -> Outcome:
    """The outcome of a refusal: bounced for a permanent reply (5xx), deferred for any other.

    552 in reply to RCPT, without a different enhanced code, has meant "too many recipients" since RFC 821: deferred.
    """
    refusal = answer if 400 <= answer.code <= 599 else invalid_answer()
    if at_rcpt and refusal.code == 552 and refusal.enhanced in ("", "5.5.3"):
        return Deferred("452 4.5.3 " + refusal.text[4:])
    return Bounced(refusal.text) if refusal.permanent else Deferred(refusal.text)


def is_too_many(outcome: Outcome) -> bool:
    """Whether a recipient was refused only because there were too many in one transaction."""
    if not isinstance(outcome, Deferred) or not outcome.reply.startswith("452"):
        return False
    return outcome.reply.startswith("452 4.5.3") or "too many recipients" in outcome.reply.lower()
