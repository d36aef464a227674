"""Rows of the queue and of conversations as pages show them: people by name, and what the list is narrowed to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from gateway.console.messages.names import Names, PairView, PersonView
from gateway.console.queue.index import NarrowedQueue, QueueEntry, QueueFilter
from gateway.core.accounts.account import User
from gateway.core.policy.authorization import ConsoleDirectory
from gateway.core.review.views import HeldMessage
from gateway.ports.review import ReviewState

MOST_ROWS = 300
"""Rows of one page; filters narrow what is more."""
NAMES = ("building", "clause", "direction", "channel", "state", "age", "text")
"""What a list can be narrowed by."""
_STATES = {
    "free": "nobody has it", "mine": "mine", "taken": "taken by others", "second": "waits for a second person",
}  # fmt: skip
_AGES = {"overdue": "overdue", "today": "received within a day", "older": "older than a day"}


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the queue."""

    held: HeldMessage
    sender: PersonView
    recipients: tuple[PersonView, ...]
    between: tuple[PairView, ...]
    handled: ReviewState
    alike: int = 0  # others of the same mailing


def rows(listed: Sequence[tuple[QueueEntry, int]], register: ConsoleDirectory, *, hidden: bool = False) -> list[Row]:
    """The rows of a list: those of one mailing are one row, at the place of the first."""
    return [_row(each, alike, Names(register, hidden=hidden).add_held(each.message)) for each, alike in listed]


def _row(entry: QueueEntry, alike: int, names: Names) -> Row:
    held = entry.message
    return Row(
        names.held(held),
        names.person(held.sender),
        tuple(names.person(to) for to in held.recipients[:6]),
        names.pairs(held.relation.pairs, 1),
        entry.review,
        alike,
    )


@dataclass(frozen=True, slots=True)
class Choice:
    """One value that a list can be narrowed to, and how many there are."""

    value: str
    label: str
    count: int
    chosen: bool


class Filters:
    """What a queue is narrowed to; values that are not known narrow nothing."""

    def __init__(self, given: Mapping[str, str], user: User, register: ConsoleDirectory, now: float) -> None:
        self._given = given
        self._user, self._register, self._now = user, register, now
        self.text = " ".join(given.get("text", "").split())[:200]

    @property
    def query(self) -> str:
        """The filters as a query, without anything else: what a saved view keeps."""
        kept = [(name, self._given.get(name, "")) for name in NAMES]
        return urlencode([(name, value[:200]) for name, value in kept if value.strip()])

    @property
    def asked(self) -> QueueFilter:
        """What to narrow the queue to."""
        chosen = {name: self._given.get(name, "") for name in NAMES if name != "text"}
        return QueueFilter(self._now, None, self._states, chosen, tuple(self.text.lower().split()))

    def _states(self, holder: str, second: bool) -> frozenset[str]:
        """How a held message stands to somebody: free, theirs, taken by another; waiting for a second person."""
        state = "free" if not holder else "mine" if holder == self._user.name else "taken"
        return frozenset({state, "second"} if second else {state})

    def choices(self, narrowed: NarrowedQueue) -> dict[str, list[Choice]]:
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
