"""The API of counts."""

from __future__ import annotations

import asyncio

from gateway.console.overview.schemas import StatsRow
from gateway.console.web.api_deps import Reader, api_router
from gateway.console.web.deps import OverviewDep, ReportsDep
from gateway.console.web.labels import REASONS
from gateway.console.web.report_lines import ReportLineRow
from gateway.core.review.report import ReportLine

overview_api = api_router()
_DAYS = 30


@overview_api.get("/stats", response_model=StatsRow, summary="Counts; no content and no person")
async def stats(overview: OverviewDep, reports: ReportsDep, user: Reader) -> StatsRow:
    """What waits, and what became of the messages of the last days and weeks."""
    (found, waiting), report, weeks = await asyncio.gather(
        overview.stats(user), reports.report(user, _DAYS), reports.weeks(user)
    )
    counts, backlog = found.queue.counts, found.backlog
    return StatsRow(
        held=found.queue.total, oldest_held_seconds=found.oldest_seconds, overdue=found.queue.overdue,
        urgent=waiting.urgent, help_unacknowledged=waiting.help, flagged_open=waiting.flags,
        by_clause={name: count for name, count in counts["clause"].items() if name not in REASONS},
        by_direction=dict(counts["direction"]),
        deferred_recipients=backlog.deferred if backlog else None,
        unpublished_messages=backlog.unpublished if backlog else None,
        unanswered_messages=backlog.unanswered if backlog else None,
        period=ReportLineRow.of(f"{_DAYS} days", report.counts.total),
        weeks=[ReportLineRow.of(week.first, ReportLine(week.tally, week.tally.messages)) for week in weeks],
    )  # fmt: skip
