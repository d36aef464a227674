"""Rows of the queue and of conversations as pages show them: people by name, and what the list is narrowed to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from gateway.console.held_queue import Entry
from gateway.console_ports import Handled
from gateway.core.access import Register
from gateway.core.account import User
from gateway.core.mailing import mailings
from gateway.core.moderation import Held
from gateway.core.parties import Pair

MOST_ROWS = 300
"""Rows of one page; filters narrow what is more."""
NAMES = ("building", "clause", "direction", "channel", "state", "age", "text")
"""What a list can be narrowed by."""
_STATES = {
    "free": "nobody has it", "mine": "mine", "taken": "taken by others", "second": "waits for a second person",
}  # fmt: skip
_AGES = {"overdue": "overdue", "today": "received within a day", "older": "older than a day"}


@dataclass(frozen=True, slots=True)
class Someone:
    """An address with who is behind it."""

    address: str
    name: str
    role: str
    buildings: tuple[str, ...]

    @property
    def shown(self) -> str:
        """The name, or the address where there is none."""
        return self.name or self.address or "nobody (a notice)"


@dataclass(frozen=True, slots=True)
class Between:
    """One pair of a message in words."""

    staff: Someone
    student: Someone
    own_child: bool
    outside: bool
    group: str = ""  # the smallest class, team or club that both belong to


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the queue."""

    held: Held
    sender: Someone
    recipients: tuple[Someone, ...]
    between: tuple[Between, ...]
    handled: Handled
    alike: int = 0  # others of the same mailing


def someone(address: str, register: Register) -> Someone:
    """Who is behind an address."""
    members = register.members(address) if address else None
    if members is not None:
        return Someone(address, "", f"group of {len(members)}", ())
    person = register.person(address) if address else None
    if person is None:
        return Someone(address, "", "", ())
    return Someone(
        address, person.name, " and ".join(sorted(person.roles)),
        tuple(register.building_name(each) for each in person.buildings),
    )  # fmt: skip


def _of_id(id_: str, register: Register) -> Someone:
    person = register.by_id(id_)
    if person is None:
        return someone(id_, register)
    return someone(person.address, register) if person.address else Someone("", person.name, "", ())


def between(pairs: Sequence[Pair], register: Register, most: int = 12, *, groups: bool = False) -> tuple[Between, ...]:
    """Whom a message is between, each pair once. `groups`: and what both belong to, which takes a while to find."""
    once = {(pair.staff, pair.student): pair for pair in pairs}
    return tuple(
        Between(
            _of_id(pair.staff, register),
            _of_id(pair.student, register),
            pair.own_child,
            pair.outside,
            register.group_of_both(pair.staff, pair.student) if groups else "",
        )
        for pair in list(once.values())[:most]
    )


def rows(entries: Sequence[Entry], register: Register) -> list[Row]:
    """The rows of a list: those of one mailing are one row, at the place of the first."""
    grouped = mailings([each.letter for each in entries])[:MOST_ROWS]
    return [
        Row(
            each.held,
            someone(each.held.sender, register),
            tuple(someone(to, register) for to in each.held.recipients[:6]),
            between(each.held.relation.pairs, register, 1),
            each.handled,
            len(members) - 1,
        )
        for members in grouped
        for each in (entries[members[0]],)
    ]


@dataclass(frozen=True, slots=True)
class Choice:
    """One value that a list can be narrowed to, and how many there are."""

    value: str
    label: str
    count: int
    chosen: bool


class Filters:
    """What a queue is narrowed to; values that are not known narrow nothing."""

    def __init__(self, given: Mapping[str, str], user: User, register: Register, now: float) -> None:
        self._given = given
        self._user, self._register, self._now = user, register, now
        self.text = " ".join(given.get("text", "").split())[:200]

    @property
    def query(self) -> str:
        """The filters as a query, without anything else: what a saved view keeps."""
        kept = [(name, self._given.get(name, "")) for name in NAMES]
        return urlencode([(name, value[:200]) for name, value in kept if value.strip()])

    def _values(self, entry: Entry) -> dict[str, frozenset[str]]:
        held = entry.held
        old = "older" if self._now - held.received_at > 86400 else "today"
        late = held.due_at is not None and held.due_at < self._now
        return {
            "building": entry.buildings,
            "clause": frozenset(held.clauses or held.reasons),
            "direction": frozenset({held.direction.value}),
            "channel": frozenset({held.channel.value}),
            "age": frozenset({old, "overdue"} if late else {old}),
            "state": states_of(entry, self._user),
        }

    def narrow(self, entries: Sequence[Entry]) -> tuple[list[Entry], dict[str, list[Choice]]]:
        """What is left of a list, and the values that it can be narrowed to."""
        valued = [(each, self._values(each)) for each in entries]
        counted: dict[str, Counter[str]] = {}
        for _, values in valued:
            for name, some in values.items():
                counted.setdefault(name, Counter()).update(some)
        chosen = {name: self._given.get(name, "") for name in counted}
        chosen = {name: value for name, value in chosen.items() if value in counted[name]}
        words = self.text.lower().split()
        left = [
            each
            for each, values in valued
            if all(value in values[name] for name, value in chosen.items()) and all(word in each.text for word in words)
        ]
        choices = {
            name: [
                Choice(value, self._label(name, value), count, chosen.get(name) == value)
                for value, count in sorted(counts.items())
            ]
            for name, counts in counted.items()
            if len(counts) > 1 or name in chosen
        }
        return left, choices

    def _label(self, name: str, value: str) -> str:
        if name == "building":
            return self._register.building_name(value)
        return _AGES.get(value) or _STATES.get(value, value)


def states_of(entry: Entry, user: User) -> frozenset[str]:
    """How a held message stands to somebody: free, theirs, taken by another; waiting for a second person."""
    taken = entry.handled.assignment
    holder = taken.user if taken else ""
    states = {"free" if not holder else "mine" if holder == user.name else "taken"}
    if entry.handled.proposal is not None:
        states.add("second")
    return frozenset(states)
