"""The audit chain: every row carries the hash of the one before, so that a change, removal or new order shows.

An export holds all that the check needs: each line through `json.loads` and `read`, and all of them through `verify`;
deploy/verify_audit.py does the same with nothing but the standard library.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gateway.core.policy.decision import AuditEntry

GENESIS = "0" * 64
"""The hash before the first row."""


@dataclass(frozen=True, slots=True)
class ChainedEntry:
    """One act in its place in the chain; numbers count from 1."""

    number: int
    previous: str
    hash: str
    act: AuditEntry

    def document(self) -> dict[str, object]:
        """The row as JSON values, as an export holds it."""
        return {"number": self.number, "previous": self.previous, "hash": self.hash, **_fields(self.act)}


@dataclass(frozen=True, slots=True)
class ChainHead:
    """The end of a chain: the number and the hash of the last row that was linked."""

    number: int
    hash: str


@dataclass(frozen=True, slots=True)
class ChainFault:
    """The first row that is not as it was linked, and why."""

    number: int
    why: str


def link(previous: str, number: int, act: AuditEntry) -> str:
    """The hash of an act as the row `number` after the row with the hash `previous`."""
    text = json.dumps(
        {"number": number, "previous": previous, **_fields(act)},
        sort_keys=True, separators=(",", ":"), allow_nan=False,
    )  # fmt: skip
    return hashlib.sha256(text.encode()).hexdigest()


def chain(acts: Iterable[AuditEntry], after: ChainedEntry | ChainHead | None = None) -> Iterator[ChainedEntry]:
    """Acts linked one after the other, behind the row `after`."""
    number, previous = (0, GENESIS) if after is None else (after.number, after.hash)
    for act in acts:
        number += 1
        row = ChainedEntry(number, previous, link(previous, number, act), act)
        previous = row.hash
        yield row


def verify(
    rows: Iterable[ChainedEntry],
    after: ChainedEntry | ChainHead | None = None,
    last: ChainedEntry | ChainHead | None = None,
) -> ChainFault | None:
    """The first row that breaks the chain, None where it is whole.

    `rows` in the order in which they stand, behind the row `after` (None: from the beginning). A chain alone cannot
    tell that rows are missing at its end: `last` is the row that is known to have been there, from an export say.
    """
    number, previous = (0, GENESIS) if after is None else (after.number, after.hash)
    for row in rows:
        number += 1
        if row.number > number:
            return ChainFault(number, "is missing: removed, or moved to another place")
        if row.number < number:
            return ChainFault(row.number, "is out of order, or there twice")
        if not _is_as_linked(row):
            return ChainFault(row.number, "changed")
        if row.previous != previous:
            return ChainFault(row.number, "does not follow the row before it, which was changed or replaced")
        if last is not None and row.number == last.number and row.hash != last.hash:
            return ChainFault(row.number, "is not the row that was known to be here")
        previous = row.hash
    if last is not None and number < last.number:
        return ChainFault(number + 1, "is missing: the chain ends before the row that was known to be its last")
    return None


class ChainVerifier:
    """A chain verified page by page, from its beginning to the end that the store knows of.

    `head` has to be known before the first page: what is linked meanwhile comes behind it.
    """

    def __init__(self, head: ChainHead | None) -> None:
        self._head = head
        self._last: ChainedEntry | None = None

    @property
    def number(self) -> int:
        """The number of the last row seen, 0 before the first."""
        return 0 if self._last is None else self._last.number

    @property
    def hash(self) -> str:
        """The hash of the last row seen."""
        return GENESIS if self._last is None else self._last.hash

    def page(self, rows: Sequence[ChainedEntry]) -> ChainFault | None:
        """The first row of the next page that breaks the chain; an empty page is the end of it."""
        if not rows:
            return self._end()
        known = self._head if self._head is not None and self._head.number <= rows[-1].number else None
        broken, self._last = verify(rows, self._last, known), rows[-1]
        return broken

    def _end(self) -> ChainFault | None:
        if self._head is None and self._last is not None:
            return ChainFault(self._last.number, "is the last one, but where the chain ended is no longer known")
        return verify((), self._last, self._head)


def _is_as_linked(row: ChainedEntry) -> bool:
    try:
        return row.hash == link(row.previous, row.number, row.act)
    except (TypeError, ValueError, OverflowError, RecursionError):
        return False  # values that nobody could have linked


def read(document: Mapping[str, object]) -> ChainedEntry:
    """A row of an export. Raises ValueError where it is none."""
    number, at, detail = document.get("number"), document.get("at"), document.get("detail")
    texts = [document.get(name) for name in ("previous", "hash", "actor", "act", "subject")]
    if not (
        isinstance(number, int)
        and isinstance(at, int | float)
        and isinstance(detail, Mapping)
        and all(isinstance(each, str) for each in texts)
    ):
        raise ValueError("no row of an audit export")
    previous, digest, actor, act, subject = map(str, texts)
    return ChainedEntry(number, previous, digest, AuditEntry(float(at), actor, act, subject, dict(detail)))


def _fields(act: AuditEntry) -> dict[str, object]:
    return {
        "at": _number(round(act.at, 6)) if isinstance(act.at, int | float) else _plain(act.at),
        "actor": _plain(act.actor),
        "act": _plain(act.act),
        "subject": _plain(act.subject),
        "detail": _plain(act.detail),
    }


def _plain(value: object) -> object:
    """A JSON value in the one form that every store gives back alike."""
    match value:
        case Mapping():
            return {str(name): _plain(inner) for name, inner in value.items()}
        case list() | tuple():
            return [_plain(each) for each in value]
        case float():
            return _number(value)
        case str():
            return str(value)  # an enumeration is its value
        case None | bool() | int():
            return value
        case _:
            return repr(value)  # nobody linked it, but an export of what was touched can still be made


def _number(value: float) -> float | int | str:
    if not math.isfinite(value):
        return repr(value)
    return int(value) if value == int(value) else value
