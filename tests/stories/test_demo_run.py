"""The demo from its start to Ctrl-C, over a twin of the gateway."""

from __future__ import annotations

import asyncio
import io
import logging
import os
import signal
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiosmtplib
import pytest

from gateway.core.fault import Fault
from gateway.demo.folder import DOMAINS, NOTICES, people
from gateway.demo.mailbox import Mailboxes, listening
from gateway.demo.run import Served, demo, end
from gateway.demo.scene import Kind, Scene, Tally, Turn
from gateway.demo.story import Story, play
from gateway.demo.traffic import samples
from gateway.demo.window import Window
from gateway.ports.messages import StoreDown
from tests.stories.demo_twin import TITLES, Twin, by_subject, serving
from tests.stories.test_demo_parts import DISTRICT

WITHIN = 20.0
DANA, LIAM = f"dana.okafor@{DOMAINS[0]}", f"liam.whitcomb@{DOMAINS[1]}"


async def until(what: Callable[[], Any]) -> Any:
    """What a condition gives once it is true."""
    async with asyncio.timeout(WITHIN):
        while not (value := what()):
            await asyncio.sleep(0.01)
        return value


async def send(address: str, sender: str, recipient: str, title: str, **more: str) -> None:
    host, _, port = address.rpartition(":")
    fields = "".join(f"{name}: {value}\r\n" for name, value in {"Subject": title, **more}.items())
    content = f"From: {sender}\r\n{fields}\r\nhello there, this is a text\r\n".encode()
    await aiosmtplib.send(
        content, sender=sender, recipients=[recipient], hostname=host, port=int(port), start_tls=False
    )


@pytest.fixture(autouse=True)
def _temporary_folders_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))


@pytest.fixture(autouse=True)
def _handlers_as_before() -> Iterator[None]:
    before = list(logging.getLogger().handlers)
    yield
    assert logging.getLogger().handlers == before


# --- the whole of it -----------------------------------------------------------------------------------------------


async def test_from_the_first_held_message_to_ctrl_c(tmp_path: Path) -> None:
    expected = {each.subject: each.expect[0] for each in samples(people(DISTRICT).names, "x")}
    twins: list[Twin] = []
    stream = io.StringIO()
    running = asyncio.create_task(
        demo(None, traffic=True, keep=False, serve=serving(by_subject(expected), twins), command="chap", stream=stream)
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

    twins[0].release("m002")
    await until(lambda: "released after all" in shown())
    assert (maya / "0001-between-us.eml").is_file()

    os.kill(os.getpid(), signal.SIGINT)
    assert await asyncio.wait_for(running, WITHIN) == 0
    assert "released since" in shown()
    assert "folder is removed" in shown()
    assert not folder.exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_mail_of_ones_own_without_sample_traffic(tmp_path: Path, number: int) -> None:
    twins: list[Twin] = []
    stream = io.StringIO()
    running = asyncio.create_task(
        demo(tmp_path / "d", traffic=False, keep=False, serve=serving(by_subject({}), twins), stream=stream)
    )
    smtp = await until(lambda: next((w for w in stream.getvalue().split() if w.startswith("127.0.0.1:")), ""))
    await send(smtp, DANA, LIAM, "between us")  # no Message-ID, as from many a tool
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
async def test_ctrl_c_while_it_starts(tmp_path: Path, keep: bool) -> None:
    events: list[str] = []

    @asynccontextmanager
    async def slow(config: Path) -> AsyncIterator[Served]:
        events.append("opening")
        try:
            await asyncio.Event().wait()
            yield Served(Twin(by_subject({}), {}))
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


async def test_a_gateway_that_ends_by_itself_ends_the_demo(tmp_path: Path) -> None:
    served = Served(Twin(by_subject({}), {}))

    @asynccontextmanager
    async def failing(config: Path) -> AsyncIterator[Served]:
        yield served

    stream = io.StringIO()
    running = asyncio.create_task(demo(None, traffic=False, keep=False, serve=failing, stream=stream))
    await until(lambda: "Mail in" in stream.getvalue())
    served.stopped.set()
    assert await asyncio.wait_for(running, WITHIN) == 1
    assert "ended by itself" in stream.getvalue()
    assert not list((tmp_path / "tmp").iterdir())


async def test_a_gateway_that_cannot_start_says_why_and_leaves_nothing(tmp_path: Path) -> None:
    @asynccontextmanager
    async def broken(config: Path) -> AsyncIterator[Served]:
        raise Fault("classify.model: no such folder")
        yield

    with pytest.raises(Fault, match="no such folder"):
        await demo(None, traffic=False, keep=False, serve=broken, stream=io.StringIO())
    assert not list((tmp_path / "tmp").iterdir())


async def test_the_gateways_log_stays_out_of_the_terminal(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    @asynccontextmanager
    async def logging_one(config: Path) -> AsyncIterator[Served]:
        logging.getLogger("chaperone").warning("something", extra={"fields": {"id": "m1"}})
        served = Served(Twin(by_subject({}), {}))
        served.stopped.set()
        yield served

    await demo(tmp_path / "d", traffic=False, keep=False, serve=logging_one, stream=io.StringIO())
    assert '"event": "something"' in (tmp_path / "d/gateway.log").read_text(encoding="utf-8")
    assert capfd.readouterr() == ("", "")


async def test_a_task_that_loses_a_cancellation_is_ended_all_the_same() -> None:
    lost: list[str] = []

    async def careless() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            lost.append("once")
        await asyncio.Event().wait()

    task: asyncio.Task[object] = asyncio.create_task(careless())
    await asyncio.sleep(0)
    await asyncio.wait_for(end({task}), WITHIN)
    assert lost == ["once"]
    assert task.cancelled()


# --- the story -----------------------------------------------------------------------------------------------------


class Notebook:
    """A teller that writes down what it was told."""

    def __init__(self) -> None:
        self.told: list[tuple[Kind, str]] = []
        self.turns: list[tuple[Turn, tuple[str, ...]]] = []

    def tell(self, scene: Scene, kind: Kind) -> None:
        self.told.append((kind, scene.subject or scene.id))

    def go_on(self, scene: Scene, turn: Turn, recipients: Any, at: datetime) -> None:
        self.turns.append((turn, tuple(recipients)))

    def count(self, tally: Tally) -> None:
        pass


def clock() -> datetime:
    return datetime(2026, 2, 3, 9, 30, tzinfo=UTC)


@asynccontextmanager
async def following(twin: Twin) -> AsyncIterator[tuple[Story, Notebook]]:
    notebook = Notebook()
    story = Story(Window(twin, TITLES), notebook, clock, NOTICES)
    await story.begin()
    task = asyncio.create_task(story.run())
    try:
        yield story, notebook
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


CONTENT = b"From: x@x.example\r\nSubject: between us\r\nMessage-ID: <9@x>\r\n\r\ntext\r\n"


async def test_what_an_earlier_run_left_held_is_told_when_somebody_decides() -> None:
    twin = Twin(by_subject({}), {})
    id = twin.take(DANA, [LIAM], CONTENT, [LIAM])
    async with following(twin) as (story, notebook):
        assert story.tally.still_held == 1
        twin.kept[id]["states"][LIAM] = "rejected"
        await until(lambda: notebook.turns)
        assert notebook.told == []
        assert notebook.turns == [(Turn.TURNED_DOWN, (LIAM,))]
        assert story.tally.still_held == 0


async def test_what_is_held_of_somebody_elses_mail_is_noticed_once() -> None:
    twin = Twin(by_subject({}), {})
    async with following(twin) as (_, notebook):
        twin.take(DANA, [LIAM], CONTENT, [LIAM])
        twin.take(DANA, [LIAM], CONTENT.replace(b"<9@x>", b"<8@x>"), [LIAM])
        await until(lambda: len(notebook.told) == 2)
        twin.take(DANA, [LIAM], CONTENT.replace(b"<9@x>", b"<7@x>"), [LIAM])
        await until(lambda: len(notebook.told) == 3)
        assert {kind for kind, _ in notebook.told} == {Kind.HELD}


async def test_the_gateways_own_notices_are_no_messages(tmp_path: Path) -> None:
    twin = Twin(by_subject({}), {})
    mailboxes = Mailboxes(tmp_path)
    async with following(twin) as (story, notebook):
        mailboxes.tell(story.arrived)
        notice = (
            f"From: Chaperone <{NOTICES}>\r\nSubject: A student asks for help\r\nMessage-ID: <n@x>\r\n\r\n".encode()
        )
        await mailboxes.file("", [f"safety@{DOMAINS[0]}"], notice)
        await mailboxes.file(
            "", [DANA], notice.replace(NOTICES.encode(), b"mailer-daemon@far.example").replace(b"n@x", b"b@x")
        )
        await until(lambda: len(notebook.told) == 2)
        assert sorted(kind for kind, _ in notebook.told) == [Kind.NOTICE, Kind.PASSED]
        assert story.tally.messages == 1


async def test_a_store_that_is_down_is_asked_again() -> None:
    class Down(Twin):
        down = True

        async def held(self) -> Any:
            if self.down:
                raise StoreDown
            return await super().held()

    twin = Down(by_subject({}), {})
    async with following(twin) as (_, notebook):
        twin.take(DANA, [LIAM], CONTENT, [LIAM])
        twin.down = False
        await until(lambda: notebook.told)
        assert notebook.told[0][0] is Kind.HELD


async def test_samples_follow_one_another_and_a_refusal_is_told(tmp_path: Path) -> None:
    written = samples(people(DISTRICT).names, "x")
    expected = {each.subject: each.expect[0] for each in written}
    mailboxes = Mailboxes(tmp_path)
    async with listening(mailboxes, 0, "mail.test") as hop:
        twin = Twin(by_subject(expected), {"*": hop})
        async with following(twin) as (story, notebook), listening_as_twin(twin) as smtp:
            mailboxes.tell(story.arrived)
            await play(written, smtp, story, clock, iter([0.0] * len(written)))
            assert [title for _, title in notebook.told] == [each.subject for each in written]
            kinds = {Kind(each) for each in expected.values()}
            assert {kind for kind, _ in notebook.told} == kinds
            assert [kind for kind, _ in notebook.told] == [Kind(expected[each.subject]) for each in written]
            twin.refuse = "452 4.3.1 full"
            await play(samples({}, "y")[:1], smtp, story, clock, iter([0.0]))
            assert notebook.told[-1][0] is Kind.REFUSED


@asynccontextmanager
async def listening_as_twin(twin: Twin) -> AsyncIterator[str]:
    """The twin's way in, on a free port; what it takes goes out at once."""

    class Way(Mailboxes):
        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 aiosmtpd's name
            reply = await twin.handle_DATA(server, session, envelope)
            await twin.deliver()
            return reply

    async with listening(Way(Path()), 0, "gateway.test") as address:
        yield address
