"""The audit chain: every entry carries the hash of the one before, so that changes, removals and reordering show.

An export has everything that `verify` needs. deploy/verify_audit.py does the same with the standard library only.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gateway.core.policy.decision import AuditEntry

GENESIS = "0" * 64
"""The hash before the first entry."""


@dataclass(frozen=True, slots=True)
class ChainedEntry:
    """An audit entry in the chain. Numbers count from 1."""

    number: int
    previous: str
    hash: str
    entry: AuditEntry

    def document(self) -> dict[str, object]:
        """The entry as JSON values, as in an export."""
        return {"number": self.number, "previous": self.previous, "hash": self.hash, **_fields(self.entry)}


@dataclass(frozen=True, slots=True)
class ChainHead:
    """The end of a chain: number and hash of its last entry."""

    number: int
    hash: str


@dataclass(frozen=True, slots=True)
class ChainFault:
    """The first entry that breaks the chain, and why."""

    number: int
    why: str


def entry_hash(previous: str, number: int, entry: AuditEntry) -> str:
    """The hash of an entry with this number, after the entry with the hash `previous`."""
    text = json.dumps(
        {"number": number, "previous": previous, **_fields(entry)},
        sort_keys=True, separators=(",", ":"), allow_nan=False,
    )  # fmt: skip
    return hashlib.sha256(text.encode()).hexdigest()


def chain_entries(
    entries: Iterable[AuditEntry], after: ChainedEntry | ChainHead | None = None
) -> Iterator[ChainedEntry]:
    """Chain entries, after the entry `after`."""
    number, previous = (0, GENESIS) if after is None else (after.number, after.hash)
    for entry in entries:
        number += 1
        row = ChainedEntry(number, previous, entry_hash(previous, number, entry), entry)
        previous = row.hash
        yield row


def verify(
    rows: Iterable[ChainedEntry],
    after: ChainedEntry | ChainHead | None = None,
    last: ChainedEntry | ChainHead | None = None,
) -> ChainFault | None:
    """The first entry that breaks the chain, None if it is intact.

    `rows` are in stored order, after the entry `after` (None: from the beginning). A chain alone cannot show that
    entries are missing at its end: `last` is an entry that is known to exist, for example from an export.
    """
    number, previous = (0, GENESIS) if after is None else (after.number, after.hash)
    for row in rows:
        number += 1
        if row.number > number:
            return ChainFault(number, "is missing: removed, or moved elsewhere")
        if row.number < number:
            return ChainFault(row.number, "is out of order, or occurs twice")
        if not _has_own_hash(row):
            return ChainFault(row.number, "changed")
        if row.previous != previous:
            return ChainFault(row.number, "does not follow the entry before it, which was changed or replaced")
        if last is not None and row.number == last.number and row.hash != last.hash:
            return ChainFault(row.number, "is not the entry that was known to be here")
        previous = row.hash
    if last is not None and number < last.number:
        return ChainFault(number + 1, "is missing: the chain ends before its last known entry")
    return None


class ChainVerifier:
    """Verifies a chain page by page, from its beginning to `head`.

    Read `head` before the first page: entries chained later come after it.
    """

    def __init__(self, head: ChainHead | None) -> None:
        self._head = head
        self._last: ChainedEntry | None = None

    @property
    def number(self) -> int:
        """The number of the last entry seen, 0 before the first."""
        return 0 if self._last is None else self._last.number

    @property
    def hash(self) -> str:
        """The hash of the last entry seen."""
        return GENESIS if self._last is None else self._last.hash

    def page(self, rows: Sequence[ChainedEntry]) -> ChainFault | None:
        """The first entry of the next page that breaks the chain. An empty page is the end."""
        if not rows:
            return self._end()
        known = self._head if self._head is not None and self._head.number <= rows[-1].number else None
        broken, self._last = verify(rows, self._last, known), rows[-1]
        return broken

    def _end(self) -> ChainFault | None:
        if self._head is None and self._last is not None:
            return ChainFault(self._last.number, "is the last entry, but the stored end of the chain is missing")
        return verify((), self._last, self._head)


def _has_own_hash(row: ChainedEntry) -> bool:
    try:
        return row.hash == entry_hash(row.previous, row.number, row.entry)
    except (TypeError, ValueError, OverflowError, RecursionError):
        return False  # values that were never chained


def parse_entry(document: Mapping[str, object]) -> ChainedEntry:
    """Parse an entry of an export. Raises ValueError."""
    number, at, detail = document.get("number"), document.get("at"), document.get("detail")
    texts = [document.get(name) for name in ("previous", "hash", "actor", "act", "subject")]
    if not (
        isinstance(number, int)
        and isinstance(at, int | float)
        and isinstance(detail, Mapping)
        and all(isinstance(text, str) for text in texts)
    ):
        raise ValueError("not an entry of an audit export")
    previous, digest, actor, act, subject = map(str, texts)
    return ChainedEntry(number, previous, digest, AuditEntry(float(at), actor, act, subject, dict(detail)))


def _fields(entry: AuditEntry) -> dict[str, object]:
    return {
        "at": _number(round(entry.at, 6)) if isinstance(entry.at, int | float) else _plain(entry.at),
        "actor": _plain(entry.actor),
        "act": _plain(entry.act),
        "subject": _plain(entry.subject),
        "detail": _plain(entry.detail),
    }


def _plain(value: object) -> object:
    """A JSON value in a form that every database returns unchanged."""
    match value:
        case Mapping():
            return {str(name): _plain(inner) for name, inner in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case float():
            return _number(value)
        case str():
            return str(value)  # an enum member becomes its value
        case None | bool() | int():
            return value
        case _:
            return repr(value)  # was never chained; a tampered store can still be exported


def _number(value: float) -> float | int | str:
    if not math.isfinite(value):
        return repr(value)
    return int(value) if value == int(value) else value
