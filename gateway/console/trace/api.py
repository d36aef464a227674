"""The API of tracing: where messages are."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from gateway.console.trace import schemas
from gateway.console.trace.service import TraceService
from gateway.console.web.api_deps import (
    DEFAULT_LIMIT,
    Cursor,
    Limit,
    Reader,
    api_router,
    decode_position,
    encode_cursor,
    problems,
)
from gateway.console.web.deps import TraceDep
from gateway.console.web.errors import Problem
from gateway.core.accounts.account import User
from gateway.core.review.json_rows import trace_row

trace_api = api_router()

_IN_URL = "Proxies may log the URL: POST finds the same messages and leaves no trace there"
_ONE_OF_THREE = "Give one of id, message_id and address."


@trace_api.get("/trace", response_model=schemas.TraceList, summary="Where messages are, by one of three")
async def trace(
    traces: TraceDep,
    user: Reader,
    id: Annotated[str | None, Query(max_length=64)] = None,
    message_id: Annotated[str | None, Query(max_length=1000)] = None,
    address: Annotated[str | None, Query(max_length=320, description=_IN_URL)] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> dict[str, object]:
    if sum(map(bool, (id, message_id, address))) != 1:
        raise Problem(422, _ONE_OF_THREE)
    return await _page(traces, user, id or "", message_id or "", address or "", limit, cursor)


@trace_api.post(
    "/trace", response_model=schemas.TraceList, responses=problems(400, 413),
    summary="The same list, with nothing in the URL",
)  # fmt: skip
async def search_trace(traces: TraceDep, user: Reader, query: schemas.TraceQuery) -> dict[str, object]:
    """By one of three; an address appears in no URL, and so in no log."""
    if sum(map(bool, (query.id, query.message_id, query.address))) != 1:
        raise Problem(422, _ONE_OF_THREE)
    return await _page(traces, user, query.id, query.message_id, query.address, query.limit, query.cursor)


async def _page(
    traces: TraceService, user: User, id_: str, message_id: str, address: str, limit: int, cursor: str | None
) -> dict[str, object]:
    page = await traces.find(
        user, id_=id_, message_id=message_id, address=address, limit=limit, before=decode_position(cursor)
    )
    return {
        "items": [trace_row(traces.masked(user, trace)) for trace in page.items],
        "next": encode_cursor(*page.next) if page.next else None,
    }
