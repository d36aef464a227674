"""The journal of a SQLite store: outcomes of deliveries, in a file beside it until their transactions have committed.

An outcome waits for the running transaction and its own, with their writes to disk. If the process were killed in that
time, a message that a next hop has taken would go out again. A line in a file takes microseconds and outlives the
process, so the next one knows of it. It is not flushed to disk: after a power cut only the transactions count.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from gateway.core.messages.delivery import Claim, Outcome, Sent
from gateway.core.messages.work import WorkItem, WorkStage
from gateway.core.serialization.outcomes import encode_outcome

MAX_BYTES = 1 << 16
"""Length at which the journal is cut to the outcomes that have not been committed."""
MAX_OPEN = 1000
"""Messages whose outcomes are kept when it is cut. There are more only while the store does not take any."""


class DeliveryJournal:
    """The journal of the one process that delivers from a store. Used on its event loop only."""

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(database.name + ".outcomes")
        self._file: int | None = None
        self._open: dict[str, bytes] = {}  # by token: its lines

    @contextlib.contextmanager
    def noted(self, claim: Claim, outcomes: Mapping[str, Outcome]) -> Iterator[None]:
        """Note outcomes, if a next hop has taken the message, and forget them on leaving without an error."""
        if any(isinstance(outcome, Sent) for outcome in outcomes.values()):
            self._open[claim.token] = _lines(claim, outcomes)
            with contextlib.suppress(OSError):  # the transaction still counts; a full disk is seen there
                self._append(self._open[claim.token])
        yield
        self._open.pop(claim.token, None)

    def read(self) -> list[WorkItem]:
        """The deliveries with a noted outcome. Some are recorded long since: their claims have ended."""
        try:
            lines = self._path.read_bytes().splitlines()
        except OSError:
            return []
        items = []
        for line in lines:
            with contextlib.suppress(ValueError):  # a line that was cut short by a full disk
                match json.loads(line):
                    case [int(position), str(token), str(body)]:
                        id_ = token.rpartition("/")[0]
                        items.append(WorkItem(WorkStage.DELIVERY, f"{id_}/{position}", id_, token, body))
        return items

    def close(self) -> None:
        """Cut what has been committed, and close the file."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._cut(self._file)
            os.close(self._file)
            self._file = None

    def _append(self, lines: bytes) -> None:
        if self._file is None:
            self._file = os.open(self._path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        if os.fstat(self._file).st_size >= MAX_BYTES:
            self._cut(self._file)
        else:
            os.write(self._file, lines)

    def _cut(self, file: int) -> None:
        while len(self._open) > MAX_OPEN:
            del self._open[next(iter(self._open))]
        os.ftruncate(file, 0)
        os.write(file, b"".join(self._open.values()))


def _lines(claim: Claim, outcomes: Mapping[str, Outcome]) -> bytes:
    """One line for each recipient. Each begins with its line end, so that one that was cut short spoils no other."""
    return b"".join(
        b"\n" + json.dumps([claimed.position, claim.token, body]).encode()
        for claimed in claim.recipients
        if (body := encode_outcome(outcomes.get(claimed.recipient.address)))
    )
