"""One mail transaction: once its scope is known it is passed through or stored (docs/architecture.md, Scope).

While no recipient forms a staff-student pair, a transaction with the next hop runs in parallel, and the client gets the
next hop's replies. The scope is final before the next hop gets any content: once the header section has been read, and
of an outsider's letter to students also the start of the text, for a signature.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from gateway.core.channels.capabilities import MAIL
from gateway.core.messages.addresses import domain_of
from gateway.core.messages.delivery import Bounced, Claim, Claimed, NextHop, Outcome, Sent
from gateway.core.messages.message import Envelope, Message, Recipient
from gateway.core.messages.parties import Relation
from gateway.core.messages.refusal import Refused
from gateway.core.messages.reply import Reply, reply
from gateway.core.mime.headers import MAX_IDENTITIES, HeaderSection
from gateway.core.relation.identities import find_people, forms_pair
from gateway.core.relation.mail_claims import MailClaims, read_claims
from gateway.core.relation.signatures import may_be_signed, signature_relation
from gateway.ports.channels import HopDown, HopTransaction
from gateway.relays.smtp.context import SmtpContext, SmtpPeer, received_field
from gateway.relays.smtp.grammar import MailCommand, RcptCommand
from gateway.relays.smtp.limits import client_key
from gateway.relays.smtp.memory import ContentMemory
from gateway.relays.smtp.relayed_report import relayed_report, wants_report

_START = 1 << 16  # bytes of content that are read before the next hop is asked for DATA
_MAX_HEADER = 1 << 23  # bytes of a header section; above it the message is refused
_HUGE_HEADER = 1 << 18  # bytes from which only one header section at a time is parsed, as it can take seconds
_LARGE_HEADER = 1 << 15  # bytes from which a header section is parsed outside the event loop


class ContentReader(Protocol):
    """The content as it arrives."""

    async def next_piece(self) -> bytes:
        """The next piece, empty at the end. Raises Refused, after reading all of it, if it must not be accepted."""


class RelayTransaction:
    """A transaction from MAIL to the reply to the final dot, or to `abort`."""

    def __init__(self, context: SmtpContext, peer: SmtpPeer, mail: MailCommand) -> None:
        self._context, self._peer, self._mail = context, peer, mail
        self._refuse_outside_claims(mail.sender)
        self._people = find_people(mail.sender, context.directory)
        self._recipients: dict[str, Recipient] = {}
        self._in_scope = False
        self._hop: NextHop | None = None
        self._route = ("", "")
        self._hop_transaction: HopTransaction | None = None
        self._hop_failure: Reply | None = None
        self._memory = ContentMemory(context.memory, self._client)

    @property
    def utf8(self) -> bool:
        """Whether MAIL had SMTPUTF8."""
        return self._mail.utf8

    @property
    def has_recipients(self) -> bool:
        """Whether a recipient was accepted."""
        return bool(self._recipients)

    async def recipient(self, given: RcptCommand) -> Reply:
        """The reply to one RCPT. Raises Refused."""
        context = self._context
        address = given.address if "@" in given.address else f"{given.address}@{context.config.domains[0]}"
        if not self._peer.trusted and not context.is_district_address(address):
            raise Refused(550, "5.7.1", "Relaying denied", "relay_denied")
        if len(self._recipients) >= context.config.max_recipients:
            raise Refused(452, "4.5.3", "Too many recipients", "too_many_recipients")
        hop = context.hop_for(address)
        if hop is None:
            raise Refused(550, "5.4.4", "No route to this domain", "no_route")
        recipient = Recipient(address, given.options)
        if not self._in_scope and forms_pair(self._people, address, context.directory):
            await context.intake.check_room()
            self._in_scope = True
            await self.abort()
        if not self._in_scope:
            return await self._pass_recipient_on(hop, recipient)
        if address not in self._recipients:
            if (refusal := await self._ask_next_hop(hop, recipient)) is not None:
                return refusal
            self._recipients[address] = recipient
        return reply(250, "2.1.5", "Ok")

    async def _ask_next_hop(self, hop: NextHop, recipient: Recipient) -> Reply | None:
        """The next hop's permanent refusal of a recipient in scope. The message goes there only once it is decided."""
        context, mail = self._context, self._mail
        if not context.config.verify_recipients:
            return None
        refusal = await context.connector.ask(
            hop, mail.sender, mail.options, recipient, tls=bool(self._peer.tls), client=self._client
        )
        if refusal is not None:
            context.event_log.refused("next_hop", hop.target)
        return refusal

    @property
    def _client(self) -> str:
        """Who the connections to next hops are shared out to; "" for a trusted client."""
        return "" if self._peer.trusted else client_key(self._peer.address)

    def _refuse_outside_claims(self, *addresses: str) -> None:
        """Raise Refused if a client that may not speak for the district names one of its addresses as sender."""
        context = self._context
        if self._peer.trusted or not context.config.refuse_outside_claims:
            return
        if any(address and context.directory.is_internal(address) for address in addresses):
            raise Refused(550, "5.7.1", "This address may not be used from outside the district", "outside_claim")

    async def _pass_recipient_on(self, hop: NextHop, recipient: Recipient) -> Reply:
        """Pass a recipient to the next hop while the message is out of scope. Returns the next hop's reply."""
        context, mail = self._context, self._mail
        route = hop.route(domain_of(recipient.address))
        if self._hop is not None and self._route != route:
            if self._recipients:
                raise Refused(452, "4.5.3", "Send this recipient in a separate transaction", "other_hop")
            await self.abort()
        if self._hop_failure is not None:
            return self._hop_failure
        try:
            async with asyncio.timeout(context.config.hop_timeout):
                if self._hop_transaction is None:
                    size = None if mail.size is None else mail.size + len(self._trace_fields())
                    self._hop_transaction, answer = await context.connector.begin(
                        hop, mail.sender, mail.options, recipient, size=size, tls=bool(self._peer.tls),
                        client=self._client,
                    )  # fmt: skip
                    self._hop, self._route = (hop if self._hop_transaction is not None else None), route
                else:
                    answer = await self._hop_transaction.recipient(recipient)
        except (HopDown, TimeoutError) as fault:
            if isinstance(fault, TimeoutError):
                fault = HopDown(reply(451, "4.4.1", "The next hop does not answer"))
            down = fault.reply
            await self.abort()
            self._hop_failure = down if self._recipients else None  # accepted recipients are lost; a first one is not
            context.event_log.refused(fault.reason, hop.target)
            return down
        if answer.accepted:
            self._recipients.setdefault(recipient.address, recipient)
        else:
            context.event_log.refused("next_hop", hop.target)
        return answer

    async def abort(self) -> None:
        """Abort the transaction with the next hop, if there is one."""
        hop_transaction, self._hop_transaction, self._hop = self._hop_transaction, None, None
        if hop_transaction is not None:
            await hop_transaction.abort()

    async def content(self, content: ContentReader) -> Reply:
        """Read the header section, settle the scope, and pass on or store the content. The reply to the final dot.

        Raises Refused.
        """
        try:
            return await self._receive(content)
        finally:
            self._memory.free()

    async def _receive(self, content: ContentReader) -> Reply:
        if self._in_scope:
            await self._reserve_memory()
        head, section = await self._read_head(content)
        if len(section) < _LARGE_HEADER:
            claims, hops = _read_section(section)
        elif len(section) < _HUGE_HEADER:
            claims, hops = await asyncio.to_thread(_read_section, section)
        else:
            async with self._context.huge_headers:
                claims, hops = await asyncio.to_thread(_read_section, section)
        if hops > self._context.config.max_received:
            raise Refused(554, "5.4.6", "Too many hops", "loop")
        if len(claims.authors) > MAX_IDENTITIES:
            raise Refused(554, "5.6.0", "Too many addresses in From", "syntax")
        self._refuse_outside_claims(*(mailbox.address for mailbox in claims.authors))
        relation = await self._relate(claims)
        if not relation and may_be_signed(self._mail.sender, claims, tuple(self._recipients), self._context.directory):
            head = await self._read_start(head, content)
            relation = await self._relate_signature(claims, head)
        if relation:
            return await self._take_in(head, section, content, relation)
        return await self._pass_through(head, section, content)

    async def _relate(self, claims: MailClaims) -> Relation:
        context = self._context
        return await context.sightings.relate(
            self._mail.sender, claims, tuple(self._recipients), context.networks(), context.clock(),
            verified=self._peer.trusted,
        )  # fmt: skip

    async def _relate_signature(self, claims: MailClaims, start: bytes) -> Relation:
        names = await self._context.intake.signed_names(MAIL, start)
        return signature_relation(
            self._mail.sender, claims, tuple(self._recipients), names, self._context.directory
        )  # fmt: skip

    async def _reserve_memory(self) -> None:
        """Wait for room for the whole message, if its size was announced. Raises Refused."""
        if self._mail.size is not None:
            await self._memory.reserve(min(self._mail.size, self._context.config.max_size))

    async def _read_head(self, content: ContentReader) -> tuple[bytes, HeaderSection]:
        """The pieces of content that contain the header section, and the header section."""
        head = bytearray()
        searched = 0
        while piece := await self._next_piece(content):
            head += piece
            if head.startswith(b"\r\n"):
                return bytes(head), HeaderSection()
            end = head.find(b"\r\n\r\n", searched)
            if (end if end >= 0 else len(head)) > _MAX_HEADER:
                raise Refused(552, "5.3.4", "Header section too big", "too_large")
            if end >= 0:
                return bytes(head), HeaderSection(bytes(head[: end + 2]))
            searched = max(len(head) - 3, 0)
        return bytes(head), HeaderSection(bytes(head))

    async def _read_start(self, head: bytes, content: ContentReader) -> bytes:
        """The start of the content. Read before DATA: a slow client with a small message holds up no connection."""
        while len(head) < _START and (piece := await self._next_piece(content)):
            head += piece
        return head

    async def _next_piece(self, content: ContentReader) -> bytes:
        """The next piece, counted as memory until the scope is known or the message is stored."""
        piece = await content.next_piece()
        self._memory.add(len(piece))
        return piece

    async def _pass_through(self, head: bytes, section: HeaderSection, content: ContentReader) -> Reply:
        """Out of scope: stream the content to the next hop, storing nothing."""
        hop_transaction, target = self._hop_transaction, self._hop.target if self._hop else ""
        if hop_transaction is None:
            self._context.event_log.refused("next_hop_down")
            return self._hop_failure or reply(451, "4.4.2", "The connection to the next hop was lost, try again later")
        head = await self._read_start(head, content)
        try:
            answer = await hop_transaction.data()
            if answer.code == 354:
                last = self._trace_fields() + head
                while piece := await content.next_piece():
                    await hop_transaction.send(last)
                    last = piece
                answer = await hop_transaction.finish(last)
        except HopDown as down:
            self._context.event_log.refused(down.reason, target)
            return down.reply
        finally:
            await self.abort()
        if answer.accepted:
            self._context.event_log.passed_through(MAIL)
            self._note_addresses(Relation())
            if not hop_transaction.relays_dsn and wants_report(envelope := self._envelope()):
                await self._report_relayed(envelope, section, answer)
        else:
            self._context.event_log.refused("next_hop", target)
        return answer

    async def _report_relayed(self, envelope: Envelope, section: HeaderSection, answer: Reply) -> None:
        """Tell the sender what the next hop will not. The message is delivered: without a store nobody is told."""
        config, now = self._context.config, self._context.clock()
        mailer = config.mailer or f"postmaster@{config.domains[0]}"
        to, content = relayed_report(envelope, section, answer, now, hostname=config.hostname, mailer=mailer)
        try:
            await self._context.intake.forward(MAIL, to, content, now)
        except Refused as refused:
            self._context.event_log.refused(refused.reason)

    async def _take_in(self, head: bytes, section: HeaderSection, content: ContentReader, relation: Relation) -> Reply:
        """In scope: store the message before the reply, unless it was released before (second pass)."""
        await self.abort()
        await self._context.intake.check_room()
        await self._reserve_memory()
        whole = await self._read_whole(head, content)
        del head
        released = await self._context.intake.released_as(self._mail.sender, section, whole, tuple(self._recipients))
        if released is not None:
            return await self._second_pass(released, section, whole)
        now = self._context.clock()
        name = await self._context.intake.take(
            MAIL, self._envelope(), whole, relation, now,
            section=section, fields=self._fields(now), tls=bool(self._peer.tls),
        )  # fmt: skip
        self._note_addresses(relation)
        return reply(250, "2.0.0", f"Ok: queued as {name}")

    def _note_addresses(self, relation: Relation) -> None:
        """Count addresses that the roster does not know. A sender counts if it may speak for the district."""
        sender = self._mail.sender if self._peer.trusted else ""
        self._context.sightings.note(sender, tuple(self._recipients), relation)

    async def _read_whole(self, head: bytes, content: ContentReader) -> bytes:
        buffer = io.BytesIO()  # it grows in place and gives its bytes away without a copy
        buffer.write(head)
        while piece := await self._next_piece(content):
            buffer.write(piece)
        return buffer.getvalue()

    async def _second_pass(self, name: str, section: HeaderSection, content: bytes) -> Reply:
        """The second pass: deliver to the next hops at once, without a new verdict and without storing.

        The client gets one reply for all recipients. If only some were delivered, the others are queued here, because
        the client could only send to all of them again.
        """
        now = self._context.clock()
        envelope = self._envelope()
        message = Message(
            "", MAIL, envelope, content, "", now, Relation(), self._trace_fields(), tls=bool(self._peer.tls)
        )
        outcomes: dict[str, Outcome] = {}
        for hop, recipients in self._by_hop():
            claimed = tuple(Claimed(recipient, 0, now) for recipient in recipients)
            part = replace(message, envelope=replace(envelope, recipients=tuple(recipients)))
            outcomes |= await self._context.transport.deliver(hop, Claim("", part, claimed), _always_holds)
        left = tuple(
            recipient for recipient in envelope.recipients if not isinstance(outcomes.get(recipient.address), Sent)
        )
        self._context.event_log.passed_again(name, len(envelope.recipients) - len(left), len(left))
        untold = tuple(
            recipient
            for recipient in envelope.recipients
            if isinstance(sent := outcomes.get(recipient.address), Sent) and not sent.relayed_dsn
        )
        if wants_report(relayed := replace(envelope, recipients=untold)):
            await self._report_relayed(relayed, section, _reply_of(outcomes[untold[0].address]))
        if not left:
            self._context.event_log.passed_through(MAIL)
            return _reply_of(next(iter(outcomes.values())))
        if len(left) < len(envelope.recipients):
            await self._context.intake.forward(
                MAIL, replace(envelope, recipients=left), content, now,
                section=section, fields=self._fields(now), tls=bool(self._peer.tls),
            )  # fmt: skip
            return reply(250, "2.0.0", "Ok")
        self._context.event_log.refused("next_hop")
        temporary = (outcome for outcome in outcomes.values() if not isinstance(outcome, Bounced))
        return _reply_of(next(temporary, None) or next(iter(outcomes.values()), None))

    def _by_hop(self) -> list[tuple[NextHop, list[Recipient]]]:
        found: dict[str, tuple[NextHop, list[Recipient]]] = {}
        for recipient in self._recipients.values():
            hop = self._context.hop_for(recipient.address)
            if hop is not None:
                found.setdefault(hop.target, (hop, []))[1].append(recipient)
        return list(found.values())

    def _envelope(self) -> Envelope:
        return Envelope(self._mail.sender, tuple(self._recipients.values()), self._mail.options)

    def _trace_fields(self) -> bytes:
        return self._fields(self._context.clock())("")

    def _fields(self, now: float) -> Callable[[str], bytes]:
        return lambda name: received_field(self._context.config, self._peer, now, utf8=self._mail.utf8, name=name)


def _read_section(section: HeaderSection) -> tuple[MailClaims, int]:
    """What the header section says about the parties, and the number of servers that the message has passed."""
    return read_claims(section), section.received_count


def _reply_of(outcome: Outcome | None) -> Reply:
    """The reply that came with an outcome."""
    if outcome is None:
        return reply(451, "4.3.0", "Temporary failure, try again later")
    return Reply(int(outcome.reply[:3]), (outcome.reply.encode(),))


async def _always_holds() -> bool:
    return True
