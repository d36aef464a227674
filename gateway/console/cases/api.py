"""The API of cases: open, change, close, evidence pack; and of legal holds."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path
from starlette.responses import JSONResponse, Response

from gateway.console.cases import schemas
from gateway.console.cases.responses import zip_response
from gateway.console.cases.service import MAX_ID
from gateway.console.web.api_deps import (
    DEFAULT_LIMIT,
    ActionDep,
    Cursor,
    IdempotencyKey,
    Limit,
    Reader,
    api_router,
    decode_cursor,
    encode_cursor,
    problems,
    unique_message_ids,
)
from gateway.console.web.deps import CasesDep, EvidenceDep, IdempotencyDep, LegalHoldsDep, MessageId, PagesDep
from gateway.console.web.errors import Problem
from gateway.console.web.forms import clean_text
from gateway.console.web.schemas import MessageIds, ReasonBody, TextBody, audit_entry_row
from gateway.core.cases.case import CaseDraft, CaseFile
from gateway.core.serialization.json_fields import rfc3339

case_api = api_router()

_CHANGES = problems(400, 404, 409, 413)


def _number(number: Annotated[str, Path(description="The number of a case")]) -> int:
    if not (number.isascii() and number.isdigit() and len(number) < 16):
        raise Problem(404, f"There is no case {number[:20]} that you can see.")
    return int(number)


CaseNumber = Annotated[int, Depends(_number)]


def _row(file: CaseFile) -> dict[str, object]:
    def time(at: float | None) -> str | None:
        return None if at is None else rfc3339(at)

    return {
        "id": file.id, "title": file.title, "severity": file.severity, "assignee": file.assignee,
        "due_at": time(file.due_at), "opened_by": file.opened_by, "opened_at": rfc3339(file.opened_at),
        "outcome": file.outcome or None, "closed_by": file.closed_by or None, "closed_at": time(file.closed_at),
        "messages": list(file.messages),
    }  # fmt: skip


@case_api.get("/cases", response_model=schemas.CaseList, summary="Open or closed cases, newest first")
async def list_cases(
    cases: CasesDep, user: Reader, closed: bool = False, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> dict[str, object]:
    """Without cases that contain a message of another building, or of yourself."""
    before = decode_cursor(cursor, int)[0] if cursor is not None else MAX_ID
    found = await cases.page(user, closed=closed, before=min(max(before, 0), MAX_ID), limit=limit)
    return {"items": list(map(_row, found)), "next": encode_cursor(found[-1].id) if len(found) == limit else None}


@case_api.post(
    "/cases", status_code=201, response_model=schemas.CaseRow, responses=_CHANGES, summary="Open a case about messages",
)  # fmt: skip
async def open_case(cases: CasesDep, action: ActionDep, body: schemas.NewCase) -> JSONResponse:
    async def act() -> dict[str, object]:
        draft = CaseDraft(
            clean_text(body.title, 200), body.severity, body.assignee or action.user.name, body.due_at or None
        )  # fmt: skip
        number = await cases.open(action.user, draft, unique_message_ids(body.messages))
        return _row(await cases.masked_case(action.user, number))

    return await action.run(["case", body.model_dump()], act, 201)


@case_api.get(
    "/cases/{number}", response_model=schemas.CaseDetail, responses=problems(404),
    summary="One case with its timeline",
)  # fmt: skip
async def read_case(cases: CasesDep, user: Reader, number: CaseNumber) -> dict[str, object]:
    reading = await cases.read(user, number)
    names = reading.names
    return {
        **_row(reading.file), "title": names.hide(reading.file.title),
        "timeline": [audit_entry_row(names.audit_entry(entry)) for entry in reading.timeline],
        "legal_holds": {id_: names.hide(hold.reason) for id_, hold in reading.holds.items()},
    }  # fmt: skip


@case_api.post(
    "/cases/{number}/names", response_model=schemas.CaseRow, responses=_CHANGES,
    summary="Reveal the names of a case, if names are hidden; the reason goes into the audit log",
)  # fmt: skip
async def reveal_names(
    cases: CasesDep, idempotency: IdempotencyDep, user: Reader, number: CaseNumber, body: ReasonBody,
    key: IdempotencyKey = None,
) -> JSONResponse:  # fmt: skip
    """To the account of this token, for an hour. The evidence pack needs it."""

    async def act() -> dict[str, object]:
        await cases.reveal_names(user, number, clean_text(body.reason))
        return _row(await cases.masked_case(user, number))

    return await idempotency.run_json(user, key, ["case names", number, body.reason], act)


@case_api.patch("/cases/{number}", response_model=schemas.CaseRow, responses=_CHANGES, summary="Change an open case")
async def change_case(cases: CasesDep, action: ActionDep, number: CaseNumber, body: schemas.CaseChange) -> JSONResponse:
    """Values that are left out stay as they are. So does a masked title that comes back unchanged."""

    async def act() -> dict[str, object]:
        file = await cases.case_to_change(action.user, number)
        title = file.title if body.title is None else clean_text(body.title, 200)
        if title == (await cases.masked_case(action.user, number)).title:
            title = file.title
        draft = CaseDraft(
            title,
            file.severity if body.severity is None else body.severity,
            file.assignee if body.assignee is None else body.assignee,
            file.due_at if body.due_at is None else body.due_at or None,
        )
        await cases.change(action.user, number, draft)
        return _row(await cases.masked_case(action.user, number))

    request = ["case change", number, body.model_dump(exclude_unset=True)]
    return await action.run(request, act)


@case_api.post(
    "/cases/{number}/messages", response_model=MessageIds, responses=_CHANGES, summary="Add messages to a case",
)  # fmt: skip
async def add_messages(
    cases: CasesDep, action: ActionDep, number: CaseNumber, body: schemas.CaseMessages
) -> JSONResponse:
    async def act() -> dict[str, object]:
        return {"messages": list(await cases.add_messages(action.user, number, unique_message_ids(body.messages)))}

    return await action.run(["case add", number, body.messages], act)


@case_api.delete(
    "/cases/{number}/messages/{id}", response_model=MessageIds, responses=problems(404, 409),
    summary="Remove a message from a case",
)  # fmt: skip
async def remove_message(cases: CasesDep, action: ActionDep, number: CaseNumber, id: MessageId) -> JSONResponse:
    return await action.done(
        ["case take out", number, id], lambda: cases.remove_message(action.user, number, id), {"messages": [id]}
    )


@case_api.post("/cases/{number}/notes", response_model=schemas.CaseRow, responses=_CHANGES, summary="Add a note")
async def add_note(cases: CasesDep, action: ActionDep, number: CaseNumber, body: TextBody) -> JSONResponse:
    async def act() -> dict[str, object]:
        await cases.add_note(action.user, number, clean_text(body.text, 4000))
        return _row(await cases.masked_case(action.user, number))

    return await action.run(["case note", number, body.text], act)


@case_api.post("/cases/{number}/close", response_model=schemas.CaseRow, responses=_CHANGES, summary="Close a case")
async def close_case(cases: CasesDep, action: ActionDep, number: CaseNumber, body: schemas.CaseClosing) -> JSONResponse:
    async def act() -> dict[str, object]:
        await cases.close(action.user, number, body.outcome, clean_text(body.reason))
        return _row(await cases.masked_case(action.user, number))

    return await action.run(["case close", number, body.outcome, body.reason], act)


@case_api.post(
    "/cases/{number}/reopen", response_model=schemas.CaseRow, responses=_CHANGES, summary="Open a closed case again",
)  # fmt: skip
async def reopen_case(cases: CasesDep, action: ActionDep, number: CaseNumber, body: ReasonBody) -> JSONResponse:
    async def act() -> dict[str, object]:
        await cases.reopen(action.user, number, clean_text(body.reason))
        return _row(await cases.masked_case(action.user, number))

    return await action.run(["case reopen", number, body.reason], act)


@case_api.get(
    "/cases/{number}/evidence", response_class=Response, summary="The evidence pack; the export is in the audit log",
    responses={200: {"content": {"application/zip": {}}, "description": "A zip file; `X-Manifest-SHA256` names it"},
               **problems(404)},
)  # fmt: skip
async def export_evidence(evidence: EvidenceDep, pages: PagesDep, user: Reader, number: CaseNumber) -> Response:
    return zip_response(*await evidence.export(user, number, pages), number)


# --- legal holds -----------------------------------------------------------------------------------------------------


@case_api.post(
    "/messages/{id}/legal-hold", response_model=MessageIds, responses=_CHANGES,
    summary="Keep a message longer than any retention period",
)  # fmt: skip
async def hold_message(legal_holds: LegalHoldsDep, action: ActionDep, id: MessageId, body: ReasonBody) -> JSONResponse:
    async def act() -> dict[str, object]:
        return {"messages": list(await legal_holds.place(action.user, [id], clean_text(body.reason)))}

    return await action.run(["legal hold", id, body.reason], act)


@case_api.post(
    "/messages/{id}/legal-hold/lift", response_model=MessageIds, responses=_CHANGES, summary="Lift a legal hold",
)  # fmt: skip
async def lift_message(legal_holds: LegalHoldsDep, action: ActionDep, id: MessageId, body: ReasonBody) -> JSONResponse:
    async def act() -> dict[str, object]:
        return {"messages": list(await legal_holds.lift(action.user, [id], clean_text(body.reason)))}

    return await action.run(["lift", id, body.reason], act)


@case_api.post(
    "/cases/{number}/legal-hold", response_model=MessageIds, responses=_CHANGES,
    summary="Put every message of a case under legal hold",
)  # fmt: skip
async def hold_case(
    cases: CasesDep, legal_holds: LegalHoldsDep, action: ActionDep, number: CaseNumber, body: ReasonBody
) -> JSONResponse:
    async def act() -> dict[str, object]:
        file = await cases.case_to_change(action.user, number)
        return {"messages": list(await legal_holds.place(action.user, file.messages, clean_text(body.reason)))}

    return await action.run(["case hold", number, body.reason], act)


@case_api.post(
    "/cases/{number}/legal-hold/lift", response_model=MessageIds, responses=_CHANGES,
    summary="Lift the legal holds on the messages of a case",
)  # fmt: skip
async def lift_case(
    cases: CasesDep, legal_holds: LegalHoldsDep, action: ActionDep, number: CaseNumber, body: ReasonBody
) -> JSONResponse:
    async def act() -> dict[str, object]:
        file = await cases.case_to_change(action.user, number)
        return {"messages": list(await legal_holds.lift(action.user, file.messages, clean_text(body.reason)))}

    return await action.run(["case lift", number, body.reason], act)
