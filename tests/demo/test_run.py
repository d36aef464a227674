"""The demo from start to Ctrl-C, over a fake gateway."""

from __future__ import annotations

import asyncio
import io
import logging
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.core.fault import Fault
from gateway.demo.folder import DOMAINS, read_sample_district
from gateway.demo.run import RunningGateway, cancel_tasks, demo
from gateway.demo.traffic import sample_mails
from tests.demo.fake_gateway import DANA, LIAM, WITHIN, FakeGateway, by_subject, send, serving, until
from tests.demo.test_sample_district import DISTRICT

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("temporary_folders_here", "handlers_as_before")]


async def test_from_first_held_message_to_ctrl_c(tmp_path: Path) -> None:
    expected = {mail.subject: mail.expect[0] for mail in sample_mails(read_sample_district(DISTRICT).names, "x")}
    fakes: list[FakeGateway] = []
    stream = io.StringIO()
    running = asyncio.create_task(
        demo(None, traffic=True, keep=False, serve=serving(by_subject(expected), fakes), command="chap", stream=stream)
    )
    shown = stream.getvalue
    await until(lambda: "HELD" in shown() and "ALERT" in shown() and "passed through" in shown())
    (folder,) = (tmp_path / "tmp").iterdir()
    assert str(folder) in shown()
    assert "admin  /  quiet-river-42" in shown()
    assert "7a  Sexual or flirtatious content, grooming cues   0.97" in shown()
    assert "“between us”" in shown()
    assert f"chap held release -c {folder}/chaperone.toml m002" in shown()
    assert (folder / "mailboxes" / LIAM / "0001-lab-make-up-on-thursday.eml").is_file()
    maya = folder / "mailboxes" / f"maya.lindqvist@{DOMAINS[1]}"
    assert not maya.exists()

    fakes[0].release("m002")
    await until(lambda: "released after all" in shown())
    assert (maya / "0001-between-us.eml").is_file()

    os.kill(os.getpid(), signal.SIGINT)
    assert await asyncio.wait_for(running, WITHIN) == 0
    assert "released since" in shown()
    assert "folder is removed" in shown()
    assert not folder.exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_own_mail_without_sample_traffic(tmp_path: Path, number: int) -> None:
    fakes: list[FakeGateway] = []
    stream = io.StringIO()
    running = asyncio.create_task(
        demo(tmp_path / "d", traffic=False, keep=False, serve=serving(by_subject({}), fakes), stream=stream)
    )
    smtp = await until(lambda: next((w for w in stream.getvalue().split() if w.startswith("127.0.0.1:")), ""))
    await send(smtp, DANA, LIAM, "between us")  # no Message-ID, as some tools send it
    await send(smtp, DANA, LIAM, "Lab on Friday", **{"Message-ID": "<1@x>"})
    await send(smtp, "v@vendor.example", DANA, "An offer", **{"Message-ID": "<2@x>"})
    await until(lambda: "passed through" in stream.getvalue() and "HELD" in stream.getvalue())
    await until(lambda: "✓ released" in stream.getvalue())
    assert "Dana Okafor → Liam Whitcomb" in stream.getvalue()
    os.kill(os.getpid(), number)
    assert await asyncio.wait_for(running, WITHIN) == 0
    assert "3 messages in" in stream.getvalue()
    assert ": 1 released, 0 flagged, 1 held, 0 alerts, 1 passed through" in stream.getvalue()
    assert f"kept in {tmp_path / 'd'}" in stream.getvalue()
    assert len(list((tmp_path / "d/mailboxes").rglob("*.eml"))) == 2


@pytest.mark.parametrize("keep", [True, False])
async def test_ctrl_c_during_start(tmp_path: Path, keep: bool) -> None:
    events: list[str] = []

    @asynccontextmanager
    async def slow(config: Path) -> AsyncIterator[RunningGateway]:
        events.append("opening")
        try:
            await asyncio.Event().wait()
            yield RunningGateway(FakeGateway(by_subject({}), {}))
        finally:
            await asyncio.sleep(0)
            events.append("closed")

    stream = io.StringIO()
    running = asyncio.create_task(demo(None, traffic=True, keep=keep, serve=slow, stream=stream))
    await until(lambda: events)
    os.kill(os.getpid(), signal.SIGINT)
    assert await asyncio.wait_for(running, WITHIN) == 0
    assert events == ["opening", "closed"]
    assert bool(list((tmp_path / "tmp").iterdir())) is keep


async def test_a_gateway_that_stops_ends_the_demo(tmp_path: Path) -> None:
    gateway = RunningGateway(FakeGateway(by_subject({}), {}))

    @asynccontextmanager
    async def failing(config: Path) -> AsyncIterator[RunningGateway]:
        yield gateway

    stream = io.StringIO()
    running = asyncio.create_task(demo(None, traffic=False, keep=False, serve=failing, stream=stream))
    await until(lambda: "Mail in" in stream.getvalue())
    gateway.stopped.set()
    assert await asyncio.wait_for(running, WITHIN) == 1
    assert "stopped by itself" in stream.getvalue()
    assert not list((tmp_path / "tmp").iterdir())


async def test_a_gateway_that_cannot_start_raises_and_leaves_no_folder(tmp_path: Path) -> None:
    @asynccontextmanager
    async def broken(config: Path) -> AsyncIterator[RunningGateway]:
        raise Fault("classify.model: no such folder")
        yield

    with pytest.raises(Fault, match="no such folder"):
        await demo(None, traffic=False, keep=False, serve=broken, stream=io.StringIO())
    assert not list((tmp_path / "tmp").iterdir())


async def test_log_lines_stay_out_of_the_terminal(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    @asynccontextmanager
    async def logging_one(config: Path) -> AsyncIterator[RunningGateway]:
        logging.getLogger("chaperone").warning("something", extra={"fields": {"id": "m1"}})
        gateway = RunningGateway(FakeGateway(by_subject({}), {}))
        gateway.stopped.set()
        yield gateway

    await demo(tmp_path / "d", traffic=False, keep=False, serve=logging_one, stream=io.StringIO())
    assert '"event": "something"' in (tmp_path / "d/gateway.log").read_text(encoding="utf-8")
    assert capfd.readouterr() == ("", "")


async def test_a_task_that_loses_a_cancellation_is_still_ended() -> None:
    lost: list[str] = []

    async def careless() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            lost.append("once")
        await asyncio.Event().wait()

    task: asyncio.Task[object] = asyncio.create_task(careless())
    await asyncio.sleep(0)
    await asyncio.wait_for(cancel_tasks({task}), WITHIN)
    assert lost == ["once"]
    assert task.cancelled()
