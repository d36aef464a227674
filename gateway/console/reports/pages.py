"""Pages for others: reports with charts and as a table, one's own messages, the policy that was in force before."""

from __future__ import annotations

import asyncio
import csv
import io
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from gateway.console.auth.authenticator import Authenticator
from gateway.console.auth.sign_in_pages import adopted_text
from gateway.console.messages.api import api
from gateway.console.policy.version import read_policy
from gateway.console.reports.schemas import ReportLineRow, ReportRow
from gateway.console.service import DAY, Desk
from gateway.console.web.api_deps import Reader
from gateway.console.web.deps import Signed, TheDesk, ThePages
from gateway.console.web.errors import not_found
from gateway.core.accounts.account import Right, User
from gateway.core.messages.parties import Pair
from gateway.core.policy.authorization import in_own_buildings
from gateway.core.policy.decision import AuditEntry
from gateway.core.review.report import Report, ReportLine, build_report, report_rows
from gateway.core.review.views import Trace

report_pages = APIRouter(include_in_schema=False)

MOST = 20_000
"""Holds that one report looks at, the newest ones."""
PERIODS = (7, 30, 90, 365)


@dataclass(frozen=True, slots=True)
class Made:
    """A report on so many days."""

    days: int
    found: Report
    volume: Counter[tuple[str, str]]
    cut: bool


async def made(desk: Desk, user: User, days: int) -> Made:
    """A report on what belongs to an account's buildings; volumes of the whole gateway only for who sees all of it."""
    await desk.need(user, Right.STATS)
    now = await desk.store.now()
    own = None if user.sees_every_building else frozenset(user.buildings)

    async def passed() -> Counter[tuple[str, str]]:
        return await desk.store.volume(now - days * DAY, now) if own is None else Counter()

    holdings, volume = await asyncio.gather(desk.store.holdings(now - days * DAY, now, MOST), passed())

    def buildings(pairs: Iterable[Pair]) -> set[str]:
        found: set[str] = set()
        for pair in pairs:
            for id_ in (pair.staff, pair.student):
                person = desk.register.by_id(id_)
                found |= set(person.buildings if person else ())
        return found if own is None else {each for each in found if each in own}

    def count() -> Report:
        theirs = (each for each in holdings if in_own_buildings(user, each.pairs, desk.register))
        return build_report(theirs, buildings, desk.house.zone)

    return Made(days, await asyncio.to_thread(count), volume, len(holdings) == MOST)


def _days(text: str) -> int:
    return int(text) if text in map(str, PERIODS) else 30


@report_pages.get("/reports")
async def reports(request: Request, signed: Signed, desk: TheDesk, shown: ThePages) -> Response:
    """Volume, holds, decisions, time to decision, overturned; by day, clause, building, language."""
    found = await made(desk, signed.user, _days(request.query_params.get("days", "")))
    most = max((each.held for each in found.found.by.get("day", {}).values()), default=0)
    return shown.page(
        request, "reports.html", signed, report=found, periods=PERIODS,
        building_name=desk.register.building_name, most=most,
    )  # fmt: skip


@report_pages.get("/reports.csv")
async def reports_csv(request: Request, signed: Signed, desk: TheDesk) -> Response:
    """The same as a table. That it was taken out is in the audit log."""
    days = _days(request.query_params.get("days", ""))
    found = await made(desk, signed.user, days)
    now = await desk.store.now()
    await desk.store.record([AuditEntry(now, signed.user.name, "report exported", f"{days} days")])
    text = io.StringIO()
    csv.writer(text).writerows([_plain(cell) for cell in row] for row in report_rows(found.found, found.volume))
    name = f'attachment; filename="chaperone-{days}-days.csv"'
    return Response(text.getvalue(), media_type="text/csv; charset=utf-8", headers={"Content-Disposition": name})


def _plain(cell: object) -> object:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in "=+-@\t\r" and cell else cell


def _line(value: str, line: ReportLine) -> ReportLineRow:
    return ReportLineRow(
        value=value, held=line.held, decided=line.decided, overturned=line.overturned, waiting=line.waiting,
        median_seconds=line.usual,
    )  # fmt: skip


@api.get("/reports", response_model=ReportRow, summary="What was held, decided and overturned in so many days")
async def report_call(desk: TheDesk, user: Reader, days: Annotated[int, Query(ge=1, le=366)] = 30) -> ReportRow:
    """Counts by day, clause, building, language, channel and direction; no content and no person."""
    found = await made(desk, user, days)
    return ReportRow(
        days=days, total=_line("", found.found.total),
        by={name: [_line(*each) for each in lines.items()] for name, lines in found.found.by.items()},
        volume={f"{channel} {action}": count for (channel, action), count in found.volume.items()}, cut=found.cut,
    )  # fmt: skip


# --- one's own messages ---------------------------------------------------------------------------------------------


@report_pages.get("/mine")
async def mine(request: Request, signed: Signed, desk: TheDesk, shown: ThePages) -> Response:
    """Where the messages are that somebody wrote themselves: to whom, when, how far. No content, no verdict."""
    person = desk.register.by_id(signed.user.person) if signed.user.person else None
    found: list[Trace] = []
    if person is not None:
        found = list(await desk.store.sent_by(desk.register.addresses_of(person.id)))
        act = AuditEntry(await desk.store.now(), signed.user.name, "own messages looked up", signed.user.name)
        await desk.store.record([act])
    return shown.page(request, "mine.html", signed, found=found, person=person)


# --- the policy before ----------------------------------------------------------------------------------------------


@report_pages.get("/policy/{version}")
async def earlier(request: Request, version: str, desk: TheDesk, shown: ThePages) -> Response:
    """A policy that was in force, with the district's text of that time; public like the one in force."""
    door: Authenticator = request.app.state.door
    for hash_, source, adopted, since, until in await desk.store.policy_versions():
        if hash_ == version:
            return shown.page(
                request, "policy_then.html", await door.browser(request), version=hash_, since=since, until=until,
                policy=read_policy(hash_.partition(".")[0], source), source=source, adopted=adopted_text(adopted),
            )  # fmt: skip
    raise not_found()
