"""Reports as a page with charts, and as a CSV file."""

from __future__ import annotations

import csv
import io

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.console.web.deps import PagesDep, RatesDep, ReportsDep, Signed
from gateway.console.web.forms import clean_text
from gateway.core.review.report import PER, report_rows

report_pages = APIRouter(include_in_schema=False)

_PERIODS = (7, 30, 90, 365)


@report_pages.get("/reports")
async def report_page(
    request: Request, signed: Signed, reports: ReportsDep, rates: RatesDep, pages: PagesDep
) -> Response:  # fmt: skip
    """Messages, flags, holds, decisions and time to decide, by day, clause, building and language."""
    found = await reports.report(signed.user, _days(request), _building(request))
    days = found.counts.by.get("day", {})
    most = max((line.tally.held + line.tally.flagged for line in days.values()), default=0)
    return pages.page(
        request, "reports.html", signed, report=found, periods=_PERIODS, building_name=reports.building_name,
        most=most, per=PER, rates=await rates.rates(signed.user, found.days),
    )  # fmt: skip


@report_pages.get("/reports.csv")
async def report_csv(request: Request, signed: Signed, reports: ReportsDep) -> Response:
    """The same as a table. The export is in the audit log."""
    days = _days(request)
    found = await reports.export(signed.user, days, _building(request))
    text = io.StringIO()
    csv.writer(text).writerows([_safe_cell(cell) for cell in row] for row in report_rows(found.counts))
    name = f'attachment; filename="chaperone-{days}-days.csv"'
    return Response(text.getvalue(), media_type="text/csv; charset=utf-8", headers={"Content-Disposition": name})


def _days(request: Request) -> int:
    text = request.query_params.get("days", "")
    return int(text) if text in map(str, _PERIODS) else 30


def _building(request: Request) -> str:
    return clean_text(request.query_params.get("building", ""), 200)


def _safe_cell(cell: object) -> object:
    """A cell that no spreadsheet evaluates as a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in "=+-@\t\r" and cell else cell
