"""The store hands out what is due, once, and lets only the holder of a claim say how it ended."""

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
    for each in messages:
        await store.intake.accept(each, contact(each))
    await store.dispositions.apply([(each.id, becomes(State.QUEUED, decision())) for each in messages])


def claimed(claims: object) -> list[str]:
    """The ids of the messages of some claims."""
    return [each.message.id for each in claims]  # type: ignore[attr-defined]


async def test_a_claim_holds_all_due_recipients_behind_its_hop(store: Store) -> None:
    """And only those: a hop that is not named serves what the named ones do not."""
    others = ["x@STUDENTS.example", "y@students.example.", "a@one.example", "b@two.example"]
    others += ["c@students.example.evil.example"]
    message = mail(others=others)
    await released(store, message)
    (here,) = await store.delivery_queue.claim(STUDENTS, 10, 60)
    assert [each.recipient.address for each in here.recipients] == ["s1@students.example", *others[:2]]
    (there,) = await store.delivery_queue.claim(REST, 10, 60)
    assert [each.recipient.address for each in there.recipients] == others[2:]
    assert here.message == there.message == message
    assert here.token != there.token


async def test_one_hop_may_serve_everything(store: Store) -> None:
    message = mail(others=["a@one.example"])
    await released(store, message)
    (claim,) = await store.delivery_queue.claim(NextHop("mail", "127.0.0.1:25", frozenset(), default=True), 10, 60)
    assert len(claim.recipients) == 2


async def test_a_claim_is_of_its_channel(store: Store) -> None:
    message = text()
    await released(store, message)
    assert await store.delivery_queue.claim(NextHop("mail", "127.0.0.1:25", frozenset(), default=True), 10, 60) == ()
    assert claimed(await store.delivery_queue.claim(PHONES, 10, 60)) == [message.id]


async def test_a_claim_takes_no_more_messages_than_asked_for(store: Store, clock: Clock) -> None:
    """Those that are due longest first, however many recipients they have."""
    messages = []
    for _ in range(5):
        clock.now += 1
        messages.append(mail(clock.now, others=[f"{at}@one.example" for at in range(7)]))
        await store.intake.accept(messages[-1])
    ids = [each.id for each in messages]
    assert claimed(await store.delivery_queue.claim(REST, 3, 60)) == ids[:3]
    assert claimed(await store.delivery_queue.claim(REST, 3, 60)) == ids[3:]
    assert await store.delivery_queue.claim(REST, 3, 60) == ()


async def test_a_claim_that_nobody_concluded_is_due_again(store: Store, clock: Clock) -> None:
    """As after a crash; its former holder has lost it."""
    message = mail()
    await released(store, message)
    (first,) = await store.delivery_queue.claim(STUDENTS, 10, 60)
    clock.now += 59
    assert await store.delivery_queue.claim(STUDENTS, 10, 60) == ()
    clock.now += 1
    (second,) = await store.delivery_queue.claim(STUDENTS, 10, 60)
    assert not await store.delivery_queue.renew(first.token, 60)
    assert not await store.delivery_queue.record_outcomes(first, all_sent(first), [Followup(FollowupKind.BOUNCE, message.id, {})])
    assert [each.kind for each in await store.followups.claim_due(10, 60)] == [FollowupKind.DECISION]  # that of the release
    assert await store.delivery_queue.record_outcomes(second, all_sent(second), ())
    assert await store.intake.states(message.id) == {"s1@students.example": State.SENT}


async def test_a_claim_whose_lease_ended_unnoticed_still_counts(store: Store, clock: Clock) -> None:
    """What its holder did is done: only another claim takes the token away."""
    await released(store, mail(), mail())
    first, second = await store.delivery_queue.claim(STUDENTS, 10, 60)
    clock.now += 100
    assert await store.delivery_queue.renew(first.token, 60)
    assert await store.delivery_queue.record_outcomes(second, all_sent(second), ())
    assert await store.delivery_queue.claim(STUDENTS, 10, 60) == ()


async def test_a_renewed_claim_is_ours_for_longer(store: Store, clock: Clock) -> None:
    await released(store, mail())
    (claim,) = await store.delivery_queue.claim(STUDENTS, 10, 60)
    clock.now += 50
    assert await store.delivery_queue.renew(claim.token, 60)
    clock.now += 59
    assert await store.delivery_queue.claim(STUDENTS, 10, 60) == ()
    clock.now += 1
    assert len(await store.delivery_queue.claim(STUDENTS, 10, 60)) == 1


async def test_a_claim_just_made_is_ours_without_being_written_again(store: Store, clock: Clock) -> None:
    await released(store, mail())
    (claim,) = await store.delivery_queue.claim(STUDENTS, 10, 60)
    clock.now += 1
    assert await store.delivery_queue.renew(claim.token, 60)
    assert await store.delivery_queue.next_due() == NOON + 60


@pytest.mark.parametrize("token", ["", "/", "nothing", "a/b", "x/y/z"])
async def test_a_token_that_nobody_holds_renews_nothing(store: Store, token: str) -> None:
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
    assert [(each.state, each.at, each.reply) for each in trace.recipients[1:]] == [
        (State.SENT, NOON + 2, "250 2.0.0 Ok"),
        (State.QUEUED, NOON, "450 4.2.0 Greylisted"),
        (State.BOUNCED, NOON + 2, "550 5.1.1 No such user"),
        (State.BOUNCED, NOON + 2, "421 4.4.2 Timeout"),
        (State.QUEUED, NOON, ""),
    ]
    assert [(each.kind, each.body) for each in await store.followups.claim_due(10, 60)] == [
        (FollowupKind.BOUNCE, bounce.body)
    ]
    (again,) = await store.delivery_queue.claim(REST, 10, 60)  # what was left out is due at once, and was no attempt
    assert [(each.recipient.address, each.attempts) for each in again.recipients] == [(others[4], 0)]
    clock.now = NOON + 300
    (retry,) = await store.delivery_queue.claim(REST, 10, 60)
    assert [(each.recipient.address, each.attempts) for each in retry.recipients] == [(others[1], 1), (others[4], 0)]
    assert retry.recipients[0].queued_at == NOON


async def test_a_claim_is_concluded_once(store: Store) -> None:
    """Also when both conclusions come in one transaction."""
    await released(store, mail(), mail())
    first, second = await store.delivery_queue.claim(STUDENTS, 10, 60)
    assert await store.delivery_queue.record_outcomes(first, all_sent(first), ())
    assert not await store.delivery_queue.record_outcomes(first, {}, ())
    answers = await asyncio.gather(*(store.delivery_queue.record_outcomes(second, all_sent(second), ()) for _ in range(3)))
    assert sorted(answers) == [False, False, True]


async def test_what_is_final_is_never_due(store: Store, clock: Clock) -> None:
    await released(store, mail())
    (claim,) = await store.delivery_queue.claim(STUDENTS, 10, 60)
    await store.delivery_queue.record_outcomes(claim, all_sent(claim), ())
    assert await store.delivery_queue.next_due() is None
    clock.now += 1e7
    assert await store.delivery_queue.claim(STUDENTS, 10, 60) == ()


async def test_next_due_is_the_earliest_of_all(store: Store, clock: Clock) -> None:
    assert await store.delivery_queue.next_due() is None
    await released(store, mail())
    (claim,) = await store.delivery_queue.claim(STUDENTS, 10, 60)
    assert await store.delivery_queue.next_due() == NOON + 60
    clock.now += 7
    await store.intake.accept(ours())
    assert await store.delivery_queue.next_due() == NOON + 7
    await store.delivery_queue.record_outcomes(claim, {"s1@students.example": (Deferred("450"), NOON + 3)}, ())
    assert await store.delivery_queue.next_due() == NOON + 3


async def test_processes_claim_apart(store: Store, store_url: str, clock: Clock) -> None:
    """Each recipient once, and all recipients of a message together, however many processes ask at once."""
    messages = [mail(NOON + at, others=[f"{n}@one.example" for n in range(at % 4)]) for at in range(60)]
    for each in messages:
        await store.intake.accept(each, due=[recipient.address for recipient in each.envelope.recipients])
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
    assert Counter(claimed(claims)) == Counter(each.id for each in messages)
    assert all(len(claim.recipients) == len(claim.message.envelope.recipients) for claim in claims)


async def test_a_text_waits_for_the_one_before_it(store: Store, clock: Clock) -> None:
    """In its conversation and direction, while that is received or queued; a claimed one is queued still."""
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
    assert await store.delivery_queue.next_due() == NOON + 30  # not the second, which could not be claimed
    clock.now = NOON + 30
    (claim,) = await store.delivery_queue.claim(PHONES, 10, 600)
    await store.delivery_queue.record_outcomes(claim, all_sent(claim), ())
    assert claimed(await store.delivery_queue.claim(PHONES, 10, 600)) == [second.id]


async def test_texts_of_the_same_moment_go_by_their_ids(store: Store) -> None:
    first, second = text(NOON), text(NOON)
    await released(store, second, first)
    assert claimed(await store.delivery_queue.claim(PHONES, 10, 60)) == [first.id]


async def test_a_held_text_lets_the_next_one_pass(store: Store) -> None:
    """And blocks those behind it again once it is released."""
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


async def test_a_rejected_text_lets_the_next_one_pass(store: Store) -> None:
    first, second = text(NOON), text(NOON + 1)
    await released(store, second)
    await store.intake.accept(first)
    await store.dispositions.apply([(first.id, becomes(State.HELD))])
    await store.dispositions.apply([(first.id, becomes(State.REJECTED, by="kim"))])
    assert claimed(await store.delivery_queue.claim(PHONES, 10, 60)) == [second.id]


async def test_an_alerted_text_waits_for_none(store: Store) -> None:
    first, second = text(NOON, direction=TO_STAFF), text(NOON + 1, direction=TO_STAFF)
    await store.intake.accept(first)
    await store.intake.accept(second)
    await store.dispositions.apply([(second.id, becomes(State.QUEUED, decision(Action.ALERT, "help")))])
    assert claimed(await store.delivery_queue.claim(PHONES, 10, 60)) == [second.id]


async def test_mails_wait_for_none(store: Store) -> None:
    first, second = mail(NOON), mail(NOON + 1)
    await store.intake.accept(first)
    await released(store, second)
    assert claimed(await store.delivery_queue.claim(STUDENTS, 10, 60)) == [second.id]


async def test_an_address_without_a_domain_goes_by_the_default_hop(store: Store) -> None:
    message = mail()
    message = replace(message, envelope=replace(message.envelope, recipients=(Recipient("postmaster"),)))
    await store.intake.accept(message)
    assert claimed(await store.delivery_queue.claim(REST, 10, 60)) == [message.id]


async def test_a_claim_takes_as_many_bytes_as_there_is_room_for(store: Store) -> None:
    """And the one message with which they are reached: what is larger than any room goes out all the same."""
    messages = [mail(NOON + at, content=b"x" * 400, others=["x@students.example"]) for at in range(5)]
    await released(store, *messages)
    assert claimed(await store.delivery_queue.claim(STUDENTS, 10, 60, room=1)) == [messages[0].id]
    assert claimed(await store.delivery_queue.claim(STUDENTS, 10, 60, room=801)) == [each.id for each in messages[1:4]]
    assert claimed(await store.delivery_queue.claim(STUDENTS, 10, 60, room=801)) == [messages[4].id]


async def test_what_is_released_is_claimed_with_it(store: Store) -> None:
    """By everyone who waits for his hop; a claim that found nothing goes on waiting."""
    here, there = Wakeup(), Wakeup()
    for hop, wakeup in ((STUDENTS, here), (REST, there)):
        assert await store.delivery_queue.claim(hop, 10, 60, wakeup) == ()
    waiting = [asyncio.create_task(store.delivery_queue.claim(hop, 10, 60, wakeup)) for hop, wakeup in ((STUDENTS, here), (REST, there))]
    await asyncio.sleep(0)
    first, second = mail(), mail(others=["a@one.example"])
    await released(store, first)
    assert claimed(await waiting[0]) == [first.id]
    await store.intake.accept(second, contact(second))
    assert claimed(await waiting[1]) == [second.id]
    await store.dispositions.apply([(second.id, becomes(State.QUEUED, decision()))])
    assert claimed(await store.delivery_queue.claim(STUDENTS, 10, 60, here)) == [second.id]


async def test_a_time_that_comes_wakes_nobody(store: Store, clock: Clock) -> None:
    """Who waits gives up after a while, to look for what a time or another process made due."""
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
