"""Messages in an application's answer to a webhook, which are checked like any others.

If anything in an answer is in scope the provider never gets it: a message in it would bypass us. The same holds for an
answer that cannot be read, or that sends the provider elsewhere for its messages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import product
from urllib.parse import urlsplit
from xml.etree import ElementTree

from gateway.core.channels.text_routing import PROVIDER, route_option
from gateway.core.channels.twilio import FORM, TwilioForm, encode_form, sid_of
from gateway.core.messages.dialed_numbers import is_too_long, possible_numbers
from gateway.core.messages.message import Recipient, derived_id, new_id
from gateway.core.mime.charsets.decoding import to_text
from gateway.ports.channels import HttpAnswer
from gateway.relays.twilio.context import TwilioContext

_MOST = 100
_CHARSET = re.compile(r"charset\s{0,3}=\s{0,3}[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_BLANKS = b" \t\r\n\0\xef\xbb\xbf\xff\xfe"
_RESPONSE = "response"
_VERBS = ("message", "sms")
_OTHER_VERBS = ("redirect",)  # the provider would fetch further messages, which we would not see
_NEXT = "action"  # an attribute: the provider goes on with what it fetches there
_SHOWN = (*_VERBS, "body", "media", _RESPONSE)
"""Elements whose text is no address."""
_MARKUP = re.compile(rb"<\s{0,9}(?:[\w.-]{1,40}:)?(?:response|message|sms|redirect)\b", re.IGNORECASE)
_MOST_ADDRESSES = 20


def parse_answer(answer: HttpAnswer, line: str, peer: str) -> tuple[TwilioForm, ...] | None:
    """The messages that an answer sends, by default from `line` to `peer`.

    None if it cannot be read, or if it may send others.
    """
    kind = answer.kind.partition(";")[0].strip().lower()
    if not answer.content.strip():
        return ()
    if kind.endswith("json") and not answer.content.lstrip(_BLANKS).startswith(b"<"):
        return ()  # the provider reads no JSON
    root = _parsed(answer)
    elements = [(_name(element), element) for element in root.iter()] if root is not None else []
    is_markup = root is None and _MARKUP.search(_without_zeros(answer)) is not None  # a lenient provider may read it
    known = (*_VERBS, *_OTHER_VERBS, _RESPONSE)
    if kind == "text/plain" and not is_markup and not any(name in known for name, _ in elements):
        text = _decoded(answer).strip("\ufeff \r\n\t")
        return ((("From", line), ("To", peer), ("Body", text)),) if text else ()
    if root is None:
        return None
    found = [element for name, element in elements if name in _VERBS]
    if len(found) > _MOST or any(name in _OTHER_VERBS for name, _ in elements):
        return None
    forms = tuple(_form(element, line, peer) for element in found)
    return (
        None if any(is_too_long(value) for form in forms for name, value in form if name in ("From", "To")) else forms
    )


def continues_elsewhere(answer: HttpAnswer) -> bool:
    """Whether the provider would go on with messages that another URL gives."""
    root = _parsed(answer) if _NEXT.encode() in _without_zeros(answer).lower() else None
    return root is not None and any(_NEXT in _attributes(element) for element in root.iter())


def other_addresses(answer: HttpAnswer) -> tuple[str, ...]:
    """What may be an address among the attributes of an answer and in elements that have no words for people.

    The provider's documentation has none in an element, but a lenient provider may read an element `To`.
    """
    root = _parsed(answer)
    values = [] if root is None else [value.strip() for element in root.iter() for value in _values(element)]
    found = (value for value in dict.fromkeys(values) if not is_http_url(value))
    return tuple(value for value in found if "@" in value or possible_numbers(value))


def _values(element: ElementTree.Element) -> Iterator[str]:
    """The values of an element that are no words for people."""
    yield from element.attrib.values()
    if _name(element) not in _SHOWN:
        has_words = any(_name(inner) in _SHOWN for inner in element.iter())
        yield (element.text or "") if has_words else "".join(element.itertext())


def is_http_url(url: str) -> bool:
    """Whether a string is an http or https URL with a host."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _parsed(answer: HttpAnswer) -> ElementTree.Element | None:
    if (bare := _without_zeros(answer)) and (b"<!DOCTYPE" in bare or b"<!ENTITY" in bare):
        return None
    contents = (answer.content, _decoded(answer)) if _CHARSET.search(answer.kind) else (answer.content,)
    for content in contents:
        with suppress(ElementTree.ParseError, LookupError, ValueError):
            return ElementTree.fromstring(content)
    return None


def _without_zeros(answer: HttpAnswer) -> bytes:
    """The bytes of an answer in ASCII, of which UTF-16 and UTF-32 have zeros between."""
    return answer.content.replace(b"\0", b"")


def _decoded(answer: HttpAnswer) -> str:
    """The text of an answer in the charset of its content type."""
    declared = _CHARSET.search(answer.kind)
    return to_text(answer.content, declared[1] if declared else "utf-8")


def _attributes(element: ElementTree.Element) -> dict[str, str]:
    return {name.rpartition("}")[2].lower(): value for name, value in element.attrib.items()}


def _name(element: ElementTree.Element) -> str:
    return str(element.tag).rpartition("}")[2].lower()


def _form(element: ElementTree.Element, line: str, peer: str) -> TwilioForm:
    given = _attributes(element)
    fields = [
        ("From", given.get("from") or line), ("To", given.get("to") or peer),
        ("Body", "".join(_texts(element)).strip()),
    ]  # fmt: skip
    fields += [("MediaUrl", "".join(media.itertext()).strip()) for media in element.iter() if _name(media) == "media"]
    if is_http_url(callback := given.get("statuscallback") or given.get(_NEXT, "")):
        fields.append(("StatusCallback", callback))
    return tuple((name, value) for name, value in fields if value)


def _texts(element: ElementTree.Element) -> Iterator[str]:
    """All text of a message, without the URLs of its media."""
    if _name(element) != "media":
        yield element.text or ""
        for child in element:
            yield from _texts(child)
            yield child.tail or ""


class ApplicationReplies:
    """Stores or passes on the messages in an application's answer."""

    def __init__(self, context: TwilioContext) -> None:
        self._context = context

    def in_scope(self, form: TwilioForm) -> bool:
        """Whether a message is between staff and a student."""
        fields = dict(form)
        sender, to = fields.get("From", ""), fields.get("To", "")
        return bool(self._context.relation_of(sender, to) or self._context.relation_to_check(sender, to, form))

    def names_others(self, answer: HttpAnswer, forms: Sequence[TwilioForm], line: str, peer: str) -> bool:
        """Whether an answer names somebody outside of its messages. A lenient provider may send them to that person.

        Only people count who form a pair with one of its parties.
        """
        parties = {line, peer, *(value for form in forms for name, value in form if name in ("From", "To"))}
        others = [value for value in other_addresses(answer) if value not in parties]
        pairs = product(others, {*parties, *others})
        return len(others) > _MOST_ADDRESSES or any(
            self.in_scope((("From", sender), ("To", to), ("Body", _RESPONSE)))
            for pair in pairs
            for sender, to in (pair, pair[::-1])
        )

    async def take(self, answer: HttpAnswer, line: str, peer: str, source: str) -> None:
        """Process every message of an answer. `source` identifies the webhook: the same answer twice changes nothing.

        Raises Refused. Raises HopDown if a message is out of scope and the provider cannot be reached.
        """
        context = self._context
        replies = parse_answer(answer, line, peer)
        if replies is None or self.names_others(answer, replies, line, peer):
            context.event_log.request_refused("answer")
            return
        for number, form in enumerate(replies):
            fields = dict(form)
            sender, to, relation = context.parties(fields.get("From", ""), fields.get("To", ""), form)
            if not relation:
                await context.peers.ask("POST", context.messages_path, encode_form(form), FORM)
                continue
            name = derived_id("reply", source, str(number)) if source else new_id(context.clock(), _mark(form))
            if not await context.intake.has_message(name):
                recipient = Recipient(to, (route_option(PROVIDER),))
                await context.take(sender, recipient, form, "form", relation, name=name, known_as=sid_of(name))


def _mark(form: TwilioForm) -> bytes:
    return derived_id("reply", *(f"{name}={value}" for name, value in form)).encode()[:10]
