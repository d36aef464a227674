"""Reading processes: no content slows or ends the process that asks, and no answer is trusted."""

from __future__ import annotations

import asyncio
import gc
import os
import pickle
import signal
import time
from collections.abc import AsyncIterator, Iterator

import pytest

from gateway.core.channels.capabilities import MAIL
from gateway.core.mime.excerpt import excerpt
from gateway.core.mime.parts import mime_parts
from gateway.ports.content import ReadHere
from gateway.reading import processes
from gateway.reading.answers import decode_answer, encode_answer
from gateway.reading.processes import ReadingProcesses
from tests.growth import cpu_seconds
from tests.operations.hostile_mails import hostile_mails

SEED = 7
PLAIN = (
    b"From: a@d.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n"
    b"--b\r\n\r\nHello\r\n--b\r\nContent-Type: text/html\r\n\r\n<p onclick=x>Hello <b>you</b>\r\n--b--\r\n"
)


@pytest.fixture(name="reader")
async def _reader() -> AsyncIterator[ReadingProcesses]:
    async with ReadingProcesses() as opened:
        await opened.ready()
        yield opened


async def test_everything_is_read_as_in_one_process(reader: ReadingProcesses) -> None:
    here = ReadHere()
    for content in [PLAIN, *hostile_mails("a@d.example", "b@d.example", 14, SEED)[:4]]:
        assert list(await reader.parts(MAIL, content)) == list(await here.parts(MAIL, content))
        assert list(await reader.account(MAIL, content)) == list(await here.account(MAIL, content))
    assert await reader.excerpt(MAIL, PLAIN) == "Hello"
    pieces = await reader.html(b"<p onclick=x>a &lt; <b>b")
    assert list(pieces) == list(await here.html(b"<p onclick=x>a &lt; <b>b"))
    assert ("<p>", "a < ") in pieces


@pytest.fixture
def without_collections() -> Iterator[None]:
    """A collection of what other tests have left takes longer than any content may."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("without_collections")
async def test_no_content_keeps_the_loop_waiting(reader: ReadingProcesses) -> None:
    contents = hostile_mails("a@d.example", "b@d.example", 28, SEED)
    ended = False

    longest = max(cpu_seconds(lambda text: excerpt(mime_parts(text)), content[: 1 << 16]) for content in contents)

    async def measure() -> float:
        """The CPU time that this process takes between two turns of its loop, at most."""
        worst, before = 0.0, time.thread_time()
        while not ended:
            await asyncio.sleep(0.001)
            now = time.thread_time()
            worst, before = max(worst, now - before), now
        return worst

    measuring = asyncio.create_task(measure())
    await asyncio.gather(*(reader.excerpt(MAIL, content[: 1 << 16]) for content in contents))
    for content in contents[:8]:
        await reader.parts(MAIL, content)
    ended = True
    assert await measuring < longest / 2


async def test_a_child_that_ends_or_hangs_is_replaced(
    reader: ReadingProcesses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "READ_SECONDS", 0.5)
    for stop in (signal.SIGKILL, signal.SIGSTOP):
        await reader.ready()
        for child in reader._children:
            assert child._process is not None
            os.kill(child._process.pid, stop)
        first, *others = await reader.parts(MAIL, PLAIN)
        assert first.unreadable or (stop == signal.SIGKILL and len(others) == 1)  # an end may be known before asking
        async with asyncio.timeout(30):
            while len(await reader.parts(MAIL, PLAIN)) != 2:
                await asyncio.sleep(0.01)


async def test_nothing_is_asked_of_a_child_that_is_known_to_have_ended(reader: ReadingProcesses) -> None:
    for child in reader._children:
        assert child._process is not None
        os.kill(child._process.pid, signal.SIGKILL)
        async with asyncio.timeout(10):
            while not child.has_ended():
                await asyncio.sleep(0.01)
    assert len(await reader.parts(MAIL, PLAIN)) == 2


async def test_a_content_does_not_wait_for_others_long(reader: ReadingProcesses) -> None:
    for child in reader._children:
        assert child._process is not None
        os.kill(child._process.pid, signal.SIGSTOP)
    async with asyncio.timeout(60):  # one after the other would take half a second each
        found = await asyncio.gather(*(reader.excerpt(MAIL, PLAIN) for _ in range(500)))
    assert set(found) == {""}


async def test_closing_waits_for_no_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "READ_SECONDS", 600.0)
    for is_loaded in (False, True):
        async with ReadingProcesses() as reader:
            if is_loaded:
                await reader.ready()
            while not all(child._process for child in reader._children):
                await asyncio.sleep(0.001)
            for child in reader._children:
                assert child._process is not None
                os.kill(child._process.pid, signal.SIGSTOP)
            reading = asyncio.create_task(reader.parts(MAIL, PLAIN))
            await asyncio.sleep(0.05)
        async with asyncio.timeout(60):
            (unread,) = await reading
        assert unread.unreadable


def test_an_answer_holds_our_records_only() -> None:
    parts = [("a", b"b", 1)]
    assert decode_answer(encode_answer(parts)) == parts
    for attack in (os.system, ValueError("x"), pickle.Unpickler):
        with pytest.raises(ValueError, match="not an answer"):
            decode_answer(pickle.dumps(attack))
    for damaged in (b"", b"x", encode_answer(parts)[:-2]):
        with pytest.raises(ValueError, match="not an answer"):
            decode_answer(damaged)
