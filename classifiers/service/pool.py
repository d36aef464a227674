"""The processes that read content: batches in, verdicts out, whatever a message does to its reader.

The process that consumes never parses. A child that ends or takes too long has its batch tried again one by one, each
message alone in a child. A message that ends two children by itself, or takes too long by itself, has its verdict:
crashed, or timeout. Children are replaced as they go, and what keeps them from being replaced is never a message's
fault: the batch waits.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from types import TracebackType

from classifiers.pipeline.entity_resolution import with_names
from classifiers.pipeline.job import Job, pack
from classifiers.service import framing as frames
from classifiers.service.events import ReaderEvents
from gateway.core.fault import Fault
from gateway.core.messages.verdict import Verdict
from gateway.core.serialization.wire import WireError, decode_verdict

_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "BLIS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_LOADED_WITHIN = 120.0
_GOODBYE = 5.0  # seconds for a child to go by itself
_TWICE = 2
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 15.0


class _Ended(Exception):
    """A child ended, or was ended, over what it was given; `word` is what a verdict says of it."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


class ClassifierPool:
    """`workers` children, each with the classifiers of `model` ("" is the shipped one).

    `batch_seconds` is the time for one batch, `message_seconds` that for a message alone; `memory_bytes` is what a
    child may take beyond what it has when loaded, 0 for no bound. `entry` names the function that loads a model,
    "package.module:name": it takes the model and gives an object with `version` and `classify(jobs)`. `canary` names
    a function that gives the failures of a loaded classifier, "" for none. Entering waits until every child has
    loaded; raises Fault where one cannot.
    """

    def __init__(
        self, workers: int, model: str = "", *, event_log: ReaderEvents, batch_seconds: float = 15.0,
        message_seconds: float = 10.0, memory_bytes: int = 1 << 30,
        entry: str = "classifiers.pipeline.pipeline:load", canary: str = "",
    ) -> None:  # fmt: skip
        self.workers = workers
        self.version = ""
        self._command = (entry, model, canary, str(memory_bytes))
        self._event_log = event_log
        self._batch_seconds, self._message_seconds = batch_seconds, message_seconds
        self._seats: asyncio.Queue[_Seat] = asyncio.Queue()
        self._all: list[_Seat] = []

    async def __aenter__(self) -> ClassifierPool:
        self._all = [_Seat(self._command, self._event_log) for _ in range(self.workers)]
        try:
            for version in await asyncio.gather(*(seat.fill() for seat in self._all), return_exceptions=True):
                if isinstance(version, BaseException):
                    raise version
                self.version = version
        except BaseException:
            await self._close()
            raise
        for seat in self._all:
            self._seats.put_nowait(seat)
        self._event_log.in_force(model=self.version)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()

    async def _close(self) -> None:
        await asyncio.gather(*(seat.empty() for seat in self._all))

    async def classify(self, batch: Sequence[Job]) -> list[Verdict]:
        """One verdict for each job, in order; waits for a free child. Never raises for a message."""
        if not batch:
            return []
        alone = len(batch) == 1
        async with self._seat() as seat:
            try:
                return await seat.ask(batch, self._message_seconds if alone else self._batch_seconds)
            except _Ended as ended:
                self._event_log.worker_died(ended.word)
            return [await self._alone(seat, job, ends=1 if alone else 0) for job in batch]

    async def _alone(self, seat: _Seat, job: Job, *, ends: int) -> Verdict:
        """The verdict on a message that has ended so many children by itself; two is one too many."""
        while True:
            try:
                (verdict,) = await seat.ask([job], self._message_seconds)
            except _Ended as ended:
                self._event_log.worker_died(ended.word)
                ends += 1
                if ends == _TWICE or ended.word == "timeout":  # one that took its time once will take it again
                    return Verdict(job.id, job.sha256, self.version, language="und", failed=(ended.word,))
            else:
                return verdict

    @asynccontextmanager
    async def _seat(self) -> AsyncIterator[_Seat]:
        seat = await self._seats.get()
        try:
            yield seat
        finally:
            self._seats.put_nowait(seat)


class _Seat:
    """The place of one child, which is filled again whenever it is empty."""

    def __init__(self, command: Sequence[str], event_log: ReaderEvents) -> None:
        self._command = command
        self._event_log = event_log
        self._child: asyncio.subprocess.Process | None = None

    async def fill(self) -> str:
        """Start a child and wait until it has loaded; its version. Raises Fault."""
        child = self._child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "classifiers.service.worker", *self._command, str(os.getpid()),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            env=_environment(), start_new_session=True,  # a Ctrl-C of the terminal is for us, not for it
        )  # fmt: skip
        loaded = False
        try:
            assert child.stdout is not None
            async with asyncio.timeout(_LOADED_WITHIN):
                (told,) = await frames.read_async(child.stdout)
            said = json.loads(told)
            if said["canary"]:
                self._event_log.canary_failed(len(said["canary"]))
                raise Fault(
                    f"classify.model: the model fails its self-test ({'; '.join(said['canary'])}); "
                    "train it again, or name another one"
                )
            loaded = True
            return str(said["version"])
        except asyncio.IncompleteReadError:
            raise Fault(f"classify.model: {await _last_words(child)}") from None
        except (frames.FrameError, TimeoutError) as error:
            raise Fault(f"classify.model: the classifiers cannot be loaded ({type(error).__name__})") from None
        finally:
            if not loaded:
                await self.kill()

    async def ask(self, jobs: Sequence[Job], seconds: float) -> list[Verdict]:
        """The child's verdicts. Raises _Ended when there are none, and the child is then gone."""
        child = await self._filled()
        answered = False
        try:
            async with asyncio.timeout(seconds):
                retiring, names, *verdicts = await _exchange(child, pack(jobs))
            said = with_names([decode_verdict(verdict) for verdict in verdicts], names)
            if [(each.id, each.sha256) for each in said] != [(job.id, job.sha256) for job in jobs]:
                raise _Ended("crashed")
            answered = True
        except TimeoutError:
            raise _Ended("timeout") from None
        except (OSError, asyncio.IncompleteReadError, frames.FrameError, WireError, ValueError, LookupError):
            raise _Ended("crashed") from None
        finally:
            if not answered:  # also when cancelled: an answer that nobody waits for must not be the next one's
                await self.kill()
        if retiring:
            await self.empty()
        return said

    async def _filled(self) -> asyncio.subprocess.Process:
        """A living child; keeps trying until there is one."""
        pause = _FIRST_PAUSE
        while self._child is None or self._child.returncode is not None:
            try:
                await self.fill()
            except (Fault, OSError):
                self._event_log.worker_died("load")
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
        return self._child

    async def empty(self) -> None:
        """Let the child go: the end of its pipe is the end of its work."""
        child = self._child
        if child is not None and child.stdin is not None:
            child.stdin.close()
            with suppress(TimeoutError):
                async with asyncio.timeout(_GOODBYE):
                    await child.wait()
        await self.kill()

    async def kill(self) -> None:
        """End the child now."""
        child, self._child = self._child, None
        if child is not None:
            if child.returncode is None:
                with suppress(ProcessLookupError):
                    os.kill(child.pid, signal.SIGKILL)  # the child's own kill() would reap it first, and say so
            await child.wait()


async def _exchange(child: asyncio.subprocess.Process, blobs: Sequence[bytes]) -> list[bytes]:
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(frames.head(blobs))
    for blob in blobs:
        child.stdin.write(blob)
        await child.stdin.drain()
    answer = await frames.read_async(child.stdout)
    if len(answer) < 2:
        raise frames.FrameError("cut short")
    return answer


async def _last_words(child: asyncio.subprocess.Process) -> str:
    """What a child that ended while it loaded said of it: the text of its exception. No message was read by then."""
    assert child.stderr is not None
    lines = (await child.stderr.read()).decode(errors="replace").strip().splitlines()
    kind, _, text = lines[-1].partition(": ") if lines else ("", "", "")
    return text or f"the classifiers cannot be loaded ({kind or 'the process ended without a word'})"


def _environment() -> dict[str, str]:
    """The environment of a child: our modules, one thread, and none of the gateway's secrets."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("CHAPERONE_")}
    return ours | _ONE_THREAD | {"PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path)}
