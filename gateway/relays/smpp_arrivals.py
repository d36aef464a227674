"""What comes from the SMSC: texts for the district's numbers, and receipts for what was sent."""

from __future__ import annotations

from gateway.core.message import Channel
from gateway.core.refusal import unavailable
from gateway.core.smpp import GENERIC_NACK, Command, Pdu, Status, Text, read_text
from gateway.core.smpp_message import ESME, about, is_receipt, part_id, receipted, written
from gateway.core.smpp_text import party
from gateway.ports import StoreDown
from gateway.relays.smpp_house import SmppHouse, guarded
from gateway.sms_ports import Peer


class Arrivals:
    """Answers for the SMSC; `esmes` are the applications, which are asked for what is out of scope."""

    def __init__(self, house: SmppHouse, esmes: Peer) -> None:
        self._house, self._esmes = house, esmes

    async def answer(self, request: Pdu) -> Pdu | None:
        """The response to a request of the SMSC's; what is temporary it tries again."""
        return await guarded(
            request, lambda: self._answer(request), self._house.journal, later=Status.TEMPORARY_APP_ERROR
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
        relation = self._house.related(text)
        if relation:
            name = await self._house.take(request, text, relation, "", ESME)
            return request.answered(body=name.encode() + b"\0" if request.command == Command.DATA_SM else b"\0")
        speaker = self._house.memory.speaker(line)
        response = await self._passed(request, speaker if self._esmes.bound(speaker) else "")
        if response.status == Status.OK:
            self._house.journal.passed_through(Channel.SMS)
        return response

    async def _receipt(self, request: Pdu, text: Text) -> Pdu:
        """Under the id by which the application knows the text: ours where it was in scope, else the SMSC's own."""
        house, name = self._house, receipted(text)
        names = written(name) if name else ()
        told = house.memory.told_of(names)
        if told is None and names:
            try:
                told = await house.texts.told_of(names)
            except StoreDown:
                raise unavailable() from None
        if told is None:
            return await self._passed(request, house.memory.sender(name))
        if told.account == "":
            return request.answered(body=b"\0")  # of a text that came in: nobody asked
        body = about(text, part_id(told.message, told.number, told.total))
        return await self._passed(Pdu(request.command, body, 0, request.sequence), told.account)

    async def _passed(self, request: Pdu, account: str) -> Pdu:
        response = await self._esmes.ask(request, account)
        return Pdu(response.command, response.body, response.status, request.sequence)
