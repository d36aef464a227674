"""One worker process: it loads the classifiers once, then classifies batches from a pipe until the pipe closes.

A message that crashes, hangs or exhausts memory affects only this process. Its output is discarded, it writes no core
file, and it ends with the process that started it.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import os
import resource
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from classifiers.pipeline.entity_resolution import pack_names
from classifiers.pipeline.job import Job, unpack_jobs
from classifiers.service import framing as framing
from gateway.core.messages.verdict import Verdict
from gateway.core.serialization.wire import encode_verdict

_PR_SET_PDEATHSIG = 1


class WorkerClassifier(Protocol):
    """What an entry point returns for a model."""

    version: str

    def classify(self, jobs: Sequence[Job]) -> list[Verdict]:
        """One verdict per job, in order."""


def main() -> None:
    """Run as `python -m classifiers.service.worker ENTRY MODEL CANARY MEMORY PARENT`.

    See `classifiers.service.pool` for the first four. PARENT is the process id of the caller.
    """
    entry, model, canary, memory, parent = sys.argv[1:]
    exit_with_parent(int(parent))
    for ignored in (signal.SIGINT, signal.SIGTERM):  # the parent drains and then closes the pipe
        signal.signal(ignored, signal.SIG_IGN)
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    redirect_to_null(0, 1)
    classifier: WorkerClassifier = load_entry(entry)(model)
    failures = load_entry(canary)(classifier) if canary else ()
    framing.write_frame(answers, [json.dumps({"version": classifier.version, "canary": failures}).encode()])
    redirect_to_null(2)  # from here on an error message could quote content
    limit = limit_memory(int(memory))
    gc.freeze()
    _serve(classifier, requests, answers, limit)


def _serve(classifier: WorkerClassifier, requests: BinaryIO, answers: BinaryIO, limit: int) -> None:
    while (blobs := framing.read_frame(requests)) is not None:
        read = classifier.classify(unpack_jobs(blobs))
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
    """Have the system kill this process when the parent ends. On other systems the closed pipe ends it."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            sys.exit(0)  # the parent ended before the call above


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
