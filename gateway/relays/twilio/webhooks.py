"""The provider's webhooks: texts that come in, and what became of texts that went out."""

from __future__ import annotations

from urllib.parse import urlsplit

from gateway.core.channels.capabilities import SMS
from gateway.core.channels.text_routing import normalize_number
from gateway.core.channels.twilio import (  # fmt: skip
    FORM,
    STATUS,
    FormKind,
    TwilioForm,
    encode_form,
    first_value,
    form_media_urls,
    parse_form,
    sid_of,
    status_envelope,
    text_of,
)
from gateway.core.messages.message import derived_id
from gateway.core.messages.parties import Relation
from gateway.ports.channels import HttpAnswer
from gateway.relays.twilio.context import EMPTY, TWIML, TwilioContext
from gateway.relays.twilio.replies import ApplicationReplies

SIDS = ("MessageSid", "SmsMessageSid", "SmsSid")
DONE = HttpAnswer(204)


class Webhooks:
    """Answers to webhooks whose signature is right. Every method raises Refused and HopDown."""

    def __init__(self, context: TwilioContext) -> None:
        self._context = context
        self._replies = ApplicationReplies(context)

    async def message(self, form: TwilioForm, kind: FormKind) -> HttpAnswer:
        """A text: durable with us before the answer where it is in scope, else the application's own answer."""
        context = self._context
        sender, line, sid = normalize_number(first_value(form, "From")), normalize_number(first_value(form, "To")), first_value(form, *SIDS)
        relation = context.relation_to_check(sender, line, form)
        if not relation:
            return await self._onward(form, kind, sender, line, sid)
        name = derived_id("text", sid) if sid else derived_id("text", *(f"{key}={value}" for key, value in form))
        if not await context.intake.has_message(name):
            await context.take(sender, context.inward(line), form, kind, relation, name=name, known_as=sid)
        return EMPTY

    async def _onward(self, form: TwilioForm, kind: FormKind, sender: str, line: str, sid: str) -> HttpAnswer:
        context = self._context
        if not context.config.app_url:
            return await self._to_phone(form, sender, line)
        answer = await context.texting.hand(form, kind, token=derived_id("text", sid) if sid else "")
        if answer.accepted:
            context.event_log.passed_through(SMS)
            if answer.kind.endswith("xml") or answer.content.lstrip().startswith(b"<"):
                return await self._without_texts(answer, sender, line, sid)
        return answer

    async def _without_texts(self, answer: HttpAnswer, sender: str, line: str, sid: str) -> HttpAnswer:
        """The application's answer, apart from what it would have the provider say to somebody in scope."""
        relation: Relation = self._context.relation_of(line, sender)
        if not relation:
            return answer
        await self._replies.take(answer.content, line, sender, sid)
        return EMPTY

    async def _to_phone(self, form: TwilioForm, sender: str, line: str) -> HttpAnswer:
        """Straight to the phone of the person behind the number; a person's own text is not sent back to them."""
        context = self._context
        phone = context.phone_behind(line)
        if not phone or phone == sender:
            return EMPTY
        media = [("MediaUrl", each) for each in form_media_urls(form)]
        text = (("From", line), ("To", phone), ("Body", text_of(form)), *media)
        answer = await context.texting.ask("POST", context.messages_path, encode_form(text), FORM)
        if answer.accepted:
            context.event_log.passed_through(SMS)
            return EMPTY
        return HttpAnswer(answer.status, EMPTY.content, TWIML)

    async def status(self, form: TwilioForm, kind: FormKind, query: str) -> HttpAnswer:
        """What became of a text: on its way to the application, under the sid that it knows, once for each status."""
        context = self._context
        named = parse_form(query.encode()) or ()
        ours, callback = first_value(named, "id"), first_value(named, "to")
        if not ours or not callback:
            return await context.texting.hand(form, kind) if context.config.app_url else DONE
        name = derived_id(STATUS, ours, first_value(form, *SIDS), first_value(form, "MessageStatus", "SmsStatus"))
        if not await context.intake.has_message(name):
            told = tuple((key, sid_of(ours) if key in SIDS else value) for key, value in form)
            await context.intake.forward(
                SMS, status_envelope(callback, kind), encode_form(told), context.clock(), name=name
            )
        return DONE


def is_web(url: str) -> bool:
    """Whether a text is an address that a status can be sent to."""
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and bool(parts.hostname)
