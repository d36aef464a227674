"""A limit ends what takes too long, and nothing else."""

from __future__ import annotations

import asyncio

import pytest

from classifiers.service.running_time import running_time_limit


class _SteppedLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock a test moves on."""

    now = 1000.0

    def time(self) -> float:
        return self.now


async def _wait(loop: _SteppedLoop, steps: list[float]) -> None:
    async with running_time_limit(1.0):
        for step in steps:
            loop.now += step
            await asyncio.sleep(0)
            await asyncio.sleep(0)


@pytest.mark.parametrize("steps", [[100.0, 0.01], [0.5, 3600.0, 0.05], [0.09] * 10])
def test_a_standstill_does_not_end_what_takes_little(steps: list[float]) -> None:
    with asyncio.Runner(loop_factory=_SteppedLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, _SteppedLoop)
        runner.run(_wait(loop, steps))


@pytest.mark.parametrize("step", [0.01, 0.1, 1.0, 60.0])
def test_what_takes_too_long_is_ended(step: float) -> None:
    with asyncio.Runner(loop_factory=_SteppedLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, _SteppedLoop)
        with pytest.raises(TimeoutError):
            runner.run(_wait(loop, [step] * 200))


@pytest.mark.parametrize(("share", "steps"), [(1.0, 15), (0.5, 25), (0.2, 60), (0.0, 110)])
def test_the_time_of_a_process_is_counted_by_its_clock(share: float, steps: int) -> None:
    """It ends when the process has had its time, or after ten times as long."""

    async def work(loop: _SteppedLoop, steps: int) -> None:
        began = loop.now
        async with running_time_limit(1.0, lambda: (loop.now - began) * share):
            for _ in range(steps):
                loop.now += 0.1001
                await asyncio.sleep(0)
                await asyncio.sleep(0)

    with asyncio.Runner(loop_factory=_SteppedLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, _SteppedLoop)
        runner.run(work(loop, steps // 2))
        with pytest.raises(TimeoutError):
            runner.run(work(loop, steps))


def test_no_timer_is_left_behind() -> None:
    with asyncio.Runner(loop_factory=_SteppedLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, _SteppedLoop)
        errors: list[dict[str, object]] = []
        loop.set_exception_handler(lambda _, error: errors.append(error))
        runner.run(_wait(loop, [0.1]))
        runner.run(_go_on(loop))
        assert not errors


async def _go_on(loop: _SteppedLoop) -> None:
    """Let time pass: a timer that was left behind would fail, because its limit is over."""
    for _ in range(30):
        loop.now += 1.0
        await asyncio.sleep(0)
