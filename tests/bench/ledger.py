"""The send and arrival times of each benchmark message, in memory shared by all processes."""

from __future__ import annotations

import mmap
from pathlib import Path

import numpy
import numpy.typing

CAPACITY = 1 << 20
"""The number of messages a ledger can hold."""
_ROWS = 3

Times = numpy.typing.NDArray[numpy.float64]


class Ledger:
    """Times by message number, in seconds of the monotonic clock, which all processes share; 0 if unknown.

    The source writes `sent`; the sink writes `arrived` and the number of copies. All who open the same file share it.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        if not file.exists():
            with file.open("wb") as new:
                new.truncate(_ROWS * 8 * CAPACITY)
        with file.open("r+b") as opened:
            shared = mmap.mmap(opened.fileno(), 0)
        self.sent, self.arrived, self.copies = numpy.frombuffer(shared, numpy.float64).reshape(_ROWS, CAPACITY)

    def open_messages(self, first: int, behind: int) -> int:
        """The number of these messages that were sent but have not arrived."""
        return int(numpy.count_nonzero((self.sent[first:behind] > 0) & (self.arrived[first:behind] == 0)))

    def delays(self, first: int, behind: int) -> Times:
        """The delays in seconds of the messages that arrived."""
        has_arrived = self.arrived[first:behind] > 0
        delays: Times = (self.arrived[first:behind] - self.sent[first:behind])[has_arrived]
        return delays
