"""When each message of a benchmark was sent and when it arrived, shared by the processes that see it."""

from __future__ import annotations

import mmap
from pathlib import Path

import numpy
import numpy.typing

CAPACITY = 1 << 20
"""Messages that a ledger has room for."""
_ROWS = 3

Times = numpy.typing.NDArray[numpy.float64]


class Ledger:
    """Times by number of message, in seconds of the monotonic clock, which all processes share; 0 where none is known.

    The source writes `sent`, the sink `arrived` and how often, in `copies`. Whoever opens the same file sees them.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        if not file.exists():
            with file.open("wb") as made:
                made.truncate(_ROWS * 8 * CAPACITY)
        with file.open("r+b") as opened:
            shared = mmap.mmap(opened.fileno(), 0)
        self.sent, self.arrived, self.copies = numpy.frombuffer(shared, numpy.float64).reshape(_ROWS, CAPACITY)

    def open_messages(self, first: int, behind: int) -> int:
        """How many of these messages were sent and have not arrived."""
        return int(numpy.count_nonzero((self.sent[first:behind] > 0) & (self.arrived[first:behind] == 0)))

    def delays(self, first: int, behind: int) -> Times:
        """From sent to arrived, in seconds, of those that did."""
        there = self.arrived[first:behind] > 0
        delays: Times = (self.arrived[first:behind] - self.sent[first:behind])[there]
        return delays
