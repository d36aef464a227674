"""The program of a reading process: reads one content after the other from standard input.

Run as `python -m gateway.reading.program PARENT MEMORY`. It ends with the process that started it.
"""

from __future__ import annotations

import ctypes
import gc
import os
import pickle
import resource
import signal
import struct
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from gateway.core.mime.charsets.decoding import to_text
from gateway.core.mime.page.sanitizer import sanitized_pieces
from gateway.ports.content import account_of, excerpt_of, header_of, parts_of, signed_names_of
from gateway.reading.answers import encode_answer

LENGTH = struct.Struct("!Q")
"""The length before every question and answer."""
_GC_THRESHOLDS = (700, 10, 100)
"""When Python looks for cycles: seldom through everything, because a large page makes a million objects that live."""
_PR_SET_PDEATHSIG = 1

READINGS: Mapping[str, Callable[..., object]] = {
    "excerpt": excerpt_of,
    "signed_names": signed_names_of,
    "header": header_of,
    "parts": parts_of,
    "account": account_of,
    "ready": lambda: True,
    "html": lambda source: sanitized_pieces(to_text(source)),
}
"""What can be asked for, by name."""


def main() -> None:
    """Answer questions until standard input ends."""
    parent, memory = map(int, sys.argv[1:])
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            return
    for ignored in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ignored, signal.SIG_IGN)
    questions, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):  # an error message could quote content
        os.dup2(null, descriptor)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    size = Path("/proc/self/statm")
    if size.exists():
        begin = int(size.read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (begin + memory, begin + memory))
    gc.freeze()
    gc.set_threshold(*_GC_THRESHOLDS)
    while head := questions.read(LENGTH.size):
        name, *arguments = pickle.loads(questions.read(LENGTH.unpack(head)[0]))
        answer = encode_answer(READINGS[name](*arguments))
        answers.write(LENGTH.pack(len(answer)) + answer)
        answers.flush()


if __name__ == "__main__":
    main()
