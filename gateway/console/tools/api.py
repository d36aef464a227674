"""The API of the register of tools."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path
from starlette.responses import JSONResponse

from gateway.console.tools import schemas
from gateway.console.tools.service import WrittenTool
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
from gateway.console.web.deps import NowDep, ToolsDep
from gateway.console.web.errors import Problem
from gateway.core.tools.domains import as_domain
from gateway.core.tools.rows import tool_row, use_row

tool_api = api_router()


def _domain(domain: Annotated[str, Path(description="The domain of a tool")]) -> str:
    found = as_domain(domain)
    if found is None:
        raise Problem(404, "This tool is not in the register.")
    return found


Domain = Annotated[str, Depends(_domain)]


@tool_api.get("/tools", response_model=schemas.ToolList, summary="The tools that are registered or requested")
async def list_tools(
    tools: ToolsDep, user: Reader, now: NowDep, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> dict[str, object]:
    """Technology directors see all, others those of their buildings and of the whole district."""
    after = decode_cursor(cursor, str)[0] if cursor is not None else ""
    found = [tool for tool in await tools.visible(user) if tool.domain > after]
    page = found[:limit]
    items = [tool_row(tool, now, tools.zone) for tool in page]
    return {"items": items, "next": encode_cursor(page[-1].domain) if len(found) > limit else None}


@tool_api.get("/tools/used", response_model=schemas.ToolUseList, summary="Tools in use that are not registered")
async def list_uses(
    tools: ToolsDep, user: Reader, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> dict[str, object]:  # fmt: skip
    """Technology directors only. The most used first."""
    start = max(decode_cursor(cursor, int)[0], 0) if cursor is not None else 0
    found = await tools.uses(user)
    items = [use_row(use) for use in found[start : start + limit]]
    return {"items": items, "next": encode_cursor(start + limit) if len(found) > start + limit else None}


@tool_api.post(
    "/tools", status_code=201, response_model=schemas.ToolRow, responses=problems(400, 409, 413),
    summary="Register a tool or change it; others than technology directors ask for it",
)  # fmt: skip
async def submit_tool(tools: ToolsDep, action: ActionDep, now: NowDep, body: schemas.NewTool) -> JSONResponse:
    """Decisions know it within seconds."""

    async def act() -> dict[str, object]:
        return tool_row(await tools.submit(action.user, WrittenTool(**body.model_dump())), now, tools.zone)

    return await action.run(["tool", body.model_dump()], act, 201)


@tool_api.delete(
    "/tools/{domain}", response_model=schemas.ToolRow, responses=problems(404),
    summary="Remove a tool, or decline the request for it",
)  # fmt: skip
async def remove_tool(tools: ToolsDep, action: ActionDep, now: NowDep, domain: Domain) -> JSONResponse:
    """Technology directors only."""

    async def act() -> dict[str, object]:
        return tool_row(await tools.remove(action.user, domain), now, tools.zone)

    return await action.run(["tool remove", domain], act)
