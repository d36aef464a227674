"""The account of work items that failed, and the queue as an operator sees it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.core.channels.capabilities import SMS
from gateway.core.messages.delivery import Claim, Deferred, NextHop, Sent, State
from gateway.core.messages.followup import Followup, FollowupKind
from gateway.core.messages.message import Envelope, Message, Recipient
from gateway.core.messages.work import WorkItem, WorkStage, retry_delay
from gateway.core.policy.decision import AuditEntry
from gateway.core.serialization.outcomes import encode_outcome
from gateway.ports.store import Store
from gateway.stages.expiry import expire_message
from tests.contracts.messages import NOON, PHONES, REST, STUDENTS, Clock, becomes, contact, decision, mail, text

FAR = 20 * 86400.0


async def queued(store: Store, *messages: Message) -> None:
    """Accept messages and release them."""
    for message in messages:
        await store.intake.accept(message, contact(message))
    await store.dispositions.apply([(message.id, becomes(State.QUEUED, decision())) for message in messages])


def items(claim: Claim, body: str = "") -> list[WorkItem]:
    """The work items of a claim."""
    id_ = claim.message.id
    return [
        WorkItem(WorkStage.DELIVERY, f"{id_}/{claimed.position}", id_, claim.token, body)
        for claimed in claim.recipients
    ]


async def stuck_delivery(store: Store, message: Message, hop: NextHop = STUDENTS, body: str = "") -> None:
    """A message whose delivery is stuck."""
    (claim,) = await store.delivery_queue.claim(hop, 1, 60)
    assert claim.message.id == message.id
    assert await store.work_failures.record(items(claim, body), "KeyError at gateway/x.py:1", 1) == [True]


async def test_failed_delivery_is_due_later_and_then_stuck(store: Store, clock: Clock) -> None:
    message = mail()
    await queued(store, message)
    for failed in range(1, 4):
        (claim,) = await store.delivery_queue.claim(STUDENTS, 1, 60)
        assert claim.recipients[0].attempts == failed - 1
        assert await store.work_failures.record(items(claim), "KeyError", 4) == [False]
        assert await store.delivery_queue.next_due() == clock.now + retry_delay(failed)
        assert await store.delivery_queue.claim(STUDENTS, 1, 60) in ((), [])
        clock.now += retry_delay(failed)
    await stuck_delivery(store, message)
    clock.now += FAR
    assert await store.delivery_queue.next_due() is None
    assert await store.intake.states(message.id) == {"s1@students.example": State.QUEUED}
    assert (await store.work_failures.stuck_items())["delivery"] == 1


async def test_lost_claim_counts_no_failure(store: Store, clock: Clock) -> None:
    await queued(store, mail())
    (lost,) = await store.delivery_queue.claim(STUDENTS, 1, 60)
    clock.now += 61
    (claim,) = await store.delivery_queue.claim(STUDENTS, 1, 60)
    assert await store.work_failures.record(items(lost), "KeyError", 1) == [False]
    assert await store.delivery_queue.renew(claim.token, 60)


async def test_stuck_item_is_listed_and_retried(store: Store, clock: Clock) -> None:
    message, other = mail(), mail(student="S2")
    await queued(store, message)
    await stuck_delivery(store, message)
    await queued(store, other)
    ((_, row),) = await store.queue.stuck_rows(("", ""), 10)
    assert (row.id, row.recipient, row.state, row.stuck) == (message.id, "s1@students.example", "queued", True)
    assert (row.attempts, row.next_attempt_at, row.last_error) == (1, None, "KeyError at gateway/x.py:1")
    rows = await store.queue.rows("", 10)
    assert {(row.id, row.stuck) for row in rows} == {(message.id, True), (other.id, False)}
    assert [row.id for row in await store.queue.rows("", 10, hop=REST)] == []
    assert {row.id for row in await store.queue.rows("", 10, hop=STUDENTS)} == {message.id, other.id}
    entry = AuditEntry(NOON, "terminal:x", "retried", message.id)
    changes = await store.queue.retry([message.id, "unknown"], {message.id: entry, "unknown": entry})
    assert (changes.changed, changes.busy) == ((message.id,), ())
    assert sum(entry.act == "retried" for entry in await store.audit_trail.entries_about(message.id, 10)) == 1
    claims = await store.delivery_queue.claim(STUDENTS, 10, 60)
    assert {claim.message.id for claim in claims} == {message.id, other.id}
    assert (await store.work_failures.stuck_items())["delivery"] == 0
    (again,) = [claim for claim in claims if claim.message.id == message.id]
    assert await store.work_failures.record(items(again), "KeyError", 2) == [True], "a retry that fails is stuck again"


async def test_success_ends_the_account(store: Store, clock: Clock) -> None:
    message = mail()
    await queued(store, message)
    await stuck_delivery(store, message)
    await store.queue.retry([message.id], {})
    (claim,) = await store.delivery_queue.claim(STUDENTS, 1, 60)
    results = {claim.recipients[0].recipient.address: (Sent("250 ok"), None)}
    assert await store.delivery_queue.record_outcomes(claim, results, ())
    assert await store.queue.stuck_rows(("", ""), 10, id=message.id) == []
    assert await store.work_failures.delete_finished(10) == 0


async def test_what_is_being_delivered_is_left_alone(store: Store, clock: Clock) -> None:
    message = mail()
    await queued(store, message)
    (claim,) = await store.delivery_queue.claim(STUDENTS, 1, 60)
    changes = await store.queue.retry([message.id], {})
    assert (changes.changed, changes.busy) == ((), (message.id,))
    assert await store.queue.claim_message(message.id, 60) is None
    assert await store.delivery_queue.renew(claim.token, 90)


async def test_deferred_mail_is_retried_now(store: Store, clock: Clock) -> None:
    message = mail(others=["a@one.example"])
    await queued(store, message)
    for hop in (STUDENTS, REST):
        (claim,) = await store.delivery_queue.claim(hop, 1, 60)
        address = claim.recipients[0].recipient.address
        later = {address: (Deferred("451 4.3.0 later"), clock.now + 600)}
        assert await store.delivery_queue.record_outcomes(claim, later, (), warned=[address])
    rows = await store.queue.rows("", 10)
    assert [row.last_error for row in rows] == ["451 4.3.0 later"] * 2
    assert (await store.queue.retry([message.id], {})).changed == (message.id,)
    (claim,) = await store.delivery_queue.claim(STUDENTS, 1, 60)
    assert claim.recipients[0].warned, "the sender is not told of the delay again"


async def test_outcome_that_could_not_be_recorded_is_known_later(store: Store, clock: Clock) -> None:
    message = mail()
    await queued(store, message)
    await stuck_delivery(store, message, body=encode_outcome(Sent("250 2.0.0 Ok")))
    await store.queue.retry([message.id], {})
    (claim,) = await store.delivery_queue.claim(STUDENTS, 1, 60)
    assert claim.known == {"s1@students.example": Sent("250 2.0.0 Ok")}


async def test_stuck_text_does_not_block_the_next(store: Store, clock: Clock) -> None:
    first, second = text(), text(NOON + 1)
    await queued(store, first)
    await stuck_delivery(store, first, PHONES)
    await queued(store, second)
    (claim,) = await store.delivery_queue.claim(PHONES, 10, 60)
    assert claim.message.id == second.id
    await store.queue.retry([first.id], {})
    (claim,) = await store.delivery_queue.claim(PHONES, 10, 60)
    assert claim.message.id == first.id


async def test_text_behind_a_stuck_decision_goes_on(store: Store, clock: Clock) -> None:
    first, second = text(), text(NOON + 1)
    await store.intake.accept(first)
    await queued(store, second)
    assert not await store.delivery_queue.claim(PHONES, 10, 60)
    item = WorkItem(WorkStage.DISPOSITION, first.id, first.id, body="{}")
    assert await store.work_failures.record([item], "KeyError", 1) == [True]
    (claim,) = await store.delivery_queue.claim(PHONES, 10, 60)
    assert claim.message.id == second.id
    assert await store.work_failures.due_decisions(10) == []
    assert [row.recipient for _, row in await store.queue.stuck_rows(("", ""), 10)] == ["+15550100"]
    await store.queue.retry([first.id], {})
    (failed,) = await store.work_failures.due_decisions(10)
    assert (failed.message, failed.verdict) == (first.id, "{}")
    await store.work_failures.forget([item])
    assert await store.work_failures.due_decisions(10) == []


async def test_stuck_publication_is_in_nobodys_way(store: Store, clock: Clock) -> None:
    message = mail()
    await store.intake.accept(message)
    assert len(await store.outbox.claim_unpublished(10, 60)) == 1
    item = WorkItem(WorkStage.PUBLICATION, message.id, message.id)
    assert await store.work_failures.record([item], "RecordRefused", 2) == [False]
    assert await store.outbox.claim_unpublished(10, 60) == ()
    clock.now += retry_delay(1)
    assert len(await store.outbox.claim_unpublished(10, 60)) == 1
    assert await store.work_failures.record([item], "RecordRefused", 2) == [True]
    clock.now += FAR
    assert await store.outbox.claim_unpublished(10, 60) == ()
    assert await store.outbox.unclassified(NOON + FAR, 0.0, 10) == ()
    assert [entry.id for entry in await store.outbox.awaiting_verdict(clock.now, 10)] == [message.id]
    await store.queue.retry([message.id], {})
    assert len(await store.outbox.claim_unpublished(10, 60)) == 1


async def test_stuck_follow_up_is_listed_and_retried(store: Store, clock: Clock) -> None:
    followups = (Followup(FollowupKind.BOUNCE, "m1", {}), Followup(FollowupKind.DIGEST, "", {}))
    await store.reminders.remind([("m1", "test")], lambda steps: (followups, ()))
    claimed = await store.followups.claim_due(10, 60)
    failed = [WorkItem(WorkStage.NOTIFICATION, followup.id, followup.message) for followup in claimed]
    assert await store.work_failures.record(failed, "ValueError", 1) == [True, True]
    clock.now += FAR
    assert not await store.followups.claim_due(10, 60)
    rows = [row for _, row in await store.queue.stuck_rows(("", ""), 10)]
    assert {(row.id, row.state) for row in rows} == {("m1", "bounce"), (f"notification-{failed[1].id}", "digest")}
    changes = await store.queue.retry([row.id for row in rows], {})
    assert set(changes.changed) == {row.id for row in rows}
    claimed = await store.followups.claim_due(10, 60)
    assert len(claimed) == 2
    await store.followups.complete([followup.id for followup in claimed])
    assert await store.queue.stuck_rows(("", ""), 10) == []


async def test_accounts_of_what_is_finished_are_deleted(store: Store, clock: Clock) -> None:
    waiting, gone = mail(), mail(student="S2")
    await queued(store, waiting)
    for stage in WorkStage:
        suffix = {"delivery": "/0", "media": "/1", "notification": None}.get(stage, "")
        id_ = "999" if suffix is None else f"{gone.id}{suffix}"
        await store.work_failures.record([WorkItem(stage, id_, gone.id)], "KeyError", 1)
    await store.work_failures.record([WorkItem(WorkStage.DELIVERY, f"{waiting.id}/0", waiting.id)], "KeyError", 1)
    assert await store.work_failures.delete_finished(100) == len(WorkStage)
    assert [row.id for _, row in await store.queue.stuck_rows(("", ""), 100)] == [waiting.id]


@pytest.mark.parametrize("stuck", [False, True])
async def test_expiry_bounces_through_the_path_of_a_delivery(store: Store, clock: Clock, stuck: bool) -> None:
    message = mail()
    await queued(store, message)
    await store.followups.complete([followup.id for followup in await store.followups.claim_due(10, 60)])
    if stuck:
        await stuck_delivery(store, message)
    parts = store.queue, store.delivery_queue, store.work_failures, message.id, "terminal:x"
    assert await expire_message(*parts) == ("s1@students.example",)
    assert await store.intake.states(message.id) == {"s1@students.example": State.BOUNCED}
    (followup,) = await store.followups.claim_due(10, 60)
    (report,) = followup.body["recipients"]
    assert (followup.kind, report["action"], report["status"]) == (FollowupKind.BOUNCE, "failed", "5.4.7")
    (entry,) = [entry for entry in await store.audit_trail.entries_about(message.id, 10) if entry.act == "expired"]
    assert (entry.actor, entry.detail) == ("terminal:x", {"recipients": ["s1@students.example"]})
    assert await expire_message(*parts) == ()
    assert (await store.work_failures.stuck_items())["delivery"] == 0


async def test_expiry_ends_a_stuck_decision(store: Store, clock: Clock) -> None:
    message = mail()
    await store.intake.accept(message)
    parts = store.queue, store.delivery_queue, store.work_failures, message.id, "terminal:x"
    assert await expire_message(*parts) == (), "it waits for its verdict"
    await store.work_failures.record([WorkItem(WorkStage.DISPOSITION, message.id, message.id)], "KeyError", 1)
    assert await expire_message(*parts) == ("s1@students.example",)
    assert (await store.work_failures.stuck_items())["disposition"] == 0


async def test_pages_of_the_queue(store: Store, clock: Clock) -> None:
    """Every queued recipient is listed once, whatever the size of a page."""
    messages = [mail(NOON + at, others=["a@one.example"] * (at % 3)) for at in range(7)]
    texts = [replace(text(), envelope=Envelope("+1", (Recipient(f"+1555{at}"),)), channel=SMS) for at in range(2)]
    await queued(store, *messages, *texts)
    for limit in (1, 2, 100):
        listed, after = [], ""
        while page := await store.queue.rows(after, limit):
            listed += [(row.id, row.position) for row in page]
            after = page[-1].id
        assert listed == sorted(set(listed))
        assert len(listed) == sum(len(message.envelope.recipients) for message in (*messages, *texts))
