"""The queue as columns of numbers, so that a hundred thousand held messages are narrowed and counted at once.

Every property that a list can be narrowed by is kept as the number of a distinct value (a set of buildings, of clauses,
who has taken it): there are few of them, and what holds for a value is settled once and not for each message.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy

from gateway.console.queue.text_index import TextIndex
from gateway.core.review.views import HeldMessage
from gateway.ports.review import ReviewState

NO_STATE = ReviewState()
DAY = 86400.0
FACETS = ("building", "clause", "direction", "channel", "state")
AGES = ("today", "older", "overdue")
_FIRST = 256

Numbers = numpy.ndarray[Any, Any]
QueuePlace = tuple[float, str]


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """One held message with what is looked for in lists: its buildings, all its words, and who has taken it.

    `scope`: the orgs of both of every pair and those above them; `people`: the sourcedIds of those who have a part in
    it; `groups`: the groups that do; `mailing`: the number of what it is one of many of.
    """

    held: HeldMessage
    buildings: frozenset[str]
    text: str
    handled: ReviewState = NO_STATE
    scope: frozenset[str] = frozenset()
    mailing: int = 0
    people: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()


def queue_place(held: HeldMessage) -> QueuePlace:
    """Where a message stands in the queue; those without a due time come last."""
    return (float("inf") if held.due_at is None else held.due_at, held.id)


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """What a list is narrowed to. `own`: the buildings of who asks, None for all.

    `states`: how a message stands to them, from who has it and whether it waits for a second person;
    `chosen`: values by the name of a facet; one that nothing has narrows nothing; `apart`: people and groups: what they
    have a part in is left out.
    """

    now: float
    own: frozenset[str] | None
    states: Callable[[str, bool], frozenset[str]]
    chosen: Mapping[str, str]
    words: tuple[str, ...] = ()
    apart: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class NarrowedQueue:
    """A narrowed list: the first of each mailing with how many more of it there are; counts are of the whole list."""

    listed: list[tuple[QueueEntry, int]]
    found: int
    held: int
    overdue: int
    oldest: float | None  # when the first of all came
    counts: Mapping[str, Counter[str]]
    chosen: Mapping[str, str]


class _Values:
    """The distinct values of one property, by number."""

    def __init__(self, of: Callable[[QueueEntry], Hashable]) -> None:
        self.of, self.values, self._numbers = of, list[Any](), dict[Hashable, int]()

    def number(self, entry: QueueEntry) -> int:
        value = self.of(entry)
        number = self._numbers.get(value)
        if number is None:
            number = self._numbers[value] = len(self.values)
            self.values.append(value)
        return number


def _taken(entry: QueueEntry) -> tuple[str, bool]:
    assignment = entry.handled.assignment
    return (assignment.user if assignment else "", entry.handled.proposal is not None)


class QueueIndex:
    """Entries in the order of the queue."""

    def __init__(self, entries: Iterable[QueueEntry] = ()) -> None:
        self._facets = {
            "building": _Values(lambda each: each.buildings),
            "clause": _Values(lambda each: frozenset(each.held.clauses or each.held.reasons)),
            "direction": _Values(lambda each: frozenset({each.held.direction.value})),
            "channel": _Values(lambda each: frozenset({each.held.channel.value})),
            "state": _Values(_taken),
            "scope": _Values(lambda each: each.scope),
        }
        self._columns: dict[str, Numbers] = {name: numpy.zeros(_FIRST, numpy.int32) for name in self._facets}
        self._columns |= {name: numpy.zeros(_FIRST) for name in ("due", "received")}
        self._columns["mailing"] = numpy.zeros(_FIRST, numpy.int64)
        self._entries: list[QueueEntry | None] = []
        self._words = TextIndex()
        self._parts: dict[str, set[int]] = {}  # where a person or a group has a part
        self._groups: Counter[str] = Counter()
        self._slots: dict[str, int] = {}
        self._free: list[int] = []
        self._order: list[tuple[float, str, int]] = []
        self._ordered: Numbers | None = None
        for entry in entries:
            self._order.append((*queue_place(entry.held), self._write(entry)))
        self._order.sort()

    def __len__(self) -> int:
        return len(self._order)

    def get(self, id_: str) -> QueueEntry | None:
        """The entry of a message, None where it is not held."""
        slot = self._slots.get(id_)
        return None if slot is None else self._entries[slot]

    def put(self, entry: QueueEntry) -> None:
        """Add an entry, in place of what is known of its message."""
        self.drop(entry.held.id)
        insort(self._order, (*queue_place(entry.held), self._write(entry)))
        self._ordered = None

    def drop(self, id_: str) -> None:
        """Take an entry out, if there is one."""
        slot = self._slots.pop(id_, None)
        if slot is None:
            return
        entry = self._entries[slot]
        assert entry is not None
        for each in (*entry.people, *entry.groups):
            self._parts[each].discard(slot)
            if not self._parts[each]:
                del self._parts[each]
        self._groups.subtract(entry.groups)
        self._groups = +self._groups if entry.groups else self._groups
        del self._order[bisect_left(self._order, (*queue_place(entry.held), slot))]
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
                self._columns = {name: numpy.resize(each, 2 * slot) for name, each in self._columns.items()}
        self._words.put(slot, entry.text)
        for each in (*entry.people, *entry.groups):
            self._parts.setdefault(each, set()).add(slot)
        self._groups.update(entry.groups)
        self._slots[entry.held.id] = slot
        for name, values in self._facets.items():
            self._columns[name][slot] = values.number(entry)
        self._columns["due"][slot] = queue_place(entry.held)[0]
        self._columns["received"][slot] = entry.held.received_at
        self._columns["mailing"][slot] = entry.mailing
        return slot

    # look up

    def groups(self) -> list[str]:
        """The groups that have a part in something."""
        return list(self._groups)

    def _all(self, own: frozenset[str] | None, apart: frozenset[str]) -> Numbers:
        if self._ordered is None:
            self._ordered = numpy.fromiter((each[2] for each in self._order), numpy.int64, len(self._order))
        found = self._ordered
        if own is not None:
            found = self._having("scope", found, lambda scope: not own.isdisjoint(scope))
        if out := [slot for each in apart for slot in self._parts.get(each, ())]:
            found = found[~numpy.isin(found, out)]
        return found

    def _having(self, name: str, slots: Numbers, holds: Callable[[Any], bool]) -> Numbers:
        """Those of some slots whose value of a facet has a property."""
        allowed = numpy.array([holds(value) for value in self._facets[name].values], bool)
        kept: Numbers = slots[allowed[self._columns[name][slots]]] if len(slots) else slots
        return kept

    def entries(
        self, own: frozenset[str] | None = None, mailing: int | None = None, apart: frozenset[str] = frozenset()
    ) -> list[QueueEntry]:
        """Those that belong to some buildings (None: all), in order; of one mailing only, where it is given.

        What people or groups of `apart` have a part in is left out.
        """
        slots = self._all(own, apart)
        if mailing is not None:
            slots = slots[self._columns["mailing"][slots] == mailing]
        return [self._at(slot) for slot in slots.tolist()]

    def _at(self, slot: int) -> QueueEntry:
        entry = self._entries[slot]
        assert entry is not None
        return entry

    def narrow(self, asked: QueueFilter, most: int) -> NarrowedQueue:
        """A list as it is asked for, at most so many rows of it."""
        whole = self._all(asked.own, asked.apart)
        late = self._columns["due"][whole] < asked.now
        received = self._columns["received"][whole]
        counts = {
            name: self._counted(name, whole, asked) for name in ("building", "clause", "direction", "channel", "state")
        }
        old = int((asked.now - received > DAY).sum())
        ages = zip(AGES, (len(whole) - old, old, int(late.sum())), strict=True)
        counts["age"] = Counter({name: count for name, count in ages if count})
        chosen = {name: value for name, value in asked.chosen.items() if value in counts.get(name, ())}
        left = whole
        for name, value in chosen.items():
            left = self._left(name, value, left, asked)
        left = self._saying(asked.words, left)
        _, first, sizes = numpy.unique(self._columns["mailing"][left], return_index=True, return_counts=True)
        shown = numpy.argsort(first, kind="stable")[:most]
        listed = [(self._at(int(left[first[at]])), int(sizes[at]) - 1) for at in shown.tolist()]
        return NarrowedQueue(
            listed,
            len(left),
            len(whole),
            int(late.sum()),
            float(received.min()) if len(whole) else None,
            counts,
            chosen,
        )

    def following(self, asked: QueueFilter, after: QueuePlace) -> str:
        """The message that comes behind a place in a list, else the last one before it; "" where there is none."""
        whole = left = self._all(asked.own, asked.apart)
        for name, value in asked.chosen.items():
            if value and len(self._left(name, value, whole, asked)):  # one that nothing has narrows nothing
                left = self._left(name, value, left, asked)
        left = self._saying(asked.words, left)

        def held(at: int) -> HeldMessage:
            return self._at(int(left[at])).held

        at = bisect_right(range(len(left)), after, key=lambda number: queue_place(held(number)))
        behind = [at] if at < len(left) else [each for each in range(max(at - 2, 0), at) if held(each).id != after[1]]
        return held(behind[-1]).id if behind else ""

    def kept(self, asked: QueueFilter) -> list[QueueEntry]:
        """Everything that is left, each message by itself; a value that nothing has leaves nothing."""
        left = self._all(asked.own, asked.apart)
        for name, value in asked.chosen.items():
            left = self._left(name, value, left, asked) if value else left
        return [self._at(slot) for slot in self._saying(asked.words, left).tolist()]

    def _saying(self, words: tuple[str, ...], slots: Numbers) -> Numbers:
        """Those of some slots whose text has all of some words."""
        for word in words:
            slots = slots[self._words.having(word)[slots]]
        return slots

    def _counted(self, name: str, slots: Numbers, asked: QueueFilter) -> Counter[str]:
        values = self._facets[name].values
        found: Counter[str] = Counter()
        for number, count in enumerate(numpy.bincount(self._columns[name][slots], minlength=len(values)).tolist()):
            if count:
                for each in asked.states(*values[number]) if name == "state" else values[number]:
                    found[each] += count
        return found

    def _left(self, name: str, value: str, slots: Numbers, asked: QueueFilter) -> Numbers:
        if name == "state":
            return self._having(name, slots, lambda taken: value in asked.states(*taken))
        if name != "age":
            return self._having(name, slots, lambda some: value in some)
        if value == "overdue":
            return slots[self._columns["due"][slots] < asked.now]
        old = asked.now - self._columns["received"][slots] > DAY
        return slots[old if value == "older" else ~old]
