"""The way out of texts as Twilio speaks it: to phones by the provider's API, to the application by signed webhooks.

The provider takes a text twice if it is told twice. So where an earlier attempt may have reached it (its answer was
lost, or whoever made it died), its list is looked at first, and what is there is not sent again.
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
from gateway.core.channels.text_routing import APP, named, way_of
from gateway.core.channels.twilio import (
    FORM,
    STATUS,
    Form,
    derived_id,
    encoded,
    first,
    media_of,
    parsed,
    restored,
    text_of,
)
from gateway.core.messages.delivery import Bounced, Claim, Claimed, Deferred, NextHop, Outcome, Sent
from gateway.core.messages.message import Message
from gateway.ports.channels import HopDown, HttpAnswer, SmsPeers

FIRST_WITHIN = 20.0
"""Seconds after a text became due in which an attempt is its first: a claim that was lost comes back later."""

_SLACK = 30.0  # by so much the clocks of the provider and of the store may differ
_TRIAL = "Sent from your Twilio trial account - "
_NEVER = re.compile(r"[^\x20-\x7e]+")
_LATER_CODES = frozenset({20429, 14107, 63018, 30022})  # too many at once: temporary, whatever status they come with
_NO_LIST = frozenset({404, 405, 501})


class Replied(Protocol):
    """What is done with an application's answer to a text: it may hold texts of its own."""

    async def __call__(self, content: bytes, line: str, peer: str, source: str) -> None:
        """Take them in; the same `source` again changes nothing. Raises HopDown and Refused."""


Known = Callable[[str], Awaitable[Collection[str]]]
"""The provider's sids of the texts that were sent to a number."""


class TwilioTransport:
    """Delivers text messages; see gateway.ports.channels.Transport. `public_url`: where the provider reaches us."""

    def __init__(
        self, texting: SmsPeers, *, account_sid: str, public_url: str, known: Known, replied: Replied | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        self._texting, self._known, self._replied, self._clock = texting, known, replied, clock
        self._account, self._list = account_sid, f"/2010-04-01/Accounts/{account_sid}/Messages.json"
        self._status = f"{public_url.rstrip('/')}/webhooks/twilio/status"

    async def deliver(
        self, hop: NextHop, claim: Claim, still_ours: Callable[[], Awaitable[bool]]
    ) -> Mapping[str, Outcome]:
        """One request for each recipient; a text has one."""
        outcomes: dict[str, Outcome] = {}
        for claimed in claim.recipients:
            try:
                ended = await self._one(claim.message, claimed, still_ours)
            except HopDown as down:
                ended = Deferred(down.reply.text)
            if ended is None:
                break
            outcomes[claimed.recipient.address] = ended
        return outcomes

    async def _one(
        self, message: Message, claimed: Claimed, still_ours: Callable[[], Awaitable[bool]]
    ) -> Outcome | None:
        options = message.envelope.options
        if options[:1] in ((SMPP,), (RECEIPT,)):  # for an application that is configured no more
            return Deferred("451 4.4.1 No application of that account is known")
        if way_of(message.channel, claimed.recipient) == APP:
            return await self._to_app(message, claimed, still_ours) if await still_ours() else None
        form = restored(options, message.content)
        if to := named(claimed.recipient.options, "to"):
            form = _onward(form, line=claimed.recipient.address, to=to)
        elif first(form, "MessageSid", "SmsSid"):
            return Bounced("550 5.1.1 Nobody's phone is known behind this number")
        if callback := first(form, "StatusCallback"):
            ours = f"{self._status}?{urlencode({'id': message.id, 'to': callback})}"
            form = tuple((name, ours if name == "StatusCallback" else value) for name, value in form)
        again = claimed.attempts or self._clock() - claimed.queued_at > FIRST_WITHIN
        if again and (earlier := await self._sent_before(form, claimed.queued_at)) is not None:
            return earlier
        if not await still_ours():
            return None
        return _outcome(await self._texting.ask("POST", self._list, encoded(form), FORM))

    async def _to_app(
        self, message: Message, claimed: Claimed, still_ours: Callable[[], Awaitable[bool]]
    ) -> Outcome | None:
        options = message.envelope.options
        is_status = options[:1] == (STATUS,)
        form = parsed(message.content) if is_status else restored(options, message.content)
        if is_status and not first(form or (), "AccountSid"):
            form = (*(form or ()), ("AccountSid", self._account))
        kind = options[1] if is_status else options[0]
        url = named(claimed.recipient.options, "url")
        sid = first(form or (), "MessageSid", "SmsMessageSid", "SmsSid")
        token = message.id if is_status else derived_id("text", sid)
        answer = await self._texting.hand(form or (), kind, url, token)
        if not answer.taken:
            return Deferred(f"451 4.5.0 The application answered {answer.status}")
        if self._replied is not None and not is_status:
            await self._replied(answer.content, claimed.recipient.address, message.envelope.sender, sid)
        return Sent(f"{answer.status}")

    async def _sent_before(self, form: Form, since: float) -> Outcome | None:
        """Whether the provider has this text from an attempt of which we do not know; None where it has not."""
        sender, to, text = first(form, "From"), first(form, "To"), text_of(form)
        asked = {"To": to, "From": sender, "PageSize": "100"} if sender else {"To": to, "PageSize": "100"}
        answer = await self._texting.ask("GET", f"{self._list}?{urlencode(asked)}")
        if answer.status in _NO_LIST:
            return None  # a compatible provider without a list: better twice than never
        if not answer.taken:
            return Deferred(f"451 4.4.2 The provider answered {answer.status} to a look at its list")
        others = await self._known(to)
        for each in _listed(answer):
            sid = str(each.get("sid", ""))
            if sid in others or not str(each.get("direction", "outbound")).startswith("outbound"):
                continue
            if each.get("body") in (text, _TRIAL + text) and _at(each) >= since - _SLACK:
                return Sent(f"200 {sid}")
        return None


def _onward(form: Form, *, line: str, to: str) -> Form:
    """A text to a district number, as it goes to the phone of the person behind it."""
    media = tuple(("MediaUrl", each) for each in media_of(form))
    return (("From", line), ("To", to), ("Body", text_of(form)), *media)


def _listed(answer: HttpAnswer) -> Sequence[Mapping[str, object]]:
    try:
        found = json.loads(answer.content)["messages"]
    except (ValueError, KeyError, TypeError):
        return ()
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else ()


def _at(shown: Mapping[str, object]) -> float:
    try:
        return parsedate_to_datetime(str(shown.get("date_created"))).timestamp()
    except ValueError:
        return float("inf")


def _outcome(answer: HttpAnswer) -> Outcome:
    """What the provider's answer means. Only what it says of this very text is lasting; our account's state is not."""
    try:
        said = json.loads(answer.content)
    except ValueError:
        said = {}
    said = said if isinstance(said, dict) else {}
    if answer.taken:
        return Sent(f"{answer.status} {_NEVER.sub('', str(said.get('sid', '')))[:66]}".strip())
    code, words = said.get("code"), _NEVER.sub(" ", str(said.get("message", "")))[:200]
    line = f"{answer.status} {code} {words}".strip() if isinstance(code, int) else f"{answer.status} {words}".strip()
    lasting = answer.status in (400, 422) and code not in _LATER_CODES
    return Bounced(line) if lasting else Deferred(line)
