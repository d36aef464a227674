"""The end of a process: stages finish their current work within one shared time limit."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from prometheus_client import CollectorRegistry

from gateway.assembly.process import Process, Running
from gateway.observability.events import EventLog
from gateway.stages.wakeup import Wakeup


async def test_stages_that_do_not_end_share_one_time_limit() -> None:
    ended: list[str] = []
    loop = asyncio.get_running_loop()

    async def stuck(name: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(name)

    async def orderly(wakeup: Wakeup) -> None:
        while not wakeup.stopped:
            await wakeup.rest(10)
        ended.append("orderly")

    async with AsyncExitStack() as stack:
        event_log, stopped = EventLog(CollectorRegistry()), asyncio.Event()
        running = Running(None, None)
        process = Process(None, event_log, stopped, stack, None, None, None, running, drain=0.4)
        wakeup = Wakeup()
        await process.work(wakeup, orderly(wakeup))
        for number in range(5):
            await process.work(Wakeup(), stuck(str(number)))
        stack.callback(process.end)
        await asyncio.sleep(0)
        began = loop.time()
    assert ended == ["4", "3", "2", "1", "0", "orderly"]
    assert 0.4 <= loop.time() - began < 1.2
    assert not running.failed
