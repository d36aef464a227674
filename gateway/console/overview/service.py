"""The overview of an account: what waits for it, the trend of its buildings, and the health of the gateway."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.console.auth.authorization import Authorization
from gateway.console.config import ConsoleConfig
from gateway.console.flags.service import FlagService
from gateway.console.help.service import HelpService
from gateway.console.overview.health import HealthFacts, HealthLine, health_lines
from gateway.console.policy.service import PolicyService
from gateway.console.queue.service import QueueService, QueueStats
from gateway.console.reports.service import ReportService
from gateway.console.urgency.service import UrgencyService
from gateway.core.accounts.account import Right, User
from gateway.core.policy.authorization import ConsoleDirectory
from gateway.core.policy.work_kinds import WorkKind
from gateway.core.review.report import Week
from gateway.ports.clock import StoreClock
from gateway.ports.reports import ReportStore
from gateway.ports.review import LookupStore
from gateway.ports.work import WorkFailureStore

_HELP_DAYS = 7


@dataclass(frozen=True, slots=True)
class WaitingCounts:
    """What waits. Of accounts with a queue it is what they may see, of others the whole district's."""

    held: int
    overdue: int
    urgent: int
    help: int
    flags: int


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything on the page."""

    waiting: WaitingCounts
    weeks: Sequence[Week]
    health: Sequence[HealthLine]


class OverviewService:
    """The overview for accounts whose role may see counts. It shows no content and no person."""

    def __init__(
        self, authorization: Authorization, queue: QueueService, help_: HelpService, urgency: UrgencyService,
        flags: FlagService, reports: ReportService, policy: PolicyService, directory: ConsoleDirectory,
        clock: StoreClock, report_store: ReportStore, lookups: LookupStore, failures: WorkFailureStore,
        config: ConsoleConfig,
    ) -> None:  # fmt: skip
        self._authorization, self._queue, self._help, self._urgency = authorization, queue, help_, urgency
        self._reports, self._policy, self._directory, self._clock = reports, policy, directory, clock
        self._report_store, self._lookups, self._failures, self._flags = report_store, lookups, failures, flags
        self._config = config

    async def overview(self, user: User) -> Overview:
        """The overview of an account. Raises a Problem."""
        await self._authorization.require(user, Right.STATS)
        waiting, weeks, health = await asyncio.gather(self.waiting(user), self._reports.weeks(user), self._health())
        return Overview(waiting, weeks, health)

    async def waiting(self, user: User) -> WaitingCounts:
        """What waits. Raises a Problem."""
        await self._authorization.require(user, Right.STATS)
        flags = (await self._flags.queue(WorkKind.FLAG).stats(user)).queue.total
        if not user.may(Right.QUEUE):
            found = await self._report_store.waiting()
            return WaitingCounts(found.held, found.overdue, found.urgent, found.help, flags)
        stats, urgent_rows, alerts = await asyncio.gather(
            self._queue.stats(user), self._urgency.urgent(user), self._help.alerts(user, days=_HELP_DAYS)
        )
        calls = sum(not alert.message.taken_by for alert in alerts)
        return WaitingCounts(stats.queue.total, stats.queue.overdue, len(urgent_rows), calls, flags)

    async def stats(self, user: User) -> tuple[QueueStats, WaitingCounts]:
        """Counts for dashboards. Raises a Problem."""
        return await self._queue.stats(user), await self.waiting(user)

    async def _health(self) -> list[HealthLine]:
        now, backlog, stuck, health = await asyncio.gather(
            self._clock.now(), self._lookups.backlog(), self._failures.stuck_items(), self._report_store.health()
        )
        return health_lines(
            HealthFacts(
                now, backlog, stuck, health, self._directory.roster_at, self._config.shadow, self._policy.current.hash
            )
        )
