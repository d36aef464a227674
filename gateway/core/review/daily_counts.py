"""Counts of the messages of one day: how many were accepted, and what became of them. No person is named.

A message counts once in the whole district and once in each of its buildings.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo

from gateway.core.messages.delivery import State
from gateway.core.policy.decision import STRICTNESS, Action

EVERYWHERE = ""
"""The building of the counts of the whole district."""
TIME_EDGES = (60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 14400.0, 28800.0, 86400.0, 172800.0, 345600.0,
              604800.0)  # fmt: skip
"""The ends of the buckets of decision times, in seconds. The last bucket has no end."""
_RELEASED = frozenset({State.QUEUED, State.SENT, State.BOUNCED})


@dataclass(frozen=True, slots=True)
class CountedCopy:
    """One recipient's copy. `clauses` are those that its decision names."""

    action: Action
    state: State
    decided_by: str
    decided_at: float | None
    clauses: tuple[str, ...] = ()

    @property
    def by_person(self) -> bool:
        """Whether a person decided it."""
        return self.state is not State.HELD and self.decided_by not in ("", "policy")


@dataclass(frozen=True, slots=True)
class CountedMessage:
    """One message in scope. `people` are the sourcedIds of its pairs; `judged`: whether its flag was found to be fine.

    `judged` is None while nobody has looked at it.
    """

    received_at: float
    channel: str
    directions: frozenset[str]
    language: str
    people: frozenset[str]
    copies: tuple[CountedCopy, ...] = ()
    judged: bool | None = None


@dataclass(slots=True)
class Tally:
    """Messages of one group. `times` counts how long people took to decide, by bucket."""

    messages: int = 0
    flagged: int = 0
    held: int = 0
    alerted: int = 0
    decided: int = 0
    overturned: int = 0
    judged: int = 0
    fine: int = 0
    times: Counter[int] = field(default_factory=Counter)

    def add(self, message: CountedMessage) -> None:
        """Count one message by the strictest action on its copies."""
        self.messages += 1
        action = strictest(message)
        if action is Action.FLAG:
            self.flagged += 1
            self.judged += message.judged is not None
            self.fine += message.judged is True
        self.alerted += action is Action.ALERT
        held = [copy for copy in message.copies if copy.action is Action.HOLD]
        if action is not Action.HOLD:
            return
        self.held += 1
        decided = [copy for copy in held if copy.by_person]
        if len(decided) < len(held):
            return
        self.decided += 1
        self.overturned += any(copy.state in _RELEASED for copy in decided)
        times = [copy.decided_at for copy in decided if copy.decided_at is not None]
        if times:
            self.times[bisect_left(TIME_EDGES, max(max(times) - message.received_at, 0.0))] += 1

    def merge(self, other: Tally) -> None:
        """Add the counts of another group."""
        for name in MEASURES:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.times.update(other.times)


MEASURES = ("messages", "flagged", "held", "alerted", "decided", "overturned", "judged", "fine")
TallyKey = tuple[str, str, str]
"""Building, kind and value of a group."""


def strictest(message: CountedMessage) -> Action:
    """The strictest action on the copies of a message; release if none was decided."""
    return max((copy.action for copy in message.copies), key=STRICTNESS.index, default=Action.RELEASE)


def add_message(
    tallies: defaultdict[TallyKey, Tally], message: CountedMessage, buildings_of: Callable[[str], Collection[str]]
) -> None:
    """Count one message in all of its groups."""
    clauses = {clause for copy in message.copies if copy.action is not Action.RELEASE for clause in copy.clauses}
    groups: Mapping[str, Iterable[str]] = {
        "all": ("",), "channel": (message.channel,), "direction": message.directions,
        "language": (message.language or "unknown",), "clause": clauses,
    }  # fmt: skip
    buildings = {building for person in message.people for building in buildings_of(person)}
    for building in {EVERYWHERE, *buildings}:
        for kind, values in groups.items():
            for value in values:
                tallies[building, kind, value].add(message)


def local_day(at: float, zone: tzinfo) -> str:
    """The local day of a time, in ISO 8601."""
    return datetime.fromtimestamp(at, zone).date().isoformat()


def day_bounds(day: str, zone: tzinfo) -> tuple[float, float]:
    """The times at which a local day begins and ends."""
    first = date.fromisoformat(day)
    start, end = (datetime.combine(first + timedelta(days=days), time(), zone) for days in (0, 1))
    return start.timestamp(), end.timestamp()


def days_before(day: str, count: int) -> list[str]:
    """A day and the days before it, `count` in all, the oldest first."""
    last = date.fromisoformat(day)
    return [(last - timedelta(days=back)).isoformat() for back in range(count - 1, -1, -1)]
