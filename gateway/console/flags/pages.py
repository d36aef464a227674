"""Delivered messages that people look at, as pages: flags, the random sample, and what shadow mode would have held."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from gateway.console.auth.authenticator import BrowserSession
from gateway.console.decisions.bulk import MAX_BULK
from gateway.console.queue.navigation import queue_url, return_url
from gateway.console.services import Services
from gateway.console.templating import Pages
from gateway.console.web.api_deps import unique_message_ids
from gateway.console.web.deps import FlagsDep, MessageId, NamesDep, NowDep, PagesDep, Sent, ServicesDep, Signed
from gateway.console.web.errors import Problem
from gateway.console.web.forms import MESSAGE_ID, clean_text, read_values
from gateway.core.policy.work_kinds import ReviewOutcome, WorkKind

flag_pages = APIRouter(include_in_schema=False)

_DAYS = 30
_MAX_ROWS = 100
"""Rows of one page: a hundred thousand may wait, and a page is read to its end."""
_MAX_CLOSED = 200


@dataclass(frozen=True, slots=True)
class ListTexts:
    """What one list says about itself."""

    path: str
    title: str
    purpose: str
    empty: str


TEXTS = {
    WorkKind.FLAG: ListTexts(
        "/flagged", "Flagged",
        "These were delivered, and each may violate the clause that it names. Say what each one is: the classifiers "
        "learn from it.", "Nothing is flagged.",
    ),
    WorkKind.SAMPLE: ListTexts(
        "/sampled", "Random sample",
        "Nothing was found in these delivered messages. They were chosen at random, so that the district knows what is "
        "missed. Their senders did nothing to be here.", "No message of the sample waits.",
    ),
    WorkKind.SHADOW: ListTexts(
        "/would-be-held", "Would have been held",
        "Chaperone is in shadow mode: these were delivered, and would have been held. Decide them as practice. It "
        "changes nothing for sender and recipient, and the classifiers learn from it.", "Nothing would have been held.",
    ),
}  # fmt: skip


async def _list(
    kind: WorkKind, request: Request, signed: BrowserSession, services: Services, pages: Pages, now: float
) -> Response:  # fmt: skip
    """The list of one kind of work, with the filters of the queue."""
    user, flags = signed.user, services.flags
    queue, navigation, texts = flags.queue(kind), flags.navigation(kind), TEXTS[kind]
    await queue.require_access(user)
    query = await navigation.read(user, request.query_params)
    link = await navigation.link(user, query.query)
    if "text" in request.query_params:  # somebody wrote or bookmarked this address: keep the words out of it
        return RedirectResponse(f"{texts.path}{link}", 303)
    narrowed = await queue.narrow(user, query.filter, _MAX_ROWS)
    at = request.query_params.get("at", "")
    return pages.page(
        request, "flagged.html", signed, now=now, kind=kind, texts=texts, rows=queue.rows(user, narrowed),
        max_rows=_MAX_ROWS, matching=narrowed.matching, total=narrowed.total, overdue=narrowed.overdue, text=query.text,
        choices=query.choices(narrowed), query=query.query, link=link, counts=await flags.counts(user),
        flash=await services.flash.of(user, request.query_params.get("done", "")),
        at=at if MESSAGE_ID.fullmatch(at) else "", lists=TEXTS,
    )  # fmt: skip


@flag_pages.get("/flagged")
async def flagged(
    request: Request, signed: Signed, services: ServicesDep, pages: PagesDep, now: NowDep
) -> Response:  # fmt: skip
    """Flagged messages that nobody has acknowledged."""
    return await _list(WorkKind.FLAG, request, signed, services, pages, now)


@flag_pages.get("/sampled")
async def sampled(
    request: Request, signed: Signed, services: ServicesDep, pages: PagesDep, now: NowDep
) -> Response:  # fmt: skip
    """The random sample of clean messages."""
    return await _list(WorkKind.SAMPLE, request, signed, services, pages, now)


@flag_pages.get("/would-be-held")
async def would_be_held(
    request: Request, signed: Signed, services: ServicesDep, pages: PagesDep, now: NowDep
) -> Response:  # fmt: skip
    """What shadow mode would have held."""
    return await _list(WorkKind.SHADOW, request, signed, services, pages, now)


@flag_pages.post("/flagged/search")
async def search(signed: Signed, sent: Sent, flags: FlagsDep) -> Response:
    """Filter a list by a form, so that no search word appears in a URL."""
    kind = _kind(sent.get("kind", ""))
    queue = flags.queue(kind)
    await queue.require_access(signed.user)
    query = (await queue.query(signed.user, sent)).query
    return RedirectResponse(f"{TEXTS[kind].path}{await flags.navigation(kind).link(signed.user, query)}", 303)


@flag_pages.get("/flagged/acknowledged")
async def acknowledged(
    request: Request, signed: Signed, flags: FlagsDep, pages: PagesDep, names: NamesDep
) -> Response:  # fmt: skip
    """What people said lately, with a way to take one's own answer back."""
    kind = _kind(request.query_params.get("kind", "flag"))
    found = await flags.closed(signed.user, kind, days=_DAYS, limit=_MAX_CLOSED)
    items = []
    for message, item in found.items:
        shown = names.names_in_list(signed.user, message)
        recipients = [shown.person(address) for address in message.recipients[:6]]
        items.append((shown.held(message), item, shown.person(message.sender), recipients, shown.hide(item.reason)))
    return pages.page(request, "acknowledged.html", signed, items=items, kind=kind, lists=TEXTS, days=_DAYS)


@flag_pages.get("/flagged/together/{id}")
async def preview(
    request: Request, id: MessageId, signed: Signed, flags: FlagsDep, pages: PagesDep
) -> Response:  # fmt: skip
    """A message and its near-duplicates, to be acknowledged together."""
    kind, found = await flags.near_duplicates(signed.user, id)
    return pages.page(
        request, "flagged_together.html", signed, duplicates=found, texts=TEXTS[kind], kind=kind, max_bulk=MAX_BULK,
        link=await flags.navigation(kind).clean(signed.user, request.url.query),
    )  # fmt: skip


@flag_pages.post("/flagged/together")
async def acknowledge_together(
    request: Request, signed: Signed, sent: Sent, flags: FlagsDep, pages: PagesDep
) -> Response:  # fmt: skip
    """Say the same about the ticked messages; the page lists those that could not be acknowledged."""
    ids = unique_message_ids(await read_values(request, "id"))
    kind = _kind(sent.get("kind", ""))
    outcome, reason = _outcome(sent), clean_text(sent.get("reason", ""))
    result = await flags.acknowledge_together(signed.user, ids, outcome, reason)
    return pages.page(
        request, "flagged_done.html", signed, done=result.done, left=list(result.left.items()), outcome=outcome,
        texts=TEXTS[kind], link=await flags.navigation(kind).clean(signed.user, sent.get("place", "")),
    )  # fmt: skip


@flag_pages.post("/messages/{id}/outcome")
async def acknowledge(id: MessageId, signed: Signed, sent: Sent, flags: FlagsDep) -> Response:
    """Say what a message is, and go on with the next one of the list, also if somebody else was first."""
    user, kind = signed.user, _kind(sent.get("kind", ""))
    navigation = flags.navigation(kind)
    link = await navigation.clean(user, sent.get("place", ""))
    clauses = [sent["clause"]] if sent.get("clause") else []
    outcome = _outcome(sent)
    try:
        await flags.acknowledge(
            user, id, outcome, clean_text(sent.get("reason", "")), clauses if outcome is ReviewOutcome.VIOLATION else []
        )
    except Problem as problem:
        if problem.status == 409:
            problem.onward = queue_url(link, at=await navigation.next_message(user, link, id, sent.get("due", "")))
        problem.back = f"/messages/{id}{link}"
        raise
    following = await navigation.next_message(user, link, id, sent.get("due", ""))
    return RedirectResponse(queue_url(link, done=id, at=following), 303)


@flag_pages.post("/messages/{id}/reopen")
async def reopen(id: MessageId, signed: Signed, sent: Sent, flags: FlagsDep) -> Response:
    """Take an answer back."""
    await flags.reopen(signed.user, id)
    link = await flags.navigation(WorkKind.FLAG).clean(signed.user, sent.get("place", ""))
    return RedirectResponse(return_url(link, id, sent.get("from", ""), show_result=True), 303)


@flag_pages.post("/messages/{id}/example")
async def choose_example(id: MessageId, signed: Signed, sent: Sent, flags: FlagsDep) -> Response:
    """Choose a message as an example in the board's report, or leave it out."""
    await flags.choose(signed.user, id, sent.get("chosen") == "yes")
    link = await flags.navigation(WorkKind.SHADOW).clean(signed.user, sent.get("place", ""))
    return RedirectResponse(return_url(link, id, sent.get("from", ""), show_result=True), 303)


def _kind(word: str) -> WorkKind:
    if word not in tuple(WorkKind):
        raise Problem(422, "Choose a list: flagged, the random sample, or what would have been held.")
    return WorkKind(word)


def _outcome(sent: dict[str, str]) -> ReviewOutcome:
    if sent.get("outcome") not in tuple(ReviewOutcome):
        raise Problem(422, "Choose what it is: in order, or a violation.")
    return ReviewOutcome(sent["outcome"])
