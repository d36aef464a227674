"""The compatible API for the district's applications, which send messages and query them.

A message in scope gets a SID of ours and waits for its verdict. Every other request is answered by the provider.
"""

from __future__ import annotations

import hmac
import json
import os
import re
from base64 import b64decode
from collections import Counter
from collections.abc import Iterable, Mapping

from gateway.core.channels.capabilities import SMS
from gateway.core.channels.text_routing import PROVIDER, normalize_number, route_option
from gateway.core.channels.twilio import (
    BODY,
    FORM,
    TwilioForm,
    all_values,
    bare_name,
    first_value,
    form_media_urls,
    id_of,
    parse_form,
    sid_of,
    text_of,
)
from gateway.core.messages.delivery import State
from gateway.core.messages.dialed_numbers import is_too_long
from gateway.core.messages.message import Recipient, derived_id, new_id
from gateway.core.messages.parties import Relation
from gateway.core.messages.refusal import unavailable
from gateway.core.review.views import MessageDetail, Trace
from gateway.ports.channels import HopDown, HttpAnswer
from gateway.ports.messages import StoreDown
from gateway.relays.twilio.answers import error_answer, json_answer, message_fields, provider_sid, trace_fields
from gateway.relays.twilio.context import TwilioContext
from gateway.relays.twilio.replies import is_http_url

MAX_TEXT = 1600
"""Characters that the provider accepts in one message."""

ROOT = "/2010-04-01/"
_ONCE = {name.lower(): name for name in "To From Body MessagingServiceSid ContentSid StatusCallback".split()}
_MEDIA = frozenset({"media", "mediaurl", "mediaurls"})
_SENT_ONLY = ("PageToken", "DateSent", "DateSent<", "DateSent>")  # list queries that cannot include unsent messages
_MAX_UNSENT = 50  # unsent messages in front of a list
_ONE = re.compile(
    r"([A-Z]{2}[0-9A-Za-z]{1,64})(\.json|/Media\.json|/Media/[0-9A-Za-z]{1,64}(?:\.json)?|/Feedback\.json)"
)


class TwilioApi:
    """Answers requests under `/2010-04-01/`. Raises Refused and HopDown."""

    def __init__(self, context: TwilioContext) -> None:
        self._context = context
        account = f"{ROOT}Accounts/{context.config.account_sid}/"
        self._lists = (f"{account}Messages.json", f"{account}SMS/Messages.json")
        self._account, self._messages = account, f"{account}Messages/"
        self._login = f"{context.config.account_sid}:{context.config.auth_token}".encode()

    def is_authorized(self, authorization: str) -> bool:
        """Whether a request has the account's credentials, compared in constant time."""
        scheme, _, given = authorization.partition(" ")
        try:
            login = b64decode(given.strip(), validate=True)
        except ValueError:
            login = b""
        return hmac.compare_digest(login, self._login) and scheme.lower() == "basic"

    async def answer(self, method: str, path: str, query: str, content: bytes, kind: str, token: str) -> HttpAnswer:
        """The answer to one request. `kind` is its content type, `token` the application's idempotency token."""
        target = f"{path}?{query}" if query else path
        if method == "POST" and path in self._lists:
            if content and kind.partition(";")[0].strip().lower() != FORM:
                return error_answer(415)
            return await self._send(target, query, content, token)
        if path.startswith(self._messages):
            return await self._message(method, path, target, content, kind)
        if method != "GET":
            return error_answer(405 if path.startswith(self._account) else 404)
        if path in self._lists:
            return await self._list(target, query)
        return await self._context.peers.ask(method, target)

    async def _send(self, target: str, query: str, content: bytes, token: str) -> HttpAnswer:
        """A message to send: stored if in scope, otherwise passed through with the provider's own answer."""
        context = self._context
        given, more = parse_form(content), parse_form(query.encode())
        if given is None or more is None:
            return error_answer(400, 20001, "Too many parameters")
        form = (*more, *given)
        split = _split_by_semicolons(query.encode(), content)
        if ambiguous := _ambiguous_field(form) or _ambiguous_field(split) or _field_behind_a_semicolon(form, split):
            return error_answer(400, 20001, f"Invalid parameter: give {ambiguous} once, under exactly that name")
        if any(is_too_long(first_value(form, name)) for name in ("From", "To")):
            return error_answer(400, 21211, "The 'To' number is not a valid phone number.")
        sender, to, relation = self._parties(form)
        if not relation:
            answer = await context.peers.ask("POST", target, content, FORM)
            if answer.accepted:
                context.event_log.passed_through(SMS)
            return answer
        if problem := _problem(form):
            return problem
        request = derived_id("request", token, str(form)) if token else ""
        name = request or new_id(context.clock(), os.urandom(10))
        if not token or not await context.intake.has_message(name):
            recipient = Recipient(to, (route_option(PROVIDER),))
            await context.take(sender, recipient, form, "form", relation, name=name, known_as=sid_of(name))
        return json_answer(
            201,
            message_fields(
                context.config.account_sid, name, sender=sender, to=to, text=text_of(form), at=context.clock(),
                state=State.RECEIVED, service=first_value(form, "MessagingServiceSid"),
                media=len(form_media_urls(form)),
            ),
        )  # fmt: skip

    def _parties(self, form: TwilioForm) -> tuple[str, str, Relation]:
        """Sender, recipient and pairs of a message to send. A messaging service may send beside a number."""
        to = first_value(form, "To")
        senders = [value for name in ("From", "MessagingServiceSid") if (value := first_value(form, name))]
        found = [self._context.parties(sender, to, form) for sender in senders or [""]]
        return next((parties for parties in found if parties[2]), found[0])

    # queries

    async def _message(self, method: str, path: str, target: str, content: bytes, kind: str) -> HttpAnswer:
        """A request about one message: its current state here, or as the provider shows it once it was sent."""
        named = _ONE.fullmatch(path[len(self._messages) :])
        if named is None:  # an unusual path could be a way to bypass us
            return error_answer(404)
        sid, rest = named.groups()
        ours = await self._ours(sid)
        if rest == ".json" and any(
            value for name, value in parse_form(content) or () if bare_name(name) == BODY.lower()
        ):
            return error_answer(400, 20001, "The body of a message can only be removed")
        if ours is None:
            return await self._context.peers.ask(method, target, content, kind)
        if method != "GET":
            return error_answer(405)
        theirs = provider_sid(ours.trace.recipients[0].reply) if ours.trace.recipients[0].state is State.SENT else ""
        if theirs:
            try:
                shown = await self._context.peers.ask("GET", target.replace(sid, theirs))
            except HopDown:
                shown = HttpAnswer(503)
            if shown.accepted:
                return HttpAnswer(shown.status, shown.content.replace(theirs.encode(), sid.encode()), shown.kind)
        if rest != ".json":
            return error_answer(404)
        return json_answer(200, trace_fields(self._context.config.account_sid, ours.trace, ours.content))

    async def _ours(self, sid: str) -> MessageDetail | None:
        id_ = id_of(sid)
        try:
            found = await self._context.lookups.detail(id_) if id_ else None
        except StoreDown:
            raise unavailable() from None
        # an inbound message has the provider's SID, and only the provider answers for it
        return found if found is not None and found.trace.message_id == sid else None

    async def _list(self, target: str, query: str) -> HttpAnswer:
        """The provider's list with our SIDs. The first page starts with our messages that were not sent yet."""
        answer = await self._context.peers.ask("GET", target)
        if not answer.accepted:
            return answer
        try:
            page = json.loads(answer.content)
            shown = [item for item in page["messages"] if isinstance(item, dict)]
        except (ValueError, KeyError, TypeError):
            return answer
        parameters = parse_form(query.encode()) or ()
        wanted = {name: normalize_number(value) for name in ("From", "To") if (value := first_value(parameters, name))}
        sent_only = any(name in dict(parameters) for name in _SENT_ONLY)
        try:
            traces = await self._traces(shown, wanted)
            unsent = [] if sent_only else await self._unsent(traces, wanted)
        except StoreDown:
            raise unavailable() from None
        sids = {provider_sid(trace.recipients[0].reply): trace.message_id for trace in traces}
        page["messages"] = [*unsent, *(_with_our_sid(item, sids) for item in shown)]
        return HttpAnswer(answer.status, json.dumps(page).encode(), answer.kind)

    async def _traces(self, shown: Iterable[Mapping[str, object]], wanted: Mapping[str, str]) -> list[Trace]:
        """Our messages to the numbers that are queried or shown, and all held ones, newest first."""
        lookups = self._context.lookups
        shown_numbers = {str(item.get("to")) for item in shown if item.get("direction") != "inbound"}
        found: dict[str, Trace] = {}
        for address in shown_numbers | set(wanted.values()):
            found |= {trace.id: trace for trace in await lookups.trace(address=address)}
        for held in await lookups.held():
            if held.channel == SMS and held.id not in found:
                found |= {trace.id: trace for trace in await lookups.trace(id=held.id)}
        ours = [trace for trace in found.values() if trace.channel == SMS and trace.message_id == sid_of(trace.id)]
        return sorted(ours, key=lambda trace: trace.received_at, reverse=True)

    async def _unsent(self, traces: Iterable[Trace], wanted: Mapping[str, str]) -> list[Mapping[str, object]]:
        found = []
        for trace in traces:
            copy = trace.recipients[0]
            if copy.state is not State.SENT and wanted.items() <= {"From": trace.sender, "To": copy.address}.items():
                found.append(trace)
        shown, account = [], self._context.config.account_sid
        for trace in found[:_MAX_UNSENT]:  # one at a time: each is loaded with its pictures
            if (detail := await self._context.lookups.detail(trace.id)) is not None:
                shown.append(trace_fields(account, detail.trace, detail.content))
        return shown


def _ambiguous_field(form: TwilioForm) -> str:
    """A field that is repeated or misspelled in case: it is unknown which value the provider would use."""
    counted = Counter(bare_name(name) for name, _ in form)
    for name, _ in form:
        bare = bare_name(name)
        if bare in _ONCE and (_ONCE[bare] != name or counted[bare] > 1):
            return name
        if bare in _MEDIA and name != "MediaUrl":
            return name
    return ""


def _field_behind_a_semicolon(form: TwilioForm, split: TwilioForm) -> str:
    """A field that only a program finds which takes a semicolon for an end: others see it inside another value."""
    return next((name for name in _ONCE.values() if first_value(split, name) and not first_value(form, name)), "")


def _split_by_semicolons(*encoded: bytes) -> TwilioForm:
    """The fields of a form as older programs read them, which take a semicolon for an end too."""
    return tuple(field for part in encoded for field in parse_form(part.replace(b";", b"&")) or ())


def _problem(form: TwilioForm) -> HttpAnswer | None:
    """The error that the provider would answer with, returned at once instead of after the verdict."""
    if all_values(form, "ContentSid"):
        return error_answer(400, 21602, "Message body is required: a template cannot be checked, send its text as Body")
    if not text_of(form) and not form_media_urls(form):
        return error_answer(400, 21602, "Message body is required.")
    if len(text_of(form)) > MAX_TEXT:
        return error_answer(400, 21617, "The concatenated message body exceeds the 1600 character limit.")
    if (callback := first_value(form, "StatusCallback")) and not is_http_url(callback):
        return error_answer(400, 21609, "The 'StatusCallback' URL is not a valid URL.")
    return None


def _with_our_sid(shown: Mapping[str, object], sids: Mapping[str, str]) -> object:
    theirs = str(shown.get("sid"))
    ours = sids.get(theirs)
    return shown if not ours else json.loads(json.dumps(shown).replace(theirs, ours))
