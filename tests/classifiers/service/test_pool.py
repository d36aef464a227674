"""The pool of worker processes: no message can harm another one."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import sys
import textwrap
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from classifiers.pipeline.job import Job, pack_jobs, unpack_jobs
from classifiers.service.pool import ClassifierPool
from classifiers.service.template import WorkerTemplate
from classifiers.service.worker import LOOK, READ
from gateway.core.channels.capabilities import MAIL, SMS
from gateway.core.fault import Fault
from gateway.core.messages.media import MediaFile
from gateway.core.messages.message import EarlierMessage, sha256_of
from gateway.core.messages.parties import Direction, Pair
from gateway.core.messages.verdict import Verdict
from gateway.core.policy.district_words import DistrictWord
from gateway.observability.events import EventLog

ENTRY = "tests.classifiers.service.scripted_classifiers:load"


STAFF, STUDENT = Direction.STAFF_TO_STUDENT, Direction.STUDENT_TO_STAFF


@pytest.fixture
def event_log() -> EventLog:
    return EventLog(CollectorRegistry())


@contextlib.asynccontextmanager
async def pool(event_log: EventLog, workers: int = 1, **more: object) -> AsyncIterator[ClassifierPool]:
    limits = {name: more.pop(name, 30.0) for name in ("batch_seconds", "message_seconds")}
    loaded: dict[str, object] = {"entry": ENTRY} | more
    async with (
        WorkerTemplate(event_log=event_log, **loaded) as template,  # type: ignore[arg-type]
        ClassifierPool(template, workers, event_log=event_log, **limits) as opened,  # type: ignore[arg-type]
    ):
        yield opened


def job(content: str | bytes, number: int = 0) -> Job:
    data = content.encode() if isinstance(content, str) else content
    return Job(f"id-{number}", sha256_of(data), SMS, STAFF, data)


def jobs(*contents: str | bytes) -> list[Job]:
    return [job(content, number) for number, content in enumerate(contents)]


def worker_pid(verdict: Verdict) -> int:
    return int(verdict.findings[0].cue.split()[0])


def failed_words(verdicts: Sequence[Verdict]) -> list[tuple[str, ...]]:
    return [verdict.failed for verdict in verdicts]


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def wait_until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.01)


async def test_verdicts_come_in_the_order_of_the_jobs(event_log: EventLog) -> None:
    async with pool(event_log, model="model-7") as opened:
        batch = jobs(*(f"text {n}" for n in range(40)))
        verdicts = await opened.classify(batch)
        assert [verdict.id for verdict in verdicts] == [job.id for job in batch]
        assert [verdict.sha256 for verdict in verdicts] == [job.sha256 for job in batch]
        assert opened.version == "model-7"
        assert verdicts[0].model == "model-7"
        assert await opened.classify([]) == []
    assert event_log.registry.get_sample_value("chaperone_model_info", {"version": "model-7"}) == 1


async def test_a_worker_gets_everything_about_a_message(event_log: EventLog) -> None:
    pair = Pair("jo@s.example", "t1", "s1", STUDENT, own_child=True)
    context = (EarlierMessage("a", "x@y.example", 1.5, "héllo"), EarlierMessage("b", "", 2.0, ""))
    batch = Job("i", sha256_of(b"x"), MAIL, str(STUDENT), b"x", "x@y.example", context, 7.5, (pair,))
    vcard = MediaFile(2, "text/vcard", 4, sha256_of(b"card"), content=b"card")
    pictured = replace(batch, channel=SMS, media=(MediaFile(1, "image/png", 0, content=b""), vcard))
    assert unpack_jobs(pack_jobs([batch, pictured, batch])) == [batch, pictured, batch]
    async with pool(event_log) as opened:
        (verdict,) = await opened.classify([batch])
    assert verdict.findings[0].cue.split()[1:] == ["mail", "student_to_staff", "x@y.example", "2", "1"]


async def test_any_bytes_can_be_sent(event_log: EventLog) -> None:
    batch = jobs(b"", bytes(range(256)) * 4, os.urandom(20_000_000))
    async with pool(event_log) as opened:
        assert failed_words(await opened.classify(batch)) == [(), (), ()]


@pytest.mark.parametrize("how", ["crash", "exit", "raise", "lie"])
async def test_a_message_that_ends_its_worker_twice_has_crashed(how: str, event_log: EventLog) -> None:
    async with pool(event_log) as opened:
        batch = jobs("before", how, "after")
        verdicts = await opened.classify(batch)
        assert failed_words(verdicts) == [(), ("crashed",), ()]
        assert [(verdict.id, verdict.sha256) for verdict in verdicts] == [
            (verdict.id, verdict.sha256) for verdict in batch
        ]
        assert verdicts[1].findings == ()
        assert failed_words(await opened.classify(jobs("later"))) == [()]
        assert failed_words(await opened.classify(jobs(how))) == [("crashed",)]


async def test_a_message_that_ends_its_worker_once_is_retried(event_log: EventLog, tmp_path: Path) -> None:
    async with pool(event_log) as opened:
        verdicts = await opened.classify(jobs("before", f"crash-once {tmp_path / 'flag'}", "after"))
        assert failed_words(verdicts) == [(), (), ()]
        verdicts = await opened.classify(jobs("crash", f"crash-once {tmp_path / 'other'}"))
        assert failed_words(verdicts) == [("crashed",), ()]
        assert failed_words(await opened.classify(jobs(f"crash-once {tmp_path / 'third'}"))) == [()]


async def test_a_message_that_hangs_times_out(event_log: EventLog) -> None:
    async with pool(event_log, batch_seconds=1.0, message_seconds=1.0) as opened:
        (first,) = await opened.classify(jobs("before"))
        verdicts = await opened.classify(jobs("one", "hang", "two"))
        assert failed_words(verdicts) == [(), ("timeout",), ()]
        assert failed_words(await opened.classify(jobs("hang"))) == [("timeout",)]
        assert not is_running(worker_pid(first)), "a worker that hangs is killed"


async def test_a_single_message_has_its_own_time_limit(event_log: EventLog) -> None:
    async with pool(event_log, batch_seconds=0.3, message_seconds=30.0) as opened:
        assert failed_words(await opened.classify(jobs("sleep 0.2", "sleep 0.2", "sleep 0.2"))) == [(), (), ()]


async def test_a_look_is_limited_in_processor_time(event_log: EventLog) -> None:
    limits = {"batch_seconds": 0.5, "message_seconds": 0.5}
    async with (
        WorkerTemplate(event_log=event_log, entry=ENTRY) as template,
        ClassifierPool(template, 1, event_log=event_log, kind=LOOK, **limits) as looks,
    ):
        (waited,) = await looks.classify(jobs("wait-look help"))
        assert (waited.help, waited.failed) == (1.0, ())
        (computed,) = await looks.classify(jobs("compute-look help"))
        assert (computed.help, computed.failed) == (0.0, ("timeout",))


async def test_a_message_that_exhausts_memory_has_crashed(event_log: EventLog) -> None:
    async with pool(event_log, memory_bytes=200 << 20) as opened:
        verdicts = await opened.classify(jobs("one", f"eat {300 << 20}", "two"))
        assert failed_words(verdicts) == [(), ("crashed",), ()]


async def test_a_growing_worker_is_replaced_without_blame(event_log: EventLog) -> None:
    async with pool(event_log, memory_bytes=400 << 20) as opened:
        seen = []
        for _ in range(3):
            (verdict,) = await opened.classify(jobs(f"eat {250 << 20}"))
            assert verdict.failed == ()
            seen.append(worker_pid(verdict))
        assert len(set(seen)) == 3
        assert not is_running(seen[0])


async def test_a_worker_killed_while_idle_is_replaced_without_blame(event_log: EventLog) -> None:
    async with pool(event_log) as opened:
        (verdict,) = await opened.classify(jobs("one"))
        os.kill(worker_pid(verdict), signal.SIGKILL)
        await wait_until(lambda: not is_running(worker_pid(verdict)))
        (again,) = await opened.classify(jobs("two"))
        assert again.failed == ()
        assert worker_pid(again) != worker_pid(verdict)


async def test_the_batch_of_a_killed_worker_is_repeated(event_log: EventLog, tmp_path: Path) -> None:
    async with pool(event_log) as opened:
        (verdict,) = await opened.classify(jobs("one"))
        asking = asyncio.create_task(opened.classify(jobs(f"mark-and-sleep {tmp_path / 'begun'}", "two")))
        await wait_until((tmp_path / "begun").exists)
        os.kill(worker_pid(verdict), signal.SIGKILL)
        assert failed_words(await asking) == [(), ()]


async def test_a_canceled_batch_leaves_no_answer_behind(event_log: EventLog, tmp_path: Path) -> None:
    async with pool(event_log) as opened:
        (verdict,) = await opened.classify(jobs("one"))
        asking = asyncio.create_task(opened.classify(jobs(f"mark-and-sleep {tmp_path / 'begun'}")))
        await wait_until((tmp_path / "begun").exists)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert not is_running(worker_pid(verdict))
        assert [verdict.id for verdict in await opened.classify(jobs("two", "three"))] == ["id-0", "id-1"]


async def test_several_workers_run_at_once(event_log: EventLog, tmp_path: Path) -> None:
    """Each of two messages is read until the reading of the other has begun."""
    one, other = tmp_path / "one", tmp_path / "other"
    async with pool(event_log, workers=2) as opened:
        both = await asyncio.gather(
            *(opened.classify(jobs(f"meet {mine} {theirs}")) for mine, theirs in ((one, other), (other, one)))
        )
        assert [verdict.failed for verdicts in both for verdict in verdicts] == [(), ()]
        assert len({worker_pid(verdict) for verdicts in both for verdict in verdicts}) == 2


async def test_worker_output_is_discarded(event_log: EventLog, capfd: pytest.CaptureFixture[str]) -> None:
    async with pool(event_log) as opened:
        assert failed_words(await opened.classify(jobs("print secret", "plain"))) == [(), ()]
        assert failed_words(await opened.classify(jobs("raise secret"))) == [("crashed",)]
    output = capfd.readouterr()
    assert "secret" not in output.out + output.err


async def test_workers_have_one_thread_and_no_secrets(event_log: EventLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAPERONE_BUS__PASSWORD", "secret")
    async with pool(event_log, entry="tests.classifiers.service.scripted_classifiers:load_environment") as opened:
        assert opened.version == "1 1 1 -"


async def test_a_model_that_cannot_be_loaded_is_one_clear_line(event_log: EventLog) -> None:
    with pytest.raises(Fault) as fault:
        async with pool(
            event_log, workers=2, entry="tests.classifiers.service.scripted_classifiers:load_broken", model="folder"
        ):
            pass
    assert str(fault.value) == "classify.model: folder holds no model; name a folder that does"


async def test_a_kill_while_the_model_is_loaded_is_no_fault(event_log: EventLog, tmp_path: Path) -> None:
    """The kernel may do it when memory runs out. The model is loaded again."""
    entry = "tests.classifiers.service.scripted_classifiers:load_killed_once"
    async with pool(event_log, entry=entry, model=str(tmp_path / "killed")) as opened:
        assert (tmp_path / "killed").exists()
        assert failed_words(await opened.classify(jobs("one"))) == [()]


async def test_a_missing_entry_point_is_a_fault(event_log: EventLog) -> None:
    with pytest.raises(Fault, match=r"classify\.model: .*no_such_name"):
        async with pool(event_log, entry="tests.classifiers.service.scripted_classifiers:no_such_name"):
            pass


async def test_a_model_that_fails_its_self_test_is_not_used(event_log: EventLog) -> None:
    with pytest.raises(Fault, match=r"self-test \(canary-1: help at 0\.10; canary-2: not read\)"):
        async with pool(event_log, canary="tests.classifiers.service.scripted_classifiers:failing_self_test"):
            pass
    assert event_log.registry.get_sample_value("chaperone_canary_failures_total") == 1
    async with pool(event_log, canary="tests.classifiers.service.scripted_classifiers:passing_self_test") as opened:
        assert failed_words(await opened.classify(jobs("one"))) == [()]


async def test_closing_ends_the_workers(event_log: EventLog) -> None:
    async with pool(event_log, workers=2) as opened:
        both = await asyncio.gather(opened.classify(jobs("sleep 0.3")), opened.classify(jobs("sleep 0.3")))
        children = [worker_pid(verdict) for (verdict,) in both]
        for child in children:  # signals that a terminal or a supervisor sends to the whole group
            os.kill(child, signal.SIGTERM)
            os.kill(child, signal.SIGINT)
        assert failed_words(await opened.classify(jobs("one"))) == [()]
        assert all(map(is_running, children))
    assert not any(map(is_running, children))


async def test_workers_end_with_their_parent() -> None:
    program = textwrap.dedent("""
        import asyncio
        from prometheus_client import CollectorRegistry
        from classifiers.service.pool import ClassifierPool
        from classifiers.service.template import WorkerTemplate
        from gateway.observability.events import EventLog
        from tests.classifiers.service.test_pool import ENTRY, worker_pid, jobs

        async def main():
            log = EventLog(CollectorRegistry())
            async with (
                WorkerTemplate(event_log=log, entry=ENTRY) as template,
                ClassifierPool(template, 1, event_log=log) as pool,
            ):
                (verdict,) = await pool.classify(jobs("one"))
                print(worker_pid(verdict), flush=True)
                await pool.classify(jobs("hang"))

        asyncio.run(main())
    """)
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE)
    assert parent.stdout is not None
    child = int(await parent.stdout.readline())
    assert is_running(child)
    parent.kill()
    await parent.wait()
    await wait_until(lambda: not is_running(child))


async def test_words_of_the_policy_reach_running_workers(event_log: EventLog) -> None:
    in_force: list[DistrictWord] = []

    async def words_of_worker() -> tuple[str, str]:
        """The words that the worker uses, and the process that it is."""
        shown, process = await opened.classify(jobs("words", "process"))
        return shown.findings[0].cue, process.findings[0].cue.split()[0]

    async with (
        WorkerTemplate(event_log=event_log, entry=ENTRY) as template,
        ClassifierPool(template, 1, event_log=event_log, words=lambda: in_force) as opened,
    ):
        words, process = await words_of_worker()
        assert words == "none"
        in_force.append(DistrictWord("zaza", clause="7b", score=0.6))
        assert await words_of_worker() == ("zaza", process)
        in_force.clear()
        assert await words_of_worker() == ("none", process)


async def test_a_fork_that_is_canceled_leaves_no_open_stream(event_log: EventLog) -> None:
    def streams() -> set[asyncio.StreamWriter]:
        return {one for one in gc.get_objects() if type(one) is asyncio.StreamWriter}

    async with WorkerTemplate(event_log=event_log, entry=ENTRY) as template:
        for _ in range(5):
            earlier = streams()
            fork = asyncio.create_task(template.fork(READ))
            while not (made := streams() - earlier) and not fork.done():
                await asyncio.sleep(0)
            assert not fork.done(), "canceled while it waits for the process id"
            fork.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await fork
            assert all(stream.is_closing() for stream in made)
