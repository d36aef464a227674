"""The compatible API for the district's applications: they send texts, and ask after them.

What is in scope gets a sid of ours and waits for its verdict; every other request is the provider's to answer.
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
    FORM,
    TwilioForm,
    all_values,
    first_value,
    form_media_urls,
    id_of,
    parse_form,
    sid_of,
    text_of,
)
from gateway.core.messages.delivery import State
from gateway.core.messages.message import Recipient, derived_id, new_id
from gateway.core.messages.refusal import unavailable
from gateway.core.review.views import MessageDetail, Trace
from gateway.ports.channels import HopDown, HttpAnswer
from gateway.ports.messages import StoreDown
from gateway.relays.twilio.answers import error, message, one, provider_sid, traced
from gateway.relays.twilio.context import TwilioContext
from gateway.relays.twilio.webhooks import is_web

LONGEST = 1600
"""Characters that the provider takes in one text."""

ROOT = "/2010-04-01/"
_ONCE = {name.lower(): name for name in "To From Body MessagingServiceSid ContentSid StatusCallback".split()}
_LATER = ("PageToken", "DateSent", "DateSent<", "DateSent>")  # of a list: no first page, or only what was sent
_MOST_SHOWN = 50
_ONE = re.compile(
    r"([A-Z]{2}[0-9A-Za-z]{1,64})(\.json|/Media\.json|/Media/[0-9A-Za-z]{1,64}(?:\.json)?|/Feedback\.json)"
)


class Api:
    """Answers to requests under `/2010-04-01/`. Raises Refused and HopDown."""

    def __init__(self, context: TwilioContext) -> None:
        self._context = context
        account = f"{ROOT}Accounts/{context.config.account_sid}/"
        self._lists = (f"{account}Messages.json", f"{account}SMS/Messages.json")
        self._account, self._each = account, f"{account}Messages/"
        self._login = f"{context.config.account_sid}:{context.config.auth_token}".encode()

    def may(self, authorization: str) -> bool:
        """Whether a request bears the account's credentials, in constant time."""
        scheme, _, given = authorization.partition(" ")
        try:
            login = b64decode(given.strip(), validate=True)
        except ValueError:
            login = b""
        return hmac.compare_digest(login, self._login) and scheme.lower() == "basic"

    async def answer(self, method: str, path: str, query: str, content: bytes, kind: str, token: str) -> HttpAnswer:
        """The answer to one request; `kind` is its content type, `token` what the application calls this request."""
        target = f"{path}?{query}" if query else path
        if method == "POST" and path in self._lists:
            if content and kind.partition(";")[0].strip().lower() != FORM:
                return error(415)
            return await self._sent(target, query, content, token)
        if path.startswith(self._each):
            return await self._of_one(method, path, target, content, kind)
        if method != "GET":
            return error(405 if path.startswith(self._account) else 404)
        if path in self._lists:
            return await self._listed(target, query)
        return await self._context.texting.ask(method, target)

    async def _sent(self, target: str, query: str, content: bytes, token: str) -> HttpAnswer:
        """A text of the district's: accepted, or passed through with the provider's own answer."""
        context = self._context
        given, more = parse_form(content), parse_form(query.encode())
        if given is None or more is None:
            return error(400, 20001, "Too many parameters")
        form = (*more, *given)
        if twice := _twice(form):
            return error(400, 20001, f"Invalid parameter: {twice} is to be given once, under that name")
        sender, to = normalize_number(first_value(form, "From", "MessagingServiceSid")), normalize_number(first_value(form, "To"))
        relation = context.relation_to_check(sender, to, form)
        if not relation:
            answer = await context.texting.ask("POST", target, content, FORM)
            if answer.accepted:
                context.event_log.passed_through(SMS)
            return answer
        if wrong := _wrong(form):
            return wrong
        request = derived_id("request", token, str(form)) if token else ""
        name = request or new_id(context.clock(), os.urandom(10))
        if not token or not await context.intake.has_message(name):
            recipient = Recipient(to, (route_option(PROVIDER),))
            await context.take(sender, recipient, form, "form", relation, name=name, known_as=sid_of(name))
        return one(
            201,
            message(
                context.config.account_sid, name, sender=sender, to=to, text=text_of(form), at=context.clock(),
                state=State.RECEIVED, service=first_value(form, "MessagingServiceSid"), media=len(form_media_urls(form)),
            ),
        )  # fmt: skip

    # what became of texts

    async def _of_one(self, method: str, path: str, target: str, content: bytes, kind: str) -> HttpAnswer:
        """A request about one message: ours as it stands here, or as the provider shows it once it was sent."""
        named = _ONE.fullmatch(path[len(self._each) :])
        if named is None:  # a path that means another one would be a way around us
            return error(404)
        sid, rest = named.groups()
        ours = await self._ours(sid)
        if ours is None:
            return await self._context.texting.ask(method, target, content, kind)
        if method != "GET":
            return error(405)
        theirs = provider_sid(ours.trace.recipients[0].reply) if ours.trace.recipients[0].state is State.SENT else ""
        if theirs:
            try:
                shown = await self._context.texting.ask("GET", target.replace(sid, theirs))
            except HopDown:
                shown = HttpAnswer(503)
            if shown.accepted:
                return HttpAnswer(shown.status, shown.content.replace(theirs.encode(), sid.encode()), shown.kind)
        if rest != ".json":
            return error(404)
        return one(200, traced(self._context.config.account_sid, ours.trace, ours.content))

    async def _ours(self, sid: str) -> MessageDetail | None:
        id_ = id_of(sid)
        try:
            found = await self._context.review.detail(id_) if id_ else None
        except StoreDown:
            raise unavailable() from None
        # a text that came in is known by the provider's sid, and only to the provider
        return found if found is not None and found.trace.message_id == sid else None

    async def _listed(self, target: str, query: str) -> HttpAnswer:
        """The provider's list, its sids turned into ours, and in front of its first page what was not sent yet."""
        answer = await self._context.texting.ask("GET", target)
        if not answer.accepted:
            return answer
        try:
            page = json.loads(answer.content)
            shown = [each for each in page["messages"] if isinstance(each, dict)]
        except (ValueError, KeyError, TypeError):
            return answer
        asked = parse_form(query.encode()) or ()
        wanted = {name: normalize_number(value) for name in ("From", "To") if (value := first_value(asked, name))}
        try:
            traces = await self._traces(shown, wanted)
            waiting = [] if any(name in dict(asked) for name in _LATER) else await self._waiting(traces, wanted)
        except StoreDown:
            raise unavailable() from None
        sids = {provider_sid(each.recipients[0].reply): each.message_id for each in traces}
        page["messages"] = [*waiting, *(_renamed(each, sids) for each in shown)]
        return HttpAnswer(answer.status, json.dumps(page).encode(), answer.kind)

    async def _traces(self, shown: Iterable[Mapping[str, object]], wanted: Mapping[str, str]) -> list[Trace]:
        """The texts of ours to the numbers that are asked for or shown, and all that are held; the newest first."""
        review = self._context.review
        addresses = {str(each.get("to")) for each in shown if each.get("direction") != "inbound"} | set(wanted.values())
        found = {each.id: each for address in addresses for each in await review.trace(address=address)}
        for held in await review.held():
            if held.channel == SMS and held.id not in found:
                found |= {each.id: each for each in await review.trace(id=held.id)}
        ours = [each for each in found.values() if each.channel == SMS and each.message_id == sid_of(each.id)]
        return sorted(ours, key=lambda each: each.received_at, reverse=True)

    async def _waiting(self, traces: Iterable[Trace], wanted: Mapping[str, str]) -> list[Mapping[str, object]]:
        found = []
        for trace in traces:
            ends = {"From": trace.sender, "To": trace.recipients[0].address}
            if trace.recipients[0].state is not State.SENT and all(ends[name] == each for name, each in wanted.items()):
                found.append(trace)
        shown, account = [], self._context.config.account_sid
        for trace in found[:_MOST_SHOWN]:  # one at a time: each comes with its pictures
            if (each := await self._context.review.detail(trace.id)) is not None:
                shown.append(traced(account, each.trace, each.content))
        return shown


def _twice(form: TwilioForm) -> str:
    """A field that must come once, under its name, and does not: which one the provider takes nobody knows."""
    counted = Counter(name.lower() for name, _ in form if name.lower() in _ONCE)
    return next((name for name, _ in form if _ONCE.get(name.lower(), name) != name or counted[name.lower()] > 1), "")


def _wrong(form: TwilioForm) -> HttpAnswer | None:
    """What the provider would not take, said at once rather than after the verdict."""
    if all_values(form, "ContentSid"):
        return error(400, 21602, "Message body is required: a template cannot be read here, send its text as Body")
    if not text_of(form) and not form_media_urls(form):
        return error(400, 21602, "Message body is required.")
    if len(text_of(form)) > LONGEST:
        return error(400, 21617, "The concatenated message body exceeds the 1600 character limit.")
    if (callback := first_value(form, "StatusCallback")) and not is_web(callback):
        return error(400, 21609, "The 'StatusCallback' URL is not a valid URL.")
    return None


def _renamed(shown: Mapping[str, object], sids: Mapping[str, str]) -> object:
    theirs = str(shown.get("sid"))
    ours = sids.get(theirs)
    return shown if not ours else json.loads(json.dumps(shown).replace(theirs, ours))
