"""The pool of classifying processes: nothing that a message does to its reader harms another message."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import textwrap
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from classifiers.pipeline.job import MIXED_DIRECTION, Job, direction_of, pack_jobs, unpack_jobs
from classifiers.service.pool import ClassifierPool
from gateway.core.channels.capabilities import MAIL, SMS
from gateway.core.fault import Fault
from gateway.core.messages.media import MediaFile
from gateway.core.messages.message import EarlierMessage, sha256_of
from gateway.core.messages.parties import Direction, Pair
from gateway.core.messages.verdict import Verdict
from gateway.observability.events import EventLog

OBEDIENT = "tests.classifiers.doubles:obedient"
STAFF, STUDENT = Direction.STAFF_TO_STUDENT, Direction.STUDENT_TO_STAFF


@pytest.fixture
def event_log() -> EventLog:
    return EventLog(CollectorRegistry())


@contextlib.asynccontextmanager
async def pool(event_log: EventLog, workers: int = 1, **more: object) -> AsyncIterator[ClassifierPool]:
    settings: dict[str, object] = {"entry": OBEDIENT, "batch_seconds": 30.0, "message_seconds": 30.0} | more
    model = str(settings.pop("model", ""))
    async with ClassifierPool(workers, model, event_log=event_log, **settings) as opened:  # type: ignore[arg-type]
        yield opened


def job(content: str | bytes, number: int = 0) -> Job:
    data = content.encode() if isinstance(content, str) else content
    return Job(f"id-{number}", sha256_of(data), SMS, STAFF, data)


def jobs(*contents: str | bytes) -> list[Job]:
    return [job(content, number) for number, content in enumerate(contents)]


def child_of(verdict: Verdict) -> int:
    return int(verdict.findings[0].cue.split()[0])


def failures(verdicts: Sequence[Verdict]) -> list[tuple[str, ...]]:
    return [verdict.failed for verdict in verdicts]


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not true():
            await asyncio.sleep(0.01)


async def test_verdicts_come_in_the_order_of_the_jobs(event_log: EventLog) -> None:
    async with pool(event_log, model="model-7") as opened:
        asked = jobs(*(f"text {n}" for n in range(40)))
        verdicts = await opened.classify(asked)
        assert [verdict.id for verdict in verdicts] == [each.id for each in asked]
        assert [verdict.sha256 for verdict in verdicts] == [each.sha256 for each in asked]
        assert opened.version == "model-7"
        assert verdicts[0].model == "model-7"
        assert await opened.classify([]) == []
    assert event_log.registry.get_sample_value("chaperone_model_info", {"version": "model-7"}) == 1


async def test_a_child_gets_all_that_is_known_of_a_message(event_log: EventLog) -> None:
    pair = Pair("jo@s.example", "t1", "s1", STUDENT, own_child=True)
    said = (EarlierMessage("a", "x@y.example", 1.5, "héllo"), EarlierMessage("b", "", 2.0, ""))
    asked = Job("i", sha256_of(b"x"), MAIL, str(STUDENT), b"x", "x@y.example", said, 7.5, (pair,))
    card = MediaFile(2, "text/vcard", 4, sha256_of(b"card"), content=b"card")
    pictured = replace(asked, channel=SMS, media=(MediaFile(1, "image/png", 0, content=b""), card))
    assert unpack_jobs(pack_jobs([asked, pictured, asked])) == [asked, pictured, asked]
    async with pool(event_log) as opened:
        (verdict,) = await opened.classify([asked])
    assert verdict.findings[0].cue.split()[1:] == ["mail", "student_to_staff", "x@y.example", "2", "1"]


def test_the_direction_of_pairs() -> None:
    there, back = Pair("a", "t", "s", STAFF), Pair("b", "t", "s", STUDENT)
    assert direction_of([there, there]) == "staff_to_student"
    assert direction_of([there, back]) == direction_of([]) == MIXED_DIRECTION


async def test_any_bytes_arrive(event_log: EventLog) -> None:
    asked = jobs(b"", bytes(range(256)) * 4, os.urandom(20_000_000))
    async with pool(event_log) as opened:
        assert failures(await opened.classify(asked)) == [(), (), ()]


@pytest.mark.parametrize("how", ["crash", "exit", "raise", "lie"])
async def test_a_message_that_ends_its_child_twice_has_crashed_and_the_others_are_read(
    how: str, event_log: EventLog
) -> None:
    async with pool(event_log) as opened:
        asked = jobs("before", how, "after")
        verdicts = await opened.classify(asked)
        assert failures(verdicts) == [(), ("crashed",), ()]
        assert [(each.id, each.sha256) for each in verdicts] == [(each.id, each.sha256) for each in asked]
        assert verdicts[1].findings == ()
        assert failures(await opened.classify(jobs("later"))) == [()]
        assert failures(await opened.classify(jobs(how))) == [("crashed",)]


async def test_a_message_that_ends_its_child_once_is_read(event_log: EventLog, tmp_path: Path) -> None:
    async with pool(event_log) as opened:
        verdicts = await opened.classify(jobs("before", f"crash-once {tmp_path / 'flag'}", "after"))
        assert failures(verdicts) == [(), (), ()]
        verdicts = await opened.classify(jobs("crash", f"crash-once {tmp_path / 'other'}"))
        assert failures(verdicts) == [("crashed",), ()]
        assert failures(await opened.classify(jobs(f"crash-once {tmp_path / 'third'}"))) == [()]


async def test_a_message_that_hangs_has_a_timeout(event_log: EventLog) -> None:
    async with pool(event_log, batch_seconds=0.6, message_seconds=0.6) as opened:
        (first,) = await opened.classify(jobs("before"))
        start = time.monotonic()
        verdicts = await opened.classify(jobs("one", "hang", "two"))
        assert failures(verdicts) == [(), ("timeout",), ()]
        assert failures(await opened.classify(jobs("hang"))) == [("timeout",)]
        assert time.monotonic() - start < 120
        assert not is_running(child_of(first)), "a child that hangs is ended"


async def test_a_message_alone_has_the_time_of_one_message(event_log: EventLog) -> None:
    async with pool(event_log, batch_seconds=0.3, message_seconds=30.0) as opened:
        assert failures(await opened.classify(jobs("sleep 0.2", "sleep 0.2", "sleep 0.2"))) == [(), (), ()]


async def test_a_message_that_eats_memory_has_crashed(event_log: EventLog) -> None:
    async with pool(event_log, memory_bytes=200 << 20) as opened:
        verdicts = await opened.classify(jobs("one", f"eat {300 << 20}", "two"))
        assert failures(verdicts) == [(), ("crashed",), ()]


async def test_a_child_that_grows_is_replaced_and_nobody_is_blamed(event_log: EventLog) -> None:
    async with pool(event_log, memory_bytes=400 << 20) as opened:
        seen = []
        for _ in range(3):
            (verdict,) = await opened.classify(jobs(f"eat {250 << 20}"))
            assert verdict.failed == ()
            seen.append(child_of(verdict))
        assert len(set(seen)) == 3
        assert not is_running(seen[0])


async def test_a_child_killed_while_idle_is_replaced_and_nobody_is_blamed(event_log: EventLog) -> None:
    async with pool(event_log) as opened:
        (verdict,) = await opened.classify(jobs("one"))
        os.kill(child_of(verdict), signal.SIGKILL)
        await until(lambda: not is_running(child_of(verdict)))
        (again,) = await opened.classify(jobs("two"))
        assert again.failed == ()
        assert child_of(again) != child_of(verdict)


async def test_a_child_killed_in_the_middle_has_its_batch_read_again(event_log: EventLog, tmp_path: Path) -> None:
    async with pool(event_log) as opened:
        (verdict,) = await opened.classify(jobs("one"))
        asking = asyncio.create_task(opened.classify(jobs(f"mark-and-sleep {tmp_path / 'begun'}", "two")))
        await until((tmp_path / "begun").exists)
        os.kill(child_of(verdict), signal.SIGKILL)
        assert failures(await asking) == [(), ()]


async def test_a_cancelled_batch_leaves_no_answer_behind(event_log: EventLog, tmp_path: Path) -> None:
    async with pool(event_log) as opened:
        (verdict,) = await opened.classify(jobs("one"))
        asking = asyncio.create_task(opened.classify(jobs(f"mark-and-sleep {tmp_path / 'begun'}")))
        await until((tmp_path / "begun").exists)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert not is_running(child_of(verdict))
        assert [each.id for each in await opened.classify(jobs("two", "three"))] == ["id-0", "id-1"]


async def test_several_children_work_at_once(event_log: EventLog) -> None:
    async with pool(event_log, workers=2) as opened:
        start = time.monotonic()
        both = await asyncio.gather(opened.classify(jobs("sleep 1")), opened.classify(jobs("sleep 1")))
        assert time.monotonic() - start < 1.9
        assert len({child_of(verdict) for verdicts in both for verdict in verdicts}) == 2


async def test_what_a_child_prints_goes_nowhere(event_log: EventLog, capfd: pytest.CaptureFixture[str]) -> None:
    async with pool(event_log) as opened:
        assert failures(await opened.classify(jobs("print secret", "plain"))) == [(), ()]
        assert failures(await opened.classify(jobs("raise secret"))) == [("crashed",)]
    told = capfd.readouterr()
    assert "secret" not in told.out + told.err


async def test_children_have_one_thread_and_no_secrets(event_log: EventLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAPERONE_BUS__PASSWORD", "secret")
    async with pool(event_log, entry="tests.classifiers.doubles:environment") as opened:
        assert opened.version == "1 1 1 -"


async def test_a_model_that_cannot_be_loaded_is_one_clear_line(event_log: EventLog) -> None:
    with pytest.raises(Fault) as fault:
        async with pool(event_log, workers=2, entry="tests.classifiers.doubles:broken", model="folder"):
            pass
    assert str(fault.value) == "classify.model: folder holds no model; name a folder that does"


async def test_an_entry_that_is_not_there(event_log: EventLog) -> None:
    with pytest.raises(Fault, match=r"classify\.model: .*no_such_name"):
        async with pool(event_log, entry="tests.classifiers.doubles:no_such_name"):
            pass


async def test_a_model_that_fails_its_self_test_judges_nothing(event_log: EventLog) -> None:
    with pytest.raises(Fault, match=r"self-test \(canary-1: help at 0\.10; canary-2: not read\)"):
        async with pool(event_log, canary="tests.classifiers.doubles:wary"):
            pass
    assert event_log.registry.get_sample_value("chaperone_canary_failures_total") == 1
    async with pool(event_log, canary="tests.classifiers.doubles:content") as opened:
        assert failures(await opened.classify(jobs("one"))) == [()]


async def test_closing_ends_the_children(event_log: EventLog) -> None:
    async with pool(event_log, workers=2) as opened:
        both = await asyncio.gather(opened.classify(jobs("sleep 0.3")), opened.classify(jobs("sleep 0.3")))
        children = [child_of(verdict) for (verdict,) in both]
        for child in children:  # what a terminal or a supervisor sends to the whole group is not for them
            os.kill(child, signal.SIGTERM)
            os.kill(child, signal.SIGINT)
        assert failures(await opened.classify(jobs("one"))) == [()]
        assert all(map(is_running, children))
    assert not any(map(is_running, children))


async def test_children_end_with_their_parent() -> None:
    program = textwrap.dedent("""
        import asyncio
        from prometheus_client import CollectorRegistry
        from classifiers.service.pool import ClassifierPool
        from gateway.observability.events import EventLog
        from tests.classifiers.test_pool import OBEDIENT, child_of, jobs

        async def main():
            async with ClassifierPool(1, event_log=EventLog(CollectorRegistry()), entry=OBEDIENT) as pool:
                (verdict,) = await pool.classify(jobs("one"))
                print(child_of(verdict), flush=True)
                await pool.classify(jobs("hang"))

        asyncio.run(main())
    """)
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE)
    assert parent.stdout is not None
    child = int(await parent.stdout.readline())
    assert is_running(child)
    parent.kill()
    await parent.wait()
    await until(lambda: not is_running(child))
