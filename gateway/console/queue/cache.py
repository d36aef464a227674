"""The queue in memory, kept up to date with the store change by change. All accounts share it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol

from gateway.console.messages.names import Names
from gateway.console.queue.index import NO_STATE, QueueEntry, QueueIndex
from gateway.core.policy.authorization import ConsoleDirectory, person_ids_behind
from gateway.core.review.near_duplicates import ComparedMessage, NearDuplicateGroups
from gateway.core.review.views import HeldMessage
from gateway.ports.review import LATE_CHANGES, ClaimStore, ListStore, ReviewState

MAX_CHANGES = 5000
"""Changes after which the whole queue is read again."""


class MessageSource(Protocol):
    """Where the messages of a queue come from."""

    async def held(self, ids: Sequence[str] | None = None) -> Sequence[HeldMessage]:
        """The messages that wait for somebody, all or those among `ids`."""


class HeldQueue:
    """Every message that waits for somebody, the earliest due time first: those that are held, or those of a source."""

    def __init__(
        self, lookups: MessageSource, lists: ListStore, claims: ClaimStore, directory: ConsoleDirectory, *,
        hide_names: bool = False,
    ) -> None:  # fmt: skip
        self._lookups, self._lists, self._claims, self._directory = lookups, lists, claims, directory
        self._hide_names = hide_names  # then no search finds a message by a name
        self._mark: tuple[int, int] | None = None
        self._seen: frozenset[int] = frozenset()
        self._roster: object = None
        self._index, self._duplicates = QueueIndex(), NearDuplicateGroups()
        self._members: dict[str, frozenset[str]] = {}  # sourcedIds, by the address of a group
        self._updating = asyncio.Lock()

    async def index(self) -> QueueIndex:
        """The queue as it is now. Raises StoreDown."""
        mark, roster = await self._lists.queue_mark(), _roster(self._directory)
        if mark != self._mark or roster is not self._roster:
            async with self._updating:
                mark = await self._lists.queue_mark()  # before the rows are read: a later change is seen next time
                if mark != self._mark or roster is not self._roster:
                    await self._update(mark, roster)
        return self._index

    async def with_groups(self, people: frozenset[str]) -> frozenset[str]:
        """Some people together with the groups in the queue that have one of them as a member."""
        if not people:
            return people
        index = await self.index()
        found = set(people)
        for group in index.groups():
            if group not in self._members:
                self._members[group] = person_ids_behind(group, self._directory)
            if not people.isdisjoint(self._members[group]):
                found.add(group)
        return frozenset(found)

    async def entry(self, id_: str) -> QueueEntry | None:
        """One held message, None if it is not held. Raises StoreDown."""
        return (await self.index()).get(id_)

    async def change_mark(self) -> object:
        """A value that differs after every change of the queue. Raises StoreDown."""
        return await self._lists.queue_mark()

    async def _update(self, mark: tuple[int, int], roster: object) -> None:
        known = self._mark
        if roster is not self._roster:
            self._members = {}
        changes = await self._lists.queue_changes((known or mark)[0] - LATE_CHANGES)
        if known is None or roster is not self._roster or mark[0] - known[0] > MAX_CHANGES:
            messages, reviews = await self._lookups.held(), await self._claims.review_states()
            self._index, self._duplicates = await asyncio.to_thread(
                _build, messages, reviews, self._directory, self._hide_names
            )
        else:
            changed = list(dict.fromkeys(id_ for number, id_ in changes if number not in self._seen))
            held = {message.id: message for message in await self._lookups.held(changed)} if changed else {}
            for id_ in changed:
                if id_ in held:
                    review = await self._claims.review_state(id_)
                    self._index.put(
                        build_entry(held[id_], self._directory, self._duplicates, review, hide_names=self._hide_names)
                    )
                else:
                    self._index.drop(id_)
        self._mark, self._roster, self._seen = mark, roster, frozenset(number for number, _ in changes)


def _roster(directory: ConsoleDirectory) -> object:
    """An object that is a different one after the roster was read again."""
    return getattr(directory, "roster", directory)


def _build(
    messages: Sequence[HeldMessage], reviews: Mapping[str, ReviewState], directory: ConsoleDirectory, hide_names: bool
) -> tuple[QueueIndex, NearDuplicateGroups]:
    duplicates = NearDuplicateGroups()
    index = QueueIndex(
        build_entry(message, directory, duplicates, reviews.get(message.id, NO_STATE), hide_names=hide_names)
        for message in messages
    )
    return index, duplicates


def build_entry(
    message: HeldMessage, directory: ConsoleDirectory, duplicates: NearDuplicateGroups, review: ReviewState = NO_STATE,
    *, hide_names: bool = False,
) -> QueueEntry:  # fmt: skip
    """The entry of a held message. With `hide_names` its text contains no name, so no search finds it by one."""
    names = []
    for address in () if hide_names else (message.sender, *message.recipients[:20]):
        person = directory.person(address) if address else None
        names += [address, person.name if person else ""]
    masked = Names(directory, hidden=hide_names).add_held(message).held(message)
    text = " ".join((*names, masked.subject, masked.excerpt)).lower()
    compared = ComparedMessage(message.sender, message.direction, message.channel, message.subject, message.excerpt)
    held = set(message.recipients)
    scope = frozenset(
        org
        for pair in message.relation.pairs
        if pair.recipient in held
        for id_ in (pair.staff, pair.student)
        for org in directory.buildings_of(id_)
    )
    addresses = [address for address in (message.sender, *message.recipients, *message.others) if address]
    groups = frozenset(address for address in addresses if directory.members(address) is not None)
    people = {id_ for pair in message.relation.pairs for id_ in (pair.staff, pair.student)}
    people |= {person.id for address in addresses if address not in groups and (person := directory.person(address))}
    return QueueEntry(
        message, _buildings_of(message, directory), text, review, scope, duplicates.number(compared),
        frozenset(people), groups,
    )  # fmt: skip


def _buildings_of(message: HeldMessage, directory: ConsoleDirectory) -> frozenset[str]:
    """The orgs of both people of every pair."""
    found: frozenset[str] = frozenset()
    for pair in message.relation.pairs:
        for id_ in (pair.staff, pair.student):
            person = directory.by_id(id_)
            found |= frozenset(person.buildings if person else ())
    return found
