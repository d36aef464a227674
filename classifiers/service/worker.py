"""The program behind the classifiers: it loads them once and forks a worker for each request on its control socket.

A fork takes milliseconds and shares the memory of the model, so a worker that a message has ended costs next to
nothing. A message that crashes, hangs or exhausts memory affects only its worker. Output of a worker is discarded, it
writes no core file, and it ends with the process that started it.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import os
import resource
import signal
import socket
import struct
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from classifiers.pipeline.entity_resolution import pack_names
from classifiers.pipeline.job import Job, unpack_jobs
from classifiers.service import framing as framing
from gateway.core.messages.verdict import Verdict
from gateway.core.policy.district_words import DistrictWord, unpack_words
from gateway.core.serialization.wire import encode_verdict

REQUEST = struct.Struct("!ci")
"""A request on the control socket: what to do, and the process id of a worker."""
READ, READ_FIRST, LOOK, SCAN, END = b"r", b"f", b"l", b"s", b"e"
"""Fork a worker that classifies, one that classifies ahead of others, one that only looks for calls for help, one that
only looks where words of such calls are; end one. A socket comes along with the first four."""
_NICENESS = {READ: 10, READ_FIRST: 4, LOOK: 0, SCAN: 0}
"""Reading yields the processor to looks and to the serving process: what is slow to read must not slow these.

Messages of students are read first, so that few of them need a look."""
_GC_THRESHOLDS = (700, 10, 100)
"""When Python looks for cycles. It looks through everything ten times less often than usual: a large page makes a
million objects that live until it is read, and each look through all of them took up to a third of the time."""
_PR_SET_PDEATHSIG = 1


class WorkerClassifier(Protocol):
    """What an entry point returns for a model."""

    version: str

    def classify(self, jobs: Sequence[Job]) -> list[Verdict]:
        """One verdict per job, in order."""

    def first_look(self, jobs: Sequence[Job]) -> list[Verdict]:
        """What a quick look at each job finds, in order."""

    def use_words(self, words: Sequence[DistrictWord]) -> None:
        """Read a district's own words from now on."""

    def first_scan(self, jobs: Sequence[Job]) -> list[Verdict]:
        """Quick looks at the jobs that have words of such calls, in order; the others' verdicts are no first looks."""


def main() -> None:
    """Run as `python -m classifiers.service.worker ENTRY MODEL CANARY MEMORY PARENT`. Standard input: the socket.

    See `classifiers.service.template` for the first four. PARENT is the process id of the caller.
    """
    entry, model, canary, memory, parent = sys.argv[1:]
    exit_with_parent(int(parent))
    for ignored in (signal.SIGINT, signal.SIGTERM):  # the caller drains and then closes the socket
        signal.signal(ignored, signal.SIG_IGN)
    control = socket.socket(fileno=os.dup(0))
    redirect_to_null(0)
    classifier: WorkerClassifier = load_entry(entry)(model)
    failures = load_entry(canary)(classifier) if canary else ()
    with control.makefile("wb") as answers:
        framing.write_frame(answers, [json.dumps({"version": classifier.version, "canary": failures}).encode()])
    redirect_to_null(1, 2)  # from here on an error message could quote content
    gc.freeze()
    gc.set_threshold(*_GC_THRESHOLDS)
    _fork_workers(classifier, control, int(memory))


def _fork_workers(classifier: WorkerClassifier, control: socket.socket, memory: int) -> None:
    """Answer requests until the socket is closed. Every request is answered with one byte when it is done.

    A worker is reaped only when the caller asks for its end. Until then its process id is not used again.
    """
    workers: set[int] = set()
    while True:
        request, sockets, *_ = socket.recv_fds(control, REQUEST.size, 1)
        if len(request) < REQUEST.size:
            break
        kind, pid = REQUEST.unpack(request)
        if kind == END:
            if pid in workers:
                workers.discard(pid)
                _end(pid)
        else:
            template = os.getpid()
            child = os.fork()
            if not child:
                control.close()
                _run_worker(classifier, socket.socket(fileno=sockets[0]), template, memory, kind)
            workers.add(child)
            os.close(sockets[0])
        control.sendall(b".")
    for pid in workers:
        _end(pid)


def _end(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    with suppress(ChildProcessError):
        os.waitpid(pid, 0)


def _run_worker(
    classifier: WorkerClassifier, connection: socket.socket, template: int, memory: int, kind: bytes
) -> None:
    """Serve as a worker until the connection is closed. Never returns."""
    try:
        exit_with_parent(template)
        limit = limit_memory(memory)
        os.nice(_NICENESS[kind])
        ways = {LOOK: classifier.first_look, SCAN: classifier.first_scan}
        read = ways.get(kind, classifier.classify)
        with connection.makefile("rb") as requests, connection.makefile("wb") as answers:
            framing.write_frame(answers, [str(os.getpid()).encode()])
            _serve(read, classifier, requests, answers, limit)
    finally:
        os._exit(0)  # nothing of the template may run in its child


def _serve(
    classify: Callable[[Sequence[Job]], list[Verdict]], classifier: WorkerClassifier, requests: BinaryIO,
    answers: BinaryIO, limit: int,
) -> None:  # fmt: skip
    """Classify batch after batch. A batch begins with the words of the policy in force, packed."""
    words = b""
    while (frame := framing.read_frame(requests)) is not None:
        in_force, *blobs = frame
        if in_force != words:
            classifier.use_words(unpack_words(in_force))
            words = in_force
        read = classify(unpack_jobs(blobs))
        verdicts = [pack_names(read), *map(encode_verdict, read)]
        # halfway to its memory limit a worker asks to be replaced, before a message hits the limit
        is_retiring = limit > 0 and _address_space() > limit
        framing.write_frame(answers, [b"1" if is_retiring else b"", *verdicts])


def load_entry(dotted: str) -> Callable[..., Any]:
    """The object that "package.module:name" names."""
    module, _, name = dotted.partition(":")
    entry: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return entry


def exit_with_parent(parent: int) -> None:
    """Have the system kill this process when the parent ends. On other systems the closed socket ends it."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(0)  # the parent ended before the call above


def redirect_to_null(*descriptors: int) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in descriptors:
        os.dup2(null, descriptor)
    os.close(null)


def limit_memory(memory: int) -> int:
    """Limit further memory. Returns the address space from which to ask for replacement; 0 for no limit."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    begin = _address_space()
    if not begin or not memory:
        return 0
    resource.setrlimit(resource.RLIMIT_AS, (begin + memory, begin + memory))
    return begin + memory // 2


def _address_space() -> int:
    """Bytes of address space of this process; 0 if unknown."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except OSError:
        return 0
    return pages * resource.getpagesize()


if __name__ == "__main__":
    main()
