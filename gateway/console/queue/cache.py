"""The queue as this process last saw it: kept in step with the store's, change by change, for all who look at it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from gateway.console.messages.names import Names
from gateway.console.queue.index import NO_STATE, QueueEntry, QueueIndex
from gateway.core.policy.authorization import ConsoleDirectory, behind
from gateway.core.review.near_duplicates import Letter, Mailings
from gateway.core.review.views import HeldMessage
from gateway.ports.review import LATE_CHANGES, ClaimStore, ListStore, LookupStore, ReviewState

MANY = 5000
"""Changes after which everything is read again."""


class HeldQueue:
    """Every held message, the earliest due first."""

    def __init__(
        self,
        review: LookupStore,
        lists: ListStore,
        handling: ClaimStore,
        register: ConsoleDirectory,
        *,
        hide_names: bool = False,
    ) -> None:
        self._review, self._lists, self._handling, self._register = review, lists, handling, register
        self._hide = hide_names  # then nobody finds a message by a name
        self._mark: tuple[int, int] | None = None
        self._seen: frozenset[int] = frozenset()
        self._people: object = None
        self._index, self._mailings = QueueIndex(), Mailings()
        self._members: dict[str, frozenset[str]] = {}  # of groups that have a part in something
        self._reading = asyncio.Lock()

    async def index(self) -> QueueIndex:
        """The queue as it is now. Raises StoreDown."""
        mark, people = await self._lists.held_mark(), _people(self._register)
        if mark != self._mark or people is not self._people:
            async with self._reading:
                mark = await self._lists.held_mark()  # taken before the rows: what changes in between is seen next time
                if mark != self._mark or people is not self._people:
                    await self._catch_up(mark, people)
        return self._index

    async def apart(self, family: frozenset[str]) -> frozenset[str]:
        """A family with the groups that any of them is in: what these have a part in is not theirs to see."""
        if not family:
            return family
        index = await self.index()
        found = set(family)
        for group in index.groups():
            if group not in self._members:
                self._members[group] = behind(group, self._register)
            if not family.isdisjoint(self._members[group]):
                found.add(group)
        return frozenset(found)

    async def entry(self, id_: str) -> QueueEntry | None:
        """One held message, None where it is not held. Raises StoreDown."""
        return (await self.index()).get(id_)

    async def mark(self) -> object:
        """Something that changes whenever the queue does. Raises StoreDown."""
        return await self._lists.held_mark()

    async def _catch_up(self, mark: tuple[int, int], people: object) -> None:
        known = self._mark
        if people is not self._people:
            self._members = {}
        changes = await self._lists.held_changes((known or mark)[0] - LATE_CHANGES)
        if known is None or people is not self._people or mark[0] - known[0] > MANY:
            held, handled = await self._review.held(), await self._handling.handled()
            self._index, self._mailings = await asyncio.to_thread(_read, held, handled, self._register, self._hide)
        else:
            ids = list(dict.fromkeys(id_ for number, id_ in changes if number not in self._seen))
            still = {each.id: each for each in await self._review.held(ids)} if ids else {}
            for id_ in ids:
                if id_ in still:
                    handled_now = await self._handling.handled_of(id_)
                    self._index.put(build_entry(still[id_], self._register, self._mailings, handled_now, self._hide))
                else:
                    self._index.drop(id_)
        self._mark, self._people, self._seen = mark, people, frozenset(number for number, _ in changes)


def _people(register: ConsoleDirectory) -> object:
    """What changes when the roster is read anew."""
    return getattr(register, "roster", register)


def _read(
    held: Sequence[HeldMessage], handled: Mapping[str, ReviewState], register: ConsoleDirectory, hide: bool
) -> tuple[QueueIndex, Mailings]:
    mailings = Mailings()
    return QueueIndex(
        build_entry(each, register, mailings, handled.get(each.id, NO_STATE), hide) for each in held
    ), mailings


def build_entry(
    held: HeldMessage, register: ConsoleDirectory, mailings: Mailings, handled: ReviewState = NO_STATE,
    hide: bool = False,
) -> QueueEntry:  # fmt: skip
    """A held message as an entry of the queue. `hide`: its text is without the names of its people."""
    names = []
    for address in () if hide else (held.sender, *held.recipients[:20]):
        person = register.person(address) if address else None
        names += [address, person.name if person else ""]
    said = Names(register, hidden=hide).add_held(held).held(held)
    text = " ".join((*names, said.subject, said.excerpt)).lower()
    letter = Letter(held.sender, held.direction, held.channel, held.subject, held.excerpt)
    open_ = set(held.recipients)
    scope = frozenset(
        org
        for pair in held.relation.pairs
        if pair.recipient in open_
        for id_ in (pair.staff, pair.student)
        for org in register.buildings_of(id_)
    )
    addresses = [each for each in (held.sender, *held.recipients, *held.others) if each]
    groups = frozenset(each for each in addresses if register.members(each) is not None)
    people = {id_ for pair in held.relation.pairs for id_ in (pair.staff, pair.student)}
    people |= {each.id for address in addresses if address not in groups and (each := register.person(address))}
    return QueueEntry(
        held, buildings_of(held, register), text, handled, scope, mailings.number(letter), frozenset(people), groups
    )


def buildings_of(held: HeldMessage, register: ConsoleDirectory) -> frozenset[str]:
    """The orgs of both of every pair."""
    found: frozenset[str] = frozenset()
    for pair in held.relation.pairs:
        for id_ in (pair.staff, pair.student):
            person = register.by_id(id_)
            found |= frozenset(person.buildings if person else ())
    return found
