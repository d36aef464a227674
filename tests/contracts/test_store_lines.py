"""What the processes of the role sms tell each other, on both stores."""

from __future__ import annotations

from gateway.ports.store import Store
from gateway.store.channels.smpp_binds import FORGET_AFTER
from tests.contracts.messages import Clock

LINE, OTHER = "+15155550199", "+15155550198"


async def test_the_application_that_last_sent_from_a_number_speaks_for_it(store: Store) -> None:
    assert await store.smpp_binds.last_sender(LINE) == ""
    await store.smpp_binds.record_sender(LINE, "texting")
    await store.smpp_binds.record_sender(OTHER, "second")
    await store.smpp_binds.record_sender(LINE, "second")
    await store.smpp_binds.record_sender(LINE, "texting")
    assert (await store.smpp_binds.last_sender(LINE), await store.smpp_binds.last_sender(OTHER)) == ("texting", "second")


async def test_a_process_hears_what_the_others_have_bound_and_how_long_ago(store: Store, clock: Clock) -> None:
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
