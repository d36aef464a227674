"""The template: one process that has loaded the classifiers, and forks the workers of every pool.

The serving process parses no content; it talks to workers over sockets. If the template ends, its workers end with it,
and a new one is started.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from classifiers.service import framing as framing
from classifiers.service.events import ClassifierEvents
from classifiers.service.worker import END, REQUEST
from gateway.core.fault import Fault

_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "BLIS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_LOAD_SECONDS = 120.0
_ANSWER_SECONDS = 15.0  # for a fork, or the end of a worker
_TICKS = os.sysconf("SC_CLK_TCK")  # of the processor clock in a second
_MIN_RETRY_SECONDS, _MAX_RETRY_SECONDS = 0.5, 15.0
Result = TypeVar("Result")


class WorkerLost(Exception):
    """The worker, or the template that forks it, has ended."""


class ForkedWorker:
    """One worker: its process id, and the streams to it."""

    def __init__(self, pid: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.pid, self.reader, self.writer = pid, reader, writer

    def processor_seconds(self) -> float:
        """The processor time that it has taken so far; 0.0 where the system does not say."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def has_ended(self) -> bool:
        """Whether the worker has closed its end, as far as is known."""
        return self.reader.at_eof() or self.writer.is_closing()


class WorkerTemplate:
    """The classifiers of `model` ("" is the shipped one), loaded in a process that forks workers.

    `memory_bytes` is the memory of a worker beyond what it has after loading, 0 for no bound. `entry` names the
    function that loads a model, as "package.module:name"; its result has `version`, `classify(jobs)`,
    `first_look(jobs)` and `first_scan(jobs)`. `canary` names a function that returns the failures of a loaded
    classifier, "" for none.
    Entering waits until the model is loaded, and raises Fault if it cannot be. A template that is killed while it loads
    (by the kernel, when memory runs out) says nothing about the model: it is started again.
    """

    def __init__(
        self, model: str = "", *, event_log: ClassifierEvents, memory_bytes: int = 1 << 30,
        entry: str = "classifiers.pipeline.classifier:load", canary: str = "",
    ) -> None:  # fmt: skip
        self.version = ""
        self._command = (entry, model, canary, str(memory_bytes))
        self._event_log = event_log
        self._process: asyncio.subprocess.Process | None = None
        self._control: socket.socket | None = None
        self._lock = asyncio.Lock()

    async def __aenter__(self) -> WorkerTemplate:
        await self._repeat(self._start, (WorkerLost, OSError))
        self._event_log.versions_in_use(model=self.version)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stop()

    async def fork(self, kind: bytes) -> ForkedWorker:
        """A new worker that reads or looks (`kind`). Starts the template again if it has ended, until it succeeds."""
        return await self._repeat(lambda: self._fork(kind), (WorkerLost, Fault, OSError))

    async def end(self, worker: ForkedWorker) -> None:
        """End a worker at once."""
        worker.writer.close()
        with suppress(WorkerLost):
            await self._request(END, worker.pid)

    async def _repeat(self, act: Callable[[], Awaitable[Result]], passing: tuple[type[Exception], ...]) -> Result:
        """Repeat until it succeeds, with growing pauses after errors that pass by themselves."""
        pause = _MIN_RETRY_SECONDS
        while True:
            try:
                return await act()
            except passing:
                self._event_log.worker_died("load")
                await asyncio.sleep(pause)
                pause = min(pause * 2, _MAX_RETRY_SECONDS)

    async def _fork(self, kind: bytes) -> ForkedWorker:
        async with self._lock:
            if self._process is None or self._process.returncode is not None:
                await self._stop()
                await self._start()
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                await self._request(kind, 0, theirs)
            ours.setblocking(False)
            reader, writer = await asyncio.open_unix_connection(sock=ours)
        except BaseException:
            ours.close()
            raise
        is_forked = False
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                (pid,) = await framing.read_frame_async(reader)
            is_forked = True
        except (TimeoutError, OSError, asyncio.IncompleteReadError, framing.FrameError):
            raise WorkerLost from None
        finally:
            if not is_forked:  # also when canceled: the worker ends when its socket is closed
                writer.close()
        return ForkedWorker(int(pid), reader, writer)

    async def _request(self, kind: bytes, pid: int, connection: socket.socket | None = None) -> None:
        """Send a request to the template and wait until it is done. Raises WorkerLost."""
        async with self._lock:
            control, is_done = self._control, False
            if control is None:
                raise WorkerLost
            try:
                sockets = [] if connection is None else [connection.fileno()]
                socket.send_fds(control, [REQUEST.pack(kind, pid)], sockets)
                async with asyncio.timeout(_ANSWER_SECONDS):
                    is_done = await asyncio.get_running_loop().sock_recv(control, 1) == b"."
            except (OSError, TimeoutError):
                raise WorkerLost from None
            finally:
                if not is_done:  # also when canceled: a late answer must not be taken for the next one
                    await self._stop()
            if not is_done:
                raise WorkerLost

    async def _start(self) -> None:
        """Start the template and wait until it has loaded. Raises Fault, and WorkerLost if it was killed or is slow."""
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        self._control = ours
        process, is_loaded = None, False
        try:
            with theirs:
                process = self._process = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "classifiers.service.worker", *self._command, str(os.getpid()),
                    stdin=theirs.fileno(), stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
                    env=_environment(), start_new_session=True,  # Ctrl-C in a terminal is for this process only
                )  # fmt: skip
            async with asyncio.timeout(_LOAD_SECONDS):
                (message,) = await _read_frame(ours)
            answer = json.loads(message)
            if answer["canary"]:
                self._event_log.canary_failed(len(answer["canary"]))
                raise Fault(
                    f"classify.model: the model fails its self-test ({'; '.join(answer['canary'])}); "
                    "train it again, or name another one"
                )
            is_loaded = True
            self.version = str(answer["version"])
        except (asyncio.IncompleteReadError, ConnectionError):
            assert process is not None
            why = await _load_error(process)
            if await process.wait() < 0:
                raise WorkerLost from None
            raise Fault(f"classify.model: {why}") from None
        except TimeoutError:
            raise WorkerLost from None
        except framing.FrameError:
            raise Fault("classify.model: the classifiers cannot be loaded (FrameError)") from None
        finally:
            if not is_loaded:  # also when canceled
                await self._stop()

    async def _stop(self) -> None:
        """End the template and, with it, every worker."""
        control, self._control = self._control, None
        process, self._process = self._process, None
        if control is not None:
            control.close()
        if process is not None:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGKILL)  # asyncio's kill() would reap it first and log a warning
            await process.wait()


async def _read_frame(control: socket.socket) -> list[bytes]:
    """The first frame on the control socket, without reading beyond it."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    frame = asyncio.create_task(framing.read_frame_async(reader))
    try:
        while not frame.done():
            piece = await loop.sock_recv(control, 1 << 16)
            reader.feed_data(piece) if piece else reader.feed_eof()
            await asyncio.sleep(0)
            if not piece:
                break
        return await frame
    finally:
        frame.cancel()


async def _load_error(process: asyncio.subprocess.Process) -> str:
    """The error text of a template that ended while loading. It has read no message by then."""
    assert process.stderr is not None
    lines = (await process.stderr.read()).decode(errors="replace").strip().splitlines()
    kind, _, text = lines[-1].partition(": ") if lines else ("", "", "")
    return text or f"the classifiers cannot be loaded ({kind or 'the process ended without a word'})"


def _environment() -> dict[str, str]:
    """The environment of a worker: this process's modules, one thread, none of the gateway's secrets."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("CHAPERONE_")}
    return inherited | _ONE_THREAD | {"PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path)}
