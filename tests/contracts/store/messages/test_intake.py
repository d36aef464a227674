"""Intake."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from gateway.core.channels.capabilities import SMS
from gateway.core.messages.delivery import State
from gateway.core.messages.message import Envelope, Recipient
from gateway.core.messages.parties import Direction, Pair, Relation
from gateway.ports.store import Store
from gateway.store import open_store
from tests.contracts.messages import NOON, REST, STUDENTS, TO_STUDENT, Clock, becomes, contact, mail, ours, text


async def test_message_is_read_as_it_was_accepted(store: Store) -> None:
    """Bytes, envelope with parameters in their letter case, pairs of every kind, and text that databases refuse."""
    content = bytes(range(256)) * 40
    message = replace(
        mail(content=content),
        envelope=Envelope(
            "b\udcff\x00d@d.example",
            (
                Recipient("s1@students.example", ("NOTIFY=NEVER", "ORCPT=rfc822;S1@Old.Example")),
                Recipient("j\xf6rg@\u4f8b\u3048.example"),
                Recipient('"odd \\" one"@x.example'),
            ),
            ("BODY=8BITMIME", "ENVID=QqZz", "SMTPUTF8"),
        ),
        relation=Relation(
            (
                Pair("s1@students.example", "T1", "S1", Direction.STAFF_TO_STUDENT, own_child=True),
                Pair("j\xf6rg@\u4f8b\u3048.example", "T1", "S2", Direction.STUDENT_TO_STAFF, outside=True),
                Pair("s1@students.example", "T2", "S1", Direction.STUDENT_TO_STAFF, own_child=True, outside=True),
            )
        ),
        subject="\U0001f642 'quoted' %s %(x)s ?",
        message_id="<a@b>",
        excerpt="\u00e9\n\t",
        tls=True,
    )
    await store.intake.accept(message)
    outgoing = await store.outbox.outgoing(message.id)
    assert outgoing is not None
    assert outgoing.message == message
    assert await store.intake.states(message.id) == {
        "s1@students.example": State.RECEIVED,
        "j\xf6rg@\u4f8b\u3048.example": State.RECEIVED,
        '"odd \\" one"@x.example': State.QUEUED,
    }


async def test_characters_that_databases_refuse_are_replaced(store: Store) -> None:
    """NUL and lone surrogates are replaced in displayed text; the content keeps its bytes."""
    message = replace(mail(), subject="a\x00b\udcffc", excerpt="\x00", message_id="<\udcfe>")
    await store.intake.accept(message, contact(message))
    outgoing = await store.outbox.outgoing(message.id)
    assert outgoing is not None
    assert outgoing.message.subject == "a\ufffdb\ufffdc"
    assert outgoing.message.content == message.content


async def test_second_accept_changes_nothing(store: Store) -> None:
    """Alone, with others in one transaction, and twice in one transaction."""
    first, second, third = mail(), mail(), mail()
    await store.intake.accept(first, contact(first))
    await store.dispositions.apply([(first.id, becomes(State.HELD))])
    again = replace(first, content=b"other", envelope=Envelope("x@y", (Recipient("z@z.example"),)))
    await store.intake.accept(again)
    await asyncio.gather(*(store.intake.accept(item, contact(item)) for item in (again, second, third, third, again)))
    outgoing = await store.outbox.outgoing(first.id)
    assert outgoing is not None
    assert outgoing.message == first
    assert await store.intake.states(first.id) == {"s1@students.example": State.HELD}
    assert {outgoing.message.id for outgoing in await store.outbox.claim_unpublished(10, 60)} == {
        first.id,
        second.id,
        third.id,
    }


async def test_recipients_without_a_pair_are_due_at_once(store: Store) -> None:
    message = mail(others=["bob@elsewhere.example"])
    await store.intake.accept(message)
    (claim,) = await store.delivery_queue.claim(REST, 10, 60)
    assert [recipient.recipient.address for recipient in claim.recipients] == ["bob@elsewhere.example"]
    assert (claim.recipients[0].attempts, claim.recipients[0].queued_at) == (0, NOON)
    assert claim.message == message
    assert await store.delivery_queue.claim(STUDENTS, 10, 60) == ()


async def test_caller_chooses_who_is_due(store: Store) -> None:
    """Everybody in shadow mode, or nobody."""
    shadowed, kept = mail(others=["bob@elsewhere.example"]), mail(others=["bob@elsewhere.example"])
    await store.intake.accept(shadowed, due=[recipient.address for recipient in shadowed.envelope.recipients])
    await store.intake.accept(kept, due=())
    assert set((await store.intake.states(shadowed.id)).values()) == {State.QUEUED}
    assert set((await store.intake.states(kept.id)).values()) == {State.RECEIVED}


async def test_unknown_message_has_no_states(store: Store) -> None:
    assert await store.intake.states("nothing") == {}
    assert await store.outbox.outgoing("nothing") is None


async def test_undecided_and_queued_bytes_count_as_waiting(store: Store) -> None:
    """Once per message; held and sent messages do not count."""
    second = 0.0
    store.intake._ticks = lambda: second
    held, queued, received = mail(content=b"h" * 1000), ours(), mail(content=b"r" * 10, others=["x@y.example"])
    assert await store.intake.waiting_bytes() == 0
    for message in (held, queued, received):
        await store.intake.accept(message)
    await store.dispositions.apply([(held.id, becomes(State.HELD))])
    assert await store.intake.waiting_bytes() == 0  # the number may be a second old
    second += 1.0
    assert await store.intake.waiting_bytes() == len(queued.content) + len(received.content)


async def test_accepted_message_is_there_after_reopening(store_url: str, clock: Clock) -> None:
    messages = [mail(NOON + at) for at in range(5)]
    async with open_store(store_url, clock=clock) as store:
        await asyncio.gather(*(store.intake.accept(message) for message in messages))
    async with open_store(store_url, clock=clock) as store:
        assert [outgoing.message for outgoing in await store.outbox.claim_unpublished(10, 60)] == messages


async def test_both_channels_are_accepted(store: Store) -> None:
    message = text(direction=TO_STUDENT)
    await store.intake.accept(message)
    outgoing = await store.outbox.outgoing(message.id)
    assert outgoing is not None
    assert outgoing.message.channel == SMS
    assert outgoing.message.content == b"ok"
