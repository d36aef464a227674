"""What is usual in a week, by staff member and school, and findings of a pair."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from statistics import median

from gateway.core.contact.calendar import local_minute, week_of
from gateway.core.contact.history import Usual
from gateway.core.messages.conversation import conversation_id
from gateway.core.messages.delivery import State
from gateway.core.policy.decision import ContactNote
from gateway.ports.store import Store
from tests.contracts.contact_log import CHICAGO, DAY, PAIR, histories, log_rows
from tests.contracts.messages import NOON, becomes, decision, mail

WEEK_NUMBER = week_of(local_minute(NOON, CHICAGO))


def schools(staff: str) -> tuple[str, ...]:
    """Two teachers of one school, and one of another."""
    return ("north",) if staff in ("T1", "T2") else ("south",)


async def test_usual_is_the_median_of_pair_weeks(store: Store) -> None:
    chance = random.Random(5)
    counted: Counter[tuple[str, str, int]] = Counter()
    for _ in range(150):
        at = NOON - 7 * DAY * chance.choice([0.2, 1, 2, 3, 4, 5, 6, 9]) - 60 * chance.randrange(300)
        message = mail(at, staff=chance.choice(["T1", "T2", "T3"]), student=chance.choice(["S1", "S2"]))
        await store.intake.accept(message, log_rows(message))
        week = week_of(local_minute(at, CHICAGO))
        if WEEK_NUMBER - 6 <= week < WEEK_NUMBER:
            counted[message.relation.pairs[0].staff, message.relation.pairs[0].student, week] += 1
    message = mail(NOON)
    await store.intake.accept(message, log_rows(message))
    assert await store.contact.update_usual(WEEK_NUMBER, schools)
    assert not await store.contact.update_usual(WEEK_NUMBER, schools)  # once a week
    (found,) = await histories(store, message)
    usual = found[PAIR].usual
    own = [number for (staff, _, _), number in counted.items() if staff == "T1"]
    school = [number for (staff, _, _), number in counted.items() if staff in ("T1", "T2")]
    assert usual is not None
    assert (usual.weeks, usual.median) == (len(own), median(own))
    assert (usual.school_weeks, usual.school_median) == (len(school), median(school))
    assert min(own) <= usual.high <= max(own)


async def test_usual_of_a_later_week_is_not_used(store: Store) -> None:
    message = mail(NOON)
    await store.intake.accept(message, log_rows(message))
    await store.contact.update_usual(WEEK_NUMBER + 1, schools)
    assert (await histories(store, message))[0][PAIR].usual is None
    await store.contact.update_usual(WEEK_NUMBER, schools)
    assert (await histories(store, message))[0][PAIR].usual is None  # nothing was written before this week
    later = mail(NOON + 7 * DAY)
    await store.intake.accept(later, log_rows(later))
    assert (await histories(store, later))[0][PAIR].usual == Usual(1, 1.0, 1.0, 1, 1.0, 1.0)
    await store.contact.forget_usual()
    assert (await histories(store, later))[0][PAIR].usual is None


async def test_findings_stay_with_their_pair_and_message(store: Store) -> None:
    message = mail(NOON)
    await store.intake.accept(message, log_rows(message))
    notes = (
        ContactNote("5", "day", "26th one-to-one message in 24 hours", PAIR),
        ContactNote("5", "moved", "agreed to move; moved", PAIR, flags=False),
    )
    says = replace(decision(), notes=notes)
    for _ in range(2):  # the second changes nothing
        await store.dispositions.apply([(message.id, becomes(State.QUEUED, says))])
    found = await store.contact.findings_of(message.id)
    assert [(item.clause, item.limit, item.text, item.flags) for item in found] == [
        ("5", "day", "26th one-to-one message in 24 hours", True), ("5", "moved", "agreed to move; moved", False)
    ]  # fmt: skip
    pair = await store.contact.pair("T1", "S1", NOON - 1)
    assert (pair.findings, len(pair.rows), pair.total) == (tuple(found), 1, 1)
    assert (await store.contact.pair("T1", "S1", NOON + 1)).findings == ()
    assert conversation_id("T1", "S1") == PAIR
