"""What comes from the SMSC: texts for the district's numbers, and receipts for what was sent."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from gateway.core.channels.smpp_encoding import party
from gateway.core.channels.smpp_message import (
    ESME,
    RECEIPT,
    SentPart,
    about,
    is_receipt,
    part_id,
    receipt_envelope,
    receipted,
    written,
)
from gateway.core.channels.smpp_pdu import GENERIC_NACK, Command, Pdu, SmppText, Status, read_text
from gateway.core.channels.twilio import derived_id
from gateway.core.messages.message import Channel
from gateway.core.messages.refusal import unavailable
from gateway.ports.channels import HopDown, SmppPeer
from gateway.ports.messages import StoreDown
from gateway.relays.smpp.context import SmppContext, guarded

_LOOKS = (0.0, 0.2, 0.8)
"""Seconds before each look for what a receipt is about: it may come before the process that sent has noted the id."""


class Arrivals:
    """Answers for the SMSC; `esmes` are the applications, which are asked for what is out of scope."""

    def __init__(self, context: SmppContext, esmes: SmppPeer) -> None:
        self._context, self._esmes = context, esmes

    async def answer(self, request: Pdu) -> Pdu | None:
        """The response to a request of the SMSC's; what is temporary it tries again."""
        return await guarded(
            request, lambda: self._answer(request), self._context.event_log, later=Status.TEMPORARY_APP_ERROR
        )

    async def _answer(self, request: Pdu) -> Pdu | None:
        if request.command == Command.ALERT_NOTIFICATION:  # has no response, and says of a phone only that it is there
            return None
        if request.command not in (Command.DELIVER_SM, Command.DATA_SM):
            return Pdu(GENERIC_NACK, b"", Status.INVALID_COMMAND, request.sequence)
        text = read_text(request.command, request.body)
        if is_receipt(text):
            return await self._receipt(request, text)
        line = party(text.destinations[0])
        relation = self._context.related(text)
        if relation:
            name = await self._context.take(request, text, relation, "", ESME)
            return request.answered(body=name.encode() + b"\0" if request.command == Command.DATA_SM else b"\0")
        try:
            speaker = await self._context.exchange.speaker(line)
        except StoreDown:
            raise unavailable() from None
        response = _numbered(await self._context.exchange.ask(request, speaker), request)
        if response.status == Status.OK:
            self._context.event_log.passed_through(Channel.SMS)
        return response

    async def _receipt(self, request: Pdu, text: SmppText) -> Pdu:
        """Under the id by which the application knows the text: ours where it was in scope, else the SMSC's own."""
        context, name = self._context, receipted(text)
        names = written(name) if name else ()
        sender = context.memory.sender(names)
        told = await self._told(names, _LOOKS[:1] if sender else _LOOKS) if name else None
        if told is None:
            return _numbered(await self._esmes.ask(request, context.exchange.sender(sender)), request)
        if told.account == "":
            return request.answered(body=b"\0")  # of a text that came in: nobody asked
        ours = Pdu(request.command, about(text, part_id(told.message, told.number, told.total)))
        try:
            return _numbered(await self._esmes.ask(ours, told.account), request)
        except HopDown:
            await self._kept(ours, told.account)
            return request.answered(body=b"\0")

    async def _told(self, names: Sequence[str], looks: Sequence[float]) -> SentPart | None:
        for pause in looks:
            await asyncio.sleep(pause)
            if (told := self._context.memory.told_of(names)) is not None:
                return told
            try:
                if (told := await self._context.texts.told_of(names)) is not None:
                    return told
            except StoreDown:
                raise unavailable() from None
        return None

    async def _kept(self, receipt: Pdu, account: str) -> None:
        """A receipt for an application that is not bound here is durable, and goes wherever it is, once it is."""
        name = derived_id(RECEIPT, account, receipt.body.hex())
        now = self._context.now()
        await self._context.intake.forward(Channel.SMS, receipt_envelope(account), receipt.encoded(), now, name=name)


def _numbered(response: Pdu, request: Pdu) -> Pdu:
    return Pdu(response.command, response.body, response.status, request.sequence)
