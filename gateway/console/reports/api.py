"""The API of reports."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from gateway.console.reports.schemas import ReportRow
from gateway.console.web.api_deps import Reader, api_router, problems
from gateway.console.web.deps import ReportsDep
from gateway.console.web.report_lines import ReportLineRow
from gateway.core.serialization.json_fields import rfc3339

report_api = api_router()
_BUILDING = "The sourcedId of one building; all that the account sees if it is left out"


@report_api.get(
    "/reports", response_model=ReportRow, responses=problems(404),
    summary="What became of the messages of some days, with rates and intervals",
)  # fmt: skip
async def report(
    reports: ReportsDep, user: Reader, days: Annotated[int, Query(ge=1, le=366)] = 30,
    building: Annotated[str, Query(max_length=200, description=_BUILDING)] = "",
) -> ReportRow:  # fmt: skip
    """Counts by day, clause, building, language, channel and direction. No content and no person."""
    found = await reports.report(user, days, building)
    return ReportRow(
        days=days, total=ReportLineRow.of("", found.counts.total),
        by={name: [ReportLineRow.of(*line) for line in lines.items()] for name, lines in found.counts.by.items()},
        volume={f"{channel} {action}": count for (channel, action), count in found.volume.items()},
        counted_at=None if found.counted_at is None else rfc3339(found.counted_at),
    )  # fmt: skip
