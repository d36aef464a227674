"""The queue as this process last saw it: read again whenever the store's changed, shared by all who look at it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gateway.console_ports import Handled, Handling, Lists
from gateway.core.access import Register
from gateway.core.mailing import Letter
from gateway.core.moderation import Held
from gateway.ports import Review

NOTHING = Handled()


@dataclass(frozen=True, slots=True)
class Entry:
    """One held message with what is looked for in lists: its buildings, all its words, and who has taken it."""

    held: Held
    buildings: frozenset[str]
    text: str
    handled: Handled = NOTHING

    @property
    def letter(self) -> Letter:
        """What is compared with others, to find those of one mailing."""
        held = self.held
        return Letter(held.sender, held.direction, held.channel, held.subject, held.excerpt)


class HeldQueue:
    """Every held message, the earliest due first."""

    def __init__(self, review: Review, lists: Lists, handling: Handling, register: Register) -> None:
        self._review, self._lists, self._handling, self._register = review, lists, handling, register
        self._mark: object = None
        self._entries: Sequence[Entry] = ()
        self._by_id: dict[str, Entry] = {}
        self._reading = asyncio.Lock()

    async def entries(self) -> Sequence[Entry]:
        """The queue as it is now. Raises StoreDown."""
        mark = await self._lists.held_mark()
        if mark != self._mark:
            async with self._reading:
                mark = await self._lists.held_mark()  # taken before the rows: what changes in between is seen next time
                if mark != self._mark:
                    held, handled = await self._review.held(), await self._handling.handled()
                    self._entries = await asyncio.to_thread(self._entered, held, handled)
                    self._by_id = {each.held.id: each for each in self._entries}
                    self._mark = mark
        return self._entries

    async def entry(self, id_: str) -> Entry | None:
        """One held message, None where it is not held. Raises StoreDown."""
        await self.entries()
        return self._by_id.get(id_)

    async def mark(self) -> object:
        """Something that changes whenever the queue does. Raises StoreDown."""
        return await self._lists.held_mark()

    def _entered(self, held: Sequence[Held], handled: Mapping[str, Handled]) -> tuple[Entry, ...]:
        entries = []
        for each in sorted(held, key=place):
            known, now = self._by_id.get(each.id), handled.get(each.id, NOTHING)
            if known is not None and known.held == each:
                entries.append(known if known.handled == now else replace(known, handled=now))
            else:
                entries.append(entered(each, self._register, now))
        return tuple(entries)


def entered(held: Held, register: Register, handled: Handled = NOTHING) -> Entry:
    """A held message as an entry of the queue."""
    names = []
    for address in (held.sender, *held.recipients[:20]):
        person = register.person(address) if address else None
        names += [address, person.name if person else ""]
    text = " ".join((*names, held.subject, held.excerpt)).lower()
    return Entry(held, buildings_of(held, register), text, handled)


def buildings_of(held: Held, register: Register) -> frozenset[str]:
    """The orgs of both of every pair."""
    found: frozenset[str] = frozenset()
    for pair in held.relation.pairs:
        for id_ in (pair.staff, pair.student):
            person = register.by_id(id_)
            found |= frozenset(person.buildings if person else ())
    return found


def place(held: Held) -> tuple[float, str]:
    """Where a message stands in the queue; those without a due time come last."""
    return (float("inf") if held.due_at is None else held.due_at, held.id)
