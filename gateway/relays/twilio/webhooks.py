"""The provider's webhooks: inbound messages, and the status of outbound messages."""

from __future__ import annotations

from gateway.core.channels.capabilities import SMS
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
from gateway.core.channels.twilio_text import address_field
from gateway.core.messages.message import derived_id
from gateway.ports.channels import HttpAnswer
from gateway.relays.twilio.context import EMPTY_TWIML, TWIML, TwilioContext
from gateway.relays.twilio.replies import ApplicationReplies, continues_elsewhere, parse_answer

SID_FIELDS = ("MessageSid", "SmsMessageSid", "SmsSid")
NO_CONTENT = HttpAnswer(204)


class TwilioWebhooks:
    """Answers webhooks whose signature was verified. Every method raises Refused and HopDown."""

    def __init__(self, context: TwilioContext) -> None:
        self._context = context
        self._replies = ApplicationReplies(context)

    async def message(self, form: TwilioForm, kind: FormKind) -> HttpAnswer:
        """An inbound message: stored before the answer if in scope, otherwise passed on with its own answer."""
        context = self._context
        sid = first_value(form, *SID_FIELDS)
        sender, line, relation = context.parties(address_field(form, "From"), address_field(form, "To"), form)
        if not relation:
            return await self._pass_on(form, kind, sender, line, sid)
        name = derived_id("text", sid) if sid else derived_id("text", *(f"{key}={value}" for key, value in form))
        if not await context.intake.has_message(name):
            await context.take(sender, context.inbound_recipient(line), form, kind, relation, name=name, known_as=sid)
        return EMPTY_TWIML

    async def _pass_on(self, form: TwilioForm, kind: FormKind, sender: str, line: str, sid: str) -> HttpAnswer:
        context = self._context
        if not context.config.app_url:
            return await self._send_to_phone(form, sender, line)
        answer = await context.peers.hand(form, kind, token=derived_id("text", sid) if sid else "")
        if answer.accepted:
            context.event_log.passed_through(SMS)
            return await self._remove_replies(answer, sender, line, sid)
        return HttpAnswer(answer.status, EMPTY_TWIML.content, TWIML)  # whatever it says is no answer

    async def _remove_replies(self, answer: HttpAnswer, sender: str, line: str, sid: str) -> HttpAnswer:
        """The application's answer. If anything in it is in scope, or is unclear, its messages are processed by us."""
        replies = parse_answer(answer, line, sender)
        if replies is not None and not (
            continues_elsewhere(answer)
            or self._context.relation_of(line, sender)
            or any(map(self._replies.in_scope, replies))
            or self._replies.names_others(answer, replies, line, sender)
        ):
            return answer
        await self._replies.take(answer, line, sender, sid)
        return EMPTY_TWIML

    async def _send_to_phone(self, form: TwilioForm, sender: str, line: str) -> HttpAnswer:
        """Send to the phone of the person with the number. A person's own message is not sent back to them."""
        context = self._context
        phone = context.phone_behind(line)
        if not phone or phone == sender:
            return EMPTY_TWIML
        media = [("MediaUrl", url) for url in form_media_urls(form)]
        text = (("From", line), ("To", phone), ("Body", text_of(form)), *media)
        answer = await context.peers.ask("POST", context.messages_path, encode_form(text), FORM)
        if answer.accepted:
            context.event_log.passed_through(SMS)
            return EMPTY_TWIML
        return HttpAnswer(answer.status, EMPTY_TWIML.content, TWIML)

    async def status(self, form: TwilioForm, kind: FormKind, query: str) -> HttpAnswer:
        """The status of a message: passed to the application under the SID that it knows, once per status."""
        context = self._context
        named = parse_form(query.encode()) or ()
        ours, callback = first_value(named, "id"), first_value(named, "to")
        if not ours or not callback:
            return await context.peers.hand(form, kind) if context.config.app_url else NO_CONTENT
        name = derived_id(STATUS, ours, first_value(form, *SID_FIELDS), first_value(form, "MessageStatus", "SmsStatus"))
        if not await context.intake.has_message(name):
            translated = tuple((key, sid_of(ours) if key in SID_FIELDS else value) for key, value in form)
            await context.intake.forward(
                SMS, status_envelope(callback, kind), encode_form(translated), context.clock(), name=name
            )
        return NO_CONTENT
