"""Header sections."""

from __future__ import annotations

from gateway.core.messages.delivery import State
from gateway.core.policy.decision import Action
from gateway.ports.store import Store
from tests.contracts.messages import (
    NOON,
    becomes,
    decision,
    mail,
    verdict_on,
)


async def test_header_sections_of_many_messages_are_read(store: Store) -> None:
    """Without the body, for many messages, with unknown ids among them."""
    long = mail(content=b"From: ann@district.example\r\nSubject: Plan\r\n\r\n" + b"Tomorrow at ten.\r\n" * 9000)
    others = [mail(NOON + at) for at in range(150)]
    for message in (long, *others):
        await store.intake.accept(message)
    verdict = verdict_on(long)
    await store.dispositions.apply([(long.id, becomes(State.HELD, decision(Action.HOLD, "7a"), verdict=verdict))])
    found = await store.headers.heads([long.id, "nothing", *(message.id for message in others)])
    assert found[long.id].verdict == verdict
    assert b"Subject: Plan" in found[long.id].head
    assert b"Tomorrow" not in found[long.id].head
    assert found.keys() == {long.id, *(message.id for message in others)}
    assert found[others[0].id].verdict is None
