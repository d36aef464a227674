"""The overview page. Its charts are drawn here, and each has a table behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.console.web.deps import OverviewDep, PagesDep, Signed
from gateway.core.review.report import Week

overview_pages = APIRouter(include_in_schema=False)
_CHARTS = {"messages": "Messages", "held": "Held", "flagged": "Flagged", "alerted": "Calls for help"}
HEIGHT = 60


@dataclass(frozen=True, slots=True)
class Chart:
    """The bars of one count: the first day of each week, its value, and the height of its bar."""

    title: str
    most: int
    bars: Sequence[tuple[str, int, float]]


def week_charts(weeks: Sequence[Week]) -> list[Chart]:
    """A chart for each count of the weeks."""
    charts = []
    for name, title in _CHARTS.items():
        values = [(week.first, int(getattr(week.tally, name))) for week in weeks]
        most = max((value for _, value in values), default=0)
        bars = [(first, value, round(HEIGHT * value / most, 1) if most else 0.0) for first, value in values]
        charts.append(Chart(title, most, bars))
    return charts


@overview_pages.get("/overview")
async def show_overview(request: Request, signed: Signed, overview: OverviewDep, pages: PagesDep) -> Response:
    """What waits, the trend of eight weeks, and the health of the gateway."""
    found = await overview.overview(signed.user)
    return pages.page(
        request, "overview.html", signed, overview=found, charts=week_charts(found.weeks), height=HEIGHT
    )  # fmt: skip
