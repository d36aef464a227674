"""Rows of the queue and of conversations as pages show them: people by name, and what the list is narrowed to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from gateway.console.queue_index import Asked, Entry, Narrowed
from gateway.console_ports import Handled
from gateway.core.access import Register
from gateway.core.account import User
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


def rows(listed: Sequence[tuple[Entry, int]], register: Register) -> list[Row]:
    """The rows of a list: those of one mailing are one row, at the place of the first."""
    return [
        Row(
            each.held,
            someone(each.held.sender, register),
            tuple(someone(to, register) for to in each.held.recipients[:6]),
            between(each.held.relation.pairs, register, 1),
            each.handled,
            alike,
        )
        for each, alike in listed
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

    @property
    def asked(self) -> Asked:
        """What to narrow the queue to."""
        chosen = {name: self._given.get(name, "") for name in NAMES if name != "text"}
        return Asked(self._now, None, self._states, chosen, tuple(self.text.lower().split()))

    def _states(self, holder: str, second: bool) -> frozenset[str]:
        """How a held message stands to somebody: free, theirs, taken by another; waiting for a second person."""
        state = "free" if not holder else "mine" if holder == self._user.name else "taken"
        return frozenset({state, "second"} if second else {state})

    def choices(self, narrowed: Narrowed) -> dict[str, list[Choice]]:
        """The values that the list can be narrowed to."""
        return {
            name: [
                Choice(value, self._label(name, value), count, narrowed.chosen.get(name) == value)
                for value, count in sorted(counts.items())
            ]
            for name, counts in narrowed.counts.items()
            if len(counts) > 1 or name in narrowed.chosen
        }

    def _label(self, name: str, value: str) -> str:
        if name == "building":
            return self._register.building_name(value)
        return _AGES.get(value) or _STATES.get(value, value)


def read_query(query: str) -> dict[str, str]:
    """The values of a query, the last of each name; none where it is no query."""
    try:
        return dict(parse_qsl(query[:4000], max_num_fields=50))
    except ValueError:
        return {}
