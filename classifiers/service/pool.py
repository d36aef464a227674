"""The pool of worker processes that parse and classify content.

The consuming process never parses. If a worker ends or takes too long, the messages of its batch are retried one by
one. A message that ends two workers by itself gets the verdict `crashed`; one that takes too long by itself gets
`timeout`. Workers are replaced as they end. If that fails the batch waits; no message is blamed for it.
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

from classifiers.pipeline.entity_resolution import unpack_names
from classifiers.pipeline.job import Job, pack_jobs
from classifiers.service import framing as framing
from classifiers.service.events import ClassifierEvents
from gateway.core.fault import Fault
from gateway.core.messages.verdict import Verdict
from gateway.core.serialization.wire import WireError, decode_verdict

_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "BLIS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_LOAD_SECONDS = 120.0
_EXIT_SECONDS = 5.0  # seconds for a worker to exit by itself
_MAX_FAILURES = 2
_MIN_RETRY_SECONDS, _MAX_RETRY_SECONDS = 0.5, 15.0


class _ChildFailed(Exception):
    """A worker ended, or was ended, while it classified. `reason` is the word for the verdict."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ClassifierPool:
    """`workers` worker processes, each with the classifiers of `model` ("" is the shipped one).

    `batch_seconds` is the time limit of a batch, `message_seconds` that of a single message. `memory_bytes` is the
    memory of a worker beyond what it has after loading, 0 for no bound. `entry` names the function that loads a model,
    as "package.module:name"; its result has `version` and `classify(jobs)`. `canary` names a function that returns the
    failures of a loaded classifier, "" for none. Entering waits until every worker has loaded, and raises Fault if one
    cannot.
    """

    def __init__(
        self, workers: int, model: str = "", *, event_log: ClassifierEvents, batch_seconds: float = 15.0,
        message_seconds: float = 10.0, memory_bytes: int = 1 << 30,
        entry: str = "classifiers.pipeline.classifier:load", canary: str = "",
    ) -> None:  # fmt: skip
        self.workers = workers
        self.version = ""
        self._command = (entry, model, canary, str(memory_bytes))
        self._event_log = event_log
        self._batch_seconds, self._message_seconds = batch_seconds, message_seconds
        self._free_slots: asyncio.Queue[_ChildSlot] = asyncio.Queue()
        self._slots: list[_ChildSlot] = []

    async def __aenter__(self) -> ClassifierPool:
        self._slots = [_ChildSlot(self._command, self._event_log) for _ in range(self.workers)]
        try:
            for version in await asyncio.gather(*(slot.start() for slot in self._slots), return_exceptions=True):
                if isinstance(version, BaseException):
                    raise version
                self.version = version
        except BaseException:
            await self._close()
            raise
        for slot in self._slots:
            self._free_slots.put_nowait(slot)
        self._event_log.versions_in_use(model=self.version)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()

    async def _close(self) -> None:
        await asyncio.gather(*(slot.close() for slot in self._slots))

    async def classify(self, batch: Sequence[Job]) -> list[Verdict]:
        """One verdict per job, in order. Waits for a free worker. Never raises for a message."""
        if not batch:
            return []
        is_alone = len(batch) == 1
        async with self._free_slot() as slot:
            try:
                return await slot.ask(batch, self._message_seconds if is_alone else self._batch_seconds)
            except _ChildFailed as failure:
                self._event_log.worker_died(failure.reason)
            return [await self._classify_alone(slot, job, failures=1 if is_alone else 0) for job in batch]

    async def _classify_alone(self, slot: _ChildSlot, job: Job, *, failures: int) -> Verdict:
        """The verdict on a message that has ended `failures` workers by itself; the second one is final."""
        while True:
            try:
                (verdict,) = await slot.ask([job], self._message_seconds)
            except _ChildFailed as failure:
                self._event_log.worker_died(failure.reason)
                failures += 1
                if failures == _MAX_FAILURES or failure.reason == "timeout":  # a slow message will be slow again
                    return Verdict(job.id, job.sha256, self.version, language="und", failed=(failure.reason,))
            else:
                return verdict

    @asynccontextmanager
    async def _free_slot(self) -> AsyncIterator[_ChildSlot]:
        slot = await self._free_slots.get()
        try:
            yield slot
        finally:
            self._free_slots.put_nowait(slot)


class _ChildSlot:
    """The slot of one worker. A new worker is started when the old one has ended."""

    def __init__(self, command: Sequence[str], event_log: ClassifierEvents) -> None:
        self._command = command
        self._event_log = event_log
        self._child: asyncio.subprocess.Process | None = None

    async def start(self) -> str:
        """Start a worker and wait until it has loaded. Returns its version. Raises Fault."""
        child = self._child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "classifiers.service.worker", *self._command, str(os.getpid()),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            env=_environment(), start_new_session=True,  # Ctrl-C in a terminal is for this process, not for the worker
        )  # fmt: skip
        loaded = False
        try:
            assert child.stdout is not None
            async with asyncio.timeout(_LOAD_SECONDS):
                (message,) = await framing.read_frame_async(child.stdout)
            answer = json.loads(message)
            if answer["canary"]:
                self._event_log.canary_failed(len(answer["canary"]))
                raise Fault(
                    f"classify.model: the model fails its self-test ({'; '.join(answer['canary'])}); "
                    "train it again, or name another one"
                )
            loaded = True
            return str(answer["version"])
        except asyncio.IncompleteReadError:
            raise Fault(f"classify.model: {await _load_error(child)}") from None
        except (framing.FrameError, TimeoutError) as error:
            raise Fault(f"classify.model: the classifiers cannot be loaded ({type(error).__name__})") from None
        finally:
            if not loaded:
                await self.kill()

    async def ask(self, jobs: Sequence[Job], seconds: float) -> list[Verdict]:
        """The verdicts of the worker. Raises _ChildFailed if there are none; the worker has then ended."""
        child = await self._running_child()
        is_answered = False
        try:
            async with asyncio.timeout(seconds):
                is_retiring, names, *verdicts = await _exchange(child, pack_jobs(jobs))
            answer = unpack_names([decode_verdict(encoded) for encoded in verdicts], names)
            if [(verdict.id, verdict.sha256) for verdict in answer] != [(job.id, job.sha256) for job in jobs]:
                raise _ChildFailed("crashed")
            is_answered = True
        except TimeoutError:
            raise _ChildFailed("timeout") from None
        except (OSError, asyncio.IncompleteReadError, framing.FrameError, WireError, ValueError, LookupError):
            raise _ChildFailed("crashed") from None
        finally:
            if not is_answered:  # also when canceled: a late answer must not be taken for the next one
                await self.kill()
        if is_retiring:
            await self.close()
        return answer

    async def _running_child(self) -> asyncio.subprocess.Process:
        """A running worker. Retries until there is one."""
        pause = _MIN_RETRY_SECONDS
        while self._child is None or self._child.returncode is not None:
            try:
                await self.start()
            except (Fault, OSError):
                self._event_log.worker_died("load")
                await asyncio.sleep(pause)
                pause = min(pause * 2, _MAX_RETRY_SECONDS)
        return self._child

    async def close(self) -> None:
        """Close the worker's pipe, which ends it."""
        child = self._child
        if child is not None and child.stdin is not None:
            child.stdin.close()
            with suppress(TimeoutError):
                async with asyncio.timeout(_EXIT_SECONDS):
                    await child.wait()
        await self.kill()

    async def kill(self) -> None:
        """Kill the worker."""
        child, self._child = self._child, None
        if child is not None:
            if child.returncode is None:
                with suppress(ProcessLookupError):
                    os.kill(child.pid, signal.SIGKILL)  # asyncio's kill() would reap the child first and log a warning
            await child.wait()


async def _exchange(child: asyncio.subprocess.Process, blobs: Sequence[bytes]) -> list[bytes]:
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(framing.frame_header(blobs))
    for blob in blobs:
        child.stdin.write(blob)
        await child.stdin.drain()
    answer = await framing.read_frame_async(child.stdout)
    if len(answer) < 2:
        raise framing.FrameError("cut short")
    return answer


async def _load_error(child: asyncio.subprocess.Process) -> str:
    """The error text of a worker that ended while loading. It has read no message by then."""
    assert child.stderr is not None
    lines = (await child.stderr.read()).decode(errors="replace").strip().splitlines()
    kind, _, text = lines[-1].partition(": ") if lines else ("", "", "")
    return text or f"the classifiers cannot be loaded ({kind or 'the process ended without a word'})"


def _environment() -> dict[str, str]:
    """The environment of a worker: this process's modules, one thread, none of the gateway's secrets."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("CHAPERONE_")}
    return inherited | _ONE_THREAD | {"PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path)}
