"""The JSON of reports."""

from __future__ import annotations

from pydantic import BaseModel

from gateway.console.web.report_lines import ReportLineRow


class ReportRow(BaseModel):
    """The messages that were accepted in a number of days. `counted_at`: newer ones are not counted yet."""

    days: int
    total: ReportLineRow
    by: dict[str, list[ReportLineRow]]
    volume: dict[str, int]
    counted_at: str | None
