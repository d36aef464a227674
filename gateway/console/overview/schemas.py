"""The JSON of the overview."""

from __future__ import annotations

from pydantic import BaseModel

from gateway.console.web.report_lines import ReportLineRow


class StatsRow(BaseModel):
    """Counts; no content and no person. Those of the whole gateway are null for accounts of single buildings.

    `period` are the messages of the last 30 days with rates and intervals; `weeks` the last eight weeks.
    """

    held: int
    oldest_held_seconds: float
    overdue: int
    urgent: int
    help_unacknowledged: int
    flagged_open: int
    by_clause: dict[str, int]
    by_direction: dict[str, int]
    deferred_recipients: int | None
    unpublished_messages: int | None
    unanswered_messages: int | None
    period: ReportLineRow
    weeks: list[ReportLineRow]
