"""What an application asks that is bound to us: texts to be sent, and what became of them.

What is out of scope is the SMSC's to answer, with its own status. What is in scope gets an id of ours once it is
durable, and the SMSC is asked about it once it has it.
"""

from __future__ import annotations

from gateway.core.channels.smpp_encoding import party
from gateway.core.channels.smpp_message import SMSC, named_part
from gateway.core.channels.smpp_pdu import Command, Pdu, PduFields, Status, c_string, read_text
from gateway.core.messages.delivery import State
from gateway.core.messages.message import Channel
from gateway.core.messages.refusal import unavailable
from gateway.core.policy.relation import identified
from gateway.ports.channels import SmppPeer
from gateway.ports.messages import StoreDown
from gateway.relays.smpp.context import SmppContext, guarded

_STATE = {
    State.RECEIVED: 6, State.HELD: 6, State.QUEUED: 1, State.SENT: 1, State.BOUNCED: 5, State.REJECTED: 8,
    State.DISCARDED: 6,
}  # fmt: skip
"""message_state of a text that the SMSC does not have; who discards one wants its sender to hear nothing."""


class Requests:
    """Answers for the applications; `smsc` is asked for what is out of scope."""

    def __init__(self, context: SmppContext, smsc: SmppPeer) -> None:
        self._context, self._smsc = context, smsc

    async def answer(self, request: Pdu, account: str) -> Pdu | None:
        """The response to a request of an application's."""
        return await guarded(
            request, lambda: self._answer(request, account), self._context.event_log, later=Status.SYSTEM_ERROR
        )

    async def _answer(self, request: Pdu, account: str) -> Pdu:
        match request.command:
            case Command.QUERY_SM:
                return await self._query(request)
            case Command.CANCEL_SM:
                return await self._cancel(request)
            case Command.REPLACE_SM:
                return await self._replace(request)
            case _:
                return await self._submit(request, account)

    async def _submit(self, request: Pdu, account: str) -> Pdu:
        context = self._context
        text = read_text(request.command, request.body)
        line = party(text.source)
        if text.lists and identified(line, context.directory):
            context.event_log.request_refused("list")  # who is on it the SMSC alone knows
            return request.answered(Status.CANNOT_SUBMIT_TO_LIST)
        relation = context.related(text)
        await context.exchange.spoke(line, account, context.clock())
        if relation:
            name = await context.take(request, text, relation, account, SMSC)
            none_failed = b"\0" if request.command == Command.SUBMIT_MULTI else b""
            return request.answered(body=name.encode() + b"\0" + none_failed)
        response = await self._passed(request)
        if response.status == Status.OK:
            context.event_log.passed_through(Channel.SMS)
            context.memory.passed(c_string(response.body), account)
        return response

    async def _query(self, request: Pdu) -> Pdu:
        asked = c_string(request.body)
        name, _number, theirs, state = await self._ours(asked)
        if not name:
            return await self._passed(request)
        if state is State.SENT and theirs:
            response = await self._passed(_renamed(request, asked, theirs))
            return Pdu(response.command, _under(response.body, asked), response.status, request.sequence)
        return request.answered(body=asked.encode() + b"\0\0" + bytes((_STATE[state], 0)))

    async def _cancel(self, request: Pdu) -> Pdu:
        """A text that we have stays: it may be evidence. One that was sent is the SMSC's to cancel."""
        fields = PduFields(request.body)
        fields.text(6)
        before = fields.at
        asked = fields.text(65)
        rest = request.body[fields.at :]
        sender = party(fields.address(21, Status.INVALID_SOURCE))
        to = party(fields.address(21, Status.INVALID_DESTINATION))
        name, _, theirs, state = await self._ours(asked)
        if name and state is State.SENT and theirs:
            body = request.body[:before] + theirs.encode("latin-1") + b"\0" + rest
            return await self._passed(Pdu(request.command, body, 0, request.sequence))
        in_scope = not asked and identified(sender, self._context.directory) and identified(to, self._context.directory)
        if name or in_scope:
            return request.answered(Status.CANCEL_FAILED)
        return await self._passed(request)

    async def _replace(self, request: Pdu) -> Pdu:
        """Nothing is replaced that may have passed between staff and a student: the new text would go unread."""
        fields = PduFields(request.body)
        name = named_part(fields.text(65))
        sender = party(fields.address(21, Status.INVALID_SOURCE))
        if name is not None or identified(sender, self._context.directory):
            return request.answered(Status.REPLACE_FAILED)
        return await self._passed(request)

    async def _passed(self, request: Pdu) -> Pdu:
        """The SMSC's answer, under the number of the request."""
        response = await self._smsc.ask(request)
        return Pdu(response.command, response.body, response.status, request.sequence)

    async def _ours(self, asked: str) -> tuple[str, int, str, State]:
        """Message, number of the part, the SMSC's id and the state of a text; no message where it is none of ours."""
        named = named_part(asked)
        if named is None:
            return "", 0, "", State.RECEIVED
        name, number = named
        try:
            traces = await self._context.review.trace(id=name)
            theirs = await self._context.texts.known_by(name, 0) if traces else {}
        except StoreDown:
            raise unavailable() from None
        if traces:
            return name, number, theirs.get(number, ""), traces[0].recipients[0].state
        return "", 0, "", State.RECEIVED


def _renamed(request: Pdu, asked: str, theirs: str) -> Pdu:
    return Pdu(request.command, theirs.encode("latin-1") + request.body[len(asked) :], 0, request.sequence)


def _under(body: bytes, asked: str) -> bytes:
    end = body.find(b"\0")
    return asked.encode() + body[end:] if end >= 0 else body
