"""The end of a process: stages finish their current work within one shared time limit."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from functools import partial

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
        await process.work(wakeup, orderly=partial(orderly, wakeup))
        for number in range(60):
            await process.work(Wakeup(), stuck=partial(stuck, str(number)))
        stack.callback(process.end)
        await asyncio.sleep(0)
        began = loop.time()
    assert ended == [*map(str, reversed(range(60))), "orderly"]
    assert 0.4 <= loop.time() - began < 12, "one limit after the other would take twenty-four seconds"
    assert not stopped.is_set()


async def test_a_stage_that_fails_runs_again_and_others_go_on() -> None:
    runs: list[str] = []
    recovered = asyncio.Event()

    async def failing(wakeup: Wakeup) -> None:
        runs.append("failing")
        wakeup.wake()  # so that it need not wait for its delay
        if runs.count("failing") < 3:
            raise LookupError("unforeseen")
        recovered.set()
        while not wakeup.stopped:
            await wakeup.rest(60)

    async def healthy(wakeup: Wakeup) -> None:
        runs.append("healthy")
        while not wakeup.stopped:
            await wakeup.rest(60)

    async with AsyncExitStack() as stack:
        event_log, stopped = EventLog(registry := CollectorRegistry()), asyncio.Event()
        process = Process(None, event_log, stopped, stack, None, None, None, Running(None, None), drain=1.0)
        failing_wakeup, healthy_wakeup = Wakeup(), Wakeup()
        await process.work(failing_wakeup, failing=partial(failing, failing_wakeup))
        await process.work(healthy_wakeup, healthy=partial(healthy, healthy_wakeup))
        async with asyncio.timeout(30):
            await recovered.wait()
        stack.callback(process.end)
    assert not stopped.is_set()
    assert runs.count("healthy") == 1
    assert registry.get_sample_value("chaperone_work_failures_total", {"stage": "failing"}) == 2
