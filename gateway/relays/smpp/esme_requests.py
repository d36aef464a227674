"""Requests of the applications (ESMEs) bound to us: text messages to send, and queries about them.

The SMSC answers what is out of scope, with its own status. A message in scope gets an id of ours once it is stored;
after it was sent, queries about it are passed to the SMSC.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.core.channels.capabilities import SMS
from gateway.core.channels.smpp_message import SMSC, id_variants, parse_part_id
from gateway.core.channels.smpp_pdu import Command, Pdu, PduFields, Status, parse_c_string, read_text
from gateway.core.messages.delivery import State
from gateway.core.messages.refusal import unavailable
from gateway.ports.channels import SmppPeer
from gateway.ports.messages import StoreDown
from gateway.relays.smpp.context import SmppContext, answer_or_refuse

_STATE = {
    State.RECEIVED: 6, State.HELD: 6, State.QUEUED: 1, State.SENT: 1, State.BOUNCED: 5, State.REJECTED: 8,
    State.DISCARDED: 6,
}  # fmt: skip
"""message_state of a message that the SMSC does not have. The sender must not learn that a message was discarded."""


class EsmeRequests:
    """Answers the applications. What is out of scope is passed to `smsc`."""

    def __init__(self, context: SmppContext, smsc: SmppPeer) -> None:
        self._context, self._smsc = context, smsc

    async def answer(self, request: Pdu, account: str) -> Pdu | None:
        """The response to a request of an application."""
        return await answer_or_refuse(
            request, lambda: self._answer(request, account), self._context.event_log, later=Status.SYSTEM_ERROR
        )

    async def _answer(self, request: Pdu, account: str) -> Pdu:
        match request.command:
            case Command.QUERY_SM:
                return await self._query(request)
            case Command.CANCEL_SM:
                return await self._cancel(request, account)
            case Command.REPLACE_SM:
                return await self._replace(request, account)
            case _:
                return await self._submit(request, account)

    async def _submit(self, request: Pdu, account: str) -> Pdu:
        context = self._context
        text = read_text(request.command, request.body)
        source, destinations = context.addresses_of(text)
        line = source.number
        if not text.source.digits.strip() and any(address.known for address in destinations):
            context.event_log.request_refused("sender")  # the SMSC would choose one, so nobody knows whose text it is
            return request.response(Status.INVALID_SOURCE)
        if text.lists and source.known:
            context.event_log.request_refused("list")  # only the SMSC knows its members
            return request.response(Status.CANNOT_SUBMIT_TO_LIST)
        relation = context.relation_to_check(text)
        await context.router.note_sender(line, account, context.clock())
        if relation:
            name = await context.take(request, text, relation, account, SMSC)
            none_failed = b"\0" if request.command == Command.SUBMIT_MULTI else b""
            return request.response(body=name.encode() + b"\0" + none_failed)
        response = await self._forward(request)
        if response.status == Status.OK:
            context.event_log.passed_through(SMS)
            context.recent.note_forwarded(parse_c_string(response.body), account)
        return response

    async def _query(self, request: Pdu) -> Pdu:
        our_id = parse_c_string(request.body)
        found = await self._find(our_id)
        if found is None:
            return await self._forward(request)
        if found.state is State.SENT and found.smsc_id:
            response = await self._forward(_with_smsc_id(request, our_id, found.smsc_id))
            return Pdu(response.command, _with_our_id(response.body, our_id), response.status, request.sequence)
        return request.response(body=our_id.encode() + b"\0\0" + bytes((_STATE[found.state], 0)))

    async def _cancel(self, request: Pdu, account: str) -> Pdu:
        """Refuse to cancel a message that we still have: it may be evidence. The SMSC cancels one that was sent."""
        fields = PduFields(request.body)
        fields.text(6)
        before = fields.at
        our_id = fields.text(65)
        rest = request.body[fields.at :]
        sender = self._context.address_of(fields.address(21, Status.INVALID_SOURCE))
        to = self._context.address_of(fields.address(21, Status.INVALID_DESTINATION), sender.number)
        found = await self._find(our_id)
        if found is not None and found.state is State.SENT and found.smsc_id:
            body = request.body[:before] + found.smsc_id.encode("latin-1") + b"\0" + rest
            return await self._forward(Pdu(request.command, body, 0, request.sequence))
        in_scope = not our_id and sender.known and to.known
        if found is not None or in_scope or (our_id and await self._is_of_another(our_id, account)):
            return request.response(Status.CANCEL_FAILED)
        return await self._forward(request)

    async def _replace(self, request: Pdu, account: str) -> Pdu:
        """Refuse to replace a message that may be between staff and a student: nobody would read the new text.

        The SMSC's ids can be guessed, so one of a message in scope or of another application is refused too.
        """
        fields = PduFields(request.body)
        name = fields.text(65)
        sender = self._context.address_of(fields.address(21, Status.INVALID_SOURCE))
        if not name or sender.known or parse_part_id(name) or await self._is_of_another(name, account):
            return request.response(Status.REPLACE_FAILED)
        return await self._forward(request)

    async def _is_of_another(self, smsc_id: str, account: str) -> bool:
        """Whether an id of the SMSC is that of a message in scope, or of another application."""
        context, names = self._context, id_variants(smsc_id)
        if context.recent.find_sent(names) or context.recent.find_account(names) not in ("", account):
            return True
        try:
            return await context.texts.find_by_smsc_ids(names) is not None
        except StoreDown:
            raise unavailable() from None

    async def _forward(self, request: Pdu) -> Pdu:
        """The SMSC's response, with the sequence number of the request."""
        response = await self._smsc.ask(request)
        return Pdu(response.command, response.body, response.status, request.sequence)

    async def _find(self, our_id: str) -> _KnownPart | None:
        """The part of a message of ours with this id, None for any other id."""
        named = parse_part_id(our_id)
        if named is None:
            return None
        name, number = named
        try:
            traces = await self._context.lookups.trace(id=name)
            smsc_ids = await self._context.texts.smsc_ids(name, 0) if traces else {}
        except StoreDown:
            raise unavailable() from None
        return _KnownPart(smsc_ids.get(number, ""), traces[0].recipients[0].state) if traces else None


@dataclass(frozen=True, slots=True)
class _KnownPart:
    """A part of a message of ours: the SMSC's id of it ("" before it was sent), and the message's state."""

    smsc_id: str
    state: State


def _with_smsc_id(request: Pdu, our_id: str, smsc_id: str) -> Pdu:
    return Pdu(request.command, smsc_id.encode("latin-1") + request.body[len(our_id) :], 0, request.sequence)


def _with_our_id(body: bytes, our_id: str) -> bytes:
    end = body.find(b"\0")
    return our_id.encode() + body[end:] if end >= 0 else body
