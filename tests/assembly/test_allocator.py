"""Large blocks are returned when they are freed, however many were freed before."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import re
from pathlib import Path
from gateway.assembly.allocator import return_large_blocks

def heap():
    found = re.search(r"^([0-9a-f]+)-([0-9a-f]+) .*\\[heap\\]$", Path("/proc/self/maps").read_text(), re.MULTILINE)
    return int(found[2], 16) - int(found[1], 16) if found else 0

print(int(return_large_blocks()))
before = heap()
for _ in range(3):
    blocks = [bytes(12 << 20) for _ in range(5)]
    del blocks
    kept = [bytes(12 << 20), bytes(1000)]
print(heap() - before)
"""


def test_large_blocks_are_not_kept_on_the_heap() -> None:
    """Without the fixed threshold the heap grows by two blocks here."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=True)
    is_set, grown = map(int, done.stdout.split())
    assert not is_set or grown < 4 << 20, "a C library without thresholds has other habits"
