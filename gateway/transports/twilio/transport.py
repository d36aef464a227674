"""Delivery over Twilio's API: to phones through the provider, to the application through signed webhooks.

The provider sends a message twice if it is asked twice. If an earlier attempt may have reached it (its answer was lost,
or the process died), the provider's list is checked first, and a message found there is not sent again.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Protocol
from urllib.parse import urlencode

from gateway.core.channels.smpp_message import RECEIPT, SMPP
from gateway.core.channels.text_routing import APP, option_named, route_of
from gateway.core.channels.twilio import (
    FORM,
    STATUS,
    TwilioForm,
    encode_form,
    first_value,
    form_media_urls,
    parse_form,
    text_of,
)
from gateway.core.channels.twilio_text import form_of
from gateway.core.messages.delivery import Bounced, Claim, Claimed, Deferred, NextHop, Outcome, Sent
from gateway.core.messages.message import Message, derived_id
from gateway.ports.channels import HopDown, HttpAnswer, SmsPeers
from gateway.transports.text_turns import EndTurn, end_refused_turn

FIRST_WITHIN = 20.0
"""Seconds after a message became due in which an attempt must be its first: a lost claim comes back later."""

_CLOCK_SLACK = 30.0  # seconds by which the clocks of the provider and of the store may differ
_TRIAL = "Sent from your Twilio trial account - "
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]+")
_RATE_LIMIT_CODES = frozenset({20429, 14107, 63018, 30022})  # temporary, whatever the HTTP status
_NO_LIST = frozenset({404, 405, 501})


class TakeReplies(Protocol):
    """Accepts the messages in an application's answer to a webhook."""

    async def __call__(self, answer: HttpAnswer, line: str, peer: str, source: str) -> None:
        """Accept them. The same `source` again changes nothing. Raises HopDown and Refused."""


KnownSids = Callable[[str], Awaitable[Collection[str]]]
"""The provider's SIDs of the messages that were sent to a number."""


class TwilioTransport:
    """See gateway.ports.channels.Transport. `public_url`: where the provider reaches us."""

    def __init__(
        self, texting: SmsPeers, *, account_sid: str, public_url: str, known: KnownSids, end_turn: EndTurn,
        replied: TakeReplies | None = None, clock: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        self._texting, self._known, self._replied, self._clock = texting, known, replied, clock
        self._end_turn = end_turn
        self._account, self._list = account_sid, f"/2010-04-01/Accounts/{account_sid}/Messages.json"
        self._status = f"{public_url.rstrip('/')}/webhooks/twilio/status"

    async def deliver(
        self, hop: NextHop, claim: Claim, holds_claim: Callable[[], Awaitable[bool]]
    ) -> Mapping[str, Outcome]:
        """One request per recipient; a text message has one."""
        outcomes: dict[str, Outcome] = {}
        for claimed in claim.recipients:
            try:
                outcome = await self._deliver_one(claim.message, claimed, holds_claim)
            except HopDown as down:
                outcome = Deferred(down.reply.text)
            if outcome is None:
                break
            outcomes[claimed.recipient.address] = outcome
            if isinstance(outcome, Sent):
                break
        return outcomes

    async def _deliver_one(
        self, message: Message, claimed: Claimed, holds_claim: Callable[[], Awaitable[bool]]
    ) -> Outcome | None:
        options = message.envelope.options
        if options[:1] in ((SMPP,), (RECEIPT,)):  # for an application that is no longer configured
            return Deferred("451 4.4.1 No application with that account is configured")
        if route_of(claimed.recipient) == APP:
            return await self._to_app(message, claimed, holds_claim) if await holds_claim() else None
        form = form_of(options, message.content)
        if to := option_named(claimed.recipient.options, "to"):
            form = _onward(form, line=claimed.recipient.address, to=to)
        elif first_value(form, "MessageSid", "SmsSid"):
            return Bounced("550 5.1.1 No phone is known for this number")
        if callback := first_value(form, "StatusCallback"):
            ours = f"{self._status}?{urlencode({'id': message.id, 'to': callback})}"
            form = tuple((name, ours if name == "StatusCallback" else value) for name, value in form)
        retried = claimed.attempts or self._clock() - claimed.queued_at > FIRST_WITHIN
        if retried and (earlier := await self._sent_before(form, claimed.queued_at)) is not None:
            return earlier
        if not await holds_claim():
            return None
        return _outcome(await self._texting.ask("POST", self._list, encode_form(form), FORM))

    async def _to_app(
        self, message: Message, claimed: Claimed, holds_claim: Callable[[], Awaitable[bool]]
    ) -> Outcome | None:
        options = message.envelope.options
        is_status = options[:1] == (STATUS,)
        form = parse_form(message.content) if is_status else form_of(options, message.content)
        if is_status and not first_value(form or (), "AccountSid"):
            form = (*(form or ()), ("AccountSid", self._account))
        kind = options[1] if is_status else options[0]
        url = option_named(claimed.recipient.options, "url")
        sid = first_value(form or (), "MessageSid", "SmsMessageSid", "SmsSid")
        token = message.id if is_status else derived_id("text", sid)
        answer = await self._texting.hand(form or (), kind, url, token)
        if not answer.accepted:
            position = message.envelope.recipients.index(claimed.recipient)
            await end_refused_turn(message, position, claimed.attempts, self._end_turn)
            return Deferred(f"451 4.5.0 The application answered {answer.status}")
        if self._replied is not None and not is_status:
            await self._replied(answer, claimed.recipient.address, message.envelope.sender, sid)
        return Sent(f"{answer.status}")

    async def _sent_before(self, form: TwilioForm, since: float) -> Outcome | None:
        """The outcome of an earlier attempt whose answer was lost, from the provider's list. None if there is none."""
        sender, to, text = first_value(form, "From"), first_value(form, "To"), text_of(form)
        query = {"To": to, "From": sender, "PageSize": "100"} if sender else {"To": to, "PageSize": "100"}
        answer = await self._texting.ask("GET", f"{self._list}?{urlencode(query)}")
        if answer.status in _NO_LIST:
            return None  # a compatible provider without a list: sending twice is better than never
        if not answer.accepted:
            return Deferred(f"451 4.4.2 The provider answered {answer.status} to a query of its list")
        known_sids = await self._known(to)
        for listed in _listed(answer):
            sid = str(listed.get("sid", ""))
            if sid in known_sids or not str(listed.get("direction", "outbound")).startswith("outbound"):
                continue
            if listed.get("body") in (text, _TRIAL + text) and _created_at(listed) >= since - _CLOCK_SLACK:
                return Sent(f"200 {sid}")
        return None


def _onward(form: TwilioForm, *, line: str, to: str) -> TwilioForm:
    """A message to a district number, as it goes to the phone of the person with that number."""
    media = tuple(("MediaUrl", url) for url in form_media_urls(form))
    return (("From", line), ("To", to), ("Body", text_of(form)), *media)


def _listed(answer: HttpAnswer) -> Sequence[Mapping[str, object]]:
    try:
        found = json.loads(answer.content)["messages"]
    except (ValueError, KeyError, TypeError):
        return ()
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else ()


def _created_at(listed: Mapping[str, object]) -> float:
    try:
        return parsedate_to_datetime(str(listed.get("date_created"))).timestamp()
    except ValueError:
        return float("inf")


def _outcome(answer: HttpAnswer) -> Outcome:
    """The outcome of the provider's answer. Only errors about this message are permanent, not those of our account."""
    try:
        found = json.loads(answer.content)
    except ValueError:
        found = {}
    fields = found if isinstance(found, dict) else {}
    if answer.accepted:
        return Sent(f"{answer.status} {_UNPRINTABLE.sub('', str(fields.get('sid', '')))[:66]}".strip())
    code, words = fields.get("code"), _UNPRINTABLE.sub(" ", str(fields.get("message", "")))[:200]
    line = f"{answer.status} {code} {words}".strip() if isinstance(code, int) else f"{answer.status} {words}".strip()
    permanent = answer.status in (400, 422) and code not in _RATE_LIMIT_CODES
    return Bounced(line) if permanent else Deferred(line)
