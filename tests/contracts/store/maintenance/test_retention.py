"""Retention."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import psycopg
import pytest

from gateway.core.cases.case import LegalHold
from gateway.core.messages.conversation import conversation_id
from gateway.core.messages.delivery import Bounced, State
from gateway.core.messages.followup import Followup
from gateway.core.messages.message import Message
from gateway.core.policy.decision import Action, AuditEntry, StateChange, Transition
from gateway.ports.store import Store
from gateway.store.maintenance.retention import BATCH_SIZE, KEPT_CHANGES
from tests.contracts.messages import (
    NOON,
    REST,
    STUDENTS,
    Clock,
    all_sent,
    becomes,
    contact,
    decision,
    mail,
    ours,
    verdict_on,
)

DAY = 86400.0
DELIVERED, DECIDED = 30 * DAY, 365 * DAY


async def delivered(store: Store, message: Message, action: Action = Action.RELEASE) -> None:
    """Accept, decide and deliver a message."""
    await store.intake.accept(message, contact(message))
    rule = becomes(State.QUEUED, decision(action))
    await store.dispositions.apply([(message.id, lambda seen: replace(rule(seen), verdict=verdict_on(message)))])
    await send(store)


async def send(store: Store) -> None:
    """Deliver everything that is due."""
    for hop in (STUDENTS, REST):
        for claim in await store.delivery_queue.claim(hop, 100, 60):
            await store.delivery_queue.record_outcomes(claim, all_sent(claim), ())


async def follow_up(store: Store) -> None:
    """Do everything that follows."""
    while due := await store.followups.claim_due(100, 60):
        await store.followups.complete([followup.id for followup in due if isinstance(followup, Followup)])


async def has_content(store: Store, message: Message) -> bool:
    """Whether a message still has its content, subject and excerpt."""
    explained = await store.lookups.detail(message.id)
    assert explained is not None
    return bool(explained.content)


def write(url: str, statement: str) -> None:
    """Change the database directly."""
    if url.startswith("sqlite"):
        with sqlite3.connect(url.removeprefix("sqlite:///")) as file:
            file.execute(statement)
        file.close()
    else:
        with psycopg.connect(url) as server:
            server.execute(statement)  # type: ignore[call-overload]


async def test_delivered_content_expires_after_its_period(store: Store, clock: Clock) -> None:
    """States, decision and trace stay."""
    message = mail()
    await delivered(store, message)
    clock.now += DELIVERED - 1
    assert await store.retention.expire(DELIVERED, DECIDED, 100) == 0
    assert await has_content(store, message)
    clock.now += 1
    assert await store.retention.expire(DELIVERED, DECIDED, 100) == 1
    assert not await has_content(store, message)
    assert await store.outbox.outgoing(message.id) is None
    assert await store.intake.states(message.id) == {"s1@students.example": State.SENT}
    assert await store.retention.expire(DELIVERED, DECIDED, 100) == 0


@pytest.mark.parametrize("action", [Action.FLAG, Action.ALERT, Action.HOLD])
async def test_flagged_and_alerted_content_is_kept_longer(store: Store, clock: Clock, action: Action) -> None:
    message = mail()
    await delivered(store, message, action)
    clock.now += DECIDED - 1
    assert await store.retention.expire(DELIVERED, DECIDED, 100) == 0
    clock.now += 1
    assert await store.retention.expire(DELIVERED, DECIDED, 100) == 1


async def test_content_that_was_held_is_kept_longer(store: Store, clock: Clock) -> None:
    """Also if a person released it later."""
    message = mail()
    await store.intake.accept(message)
    await store.dispositions.apply([(message.id, becomes(State.HELD))])
    await store.dispositions.apply([(message.id, becomes(State.QUEUED, decision(Action.RELEASE), by="kim"))])
    await send(store)
    clock.now += DELIVERED
    assert await store.retention.expire(DELIVERED, DECIDED, 100) == 0
    clock.now += DECIDED
    assert await store.retention.expire(DELIVERED, DECIDED, 100) == 1


async def test_late_flag_keeps_content_longer(store: Store, clock: Clock) -> None:
    message = mail()
    await delivered(store, message)
    late = Transition((StateChange("s1@students.example", None, decision(Action.FLAG, "6"), "policy"),))
    await store.dispositions.apply([(message.id, lambda seen: late)])
    clock.now += DELIVERED
    assert await store.retention.expire(DELIVERED, DECIDED, 100) == 0


@pytest.mark.parametrize("state", [State.RECEIVED, State.HELD, State.QUEUED])
async def test_undelivered_content_never_expires(store: Store, clock: Clock, state: State) -> None:
    """Also if another recipient got it long ago."""
    message = mail(others=["bob@elsewhere.example"])
    await store.intake.accept(message)
    if state is not State.RECEIVED:
        await store.dispositions.apply([(message.id, becomes(state))])
    for claim in await store.delivery_queue.claim(REST, 10, 60):
        await store.delivery_queue.record_outcomes(claim, all_sent(claim), ())
    clock.now += 1000 * DAY
    assert await store.retention.expire(0.0, 0.0, 100) == 0
    assert await has_content(store, message)


async def test_longest_period_counts(store: Store, clock: Clock) -> None:
    """One recipient was delivered, another was rejected after it was held."""
    message = mail(others=["bob@elsewhere.example"])
    await store.intake.accept(message)
    await store.dispositions.apply([(message.id, becomes(State.HELD))])
    await store.dispositions.apply([(message.id, becomes(State.REJECTED, by="kim"))])
    await send(store)
    clock.now += 10 * DAY
    assert await store.retention.expire(2 * DAY, 20 * DAY, 100) == 0
    assert await store.retention.expire(20 * DAY, 2 * DAY, 100) == 0
    assert await store.retention.expire(10 * DAY, 10 * DAY, 100) == 1


async def test_period_of_zero_keeps_nothing(store: Store) -> None:
    """Delivered, bounced and own messages expire at once."""
    plain, bounced, own = mail(), mail(others=["bob@elsewhere.example"]), ours()
    await delivered(store, plain)
    await store.intake.accept(own)
    await store.intake.accept(bounced)
    await store.dispositions.apply([(bounced.id, becomes(State.QUEUED, decision()))])
    await store.dispositions.apply([(bounced.id, lambda seen: Transition(verdict=verdict_on(bounced)))])
    for hop in (STUDENTS, REST):
        for claim in await store.delivery_queue.claim(hop, 10, 60):
            outcomes = {recipient.recipient.address: (Bounced("550"), None) for recipient in claim.recipients}
            await store.delivery_queue.record_outcomes(claim, outcomes, ())
    assert await store.retention.expire(0.0, DECIDED, 100) == 3


@pytest.mark.parametrize("named", ["case_messages", "legal_holds"])
async def test_cases_and_legal_holds_keep_content(store: Store, store_url: str, clock: Clock, named: str) -> None:
    kept, other = mail(), mail()
    await delivered(store, kept)
    await delivered(store, other)
    if named == "case_messages":
        write(store_url, f"INSERT INTO case_messages VALUES ('{kept.id}', 1, 'kim', 0)")
    else:
        columns = "message_id, reason, placed_by, placed_at"
        write(store_url, f"INSERT INTO legal_holds ({columns}) VALUES ('{kept.id}', 'suit', 'kim', 0)")
    clock.now += 1000 * DAY
    assert await store.retention.expire(DELIVERED, DECIDED, 100) == 1
    assert await has_content(store, kept)
    write(store_url, f"DELETE FROM {named}")
    assert await store.retention.expire(DELIVERED, DECIDED, 100) == 1


async def test_content_expires_in_batches(store: Store) -> None:
    for at in range(7):
        await delivered(store, mail(NOON + at))
    assert [await store.retention.expire(0.0, 0.0, 3) for _ in range(4)] == [3, 3, 1, 0]


async def test_contacts_are_deleted_after_the_longest_period(store: Store, clock: Clock) -> None:
    """But never within the six weeks that counters look back."""
    message = mail(NOON)
    await delivered(store, message)
    clock.now += 41 * DAY
    await store.retention.expire(0.0, 0.0, 100)
    later = mail(clock.now)
    await store.intake.accept(later, contact(later))
    (settled,) = await store.dispositions.apply([(later.id, lambda seen: Transition())])
    assert settled is not None
    assert settled.pending.contact[conversation_id("T1", "S1")].rows[0].at == NOON
    clock.now += 44 * DAY
    await store.retention.expire(0.0, 0.0, 100)
    (settled,) = await store.dispositions.apply([(later.id, lambda seen: Transition())])
    assert settled is not None
    assert settled.pending.contact == {}
    explained = await store.lookups.detail(message.id)
    assert explained is not None
    assert explained.verdict is None


async def test_verdict_outlives_its_content_for_a_week(store: Store, clock: Clock) -> None:
    """A changed policy can be tried on recent traffic."""
    message = mail()
    await delivered(store, message)
    clock.now += 7 * DAY
    assert await store.retention.expire(0.0, 0.0, 100) == 1
    explained = await store.lookups.detail(message.id)
    assert explained is not None
    assert explained.verdict == verdict_on(message)


async def test_contacts_are_deleted_by_time_not_by_id(store: Store, clock: Clock) -> None:
    """Ids of texts may be derived from the provider's: neither the highest nor the lowest id is special."""
    old = [replace(mail(NOON), id=letter * 26) for letter in "0z"]
    recent = [replace(mail(NOON + 44 * DAY), id=f"1{number:025}") for number in range(BATCH_SIZE + 5)]
    for message in (*old, *recent):
        await store.intake.accept(message, contact(message))
    clock.now += 45 * DAY
    await store.retention.expire(0.0, 0.0, 100)
    (settled,) = await store.dispositions.apply([(recent[-1].id, lambda seen: Transition())])
    assert settled is not None
    assert settled.pending.contact[conversation_id("T1", "S1")].week_total == len(recent)
    for message in old:
        (settled,) = await store.dispositions.apply([(message.id, lambda seen: Transition())])
        assert settled is not None
        assert settled.pending.contact == {}


async def test_unclassified_content_is_kept_for_its_verdict(store: Store, clock: Clock) -> None:
    """Delivered in shadow mode or without a verdict: it may ask for help."""
    message = mail()
    address = message.envelope.recipients[0].address
    await store.intake.accept(message, due=[address])
    (claim,) = await store.delivery_queue.claim(STUDENTS, 10, 60)
    await store.delivery_queue.record_outcomes(claim, all_sent(claim), ())
    clock.now += 600
    assert await store.retention.expire(0.0, 0.0, 100) == 0
    await store.dispositions.apply([(message.id, lambda seen: Transition(verdict=verdict_on(message)))])
    assert await store.retention.expire(0.0, 0.0, 100) == 1
    never = mail(clock.now)
    await store.intake.accept(never, due=[address])
    (claim,) = await store.delivery_queue.claim(STUDENTS, 10, 60)
    await store.delivery_queue.record_outcomes(claim, all_sent(claim), ())
    clock.now += DAY
    assert await store.retention.expire(0.0, 0.0, 100) == 1


async def test_old_changes_of_the_queue_are_deleted(store: Store, store_url: str) -> None:
    """The newest stay; consoles have seen the others."""
    for number in (1, 2, KEPT_CHANGES, KEPT_CHANGES + 1, KEPT_CHANGES + 2):
        write(store_url, f"INSERT INTO held_changes (id, message_id, at) VALUES ({number}, 'm{number}', 0)")
    await store.retention.expire(DELIVERED, DECIDED, 100)
    assert [number for number, _ in await store.lists.queue_changes(0)] == [
        2,
        KEPT_CHANGES,
        KEPT_CHANGES + 1,
        KEPT_CHANGES + 2,
    ]
    assert (await store.lists.queue_mark())[0] == KEPT_CHANGES + 2


# --- judgments and acknowledgments of help alerts --------------------------------------------------------------------


async def call(store: Store, *, taken: bool = True) -> Message:
    """A delivered help alert, judged and acknowledged."""
    message = mail()
    await delivered(store, message, Action.ALERT)
    act = AuditEntry(NOON, "ann", "said", message.id)
    await store.help_alerts.save_judgment(message.id, True, act)
    if taken:
        assert await store.help_alerts.acknowledge(message.id, "ann", act) is None
    return message


async def test_acknowledgment_is_kept_as_long_as_its_alert(store: Store, clock: Clock) -> None:
    """It is deleted with the alert, which then does not wait for anybody again."""
    message = await call(store)
    clock.now += DECIDED - 1
    await store.retention.expire(DELIVERED, DECIDED, 100)
    assert await store.help_alerts.acknowledged_by(message.id) == ("ann", NOON)
    assert list(await store.help_alerts.judgments("", 9)) == [(message.id, True)]
    clock.now += 2
    assert await store.retention.expire(DELIVERED, DECIDED, 100) == 1
    assert await store.help_alerts.acknowledged_by(message.id) is None
    assert list(await store.help_alerts.judgments("", 9)) == []
    assert list(await store.help_alerts.waiting(9)) == []
    assert (await store.lookups.trace(id=message.id))[0].action == "alert"


async def test_legal_hold_keeps_the_acknowledgment(store: Store, store_url: str, clock: Clock) -> None:
    kept, other = await call(store), await call(store)
    columns = "message_id, reason, placed_by, placed_at"
    write(store_url, f"INSERT INTO legal_holds ({columns}) VALUES ('{kept.id}', 'suit', 'kim', 0)")
    clock.now += 1000 * DAY
    await store.retention.expire(DELIVERED, DECIDED, 100)
    assert await store.help_alerts.acknowledged_by(kept.id) == ("ann", NOON)
    assert list(await store.help_alerts.judgments("", 9)) == [(kept.id, True)]
    assert await store.help_alerts.acknowledged_by(other.id) is None
    write(store_url, "DELETE FROM legal_holds")
    await store.retention.expire(DELIVERED, DECIDED, 100)
    assert await store.help_alerts.acknowledged_by(kept.id) is None
    assert list(await store.help_alerts.judgments("", 9)) == []


async def test_alert_waits_for_acknowledgment_after_its_content_expired(store: Store, clock: Clock) -> None:
    """For any period; the acknowledgment stays as long as the list goes back."""
    waiting, taken = await call(store, taken=False), await call(store)
    clock.now += 60 * DAY
    assert await store.retention.expire(0.0, 0.0, 100) == 2
    assert [listed.trace.id for listed in await store.help_alerts.waiting(9)] == [waiting.id]
    assert await store.help_alerts.acknowledged_by(taken.id) == ("ann", NOON)
    clock.now += 1000 * DAY
    await store.retention.expire(0.0, 0.0, 100)
    assert [listed.trace.id for listed in await store.help_alerts.waiting(9)] == [waiting.id]
    assert await store.help_alerts.acknowledged_by(taken.id) is None
    assert (
        await store.help_alerts.acknowledge(waiting.id, "ann", AuditEntry(clock.now, "ann", "taken up", waiting.id))
        is None
    )
    await store.retention.expire(0.0, 0.0, 100)
    assert list(await store.help_alerts.waiting(9)) == []


async def test_retention_goes_on_slowly(store: Store, clock: Clock) -> None:
    """A jump of the clock, or a time in which nothing ran, is caught up with."""
    assert await store.retention.advance(0.0) == NOON  # nothing is stored yet
    clock.now += 365 * DAY
    assert await store.retention.advance(0.0) == NOON
    assert await store.retention.advance(600.0) == NOON + 24 * 600.0
    clock.now = NOON + DAY / 2
    assert await store.retention.advance(DAY) == NOON + DAY / 2  # never past the present
    clock.now = NOON - DAY
    assert await store.retention.advance(600.0) == NOON - DAY


async def test_retention_of_a_store_of_an_earlier_version_begins_with_its_newest_message(
    store: Store, clock: Clock
) -> None:
    await store.intake.accept(mail(NOON - DAY))
    clock.now += 4000 * DAY
    assert await store.retention.advance(0.0) == NOON - DAY


async def test_rows_without_content_are_deleted_after_their_period(store: Store, clock: Clock) -> None:
    """Those of a case, a legal hold, or with something to do are kept. The deletion is on record."""
    old, other, kept, queued = mail(), mail(), mail(), mail(others=["x@elsewhere.example"])
    for message in (old, other, kept):
        await delivered(store, message)
    clock.now += 400 * DAY
    await store.retention.expire(DELIVERED, DECIDED, 100)
    assert await store.retention.delete_rows(NOON + DAY, 100) == 0  # something must still follow from each
    await follow_up(store)
    await store.intake.accept(queued)
    await store.legal_holds.place([LegalHold(kept.id, "suit 12", "kim", NOON)], [])
    recent = mail(clock.now)
    await delivered(store, recent)
    assert await store.retention.delete_rows(NOON - 1.0, 100) == 0
    clock.now += 10 * DAY
    assert await store.retention.delete_rows(NOON + DAY, 100) == 2
    assert await store.retention.delete_rows(NOON + DAY, 100) == 0
    assert await store.lookups.detail(old.id) is None
    for message in (kept, queued, recent):
        assert await store.lookups.detail(message.id) is not None
    await store.audit.link(100)
    linked = [row.entry for row in await store.audit.rows(0, 1000)]
    assert [entry.detail["messages"] for entry in linked if entry.act == "metadata deleted"] == [2]


async def test_deleted_rows_are_bounded_and_ids_of_texts_are_found(store: Store, clock: Clock) -> None:
    messages = [replace(mail(), id=f"{name}-{number}") for name in ("0", "z") for number in range(5)]
    for message in messages:
        await delivered(store, message)
    await follow_up(store)
    clock.now += 400 * DAY
    await store.retention.expire(DELIVERED, DECIDED, 100)
    assert [await store.retention.delete_rows(clock.now, 4) for _ in range(4)] == [4, 4, 2, 0]
