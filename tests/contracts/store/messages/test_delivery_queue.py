"""The delivery queue."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace

import pytest

from gateway.core.messages.delivery import Bounced, Claim, Deferred, NextHop, Sent, State
from gateway.core.messages.followup import Followup, FollowupKind
from gateway.core.messages.message import Message, Recipient
from gateway.core.policy.decision import Action
from gateway.ports.store import Store
from gateway.stages.wakeup import Wakeup
from gateway.store import open_store
from tests.contracts.messages import (
    NOON,
    PHONES,
    REST,
    STUDENTS,
    TO_STAFF,
    Clock,
    all_sent,
    becomes,
    contact,
    decision,
    mail,
    ours,
    text,
)


async def released(store: Store, *messages: Message) -> None:
    """Accept messages and release them."""
    for message in messages:
        await store.intake.accept(message, contact(message))
    await store.dispositions.apply([(message.id, becomes(State.QUEUED, decision())) for message in messages])


def claimed(claims: object) -> list[str]:
    """The ids of the messages of some claims."""
    return [claim.message.id for claim in claims]  # type: ignore[attr-defined]


async def test_claim_has_all_due_recipients_of_its_hop(store: Store) -> None:
    """And only those: the default hop serves all other domains."""
    others = ["x@STUDENTS.example", "y@students.example.", "a@one.example", "b@two.example"]
    others += ["c@students.example.evil.example"]
    message = mail(others=others)
    await released(store, message)
    (here,) = await store.delivery_queue.claim(STUDENTS, 10, 60)
    assert [recipient.recipient.address for recipient in here.recipients] == ["s1@students.example", *others[:2]]
    (there,) = await store.delivery_queue.claim(REST, 10, 60)
    assert [recipient.recipient.address for recipient in there.recipients] == others[2:]
    assert here.message == there.message == message
    assert here.token != there.token


async def test_one_hop_can_serve_every_domain(store: Store) -> None:
    message = mail(others=["a@one.example"])
    await released(store, message)
    (claim,) = await store.delivery_queue.claim(NextHop("mail", "127.0.0.1:25", frozenset(), default=True), 10, 60)
    assert len(claim.recipients) == 2


async def test_claim_is_limited_to_its_channel(store: Store) -> None:
    message = text()
    await released(store, message)
    assert await store.delivery_queue.claim(NextHop("mail", "127.0.0.1:25", frozenset(), default=True), 10, 60) == ()
    assert claimed(await store.delivery_queue.claim(PHONES, 10, 60)) == [message.id]


async def test_claim_is_limited_in_messages(store: Store, clock: Clock) -> None:
    """The longest due first, with any number of recipients."""
    messages = []
    for _ in range(5):
        clock.now += 1
        messages.append(mail(clock.now, others=[f"{at}@one.example" for at in range(7)]))
        await store.intake.accept(messages[-1])
    ids = [message.id for message in messages]
    assert claimed(await store.delivery_queue.claim(REST, 3, 60)) == ids[:3]
    assert claimed(await store.delivery_queue.claim(REST, 3, 60)) == ids[3:]
    assert await store.delivery_queue.claim(REST, 3, 60) == ()


async def test_claim_without_outcomes_is_due_again(store: Store, clock: Clock) -> None:
    """As after a crash; the former holder has lost it."""
    message = mail()
    await released(store, message)
    (first,) = await store.delivery_queue.claim(STUDENTS, 10, 60)
    clock.now += 59
    assert await store.delivery_queue.claim(STUDENTS, 10, 60) == ()
    clock.now += 1
    (second,) = await store.delivery_queue.claim(STUDENTS, 10, 60)
    assert not await store.delivery_queue.renew(first.token, 60)
    assert not await store.delivery_queue.record_outcomes(
        first, all_sent(first), [Followup(FollowupKind.BOUNCE, message.id, {})]
    )
    assert [followup.kind for followup in await store.followups.claim_due(10, 60)] == [
        FollowupKind.DECISION
    ]  # the follow-up of the release
    assert await store.delivery_queue.record_outcomes(second, all_sent(second), ())
    assert await store.intake.states(message.id) == {"s1@students.example": State.SENT}


async def test_expired_claim_holds_until_it_is_claimed_again(store: Store, clock: Clock) -> None:
    """Its outcomes still count: only another claim takes the token away."""
    await released(store, mail(), mail())
    first, second = await store.delivery_queue.claim(STUDENTS, 10, 60)
    clock.now += 100
    assert await store.delivery_queue.renew(first.token, 60)
    assert await store.delivery_queue.record_outcomes(second, all_sent(second), ())
    assert await store.delivery_queue.claim(STUDENTS, 10, 60) == ()


async def test_renewed_claim_holds_longer(store: Store, clock: Clock) -> None:
    await released(store, mail())
    (claim,) = await store.delivery_queue.claim(STUDENTS, 10, 60)
    clock.now += 50
    assert await store.delivery_queue.renew(claim.token, 60)
    clock.now += 59
    assert await store.delivery_queue.claim(STUDENTS, 10, 60) == ()
    clock.now += 1
    assert len(await store.delivery_queue.claim(STUDENTS, 10, 60)) == 1


async def test_fresh_claim_is_renewed_without_a_write(store: Store, clock: Clock) -> None:
    await released(store, mail())
    (claim,) = await store.delivery_queue.claim(STUDENTS, 10, 60)
    clock.now += 1
    assert await store.delivery_queue.renew(claim.token, 60)
    assert await store.delivery_queue.next_due() == NOON + 60


@pytest.mark.parametrize("token", ["", "/", "nothing", "a/b", "x/y/z"])
async def test_unknown_token_renews_nothing(store: Store, token: str) -> None:
    await released(store, mail())
    await store.delivery_queue.claim(STUDENTS, 10, 60)
    assert not await store.delivery_queue.renew(token, 60)


async def test_every_outcome_is_recorded(store: Store, clock: Clock) -> None:
    others = [f"{name}@one.example" for name in ("sent", "later", "refused", "expired", "left")]
    message = mail(others=others)
    await store.intake.accept(message)
    (claim,) = await store.delivery_queue.claim(REST, 10, 60)
    clock.now += 2
    outcomes = {
        others[0]: (Sent("250 2.0.0 Ok"), None),
        others[1]: (Deferred("450 4.2.0 Greylisted"), NOON + 300),
        others[2]: (Bounced("550 5.1.1 No such user"), None),
        others[3]: (Deferred("421 4.4.2 Timeout"), None),
    }
    bounce = Followup(FollowupKind.BOUNCE, message.id, {"recipients": others[2:4]})
    assert await store.delivery_queue.record_outcomes(claim, outcomes, [bounce])
    (trace,) = await store.lookups.trace(id=message.id)
    assert [(recipient.state, recipient.at, recipient.reply) for recipient in trace.recipients[1:]] == [
        (State.SENT, NOON + 2, "250 2.0.0 Ok"),
        (State.QUEUED, NOON, "450 4.2.0 Greylisted"),
        (State.BOUNCED, NOON + 2, "550 5.1.1 No such user"),
        (State.BOUNCED, NOON + 2, "421 4.4.2 Timeout"),
        (State.QUEUED, NOON, ""),
    ]
    assert [(followup.kind, followup.body) for followup in await store.followups.claim_due(10, 60)] == [
        (FollowupKind.BOUNCE, bounce.body)
    ]
    (again,) = await store.delivery_queue.claim(REST, 10, 60)  # left out: due at once, without an attempt
    assert [(recipient.recipient.address, recipient.attempts) for recipient in again.recipients] == [(others[4], 0)]
    clock.now = NOON + 300
    (retry,) = await store.delivery_queue.claim(REST, 10, 60)
    assert [(recipient.recipient.address, recipient.attempts) for recipient in retry.recipients] == [
        (others[1], 1),
        (others[4], 0),
    ]
    assert retry.recipients[0].queued_at == NOON


async def test_outcomes_of_a_claim_are_recorded_once(store: Store) -> None:
    """Also if both come in one transaction."""
    await released(store, mail(), mail())
    first, second = await store.delivery_queue.claim(STUDENTS, 10, 60)
    assert await store.delivery_queue.record_outcomes(first, all_sent(first), ())
    assert not await store.delivery_queue.record_outcomes(first, {}, ())
    answers = await asyncio.gather(
        *(store.delivery_queue.record_outcomes(second, all_sent(second), ()) for _ in range(3))
    )
    assert sorted(answers) == [False, False, True]


async def test_final_recipient_is_never_due(store: Store, clock: Clock) -> None:
    await released(store, mail())
    (claim,) = await store.delivery_queue.claim(STUDENTS, 10, 60)
    await store.delivery_queue.record_outcomes(claim, all_sent(claim), ())
    assert await store.delivery_queue.next_due() is None
    clock.now += 1e7
    assert await store.delivery_queue.claim(STUDENTS, 10, 60) == ()


async def test_next_due_is_the_earliest(store: Store, clock: Clock) -> None:
    assert await store.delivery_queue.next_due() is None
    await released(store, mail())
    (claim,) = await store.delivery_queue.claim(STUDENTS, 10, 60)
    assert await store.delivery_queue.next_due() == NOON + 60
    clock.now += 7
    await store.intake.accept(ours())
    assert await store.delivery_queue.next_due() == NOON + 7
    await store.delivery_queue.record_outcomes(claim, {"s1@students.example": (Deferred("450"), NOON + 3)}, ())
    assert await store.delivery_queue.next_due() == NOON + 3


async def test_processes_claim_different_messages(store: Store, store_url: str, clock: Clock) -> None:
    """Each recipient once, and all recipients of a message together, with any number of processes."""
    messages = [mail(NOON + at, others=[f"{n}@one.example" for n in range(at % 4)]) for at in range(60)]
    for message in messages:
        await store.intake.accept(message, due=[recipient.address for recipient in message.envelope.recipients])
    everything = NextHop("mail", "127.0.0.1:25", frozenset(), default=True)
    async with open_store(store_url, clock=clock) as second, open_store(store_url, clock=clock) as third:

        async def take(one: Store) -> list[Claim]:
            taken: list[Claim] = []
            while len(everywhere) < len(messages):
                claims = await one.delivery_queue.claim(everything, 4, 60)
                everywhere.update(claimed(claims))
                taken += claims
            return taken

        everywhere: set[str] = set()
        async with asyncio.timeout(60):
            each_took = await asyncio.gather(*(take(one) for one in (store, second, third)))
    claims = [claim for taken in each_took for claim in taken]
    assert Counter(claimed(claims)) == Counter(message.id for message in messages)
    assert all(len(claim.recipients) == len(claim.message.envelope.recipients) for claim in claims)


async def test_text_waits_for_the_previous_one(store: Store, clock: Clock) -> None:
    """In its conversation and direction, while the earlier one is received or queued (claimed ones are queued)."""
    first, second = text(NOON), text(NOON + 1)
    back, other = text(NOON + 1, direction=TO_STAFF), text(NOON + 1, student="S2")
    await released(store, second, back, other)
    await store.intake.accept(first)
    assert set(claimed(await store.delivery_queue.claim(PHONES, 10, 600))) == {back.id, other.id}
    await store.dispositions.apply([(first.id, becomes(State.QUEUED))])
    (claim,) = await store.delivery_queue.claim(PHONES, 10, 600)
    assert claim.message.id == first.id
    assert await store.delivery_queue.claim(PHONES, 10, 600) == ()
    await store.delivery_queue.record_outcomes(claim, {"+15550100": (Deferred("later"), NOON + 30)}, ())
    assert await store.delivery_queue.claim(PHONES, 10, 600) == ()
    assert await store.delivery_queue.next_due() == NOON + 30  # not the second, which cannot be claimed
    clock.now = NOON + 30
    (claim,) = await store.delivery_queue.claim(PHONES, 10, 600)
    await store.delivery_queue.record_outcomes(claim, all_sent(claim), ())
    assert claimed(await store.delivery_queue.claim(PHONES, 10, 600)) == [second.id]


async def test_simultaneous_texts_are_ordered_by_id(store: Store) -> None:
    first, second = text(NOON), text(NOON)
    await released(store, second, first)
    assert claimed(await store.delivery_queue.claim(PHONES, 10, 60)) == [first.id]


async def test_held_text_does_not_block_the_next(store: Store) -> None:
    """And blocks later ones again once it is released."""
    first, second, third = (text(NOON + at) for at in range(3))
    await released(store, second, third)
    await store.intake.accept(first)
    assert await store.delivery_queue.claim(PHONES, 10, 60) == ()
    await store.dispositions.apply([(first.id, becomes(State.HELD))])
    (claim,) = await store.delivery_queue.claim(PHONES, 10, 60)
    assert claim.message.id == second.id
    await store.dispositions.apply([(first.id, becomes(State.QUEUED, by="kim"))])
    await store.delivery_queue.record_outcomes(claim, all_sent(claim), ())
    assert claimed(await store.delivery_queue.claim(PHONES, 10, 60)) == [first.id]


async def test_rejected_text_does_not_block_the_next(store: Store) -> None:
    first, second = text(NOON), text(NOON + 1)
    await released(store, second)
    await store.intake.accept(first)
    await store.dispositions.apply([(first.id, becomes(State.HELD))])
    await store.dispositions.apply([(first.id, becomes(State.REJECTED, by="kim"))])
    assert claimed(await store.delivery_queue.claim(PHONES, 10, 60)) == [second.id]


async def test_alerted_text_does_not_wait(store: Store) -> None:
    first, second = text(NOON, direction=TO_STAFF), text(NOON + 1, direction=TO_STAFF)
    await store.intake.accept(first)
    await store.intake.accept(second)
    await store.dispositions.apply([(second.id, becomes(State.QUEUED, decision(Action.ALERT, "help")))])
    assert claimed(await store.delivery_queue.claim(PHONES, 10, 60)) == [second.id]


async def test_calls_for_help_can_be_claimed_alone(store: Store) -> None:
    first, second = text(NOON), text(NOON + 1, direction=TO_STAFF)
    await released(store, first)
    await store.intake.accept(second)
    await store.dispositions.apply([(second.id, becomes(State.QUEUED, decision(Action.ALERT, "help")))])
    assert claimed(await store.delivery_queue.claim(PHONES, 10, 60, alerts=True)) == [second.id]
    assert claimed(await store.delivery_queue.claim(PHONES, 10, 60)) == [first.id]


async def test_text_whose_turn_ended_keeps_nothing_back(store: Store) -> None:
    first, second = text(NOON, direction=TO_STAFF), text(NOON + 1, direction=TO_STAFF)
    await released(store, first, second)
    (claim,) = await store.delivery_queue.claim(PHONES, 10, 60)
    await store.sms_parts.end_turn(first.id, claim.recipients[0].position)
    assert claimed(await store.delivery_queue.claim(PHONES, 10, 60)) == [second.id]
    await store.delivery_queue.record_outcomes(claim, all_sent(claim), ())


async def test_mail_does_not_wait_for_earlier_mail(store: Store) -> None:
    first, second = mail(NOON), mail(NOON + 1)
    await store.intake.accept(first)
    await released(store, second)
    assert claimed(await store.delivery_queue.claim(STUDENTS, 10, 60)) == [second.id]


async def test_address_without_a_domain_uses_the_default_hop(store: Store) -> None:
    message = mail()
    message = replace(message, envelope=replace(message.envelope, recipients=(Recipient("postmaster"),)))
    await store.intake.accept(message)
    assert claimed(await store.delivery_queue.claim(REST, 10, 60)) == [message.id]


async def test_claim_is_limited_in_bytes(store: Store) -> None:
    """Including the message that reaches the limit: a message larger than any room is delivered too."""
    messages = [mail(NOON + at, content=b"x" * 400, others=["x@students.example"]) for at in range(5)]
    await released(store, *messages)
    assert claimed(await store.delivery_queue.claim(STUDENTS, 10, 60, room=1)) == [messages[0].id]
    assert claimed(await store.delivery_queue.claim(STUDENTS, 10, 60, room=801)) == [
        message.id for message in messages[1:4]
    ]
    assert claimed(await store.delivery_queue.claim(STUDENTS, 10, 60, room=801)) == [messages[4].id]


async def test_waiting_claim_joins_the_releasing_transaction(store: Store) -> None:
    """By the claim of each hop; a claim without a result keeps waiting."""
    here, there = Wakeup(), Wakeup()
    for hop, wakeup in ((STUDENTS, here), (REST, there)):
        assert await store.delivery_queue.claim(hop, 10, 60, wakeup) == ()
    waiting = [
        asyncio.create_task(store.delivery_queue.claim(hop, 10, 60, wakeup))
        for hop, wakeup in ((STUDENTS, here), (REST, there))
    ]
    await asyncio.sleep(0)
    first, second = mail(), mail(others=["a@one.example"])
    await released(store, first)
    assert claimed(await waiting[0]) == [first.id]
    await store.intake.accept(second, contact(second))
    assert claimed(await waiting[1]) == [second.id]
    await store.dispositions.apply([(second.id, becomes(State.QUEUED, decision()))])
    assert claimed(await store.delivery_queue.claim(STUDENTS, 10, 60, here)) == [second.id]


async def test_passing_of_time_does_not_wake_a_claim(store: Store, clock: Clock) -> None:
    """A waiting claim returns after a while, to look for what time or another process made due."""
    wakeup = Wakeup()
    await store.delivery_queue.claim(STUDENTS, 10, 60, wakeup)
    message = mail()
    await store.intake.accept(message, contact(message))
    await store.dispositions.apply([(message.id, becomes(State.QUEUED, decision()))])
    (claim,) = await store.delivery_queue.claim(STUDENTS, 10, 60, wakeup)
    address = message.envelope.recipients[0].address
    assert await store.delivery_queue.record_outcomes(claim, {address: (Deferred("451 later"), clock.now + 30)}, ())
    assert await store.delivery_queue.claim(STUDENTS, 10, 60, wakeup) == ()
    clock.now += 31
    assert claimed(await store.delivery_queue.claim(STUDENTS, 10, 60)) == [message.id]
