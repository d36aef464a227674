"""Reminders: notify people of due times, waiting help alerts and the daily digest, once per step.

Each step of an escalation notifies more people. The policy says what happens at a due time: the message stays held, or
is released or rejected. Notices are follow-ups, so a crash loses none and two processes write none twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from gateway.core.accounts.account import User
from gateway.core.contact.school_time import is_school_day, school_seconds
from gateway.core.messages.followup import Followup, FollowupKind
from gateway.core.messages.parties import Relation
from gateway.core.notices.notice import default_rejection_text
from gateway.core.policy.authorization import ConsoleDirectory, in_own_buildings, is_party
from gateway.core.policy.decision import AuditEntry
from gateway.core.policy.escalation import Escalation
from gateway.core.policy.policy import Policy
from gateway.core.policy.review_rules import action_at_due, due_level
from gateway.core.policy.transitions import POLICY
from gateway.core.policy.work_kinds import WorkKind
from gateway.core.review.flag_counts import FlagCounts
from gateway.core.review.views import HeldMessage, ListedMessage, Trace
from gateway.core.serialization.wire import rfc3339
from gateway.observability.events import EventLog
from gateway.ports.accounts import AccountStore, ReassignmentStore
from gateway.ports.cases import CaseStore
from gateway.ports.clock import StoreClock
from gateway.ports.flags import FlagStore
from gateway.ports.help import HelpAlertStore
from gateway.ports.messages import DispositionStore, StoreDown
from gateway.ports.review import ClaimStore, LookupStore, ReminderNotices, ReminderStore
from gateway.ports.store import Store
from gateway.ports.tools import ToolStore
from gateway.ports.urgency import UrgencyStore
from gateway.stages.case_reminders import remind_of_cases
from gateway.stages.guard import failure_of, guarded
from gateway.stages.moderation import moderate
from gateway.stages.reassignment import Reassignment
from gateway.stages.tools.reminders import remind_of_tools
from gateway.stages.urgency.notices import remind_of_urgent
from gateway.stages.wakeup import Wakeup

EVERY = 15.0
"""Seconds between two checks."""
_BATCH = 2000
_STAGE = "reminders"
_DAY = 86400.0
_FREQUENT = 7 * _DAY
"""Seconds in which a help alert is repeated as often as the policy says; then once a day, until it is taken up."""
_DIGEST_WITHIN = timedelta(hours=2)
NOT_DECIDED = "not decided by its due time"

ReminderSteps = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class ReminderStores:
    """The stores that reminders need."""

    clock: StoreClock
    lookups: LookupStore
    dispositions: DispositionStore
    help_alerts: HelpAlertStore
    cases: CaseStore
    accounts: AccountStore
    claims: ClaimStore
    reassignment: ReassignmentStore
    reminders: ReminderStore
    tools: ToolStore
    urgency: UrgencyStore
    flags: FlagStore

    @classmethod
    def of(cls, store: Store) -> ReminderStores:
        """Those of the whole store."""
        return cls(
            store.clock, store.lookups, store.dispositions, store.help_alerts, store.cases, store.accounts,
            store.claims, store.reassignment, store.reminders, store.tools, store.urgency, store.flags,
        )  # fmt: skip


class Reminders:
    """Notifies reviewers of what waits for them. `fallback`: addresses at the end of every escalation."""

    def __init__(
        self, stores: ReminderStores, directory: ConsoleDirectory, policy: Callable[[], Policy], event_log: EventLog, *,
        fallback: Sequence[str], zone: ZoneInfo, district: str, decided: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        self._stores, self._directory, self._policy, self._event_log = stores, directory, policy, event_log
        self._reassignment = Reassignment(stores.reassignment, stores.cases)
        self._fallback, self._zone, self._district, self._decided = tuple(fallback), zone, district, decided

    async def run(self, wakeup: Wakeup) -> None:
        """Check every `EVERY` seconds until `wakeup` is stopped."""
        while not wakeup.stopped:
            try:
                await self.check()
            except StoreDown:
                self._event_log.store_lost("reminders")
            await wakeup.rest(EVERY)

    async def check(self) -> None:
        """Check once: reassignment, urgent messages, due times, help alerts, cases, classroom tools, the daily digest.

        If one of them fails in an unforeseen way, the others go on.
        """
        now = await self._stores.clock.now()
        chain = Escalation(await self._stores.accounts.list_all(), self._fallback, self._directory)
        for check in (
            self._reassign, self._remind_of_urgent, self._remind_of_due_times, self._remind_of_help,
            self._remind_of_cases, self._remind_of_tools, self._send_digest,
        ):  # fmt: skip
            await guarded(_STAGE, self._event_log, check(now, chain))

    async def _reassign(self, now: float, chain: Escalation) -> None:
        await self._reassignment.check(chain, now)

    async def _remind(self, steps: Sequence[tuple[str, str]], notices: ReminderNotices) -> None:
        """Write the notices of some steps, or of each alone if that fails, so that one of them stops no other."""
        if len(steps) > 1 and await failure_of(self._stores.reminders.remind(steps, notices)) is None:
            return
        for step in steps:
            await guarded(_STAGE, self._event_log, self._stores.reminders.remind([step], notices))

    async def _remind_of_cases(self, now: float, chain: Escalation) -> None:
        before = self._policy().review.remind_before
        await remind_of_cases(self._stores.cases, self._stores.reminders, chain, now, before)

    async def _remind_of_tools(self, now: float, chain: Escalation) -> None:
        await remind_of_tools(self._stores.tools, self._stores.reminders, chain, now, self._fallback)

    async def _remind_of_urgent(self, now: float, chain: Escalation) -> None:
        await remind_of_urgent(self._stores.urgency, self._stores.reminders, self._policy(), now)

    async def _remind_of_due_times(self, now: float, chain: Escalation) -> None:
        policy = self._policy()
        review = policy.review
        found: dict[tuple[str, str], tuple[HeldMessage, int]] = {}
        # a due time that a reviewer put off may fall on a weekend: its notice waits for a school day
        in_school = not review.school_time or is_school_day(now, policy.contact_rules.calendar, self._zone)
        for held in await self._stores.reminders.due_before(now + review.remind_before, _BATCH):
            level = self._due_level(held, policy, now)
            if level and await self._is_decided_at_due(held, policy):
                continue
            if level is not None and (held.urgent or in_school):
                found[held.id, f"due:{int(held.due_at or 0)}:{level}"] = held, level
        new = await self._new_steps(found)
        if not new:
            return
        states = await self._stores.claims.review_states()

        def notices(steps: ReminderSteps) -> tuple[list[Followup], list[AuditEntry]]:
            by_address: dict[str, list[list[object]]] = {}
            entries = []
            for step in steps:
                held, level = found[step]
                then = action_at_due(policy, held.clauses, held.reasons)
                state = states.get(held.id)
                assignee = state.assignment.user if state and state.assignment else ""
                to = chain.recipients_for(level, held.relation, (held.sender, *held.recipients, *held.others), assignee)
                for address in to:
                    by_address.setdefault(address, []).append([held.id, rfc3339(held.due_at or now), level, then])
                act = "escalated" if level > 1 else "reminded"
                entries.append(AuditEntry(now, "gateway", act, held.id, {"to": list(to), "level": level}))
            followups = [
                Followup(FollowupKind.DUE, "", {"to": [address], "at": rfc3339(now), "items": items})
                for address, items in by_address.items()
            ]
            return followups, entries

        await self._remind(new, notices)

    def _due_level(self, held: HeldMessage, policy: Policy, now: float) -> int | None:
        """How late a held message is. What is not urgent waits in school hours: nobody gets a notice at night."""
        due, review = held.due_at or now, policy.review
        if held.urgent or not review.school_time or now <= due:
            return due_level(due, now, review.remind_before, review.escalate_every)
        waited = school_seconds(due, now, policy.contact_rules.calendar, self._zone)
        return due_level(due, due + waited, review.remind_before, review.escalate_every)

    async def _is_decided_at_due(self, held: HeldMessage, policy: Policy) -> bool:
        decided = False

        async def decide() -> None:
            nonlocal decided
            decided = await self._decide_at_due(held, policy)

        await guarded(_STAGE, self._event_log, decide())
        return decided

    async def _decide_at_due(self, held: HeldMessage, policy: Policy) -> bool:
        """Decide the copies whose due time has passed, if the policy decides at the due time. True if it does."""
        action = action_at_due(policy, held.clauses, held.reasons)
        if action not in ("release", "reject"):
            return False
        now = await self._stores.clock.now()
        done = await moderate(
            self._stores.dispositions, self._stores.clock, held.id, "release" if action == "release" else "reject",
            by=POLICY, reason=NOT_DECIDED,
            words=default_rejection_text(self._district, policy, held.clauses, looked_at=False),
            may=lambda recipient: recipient.due_at is not None and recipient.due_at <= now,
        )  # fmt: skip
        if done is not None and done.changed:
            self._event_log.decided(held.id, done.channel, action, len(done.changed), done.clauses, (), None, POLICY)
            self._decided()
        return True

    async def _remind_of_help(self, now: float, chain: Escalation) -> None:
        every = self._policy().review.help_every
        found: dict[tuple[str, str], tuple[ListedMessage, int]] = {}
        for alert in await self._stores.help_alerts.waiting(_BATCH):
            count = help_reminder_count(max(now - alert.decided_at, 0.0), every)
            found[alert.trace.id, f"help:{count}"] = alert, count
        new = await self._new_steps(found)
        if not new:
            return

        def notices(steps: ReminderSteps) -> tuple[list[Followup], list[AuditEntry]]:
            return [followup for step in steps for followup in self._help_followups(*found[step], now, chain)], []

        await self._remind(new, notices)

    def _help_followups(self, alert: ListedMessage, count: int, now: float, chain: Escalation) -> list[Followup]:
        """The notices of a help alert: first to the building's administrators, then to more people.

        The addresses of notify.to are left out of the first one: they were alerted at once.
        """
        trace = alert.trace
        addresses = (trace.sender, *_addresses(trace))
        to = chain.recipients_for(1 if count == 0 else 3, trace.relation, addresses)
        if not to:
            self._event_log.help_unannounced(trace.id)
        if count == 0:
            to = tuple(address for address in to if address not in self._fallback)
            body: dict[str, object] = {"received_at": rfc3339(trace.received_at), "at": rfc3339(now), "to": list(to)}
            return [Followup(FollowupKind.HELP_ALERT, trace.id, body)] if to else []
        body = {"to": list(to), "at": rfc3339(now), "items": [[trace.id, rfc3339(trace.received_at), count]]}
        return [Followup(FollowupKind.HELP_AGAIN, trace.id, body)] if to else []

    async def _send_digest(self, now: float, chain: Escalation) -> None:
        """Once a day, notify each person who has something undecided, and the fallback addresses."""
        minutes = self._policy().review.digest
        if minutes is None:
            return
        local = datetime.fromtimestamp(now, UTC).astimezone(self._zone)
        start = local.replace(hour=minutes // 60, minute=minutes % 60, second=0, microsecond=0)
        step = ("", f"digest:{local.date().isoformat()}")
        policy = self._policy()
        if policy.review.school_time and not is_school_day(now, policy.contact_rules.calendar, self._zone):
            return
        if not start <= local < start + _DIGEST_WITHIN or step in await self._stores.reminders.reminded([""]):
            return
        held = await self._stores.lookups.held()
        alerts = await self._stores.help_alerts.waiting(_BATCH)
        open_flags = await self._stores.flags.open_messages(WorkKind.FLAG)
        flags = await asyncio.to_thread(FlagCounts, open_flags, self._directory, now)

        people = chain.by_address()
        to = {**dict.fromkeys(self._fallback), **people}
        flags_of = {address: flags.of(user) for address, user in to.items()}

        def notices(steps: ReminderSteps) -> tuple[list[Followup], list[AuditEntry]]:
            followups = []
            for address, user in to.items():
                own = [
                    message
                    for message in held
                    if self._counts_for(user, message.relation, (message.sender, *message.recipients, *message.others))
                ]
                own_alerts = sum(
                    self._counts_for(user, alert.trace.relation, (alert.trace.sender, *_addresses(alert.trace)))
                    for alert in alerts
                )
                flagged, flags_overdue = flags_of[address]
                if not own and not own_alerts and not flagged:
                    continue
                overdue = sum(message.due_at is not None and message.due_at < now for message in own)
                counts = {"held": len(own), "overdue": overdue, "calls": own_alerts}
                if flagged:
                    counts |= {"flagged": flagged, "flags_overdue": flags_overdue}
                followups.append(Followup(FollowupKind.DIGEST, "", {"to": [address], "at": rfc3339(now), **counts}))
            return followups, []

        await self._stores.reminders.remind([step], notices)

    def _counts_for(self, user: User | None, relation: Relation, addresses: Iterable[str]) -> bool:
        """Whether a message counts for a user: in their buildings, and they are no party. Without a user all count."""
        if user is None:
            return True
        named = list(filter(None, addresses))
        return in_own_buildings(user, relation.pairs, self._directory) and not is_party(
            user, relation.pairs, named, self._directory
        )

    async def _new_steps(self, steps: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """The steps without a reminder so far."""
        candidates = list(steps)
        reminded = await self._stores.reminders.reminded({id_ for id_, _ in candidates})
        return [step for step in candidates if step not in reminded]


def _addresses(trace: Trace) -> tuple[str, ...]:
    return tuple(copy.address for copy in trace.recipients)


def help_reminder_count(age: float, every: float) -> int:
    """How many reminders a help alert has had at an age in seconds, with one `every` seconds at first."""
    frequent = min(age, _FREQUENT)
    return int(frequent // every) + int((age - frequent) // max(every, _DAY))
