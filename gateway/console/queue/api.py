"""The API of the queue: held messages, saved views and counts."""

from __future__ import annotations

from bisect import bisect_right
from typing import Annotated, Literal

from fastapi import Depends, Path, Query, Request

from gateway.console.messages.reveal_names import NameAccess
from gateway.console.queue import schemas
from gateway.console.queue.index import queue_place
from gateway.console.queue.query import parse_query
from gateway.console.queue.service import QueueService
from gateway.console.web.api_deps import (
    DEFAULT_LIMIT,
    Cursor,
    Decider,
    Limit,
    Reader,
    api_router,
    decode_cursor,
    encode_cursor,
    problems,
)
from gateway.console.web.channel_names import ChannelFilter
from gateway.console.web.deps import NamesDep, QueueDep
from gateway.console.web.errors import Problem
from gateway.console.web.forms import clean_text
from gateway.core.accounts.account import User
from gateway.core.review.json_rows import held_row
from gateway.core.review.views import HeldMessage

queue_api = api_router()


@queue_api.get("/held", response_model=schemas.HeldList, summary="The queue, the earliest due first")
async def held(
    request: Request,
    queue: QueueDep,
    names: NamesDep,
    user: Reader,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
    building: Annotated[str, Query(max_length=200, description="The sourcedId of an org")] = "",
    clause: Annotated[str, Query(max_length=40, description="A clause, or a word of `reasons`")] = "",
    direction: Annotated[Literal["", "staff_to_student", "student_to_staff"], Query()] = "",
    channel: Annotated[ChannelFilter, Query()] = "",
    person: Annotated[str, Query(max_length=200, description="A sourcedId")] = "",
    state: Annotated[Literal["", "free", "mine", "taken", "second"], Query(description="Who has it")] = "",
    age: Annotated[Literal["", "today", "older", "overdue"], Query()] = "",
) -> dict[str, object]:
    """One row a message, with the recipients that are held and yours. A value that no message has matches nothing.

    Search for words with POST /api/v1/held/search: proxies may log URLs.
    """
    if request.query_params.get("text"):
        raise Problem(422, "Words do not belong in a URL: search for them with POST /api/v1/held/search.")
    values = {
        "building": building, "clause": clause, "direction": direction, "channel": channel, "person": person,
        "state": state, "age": age,
    }  # fmt: skip
    return await _page(queue, names, user, values, limit, cursor)


@queue_api.post(
    "/held/search", response_model=schemas.HeldList, responses=problems(400, 413),
    summary="The queue, filtered by words too",
)  # fmt: skip
async def search_held(
    queue: QueueDep, names: NamesDep, user: Reader, search: schemas.QueueSearch
) -> dict[str, object]:  # fmt: skip
    """The same list; the search words appear in no URL, and so in no log."""
    values = search.model_dump(exclude={"limit", "cursor"})
    return await _page(queue, names, user, values, search.limit, search.cursor)


async def _page(
    queue: QueueService, names: NameAccess, user: User, values: dict[str, str], limit: int, cursor: str | None
) -> dict[str, object]:
    if any(values.values()):
        messages = await queue.matching(user, (await queue.query(user, values)).filter)
    else:
        messages = await queue.held(user)
    if cursor is not None:
        due, id_ = decode_cursor(cursor, (float, int, type(None)), str)
        after = (float("inf") if due is None else float(due), id_)
        messages = messages[bisect_right(messages, after, key=queue_place) :]
    page = messages[:limit]
    return {
        "items": [held_row(names.names_in_list(user, message).held(message)) for message in page],
        "next": _cursor(page[-1]) if len(messages) > limit else None,
    }


def _cursor(message: HeldMessage) -> str:
    at, id_ = queue_place(message)
    return encode_cursor(None if at == float("inf") else at, id_)


def _view_name(name: Annotated[str, Path(description="A word or two")]) -> str:
    cleaned = clean_text(name, 60)
    if not cleaned:
        raise Problem(404, "There is no such view.")
    return cleaned


ViewName = Annotated[str, Depends(_view_name)]


@queue_api.get("/views", response_model=schemas.SavedViews, summary="Saved views of the queue")
async def views(queue: QueueDep, user: Reader) -> dict[str, object]:
    return {"views": dict(await queue.saved_views(user))}


@queue_api.put(
    "/views/{name}", response_model=schemas.SavedViews, responses=problems(400, 404, 409, 413),
    summary="Save filters of the queue under a name",
)  # fmt: skip
async def keep_view(queue: QueueDep, user: Decider, name: ViewName, view: schemas.SavedView) -> dict[str, object]:
    await queue.save_view(user, name, parse_query(view.query))
    return {"views": dict(await queue.saved_views(user))}


@queue_api.delete(
    "/views/{name}", response_model=schemas.SavedViews, responses=problems(404), summary="Delete a saved view",
)  # fmt: skip
async def drop_view(queue: QueueDep, user: Decider, name: ViewName) -> dict[str, object]:
    await queue.delete_view(user, name)
    return {"views": dict(await queue.saved_views(user))}
