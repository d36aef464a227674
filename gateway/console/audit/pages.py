"""The audit log as a page."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.console.web.deps import AuditDep, PagesDep, Signed

audit_pages = APIRouter(include_in_schema=False)

_ROWS = 100


@audit_pages.get("/audit")
async def audit(request: Request, signed: Signed, pages: PagesDep, audit_log: AuditDep) -> Response:
    """The newest entries, or those before a number."""
    text = request.query_params.get("before", "")
    before = int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 1 << 60
    rows = await audit_log.newest(signed.user, before, _ROWS)
    older = rows[-1].number if len(rows) == _ROWS and rows[-1].number > 1 else None
    return pages.page(request, "audit.html", signed, rows=rows, older=older)
