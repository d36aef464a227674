"""The JSON of reports."""

from __future__ import annotations

from pydantic import BaseModel


class ReportLineRow(BaseModel):
    """The holds of one group: how many, decided by people, released by them, still held; median seconds to decide."""

    value: str
    held: int
    decided: int
    overturned: int
    waiting: int
    median_seconds: float | None


class ReportRow(BaseModel):
    """What was held in a number of days. `cut`: only the newest holds are counted."""

    days: int
    total: ReportLineRow
    by: dict[str, list[ReportLineRow]]
    volume: dict[str, int]
    cut: bool
