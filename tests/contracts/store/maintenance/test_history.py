"""Past traffic."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.core.messages.conversation import conversation_id
from gateway.core.messages.delivery import State
from gateway.ports.store import Store
from tests.contracts.messages import NOON, becomes, contact, decision, mail, ours, text, verdict_on


@pytest.mark.parametrize("page", [1, 2, 50])
async def test_every_message_in_scope_comes_once_in_order(store: Store, page: int) -> None:
    old = mail(NOON - 10)
    group = [mail(NOON) for _ in range(3)]  # accepted at the same time
    later = [text(NOON + 1, student="S2"), mail(NOON + 2, others=["office@district.example"])]
    for message in (old, *reversed(group), *later):
        await store.intake.accept(message, [*contact(message)] * 2)
    await store.intake.accept(ours(at=NOON + 1))  # a bounce belongs to no conversation
    found, at, behind = [], NOON - 5, ""
    while rows := await store.history.past_messages(at, behind, page):
        found += rows
        at, behind = rows[-1].received_at, rows[-1].id
    assert [item.id for item in found] == [*sorted(message.id for message in group), *(message.id for message in later)]


async def test_past_message_has_its_decision(store: Store) -> None:
    message = mail()
    await store.intake.accept(message, contact(message, night=True))
    says = decision()
    await store.dispositions.apply([(message.id, becomes(State.QUEUED, says))])
    (waiting,) = await store.history.past_messages(NOON, "", 10)
    assert waiting.verdict is None

    def read(pending):

        return replace(becomes(State.QUEUED)(pending), verdict=verdict_on(message))

    await store.dispositions.apply([(message.id, read)])
    (past,) = await store.history.past_messages(NOON, "", 10)
    assert past.verdict == verdict_on(message)
    assert [(recipient.decision, recipient.pairs) for recipient in past.recipients] == [(says, message.relation.pairs)]
    assert [row.at for row in past.contact[conversation_id("T1", "S1")].rows] == [NOON]
