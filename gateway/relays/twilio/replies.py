"""What an application answers to a webhook with: texts of its own, which are looked at like any others.

Where the conversation is in scope the provider never gets the application's TwiML: a text in it would pass unread.
"""

from __future__ import annotations

from xml.etree import ElementTree

from gateway.core.channels.text_routing import PROVIDER, normalize_number, route_option
from gateway.core.channels.twilio import FORM, TwilioForm, encode_form, sid_of
from gateway.core.messages.message import Recipient, derived_id, new_id
from gateway.relays.twilio.context import TwilioContext

_MOST = 10
_VERBS = ("Message", "Sms")


def parse_replies(content: bytes, line: str, peer: str) -> tuple[TwilioForm, ...]:
    """The texts in an answer: from `line` to `peer` where they say no other."""
    if b"<!DOCTYPE" in content:
        return ()
    try:
        root = ElementTree.fromstring(content)
    except ElementTree.ParseError:
        return ()
    found = [element for element in root if element.tag in _VERBS]
    return tuple(_form(element, line, peer) for element in found[:_MOST])


def _form(element: ElementTree.Element, line: str, peer: str) -> TwilioForm:
    text = "".join([element.text or "", *(each.text or "" for each in element.findall("Body"))])
    fields = [("From", element.get("from", line)), ("To", element.get("to", peer)), ("Body", text.strip())]
    fields += [("MediaUrl", (each.text or "").strip()) for each in element.findall("Media")]
    if callback := element.get("statusCallback"):
        fields.append(("StatusCallback", callback))
    return tuple((name, value) for name, value in fields if value)


class ApplicationReplies:
    """Takes in, or sends on, what an application answered."""

    def __init__(self, context: TwilioContext) -> None:
        self._context = context

    async def take(self, content: bytes, line: str, peer: str, source: str) -> None:
        """Every text of an answer; `source` names what was answered, so that the same answer twice changes nothing.

        Raises Refused, and HopDown where one is out of scope and the provider is away.
        """
        context = self._context
        for number, form in enumerate(parse_replies(content, line, peer)):
            fields = dict(form)
            sender, to = normalize_number(fields["From"]), normalize_number(fields["To"])
            relation = context.relation_to_check(sender, to, form)
            if not relation:
                await context.texting.ask("POST", context.messages_path, encode_form(form), FORM)
                continue
            name = derived_id("reply", source, str(number)) if source else new_id(context.clock(), _mark(form))
            if not await context.intake.has_message(name):
                recipient = Recipient(to, (route_option(PROVIDER),))
                await context.take(sender, recipient, form, "form", relation, name=name, known_as=sid_of(name))


def _mark(form: TwilioForm) -> bytes:
    return derived_id("reply", *(f"{name}={value}" for name, value in form)).encode()[:10]
