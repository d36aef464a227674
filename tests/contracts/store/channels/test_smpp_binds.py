"""Shared SMPP binds."""

from __future__ import annotations

from gateway.ports.store import Store
from gateway.store.channels.smpp_binds import FORGET_AFTER
from tests.contracts.messages import Clock

LINE, OTHER = "+15155550199", "+15155550198"


async def test_last_sender_of_a_number_is_recorded(store: Store) -> None:
    assert await store.smpp_binds.last_sender(LINE) == ""
    await store.smpp_binds.record_sender(LINE, "texting")
    await store.smpp_binds.record_sender(OTHER, "second")
    await store.smpp_binds.record_sender(LINE, "second")
    await store.smpp_binds.record_sender(LINE, "texting")
    assert (await store.smpp_binds.last_sender(LINE), await store.smpp_binds.last_sender(OTHER)) == (
        "texting",
        "second",
    )


async def test_processes_share_bound_applications_with_their_age(store: Store, clock: Clock) -> None:
    assert await store.smpp_binds.share_bound("a", ["texting", "second"]) == {}
    clock.now += 5
    assert await store.smpp_binds.share_bound("b", ["texting"]) == {"texting": 5.0, "second": 5.0}
    assert await store.smpp_binds.share_bound("a", ["texting"]) == {"texting": 0.0}
    clock.now += 1
    assert await store.smpp_binds.share_bound("b", []) == {"texting": 1.0}, "second is bound at a no more"
    assert await store.smpp_binds.share_bound("a", []) == {}
    assert await store.smpp_binds.share_bound("b", ["second"]) == {}
    clock.now += FORGET_AFTER + 1
    assert await store.smpp_binds.share_bound("a", []) == {}, "b has said nothing for so long that it is gone"
