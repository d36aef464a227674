"""One page of a list, newest first, when an account may see only some of its rows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from gateway.core.review.views import ListedMessage, Trace

ListPosition = tuple[float, str]
"""Where a list continues: after a time (seconds since the epoch) and the id of a message."""
SCAN_LIMIT = 12_800
"""Rows of all buildings that are read, at most, for one page of one building."""
_MAX_BATCH = 3200
Row = TypeVar("Row")


def listed_position(message: ListedMessage) -> ListPosition:
    """The position of a message in the lists of noticed and decided messages."""
    return message.listed_at, message.trace.id


def trace_position(trace: Trace) -> ListPosition:
    """The position of a message in a list of traces."""
    return trace.received_at, trace.id


@dataclass(frozen=True, slots=True)
class ListPage(Generic[Row]):
    """A page of a list, and the position after which it continues; None: this is the last page."""

    items: list[Row]
    next: ListPosition | None


async def newest_page(
    fetch: Callable[[ListPosition, int], Awaitable[Sequence[Row]]],
    visible: Callable[[Sequence[Row]], Sequence[Row]],
    position: Callable[[Row], ListPosition],
    before: ListPosition,
    limit: int,
) -> ListPage[Row]:
    """At most `limit` visible rows after a position.

    Keeps fetching until the page is full or the scan limit is reached. A page cut by the scan limit is short but has
    a next position, so no row is lost.
    """
    items: list[Row] = []
    batch, scanned = limit + 1, 0
    while True:
        rows = await fetch(before, batch)
        items += visible(rows)
        if len(items) > limit:
            return ListPage(items[:limit], position(items[limit - 1]))
        if not rows:
            return ListPage(items, None)
        before, scanned = position(rows[-1]), scanned + len(rows)
        if scanned >= SCAN_LIMIT:
            return ListPage(items, before)
        batch = min(4 * batch, _MAX_BATCH)
