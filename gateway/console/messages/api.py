"""The JSON API under /api/v1: everything that can be done with a token."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Security
from starlette.responses import JSONResponse

from gateway.console.audit.rows import readable
from gateway.console.messages import schemas
from gateway.console.messages.attachments import NO_FILE
from gateway.console.messages.reveal_names import names_in_list, names_of, open_names, refuse_search
from gateway.console.messages.view import add_named_people
from gateway.console.queue.index import queue_place
from gateway.console.queue.rows import Filters
from gateway.console.service import Desk
from gateway.console.web.api_deps import (
    DEFAULT_LIMIT,
    Cursor,
    IdempotencyKey,
    Limit,
    MessageId,
    Reader,
    bearer,
    decode_cursor,
    decode_position,
    encode_cursor,
    problems,
)
from gateway.console.web.deps import TheDesk
from gateway.console.web.errors import Problem
from gateway.console.web.forms import clean_text
from gateway.console.web.idempotency import run_once_json
from gateway.console.web.labels import REASONS
from gateway.core.accounts.account import Right, User
from gateway.core.messages.message import header_section, subject
from gateway.core.messages.verdict import Span
from gateway.core.review.json_rows import held_row, trace_row
from gateway.core.review.pseudonyms import MaskedText
from gateway.core.serialization.json_fields import rfc3339

_IN_THE_URL = "It stands in the URL, which proxies may log: POST looks for the same and leaves no trace there"

api = APIRouter(prefix="/api/v1", responses=problems(401, 403, 422, 429, 503), dependencies=[Security(bearer)])


@api.get("/held", response_model=schemas.HeldList, summary="The queue, the earliest due first")
async def held(
    request: Request,
    desk: TheDesk,
    user: Reader,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
    building: Annotated[str, Query(max_length=200, description="The sourcedId of an org")] = "",
    clause: Annotated[str, Query(max_length=40, description="A clause, or a word of `reasons`")] = "",
    direction: Annotated[Literal["", "staff_to_student", "student_to_staff"], Query()] = "",
    channel: Annotated[Literal["", "mail", "sms"], Query()] = "",
    state: Annotated[Literal["", "free", "mine", "taken", "second"], Query(description="Who has it")] = "",
    age: Annotated[Literal["", "today", "older", "overdue"], Query()] = "",
) -> dict[str, object]:
    """One row a message, with the recipients that are held and yours. A value that nothing has leaves nothing.

    Words are looked for by POST /api/v1/held/search: a URL is kept by whoever stands in between.
    """
    if request.query_params.get("text"):
        raise Problem(422, "Words stand in no URL: look for them with POST /api/v1/held/search.")
    chosen = {
        "building": building, "clause": clause, "direction": direction, "channel": channel, "state": state, "age": age
    }  # fmt: skip
    return await _held(desk, user, chosen, limit, cursor)


@api.post(
    "/held/search", response_model=schemas.HeldList, responses=problems(400, 413),
    summary="The queue as it is asked for, words too",
)  # fmt: skip
async def search_held(desk: TheDesk, user: Reader, asked: schemas.Search) -> dict[str, object]:
    """The same as a list; what is looked for stands in no URL, and so in no log on the way."""
    chosen = asked.model_dump(exclude={"limit", "cursor"})
    return await _held(desk, user, chosen, asked.limit, asked.cursor)


async def _held(desk: Desk, user: User, chosen: dict[str, str], limit: int, cursor: str | None) -> dict[str, object]:
    if any(chosen.values()):
        left = await desk.kept(user, Filters(chosen, user, desk.register, await desk.store.now()).asked)
    else:
        left = await desk.held(user)
    if cursor is not None:
        due, id_ = decode_cursor(cursor, (float, int, type(None)), str)
        after = (float("inf") if due is None else float(due), id_)
        left = left[bisect_right(left, after, key=queue_place) :]
    page = left[:limit]
    more = len(left) > limit
    return {
        "items": [held_row(names_in_list(desk, user, each).held(each)) for each in page],
        "next": encode_cursor(page[-1].due_at, page[-1].id) if more else None,
    }


@api.get(
    "/messages/{id}", response_model=schemas.MessageRow, responses=problems(404),
    summary="One message without its content",
)  # fmt: skip
async def message(desk: TheDesk, user: Reader, id: MessageId) -> dict[str, object]:
    trace = await desk.find(user, id)
    names = await names_of(desk, user, trace)
    title = None
    if (
        await desk.reads(user, id)
        and not desk.in_part(user, trace)
        and (explained := await desk.store.explained(id)) is not None
    ):
        add_named_people(names, explained)
        title = names.hide(subject(header_section(explained.content))) if trace.channel == "mail" else ""
    trace = names.trace(desk.told(user, trace))
    return {
        **trace_row(trace),
        "received_at": rfc3339(trace.received_at),
        "due_at": _earliest([each.due_at for each in trace.recipients if each.state == "held"]),
        "reasons": list(trace.reasons),
        "subject": title,
        "decisions": [
            {
                "recipient": each.address,
                "by": each.decided_by,
                "state": each.state,
                "at": rfc3339(each.at if each.decided_at is None else each.decided_at),
            }
            for each in trace.recipients
            if each.decided_by
        ],
    }


@api.get(
    "/messages/{id}/content", response_model=schemas.ContentRow, responses=problems(404),
    summary="What a message says; the view is in the audit log",
)  # fmt: skip
async def content(desk: TheDesk, user: Reader, id: MessageId) -> dict[str, object]:
    explained = await desk.explained(user, id, "content by the API")
    names = add_named_people(await names_of(desk, user, explained.trace), explained)
    read = await asyncio.to_thread(explained.parts)
    files = await desk.files.texts(read)
    title = subject(header_section(explained.content)) if explained.channel == "mail" else ""
    texts = {"subject": names.mask(title)}
    texts |= {each.number: names.mask(each.text or files.get(each.number, NO_FILE).text) for each in read}
    verdict = explained.verdict
    return {
        "id": id,
        "subject": texts["subject"].text,
        "parts": [
            {
                "part": part.number, "media_type": part.media_type, "filename": names.hide(part.filename),
                "text": texts[part.number].text, "size": len(part.data),
                "failed": list(files.get(part.number, NO_FILE).failed),
            }
            for part in read
        ],
        "findings": [
            {
                "clause": each.clause, "score": each.score, "by": each.by, "cue": names.hide(each.cue),
                "quoted": each.quoted, "about": names.name_of(each.about) if each.about else "",
                "spans": [_span(at, texts.get(at.part, _NO_TEXT)) for at in each.spans],
            }
            for each in (verdict.findings if verdict else ())
        ],
        "model": verdict.model if verdict else None,
        "policy": explained.policy,
        "available": bool(explained.content),
    }  # fmt: skip


_NO_TEXT = MaskedText("")


def _span(at: Span, text: MaskedText) -> dict[str, object]:
    start, end = text.moved(at.start, at.end)
    return {"part": at.part, "start": start, "end": end}


@api.post(
    "/messages/{id}/names", response_model=schemas.Opened, responses=problems(400, 404, 409, 413),
    summary="Open the names of a message, where names are hidden; the reason is in the audit log",
)  # fmt: skip
async def names(
    desk: TheDesk, user: Reader, id: MessageId, why: schemas.Decision, key: IdempotencyKey = None
) -> JSONResponse:
    """To the account of this token, for an hour."""

    async def act() -> dict[str, object]:
        trace = await desk.find(user, id)
        await desk.apart(user, trace, "open names")
        await open_names(desk, user, trace, clean_text(why.reason))
        return {"id": id, "names": "open"}

    return await run_once_json(desk, user, key, ["names", id, why.reason], act)


@api.get("/trace", response_model=schemas.TraceList, summary="Where messages are, by one of three")
async def trace(
    desk: TheDesk,
    user: Reader,
    id: Annotated[str | None, Query(max_length=64)] = None,
    message_id: Annotated[str | None, Query(max_length=1000)] = None,
    address: Annotated[str | None, Query(max_length=320, description=_IN_THE_URL)] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> dict[str, object]:
    if sum(map(bool, (id, message_id, address))) != 1:
        raise Problem(422, "Give one of id, message_id and address.")
    return await _traced(desk, user, id or "", message_id or "", address or "", limit, cursor)


@api.post(
    "/trace", response_model=schemas.TraceList, responses=problems(400, 413),
    summary="The same, with what is looked for in no URL",
)  # fmt: skip
async def search_trace(desk: TheDesk, user: Reader, asked: schemas.Tracing) -> dict[str, object]:
    """By one of three; an address stands in no URL, and so in no log on the way."""
    if sum(map(bool, (asked.id, asked.message_id, asked.address))) != 1:
        raise Problem(422, "Give one of id, message_id and address.")
    return await _traced(desk, user, asked.id, asked.message_id, asked.address, asked.limit, asked.cursor)


async def _traced(
    desk: Desk, user: User, id: str, message_id: str, address: str, limit: int, cursor: str | None
) -> dict[str, object]:  # fmt: skip
    if address:
        refuse_search(desk, user)
    found = await desk.traces(
        user, id_=id, message_id=message_id, address=address, limit=limit, before=decode_position(cursor)
    )  # fmt: skip
    rows = [trace_row(names_in_list(desk, user, each).trace(each)) for each in found.items]
    return {"items": rows, "next": encode_cursor(*found.next) if found.next else None}


@api.get("/audit", response_model=schemas.ActList, summary="The audit log, from its beginning")
async def audit(
    desk: TheDesk,
    user: Reader,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> dict[str, object]:
    await desk.need(user, Right.AUDIT)
    after = decode_cursor(cursor, int)[0] if cursor is not None else 0
    kept = await desk.store.audit_rows(min(max(after, 0), 1 << 62), limit)
    told = zip(await readable(desk, user, kept), kept, strict=True)
    rows = [{**row.document(), "whole": row.act == as_kept.act} for row, as_kept in told]
    return {"items": rows, "next": encode_cursor(kept[-1].number) if len(kept) == limit else None}


@api.get("/stats", response_model=schemas.Stats, summary="Counts; no content and no person")
async def stats(desk: TheDesk, user: Reader) -> dict[str, object]:
    await desk.need(user, Right.STATS)
    now = await desk.store.now()
    found = await desk.counts(user, now)
    backlog = await desk.store.backlog() if user.sees_every_building else None
    return {
        "held": found.total,
        "oldest_held_seconds": 0.0 if found.oldest is None else max(now - found.oldest, 0.0),
        "overdue": found.overdue,
        "by_clause": {name: count for name, count in found.counts["clause"].items() if name not in REASONS},
        "by_direction": dict(found.counts["direction"]),
        "deferred_recipients": backlog.deferred if backlog else None,
        "unpublished_messages": backlog.unpublished if backlog else None,
        "unanswered_messages": backlog.unanswered if backlog else None,
    }


def _earliest(times: list[float | None]) -> str | None:
    known = [each for each in times if each is not None]
    return rfc3339(min(known)) if known else None
