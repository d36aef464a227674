"""The queue as this process last saw it: read again whenever the store's changed, shared by all who look at it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from gateway.console_ports import Lists
from gateway.core.moderation import Held
from gateway.ports import Review


class HeldQueue:
    """Every held message, the earliest due first."""

    def __init__(self, review: Review, lists: Lists) -> None:
        self._review, self._lists = review, lists
        self._mark: object = None
        self._entries: Sequence[Held] = ()
        self._reading = asyncio.Lock()

    async def entries(self) -> Sequence[Held]:
        """The queue as it is now. Raises StoreDown."""
        mark = await self._lists.held_mark()
        if mark != self._mark:
            async with self._reading:
                mark = await self._lists.held_mark()  # taken before the rows: what changes in between is seen next time
                if mark != self._mark:
                    entries = await self._review.held()
                    self._entries, self._mark = tuple(sorted(entries, key=place)), mark
        return self._entries

    async def mark(self) -> object:
        """Something that changes whenever the queue does. Raises StoreDown."""
        return await self._lists.held_mark()


def place(held: Held) -> tuple[float, str]:
    """Where a message stands in the queue; those without a due time come last."""
    return (float("inf") if held.due_at is None else held.due_at, held.id)
