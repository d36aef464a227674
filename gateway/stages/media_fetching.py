"""Media fetching: download the pictures and files of text messages in scope, after the message was stored.

Only publication waits for the files, and only for a while. A failed download is tried again, because a reviewer may
still see the file later.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from gateway.core.messages.media import MediaRequest
from gateway.core.messages.work import WorkItem, WorkStage
from gateway.observability.events import EventLog
from gateway.ports.channels import MediaFetcher, MediaStore
from gateway.ports.messages import POLL_SECONDS, StoreDown
from gateway.stages.wakeup import Wakeup
from gateway.stages.work import WorkEngine

_CONCURRENCY = 8
_LEASE = 30.0  # longer than one fetch may take
_WAITS = (1.0, 2.0, 4.0, 8.0, 60.0, 600.0)  # seconds before the next attempt
_STAGE = WorkStage.MEDIA


async def fetch_media(
    media: MediaStore, fetcher: MediaFetcher, engine: WorkEngine, wakeup: Wakeup, *, ready: Callable[[], None]
) -> None:
    """Fetch due files until `wakeup` is stopped. `ready` is called for each one that is settled."""
    running: set[asyncio.Task[None]] = set()

    async def fetch_one(request: MediaRequest) -> None:
        id_ = request.message_id
        item = WorkItem(_STAGE, f"{id_}/{request.number}", id_)
        try:
            await engine.attempt(lambda: [item], _fetch_one(media, fetcher, engine.event_log, request, ready))
        except StoreDown:
            engine.event_log.store_lost(_STAGE)  # the lease ends, and the file is fetched again

    async def step(_: bool) -> bool:
        free = _CONCURRENCY - len(running)
        due = await media.claim_due(free, _LEASE) if free else ()
        for request in due:
            task = asyncio.create_task(fetch_one(request))
            running.add(task)
            task.add_done_callback(running.discard)
            task.add_done_callback(lambda _: wakeup.wake())
        if not due:
            await wakeup.rest(POLL_SECONDS)
        return True

    await engine.run(_STAGE, wakeup, step)
    if running:
        await asyncio.wait(running)


async def _fetch_one(
    media: MediaStore, fetcher: MediaFetcher, event_log: EventLog, request: MediaRequest, ready: Callable[[], None]
) -> None:
    result = await fetcher.fetch(request.url)
    retry = result.again and request.attempts <= len(_WAITS)
    await media.record_result(request, result, _WAITS[request.attempts - 1] if retry else None)
    if not retry:
        event_log.media_fetched(request.message_id, request.number, result.failed or "fetched", len(result.content))
        ready()
