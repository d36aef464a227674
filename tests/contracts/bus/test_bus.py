"""What every bus does, on the real broker and on its in-process twin."""

from __future__ import annotations

import asyncio
import hashlib
import time

import pytest

from gateway.ports.bus import Bus, Record, RecordPosition
from tests.contracts.records import WITHIN, nothing_more, numbered, taken, values


async def test_records_of_one_key_keep_their_order(bus: Bus) -> None:
    sent = numbered(200, keys=9)
    for start in range(0, 200, 10):
        await bus.publish(sent[start : start + 10])
    async with bus.subscribe("messages", "readers") as member:
        came = await taken(member, 200)
    assert sorted(values(came)) == list(range(200))
    for key in {record.key for record in sent}:
        of_key = [record for record in came if record.key == key]
        assert values(of_key) == sorted(values(of_key))
        assert len({record.partition for record in of_key}) == 1
    assert len({record.partition for record in came}) > 1


async def test_record_is_read_as_published(bus: Bus) -> None:
    headers = (("topic", b"messages"), ("chaperone", b'{"v":1}'), ("chaperone", b"\x00\xff"), ("empty", b""))
    await bus.publish([Record("dead-letters", b"\x00key", b"\r\n\x00\xff", headers), Record("dead-letters", b"", b"")])
    async with bus.subscribe("dead-letters", "readers") as member:
        came = sorted(await taken(member, 2), key=lambda record: record.key)
    assert (came[0].key, came[0].value, came[0].headers) == (b"", b"", ())
    assert (came[1].key, came[1].value, came[1].headers) == (b"\x00key", b"\r\n\x00\xff", headers)
    assert [record.topic for record in came] == ["dead-letters"] * 2
    assert all(record.partition >= 0 and record.offset >= 0 for record in came)


async def test_every_group_gets_every_record(bus: Bus) -> None:
    await bus.publish(numbered(20))
    async with bus.subscribe("messages", "one") as one, bus.subscribe("messages", "two", linger=0.1) as two:
        assert sorted(values(await taken(one, 20))) == list(range(20))
        assert sorted(values(await taken(two, 20))) == list(range(20))
        await nothing_more(one)
        await bus.publish(numbered(3, first=20))
        assert sorted(values(await taken(two, 3))) == [20, 21, 22]


async def test_topics_do_not_mix(bus: Bus) -> None:
    await bus.publish([*numbered(3, topic="messages"), *numbered(3, topic="verdicts", first=10)])
    async with bus.subscribe("verdicts", "readers") as member:
        assert sorted(values(await taken(member, 3))) == [10, 11, 12]
        await nothing_more(member)


async def test_committed_records_do_not_come_again(bus: Bus) -> None:
    await bus.publish(numbered(10))
    async with bus.subscribe("messages", "readers") as member:
        await taken(member, 10)
    await bus.publish(numbered(5, first=10))
    async with bus.subscribe("messages", "readers") as member:
        assert sorted(values(await taken(member, 5))) == [10, 11, 12, 13, 14]
        await nothing_more(member)


async def test_uncommitted_records_come_again(bus: Bus) -> None:
    await bus.publish(numbered(20))
    async with bus.subscribe("messages", "readers") as member:
        first = await taken(member, 8, commit=True)
        await taken(member, 7, commit=False)
    async with bus.subscribe("messages", "readers") as member:
        rest = await taken(member, 12)
        await nothing_more(member)
    assert sorted(values(first) + values(rest)) == list(range(20))


async def test_rewind_goes_back_to_the_last_commit(bus: Bus) -> None:
    await bus.publish(numbered(12))
    async with bus.subscribe("messages", "readers") as member:
        before = await taken(member, 5, commit=False)
        await member.rewind()
        again = await taken(member, 12, commit=False)
        assert set(values(before)) < set(values(again))
        await member.commit()
        await bus.publish(numbered(4, first=12))
        once = await taken(member, 4, commit=False)
        await member.rewind()
        assert sorted(values(await taken(member, 4))) == sorted(values(once)) == [12, 13, 14, 15]
        await nothing_more(member)


async def test_commit_after_a_rewind_commits_nothing(bus: Bus) -> None:
    await bus.publish(numbered(6))
    async with bus.subscribe("messages", "readers") as member:
        await taken(member, 6, commit=False)
        await member.rewind()
        await member.commit()
    async with bus.subscribe("messages", "readers") as member:
        assert sorted(values(await taken(member, 6))) == list(range(6))


async def test_members_share_the_partitions(bus: Bus) -> None:
    async with bus.subscribe("messages", "readers") as one, bus.subscribe("messages", "readers") as two:
        seen: dict[int, set[int]] = {1: set(), 2: set()}
        end, number = time.monotonic() + WITHIN, 0
        while not (seen[1] and seen[2]):
            assert time.monotonic() < end, "one of two members got nothing"
            await bus.publish(numbered(14, keys=14, first=number))
            number += 14
            for who, member in ((1, one), (2, two)):
                seen[who] |= {record.partition for record in await member.batch(50, 0.2)}
                await member.commit()


async def test_leaving_member_loses_nothing(bus: Bus) -> None:
    published = 0
    done: set[int] = set()
    left, finished = asyncio.Event(), asyncio.Event()

    async def publish_on() -> None:
        nonlocal published
        more = 5  # batches after the other member has left
        while more:
            await bus.publish(numbered(20, keys=40, first=published))
            published += 20
            await asyncio.sleep(0.01)
            more -= left.is_set()
        finished.set()

    async def stay() -> None:
        async with bus.subscribe("messages", "readers") as member:
            while not (finished.is_set() and len(done) == published):
                batch = await member.batch(16, 0.1)
                await asyncio.sleep(0.005)
                done.update(values(batch))
                await member.commit()

    async def leave() -> None:
        async with bus.subscribe("messages", "readers") as member:
            for _ in range(3):
                done.update(values(await taken(member, 10)))
            await taken(member, 10, commit=False)  # taken, and not committed
        left.set()

    async with asyncio.timeout(2 * WITHIN), asyncio.TaskGroup() as tasks:
        for item in (publish_on(), stay(), leave()):
            tasks.create_task(item)
    assert done == set(range(published))


async def test_commit_of_a_lost_partition_is_left_to_its_new_owner(bus: Bus) -> None:
    await bus.publish(numbered(30, keys=30))
    async with bus.subscribe("messages", "readers") as one:
        await taken(one, 30, commit=False)
        async with bus.subscribe("messages", "readers") as two:
            got: set[int] = set()
            end = time.monotonic() + WITHIN
            while not got:  # the rebalance gives it some partitions, from the last commit: the beginning
                assert time.monotonic() < end, "the second member never got a record"
                got |= set(values(await two.batch(100, 0.2)))
                await one.batch(1, 0.1)
            await one.commit()
        # it left without a commit, so its records come again, to the member that committed too late
        again: set[int] = set()
        end = time.monotonic() + WITHIN
        while not got <= again:
            assert time.monotonic() < end, "records were committed by a member that had lost them"
            again |= set(values(await one.batch(100, 0.2)))


async def test_batch_respects_limit_and_wait(bus: Bus) -> None:
    await bus.publish(numbered(30))
    async with bus.subscribe("messages", "readers") as member:
        await taken(member, 1)
        assert 0 < len(await member.batch(4, 5.0)) <= 4
        await taken(member, 25)
        start = time.monotonic()
        assert await member.batch(10, 0.3) == []
        assert time.monotonic() - start > 0.25


async def test_waiting_batch_ends_when_a_record_comes(bus: Bus) -> None:
    async with bus.subscribe("messages", "readers") as member:
        await bus.publish(numbered(1))
        await taken(member, 1)
        waiting = asyncio.create_task(member.batch(10, 600.0))
        await asyncio.sleep(0)
        await bus.publish(numbered(1, first=1))
        async with asyncio.timeout(60):
            assert values(await waiting) == [1]


async def test_record_of_thirty_megabytes(bus: Bus) -> None:
    content = hashlib.sha256(b"seed").digest() * (30 * 1_000_000 // 32)
    (place,) = await bus.publish([Record("messages", b"k", content, (("chaperone", b"{}"),))])
    assert place
    async with bus.subscribe("messages", "readers") as member:
        (record,) = await taken(member, 1)
    assert record.value == content


async def test_position_of_a_record(bus: Bus) -> None:
    places = await bus.publish(numbered(3, keys=1))
    assert all(places)
    named = [place for place in places if place]
    assert await bus.positions("messages", "readers", named) == [RecordPosition.AHEAD] * 3
    async with bus.subscribe("messages", "readers") as member:
        await taken(member, 2)
        assert await bus.positions("messages", "readers", named) == [RecordPosition.PASSED] * 2 + [RecordPosition.AHEAD]
        await taken(member, 1)
    assert await bus.positions("messages", "readers", [named[2], named[0]]) == [RecordPosition.PASSED] * 2
    assert await bus.positions("messages", "others", named) == [RecordPosition.AHEAD] * 3
    assert await bus.positions("messages", "readers", []) == []


async def test_unknown_place_is_gone(bus: Bus) -> None:
    (place,) = await bus.publish(numbered(1))
    assert place
    epoch, partition, offset = place.split(":")
    strange = [
        f"another-life:{partition}:{offset}",
        f"{epoch}:{partition}:{int(offset) + 1}",
        f"{epoch}:4711:0",
        "no place",
        "",
    ]
    assert await bus.positions("messages", "readers", [*strange, place]) == [RecordPosition.GONE] * 5 + [
        RecordPosition.AHEAD
    ]


async def test_lag_counts_uncommitted_records(bus: Bus) -> None:
    await bus.publish(numbered(9))
    async with bus.subscribe("messages", "readers") as member:
        await taken(member, 4)
        assert await member.lag() == 5
        await taken(member, 5, commit=False)
        assert await member.lag() == 5
        await member.commit()
        assert await member.lag() == 0
        await bus.publish(numbered(2))
        await taken(member, 2, commit=False)
        assert await member.lag() == 2


async def test_publishing_nothing(bus: Bus) -> None:
    assert await bus.publish([]) == []


async def test_unknown_topic_is_named(bus: Bus) -> None:
    with pytest.raises(ValueError, match="no topic 'mesages'"):
        await bus.publish([Record("mesages", b"", b"")])
    with pytest.raises(ValueError, match="no topic 'mesages'"):
        await bus.positions("mesages", "readers", ["x"])


async def test_connected_bus_says_so(bus: Bus) -> None:
    await bus.publish(numbered(1))
    assert bus.connected()
