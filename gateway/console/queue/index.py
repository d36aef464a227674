"""An index of the queue in numpy columns: it filters and counts a hundred thousand held messages at once.

Each property that a list can be filtered by is a facet. A facet stores its distinct values once (a set of buildings, a
set of clauses, who claimed a message) and a column with the number of the value of each message. There are few distinct
values, so a condition is evaluated once for each value and not for each message.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from heapq import nlargest
from typing import Any

import numpy

from gateway.console.queue.text_index import TextIndex
from gateway.core.review.views import HeldMessage, queue_time
from gateway.ports.review import ReviewState

NO_STATE = ReviewState()
DAY = 86400.0
FACETS = ("building", "clause", "direction", "channel", "state")
AGES = ("today", "older", "overdue")
_INITIAL_SIZE = 256
MAX_PEOPLE = 40
"""The people that a list offers to be filtered by, those with the most messages."""

Numbers = numpy.ndarray[Any, Any]
QueuePlace = tuple[float, str]
"""Where a message stands in the queue: its due time (infinite for none; the urgent first) and its id."""


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """One held message with the values that lists filter by.

    `scope` has the orgs of both people of each pair and the orgs above them. `people` are sourcedIds and `groups` the
    addresses of groups that are sender or recipient. Near-duplicates share the number `duplicates`.
    """

    message: HeldMessage
    buildings: frozenset[str]
    text: str
    review: ReviewState = NO_STATE
    scope: frozenset[str] = frozenset()
    duplicates: int = 0
    people: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()


def queue_place(message: HeldMessage) -> QueuePlace:
    """Where a message stands in the queue; urgent messages come first, messages without a due time last."""
    return (queue_time(message.due_at, message.urgent), message.id)


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """What a list of the queue contains.

    `buildings` are those of the account, None for all. `chosen` has values by the name of a facet, "" for any. `states`
    gives the states of a message for this account, from who claimed it and whether it waits for a second person.
    Messages of the people and groups in `excluded` are left out: the account has a conflict of interest there.
    """

    now: float
    buildings: frozenset[str] | None
    states: Callable[[str, bool], frozenset[str]]
    chosen: Mapping[str, str]
    words: tuple[str, ...] = ()
    excluded: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class NarrowedQueue:
    """A filtered list. Near-duplicates are one item: the first of them, and how many more there are.

    `matching` counts the messages that pass the filter. `total`, `overdue`, `oldest` (when the oldest was received) and
    `counts` (messages by value of each facet) describe the queue of the account without the filter.
    """

    items: list[tuple[QueueEntry, int]]
    matching: int
    total: int
    overdue: int
    oldest: float | None
    counts: Mapping[str, Counter[str]]
    chosen: Mapping[str, str]


class _DistinctValues:
    """The distinct values of one facet, by number."""

    def __init__(self, value_of: Callable[[QueueEntry], Hashable]) -> None:
        self.value_of, self.values, self._numbers = value_of, list[Any](), dict[Hashable, int]()

    def number(self, entry: QueueEntry) -> int:
        value = self.value_of(entry)
        number = self._numbers.get(value)
        if number is None:
            number = self._numbers[value] = len(self.values)
            self.values.append(value)
        return number


def _claim(entry: QueueEntry) -> tuple[str, bool]:
    assignment = entry.review.assignment
    return (assignment.user if assignment else "", entry.review.proposal is not None)


class QueueIndex:
    """Entries in the order of the queue: the urgent ones first, then the earliest due time."""

    def __init__(self, entries: Iterable[QueueEntry] = ()) -> None:
        self._facets = {
            "building": _DistinctValues(lambda entry: entry.buildings),
            "clause": _DistinctValues(lambda entry: frozenset(entry.message.clauses or entry.message.reasons)),
            "direction": _DistinctValues(lambda entry: frozenset({entry.message.direction.value})),
            "channel": _DistinctValues(lambda entry: frozenset({entry.message.channel})),
            "state": _DistinctValues(_claim),
            "scope": _DistinctValues(lambda entry: entry.scope),
        }
        self._columns: dict[str, Numbers] = {name: numpy.zeros(_INITIAL_SIZE, numpy.int32) for name in self._facets}
        self._columns |= {name: numpy.zeros(_INITIAL_SIZE) for name in ("due", "received")}
        self._columns["duplicates"] = numpy.zeros(_INITIAL_SIZE, numpy.int64)
        self._entries: list[QueueEntry | None] = []
        self._words = TextIndex()
        self._slots_of_party: dict[str, set[int]] = {}
        self._groups: Counter[str] = Counter()
        self._slots: dict[str, int] = {}
        self._free: list[int] = []
        self._order: list[tuple[float, str, int]] = []
        self._ordered: Numbers | None = None
        for entry in entries:
            self._order.append((*queue_place(entry.message), self._write(entry)))
        self._order.sort()

    def __len__(self) -> int:
        return len(self._order)

    def get(self, id_: str) -> QueueEntry | None:
        """The entry of a message, None if it is not held."""
        slot = self._slots.get(id_)
        return None if slot is None else self._entries[slot]

    def put(self, entry: QueueEntry) -> None:
        """Add an entry. It replaces an earlier entry of its message."""
        self.drop(entry.message.id)
        insort(self._order, (*queue_place(entry.message), self._write(entry)))
        self._ordered = None

    def drop(self, id_: str) -> None:
        """Remove an entry, if there is one."""
        slot = self._slots.pop(id_, None)
        if slot is None:
            return
        entry = self._entries[slot]
        assert entry is not None
        for party in (*entry.people, *entry.groups):
            self._slots_of_party[party].discard(slot)
            if not self._slots_of_party[party]:
                del self._slots_of_party[party]
        self._groups.subtract(entry.groups)
        self._groups = +self._groups if entry.groups else self._groups
        del self._order[bisect_left(self._order, (*queue_place(entry.message), slot))]
        self._entries[slot] = None
        self._free.append(slot)
        self._ordered = None

    def _write(self, entry: QueueEntry) -> int:
        if self._free:
            slot = self._free.pop()
            self._entries[slot] = entry
        else:
            slot = len(self._entries)
            self._entries.append(entry)
            if slot == len(self._columns["due"]):
                self._columns = {name: numpy.resize(column, 2 * slot) for name, column in self._columns.items()}
        self._words.put(slot, entry.text)
        for party in (*entry.people, *entry.groups):
            self._slots_of_party.setdefault(party, set()).add(slot)
        self._groups.update(entry.groups)
        self._slots[entry.message.id] = slot
        for name, values in self._facets.items():
            self._columns[name][slot] = values.number(entry)
        self._columns["due"][slot] = float("inf") if entry.message.due_at is None else entry.message.due_at
        self._columns["received"][slot] = entry.message.received_at
        self._columns["duplicates"][slot] = entry.duplicates
        return slot

    def groups(self) -> list[str]:
        """The addresses of groups that are sender or recipient of a held message."""
        return list(self._groups)

    def entries(
        self,
        buildings: frozenset[str] | None = None,
        duplicates: int | None = None,
        excluded: frozenset[str] = frozenset(),
    ) -> list[QueueEntry]:
        """The entries of some buildings (None: all) in order; `duplicates`: of one number of near-duplicates only.

        Messages of the people and groups in `excluded` are left out.
        """
        slots = self._visible(buildings, excluded)
        if duplicates is not None:
            slots = slots[self._columns["duplicates"][slots] == duplicates]
        return [self._at(slot) for slot in slots.tolist()]

    def count(self, buildings: frozenset[str] | None, excluded: frozenset[str]) -> int:
        """How many messages belong to some buildings (None: all), without those of the people in `excluded`."""
        return len(self._visible(buildings, excluded))

    def narrow(self, wanted: QueueFilter, limit: int) -> NarrowedQueue:
        """At most `limit` items of a filtered list, with counts. A value that no message has filters nothing."""
        visible = self._visible(wanted.buildings, wanted.excluded)
        overdue = int((self._columns["due"][visible] < wanted.now).sum())
        received = self._columns["received"][visible]
        counts = {name: self._count(name, visible, wanted) for name in FACETS}
        older = int((wanted.now - received > DAY).sum())
        ages = zip(AGES, (len(visible) - older, older, overdue), strict=True)
        counts["age"] = Counter({name: count for name, count in ages if count})
        counts["person"] = self._count_people(visible, wanted.chosen.get("person", ""))
        chosen = {name: value for name, value in wanted.chosen.items() if value in counts.get(name, ())}
        slots = visible
        for name, value in chosen.items():
            slots = self._with_value(name, value, slots, wanted)
        slots = self._with_words(wanted.words, slots)
        _, first, sizes = numpy.unique(self._columns["duplicates"][slots], return_index=True, return_counts=True)
        shown = numpy.argsort(first, kind="stable")[:limit]
        return NarrowedQueue(
            [(self._at(int(slots[first[at]])), int(sizes[at]) - 1) for at in shown.tolist()],
            len(slots),
            len(visible),
            overdue,
            float(received.min()) if len(visible) else None,
            counts,
            chosen,
        )

    def next_message(self, wanted: QueueFilter, after: QueuePlace) -> str:
        """The id of the first message after a place in a list, or else of the last before it; "" for none."""
        visible = slots = self._visible(wanted.buildings, wanted.excluded)
        for name, value in wanted.chosen.items():
            if value and len(self._with_value(name, value, visible, wanted)):  # as in narrow()
                slots = self._with_value(name, value, slots, wanted)
        slots = self._with_words(wanted.words, slots)

        def message(at: int) -> HeldMessage:
            return self._at(int(slots[at])).message

        at = bisect_right(range(len(slots)), after, key=lambda number: queue_place(message(number)))
        if at < len(slots):
            return message(at).id
        before = [number for number in range(max(at - 2, 0), at) if message(number).id != after[1]]
        return message(before[-1]).id if before else ""

    def matching(self, wanted: QueueFilter, after: QueuePlace | None = None) -> Iterator[QueueEntry]:
        """Every message that passes a filter, near-duplicates too, in order; those after a place, if there is one.

        A value that no message has matches nothing.
        """
        slots = self._visible(wanted.buildings, wanted.excluded)
        for name, value in wanted.chosen.items():
            slots = self._with_value(name, value, slots, wanted) if value else slots
        slots = self._with_words(wanted.words, slots)
        start = 0
        if after is not None:
            start = bisect_right(range(len(slots)), after, key=lambda at: queue_place(self._at(int(slots[at])).message))
        return map(self._at, slots[start:].tolist())

    def _at(self, slot: int) -> QueueEntry:
        entry = self._entries[slot]
        assert entry is not None
        return entry

    def _visible(self, buildings: frozenset[str] | None, excluded: frozenset[str]) -> Numbers:
        if self._ordered is None:
            self._ordered = numpy.fromiter((slot for _, _, slot in self._order), numpy.int64, len(self._order))
        slots = self._ordered
        if buildings is not None:
            slots = self._where("scope", slots, lambda scope: not buildings.isdisjoint(scope))
        if out := [slot for party in excluded for slot in self._slots_of_party.get(party, ())]:
            slots = slots[~numpy.isin(slots, out)]
        return slots

    def _where(self, name: str, slots: Numbers, condition: Callable[[Any], bool]) -> Numbers:
        """The slots whose value of a facet meets a condition."""
        allowed = numpy.array([condition(value) for value in self._facets[name].values], bool)
        found: Numbers = slots[allowed[self._columns[name][slots]]] if len(slots) else slots
        return found

    def _with_words(self, words: tuple[str, ...], slots: Numbers) -> Numbers:
        """The slots whose text contains all of some words."""
        for word in words:
            slots = slots[self._words.contains(word)[slots]]
        return slots

    def _with_value(self, name: str, value: str, slots: Numbers, wanted: QueueFilter) -> Numbers:
        """The slots whose facet has a value."""
        if name == "state":
            return self._where(name, slots, lambda claim: value in wanted.states(*claim))
        if name == "person":
            return slots[numpy.isin(slots, list(self._slots_of_party.get(value, ())))]
        if name != "age":
            return self._where(name, slots, lambda values: value in values)
        if value == "overdue":
            return slots[self._columns["due"][slots] < wanted.now]
        older = wanted.now - self._columns["received"][slots] > DAY
        return slots[older if value == "older" else ~older]

    def _count_people(self, slots: Numbers, chosen: str) -> Counter[str]:
        """How many of some slots are about a person: the people with the most messages, and a chosen one."""
        frequent = nlargest(MAX_PEOPLE, self._slots_of_party, key=lambda party: len(self._slots_of_party[party]))
        present = numpy.zeros(len(self._entries) + 1, bool)
        present[slots] = True
        counts: Counter[str] = Counter()
        for party in {*frequent, chosen}:
            if count := int(present[list(self._slots_of_party.get(party, ()))].sum()):
                counts[party] = count
        return counts

    def _count(self, name: str, slots: Numbers, wanted: QueueFilter) -> Counter[str]:
        """How many of some slots have each value of a facet."""
        values = self._facets[name].values
        counts: Counter[str] = Counter()
        for number, count in enumerate(numpy.bincount(self._columns[name][slots], minlength=len(values)).tolist()):
            if count:
                for value in wanted.states(*values[number]) if name == "state" else values[number]:
                    counts[value] += count
        return counts
