"""What the processes of the role sms tell each other, on both stores."""

from __future__ import annotations

from gateway.store import SqlStore
from gateway.store.channels.sms_binds import FORGOTTEN
from tests.contracts.messages import Clock

LINE, OTHER = "+15155550199", "+15155550198"


async def test_the_application_that_last_sent_from_a_number_speaks_for_it(store: SqlStore) -> None:
    assert await store.speaker(LINE) == ""
    await store.spoke(LINE, "texting")
    await store.spoke(OTHER, "second")
    await store.spoke(LINE, "second")
    await store.spoke(LINE, "texting")
    assert (await store.speaker(LINE), await store.speaker(OTHER)) == ("texting", "second")


async def test_a_process_hears_what_the_others_have_bound_and_how_long_ago(store: SqlStore, clock: Clock) -> None:
    assert await store.bound_here("a", ["texting", "second"]) == {}
    clock.now += 5
    assert await store.bound_here("b", ["texting"]) == {"texting": 5.0, "second": 5.0}
    assert await store.bound_here("a", ["texting"]) == {"texting": 0.0}
    clock.now += 1
    assert await store.bound_here("b", []) == {"texting": 1.0}, "second is bound at a no more"
    assert await store.bound_here("a", []) == {}
    assert await store.bound_here("b", ["second"]) == {}
    clock.now += FORGOTTEN + 1
    assert await store.bound_here("a", []) == {}, "b has said nothing for so long that it is gone"
