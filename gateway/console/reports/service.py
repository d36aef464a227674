"""Reports: what was held, decided and overturned in a number of days."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from gateway.console.auth.authorization import Authorization
from gateway.console.config import ConsoleConfig
from gateway.core.accounts.account import Right, User
from gateway.core.messages.parties import Pair
from gateway.core.policy.authorization import ConsoleDirectory
from gateway.core.policy.decision import AuditEntry
from gateway.core.review.report import Report, build_report
from gateway.ports.audit import AuditStore
from gateway.ports.clock import StoreClock
from gateway.ports.reports import ReportStore

MAX_HOLDS = 20_000
"""Holds that one report counts, the newest ones."""
_DAY = 86400.0


@dataclass(frozen=True, slots=True)
class PeriodReport:
    """A report on the last days. `volume` counts recipients by channel and action; `cut`: older holds are missing."""

    days: int
    counts: Report
    volume: Counter[tuple[str, str]]
    cut: bool


class ReportService:
    """Reports for accounts whose role may see counts."""

    def __init__(
        self, authorization: Authorization, directory: ConsoleDirectory, clock: StoreClock, reports: ReportStore,
        audit: AuditStore, config: ConsoleConfig,
    ) -> None:  # fmt: skip
        self._authorization, self._directory, self._clock = authorization, directory, clock
        self._reports, self._audit, self._zone = reports, audit, config.zone

    async def report(self, user: User, days: int) -> PeriodReport:
        """A report on the account's buildings. Raises a Problem.

        The volume of the whole gateway is counted only for accounts that see every building.
        """
        await self._authorization.require(user, Right.STATS)
        now = await self._clock.now()
        since = now - days * _DAY
        own = None if user.sees_every_building else frozenset(user.buildings)

        async def volume() -> Counter[tuple[str, str]]:
            return await self._reports.volume(since, now) if own is None else Counter()

        holdings, by_channel = await asyncio.gather(self._reports.holdings(since, now, MAX_HOLDS), volume())

        def buildings(pairs: Iterable[Pair]) -> set[str]:
            names: set[str] = set()
            for pair in pairs:
                for id_ in (pair.staff, pair.student):
                    person = self._directory.by_id(id_)
                    names |= set(person.buildings if person else ())
            return names if own is None else {name for name in names if name in own}

        def count() -> Report:
            visible = (held for held in holdings if self._authorization.sees_pairs(user, held.pairs))
            return build_report(visible, buildings, self._zone)

        return PeriodReport(days, await asyncio.to_thread(count), by_channel, len(holdings) == MAX_HOLDS)

    async def export(self, user: User, days: int) -> PeriodReport:
        """A report that leaves the console as a file, which the audit log records. Raises a Problem."""
        exported = await self.report(user, days)
        await self._audit.record(
            [AuditEntry(await self._clock.now(), user.name, "report exported", f"{days} days")]
        )  # fmt: skip
        return exported

    def building_name(self, building: str) -> str:
        """The name of a building."""
        return self._directory.building_name(building)
