"""Notices for the webhook: written at the end of their follow-up, claimed by one process, kept until taken."""

from __future__ import annotations

import asyncio

from gateway.core.messages.followup import Followup, FollowupKind
from gateway.ports.store import Store
from gateway.ports.urgency import WebhookNotice
from tests.contracts.messages import Clock

NOTICE = WebhookNotice("n1", "m1", '{"v":1}')


async def written(store: Store, *notices: WebhookNotice) -> None:
    """Write notices at the end of a follow-up."""
    await store.reminders.remind([("m1", "test")], lambda steps: ([Followup(FollowupKind.URGENT, "m1", {})], ()))
    due = await store.followups.claim_due(10, 60)
    ids = [followup.id for followup in due]
    await asyncio.gather(*(store.followups.complete(ids, webhooks=notices) for _ in range(2)))  # a lost lease


async def test_notice_is_written_once_and_claimed_by_one(store: Store) -> None:
    await written(store, NOTICE)
    claimed = await asyncio.gather(*(store.webhooks.claim_due(10, 60) for _ in range(3)))
    assert sorted(map(len, claimed)) == [0, 0, 1]
    ((notice,),) = [found for found in claimed if found]
    assert notice == WebhookNotice("n1", "m1", '{"v":1}', 1)


async def test_notice_stays_until_it_is_taken(store: Store, clock: Clock) -> None:
    await written(store, NOTICE)
    (first,) = await store.webhooks.claim_due(10, 60)
    await store.webhooks.postpone({first.id: 5})
    assert await store.webhooks.claim_due(10, 60) == ()
    clock.now += 6
    (again,) = await store.webhooks.claim_due(10, 60)
    assert again.attempts == 2
    clock.now += 61  # the lease has ended: its process was killed
    assert [notice.attempts for notice in await store.webhooks.claim_due(10, 60)] == [3]
    await store.webhooks.taken([first.id])
    clock.now += 61
    assert await store.webhooks.claim_due(10, 60) == ()
