"""Near-duplicates as a page: shown side by side, decided in bulk, and undone."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.console.decisions.bulk import BULK_ACTIONS, BULK_UNDO_SECONDS, MAX_BULK
from gateway.console.decisions.pages import rejection_words
from gateway.console.web.api_deps import unique_message_ids
from gateway.console.web.deps import BulkDep, MessageId, NavigationDep, PagesDep, PolicyDep, Sent, Signed
from gateway.console.web.errors import Problem
from gateway.console.web.forms import clean_text, read_values

bulk_pages = APIRouter(include_in_schema=False)


@bulk_pages.get("/together/{id}")
async def preview(
    request: Request, id: MessageId, signed: Signed, pages: PagesDep, bulk: BulkDep, policy: PolicyDep,
    navigation: NavigationDep,
) -> Response:  # fmt: skip
    """The near-duplicates of a message, before a bulk decision."""
    found = await bulk.near_duplicates(signed.user, id)
    return pages.page(
        request, "bulk.html", signed, duplicates=found, max_bulk=MAX_BULK, seconds=BULK_UNDO_SECONDS,
        usual=policy.default_rejection_text(found.clauses), link=await navigation.clean(signed.user, request.url.query),
    )  # fmt: skip


@bulk_pages.post("/together")
async def decide(
    request: Request, signed: Signed, sent: Sent, pages: PagesDep, bulk: BulkDep, navigation: NavigationDep
) -> Response:
    """Decide on the chosen ones; the page lists what could not be decided."""
    ids = unique_message_ids(await read_values(request, "id"))
    action = BULK_ACTIONS.get(sent.get("deed", ""))
    if action is None:
        raise Problem(422, "Choose what is to be done: release or reject.")
    result = await bulk.decide(signed.user, ids, action, clean_text(sent.get("reason", "")), rejection_words(sent))
    return pages.page(
        request, "bulk_done.html", signed, action=action, done=result.done, left=list(result.left.items()),
        seconds=BULK_UNDO_SECONDS, link=await navigation.clean(signed.user, sent.get("place", "")),
    )  # fmt: skip


@bulk_pages.post("/together/undo")
async def undo(
    request: Request, signed: Signed, sent: Sent, pages: PagesDep, bulk: BulkDep, navigation: NavigationDep
) -> Response:
    """Hold again what had not left; the page lists what had."""
    ids = unique_message_ids([id_ for id_ in sent.get("ids", "").split(",") if id_])
    held_again = await bulk.undo(signed.user, ids)
    return pages.page(
        request, "bulk_undone.html", signed, held_again=held_again, left=[id_ for id_ in ids if id_ not in held_again],
        link=await navigation.clean(signed.user, sent.get("place", "")),
    )  # fmt: skip
