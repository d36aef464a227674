"""The API of delivered messages that people look at: lists, acknowledge, take back."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query
from starlette.responses import JSONResponse

from gateway.console.flags import schemas
from gateway.console.flags.service import ReviewItem
from gateway.console.queue.index import queue_place
from gateway.console.services import Services
from gateway.console.web.api_deps import (
    CHANGE_PROBLEMS,
    DEFAULT_LIMIT,
    ActionDep,
    Cursor,
    Limit,
    Reader,
    api_router,
    decode_cursor,
    decode_position,
    encode_cursor,
    problems,
    unique_message_ids,
)
from gateway.console.web.channel_names import ChannelFilter
from gateway.console.web.deps import FlagsDep, HelpDep, MessageId, ServicesDep
from gateway.console.web.errors import Problem
from gateway.console.web.forms import clean_text
from gateway.console.web.schemas import ActionRow
from gateway.core.accounts.account import User
from gateway.core.policy.work_kinds import ReviewOutcome, WorkKind
from gateway.core.review.json_rows import held_row
from gateway.core.review.views import HeldMessage
from gateway.core.serialization.json_fields import rfc3339

flag_api = api_router()

_CLOSED_DAYS = 90


@flag_api.get(
    "/flagged", response_model=schemas.FlaggedList,
    summary="Delivered messages that people look at, the earliest due first",
)  # fmt: skip
async def flagged(
    services: ServicesDep,
    user: Reader,
    kind: Annotated[schemas.Kind, Query(description="sample: a random one; shadow: would have been held")] = "flag",
    acknowledged: Annotated[bool, Query(description="Those of 90 days that people acknowledged, newest first")] = False,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
    building: Annotated[str, Query(max_length=200, description="The sourcedId of an org")] = "",
    clause: Annotated[str, Query(max_length=40, description="A clause, or a word of `reasons`")] = "",
    direction: Annotated[Literal["", "staff_to_student", "student_to_staff"], Query()] = "",
    channel: Annotated[ChannelFilter, Query()] = "",
    person: Annotated[str, Query(max_length=200, description="A sourcedId")] = "",
    state: Annotated[Literal["", "free", "mine", "taken"], Query(description="Who has it")] = "",
    age: Annotated[Literal["", "today", "older", "overdue"], Query()] = "",
) -> dict[str, object]:
    """One row a message. Filters are for open ones. Search for words with POST /api/v1/flagged/search."""
    if acknowledged:
        return await _closed(services, user, WorkKind(kind), limit, cursor)
    values = {
        "building": building, "clause": clause, "direction": direction, "channel": channel, "person": person,
        "state": state, "age": age,
    }  # fmt: skip
    return await _open(services, user, WorkKind(kind), values, limit, cursor)


@flag_api.post(
    "/flagged/search", response_model=schemas.FlaggedList, responses=problems(400, 413),
    summary="Delivered messages that people look at, filtered by words too",
)  # fmt: skip
async def search_flagged(services: ServicesDep, user: Reader, search: schemas.FlaggedSearch) -> dict[str, object]:
    """The same list of open ones; the search words appear in no URL, and so in no log."""
    values = search.model_dump(exclude={"kind", "limit", "cursor"})
    return await _open(services, user, WorkKind(search.kind), values, search.limit, search.cursor)


async def _open(
    services: Services, user: User, kind: WorkKind, values: dict[str, str], limit: int, cursor: str | None
) -> dict[str, object]:
    after = None
    if cursor is not None:
        due, id_ = decode_cursor(cursor, (float, int, type(None)), str)
        after = (float("inf") if due is None else float(due), id_)
    entries, more = await services.flags.open_page(user, kind, values, after, limit)
    rows = []
    for entry in entries:
        assignment = entry.review.assignment
        item = ReviewItem(kind, 0.0, entry.message.due_at)
        rows.append(_row(services, user, entry.message, item, assignment.user if assignment else ""))
    following = None
    if more:
        at, id_ = queue_place(entries[-1].message)
        following = encode_cursor(None if at == float("inf") else at, id_)
    return {"items": rows, "next": following}


async def _closed(
    services: Services, user: User, kind: WorkKind, limit: int, cursor: str | None
) -> dict[str, object]:  # fmt: skip
    before = decode_position(cursor)
    page = await services.flags.closed(user, kind, days=_CLOSED_DAYS, limit=limit, before=before)
    rows = [_row(services, user, message, item) for message, item in page.items]
    return {"items": rows, "next": encode_cursor(*page.next) if page.next else None}


def _row(
    services: Services, user: User, message: HeldMessage, item: ReviewItem, taken_by: str = ""
) -> dict[str, object]:  # fmt: skip
    names = services.names.names_in_list(user, message)
    return {
        **held_row(names.held(message)),
        "kind": item.kind.value,
        "state": "open" if item.outcome is None else "acknowledged",
        "taken_by": taken_by,
        "outcome": item.outcome.value if item.outcome else None,
        "acknowledged_by": item.by,
        "acknowledged_at": None if item.closed_at is None else rfc3339(item.closed_at),
        "reason": names.hide(item.reason),
    }


@flag_api.post(
    "/messages/{id}/acknowledge", response_model=schemas.AcknowledgedRow, responses=CHANGE_PROBLEMS,
    summary="Say whether a flagged message is in order or a violation, or take a call for help up",
)  # fmt: skip
async def acknowledge(
    flags: FlagsDep, help_: HelpDep, action: ActionDep, id: MessageId, body: schemas.AcknowledgeBody | None = None
) -> JSONResponse:
    """The first answer counts, and the classifiers learn from it; the delivery does not change.

    The same for a message of the random sample, and for one that shadow mode would have held.
    """
    said = body or schemas.AcknowledgeBody()

    async def act() -> dict[str, object]:
        if said.outcome is None:
            if await flags.needs_outcome(action.user, id):
                raise Problem(422, "Say what it is: `outcome` is fine or violation.", missing=["outcome"])
            await help_.take_up(action.user, id)
            return {"id": id, "done": "taken up", "outcome": None}
        await flags.acknowledge(action.user, id, ReviewOutcome(said.outcome), clean_text(said.reason))
        return {"id": id, "done": "acknowledged", "outcome": said.outcome}

    request = ["acknowledge", id, *([said.outcome, said.reason] if said.outcome else [])]
    return await action.run(request, act)


@flag_api.post(
    "/flagged/acknowledge", response_model=schemas.AcknowledgedMany, responses=CHANGE_PROBLEMS,
    summary="Say the same about several messages, such as near-duplicates",
)  # fmt: skip
async def acknowledge_together(flags: FlagsDep, action: ActionDep, body: schemas.AcknowledgeManyBody) -> JSONResponse:
    """Each is acknowledged as if alone: the answer names those that were not, and says why."""
    ids = unique_message_ids(body.ids)

    async def act() -> dict[str, object]:
        result = await flags.acknowledge_together(
            action.user, ids, ReviewOutcome(body.outcome), clean_text(body.reason)
        )
        return {"done": result.done, "left": [{"id": id_, "why": why} for id_, why in result.left.items()]}

    return await action.run(["acknowledge", *ids, body.outcome, body.reason], act)


@flag_api.post(
    "/messages/{id}/reopen", response_model=ActionRow, responses=CHANGE_PROBLEMS,
    summary="Take an answer back, so that the message is listed again",
)  # fmt: skip
async def reopen(flags: FlagsDep, action: ActionDep, id: MessageId) -> JSONResponse:
    """By the account that gave it, or by a technology director."""

    return await action.done(["reopen", id], lambda: flags.reopen(action.user, id), {"id": id, "done": "opened again"})


@flag_api.post(
    "/messages/{id}/example", response_model=ActionRow, responses=CHANGE_PROBLEMS,
    summary="Choose a message of the shadow week as an example in the board's report, or leave it out",
)  # fmt: skip
async def choose_example(flags: FlagsDep, action: ActionDep, id: MessageId, body: schemas.ExampleBody) -> JSONResponse:
    return await action.done(
        ["example", id, body.chosen],
        lambda: flags.choose(action.user, id, body.chosen),
        {"id": id, "done": "chosen" if body.chosen else "left out"},
    )
