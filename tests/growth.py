"""Whether the time of a piece of work grows with the size of its input, and not faster.

Only sizes are compared, within one run: a slow or busy machine makes all of them slower. How long a work takes is
measured by `make bench`.
"""

from __future__ import annotations

import gc
import itertools
import time
from collections.abc import Callable
from typing import Any

_MARGIN = 3.0
"""How much more than in proportion the time may grow. With the square of an eightfold size it grows 8 times more."""
_TRIES = 5
"""Measurements of each size. The longest of a smaller and the shortest of a larger size count: what else the machine
does only adds time.
"""
_NUMBERS = itertools.count()
_FLOOR = 0.04
"""Seconds of CPU below which the time of a smaller input says more of the clock than of the work."""


def grows_linearly(work: Callable[[Any], object], make: Callable[[int], Any], *sizes: int) -> bool:
    """Whether `work(make(size))` takes at most in proportion to the size from each size to the next.

    Sizes should be eight times apart or more.
    """
    work(make(sizes[0] // 8))  # loads what is loaded at the first use
    took: dict[int, list[float]] = {size: [] for size in sizes}
    for _ in range(_TRIES):
        for size in sizes:
            took[size].append(cpu_seconds(work, _new(make(size))))
        if all(
            min(took[larger]) <= _MARGIN * (larger / smaller) * max(*took[smaller], _FLOOR)
            for smaller, larger in itertools.pairwise(sizes)
        ):
            return True
    print(f"CPU seconds: {took}")
    return False


def _new(given: Any) -> Any:
    """A text with an end that no text had before: what is remembered of small ones would make them take no time."""
    end = f" {next(_NUMBERS)}"
    return given + end if isinstance(given, str) else given + end.encode() if isinstance(given, bytes) else given


def cpu_seconds(work: Callable[..., object], *arguments: object) -> float:
    """CPU seconds of this thread, without those of other threads and of collecting the garbage of other tests."""
    gc.disable()
    try:
        began = time.thread_time()
        work(*arguments)
        return time.thread_time() - began
    finally:
        gc.enable()
