"""The API of reports."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Security

from gateway.console.reports.schemas import ReportLineRow, ReportRow
from gateway.console.web.api_deps import Reader, bearer, problems
from gateway.console.web.deps import ReportsDep
from gateway.core.review.report import ReportLine

report_api = APIRouter(
    prefix="/api/v1", responses=problems(401, 403, 422, 429, 503), dependencies=[Security(bearer)]
)  # fmt: skip


@report_api.get("/reports", response_model=ReportRow, summary="What was held, decided and overturned in some days")
async def report(reports: ReportsDep, user: Reader, days: Annotated[int, Query(ge=1, le=366)] = 30) -> ReportRow:
    """Counts by day, clause, building, language, channel and direction. No content and no person."""
    found = await reports.report(user, days)
    return ReportRow(
        days=days, total=_line("", found.counts.total),
        by={name: [_line(*line) for line in lines.items()] for name, lines in found.counts.by.items()},
        volume={f"{channel} {action}": count for (channel, action), count in found.volume.items()}, cut=found.cut,
    )  # fmt: skip


def _line(value: str, line: ReportLine) -> ReportLineRow:
    return ReportLineRow(
        value=value, held=line.held, decided=line.decided, overturned=line.overturned, waiting=line.waiting,
        median_seconds=line.usual,
    )  # fmt: skip
