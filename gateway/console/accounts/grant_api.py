"""The API of grants: content that auditors may read."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path
from starlette.responses import JSONResponse

from gateway.console.accounts import schemas
from gateway.console.accounts.grants import MAX_ID
from gateway.console.web.api_deps import (
    DEFAULT_LIMIT,
    ActionDep,
    Cursor,
    Limit,
    Reader,
    api_router,
    decode_cursor,
    encode_cursor,
    problems,
)
from gateway.console.web.deps import GrantsDep
from gateway.console.web.errors import Problem
from gateway.console.web.forms import clean_text
from gateway.core.accounts.grant import Grant
from gateway.core.serialization.json_fields import rfc3339

grant_api = api_router()


def _row(grant: Grant) -> dict[str, object]:
    return {
        "id": grant.id, "to": grant.user, "about": grant.subject, "by": grant.by, "reason": grant.reason,
        "at": rfc3339(grant.at), "until": rfc3339(grant.until),
        "ended_at": None if grant.ended_at is None else rfc3339(grant.ended_at),
    }  # fmt: skip


def _number(number: Annotated[str, Path(description="The id of a grant")]) -> int:
    if not (number.isascii() and number.isdigit() and len(number) < 16):
        raise Problem(404, "There is no such grant.")
    return int(number)


GrantId = Annotated[int, Depends(_number)]


@grant_api.get("/grants", response_model=schemas.GrantList, summary="Content granted to auditors, newest first")
async def list_grants(
    grants: GrantsDep, user: Reader, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> dict[str, object]:
    """An auditor sees the valid grants to the own account."""
    before = decode_cursor(cursor, int)[0] if cursor is not None else MAX_ID
    found = await grants.page(user, before=min(max(before, 0), MAX_ID), limit=limit)
    return {"items": list(map(_row, found)), "next": encode_cursor(found[-1].id) if len(found) == limit else None}


@grant_api.post(
    "/grants", status_code=201, response_model=schemas.GrantRow, responses=problems(400, 409, 413),
    summary="Let an auditor read a message, a case, or everything, for a limited time",
)  # fmt: skip
async def grant_content(grants: GrantsDep, action: ActionDep, body: schemas.NewGrant) -> JSONResponse:
    """Technology directors only. Everything that the auditor reads is in the audit log."""

    async def act() -> dict[str, object]:
        return _row(await grants.grant(action.user, body.to, body.about, body.lasts, clean_text(body.reason)))

    request = ["grant", body.to, body.about, body.lasts, body.reason]
    return await action.run(request, act, 201)


@grant_api.delete(
    "/grants/{number}", response_model=schemas.GrantRow, responses=problems(404, 409), summary="End a grant now",
)  # fmt: skip
async def end_grant(grants: GrantsDep, action: ActionDep, number: GrantId) -> JSONResponse:
    async def act() -> dict[str, object]:
        return _row(await grants.end(action.user, number))

    return await action.run(["grant end", number], act)
