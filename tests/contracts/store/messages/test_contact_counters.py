"""Counters of contact."""

from __future__ import annotations

from gateway.core.messages.conversation import conversation_id
from gateway.core.policy.contact import ContactCounters
from gateway.core.policy.decision import Transition
from gateway.ports.store import Store
from tests.contracts.messages import (
    NOON,
    TO_STAFF,
    TO_STUDENT,
    contact,
    mail,
)

DAY = 86400.0


async def test_contact_is_counted_up_to_the_message(store: Store) -> None:
    """A day, a week, nights, alone, personal accounts; with this message, without later ones and other pairs."""
    at = NOON - 8 * DAY
    rows = [
        (at, {}),
        (NOON - 6 * DAY, {"night": True}),
        (NOON - 2 * DAY, {"alone": False}),
        (NOON - 60, {"outside": True}),
    ]
    for row, flags in rows:
        message = mail(row)
        await store.intake.accept(message, contact(message, **flags))
    for item in (mail(NOON - 30, student="S2"), mail(NOON + 1)):
        await store.intake.accept(item, contact(item))
    message = mail(NOON)
    await store.intake.accept(message, contact(message))
    (settled,) = await store.dispositions.apply([(message.id, lambda seen: Transition())])
    assert settled is not None
    assert settled.pending.contact == {
        conversation_id("T1", "S1"): ContactCounters(
            day=2, week=4, night_week=1, alone_week=3, outside_week=1, sender_students_hour=2
        )
    }


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
        await store.intake.accept(message, contact(message))
    message, answer = mail(NOON), mail(NOON, direction=TO_STAFF)
    for other in (message, answer):
        await store.intake.accept(other, contact(other))
    settled = await store.dispositions.apply([(other.id, lambda seen: Transition()) for other in (message, answer)])
    counted = [
        applied.pending.contact[conversation_id("T1", "S1")].sender_students_hour for applied in settled if applied
    ]
    assert counted == [3, 0]
