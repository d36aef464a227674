"""Runs a check on many inputs in this process, each within a time of the processor, and counts what is wrong."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Callable, Iterable
from types import FrameType
from typing import TypeVar

T = TypeVar("T")

MAX_SECONDS = 2.0
_HANG_SECONDS = 20.0
_REPORT_EVERY = 10_000


class Hang(BaseException):
    """An input took too long. Nothing that catches exceptions of readers catches it."""


def count_wrong(inputs: Iterable[T], check: Callable[[T], str]) -> Counter[str]:
    """Check each input, and print what is wrong with it: what `check` returns, a crash, or its time."""
    wrong: Counter[str] = Counter()
    signal.signal(signal.SIGPROF, _stop)
    number = -1
    for number, given in enumerate(inputs):
        signal.setitimer(signal.ITIMER_PROF, _HANG_SECONDS)
        started = time.process_time()
        try:
            problem = check(given)
            took = time.process_time() - started
            problem = problem or (f"slow: {took:.1f} s" if took > MAX_SECONDS else "")
        except Hang:
            problem = f"more than {_HANG_SECONDS} s"
        except Exception as error:  # noqa: BLE001 - every kind of crash is counted
            problem = f"{type(error).__name__}: {error}"[:200]
        signal.setitimer(signal.ITIMER_PROF, 0)
        if problem:
            wrong[problem] += 1
            print(f"input {number}: {problem}", flush=True)
        if not (number + 1) % _REPORT_EVERY:
            print(f"{number + 1} inputs, {wrong.total()} wrong", flush=True)
    print(f"{number + 1} inputs, {wrong.total()} wrong", flush=True)
    return wrong


def _stop(_: int, __: FrameType | None) -> None:
    raise Hang
