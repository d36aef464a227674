"""Disposition: a verdict, or a missing verdict, becomes a decision per recipient, in one transaction per message."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from datetime import tzinfo
from enum import Enum
from functools import partial

from gateway.core.messages.message import is_plain_id
from gateway.core.messages.verdict import FAILURES, Verdict
from gateway.core.messages.work import FailedDecision, WorkItem, WorkStage
from gateway.core.notices.sender_rules import NUDGE, NUDGE_SECONDS, with_sender_notices
from gateway.core.policy.decide import NO_VERDICT
from gateway.core.policy.decision import FollowupKind, PendingMessage, Transition, TransitionRule
from gateway.core.policy.legitimate_interest import Relationships, no_relationships
from gateway.core.policy.policy import Policy
from gateway.core.policy.thresholds import BuildingsOf, no_buildings
from gateway.core.policy.transitions import by_verdict, without_verdict
from gateway.core.policy.urgency import DISTRESS
from gateway.core.serialization.wire import WireError, dead_letter_headers, decode_verdict, encode_verdict
from gateway.ports.bus import Bus, BusDown, Record, Subscription
from gateway.ports.clock import StoreClock
from gateway.ports.maintenance import SecretStore
from gateway.ports.messages import POLL_SECONDS, AppliedTransition, DispositionStore, OutboxStore
from gateway.ports.review import SenderStore
from gateway.ports.work import WorkFailureStore
from gateway.stages.guard import guarded
from gateway.stages.wakeup import Wakeup
from gateway.stages.work import WorkEngine

GROUP = "disposition"
_BATCH = 64
_WAIT = 0.25
_COMMIT_SECONDS = 0.25  # between two commits, at most: one for each of many small batches would cost more than they do
_STAGE = WorkStage.DISPOSITION
_REASONS = frozenset({*FAILURES, NO_VERDICT, DISTRESS, NUDGE})  # reasons that may be logged
_UNKNOWN_CONTENT = Transition()  # no change: the verdict is about other content than the stored one


_Rule = tuple[str, TransitionRule, Verdict | None]
"""The id of a message, the rule for it, and the verdict that it applies."""


PolicyAt = Callable[[float], Awaitable[Policy]]
"""The policy in force at a time by the store's clock. Raises StoreDown where that is not known."""


def unchanging(policy: Policy) -> PolicyAt:
    """A policy that is always in force, where there are no versions."""

    async def at(_: float) -> Policy:
        return policy

    return at


class Failed(Enum):
    """In place of a transition: the decision failed in an unforeseen way and is tried again."""

    FAILED = "failed"


class Disposition:
    """Decides messages by the policy in force."""

    def __init__(
        self, dispositions: DispositionStore, outbox: OutboxStore, clock: StoreClock, failures: WorkFailureStore,
        engine: WorkEngine, *, policy: PolicyAt, shadow: bool, verdict_timeout: float,
        relationships: Relationships = no_relationships, zone: tzinfo | None = None, secrets: SecretStore | None = None,
        senders: SenderStore | None = None, buildings: BuildingsOf = no_buildings,
    ) -> None:  # fmt: skip
        self._dispositions, self._outbox, self._clock, self._failures = dispositions, outbox, clock, failures
        self._engine, self._event_log = engine, engine.event_log
        self._policy, self._shadow, self._timeout = policy, shadow, verdict_timeout
        self._relationships, self._zone, self._buildings = relationships, zone, buildings
        self._secrets, self._sampling_key, self._senders = secrets, b"", senders
        self._committed_at = -math.inf

    async def consume(self, bus: Bus, wakeup: Wakeup) -> None:
        """Decide by the verdicts on the bus until `wakeup` is stopped. Offsets are committed after the decisions."""
        async with bus.subscribe("verdicts", GROUP) as subscription:
            self._event_log.consuming(GROUP)

            async def step(_: bool) -> bool:
                await self._batch(bus, subscription)
                return True

            await self._engine.run(_STAGE, wakeup, step, again=partial(_rewind, subscription))
            with suppress(BusDown):  # then they come again
                await subscription.commit()

    async def _batch(self, bus: Bus, subscription: Subscription) -> None:
        records = await subscription.batch(_BATCH, _WAIT)
        if not records:
            await self._commit(subscription)
            lag = await subscription.lag()
            # records remain although none came: the consumer is still joining its group, or it is stuck
            (self._event_log.lagging if lag else self._event_log.progressed)("verdicts", GROUP, lag)
            return
        read: list[tuple[Record, Verdict]] = []
        dead: list[tuple[Record, str]] = []
        for record in records:
            verdict = await self._read(record)
            if isinstance(verdict, Verdict):
                read.append((record, verdict))
            else:
                dead.append((record, verdict))
        settled = await self.decide([verdict for _, verdict in read])
        for (record, _), applied in zip(read, settled, strict=True):
            if applied is None:
                dead.append((record, "id"))
            elif isinstance(applied, AppliedTransition) and applied.transition is _UNKNOWN_CONTENT:
                dead.append((record, "sha256"))
        if dead:
            await self._dead_letter(bus, dead)
        if time.monotonic() - self._committed_at >= _COMMIT_SECONDS:
            await self._commit(subscription)
            self._event_log.progressed("verdicts", GROUP, await subscription.lag())

    async def _commit(self, subscription: Subscription) -> None:
        """Commit what has been handed out: all of it is decided, and what failed is rewound."""
        self._committed_at = time.monotonic()
        await subscription.commit()

    async def _read(self, record: Record) -> Verdict | str:
        """The verdict of a record, or the word for its dead letter."""
        read: Verdict | str = "error"

        async def decode() -> None:
            nonlocal read
            try:
                read = decode_verdict(record.value)
            except WireError as error:
                read = error.word
            else:
                if not is_plain_id(read.id):
                    read = "id"

        await guarded(_STAGE, self._event_log, decode())
        return read

    async def decide(self, verdicts: Sequence[Verdict]) -> Sequence[AppliedTransition | Failed | None]:
        """Decide messages by their verdicts. None in place of an unknown message.

        A decision that fails in an unforeseen way is kept with its verdict and tried again.
        """
        now = await self._clock.about_now()
        policy = await self._policy(now)
        await self._prepare_sampling(policy)
        nudged = await self._nudged(policy, now)
        rules = [
            (verdict.id, partial(self._by_verdict, verdict=verdict, policy=policy, now=now, nudged=nudged), verdict)
            for verdict in verdicts
        ]
        settled = await self._apply(rules)
        for applied in settled:
            if isinstance(applied, AppliedTransition) and applied.transition.verdict is not None:
                found = {finding.clause for finding in applied.transition.verdict.findings}
                self._event_log.clauses_found(found.intersection(policy.clauses))
        self._log_decisions(settled, now)
        return settled

    async def _apply(self, rules: Sequence[_Rule]) -> Sequence[AppliedTransition | Failed | None]:
        """Apply rules together, or each alone if that fails, so that one bad message fails alone."""
        applied: dict[int, AppliedTransition | None] = {}

        async def apply(places: Sequence[int]) -> None:
            answers = await self._dispositions.apply([rules[at][:2] for at in places])
            applied.update(zip(places, answers, strict=True))

        await self._engine.attempt_each(range(len(rules)), lambda at: _item(rules[at]), apply)
        return [applied.get(at, Failed.FAILED) for at in range(len(rules))]

    async def _nudged(self, policy: Policy, now: float) -> Collection[str] | None:
        """The conversations in which an author was asked lately; None if the policy asks nobody."""
        if self._senders is None or not policy.review.nudge:
            return None
        return await self._senders.nudged_since(now - NUDGE_SECONDS)

    def _by_verdict(
        self, pending: PendingMessage, *, verdict: Verdict, policy: Policy, now: float,
        nudged: Collection[str] | None = None,
    ) -> Transition:  # fmt: skip
        if verdict.sha256 != pending.sha256:
            return _UNKNOWN_CONTENT
        transition = by_verdict(
            pending, verdict, policy, now, shadow=self._shadow, relationships=self._relationships, zone=self._zone,
            sampling_key=self._sampling_key, buildings=self._buildings,
        )  # fmt: skip
        return with_sender_notices(transition, pending, policy, now, nudged, shadow=self._shadow)

    async def _prepare_sampling(self, policy: Policy) -> None:
        """Read the key that chooses clean messages, once, if the policy wants a sample of them."""
        if self._secrets is not None and policy.review.sampling.on and not self._sampling_key:
            self._sampling_key = await self._secrets.get_or_create("sampling")

    def _without_verdict(self, policy: Policy, now: float) -> TransitionRule:
        def rule(pending: PendingMessage) -> Transition:
            transition = without_verdict(pending, policy, now, shadow=self._shadow, zone=self._zone)
            return with_sender_notices(transition, pending, policy, now, shadow=self._shadow)

        return rule

    async def retry_failed(self, wakeup: Wakeup) -> None:
        """Apply decisions again that failed before and are due."""

        async def step(_: bool) -> bool:
            due = await self._failures.due_decisions(_BATCH)
            for failed in due:
                await self._retry(failed)
            if not due:
                await wakeup.rest(POLL_SECONDS)
            return True

        await self._engine.run(_STAGE, wakeup, step)

    async def _retry(self, failed: FailedDecision) -> None:
        now = await self._clock.now()
        policy = await self._policy(now)
        item = WorkItem(_STAGE, failed.message, failed.message, body=failed.verdict)

        async def decide() -> None:
            await self._prepare_sampling(policy)
            rule: TransitionRule = self._without_verdict(policy, now)
            if failed.verdict:
                verdict = decode_verdict(failed.verdict.encode())
                rule = partial(self._by_verdict, verdict=verdict, policy=policy, now=now)
            self._log_decisions(await self._dispositions.apply([(failed.message, rule)]), now)
            await self._failures.forget([item])

        await self._engine.attempt(lambda: [item], decide())

    async def give_up_waiting(self, wakeup: Wakeup, steady_for: Callable[[], float] | None = None) -> None:
        """Decide messages that got no verdict for two timeouts, counted from this process's start at the earliest.

        `steady_for`: seconds since the store's clock was set. They count from then as well.
        """
        started = time.monotonic()

        async def step(_: bool) -> bool:
            now, long_enough = await self._clock.now(), 2 * self._timeout
            may_give_up = time.monotonic() - started >= long_enough
            if steady_for is not None:
                may_give_up = may_give_up and steady_for() >= long_enough
            waiting = await self._outbox.awaiting_verdict(now - long_enough, 500) if may_give_up else ()
            if waiting:
                policy = await self._policy(now)
                rule = self._without_verdict(policy, now)
                self._log_decisions(await self._apply([(message.id, rule, None) for message in waiting]), now)
            await wakeup.rest(max(self._timeout / 10, 0.1))
            return True

        await self._engine.run(_STAGE, wakeup, step)

    def _log_decisions(self, settled: Sequence[AppliedTransition | Failed | None], now: float) -> None:
        for applied in settled:
            if not isinstance(applied, AppliedTransition):
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
        if None in await bus.publish(dead_letters):  # one that the bus refuses for good is in the log only
            raise BusDown("some dead letters were not confirmed")
        for record, word in dead:
            self._event_log.dead_letter("verdicts", record.partition, record.offset, word)


def _item(rule: _Rule) -> WorkItem:
    id_, _, verdict = rule
    return WorkItem(_STAGE, id_, id_, body="" if verdict is None else encode_verdict(verdict).decode())


async def _rewind(subscription: Subscription) -> None:
    with suppress(BusDown):  # not connected: uncommitted records come again anyway
        await subscription.rewind()
