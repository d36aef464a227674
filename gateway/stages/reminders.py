"""Reminders: due times near and pass, calls for help wait, a day begins. People are told once of each, more each time.

What a due time does beside is the policy's word: it stays held, or is released or rejected. Nothing ends by itself
otherwise. Letters are followups, so that a crash loses none and two processes write none twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from gateway.core.accounts.account import User
from gateway.core.messages.followup import Followup, FollowupKind
from gateway.core.messages.parties import Relation
from gateway.core.notices.notice import default_rejection_text
from gateway.core.policy.authorization import ConsoleDirectory, in_own_buildings, is_party
from gateway.core.policy.decision import AuditEntry
from gateway.core.policy.escalation import Escalation
from gateway.core.policy.policy import Policy
from gateway.core.policy.review_rules import action_at_due, due_level
from gateway.core.policy.transitions import POLICY
from gateway.core.review.views import HeldMessage, ListedMessage, Trace
from gateway.core.serialization.wire import rfc3339
from gateway.observability.events import EventLog
from gateway.ports.accounts import AccountStore, ReassignmentStore
from gateway.ports.cases import CaseStore
from gateway.ports.clock import StoreClock
from gateway.ports.help import HelpAlertStore
from gateway.ports.messages import DispositionStore, StoreDown
from gateway.ports.review import ClaimStore, LookupStore, ReminderStore
from gateway.ports.store import Store
from gateway.stages.case_reminders import tell_of_cases
from gateway.stages.moderation import moderate
from gateway.stages.reassignment import Reassignment
from gateway.stages.wakeup import Wakeup

EVERY = 15.0
"""Seconds from one look to the next."""
_MOST = 2000
_DAY = 86400.0
_OFTEN = 7 * _DAY
"""Seconds in which a call for help is told as often as the policy says; later once a day, until it is taken up."""
_DIGEST_WITHIN = timedelta(hours=2)
NOT_DECIDED = "not decided by its due time"

Steps = Sequence[tuple[str, str]]


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

    @classmethod
    def of(cls, store: Store) -> ReminderStores:
        """Those of the whole store."""
        return cls(
            store.clock, store.lookups, store.dispositions, store.help_alerts, store.cases, store.accounts,
            store.claims, store.reassignment, store.reminders,
        )  # fmt: skip


class Reminders:
    """Looks at what waits for people, and tells them."""

    def __init__(
        self, stores: ReminderStores, register: ConsoleDirectory, policy: Callable[[], Policy], event_log: EventLog, *,
        last: Sequence[str], zone: ZoneInfo, district: str, decided: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        self._stores, self._register, self._policy, self._event_log = stores, register, policy, event_log
        self._handovers = Reassignment(stores.reassignment, stores.cases)
        self._last, self._zone, self._district, self._decided = tuple(last), zone, district, decided

    async def run(self, wakeup: Wakeup) -> None:
        """Look again and again until the beat stops."""
        while not wakeup.stopped:
            try:
                await self.look()
            except StoreDown:
                self._event_log.store_lost("reminders")
            await wakeup.rest(EVERY)

    async def look(self) -> None:
        """One look: what was left behind, due times, calls for help, cases, the day's digest."""
        now = await self._stores.clock.now()
        chain = Escalation(await self._stores.accounts.list_all(), self._last, self._register)
        await self._handovers.look(chain, now)
        await self._due(now, chain)
        await self._help(now, chain)
        await tell_of_cases(self._stores.cases, self._stores.reminders, chain, now, self._policy().review.remind_before)
        await self._digest(now, chain)

    async def _due(self, now: float, chain: Escalation) -> None:
        policy = self._policy()
        review = policy.review
        found: dict[tuple[str, str], tuple[HeldMessage, int]] = {}
        for held in await self._stores.reminders.due_before(now + review.remind_before, _MOST):
            at = due_level(held.due_at or now, now, review.remind_before, review.escalate_every)
            if at and await self._ended(held, policy):
                continue
            if at is not None:
                found[held.id, f"due:{int(held.due_at or 0)}:{at}"] = held, at
        new = await self._untold(found)
        if not new:
            return
        handled = await self._stores.claims.review_states()

        def letters(steps: Steps) -> tuple[list[Followup], list[AuditEntry]]:
            by_address: dict[str, list[list[object]]] = {}
            acts = []
            for step in steps:
                held, at = found[step]
                then = action_at_due(policy, held.clauses, held.reasons)
                known = handled.get(held.id)
                taken = known.assignment.user if known and known.assignment else ""
                to = chain.of(at, held.relation, (held.sender, *held.recipients, *held.others), taken)
                for address in to:
                    by_address.setdefault(address, []).append([held.id, rfc3339(held.due_at or now), at, then])
                told = "escalated" if at > 1 else "reminded"
                acts.append(AuditEntry(now, "gateway", told, held.id, {"to": list(to), "level": at}))
            followups = [
                Followup(FollowupKind.DUE, "", {"to": [address], "at": rfc3339(now), "items": items})
                for address, items in by_address.items()
            ]
            return followups, acts

        await self._stores.reminders.remind(new, letters)

    async def _ended(self, held: HeldMessage, policy: Policy) -> bool:
        """Whether the policy lets the due time decide, and it did: of those copies whose own due time has passed."""
        deed = action_at_due(policy, held.clauses, held.reasons)
        if deed not in ("release", "reject"):
            return False
        now = await self._stores.clock.now()
        done = await moderate(
            self._stores.dispositions, self._stores.clock, held.id, "release" if deed == "release" else "reject", by=POLICY,
            reason=NOT_DECIDED, words=default_rejection_text(self._district, policy, held.clauses, looked_at=False),
            may=lambda each: each.due_at is not None and each.due_at <= now,
        )  # fmt: skip
        if done is not None and done.changed:
            self._event_log.decided(held.id, done.channel, deed, len(done.changed), done.clauses, (), None, POLICY)
            self._decided()
        return True

    async def _help(self, now: float, chain: Escalation) -> None:
        every = self._policy().review.help_every
        found: dict[tuple[str, str], tuple[ListedMessage, int]] = {}
        for call in await self._stores.help_alerts.waiting(_MOST):
            at = steps_of(max(now - call.decided_at, 0.0), every)
            found[call.trace.id, f"help:{at}"] = call, at
        new = await self._untold(found)
        if not new:
            return

        def letters(steps: Steps) -> tuple[list[Followup], list[AuditEntry]]:
            return [each for step in steps for each in self._call(*found[step], now, chain)], []

        await self._stores.reminders.remind(new, letters)

    def _call(self, call: ListedMessage, at: int, now: float, chain: Escalation) -> list[Followup]:
        """First the administrators of the building, beside notify.to which was told at once; then more people."""
        trace = call.trace
        addresses = (trace.sender, *(each.address for each in trace.recipients))
        to = chain.of(1 if at == 0 else 3, trace.relation, addresses)
        if not to:
            self._event_log.help_unannounced(trace.id)
        if at == 0:
            to = tuple(each for each in to if each not in self._last)
            body: dict[str, object] = {"received_at": rfc3339(trace.received_at), "at": rfc3339(now), "to": list(to)}
            return [Followup(FollowupKind.HELP_ALERT, trace.id, body)] if to else []
        body = {"to": list(to), "at": rfc3339(now), "items": [[trace.id, rfc3339(trace.received_at), at]]}
        return [Followup(FollowupKind.HELP_AGAIN, trace.id, body)] if to else []

    async def _digest(self, now: float, chain: Escalation) -> None:
        """Once a day, to each person who has something undecided, and to the end of the chain."""
        minutes = self._policy().review.digest
        if minutes is None:
            return
        here = datetime.fromtimestamp(now, UTC).astimezone(self._zone)
        begins = here.replace(hour=minutes // 60, minute=minutes % 60, second=0, microsecond=0)
        step = ("", f"digest:{here.date().isoformat()}")
        if not begins <= here < begins + _DIGEST_WITHIN or step in await self._stores.reminders.reminded([""]):
            return
        held = await self._stores.lookups.held()
        calls = await self._stores.help_alerts.waiting(_MOST)

        def letters(steps: Steps) -> tuple[list[Followup], list[AuditEntry]]:
            people = chain.everybody()
            to = {**dict.fromkeys(self._last), **people}
            followups = []
            for address, user in to.items():
                own = [
                    each
                    for each in held
                    if self._fits(user, each.relation, (each.sender, *each.recipients, *each.others))
                ]
                theirs = sum(
                    self._fits(user, each.trace.relation, (each.trace.sender, *_addresses(each.trace)))
                    for each in calls
                )
                if not own and not theirs:
                    continue
                late = sum(each.due_at is not None and each.due_at < now for each in own)
                counts = {"held": len(own), "overdue": late, "calls": theirs}
                followups.append(Followup(FollowupKind.DIGEST, "", {"to": [address], "at": rfc3339(now), **counts}))
            return followups, []

        await self._stores.reminders.remind([step], letters)

    def _fits(self, user: User | None, relation: Relation, addresses: Iterable[str]) -> bool:
        """Whether a message counts for somebody: one of their buildings and not their own; for nobody's address all."""
        if user is None:
            return True
        named = [each for each in addresses if each]
        return in_own_buildings(user, relation.pairs, self._register) and not is_party(
            user, relation.pairs, named, self._register
        )

    async def _untold(self, steps: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Those of some steps that nobody was told of."""
        asked = list(steps)
        told = await self._stores.reminders.reminded({id_ for id_, _ in asked})
        return [step for step in asked if step not in told]


def _addresses(trace: Trace) -> tuple[str, ...]:
    return tuple(each.address for each in trace.recipients)


def steps_of(age: float, every: float) -> int:
    """How often a call for help that has waited so long was told again."""
    often = min(age, _OFTEN)
    return int(often // every) + int((age - often) // max(every, _DAY))
