"""How often the policy was right: false flags, false holds, and violations that it missed, with intervals."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from gateway.console.auth.authorization import Authorization
from gateway.console.reports.service import ReportService
from gateway.core.accounts.account import Right, User
from gateway.core.policy.work_kinds import ReviewOutcome, WorkKind
from gateway.core.review.intervals import Share, share
from gateway.ports.clock import StoreClock
from gateway.ports.flags import FlagStore

MAX_COUNTED = 20_000
"""The newest items of work that are counted."""
_DAY = 86400.0


@dataclass(frozen=True, slots=True)
class PolicyRates:
    """What people found of the messages of some days.

    `flags_fine`: of the acknowledged flags, those that are fine. `held_released`: of the decided holds, those that
    people released. `clean_violations`: of the clean messages in the sample that people looked at, the violations.
    """

    days: int
    flags_fine: Share
    held_released: Share
    clean_violations: Share


class RateService:
    """Rates for accounts whose role may see counts, of their buildings."""

    def __init__(
        self, authorization: Authorization, reports: ReportService, clock: StoreClock, flags: FlagStore
    ) -> None:  # fmt: skip
        self._authorization, self._reports, self._clock, self._flags = authorization, reports, clock, flags

    async def rates(self, user: User, days: int) -> PolicyRates:
        """The rates of the last days. Raises a Problem."""
        await self._authorization.require(user, Right.STATS)
        flagged, sampled = [await self._outcomes(user, kind, days) for kind in (WorkKind.FLAG, WorkKind.SAMPLE)]
        return PolicyRates(
            days,
            share(flagged[ReviewOutcome.FINE], flagged.total()),
            (await self._reports.report(user, days)).counts.total.overturned,
            share(sampled[ReviewOutcome.VIOLATION], sampled.total()),
        )

    async def _outcomes(self, user: User, kind: WorkKind, days: int) -> Counter[ReviewOutcome]:
        """What people said about the messages of some days that an account sees."""
        now = await self._clock.now()
        since = now - days * _DAY
        if user.sees_every_building:
            found = await self._flags.outcomes(kind, since, now + 1)
            return Counter({outcome: count for outcome, count in found.items() if outcome is not None})
        facts = await self._flags.facts(kind, since, now + 1, MAX_COUNTED, answered=True)
        return Counter(
            fact.outcome
            for fact in facts
            if fact.outcome is not None and self._authorization.sees_pairs(user, fact.pairs)
        )
