"""The history of a pair up to a message, against a recount from the messages."""

from __future__ import annotations

import random
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from gateway.core.contact.calendar import NightHours, local_minute
from gateway.core.contact.history import SIX_WEEKS, WEEK
from gateway.core.messages.conversation import conversation_id
from gateway.core.messages.delivery import State
from gateway.core.policy.decision import PendingMessage, Transition
from gateway.ports.contact import LogRules
from gateway.ports.store import Store
from tests.contracts.contact_log import CHICAGO, DAY, PAIR, histories, log_rows, outside
from tests.contracts.messages import NOON, TO_STAFF, TO_STUDENT, becomes, mail, verdict_on


@pytest.mark.parametrize("seed", range(3))
async def test_histories_are_those_of_a_recount(store: Store, seed: int) -> None:
    """In any order of acceptance, with redelivered messages, and in any order of decisions."""
    chance = random.Random(seed)
    messages = []
    for _ in range(80):
        at = NOON - chance.choice([0.5, 3, 10, 50]) * DAY * chance.random()
        message = mail(
            float(int(at)), staff=chance.choice(["T1", "T2"]), student=chance.choice(["S1", "S2"]),
            direction=chance.choice([TO_STUDENT, TO_STAFF]),
            others=chance.choice([(), (), ("parent@home.example",)]),
        )  # fmt: skip
        messages.append(outside(message) if chance.random() < 0.3 else message)
    accepted = [*messages, *chance.sample(messages, 10)]
    chance.shuffle(accepted)
    for message in accepted:
        await store.intake.accept(message, log_rows(message))
    asked = chance.sample(messages, 30)
    found = await histories(store, *asked)
    for message, by_pair in zip(asked, found, strict=True):
        (pair,) = message.relation.pairs
        here = (message.received_at, message.id)
        earlier = sorted(
            (
                other for other in messages
                if (other.relation.pairs[0].staff, other.relation.pairs[0].student) == (pair.staff, pair.student)
                and (other.received_at, other.id) <= here
            ),
            key=lambda other: (other.received_at, other.id),
        )  # fmt: skip
        history = by_pair[conversation_id(pair.staff, pair.student)]
        assert history.week_total == sum(other.received_at > here[0] - WEEK for other in earlier)
        own = log_rows(message)[0]
        counted = [
            (other.received_at, local_minute(other.received_at, CHICAGO), row.alone, row.outside)
            for other in earlier
            for row in log_rows(other)
            if (row.alone or row.outside) and other.received_at > here[0] - SIX_WEEKS
        ]
        shown = [(row.at, row.local, row.alone, row.outside) for row in history.rows]
        assert shown == (counted if own.alone or own.outside else [])


async def test_students_of_the_writing_staff_member_are_counted(store: Store) -> None:
    """Within the hour, from any address; not students who wrote to them."""
    for student, at, direction in (
        ("S2", NOON - 3599, TO_STUDENT),
        ("S2", NOON - 3000, TO_STUDENT),
        ("S3", NOON - 3601, TO_STUDENT),
        ("S4", NOON - 5, TO_STAFF),
        ("S5", NOON - 5, TO_STUDENT),
    ):
        message = mail(at, student=student, direction=direction, sender=f"{at}@x.example")
        await store.intake.accept(message, log_rows(message))
    message, answer = mail(NOON), mail(NOON, direction=TO_STAFF)
    for other in (message, answer):
        await store.intake.accept(other, log_rows(other))
    of_message, of_answer = [found[PAIR].rates for found in await histories(store, message, answer)]
    assert (of_message.readers_hour, of_message.by_staff) == (3, True)
    assert (of_answer.readers_hour, of_answer.by_staff) == (1, False)


async def test_copies_of_a_student_are_counted(store: Store) -> None:
    words = "There is a bomb in the gym, everybody must leave at noon, {}"
    for number in range(1, 6):
        message = mail(
            NOON + 60 * number, staff=f"T{number}", direction=TO_STAFF, sender="s1@students.example",
            excerpt=words.format(f"Mr {number}"),
        )  # fmt: skip
        await store.intake.accept(message, log_rows(message))
    other = mail(NOON + 400, staff="T9", direction=TO_STAFF, sender="s1@students.example", excerpt="When is the test?")
    await store.intake.accept(other, log_rows(other))
    (copied,), (single,) = [tuple(found.values()) for found in await histories(store, message, other)]
    assert (copied.rates.copies, copied.rates.copy_readers, copied.rates.copies_since) == (5, 5, NOON + 60)
    assert (single.rates.copies, single.rates.readers_hour) == (1, 6)
    assert not copied.rates.outsider


async def test_short_answers_are_no_copies(store: Store) -> None:
    for number in range(9):
        message = mail(NOON + number, direction=TO_STAFF, sender="s1@students.example", excerpt="ok thanks")
        await store.intake.accept(message, log_rows(message))
    (found,) = await histories(store, message)
    assert found[PAIR].rates.copies == 0


async def test_who_is_only_claimed_is_counted_by_address(store: Store) -> None:
    for student in ("S1", "S2", "S3"):
        message = outside(mail(NOON, student=student, sender="Ann.Lee@Mail.example"), claimed=True)
        await store.intake.accept(message, log_rows(message))
    (found,) = await histories(store, message)
    rates = found[conversation_id("T1", "S3")].rates
    assert (rates.readers_hour, rates.by_staff, rates.outsider) == (3, True, True)


async def test_students_of_an_outsider_are_those_of_a_week(store: Store) -> None:
    for day, student in ((0, "S1"), (5, "S2"), (9, "S1"), (9, "S3")):
        await store.directory_accounts.count_students("x@out.example", [student], NOON + day * DAY, WEEK)
    figures = []
    for day, student in ((5, "S2"), (9, "S3")):  # the envelope sender need not be the author
        message = mail(NOON + day * DAY, staff="outside:x@out.example", student=student, sender="b1@mailer.example")
        message = outside(message, claimed=True)
        await store.intake.accept(message, log_rows(message))
        (found,) = await histories(store, message)
        (history,) = found.values()
        figures.append((history.rates.students, history.rates.students_since))
    assert figures == [(2, NOON), (3, NOON + 5 * DAY)]


async def test_the_purpose_of_a_message_is_known_after_its_verdict(store: Store) -> None:
    first, second = mail(NOON), mail(NOON + 60)
    for message in (first, second):
        await store.intake.accept(message, log_rows(message))

    def read(pending: PendingMessage) -> Transition:
        return replace(becomes(State.QUEUED)(pending), verdict=verdict_on(first))

    await store.dispositions.apply([(first.id, read)])
    (found,) = await histories(store, second)
    assert [row.purpose for row in found[PAIR].rows] == ["personal", ""]


async def test_a_rebuilt_log_is_the_same(store: Store) -> None:
    rules = LogRules(CHICAGO, NightHours())
    messages = [outside(mail(NOON + number, excerpt="Please use my school account.")) for number in range(5)]
    messages.append(mail(NOON + 9, others=["x@home.example"], direction=TO_STAFF))
    for message in messages:
        await store.intake.accept(message, log_rows(message))
    before = await histories(store, *messages)
    assert await store.contact.rebuild(rules, "", 0.0, 100) == (messages[-1].id, 6, 0)
    other_zone = LogRules(ZoneInfo("America/New_York"), NightHours())
    last, read, changed = await store.contact.rebuild(other_zone, "", 0.0, 4)
    assert (last, read, changed) == (messages[3].id, 4, 4)
    assert await store.contact.rebuild(rules, "", 0.0, 100) == (messages[-1].id, 6, 4)
    assert await store.contact.rebuild(rules, messages[-1].id, 0.0, 100) == ("", 0, 0)
    assert await histories(store, *messages) == before
