"""The C library's allocator in a serving process: large contents go back to the machine as soon as they are freed.

By itself glibc learns from each large block that is freed: from then on it takes blocks of that size, up to 32 MiB,
from the heap, and keeps twice as much free memory in the arena of every thread. After a few large messages a process
holds hundreds of MiB that no content needs, and no limit counts them. A fixed threshold switches this off.
"""

from __future__ import annotations

import ctypes

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # malloc.h
_LARGE = 1 << 20
"""Bytes from which a block is mapped on its own; it grows without a copy and is returned when it is freed."""
_KEPT = 2 << 20  # bytes that may stay free at the end of the heap


def return_large_blocks() -> bool:
    """Set the thresholds for this process. False if its C library has none, as musl."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(mallopt(_M_MMAP_THRESHOLD, _LARGE) and mallopt(_M_TRIM_THRESHOLD, _KEPT))
