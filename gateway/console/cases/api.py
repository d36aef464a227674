"""The API of cases: open, change, close, evidence pack; legal holds."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Security
from starlette.responses import JSONResponse, Response

from gateway.console.cases import schemas
from gateway.console.cases import service as casework
from gateway.console.cases.evidence import pack
from gateway.console.cases.pages import zip_answer
from gateway.console.templating import Pages
from gateway.console.web.api_deps import (
    DEFAULT_LIMIT,
    MAX_LIMIT,
    Decider,
    IdempotencyKey,
    MessageId,
    Reader,
    bearer,
    decode_cursor,
    encode_cursor,
    problems,
    unique_message_ids,
)
from gateway.console.web.deps import TheDesk
from gateway.console.web.errors import Problem
from gateway.console.web.forms import clean_text
from gateway.console.web.idempotency import run_once_json
from gateway.console.web.schemas import MessageIds, ReasonBody, TextBody, audit_entry_row
from gateway.core.cases.case import CaseDraft, CaseFile
from gateway.core.serialization.json_fields import rfc3339

case_api = APIRouter(
    prefix="/api/v1", responses=problems(401, 403, 422, 429, 503), dependencies=[Security(bearer)]
)  # fmt: skip

_DOING = problems(400, 404, 409, 413)


def _number(number: Annotated[str, Path(description="The number of a case")]) -> int:
    if not (number.isascii() and number.isdigit() and len(number) < 16):
        raise Problem(404, f"There is no case {number[:20]} that you can see.")
    return int(number)


Number = Annotated[int, Depends(_number)]


def _row(file: CaseFile) -> dict[str, object]:
    def time(at: float | None) -> str | None:
        return None if at is None else rfc3339(at)

    return {
        "id": file.id, "title": file.title, "severity": file.severity, "assignee": file.assignee,
        "due_at": time(file.due_at), "opened_by": file.opened_by, "opened_at": rfc3339(file.opened_at),
        "outcome": file.outcome or None, "closed_by": file.closed_by or None, "closed_at": time(file.closed_at),
        "messages": list(file.messages),
    }  # fmt: skip


@case_api.get("/cases", response_model=schemas.CaseList, summary="Open cases, or closed ones, the newest first")
async def cases(
    desk: TheDesk,
    user: Reader,
    closed: bool = False,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
    cursor: Annotated[str | None, Query(max_length=300, description="`next` of the page before")] = None,
) -> dict[str, object]:
    """Cases that name a message of another building, or of yourself, are not among them."""
    before = decode_cursor(cursor, int)[0] if cursor is not None else 1 << 62
    found = await casework.listed(desk, user, closed=closed, before=min(max(before, 0), 1 << 62), limit=limit)
    return {"items": list(map(_row, found)), "next": encode_cursor(found[-1].id) if len(found) == limit else None}


@case_api.post(
    "/cases", status_code=201, response_model=schemas.CaseRow, responses=_DOING, summary="Open a case about messages",
)  # fmt: skip
async def open_case(desk: TheDesk, user: Decider, asked: schemas.NewCase, key: IdempotencyKey = None) -> JSONResponse:
    async def act() -> dict[str, object]:
        due_at = asked.due_at or None
        draft = CaseDraft(clean_text(asked.title, 200), asked.severity, asked.assignee or user.name, due_at)
        number = await casework.opened(desk, user, draft, unique_message_ids(asked.messages))
        return _row(await casework.shown(desk, user, number))

    return await run_once_json(desk, user, key, ["case", asked.model_dump()], act, 201)


@case_api.get(
    "/cases/{number}", response_model=schemas.CaseDetail, responses=problems(404), summary="One case with its course",
)  # fmt: skip
async def case(desk: TheDesk, user: Reader, number: Number) -> dict[str, object]:
    found = await casework.reading(desk, user, number)
    names = await casework.names_of(desk, user, found)
    holds = {id_: names.hide(each.reason) for id_, each in found.holds.items()}
    timeline = [audit_entry_row(names.audit_entry(each)) for each in found.timeline]
    return {**_row(found.file), "title": names.hide(found.file.title), "timeline": timeline, "legal_holds": holds}


@case_api.post(
    "/cases/{number}/names", response_model=schemas.CaseRow, responses=_DOING,
    summary="Open the names of a case, where names are hidden; the reason is in the audit log",
)  # fmt: skip
async def open_names(
    desk: TheDesk, user: Reader, number: Number, asked: ReasonBody, key: IdempotencyKey = None
) -> JSONResponse:
    """To the account of this token, for an hour: the evidence pack needs it."""

    async def act() -> dict[str, object]:
        await casework.open_names(desk, user, number, clean_text(asked.reason))
        return _row(await casework.shown(desk, user, number))

    return await run_once_json(desk, user, key, ["case names", number, asked.reason], act)


@case_api.patch("/cases/{number}", response_model=schemas.CaseRow, responses=_DOING, summary="Change an open case")
async def change(
    desk: TheDesk, user: Decider, number: Number, asked: schemas.CaseChange, key: IdempotencyKey = None
) -> JSONResponse:
    """What is left out stays, and so does a title that comes back as it was read with its names covered."""

    async def act() -> dict[str, object]:
        file = await casework.changing(desk, user, number)
        title = file.title if asked.title is None else clean_text(asked.title, 200)
        if title == (await casework.shown(desk, user, number)).title:
            title = file.title
        draft = CaseDraft(
            title,
            file.severity if asked.severity is None else asked.severity,
            file.assignee if asked.assignee is None else asked.assignee,
            file.due_at if asked.due_at is None else asked.due_at or None,
        )
        await casework.changed(desk, user, number, draft)
        return _row(await casework.shown(desk, user, number))

    return await run_once_json(desk, user, key, ["case change", number, asked.model_dump(exclude_unset=True)], act)


@case_api.post(
    "/cases/{number}/messages", response_model=MessageIds, responses=_DOING, summary="Put messages into a case",
)  # fmt: skip
async def add(
    desk: TheDesk, user: Decider, number: Number, asked: schemas.CaseMessages, key: IdempotencyKey = None
) -> JSONResponse:
    async def act() -> dict[str, object]:
        return {"messages": list(await casework.added(desk, user, number, unique_message_ids(asked.messages)))}

    return await run_once_json(desk, user, key, ["case add", number, asked.messages], act)


@case_api.delete(
    "/cases/{number}/messages/{id}", response_model=MessageIds, responses=problems(404, 409),
    summary="Take a message out of a case",
)  # fmt: skip
async def take_out(
    desk: TheDesk, user: Decider, number: Number, id: MessageId, key: IdempotencyKey = None
) -> JSONResponse:
    async def act() -> dict[str, object]:
        await casework.taken_out(desk, user, number, id)
        return {"messages": [id]}

    return await run_once_json(desk, user, key, ["case take out", number, id], act)


@case_api.post("/cases/{number}/notes", response_model=schemas.CaseRow, responses=_DOING, summary="Note something")
async def add_note(
    desk: TheDesk, user: Decider, number: Number, asked: TextBody, key: IdempotencyKey = None
) -> JSONResponse:
    async def act() -> dict[str, object]:
        await casework.noted(desk, user, number, clean_text(asked.text, 4000))
        return _row(await casework.shown(desk, user, number))

    return await run_once_json(desk, user, key, ["case note", number, asked.text], act)


@case_api.post("/cases/{number}/close", response_model=schemas.CaseRow, responses=_DOING, summary="Close a case")
async def close(
    desk: TheDesk, user: Decider, number: Number, asked: schemas.CaseClosing, key: IdempotencyKey = None
) -> JSONResponse:
    async def act() -> dict[str, object]:
        await casework.ended(desk, user, number, asked.outcome, clean_text(asked.reason))
        return _row(await casework.shown(desk, user, number))

    return await run_once_json(desk, user, key, ["case close", number, asked.outcome, asked.reason], act)


@case_api.post("/cases/{number}/reopen", response_model=schemas.CaseRow, responses=_DOING, summary="Open it again")
async def reopen(
    desk: TheDesk, user: Decider, number: Number, asked: ReasonBody, key: IdempotencyKey = None
) -> JSONResponse:
    async def act() -> dict[str, object]:
        await casework.ended(desk, user, number, "", clean_text(asked.reason))
        return _row(await casework.shown(desk, user, number))

    return await run_once_json(desk, user, key, ["case reopen", number, asked.reason], act)


@case_api.get(
    "/cases/{number}/evidence", response_class=Response, summary="The evidence pack; the export is in the audit log",
    responses={200: {"content": {"application/zip": {}}, "description": "A zip file; `X-Manifest-SHA256` names it"},
               **problems(404)},
)  # fmt: skip
async def evidence(request: Request, desk: TheDesk, user: Reader, number: Number) -> Response:
    shown: Pages = request.app.state.pages
    return zip_answer(*await pack(desk, shown, user, number), number)


# --- legal holds -----------------------------------------------------------------------------------------------------


@case_api.post(
    "/messages/{id}/legal-hold", response_model=MessageIds, responses=_DOING,
    summary="Keep a message above every period of retention",
)  # fmt: skip
async def hold_message(
    desk: TheDesk, user: Decider, id: MessageId, asked: ReasonBody, key: IdempotencyKey = None
) -> JSONResponse:
    async def act() -> dict[str, object]:
        return {"messages": list(await casework.hold(desk, user, [id], clean_text(asked.reason)))}

    return await run_once_json(desk, user, key, ["legal hold", id, asked.reason], act)


@case_api.post(
    "/messages/{id}/legal-hold/lift", response_model=MessageIds, responses=_DOING, summary="Lift a legal hold",
)  # fmt: skip
async def lift_message(
    desk: TheDesk, user: Decider, id: MessageId, asked: ReasonBody, key: IdempotencyKey = None
) -> JSONResponse:
    async def act() -> dict[str, object]:
        return {"messages": list(await casework.lift(desk, user, [id], clean_text(asked.reason)))}

    return await run_once_json(desk, user, key, ["lift", id, asked.reason], act)


@case_api.post(
    "/cases/{number}/legal-hold", response_model=MessageIds, responses=_DOING,
    summary="Put every message of a case under legal hold",
)  # fmt: skip
async def hold_case(
    desk: TheDesk, user: Decider, number: Number, asked: ReasonBody, key: IdempotencyKey = None
) -> JSONResponse:
    async def act() -> dict[str, object]:
        file = await casework.changing(desk, user, number)
        return {"messages": list(await casework.hold(desk, user, file.messages, clean_text(asked.reason)))}

    return await run_once_json(desk, user, key, ["case hold", number, asked.reason], act)


@case_api.post(
    "/cases/{number}/legal-hold/lift", response_model=MessageIds, responses=_DOING,
    summary="Lift the legal holds on the messages of a case",
)  # fmt: skip
async def lift_case(
    desk: TheDesk, user: Decider, number: Number, asked: ReasonBody, key: IdempotencyKey = None
) -> JSONResponse:
    async def act() -> dict[str, object]:
        file = await casework.changing(desk, user, number)
        return {"messages": list(await casework.lift(desk, user, file.messages, clean_text(asked.reason)))}

    return await run_once_json(desk, user, key, ["case lift", number, asked.reason], act)
