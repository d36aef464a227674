"""The shadow week as pages: the report for the board, to be printed, and the checklist to go live."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.console.web.deps import PagesDep, ReportsDep, ShadowDep, Signed

shadow_pages = APIRouter(include_in_schema=False)

_PERIODS = (7, 14, 30)


@shadow_pages.get("/shadow-report")
async def shadow_report(
    request: Request, signed: Signed, shadow: ShadowDep, reports: ReportsDep, pages: PagesDep
) -> Response:  # fmt: skip
    """Volumes, what would have been held, practice decisions, examples, and other thresholds."""
    days = request.query_params.get("days", "")
    found = await shadow.report(signed.user, int(days) if days in map(str, _PERIODS) else 7)
    return pages.page(
        request, "shadow_report.html", signed, report=found, periods=_PERIODS, building_name=reports.building_name
    )


@shadow_pages.get("/go-live")
async def go_live(request: Request, signed: Signed, shadow: ShadowDep, pages: PagesDep) -> Response:
    """What is done and what is missing before messages are held."""
    items = await shadow.checklist(signed.user)
    return pages.page(request, "go_live.html", signed, items=items, left=sum(not item.done for item in items))
