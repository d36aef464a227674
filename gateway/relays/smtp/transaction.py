"""One mail transaction: undecided until its scope is known, then passed through or taken in (DESIGN.md section 3).

While no recipient forms a pair, the next hop's own transaction goes along with the client's, and its replies are the
client's. Scope is settled for good when the header section has been read, before the next hop got a byte of content.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from gateway.core.channels.capabilities import MAIL
from gateway.core.messages.delivery import Bounced, Claim, Claimed, NextHop, Outcome, Sent
from gateway.core.messages.message import Envelope, Message, Recipient
from gateway.core.messages.parties import Relation
from gateway.core.messages.refusal import Refused
from gateway.core.messages.reply import Reply, reply
from gateway.core.mime.headers import MAX_IDENTITIES, HeaderSection, Mailbox
from gateway.core.policy.relation import find_people, forms_pair, relate
from gateway.ports.channels import HopDown, HopTransaction
from gateway.relays.smtp.context import Peer, SmtpContext, received
from gateway.relays.smtp.grammar import Mail, Rcpt

_LARGE_HEADER = 1 << 16


class Incoming(Protocol):
    """The content as it arrives."""

    async def piece(self) -> bytes:
        """The next piece; empty at the end. Raises Refused, once all of it was read, where it may not be taken."""


class Transaction:
    """From MAIL to the reply to the final dot, or to `leave`."""

    def __init__(self, context: SmtpContext, peer: Peer, mail: Mail) -> None:
        self._context, self._peer, self._mail = context, peer, mail
        self._people = find_people(mail.sender, context.directory)
        self._recipients: dict[str, Recipient] = {}
        self._taking = False
        self._hop: NextHop | None = None
        self._exchange: HopTransaction | None = None
        self._lost: Reply | None = None
        self._held = 0

    @property
    def utf8(self) -> bool:
        """Whether MAIL said SMTPUTF8."""
        return self._mail.utf8

    @property
    def has_recipients(self) -> bool:
        """Whether a recipient was accepted."""
        return bool(self._recipients)

    async def recipient(self, given: Rcpt) -> Reply:
        """The reply to one RCPT. Raises Refused."""
        context = self._context
        address = given.address if "@" in given.address else f"{given.address}@{context.config.domains[0]}"
        if not self._peer.trusted and not context.serves(address):
            raise Refused(550, "5.7.1", "Relaying denied", "relay_denied")
        if len(self._recipients) >= context.config.max_recipients:
            raise Refused(452, "4.5.3", "Too many recipients", "too_many_recipients")
        hop = context.hop(address)
        if hop is None:
            raise Refused(550, "5.4.4", "No route to this domain", "no_route")
        recipient = Recipient(address, given.options)
        if not self._taking and forms_pair(self._people, address, context.directory):
            await context.intake.room()
            self._taking = True
            await self.leave()
        if not self._taking:
            return await self._onward(hop, recipient)
        self._recipients.setdefault(address, recipient)
        return reply(250, "2.1.5", "Ok")

    async def _onward(self, hop: NextHop, recipient: Recipient) -> Reply:
        """A recipient out of scope so far: the next hop's word."""
        context, mail = self._context, self._mail
        if self._hop is not None and self._hop.target != hop.target:
            if self._recipients:
                raise Refused(452, "4.5.3", "Send this recipient in a transaction of its own", "other_hop")
            await self.leave()
        if self._lost is not None:
            return self._lost
        try:
            async with asyncio.timeout(context.config.hop_patience):
                if self._exchange is None:
                    size = None if mail.size is None else mail.size + len(self._trace())
                    self._exchange, said = await context.outward.begin(
                        hop, mail.sender, mail.options, recipient, size=size, tls=bool(self._peer.tls)
                    )
                    self._hop = hop if self._exchange is not None else None
                else:
                    said = await self._exchange.recipient(recipient)
        except (HopDown, TimeoutError) as fault:
            down = fault.reply if isinstance(fault, HopDown) else reply(451, "4.4.1", "The next hop does not answer")
            await self.leave()
            self._lost = down if self._recipients else None  # what was promised is lost; a first try is not
            context.event_log.refused("next_hop_down")
            return down
        if said.taken:
            self._recipients.setdefault(recipient.address, recipient)
        else:
            context.event_log.refused("next_hop")
        return said

    async def leave(self) -> None:
        """Take back what the next hop was given: nothing of this transaction goes there any more."""
        exchange, self._exchange, self._hop = self._exchange, None, None
        if exchange is not None:
            await exchange.leave()

    async def content(self, content: Incoming) -> Reply:
        """Read the header section, settle the scope, and take the content where it belongs: the reply to the final dot.

        Raises Refused.
        """
        try:
            return await self._settled(content)
        finally:
            self._context.load.held -= self._held
            self._held = 0

    async def _settled(self, content: Incoming) -> Reply:
        head, section = await self._head(content)
        if len(section) < _LARGE_HEADER:
            claimed, named, hops = _read(section)
        else:
            claimed, named, hops = await asyncio.to_thread(_read, section)
        if hops > self._context.config.max_received:
            raise Refused(554, "5.4.6", "Too many hops", "loop")
        if len(claimed) > MAX_IDENTITIES:
            raise Refused(554, "5.6.0", "Too many addresses in From", "syntax")
        relation = relate(
            self._mail.sender,
            claimed,
            tuple(self._recipients),
            self._context.directory,
            named,
            self._context.networks(),
        )
        if relation:
            return await self._take(head, section, content, relation)
        return await self._pass(head, content)

    async def _head(self, content: Incoming) -> tuple[bytes, HeaderSection]:
        """The content up to the end of the header section or a little more, and the header section."""
        head = bytearray()
        looked = 0
        while piece := await self._next(content):
            head += piece
            if head.startswith(b"\r\n"):
                return bytes(head), HeaderSection()
            end = head.find(b"\r\n\r\n", looked)
            if end >= 0:
                return bytes(head), HeaderSection(bytes(head[: end + 2]))
            looked = max(len(head) - 3, 0)
        return bytes(head), HeaderSection(bytes(head))

    async def _next(self, content: Incoming) -> bytes:
        """The next piece, to be kept in memory until the scope is known or the message is durable."""
        piece = await content.piece()
        self._context.hold(len(piece))
        self._held += len(piece)
        return piece

    async def _pass(self, head: bytes, content: Incoming) -> Reply:
        """Out of scope: on to the next hop as it arrives, kept nowhere."""
        exchange = self._exchange
        if exchange is None:
            self._context.event_log.refused("next_hop_down")
            return self._lost or reply(451, "4.4.2", "The connection to the next hop was lost, try again later")
        try:
            said = await exchange.data()
            if said.code == 354:
                await exchange.send(self._trace() + head)
                while piece := await content.piece():
                    await exchange.send(piece)
                said = await exchange.finish()
        except HopDown as down:
            self._context.event_log.refused("next_hop_down")
            return down.reply
        finally:
            await self.leave()
        if said.taken:
            self._context.event_log.passed_through(MAIL)
        else:
            self._context.event_log.refused("next_hop")
        return said

    async def _take(self, head: bytes, section: HeaderSection, content: Incoming, relation: Relation) -> Reply:
        """In scope: durable with us before the reply, unless it was decided before."""
        await self.leave()
        await self._context.intake.room()
        pieces = [head]
        while piece := await self._next(content):
            pieces.append(piece)
        whole = b"".join(pieces)
        if await self._context.intake.decided_before(section, whole, tuple(self._recipients)):
            return await self._again(section, whole)
        now = self._context.clock()
        name = await self._context.intake.take(
            MAIL, self._envelope(), whole, relation, now,
            section=section, fields=self._fields(now), tls=bool(self._peer.tls),
        )  # fmt: skip
        return reply(250, "2.0.0", f"Ok: queued as {name}")

    async def _again(self, section: HeaderSection, content: bytes) -> Reply:
        """The second pass: on to the next hops at once, without a second verdict and without being kept.

        The client gets one reply. Where some recipients have it and others do not, the others are queued here, for
        the client could only send it to all of them again.
        """
        now = self._context.clock()
        envelope = self._envelope()
        message = Message(
            "", MAIL, envelope, content, "", now, Relation(), self._trace(), tls=bool(self._peer.tls)
        )
        outcomes: dict[str, Outcome] = {}
        for hop, recipients in self._by_hop():
            claimed = tuple(Claimed(each, 0, now) for each in recipients)
            part = replace(message, envelope=replace(envelope, recipients=tuple(recipients)))
            outcomes |= await self._context.transport.deliver(hop, Claim("", part, claimed), _always)
        left = tuple(each for each in envelope.recipients if not isinstance(outcomes.get(each.address), Sent))
        if not left:
            self._context.event_log.passed_through(MAIL)
            return _said(next(iter(outcomes.values())))
        if len(left) < len(envelope.recipients):
            await self._context.intake.forward(
                MAIL, replace(envelope, recipients=left), content, now,
                section=section, fields=self._fields(now), tls=bool(self._peer.tls),
            )  # fmt: skip
            return reply(250, "2.0.0", "Ok")
        self._context.event_log.refused("next_hop")
        temporary = (each for each in outcomes.values() if not isinstance(each, Bounced))
        return _said(next(temporary, None) or next(iter(outcomes.values()), None))

    def _by_hop(self) -> list[tuple[NextHop, list[Recipient]]]:
        found: dict[str, tuple[NextHop, list[Recipient]]] = {}
        for recipient in self._recipients.values():
            hop = self._context.hop(recipient.address)
            if hop is not None:
                found.setdefault(hop.target, (hop, []))[1].append(recipient)
        return list(found.values())

    def _envelope(self) -> Envelope:
        return Envelope(self._mail.sender, tuple(self._recipients.values()), self._mail.options)

    def _trace(self) -> bytes:
        return self._fields(self._context.clock())("")

    def _fields(self, now: float) -> Callable[[str], bytes]:
        return lambda name: received(self._context.config, self._peer, now, utf8=self._mail.utf8, name=name)


def _read(section: HeaderSection) -> tuple[Sequence[Mailbox], str, int]:
    """The claimed authors, the subject, and the number of servers that the message has passed."""
    return section.mailboxes(), section.subject, section.received_count


def _said(outcome: Outcome | None) -> Reply:
    """The reply that came with an outcome."""
    if outcome is None:
        return reply(451, "4.3.0", "Temporary failure, try again later")
    return Reply(int(outcome.reply[:3]), (outcome.reply.encode(),))


async def _always() -> bool:
    return True
