"""The audit chain: every row carries the hash of the one before, so that a change, removal or new order shows.

An export holds all that the check needs: each line through `json.loads` and `read`, and all of them through `verify`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from gateway.core.decision import Act

GENESIS = "0" * 64
"""The hash before the first row."""


@dataclass(frozen=True, slots=True)
class Linked:
    """One act in its place in the chain; numbers count from 1."""

    number: int
    previous: str
    hash: str
    act: Act

    def document(self) -> dict[str, object]:
        """The row as JSON values, as an export holds it."""
        return {"number": self.number, "previous": self.previous, "hash": self.hash, **_fields(self.act)}


@dataclass(frozen=True, slots=True)
class Broken:
    """The first row that is not as it was linked, and why."""

    number: int
    why: str


def link(previous: str, number: int, act: Act) -> str:
    """The hash of an act as the row `number` after the row with the hash `previous`."""
    text = json.dumps(
        {"number": number, "previous": previous, **_fields(act)},
        sort_keys=True, separators=(",", ":"), allow_nan=False,
    )  # fmt: skip
    return hashlib.sha256(text.encode()).hexdigest()


def chain(acts: Iterable[Act], after: Linked | None = None) -> Iterator[Linked]:
    """Acts linked one after the other, behind the row `after`."""
    number, previous = (0, GENESIS) if after is None else (after.number, after.hash)
    for act in acts:
        number += 1
        row = Linked(number, previous, link(previous, number, act), act)
        previous = row.hash
        yield row


def verify(rows: Iterable[Linked], after: Linked | None = None, last: Linked | None = None) -> Broken | None:
    """The first row that breaks the chain, None where it is whole.

    `rows` in the order in which they stand, behind the row `after` (None: from the beginning). A chain alone cannot
    tell that rows are missing at its end: `last` is the row that is known to have been there, from an export say.
    """
    number, previous = (0, GENESIS) if after is None else (after.number, after.hash)
    for row in rows:
        number += 1
        if row.number > number:
            return Broken(number, "is missing: removed, or moved to another place")
        if row.number < number:
            return Broken(row.number, "is out of order, or there twice")
        if row.hash != link(row.previous, row.number, row.act):
            return Broken(row.number, "changed")
        if row.previous != previous:
            return Broken(row.number, "does not follow the row before it, which was changed or replaced")
        if last is not None and row.number == last.number and row.hash != last.hash:
            return Broken(row.number, "is not the row that was known to be here")
        previous = row.hash
    if last is not None and number < last.number:
        return Broken(number + 1, "is missing: the chain ends before the row that was known to be its last")
    return None


def read(document: Mapping[str, object]) -> Linked:
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
    return Linked(number, previous, digest, Act(float(at), actor, act, subject, dict(detail)))


def _fields(act: Act) -> dict[str, object]:
    return {
        "at": _number(round(act.at, 6)),
        "actor": act.actor,
        "act": act.act,
        "subject": act.subject,
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
        case _:
            return value


def _number(value: float) -> float | int:
    return int(value) if value == int(value) else value
