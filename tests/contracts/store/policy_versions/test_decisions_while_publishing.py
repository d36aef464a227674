"""Policies are published while messages flow: each decision names the version that made it, and none is a mixture.

Two processes decide on one store. Time is that of the test: 50 messages a second, with looks for new versions that are
late now and then. The seed is printed. With any seed, the first 8 seconds have three publications of another policy
each, and the first of them is in force before they end.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from gateway import policies
from gateway.core.messages.message import Message
from gateway.core.messages.parties import Direction
from gateway.core.messages.verdict import Finding, Verdict
from gateway.core.policy.decide import decide
from gateway.core.policy.decision import Action, PendingMessage
from gateway.core.policy.policy import Policy
from gateway.core.policy_versions.version import LEAD, NewPolicy, PublishedPolicy
from gateway.observability.events import EventLog
from gateway.policies import SHIPPED, hash_of
from gateway.ports.store import Store
from gateway.stages.disposition import Disposition
from gateway.stages.policy_versions.in_force import EVERY, PolicyInForce
from gateway.stages.work import WorkEngine
from gateway.store import open_store
from tests.contracts.messages import TO_STAFF, TO_STUDENT, Clock, contact, mail

SECONDS = int(os.environ.get("CHAPERONE_TEST_PUBLISHING_SECONDS", "8"))
PER_STEP, STEP = 5, 0.1  # 50 messages a second
CLAUSES = ("7b", "7c", "7e", "8", "1")
SHIPPED_TEXT = SHIPPED.read_text("utf-8")
TEXTS = [
    SHIPPED_TEXT,
    SHIPPED_TEXT.replace("hold = 0.5", "hold = 0.85").replace("flag = 0.3", "flag = 0.6"),
    SHIPPED_TEXT.replace("hold = 0.5", "hold = 0.4").replace("[clauses.8]", '[clauses.8]\nurgency = "now"'),
]


def read(version: PublishedPolicy) -> Policy:
    """A version as every process reads it."""
    return policies.read_text(version.source, dict.fromkeys(Direction, Action.FLAG))


@dataclass
class Decider:
    """A process that decides."""

    store: Store
    next_look: float = 0.0

    def __post_init__(self) -> None:
        event_log = EventLog(CollectorRegistry())
        store, first = self.store, policies.read_text(SHIPPED_TEXT, dict.fromkeys(Direction, Action.FLAG))
        self.in_force = PolicyInForce(
            store.policy_versions, store.clock, event_log, read, lambda policy: None, first
        )  # fmt: skip
        self.stage = Disposition(
            store.dispositions, store.outbox, store.clock, store.work_failures,
            WorkEngine(store.work_failures, event_log), policy=self.in_force.at, shadow=False, verdict_timeout=60.0,
        )  # fmt: skip


def new_mail(now: float, chance: random.Random) -> Message:
    """Mail of a pair of its own."""
    number = chance.randrange(1 << 40)
    direction = chance.choice((TO_STUDENT, TO_STAFF))
    return mail(now, student=f"S{number}", staff=f"T{number}", direction=direction)


def verdict_of(message: Message, chance: random.Random) -> Verdict:
    """A verdict with one or two findings of any score."""
    found = [
        Finding(clause, round(chance.random(), 2), "test", ())
        for clause in chance.sample(CLAUSES, chance.choice((1, 2)))
    ]
    return Verdict(message.id, message.sha256, "model", "en", tuple(found), {}, 0.0, (), 1)


def decided_again(message: PendingMessage, policy: Policy) -> list[Action]:
    """What a policy decides about each recipient."""
    return [
        decide(recipient.pairs, message.verdict, message.contact, policy).action for recipient in message.recipients
    ]


async def test_no_decision_is_a_mixture(store_url: str, clock: Clock) -> None:
    seed = int(os.environ.get("CHAPERONE_TEST_SEED", random.randrange(1 << 30)))
    print(f"seed {seed}")
    chance, begin = random.Random(seed), clock.now
    async with AsyncExitStack() as stack:
        stores = [await stack.enter_async_context(open_store(store_url, clock=clock)) for _ in range(3)]
        deciders, versions = [Decider(store) for store in stores[:2]], stores[2].policy_versions
        first = NewPolicy(hash_of(TEXTS[0]), TEXTS[0], "file", lead=0, file_hash=hash_of(TEXTS[0]))
        assert await versions.publish(first, 0, []) is not None
        text, publish_at = TEXTS[0], clock.now + chance.uniform(0.5, 2.0)
        for _ in range(int(SECONDS / STEP)):
            clock.now += STEP
            await _look(deciders, clock.now, chance)
            messages = [new_mail(clock.now, chance) for _ in range(PER_STEP)]
            await asyncio.gather(*(stores[2].intake.accept(message, contact(message)) for message in messages))
            work: list[Awaitable[object]] = [
                chance.choice(deciders).stage.decide([verdict_of(message, chance)]) for message in messages
            ]
            if clock.now >= publish_at:
                publish_at = clock.now + chance.uniform(0.3, 2.5)
                text = chance.choice([other for other in TEXTS if other != text])
                base = await versions.mark()
                work.append(versions.publish(NewPolicy(hash_of(text), text, "ann"), base, []))
            await asyncio.gather(*work)
            for decider in deciders:  # whatever its last look was, it decides by the version of this moment
                policy = await decider.in_force.at(clock.now)
                current = [period for period in await versions.periods() if period.is_in_force(clock.now)]
                assert policy.hash == current[0].hash
        past = await _past(stores[2], begin)
        periods = await versions.periods()
        published = [await versions.published(period.number) for period in periods]
    assert len(past) == int(SECONDS / STEP) * PER_STEP
    assert len(periods) > 3
    by_hash = {version.period.hash: read(version) for version in published if version is not None}
    for message in past:
        recorded = [recipient.decision for recipient in message.recipients if recipient.decision is not None]
        (hash_,) = {decision.policy for decision in recorded}
        assert [decision.action for decision in recorded] == decided_again(message, by_hash[hash_])
        (in_force,) = {period.hash for period in periods if period.is_in_force(message.recipients[0].decided_at or 0)}
        assert hash_ == in_force
    assert len({recipient.decision.policy for item in past for recipient in item.recipients if recipient.decision}) > 1


async def _look(deciders: list[Decider], now: float, chance: random.Random) -> None:
    """Each process looks for new versions every two seconds, and sometimes it is late."""
    for decider in deciders:
        if now >= decider.next_look:
            await decider.in_force.refresh()
            decider.next_look = now + chance.choice((EVERY, EVERY, 2 * LEAD))


async def _past(store: Store, begin: float) -> list[PendingMessage]:
    found: list[PendingMessage] = []
    at, behind = begin, ""
    while page := await store.history.past_messages(at, behind, 200):
        found += page
        at, behind = page[-1].received_at, page[-1].id
    return found
