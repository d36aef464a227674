"""The shadow week: the report for the board, and the checklist to go live."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gateway.console.auth.authorization import Authorization
from gateway.console.config import ConsoleConfig
from gateway.console.flags.service import FlagService
from gateway.console.help.service import HelpService
from gateway.console.messages.names import Names
from gateway.console.messages.service import MessageService
from gateway.console.messages.view import add_named_people
from gateway.console.policy.service import PolicyService
from gateway.console.reports.service import ReportService
from gateway.console.web.errors import Problem
from gateway.core.accounts.account import Right, User
from gateway.core.messages.parties import Pair
from gateway.core.policy.authorization import ConsoleDirectory
from gateway.core.policy.decision import AuditEntry
from gateway.core.policy.work_kinds import ReviewOutcome, WorkKind
from gateway.core.review.go_live import ChecklistItem, GoLiveFacts, go_live_items
from gateway.core.review.report import Report
from gateway.core.review.shadow_week import Answer, ShiftedCounts, WeekCounts, count_week, try_thresholds
from gateway.ports.accounts import AccountStore
from gateway.ports.audit import AuditStore
from gateway.ports.clock import StoreClock
from gateway.ports.flags import FlagStore, WorkFact

MAX_COUNTED, MAX_TRIED = 20_000, 2_000
"""The newest messages that a report counts, and that it decides with other thresholds."""
_MAX_EXAMPLES, _EXCERPT = 12, 700
_DAY = 86400.0


@dataclass(frozen=True, slots=True)
class MaskedExample:
    """A message that a reviewer chose for the report, with all names masked."""

    clauses: tuple[str, ...]
    direction: str
    subject: str
    text: str
    outcome: ReviewOutcome | None


@dataclass(frozen=True, slots=True)
class ShadowReport:
    """The report for the board. `cut`: older messages are missing; `tried`: how many the thresholds were tried on.

    `volumes` have no messages after `counted_at`; None: none of today.
    """

    days: int
    until: float
    volumes: Report
    counts: WeekCounts
    shifts: Sequence[ShiftedCounts]
    tried: int
    examples: Sequence[MaskedExample]
    cut: bool
    counted_at: float | None


class ShadowWeekService:
    """What a district needs to decide whether messages are to be held."""

    def __init__(
        self, authorization: Authorization, flags: FlagService, messages: MessageService, help_: HelpService,
        reports: ReportService, policy: PolicyService, directory: ConsoleDirectory, clock: StoreClock,
        flag_store: FlagStore, accounts: AccountStore, audit: AuditStore, config: ConsoleConfig,
    ) -> None:  # fmt: skip
        self._authorization, self._flags, self._messages, self._help = authorization, flags, messages, help_
        self._reports, self._policy, self._directory, self._clock = reports, policy, directory, clock
        self._flag_store, self._accounts, self._audit, self._config = flag_store, accounts, audit, config

    async def report(self, user: User, days: int) -> ShadowReport:
        """The report on the last days of an account's buildings; the audit log says who made it. Raises a Problem."""
        await self._authorization.require(user, Right.QUEUE)
        now = await self._clock.now()
        since = now - days * _DAY
        held, flagged = await asyncio.gather(
            self._flag_store.facts(WorkKind.SHADOW, since, now + 1, MAX_COUNTED),
            self._flag_store.facts(WorkKind.FLAG, since, now + 1, MAX_TRIED),
        )
        cut = len(held) == MAX_COUNTED or len(flagged) == MAX_TRIED
        own = [fact for fact in held if self._authorization.sees_pairs(user, fact.pairs)]
        near = [fact for fact in flagged if self._authorization.sees_pairs(user, fact.pairs)]
        volumes = await self._reports.report(user, days)
        tried = {fact.message for fact in (*own[:MAX_TRIED], *near)}
        pending = await self._flag_store.pending(sorted(tried))

        def count() -> tuple[WeekCounts, list[ShiftedCounts]]:
            answers = [Answer(fact.clauses, fact.pairs, fact.outcome, fact.by, fact.closed_at) for fact in own]
            shifts = try_thresholds(
                pending, self._policy.current, self._directory.relationships_to, self._directory.buildings_of
            )
            return count_week(answers, lambda pairs: self._buildings(user, pairs)), shifts

        counts, shifts = await asyncio.to_thread(count)
        await self._audit.record([AuditEntry(now, user.name, "report exported", f"shadow mode, {days} days")])
        examples = await self._examples(user, own)
        return ShadowReport(
            days, now, volumes.counts, counts, shifts, len(pending), examples, cut, volumes.counted_at
        )  # fmt: skip

    def _buildings(self, user: User, pairs: Iterable[Pair]) -> set[str]:
        """The buildings of pairs, of those that an account sees."""
        found = set()
        for pair in pairs:
            for id_ in (pair.staff, pair.student):
                person = self._directory.by_id(id_)
                found |= set(person.buildings if person else ())
        return found if user.sees_every_building else found & set(user.buildings)

    async def _examples(self, user: User, facts: Sequence[WorkFact]) -> list[MaskedExample]:
        """The chosen messages, masked. Those that the account is a party to are left out. Each view is on record."""
        examples = []
        for fact in [fact for fact in facts if fact.chosen][:_MAX_EXAMPLES]:
            try:
                detail = await self._messages.read(user, fact.message, "example for the board's report")
            except Problem:
                continue
            detail = await self._messages.with_parts(detail)
            names = Names(self._directory, hidden=True).add_trace(detail.trace)
            add_named_people(names, detail)
            text = next((part.text for part in detail.parts() if part.text.strip()), "")
            shown = names.hide(text)[:_EXCERPT]
            subject = names.hide(detail.header.subject)
            examples.append(MaskedExample(fact.clauses, fact.direction, subject, shown, fact.outcome))
        return examples

    async def checklist(self, user: User) -> list[ChecklistItem]:
        """What is done and what is missing before messages are held. Raises a Problem."""
        await self._authorization.require(user, Right.QUEUE)
        now = await self._clock.now()
        said = await self._flag_store.outcomes(WorkKind.SHADOW, 0.0, now + 1)
        flagged = self._flags.queue(WorkKind.FLAG)
        overdue = (await flagged.narrow(user, (await flagged.query(user, {})).filter, 0)).overdue
        alerts = await self._help.alerts(user, days=7)
        policy = self._policy.current
        holds = any(
            levels.hold is not None for clause in policy.clauses.values() for levels in clause.thresholds.values()
        )
        return list(
            go_live_items(
                GoLiveFacts(
                    self._config.shadow, await self._accounts.list_all(),
                    {building for person in self._directory for building in person.buildings}, self._config.notify,
                    self._config.public_url, self._directory.roster_at, sum(said.values()),
                    sum(count for outcome, count in said.items() if outcome is not None), holds, overdue,
                    sum(not alert.message.taken_by for alert in alerts),
                ),
                now,
            )
        )  # fmt: skip
