"""Fetching: pictures and files of texts in scope are fetched to be read, after their text is durable.

Nobody waits for it but the text's publication, and that for a while only. What does not come at once is tried again,
for whoever reviews the text may still see it then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from gateway.core.messages.media import MediaRequest
from gateway.observability.events import EventLog
from gateway.ports.channels import MediaFetcher, MediaStore
from gateway.ports.messages import StoreDown
from gateway.stages.wakeup import Wakeup

_AT_ONCE = 8
_LEASE = 30.0  # longer than one fetch may take
_WAITS = (1.0, 2.0, 4.0, 8.0, 60.0, 600.0)
_PAUSE = 2.0


async def fetch_media(
    media: MediaStore, elsewhere: MediaFetcher, event_log: EventLog, wakeup: Wakeup, *, ready: Callable[[], None]
) -> None:
    """Fetch what is due until the beat stops; `ready` is told of each that is settled."""
    under_way: set[asyncio.Task[None]] = set()
    while not wakeup.stopped:
        free = _AT_ONCE - len(under_way)
        try:
            due = await media.claim_due(free, _LEASE) if free else ()
        except StoreDown:
            event_log.store_lost("fetching")
            await wakeup.rest(_PAUSE)
            continue
        for each in due:
            task = asyncio.create_task(_one(media, elsewhere, event_log, each, ready))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
            task.add_done_callback(lambda _: wakeup.wake())
        if not due:
            await wakeup.rest(1.0)
    if under_way:
        await asyncio.wait(under_way)


async def _one(
    media: MediaStore, elsewhere: MediaFetcher, event_log: EventLog, wanted: MediaRequest, ready: Callable[[], None]
) -> None:
    fetched = await elsewhere.fetch(wanted.url)
    again = fetched.again and wanted.attempts <= len(_WAITS)
    try:
        await media.record_result(wanted, fetched, _WAITS[wanted.attempts - 1] if again else None)
    except StoreDown:
        event_log.store_lost("fetching")  # its claim ends, and it is fetched again
        return
    if not again:
        event_log.media_fetched(wanted.message_id, wanted.number, fetched.failed or "fetched", len(fetched.content))
        ready()
