"""The index of the queue gives the same answers as a filter over every message, whatever was added or removed."""

from __future__ import annotations

import random
from dataclasses import replace

from gateway.console.queue.cache import HeldQueue, build_entry
from gateway.console.queue.index import QueueEntry, QueueFilter, QueueIndex
from gateway.core.cases.case import Assignment
from gateway.core.channels.registry import CHANNELS
from gateway.core.messages.parties import Direction, Pair, Relation
from gateway.core.policy.decision import AuditEntry
from gateway.core.review.near_duplicates import NearDuplicateGroups
from gateway.core.review.views import HeldMessage
from tests.console.district import HELD, MESSAGES, roster, staff_address, student_address
from tests.console.running_console import RunningConsole

PEOPLE = roster()
NOW = 1_900_000_000.0
SENDERS = {"peter.lindgren": "s-06", "carolann.pruitt": "s-11", "ben.castellan": "s-13"}
PUPILS = {"maya.lindqvist": "k-02", "nadia.petrakis": "k-19", "ruby.lang": "k-39"}


def _held(dice: random.Random, number: int) -> HeldMessage:
    sender, pupil = dice.choice(list(SENDERS)), dice.choice(list(PUPILS))
    to = student_address(pupil)
    return HeldMessage(
        id=f"{number:05}", channel=dice.choice(list(CHANNELS)), direction=dice.choice(list(Direction)),
        sender=staff_address(sender), recipients=(to,), received_at=NOW - dice.random() * 3 * 86400,
        due_at=dice.choice((None, NOW + dice.randint(-5, 5) * 3600.0)),
        clauses=tuple(dice.sample(("1", "4", "7a"), dice.randint(0, 2))), reasons=("no_verdict",),
        subject=dice.choice(("lab", "essay")), excerpt=dice.choice(("one two three", "four five six")),
        relation=Relation((Pair(to, SENDERS[sender], PUPILS[pupil], Direction.STAFF_TO_STUDENT),)),
    )  # fmt: skip


def _filter(dice: random.Random) -> QueueFilter:
    chosen = {
        "building": dice.choice(("", "o-high", "o-middle", "nothing")), "clause": dice.choice(("", "7a", "no_verdict")),
        "channel": dice.choice(("", "sms")), "age": dice.choice(("", "today", "older", "overdue")),
        "state": dice.choice(("", "free", "mine")),
    }  # fmt: skip
    own = dice.choice((None, frozenset({"o-high"}), frozenset({"o-district"})))
    return QueueFilter(
        NOW, own, lambda holder, second: frozenset({"free"}), chosen, dice.choice(((), ("lab",), ("lab", "two")))
    )


def _filter_slowly(entries: list[QueueEntry], asked: QueueFilter) -> list[str]:
    found = []
    for entry in sorted(entries, key=lambda item: (item.message.due_at or float("inf"), item.message.id)):
        held = entry.message
        ages = {"older" if NOW - held.received_at > 86400 else "today"}
        ages |= {"overdue"} if held.due_at is not None and held.due_at < NOW else set()
        values = {
            "building": entry.buildings, "clause": set(held.clauses or held.reasons), "channel": {held.channel},
            "age": ages, "state": {"free"},
        }  # fmt: skip
        own = asked.buildings is None or asked.buildings & entry.scope
        if own:
            found.append((entry, values))
    known = {name: set().union(*(values[name] for _, values in found)) for name in asked.chosen} if found else {}
    return [
        entry.message.id
        for entry, values in found
        if all(value in values[name] for name, value in asked.chosen.items() if value in known[name])
        and all(word in entry.text for word in asked.words)
    ]


def test_index_equals_a_slow_filter() -> None:
    dice, mailings, index, entries = random.Random(4), NearDuplicateGroups(), QueueIndex(), dict[str, QueueEntry]()
    for step in range(1500):
        number = dice.randrange(600)
        if dice.random() < 0.3:
            index.drop(f"{number:05}")
            entries.pop(f"{number:05}", None)
        else:
            entry = build_entry(_held(dice, number), PEOPLE, mailings)
            index.put(entry)
            entries[entry.message.id] = entry
        if step % 30:
            continue
        asked = _filter(dice)
        wanted, narrowed = _filter_slowly(list(entries.values()), asked), index.narrow(asked, 10_000)
        assert narrowed.matching == len(wanted)
        assert sum(1 + more for _, more in narrowed.items) == len(wanted)
        firsts: dict[int, str] = {}
        for id_ in wanted:
            firsts.setdefault(entries[id_].duplicates, id_)
        assert [item.message.id for item, _ in narrowed.items] == list(firsts.values())
        assert len(index) == len(entries)
        assert [entry.message.id for entry in QueueIndex(entries.values()).entries()] == [
            entry.message.id for entry in index.entries()
        ]


async def test_cache_follows_the_store(console: RunningConsole) -> None:
    queue = HeldQueue(console.store.lookups, console.store.lists, console.store.claims, console.people)
    index = await queue.index()
    assert {entry.message.id for entry in index.entries()} == {console.id(name) for name in HELD}
    new = await console.add_message(replace(MESSAGES["high"], subject="Another"))
    async with console.api_client("director") as director:
        await director.post(f"/api/v1/messages/{console.id('high')}/release", json={"reason": ""})
    act = AuditEntry(console.clock(), "director", "taken", console.id("text"))
    await console.store.claims.assign(
        console.id("text"), Assignment("director", "director", console.clock()), None, act
    )
    assert await queue.index() is index  # updated in place
    assert {entry.message.id for entry in index.entries()} == {
        console.id(message) for message in HELD if message != "high"
    } | {new.id}
    entry = await queue.entry(console.id("text"))
    assert entry is not None
    assert entry.review.assignment is not None
    assert entry.review.assignment.user == "director"
