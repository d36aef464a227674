"""CPU time of a piece of work, as tests of growth compare it."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable


def cpu_seconds(work: Callable[..., object], *arguments: object) -> float:
    """CPU seconds of this thread, without those of other threads and of collecting the garbage of other tests."""
    gc.disable()
    try:
        began = time.thread_time()
        work(*arguments)
        return time.thread_time() - began
    finally:
        gc.enable()
