"""The newest of a list that somebody sees: where others' stand between, it is looked further back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from gateway.core.review.views import ListedMessage, Trace

Place = tuple[float, str]
"""Where a list goes on: behind a time and the id of a message."""
FURTHEST = 12_800
"""Messages of all buildings that one page of one building's is looked for in."""
_MOST = 3200
Row = TypeVar("Row")


def of_noticed(each: ListedMessage) -> Place:
    """The place of a message in the lists of those that were noticed or decided."""
    return each.listed_at, each.trace.id


def of_trace(each: Trace) -> Place:
    """The place of a message in a trace."""
    return each.received_at, each.id


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """A page of a list, and the place that it goes on behind; None: it ends here."""

    items: list[Row]
    next: Place | None


async def newest(
    some: Callable[[Place, int], Awaitable[Sequence[Row]]],
    seen: Callable[[Sequence[Row]], Sequence[Row]],
    place: Callable[[Row], Place],
    before: Place,
    limit: int,
) -> Page[Row]:
    """The rows behind a place that are seen, at most so many.

    Where that many of others stand between, a page may be short and the list still go on: nothing is left out.
    """
    items: list[Row] = []
    most, looked = limit + 1, 0
    while True:
        found = await some(before, most)
        items += seen(found)
        if len(items) > limit:
            return Page(items[:limit], place(items[limit - 1]))
        if not found:
            return Page(items, None)
        before, looked = place(found[-1]), looked + len(found)
        if looked >= FURTHEST:
            return Page(items, before)
        most = min(4 * most, _MOST)
