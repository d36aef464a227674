"""Requests of the SMSC: text messages to the district's numbers, and delivery receipts."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from gateway.core.channels.capabilities import SMS
from gateway.core.channels.smpp_encoding import read_texts
from gateway.core.channels.smpp_message import (
    ESME,
    RECEIPT,
    SentPart,
    carries_words,
    id_variants,
    is_acknowledgment,
    is_receipt,
    part_id,
    receipt_envelope,
    receipt_with_id,
    receipted_id,
)
from gateway.core.channels.smpp_pdu import GENERIC_NACK, Command, Pdu, SmppText, Status, read_text
from gateway.core.messages.message import derived_id
from gateway.core.messages.refusal import unavailable
from gateway.ports.channels import HopDown, SmppPeer
from gateway.ports.messages import StoreDown
from gateway.relays.smpp.context import SmppContext, answer_or_refuse

_LOOKUP_DELAYS = (0.0, 0.2, 0.8)
"""Seconds before each lookup of a receipt's message: the receipt may come before the sending process stored the id."""


class SmscRequests:
    """Answers the SMSC. What is out of scope is passed to `esmes`, the applications."""

    def __init__(self, context: SmppContext, esmes: SmppPeer) -> None:
        self._context, self._esmes = context, esmes

    async def answer(self, request: Pdu) -> Pdu | None:
        """The response to a request of the SMSC. It tries again after a temporary error."""
        return await answer_or_refuse(
            request, lambda: self._answer(request), self._context.event_log, later=Status.TEMPORARY_APP_ERROR
        )

    async def _answer(self, request: Pdu) -> Pdu | None:
        if request.command == Command.ALERT_NOTIFICATION:  # has no response: says only that a phone is reachable
            return None
        if request.command not in (Command.DELIVER_SM, Command.DATA_SM):
            return Pdu(GENERIC_NACK, b"", Status.INVALID_COMMAND, request.sequence)
        text = read_text(request.command, request.body)
        if is_receipt(text) and (response := await self._receipt(request, text)) is not None:
            return response
        _, (to,) = self._context.addresses_of(text)
        line = to.number
        relation = self._context.relation_to_check(text)
        if relation:
            name = await self._context.take(request, text, relation, "", ESME)
            return request.response(body=name.encode() + b"\0" if request.command == Command.DATA_SM else b"\0")
        try:
            account = await self._context.router.last_sender(line)
        except StoreDown:
            raise unavailable() from None
        response = _numbered(await self._context.router.ask(request, account), request)
        if response.status == Status.OK:
            self._context.event_log.passed_through(SMS)
        return response

    async def _receipt(self, request: Pdu, text: SmppText) -> Pdu | None:
        """Pass on a receipt under the id that the application knows: ours if in scope, else the SMSC's own.

        None if it is a text of a person that is only marked as a receipt, such as the answer of a phone.
        """
        if is_acknowledgment(text) and self._has_words(text):
            return None
        context, name = self._context, receipted_id(text)
        names = id_variants(name) if name else ()
        account = context.recent.find_account(names)
        part = await self._find_sent_part(names, _LOOKUP_DELAYS[:1] if account else _LOOKUP_DELAYS) if name else None
        if part is None:
            if not account and self._has_words(text):
                return None
            return _numbered(await self._esmes.ask(request, context.router.receipt_account(account)), request)
        if part.account == "":
            return request.response(body=b"\0")  # of an inbound message: nobody asked for this receipt
        ours = Pdu(request.command, receipt_with_id(text, part_id(part.message, part.number, part.total)))
        try:
            return _numbered(await self._esmes.ask(ours, part.account), request)
        except HopDown:
            await self._store_receipt(ours, part.account)
            return request.response(body=b"\0")

    def _has_words(self, text: SmppText) -> bool:
        """Whether a receipt has words of a person in scope."""
        words = carries_words(read_texts([text]).whole, by_person=is_acknowledgment(text))
        return words and bool(self._context.relation_of(text))

    async def _find_sent_part(self, names: Sequence[str], delays: Sequence[float]) -> SentPart | None:
        for delay in delays:
            await asyncio.sleep(delay)
            if (part := self._context.recent.find_sent(names)) is not None:
                return part
            try:
                if (part := await self._context.texts.find_by_smsc_ids(names)) is not None:
                    return part
            except StoreDown:
                raise unavailable() from None
        return None

    async def _store_receipt(self, receipt: Pdu, account: str) -> None:
        """Store a receipt for an application that is not bound here. It is delivered once the application is bound."""
        name = derived_id(RECEIPT, account, receipt.body.hex())
        now = self._context.now()
        await self._context.intake.forward(SMS, receipt_envelope(account), receipt.encoded(), now, name=name)


def _numbered(response: Pdu, request: Pdu) -> Pdu:
    return Pdu(response.command, response.body, response.status, request.sequence)
