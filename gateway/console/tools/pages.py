"""Pages of the register of tools: the list, registering or asking for a tool, and removing one."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from gateway.console.tools.service import WrittenTool
from gateway.console.web.deps import NowDep, PagesDep, Sent, Signed, ToolsDep
from gateway.console.web.forms import clean_text
from gateway.core.tools.register import ToolState
from gateway.core.tools.rows import tool_row, use_row

tool_pages = APIRouter(include_in_schema=False)
_FIELDS = ("name", "owner", "building", "administrator_access", "access_since", "review", "until")


@tool_pages.get("/tools")
async def show_tools(request: Request, signed: Signed, tools: ToolsDep, now: NowDep, pages: PagesDep) -> Response:
    """The register; for technology directors also requests to decide, and tools in use that are not registered."""
    found = await tools.visible(signed.user)
    may_register = tools.may_register(signed.user)
    uses = await tools.uses(signed.user) if may_register else []
    rows = [tool_row(tool, now, tools.zone) for tool in found]
    return pages.page(
        request, "tools.html", signed, may_register=may_register,
        registered=[row for row in rows if row["state"] == ToolState.REGISTERED],
        requested=[row for row in rows if row["state"] == ToolState.REQUESTED],
        uses=[(use, use_row(use)) for use in uses], buildings=tools.buildings(signed.user),
        building_names=tools.building_names(),
        wanted=clean_text(request.query_params.get("domain", ""), 253),
    )  # fmt: skip


@tool_pages.post("/tools")
async def submit_tool(signed: Signed, sent: Sent, tools: ToolsDep) -> Response:
    """Register a tool, or ask for it."""
    given = {name: clean_text(sent[name], 200) for name in _FIELDS if sent.get(name)}
    await tools.submit(signed.user, WrittenTool(clean_text(sent.get("domain", ""), 300), **given))
    return RedirectResponse("/tools", 303)


@tool_pages.post("/tools/remove")
async def remove_tool(signed: Signed, sent: Sent, tools: ToolsDep) -> Response:
    """Remove a tool, or decline a request."""
    await tools.remove(signed.user, clean_text(sent.get("domain", ""), 253))
    return RedirectResponse("/tools", 303)
