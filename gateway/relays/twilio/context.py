"""What all requests over Twilio share: limits, and the parts that messages are handed to."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from gateway.core.channels.capabilities import SMS
from gateway.core.channels.text_routing import APP, PROVIDER, normalize_number, passes_at_once, route_option
from gateway.core.channels.twilio import (
    FormKind,
    TwilioForm,
    all_values,
    form_media_urls,
    text_of,
)
from gateway.core.channels.twilio_text import is_only_body, stored_form
from gateway.core.messages.message import Envelope, Recipient
from gateway.core.messages.parties import Direction, Directory, Relation
from gateway.core.relation.text_relation import TextAddress, relate_mailed, relate_text, text_address, text_addresses
from gateway.observability.events import EventLog
from gateway.ports.channels import HttpAnswer, SmsPeers
from gateway.ports.review import LookupStore
from gateway.stages.intake import MessageIntake

TWIML = "text/xml"
EMPTY_TWIML = HttpAnswer(200, b'<?xml version="1.0" encoding="UTF-8"?><Response></Response>', TWIML)
"""The answer to a webhook that requests no action."""


@dataclass(frozen=True, slots=True)
class TwilioConfig:
    """Settings of the relay.

    `public_url`: the URL under which the provider reaches us; `webhook_secret`: the key of webhooks signed by a rule at
    the provider, `auth_token` if none is given; `app_url`: the application, "" to send inbound messages to the phone of
    the person with the number. `max_content`: bytes of one request; `body_timeout`: seconds for the body to arrive;
    `drain`: seconds for running requests at the end.
    """

    public_url: str
    account_sid: str
    auth_token: str
    webhook_secret: str = ""
    app_url: str = ""
    max_content: int = 1 << 18
    body_timeout: float = 20.0
    drain: float = 10.0
    max_requests: int = 512


@dataclass(frozen=True, slots=True)
class TwilioContext:
    """What a request needs. `phone` returns a person's own phone number, by sourcedId; never a district number."""

    config: TwilioConfig
    directory: Directory
    intake: MessageIntake
    lookups: LookupStore
    peers: SmsPeers
    event_log: EventLog
    phone: Callable[[str], str | None]
    clock: Callable[[], float] = time.time

    def relation_to_check(self, sender: str, to: str, form: TwilioForm) -> Relation:
        """The staff-student pairs of a message that must be checked: none if out of scope or passed at once.

        `sender` and `to` as written.
        """
        more = form_media_urls(form) or all_values(form, "ContentSid") or not is_only_body(form)
        if not sender or not to or passes_at_once(to, text_of(form), media=bool(more)):
            return Relation()
        if relation := self.relation_of(sender, to):
            return relation
        return relate_mailed(*text_addresses(sender, [to], self.address_of), text_of(form), self.directory)

    def parties(self, sender: str, to: str, form: TwilioForm) -> tuple[str, str, Relation]:
        """The canonical forms of sender and recipient, given as written, and the pairs that must be checked."""
        source, (recipient,) = text_addresses(sender, [to], self.address_of)
        return source.number, recipient.number, self.relation_to_check(sender, to, form)

    def relation_of(self, sender: str, to: str) -> Relation:
        """Every staff-student pair of two numbers."""
        return relate_text(*text_addresses(sender, [to], self.address_of), self.directory)

    def address_of(self, written: str, near: str = "") -> TextAddress:
        """An address with the known numbers that it may mean. `near`: the other party's number."""
        return text_address(written, normalize_number(written), self.directory, near)

    async def take(
        self,
        sender: str,
        recipient: Recipient,
        form: TwilioForm,
        kind: FormKind,
        relation: Relation,
        *,
        name: str,
        known_as: str,
    ) -> str:
        """Store a message. Returns its id. Raises Refused."""
        by_student = bool(relation) and all(pair.direction is Direction.STUDENT_TO_STAFF for pair in relation.pairs)
        content, options = stored_form(form, kind, names_apart=by_student)
        envelope = Envelope(sender, (recipient,), options)
        return await self.intake.take(SMS, envelope, content, relation, self.clock(), name=name, known_as=known_as)

    def inbound_recipient(self, line: str) -> Recipient:
        """The recipient of a message to a district number: the application, or the phone of the person with it."""
        if self.config.app_url:
            return Recipient(line, (route_option(APP),))
        return Recipient(line, (route_option(PROVIDER), f"to={self.phone_behind(line)}"))

    def phone_behind(self, line: str) -> str:
        """The phone of the person with a district number, "" if there is none."""
        person = self.directory.person(line)
        phone = self.phone(person.id) if person is not None else None
        return phone if phone and phone != line else ""

    @property
    def messages_path(self) -> str:
        """The path of the provider's list of messages."""
        return f"/2010-04-01/Accounts/{self.config.account_sid}/Messages.json"
