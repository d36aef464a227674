"""What the store says is written is written: in groups, through failures of one, outages of the server, and kill -9."""

from __future__ import annotations

import asyncio
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
from gateway.store import open_store
from gateway.store.engine.connections import WriteRefused
from gateway.store.engine.dialects import Database
from gateway.store.engine.group_commit import Write
from tests.contracts.messages import NOON, STUDENTS, Clock, all_sent, becomes, mail
from tests.peers.postgresql import PostgresqlServer, running_postgresql


async def test_what_waits_is_written_in_one_transaction(store: Store, clock: Clock) -> None:
    """Each asks the store's time once: all of a group have the same."""
    asked = 0

    def ticking() -> float:
        nonlocal asked
        asked += 1
        return NOON + asked

    store.intake._writer._connections._clock = ticking
    messages = [mail(NOON + at) for at in range(50)]
    await asyncio.gather(*(store.intake.accept(each) for each in messages))
    assert asked == 1
    assert len(await store.outbox.claim_unpublished(100, 60)) == 50


async def test_a_bad_item_fails_alone(store: Store) -> None:
    """The others of its transaction are written, and once."""
    good = [mail(NOON + at) for at in range(6)]
    bad = replace(mail(), sha256=None)  # type: ignore[arg-type]  # a column that takes no null
    answers = await asyncio.gather(
        *(store.intake.accept(each) for each in (*good[:3], bad, *good[3:])), return_exceptions=True
    )
    assert [type(each) for each in answers if each is not None] == [WriteRefused]
    assert isinstance(answers[3], StoreDown)
    assert [each.message for each in await store.outbox.claim_unpublished(10, 60)] == good
    assert await store.intake.states(bad.id) == {}


async def test_errors_hold_no_values(store: Store) -> None:
    """They are logged: a database may quote the row that it refuses."""
    secret = "very private words"
    with pytest.raises(StoreDown) as caught:
        await store.intake.accept(replace(mail(excerpt=secret), sha256=None))  # type: ignore[arg-type]
    assert secret not in str(caught.value)
    assert caught.value.__suppress_context__


async def test_who_gave_up_before_the_write_is_not_written(store: Store) -> None:
    """A relay that was cut off answered nothing: its client will come again."""
    entered, go_on = threading.Event(), threading.Event()

    def block(db: Database, items: Sequence[None]) -> list[None]:
        entered.set()
        go_on.wait(30)
        return [None] * len(items)

    blocking = asyncio.create_task(store.intake._writer.write(Write(block), None))
    await asyncio.to_thread(entered.wait, 30)
    kept, dropped = mail(), mail()
    tasks = [asyncio.create_task(store.intake.accept(each)) for each in (kept, dropped)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    go_on.set()
    await asyncio.gather(blocking, *tasks, return_exceptions=True)
    assert await store.intake.states(kept.id) == {"s1@students.example": State.RECEIVED}
    assert await store.intake.states(dropped.id) == {}


async def test_closing_writes_what_waits(store_url: str, clock: Clock) -> None:
    messages = [mail(NOON + at) for at in range(300)]
    async with open_store(store_url, clock=clock) as store:
        tasks = [asyncio.create_task(store.intake.accept(each)) for each in messages]
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    with pytest.raises(StoreDown):
        await store.intake.accept(mail())
    async with open_store(store_url, clock=clock) as store:
        assert len(await store.outbox.claim_unpublished(1000, 60)) == 300


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[PostgresqlServer]:
    """A server that the test may stop."""
    with running_postgresql(tmp_path) as server:
        yield server


@pytest.mark.peer("postgresql")
async def test_an_outage_of_the_server_ends_with_it(own_server: PostgresqlServer) -> None:
    """Down is said at once and for everything; back again nothing has to be done; nothing accepted is lost."""
    async with open_store(own_server.database()) as store:
        before, during, after = mail(), mail(), mail()
        await store.intake.accept(before)
        own_server.stop()
        calls = [store.intake.accept(during), store.dispositions.apply([(before.id, becomes(State.QUEUED))]), store.delivery_queue.claim(STUDENTS, 1, 60)]
        calls += [store.lookups.held(), store.delivery_queue.next_due(), store.intake.waiting_bytes(), store.clock.now(), store.audit.link(10)]
        async with asyncio.timeout(30):
            answers = await asyncio.gather(*calls, return_exceptions=True)
        assert {isinstance(each, StoreDown) for each in answers} == {True}
        own_server.start()
        await store.intake.accept(after)
        assert await store.intake.states(during.id) == {}
        await store.dispositions.apply([(before.id, becomes(State.QUEUED))])
        (claim,) = await store.delivery_queue.claim(STUDENTS, 10, 60)
        own_server.stop()
        own_server.start()
        assert await store.delivery_queue.record_outcomes(claim, all_sent(claim), ())  # idle through a restart: nobody notices
        assert [each.message.id for each in await store.outbox.claim_unpublished(10, 60)] == [before.id, after.id]


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
    """What a process said it accepted until it was killed: ids with the sha256 of the content."""
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
    """Whether everything is there, with all of its rows, and nothing by halves."""
    async with open_store(url) as store:
        out = {each.message.id: each.message for each in await store.outbox.claim_unpublished(1 << 20, 0)}
        assert set(accepted) <= set(out)
        assert all(out[id_].sha256 == digest == sha256_of(out[id_].content) for id_, digest in accepted.items())
        settled = await store.dispositions.apply([(id_, lambda seen: Transition()) for id_ in out])
        assert all(
            each is not None and len(each.pending.contact) == len(each.pending.recipients) == 1 for each in settled
        )


async def test_nothing_accepted_is_lost_by_a_killed_process(store_url: str) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")
    chance, accepted = random.Random(seed), {}
    for _ in range(3):
        accepted |= await asyncio.to_thread(killed_while_accepting, store_url, chance)
        await all_there(store_url, accepted)


@pytest.mark.peer("postgresql")
async def test_nothing_accepted_is_lost_by_a_killed_server(own_server: PostgresqlServer) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")
    url, chance = own_server.database(), random.Random(seed)
    accepted = await asyncio.to_thread(killed_while_accepting, url, chance, own_server.kill)
    own_server.start()
    await all_there(url, accepted)
