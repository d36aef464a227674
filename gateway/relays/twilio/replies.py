"""Messages in an application's answer to a webhook, which are checked like any others.

If the conversation is in scope the provider never gets the application's TwiML: a message in it would bypass us.
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
    """The messages in an answer, by default from `line` to `peer`."""
    if b"<!DOCTYPE" in content:
        return ()
    try:
        root = ElementTree.fromstring(content)
    except ElementTree.ParseError:
        return ()
    found = [element for element in root if element.tag in _VERBS]
    return tuple(_form(element, line, peer) for element in found[:_MOST])


def _form(element: ElementTree.Element, line: str, peer: str) -> TwilioForm:
    text = "".join([element.text or "", *(body.text or "" for body in element.findall("Body"))])
    fields = [("From", element.get("from", line)), ("To", element.get("to", peer)), ("Body", text.strip())]
    fields += [("MediaUrl", (media.text or "").strip()) for media in element.findall("Media")]
    if callback := element.get("statusCallback"):
        fields.append(("StatusCallback", callback))
    return tuple((name, value) for name, value in fields if value)


class ApplicationReplies:
    """Stores or passes on the messages in an application's answer."""

    def __init__(self, context: TwilioContext) -> None:
        self._context = context

    async def take(self, content: bytes, line: str, peer: str, source: str) -> None:
        """Process every message of an answer. `source` identifies the webhook: the same answer twice changes nothing.

        Raises Refused. Raises HopDown if a message is out of scope and the provider cannot be reached.
        """
        context = self._context
        for number, form in enumerate(parse_replies(content, line, peer)):
            fields = dict(form)
            sender, to = normalize_number(fields["From"]), normalize_number(fields["To"])
            relation = context.relation_to_check(sender, to, form)
            if not relation:
                await context.peers.ask("POST", context.messages_path, encode_form(form), FORM)
                continue
            name = derived_id("reply", source, str(number)) if source else new_id(context.clock(), _mark(form))
            if not await context.intake.has_message(name):
                recipient = Recipient(to, (route_option(PROVIDER),))
                await context.take(sender, recipient, form, "form", relation, name=name, known_as=sid_of(name))


def _mark(form: TwilioForm) -> bytes:
    return derived_id("reply", *(f"{name}={value}" for name, value in form)).encode()[:10]
