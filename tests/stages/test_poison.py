"""No message can hurt another: an unforeseen failure at any await of the stages delays one item, and loses nothing."""

from __future__ import annotations

import itertools
import os
import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from gateway.core.messages.message import Message
from gateway.stages import delivery, work
from gateway.store import open_store
from gateway.store.engine.database_url import parse_url
from gateway.store.migrations.upgrade import upgrade
from tests.contracts.messages import TO_STAFF, TO_STUDENT, Clock, mail, text
from tests.peers.postgresql import PostgresqlServer
from tests.stages.poison import Injector, Point, PoisonedGateway

pytestmark = pytest.mark.slow

STUCK_AFTER = 3
SLIPS = int(os.environ.get("POISON_SLIPS", "12"))
"""Calls that fail in one run of the tests, of those there are. `make poison` tries all, on both stores."""
POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.peer("postgresql"))
REACHED = {
    ("outbox", "mark_published"), ("bus", "publish"), ("transport", "deliver"), ("fetcher", "fetch"),
    ("delivery_queue", "record_outcomes"), ("dispositions", "apply"), ("followups", "complete"), ("lookups", "trace"),
    ("media", "record_result"),
}  # fmt: skip
"""Points that a message passes at least. Others may be found."""
ANSWERED_ANYWAY = {("outbox", "mark_published")}
"""The verdict comes although the place of the record could not be stored, and the item is done."""


def call_for_help(number: int) -> Message:
    """Mail from a student that calls for help: a decision record, an alert and a notice follow."""
    return mail(student=f"S{number}", staff=f"T{number}", direction=TO_STAFF)


def plain_mail(number: int) -> Message:
    """Mail to a student."""
    return mail(student=f"S{number}", staff=f"T{number}", direction=TO_STUDENT)


def picture(number: int) -> Message:
    """A text with a picture, whose URL names the text."""
    made = text(student=f"S{number}", staff=f"T{number}")
    return replace(
        made, envelope=replace(made.envelope, options=("form", "Body", f"MediaUrl=https://x.example/{made.id}"))
    )


KINDS: tuple[Callable[[int], Message], ...] = (call_for_help, plain_mail, picture)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Real waits are short; those of items are of the store's clock, which the harness moves."""
    monkeypatch.setattr(delivery, "_RETRY", 0.01)
    monkeypatch.setattr(work, "FIRST_DELAY", 0.02)
    monkeypatch.setattr(work, "LONGEST_DELAY", 0.05)


@pytest.fixture(scope="module", params=["sqlite", POSTGRESQL] if "POISON_SLIPS" in os.environ else ["sqlite"])
def new_database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], str]:
    """Makes databases without messages and returns their URLs."""
    if request.param == "postgresql":
        server: PostgresqlServer = request.getfixturevalue("postgresql")
        made = server.database()
        upgrade(parse_url(made))
        return partial(server.database, like=made)
    folder = tmp_path_factory.mktemp("empty")
    upgrade(parse_url(f"sqlite:///{folder / 'c.db'}"))
    numbers = itertools.count()
    return lambda: f"sqlite:///{shutil.copy(folder / 'c.db', folder / f'{next(numbers)}.db')}"


async def all_done(gateway: PoisonedGateway, messages: list[Message]) -> bool:
    """Whether every message is sent and nothing follows anymore."""
    for message in messages:
        if await gateway.states(message) != {"sent"}:
            return False
    return not await gateway.due_followups() and not await gateway.stuck()


def copies(gateway: PoisonedGateway, messages: list[Message]) -> dict[str, int]:
    """Of each message, the copies that its recipient got."""
    return {
        message.id: sum(count for (id_, _), count in gateway.transport.copies.items() if id_ == message.id)
        for message in messages
    }


async def dry_run(url: str) -> tuple[dict[Point, Callable[[int], Message]], int]:
    """The points at which a call concerns a message, each with a kind of message that gets there; and all calls."""
    injector, clock = Injector(), Clock()
    async with open_store(url, clock=clock) as store, PoisonedGateway(store, clock, injector, STUCK_AFTER) as gateway:
        messages = [make(number) for number, make in enumerate(KINDS)]
        await gateway.accept(*messages)
        await gateway.until(lambda: all_done(gateway, messages))
        assert copies(gateway, messages) == {message.id: 1 for message in messages}
        kinds = {message.id: make for message, make in zip(messages, KINDS, strict=True)}
        points = {point: kinds[sorted(ids)[0]] for point, ids in injector.points.items() if ids}
        return points, injector.calls


async def poisoned_run(url: str) -> None:
    """One message is poisoned at each point, all in one gateway among others."""
    injector, clock = Injector(), Clock()
    points, _ = await dry_run(f"{url}.dry" if url.startswith("sqlite") else url)
    assert {
        ("outbox", "mark_published"),
        ("bus", "publish"),
        ("transport", "deliver"),
        ("fetcher", "fetch"),
    } <= points.keys()
    assert {
        ("delivery_queue", "record_outcomes"),
        ("dispositions", "apply"),
        ("followups", "complete"),
    } <= points.keys()
    async with open_store(url, clock=clock) as store, PoisonedGateway(store, clock, injector, STUCK_AFTER) as gateway:
        poisoned = {point: make(100 + at) for at, (point, make) in enumerate(points.items())}
        injector.poisons = {point: message.id for point, message in poisoned.items()}
        healthy = [make(200 + at) for at in range(4) for make in KINDS]
        for at, message in enumerate(poisoned.values()):
            await gateway.accept(message, *healthy[at :: len(poisoned)])

        async def healthy_are_done() -> bool:
            return all([await gateway.states(message) == {"sent"} for message in healthy])

        async def poisoned_are_stuck() -> bool:
            ends = {message.id for point, message in poisoned.items() if point not in ANSWERED_ANYWAY}
            return ends <= await gateway.stuck()

        await gateway.until(healthy_are_done)
        await gateway.until(poisoned_are_stuck)
        failed = {
            stage: gateway.registry.get_sample_value("chaperone_work_failures_total", {"stage": stage}) or 0
            for stage in ("publication", "disposition", "delivery", "notification", "media")
        }
        assert all(count >= STUCK_AFTER for count in failed.values()), failed
        injector.poisons = {}
        ids = sorted(await gateway.stuck())
        assert set((await store.queue.retry(ids, {})).changed) == set(ids)
        everybody = [*poisoned.values(), *healthy]

        async def recovered() -> bool:
            await store.queue.retry(sorted(await gateway.stuck()), {})  # a notice may have got stuck a moment later
            return await all_done(gateway, everybody)

        await gateway.until(recovered)
        assert copies(gateway, everybody) == {message.id: 1 for message in everybody}


async def test_poisoned_messages_get_stuck_and_all_others_flow(tmp_path: Path) -> None:
    await poisoned_run(f"sqlite:///{tmp_path}/c.db")


@pytest.mark.peer("postgresql")
async def test_poisoned_messages_get_stuck_on_postgresql(postgresql: PostgresqlServer) -> None:
    await poisoned_run(postgresql.database())


@pytest.mark.parametrize("after", [False, True])
async def test_a_failure_at_any_call_loses_nothing(new_database: Callable[[], str], after: bool) -> None:
    """Each run fails once, at another call, before or after the call was made."""
    url = new_database()
    _, calls = await dry_run(url)
    seed = int(os.environ.get("POISON_SEED", random.randrange(10**6)))
    print(f"POISON_SEED={seed}")
    for at in random.Random(seed).sample(range(calls), min(SLIPS, calls)):
        injector, clock = Injector(), Clock()
        injector.slip_at, injector.slip_after = at, after
        async with (
            open_store(new_database(), clock=clock) as store,
            PoisonedGateway(store, clock, injector, 3) as gateway,
        ):
            messages = [make(number) for number, make in enumerate(KINDS)]
            await gateway.accept(*messages)
            await gateway.until(partial(all_done, gateway, messages))
            sent = copies(gateway, messages)
        allowed = {1, 2} if after else {1}  # after the transport's call the message is sent, and nobody knows
        assert set(sent.values()) <= allowed, f"POISON_SEED={seed}: call {at}"
