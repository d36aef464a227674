"""Content for auditors, as a page and by the API."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Security
from starlette.responses import JSONResponse, RedirectResponse, Response

from gateway.console.accounts import grants as granting
from gateway.console.accounts import schemas
from gateway.console.cases.pages import Number
from gateway.console.messages.mask_names import covered_grants
from gateway.console.service import Desk
from gateway.console.web.api_deps import (
    DEFAULT_LIMIT,
    MAX_LIMIT,
    Decider,
    IdempotencyKey,
    Reader,
    bearer,
    decode_cursor,
    encode_cursor,
    problems,
)
from gateway.console.web.deps import Sent, Signed, TheDesk, ThePages
from gateway.console.web.errors import Problem
from gateway.console.web.forms import clean_text
from gateway.console.web.idempotency import run_once, run_once_json
from gateway.core.accounts.account import AccountRole, User
from gateway.core.accounts.grant import GRANT_DURATIONS, Grant
from gateway.core.serialization.json_fields import rfc3339

grant_pages = APIRouter(include_in_schema=False)
grant_api = APIRouter(
    prefix="/api/v1", responses=problems(401, 403, 422, 429, 503), dependencies=[Security(bearer)]
)  # fmt: skip


@grant_pages.get("/grants")
async def grants(request: Request, signed: Signed, desk: TheDesk, shown: ThePages) -> Response:
    """What was granted to whom; a director grants here."""
    found = await covered_grants(desk, signed.user, await granting.listed(desk, signed.user))
    directs = signed.user.role is AccountRole.TECHNOLOGY_DIRECTOR
    return shown.page(
        request, "grants.html", signed, grants=found, now=await desk.store.now(), directs=directs, lasts=list(GRANT_DURATIONS),
        people=await granting.auditors(desk) if directs else [], about=clean_text(request.query_params.get("about", ""), 64),
    )  # fmt: skip


@grant_pages.post("/grants")
async def grant(signed: Signed, sent: Sent, desk: TheDesk) -> Response:
    """Let an auditor read something for a while."""
    about = "" if sent.get("all") == "yes" else clean_text(sent.get("about", ""), 64)
    if not about and sent.get("all") != "yes":
        raise Problem(422, "Write the id of the message or the case, or tick “everything”.")
    reason = clean_text(sent.get("reason", ""))
    await granting.granted(desk, signed.user, sent.get("to", ""), about, sent.get("for", ""), reason)
    return RedirectResponse("/grants", 303)


@grant_pages.post("/grants/{number}/end")
async def end(number: Number, signed: Signed, sent: Sent, desk: TheDesk) -> Response:
    """End it now."""
    await granting.ended(desk, signed.user, number)
    return RedirectResponse("/grants", 303)


def _row(each: Grant) -> dict[str, object]:
    return {
        "id": each.id, "to": each.user, "about": each.subject, "by": each.by, "reason": each.reason,
        "at": rfc3339(each.at), "until": rfc3339(each.until),
        "ended_at": None if each.ended_at is None else rfc3339(each.ended_at),
    }  # fmt: skip


async def _told(desk: Desk, user: User, each: Grant) -> dict[str, object]:
    return _row((await covered_grants(desk, user, [each]))[0])


@grant_api.get("/grants", response_model=schemas.GrantList, summary="Content granted to auditors, newest first")
async def grant_list(
    desk: TheDesk,
    user: Reader,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
    cursor: Annotated[str | None, Query(max_length=300, description="`next` of the page before")] = None,
) -> dict[str, object]:
    """To an auditor: the own grants that hold."""
    before = decode_cursor(cursor, int)[0] if cursor is not None else 1 << 62
    found = await granting.listed(desk, user, before=min(max(before, 0), 1 << 62), limit=limit)
    told = await covered_grants(desk, user, found)
    return {"items": list(map(_row, told)), "next": encode_cursor(found[-1].id) if len(found) == limit else None}


@grant_api.post(
    "/grants", status_code=201, response_model=schemas.GrantRow, responses=problems(400, 409, 413),
    summary="Let an auditor read a message, a case, or everything, until an end",
)  # fmt: skip
async def grant_call(desk: TheDesk, user: Decider, asked: schemas.NewGrant, key: IdempotencyKey = None) -> JSONResponse:
    """By a technology director. Everything that the auditor reads is in the audit log."""

    async def act() -> JSONResponse:
        number = await granting.granted(desk, user, asked.to, asked.about, asked.lasts, clean_text(asked.reason))
        made = await desk.store.granted(number)
        assert made is not None
        return JSONResponse(await _told(desk, user, made), 201)

    return await run_once(desk, user, key, ["grant", asked.to, asked.about, asked.lasts, asked.reason], act)


def _number(number: Annotated[str, Path(description="The id of a grant")]) -> int:
    if not (number.isascii() and number.isdigit() and len(number) < 16):
        raise Problem(404, "There is no such grant.")
    return int(number)


@grant_api.delete(
    "/grants/{number}", response_model=schemas.GrantRow, responses=problems(404, 409), summary="End a grant now",
)  # fmt: skip
async def end_call(
    desk: TheDesk, user: Decider, number: Annotated[int, Depends(_number)], key: IdempotencyKey = None
) -> JSONResponse:
    async def act() -> dict[str, object]:
        return await _told(desk, user, await granting.ended(desk, user, number))

    return await run_once_json(desk, user, key, ["grant end", number], act)
