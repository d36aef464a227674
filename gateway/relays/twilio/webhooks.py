"""The provider's webhooks: texts that come in, and what became of texts that went out."""

from __future__ import annotations

from urllib.parse import urlsplit

from gateway.core.channels.text_routing import party
from gateway.core.channels.twilio import (  # fmt: skip
    FORM,
    STATUS,
    Form,
    Kind,
    derived_id,
    encoded,
    first,
    media_of,
    parsed,
    sid_of,
    status_envelope,
    text_of,
)
from gateway.core.messages.message import Channel
from gateway.core.messages.parties import Relation
from gateway.ports.channels import HttpAnswer
from gateway.relays.twilio.context import EMPTY, TWIML, TwilioContext
from gateway.relays.twilio.replies import Replies

SIDS = ("MessageSid", "SmsMessageSid", "SmsSid")
DONE = HttpAnswer(204)


class Webhooks:
    """Answers to webhooks whose signature is right. Every method raises Refused and HopDown."""

    def __init__(self, house: TwilioContext) -> None:
        self._house = house
        self._replies = Replies(house)

    async def message(self, form: Form, kind: Kind) -> HttpAnswer:
        """A text: durable with us before the answer where it is in scope, else the application's own answer."""
        house = self._house
        sender, line, sid = party(first(form, "From")), party(first(form, "To")), first(form, *SIDS)
        relation = house.related(sender, line, form)
        if not relation:
            return await self._onward(form, kind, sender, line, sid)
        name = derived_id("text", sid) if sid else derived_id("text", *(f"{key}={value}" for key, value in form))
        if not await house.intake.taken_before(name):
            await house.take(sender, house.inward(line), form, kind, relation, name=name, known_as=sid)
        return EMPTY

    async def _onward(self, form: Form, kind: Kind, sender: str, line: str, sid: str) -> HttpAnswer:
        house = self._house
        if not house.config.app_url:
            return await self._to_phone(form, sender, line)
        answer = await house.texting.hand(form, kind, token=derived_id("text", sid) if sid else "")
        if answer.taken:
            house.event_log.passed_through(Channel.SMS)
            if answer.kind.endswith("xml") or answer.content.lstrip().startswith(b"<"):
                return await self._without_texts(answer, sender, line, sid)
        return answer

    async def _without_texts(self, answer: HttpAnswer, sender: str, line: str, sid: str) -> HttpAnswer:
        """The application's answer, apart from what it would have the provider say to somebody in scope."""
        relation: Relation = self._house.paired(line, sender)
        if not relation:
            return answer
        await self._replies.take(answer.content, line, sender, sid)
        return EMPTY

    async def _to_phone(self, form: Form, sender: str, line: str) -> HttpAnswer:
        """Straight to the phone of the person behind the number; a person's own text is not sent back to them."""
        house = self._house
        phone = house.phone_behind(line)
        if not phone or phone == sender:
            return EMPTY
        media = [("MediaUrl", each) for each in media_of(form)]
        text = (("From", line), ("To", phone), ("Body", text_of(form)), *media)
        answer = await house.texting.ask("POST", house.messages_path, encoded(text), FORM)
        if answer.taken:
            house.event_log.passed_through(Channel.SMS)
            return EMPTY
        return HttpAnswer(answer.status, EMPTY.content, TWIML)

    async def status(self, form: Form, kind: Kind, query: str) -> HttpAnswer:
        """What became of a text: on its way to the application, under the sid that it knows, once for each status."""
        house = self._house
        named = parsed(query.encode()) or ()
        ours, callback = first(named, "id"), first(named, "to")
        if not ours or not callback:
            return await house.texting.hand(form, kind) if house.config.app_url else DONE
        name = derived_id(STATUS, ours, first(form, *SIDS), first(form, "MessageStatus", "SmsStatus"))
        if not await house.intake.taken_before(name):
            told = tuple((key, sid_of(ours) if key in SIDS else value) for key, value in form)
            await house.intake.forward(
                Channel.SMS, status_envelope(callback, kind), encoded(told), house.clock(), name=name
            )
        return DONE


def is_web(url: str) -> bool:
    """Whether a text is an address that a status can be sent to."""
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and bool(parts.hostname)
