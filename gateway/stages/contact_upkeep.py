"""Contact upkeep: what is usual in a week is computed once, when the week begins."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import tzinfo

from gateway.core.contact.calendar import local_minute, week_of
from gateway.observability.events import EventLog
from gateway.ports.clock import StoreClock
from gateway.ports.contact import ContactStore
from gateway.ports.messages import StoreDown
from gateway.stages.wakeup import Wakeup


async def update_usual(
    contact: ContactStore, clock: StoreClock, event_log: EventLog, wakeup: Wakeup, *, time_zone: tzinfo,
    buildings: Callable[[str], Collection[str]], every: float = 300.0,
) -> None:  # fmt: skip
    """Compute what is usual when a week has begun, until `wakeup` is stopped.

    `buildings` returns the buildings of a staff member. In the first minutes of a week decisions use the week before.
    """
    while not wakeup.stopped:
        try:
            await contact.update_usual(week_of(local_minute(await clock.now(), time_zone)), buildings)
        except StoreDown:
            event_log.store_lost("upkeep")
        await wakeup.rest(every)
