"""Media fetching: download the pictures and files of text messages in scope, after the message was stored.

Only publication waits for the files, and only for a while. A failed download is tried again, because a reviewer may
still see the file later.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from gateway.core.messages.media import MediaRequest
from gateway.observability.events import EventLog
from gateway.ports.channels import MediaFetcher, MediaStore
from gateway.ports.messages import StoreDown
from gateway.stages.guard import guarded
from gateway.stages.wakeup import Wakeup

_CONCURRENCY = 8
_LEASE = 30.0  # longer than one fetch may take
_WAITS = (1.0, 2.0, 4.0, 8.0, 60.0, 600.0)  # seconds before the next attempt
_PAUSE = 2.0


async def fetch_media(
    media: MediaStore, fetcher: MediaFetcher, event_log: EventLog, wakeup: Wakeup, *, ready: Callable[[], None]
) -> None:
    """Fetch due files until `wakeup` is stopped. `ready` is called for each one that is settled."""
    running: set[asyncio.Task[bool]] = set()
    while not wakeup.stopped:
        free = _CONCURRENCY - len(running)
        try:
            due = await media.claim_due(free, _LEASE) if free else ()
        except StoreDown:
            event_log.store_lost("fetching")
            await wakeup.rest(_PAUSE)
            continue
        for request in due:
            fetching = _fetch_one(media, fetcher, event_log, request, ready)
            task = asyncio.create_task(
                guarded("media", event_log, fetching)
            )  # else its lease ends, and it is due again
            running.add(task)
            task.add_done_callback(running.discard)
            task.add_done_callback(lambda _: wakeup.wake())
        if not due:
            await wakeup.rest(1.0)
    if running:
        await asyncio.wait(running)


async def _fetch_one(
    media: MediaStore, fetcher: MediaFetcher, event_log: EventLog, request: MediaRequest, ready: Callable[[], None]
) -> None:
    result = await fetcher.fetch(request.url)
    retry = result.again and request.attempts <= len(_WAITS)
    try:
        await media.record_result(request, result, _WAITS[request.attempts - 1] if retry else None)
    except StoreDown:
        event_log.store_lost("fetching")  # the lease ends, and the file is fetched again
        return
    if not retry:
        event_log.media_fetched(request.message_id, request.number, result.failed or "fetched", len(result.content))
        ready()
