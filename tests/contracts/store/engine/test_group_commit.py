"""Group commit: shared transactions, failures, crashes."""

from __future__ import annotations

import asyncio
import gc
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.core.messages.delivery import State
from gateway.core.messages.message import sha256_of
from gateway.core.policy.decision import Transition
from gateway.ports.messages import StoreDown
from gateway.ports.store import Store
from gateway.stages.wakeup import Wakeup
from gateway.store import open_store
from gateway.store.engine.connections import WriteRefused
from gateway.store.engine.dialects import PUBLICATIONS, Database
from gateway.store.engine.group_commit import Write
from tests.contracts.messages import (
    NOON,
    STUDENTS,
    Clock,
    all_sent,
    becomes,
    mail,
)
from tests.peers.postgresql import PostgresqlServer, running_postgresql


async def test_waiting_writes_share_one_transaction(store: Store, clock: Clock) -> None:
    """A transaction reads the store's time once: all of its items have the same."""
    asked = 0

    def ticking() -> float:
        nonlocal asked
        asked += 1
        return NOON + asked

    store.intake._writer._connections._clock = ticking
    messages = [mail(NOON + at) for at in range(50)]
    await asyncio.gather(*(store.intake.accept(message) for message in messages))
    assert asked == 1
    assert len(await store.outbox.claim_unpublished(100, 60)) == 50


async def test_error_of_several_items_is_told_once(store: Store) -> None:
    """The caller gets it. asyncio does not report the others as never seen."""
    reported: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: reported.append(context["message"]))

    def refuse(db: Database, items: Sequence[int]) -> list[None]:
        raise WriteRefused("it cannot be")

    with pytest.raises(WriteRefused):
        await store.intake._writer.write_all(Write(refuse), [1, 2, 3])
    await store.intake.accept(mail())  # the writer lets go of the items before
    gc.collect()
    assert reported == []


async def test_bad_item_fails_alone(store: Store) -> None:
    """The other items of its transaction are written once."""
    good = [mail(NOON + at) for at in range(6)]
    bad = replace(mail(), sha256=None)  # type: ignore[arg-type]  # the column is not nullable
    answers = await asyncio.gather(
        *(store.intake.accept(message) for message in (*good[:3], bad, *good[3:])), return_exceptions=True
    )
    assert [isinstance(answer, WriteRefused) for answer in answers if answer is not None] == [True]
    assert isinstance(answers[3], StoreDown)
    assert [outgoing.message for outgoing in await store.outbox.claim_unpublished(10, 60)] == good
    assert await store.intake.states(bad.id) == {}


async def test_errors_contain_no_values(store: Store) -> None:
    """Errors are logged, and a database may quote the row that it refuses."""
    secret = "very private words"
    with pytest.raises(StoreDown) as caught:
        await store.intake.accept(replace(mail(excerpt=secret), sha256=None))  # type: ignore[arg-type]
    assert secret not in str(caught.value)
    assert caught.value.__suppress_context__


async def test_canceled_write_is_not_written(store: Store) -> None:
    """A relay that was disconnected gave no reply, so its client tries again."""
    entered, go_on = threading.Event(), threading.Event()

    def block(db: Database, items: Sequence[None]) -> list[None]:
        entered.set()
        go_on.wait(30)
        return [None] * len(items)

    blocking = asyncio.create_task(store.intake._writer.write(Write(block), None))
    await asyncio.to_thread(entered.wait, 30)
    kept, dropped = mail(), mail()
    tasks = [asyncio.create_task(store.intake.accept(message)) for message in (kept, dropped)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    go_on.set()
    await asyncio.gather(blocking, *tasks, return_exceptions=True)
    assert await store.intake.states(kept.id) == {"s1@students.example": State.RECEIVED}
    assert await store.intake.states(dropped.id) == {}


async def test_closing_writes_waiting_items(store_url: str, clock: Clock) -> None:
    messages = [mail(NOON + at) for at in range(300)]
    async with open_store(store_url, clock=clock) as store:
        tasks = [asyncio.create_task(store.intake.accept(message)) for message in messages]
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    with pytest.raises(StoreDown):
        await store.intake.accept(mail())
    async with open_store(store_url, clock=clock) as store:
        assert len(await store.outbox.claim_unpublished(1000, 60)) == 300


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[PostgresqlServer]:
    """A server that the test stops."""
    with running_postgresql(tmp_path) as server:
        yield server


@pytest.mark.peer("postgresql")
async def test_store_recovers_from_a_server_outage(own_server: PostgresqlServer) -> None:
    """Every call fails at once while it is down. Afterwards everything works, and no accepted message is lost."""
    async with open_store(own_server.database()) as store:
        before, during, after = mail(), mail(), mail()
        await store.intake.accept(before)
        own_server.stop()
        calls = [
            store.intake.accept(during),
            store.dispositions.apply([(before.id, becomes(State.QUEUED))]),
            store.delivery_queue.claim(STUDENTS, 1, 60),
        ]
        calls += [
            store.lookups.held(),
            store.delivery_queue.next_due(),
            store.intake.waiting_bytes(),
            store.clock.now(),
            store.audit.link(10),
        ]
        async with asyncio.timeout(30):
            answers = await asyncio.gather(*calls, return_exceptions=True)
        assert {isinstance(answer, StoreDown) for answer in answers} == {True}
        own_server.start()
        await store.intake.accept(after)
        assert await store.intake.states(during.id) == {}
        await store.dispositions.apply([(before.id, becomes(State.QUEUED))])
        (claim,) = await store.delivery_queue.claim(STUDENTS, 10, 60)
        own_server.stop()
        own_server.start()
        assert await store.delivery_queue.record_outcomes(
            claim, all_sent(claim), ()
        )  # idle during a restart, so it is not noticed
        assert [outgoing.message.id for outgoing in await store.outbox.claim_unpublished(10, 60)] == [
            before.id,
            after.id,
        ]


CHILD = """
import asyncio, os, sys, time
from dataclasses import replace
from gateway.core.messages.message import new_id
from gateway.store import open_store
from tests.contracts.messages import mail, contact

async def main():
    async with open_store(sys.argv[1]) as store:
        async def keep_accepting(who):
            number = 0
            while True:
                message = mail(time.time(), student=f"S{who}", content=b"%d %d " % (who, number) * 500)
                message = replace(message, id=new_id(message.received_at, os.urandom(10)))
                await store.intake.accept(message, contact(message))
                print(message.id, message.sha256, flush=True)
                number += 1
        await asyncio.gather(*(keep_accepting(who) for who in range(8)))

asyncio.run(main())
"""


def killed_while_accepting(url: str, chance: random.Random, kill: Callable[[], None] | None = None) -> dict[str, str]:
    """Ids and content hashes that a process reported as accepted before it was killed."""
    with subprocess.Popen([sys.executable, "-c", CHILD, url], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(chance.randint(1, 60))]
        time.sleep(chance.random() * 0.05)
        if kill is not None:
            kill()
        child.kill()
        lines += child.stdout.readlines()
    whole = [line.split() for line in lines if line.endswith(b"\n")]
    assert whole
    return {id_.decode(): digest.decode() for id_, digest in whole}


async def all_there(url: str, accepted: dict[str, str]) -> None:
    """Check that every message has all of its rows."""
    async with open_store(url) as store:
        out = {outgoing.message.id: outgoing.message for outgoing in await store.outbox.claim_unpublished(1 << 20, 0)}
        assert set(accepted) <= set(out)
        assert all(out[id_].sha256 == digest == sha256_of(out[id_].content) for id_, digest in accepted.items())
        settled = await store.dispositions.apply([(id_, lambda seen: Transition()) for id_ in out])
        assert all(
            applied is not None and len(applied.pending.contact) == len(applied.pending.recipients) == 1
            for applied in settled
        )


async def test_killed_process_loses_no_accepted_message(store_url: str) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")
    chance, accepted = random.Random(seed), {}
    for _ in range(3):
        accepted |= await asyncio.to_thread(killed_while_accepting, store_url, chance)
        await all_there(store_url, accepted)


@pytest.mark.peer("postgresql")
async def test_killed_server_loses_no_accepted_message(own_server: PostgresqlServer) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")
    url, chance = own_server.database(), random.Random(seed)
    accepted = await asyncio.to_thread(killed_while_accepting, url, chance, own_server.kill)
    own_server.start()
    await all_there(url, accepted)


async def test_failing_claim_does_not_fail_its_transaction(store: Store) -> None:
    """The transaction is repeated without the claim."""
    wakeup = Wakeup()

    def fails(db: Database, items: Sequence[None]) -> list[None]:
        raise WriteRefused("it cannot be")

    write = Write(fails, rank=9)
    with pytest.raises(WriteRefused):
        await store.intake._writer.claim_with(
            write, None, "test", PUBLICATIONS, wakeup, 60
        )  # the first claim runs on its own
    waiting = asyncio.create_task(store.intake._writer.claim_with(write, None, "test", PUBLICATIONS, wakeup, 60))
    await asyncio.sleep(0)
    message = mail()
    await store.intake.accept(message)
    assert await store.intake.states(message.id) == {"s1@students.example": State.RECEIVED}
    with pytest.raises(WriteRefused):  # it was woken to claim on its own
        await waiting


async def test_later_write_joins_a_transaction_or_gets_its_own(store: Store) -> None:
    counted = Counted(store)
    messages = [mail(), mail()]
    await store.intake.accept(messages[0])
    await store.outbox.claim_unpublished(10, 60)
    counted.begin()
    await asyncio.gather(
        store.outbox.mark_published({messages[0].id: "messages-3-77"}), store.intake.accept(messages[1])
    )
    assert counted.transactions == 1
    await store.outbox.mark_published({messages[1].id: "messages-3-78"})
    assert counted.transactions == 2
    assert (await store.lookups.backlog()).unpublished == 0


class Counted:
    """Counts the transactions of a store from now on."""

    def __init__(self, store: Store) -> None:
        self.transactions = 0
        connections = store.intake._writer._connections
        self._transaction = connections.transaction
        connections.transaction = self._one  # type: ignore[method-assign]

    def begin(self) -> None:
        self.transactions = 0

    def _one(self, work):  # type: ignore[no-untyped-def]
        self.transactions += 1
        return self._transaction(work)
