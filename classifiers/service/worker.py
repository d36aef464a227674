"""One classifying process: it loads the classifiers once, then reads batches from a pipe until the pipe ends.

Whatever a message does to it, it does here: a crash, a hang or a memory without end take this process and no other.
What it prints goes nowhere, it leaves no core file, and it dies with the process that started it.
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
from classifiers.pipeline.job import Job, unpack
from classifiers.service import framing as frames
from gateway.core.messages.verdict import Verdict
from gateway.core.serialization.wire import encode_verdict

_PR_SET_PDEATHSIG = 1


class Classifier(Protocol):
    """What an entry point makes of a model: something that classifies."""

    version: str

    def classify(self, jobs: Sequence[Job]) -> list[Verdict]:
        """One verdict for each job, in order."""


def main() -> None:
    """Run as `python -m classifiers.service.worker ENTRY MODEL CANARY MEMORY PARENT`.

    The first four are explained at `classifiers.service.pool`; PARENT is the process id of whoever started it.
    """
    entry, model, canary, memory, parent = sys.argv[1:]
    die_with(int(parent))
    for ignored in (signal.SIGINT, signal.SIGTERM):  # the parent drains: it ends us by closing the pipe
        signal.signal(ignored, signal.SIG_IGN)
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    silence(0, 1)
    classifier: Classifier = named(entry)(model)
    failures = named(canary)(classifier) if canary else ()
    frames.write(answers, [json.dumps({"version": classifier.version, "canary": failures}).encode()])
    silence(2)  # from here on an error could quote content
    limit = bound(int(memory))
    gc.freeze()
    _serve(classifier, requests, answers, limit)


def _serve(classifier: Classifier, requests: BinaryIO, answers: BinaryIO, limit: int) -> None:
    while (blobs := frames.read(requests)) is not None:
        read = classifier.classify(unpack(blobs))
        verdicts = [pack_names(read), *map(encode_verdict, read)]
        # halfway to its bound it asks to be replaced, lest the next message be the one to find no memory
        retiring = limit > 0 and _address_space() > limit
        frames.write(answers, [b"1" if retiring else b"", *verdicts])


def named(dotted: str) -> Callable[..., Any]:
    """The thing that "package.module:name" names."""
    module, _, name = dotted.partition(":")
    thing: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return thing


def die_with(parent: int) -> None:
    """Be killed when the parent is gone, however it went; where the system cannot, the end of the pipe has to do."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            sys.exit(0)  # it went before we could ask


def silence(*descriptors: int) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in descriptors:
        os.dup2(nowhere, descriptor)
    os.close(nowhere)


def bound(memory: int) -> int:
    """Bound the memory that may be taken from now on; returns the address space from which to ask for retirement."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    begin = _address_space()
    if not begin or not memory:
        return 0
    resource.setrlimit(resource.RLIMIT_AS, (begin + memory, begin + memory))
    return begin + memory // 2


def _address_space() -> int:
    """Bytes of address space of this process; 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except OSError:
        return 0
    return pages * resource.getpagesize()


if __name__ == "__main__":
    main()
