"""A peer that answers slowly, one request after the other, gets no request twice. The clock is a test's own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from gateway.core.channels.smpp_pdu import Command, Pdu, PduDecoder
from gateway.ports.channels import HopDown
from gateway.smpp.connection import SmppConnection, SmppLimits
from tests.instant_loop import START, InstantLoop

LIMITS = SmppLimits(window=10, timeout=20.0, idle=3600.0)


class _SlowPeer:
    """The other end: it takes `seconds` for each request, and answers those that `answers` says."""

    def __init__(self, seconds: float, answers: Callable[[int], bool] = lambda _: True) -> None:
        self.reader, self.transport = asyncio.StreamReader(), self
        self.taken = 0
        self._frames, self._seconds, self._answers = PduDecoder(), seconds, answers
        self._free_at = START

    def write(self, content: bytes) -> None:
        loop = asyncio.get_running_loop()
        for pdu in self._frames.feed(content):
            self.taken += 1
            self._free_at = max(self._free_at, loop.time()) + self._seconds
            if self._answers(self.taken):
                loop.call_at(self._free_at, self.reader.feed_data, pdu.response(body=b"x\0").encoded())

    async def drain(self) -> None:
        """Nothing waits."""

    def abort(self) -> None:
        self.reader.feed_eof()

    def close(self) -> None:
        """Nothing is open."""

    async def wait_closed(self) -> None:
        """Nothing is open."""


def _run(work: Coroutine[Any, Any, list[object]]) -> list[object]:
    with asyncio.Runner(loop_factory=InstantLoop) as runner:
        return runner.run(work)


async def _ask_all(make: Callable[[], _SlowPeer], requests: int, *, urgent: bool = False) -> list[object]:
    """For each request the seconds until its response, or None if none came."""
    peer = make()

    async def answer(_: Pdu) -> Pdu | None:
        return None

    link = SmppConnection(peer.reader, peer, answer, LIMITS)  # type: ignore[arg-type]
    running = asyncio.create_task(link.run())

    async def ask() -> float | None:
        try:
            await link.ask(Pdu(Command.SUBMIT_SM, b"x"), urgent=urgent)
        except HopDown:
            return None
        return asyncio.get_running_loop().time() - START

    found = await asyncio.gather(*(ask() for _ in range(requests)))
    link.close()
    await running
    assert peer.taken == requests
    return list(found)


@pytest.mark.parametrize("urgent", [False, True])
@pytest.mark.parametrize("seconds", [0.1, 1.0, 2.0, 3.5, 19.0])
@pytest.mark.parametrize("requests", [1, 10, 14])
def test_every_response_in_order_is_waited_for(seconds: float, requests: int, urgent: bool) -> None:
    if not urgent and requests > LIMITS.window:
        requests = LIMITS.window + int(min(LIMITS.timeout / seconds, 5) - 0.01)  # the wait for the window has an end
    found = _run(_ask_all(lambda: _SlowPeer(seconds), requests, urgent=urgent))
    assert found == pytest.approx([seconds * number for number in range(1, requests + 1)])


@pytest.mark.parametrize("lost", [1, 3, 10])
def test_a_request_that_the_peer_passed_over_is_given_up_in_time(lost: int) -> None:
    found = _run(_ask_all(lambda: _SlowPeer(1.0, lambda number: number != lost), 10))
    assert [number for number, seconds in enumerate(found, 1) if seconds is None] == [lost]


def test_a_silent_peer_is_given_up_in_time() -> None:
    async def ask() -> list[object]:
        found = await _ask_all(lambda: _SlowPeer(1.0, lambda _: False), 10)
        return [*found, asyncio.get_running_loop().time() - START]

    *found, took = _run(ask())
    assert found == [None] * 10
    assert took == pytest.approx(LIMITS.timeout)
