"""Reports: what became of the messages of some days. They read counts of each day, never messages."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from gateway.console.auth.authorization import Authorization
from gateway.console.config import ConsoleConfig
from gateway.console.web.errors import Problem
from gateway.core.accounts.account import Right, User
from gateway.core.policy.authorization import ConsoleDirectory
from gateway.core.policy.decision import AuditEntry
from gateway.core.review.daily_counts import EVERYWHERE, Tally, days_before, local_day
from gateway.core.review.report import Report, Week, build_report, weeks_of
from gateway.ports.audit import AuditStore
from gateway.ports.clock import StoreClock
from gateway.ports.reports import ReportStore

WEEKS = 8
"""Weeks of a trend."""


@dataclass(frozen=True, slots=True)
class PeriodReport:
    """A report on the last days, of one building or of all that the account sees ("").

    `buildings` are those to choose from, by their names. `counted_at`: the newest messages are not counted after it.
    """

    days: int
    building: str
    counts: Report
    buildings: Mapping[str, str]
    counted_at: float | None

    @property
    def volume(self) -> Mapping[tuple[str, str], int]:
        """Messages by channel and first action."""
        return self.counts.volume


class ReportService:
    """Reports for accounts whose role may see counts, on their buildings."""

    def __init__(
        self, authorization: Authorization, directory: ConsoleDirectory, clock: StoreClock, reports: ReportStore,
        audit: AuditStore, config: ConsoleConfig,
    ) -> None:  # fmt: skip
        self._authorization, self._directory, self._clock = authorization, directory, clock
        self._reports, self._audit, self._zone = reports, audit, config.zone

    async def report(self, user: User, days: int, building: str = "") -> PeriodReport:
        """A report on the last days, today included. Raises a Problem.

        A message that belongs to several buildings of an account counts in each of them.
        """
        await self._authorization.require(user, Right.STATS)
        last = local_day(await self._clock.now(), self._zone)
        first = days_before(last, days)[0]
        every = await self._reports.by_building(first, last)
        own = {
            name: tally for name, tally in every.items() if name != EVERYWHERE and (
                user.sees_every_building or name in user.buildings
            )
        }  # fmt: skip
        if building and building not in own and building not in user.buildings:
            raise Problem(404, "There is no such building in this report.")
        scope = self._scope(user, building)
        tallies, by_day, counted = await asyncio.gather(
            self._reports.tallies(first, last, scope), self._reports.by_day(first, last, scope),
            self._reports.counted_days(),
        )  # fmt: skip
        report = build_report(tallies, {building: own[building]} if building in own else own, by_day)
        names = {name: self._directory.building_name(name) for name in own}
        ordered = dict(sorted(names.items(), key=lambda item: item[1]))
        return PeriodReport(days, building, report, ordered, counted.get(last))

    async def weeks(self, user: User) -> list[Week]:
        """The last weeks of an account's buildings, the oldest first; the last one ends today. Raises a Problem."""
        await self._authorization.require(user, Right.STATS)
        last = local_day(await self._clock.now(), self._zone)
        days: Mapping[str, Tally] = await self._reports.by_day(
            days_before(last, 7 * WEEKS)[0], last, self._scope(user, "")
        )
        return weeks_of(days, last, WEEKS)

    async def export(self, user: User, days: int, building: str = "") -> PeriodReport:
        """A report that leaves the console as a file, which the audit log records. Raises a Problem."""
        exported = await self.report(user, days, building)
        await self._audit.record(
            [AuditEntry(await self._clock.now(), user.name, "report exported", f"{days} days")]
        )  # fmt: skip
        return exported

    def building_name(self, building: str) -> str:
        """The name of a building."""
        return self._directory.building_name(building)

    @staticmethod
    def _scope(user: User, building: str) -> tuple[str, ...]:
        if building:
            return (building,)
        return (EVERYWHERE,) if user.sees_every_building else user.buildings
