"""Disposition: a verdict, or a missing verdict, becomes a decision per recipient, in one transaction per message."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from gateway.core.messages.verdict import FAILURES, Verdict
from gateway.core.policy.decide import NO_VERDICT
from gateway.core.policy.decision import FollowupKind, PendingMessage, Transition, TransitionRule
from gateway.core.policy.legitimate_interest import Relationships, no_relationships
from gateway.core.policy.policy import Policy
from gateway.core.policy.transitions import by_verdict, without_verdict
from gateway.core.serialization.wire import WireError, dead_letter_headers, decode_verdict
from gateway.observability.events import EventLog
from gateway.ports.bus import Bus, BusDown, Record, Subscription
from gateway.ports.clock import StoreClock
from gateway.ports.messages import AppliedTransition, DispositionStore, OutboxStore, StoreDown
from gateway.stages.guard import guarded
from gateway.stages.wakeup import Wakeup

GROUP = "disposition"
_BATCH = 64
_WAIT = 0.25
_PAUSE = 2.0
_REASONS = frozenset({*FAILURES, NO_VERDICT})  # reasons that may be logged
_UNKNOWN_CONTENT = Transition()  # no change: the verdict is about other content than the stored one


class Disposition:
    """Decides messages by the policy in force."""

    def __init__(
        self, dispositions: DispositionStore, outbox: OutboxStore, clock: StoreClock, event_log: EventLog, *,
        policy: Callable[[], Policy], shadow: bool, verdict_timeout: float,
        relationships: Relationships = no_relationships,
    ) -> None:  # fmt: skip
        self._dispositions, self._outbox, self._clock, self._event_log = dispositions, outbox, clock, event_log
        self._policy, self._shadow, self._timeout = policy, shadow, verdict_timeout
        self._relationships = relationships

    async def consume(self, bus: Bus, wakeup: Wakeup) -> None:
        """Decide by the verdicts on the bus until `wakeup` is stopped. Offsets are committed after the decisions."""
        async with bus.subscribe("verdicts", GROUP) as subscription:
            while not wakeup.stopped:
                try:
                    await self._batch(bus, subscription)
                except (BusDown, StoreDown) as lost:
                    if isinstance(lost, StoreDown):
                        self._event_log.store_lost("disposition")
                    await wakeup.rest(_PAUSE)
                    await _rewind(subscription)

    async def _batch(self, bus: Bus, subscription: Subscription) -> None:
        records = await subscription.batch(_BATCH, _WAIT)
        if not records:
            lag = await subscription.lag()
            # records remain although none came: the consumer is still joining its group, or it is stuck
            (self._event_log.lagging if lag else self._event_log.progressed)("verdicts", GROUP, lag)
            return
        read: list[tuple[Record, Verdict]] = []
        dead: list[tuple[Record, str]] = []
        for record in records:
            try:
                read.append((record, decode_verdict(record.value)))
            except WireError as error:
                dead.append((record, error.word))
        settled = await self.decide([verdict for _, verdict in read])
        for (record, _), applied in zip(read, settled, strict=True):
            if applied is None:
                dead.append((record, "id"))
            elif applied.transition is _UNKNOWN_CONTENT:
                dead.append((record, "sha256"))
        if dead:
            await self._dead_letter(bus, dead)
        await subscription.commit()
        self._event_log.progressed("verdicts", GROUP, await subscription.lag())

    async def decide(self, verdicts: Sequence[Verdict]) -> Sequence[AppliedTransition | None]:
        """Decide messages by their verdicts."""
        now, policy = await self._clock.now(), self._policy()
        cases: list[tuple[str, TransitionRule]] = [
            (verdict.id, partial(self._by_verdict, verdict=verdict, policy=policy, now=now)) for verdict in verdicts
        ]
        settled = await self._apply(cases)
        for applied in settled:
            if applied is not None and applied.transition.verdict is not None:
                found = {finding.clause for finding in applied.transition.verdict.findings}
                self._event_log.clauses_found(found.intersection(policy.clauses))
        self._log_decisions(settled, now)
        return settled

    async def _apply(self, rules: Sequence[tuple[str, TransitionRule]]) -> Sequence[AppliedTransition | None]:
        """Apply rules together. If that fails unexpectedly, apply each alone, so that one bad message fails alone."""
        applied: list[AppliedTransition | None] = []

        async def apply(some: Sequence[tuple[str, TransitionRule]]) -> None:
            applied.extend(await self._dispositions.apply(some))

        if not await guarded("disposition", self._event_log, apply(rules)):
            for rule in rules:
                if not await guarded("disposition", self._event_log, apply([rule])):
                    applied.append(None)
        return applied

    def _by_verdict(self, pending: PendingMessage, *, verdict: Verdict, policy: Policy, now: float) -> Transition:
        if verdict.sha256 != pending.sha256:
            return _UNKNOWN_CONTENT
        return by_verdict(pending, verdict, policy, now, shadow=self._shadow, relationships=self._relationships)

    async def give_up_waiting(self, wakeup: Wakeup) -> None:
        """Decide messages that got no verdict for two timeouts, counted from this process's start at the earliest."""
        started: float | None = None
        while not wakeup.stopped:
            try:
                now = await self._clock.now()
                started = now if started is None else started
                before = now - 2 * self._timeout
                waiting = await self._outbox.awaiting_verdict(before, 500) if before >= started else ()
                if waiting:
                    policy = self._policy()
                    rule = partial(without_verdict, policy=policy, now=now, shadow=self._shadow)
                    self._log_decisions(await self._apply([(message.id, rule) for message in waiting]), now)
            except StoreDown:
                self._event_log.store_lost("disposition")
            await wakeup.rest(max(self._timeout / 10, 0.1))

    def _log_decisions(self, settled: Sequence[AppliedTransition | None], now: float) -> None:
        for applied in settled:
            if applied is None:
                continue
            pending, ruling = applied.pending, applied.transition
            decided = Counter(change.decision for change in ruling.changes if change.decision is not None)
            for decision, recipients in decided.items():
                reasons = [reason if reason in _REASONS else "unknown" for reason in decision.reasons]
                self._event_log.decided(
                    pending.id, pending.channel, decision.action, recipients, decision.clauses, reasons,
                    max(now - pending.received_at, 0.0), "policy",
                )  # fmt: skip
            for followup in ruling.followups:
                if followup.kind is FollowupKind.HELP_ALERT:
                    self._event_log.help_alerted(pending.id)
                elif followup.kind is FollowupKind.LATE:
                    self._event_log.delivered_late(pending.id)

    async def _dead_letter(self, bus: Bus, dead: Sequence[tuple[Record, str]]) -> None:
        dead_letters = [
            Record("dead-letters", record.key, record.value, (*record.headers, *dead_letter_headers(record, word)))
            for record, word in dead
        ]
        if not all(await bus.publish(dead_letters)):
            raise BusDown("some dead letters were not confirmed")
        for record, word in dead:
            self._event_log.dead_letter("verdicts", record.partition, record.offset, word)


async def _rewind(subscription: Subscription) -> None:
    with suppress(BusDown):  # not connected: uncommitted records come again anyway
        await subscription.rewind()
