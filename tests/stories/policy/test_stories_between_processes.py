"""Stories of the policy through the product on Apache Kafka and PostgreSQL, with two deciding processes.

One of the two leaves in the middle of each story, so the partitions are given to the other. The outcome must be that of
`chaperone policy replay`.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Coroutine
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from gateway.assembly.replay import Replay, ReplayRules, replay
from gateway.assembly.serve import start_classifiers
from gateway.bus.kafka import KafkaBus
from gateway.commands.policy.replay import classifier_reader, load_story, replay_rules
from gateway.core.contact.story import StoryMessage
from gateway.core.messages.delivery import State
from gateway.observability.events import EventLog
from gateway.ports.store import Store
from gateway.settings.model import load
from gateway.stages.disposition import Disposition, unchanging
from gateway.stages.publication import Publication
from gateway.stages.wakeup import Wakeup
from gateway.stages.work import WorkEngine
from gateway.store import open_store
from tests.peers.kafka import KafkaServer
from tests.peers.postgresql import PostgresqlServer
from tests.stories.policy.stories import FOLDER
from tests.stories.policy.test_stories import config

pytestmark = [pytest.mark.peer("kafka", "postgresql"), pytest.mark.slow, pytest.mark.timeout(600)]

Outcome = tuple[bool, str, tuple[str, ...], tuple[str, ...]]
NAMES = (
    "honest_emergency",
    "coach_slides",
    "look_alike_to_four",
    "look_alike_answers",
    "outsider_writes_to_four",
    "tools",
)
WITHIN = 120.0


class Processes:
    """The stages of several processes that share a broker and a database."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self.stack, self.event_log = stack, EventLog(CollectorRegistry())
        self.prefix = f"stories-{secrets.token_hex(4)}"

    async def bus(self, bootstrap: str) -> KafkaBus:
        """A bus of its own for one process."""
        opened = KafkaBus(
            bootstrap, prefix=self.prefix, retain_seconds=86400.0, max_record=1 << 20, event_log=self.event_log
        )
        return await self.stack.enter_async_context(opened)

    async def run(self, wakeup: Wakeup, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        """Run a stage until its process ends."""
        task = asyncio.create_task(work)

        async def end() -> None:
            wakeup.stop()
            with suppress(asyncio.CancelledError):
                await asyncio.wait([task], timeout=10)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

        self.stack.push_async_callback(end)
        return task

    def disposition(self, store: Store, rules: ReplayRules) -> Disposition:
        """The stage that decides, in one process."""
        return Disposition(
            store.dispositions, store.outbox, store.clock, store.work_failures,
            WorkEngine(store.work_failures, self.event_log), policy=unchanging(rules.policy), shadow=False,
            verdict_timeout=60.0, relationships=rules.roster.relationships_to,
        )  # fmt: skip


async def play(
    story: list[StoryMessage], rules: ReplayRules, url: str, kafka: KafkaServer, lanes: object
) -> list[Outcome]:
    """Play a story, message by message, and return what became of each message."""
    async with AsyncExitStack() as stack:
        processes = Processes(stack)
        store = await stack.enter_async_context(open_store(url))
        other = await stack.enter_async_context(open_store(url))
        buses = [await processes.bus(kafka.bootstrap) for _ in range(3)]
        published, reading = Wakeup(), Wakeup()
        publication = Publication(
            store.outbox, buses[0], WorkEngine(store.work_failures, processes.event_log), max_inline=900 << 10
        )
        await processes.run(published, publication.run(published))
        for stage in lanes(buses[1], store, rules.roster, reading).values():  # type: ignore[operator]
            await processes.run(reading, stage())
        first, second = Wakeup(), Wakeup()
        await processes.run(first, processes.disposition(store, rules).consume(buses[0], first))
        leaving = await processes.run(second, processes.disposition(other, rules).consume(buses[2], second))
        take = Replay(store, rules, read=None)  # type: ignore[arg-type]  # the lanes read
        outcomes: list[Outcome] = []
        for number, message in enumerate(story):
            if number == len(story) // 2:
                second.stop()
                await asyncio.wait([leaving], timeout=30)
            take.clock.at = message.at
            id_ = await take.take(message)
            outcomes.append((False, "release", (), ()) if id_ is None else await _outcome(store, id_))
        return outcomes


async def _outcome(store: Store, id_: str) -> Outcome:
    """The decision about a message, when it has been made."""
    async with asyncio.timeout(WITHIN):
        while State.RECEIVED in (await store.intake.states(id_)).values():
            await asyncio.sleep(0.05)
    (trace,) = await store.lookups.trace(id=id_)
    found = await store.contact.findings_of(id_)
    return True, trace.action, trace.clauses, tuple(sorted(finding.text for finding in found if finding.flags))


async def test_the_outcome_is_that_of_a_replay(
    kafka: KafkaServer, postgresql: PostgresqlServer, tmp_path: Path
) -> None:
    settings = load(config(tmp_path), {})
    rules = replay_rules(settings)
    read = classifier_reader("", rules.roster)
    async with AsyncExitStack() as stack:
        lanes = await start_classifiers(
            stack, settings, EventLog(CollectorRegistry()), lambda: rules.policy.district_words
        )
        stories = {name: load_story(FOLDER / f"{name}.jsonl", rules.time_zone) for name in NAMES}
        some, empty = asyncio.Semaphore(3), postgresql.database()  # most of their time they wait for the broker
        async with open_store(empty):
            """Make its tables."""

        async def play_one(story: list[StoryMessage]) -> list[Outcome]:
            async with some:
                return await play(story, rules, postgresql.database(like=empty), kafka, lanes)

        async with asyncio.TaskGroup() as group:
            playing = {name: group.create_task(play_one(story)) for name, story in stories.items()}
        for name, story in stories.items():
            replayed, played = await replay(story, rules, read), playing[name].result()
            for message, (in_scope, action, clauses, told) in zip(replayed, played, strict=True):
                shown = (name, message.line, message, action, clauses, told)
                assert (in_scope, action, set(clauses)) == (message.in_scope, message.action, set(message.clauses)), (
                    shown
                )
                assert all(any(text in reason for reason in message.reasons) for text in told), shown
