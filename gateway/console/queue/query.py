"""What an account filters the queue by: from a URL, a form, a saved view or the API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from gateway.console.queue.index import NarrowedQueue, QueueFilter
from gateway.core.accounts.account import User
from gateway.core.policy.authorization import ConsoleDirectory

NAMES = ("building", "clause", "direction", "channel", "person", "state", "age", "text")
"""What a list can be filtered by."""
_STATES = {
    "free": "nobody has it", "mine": "mine", "taken": "taken by others", "second": "waits for a second person",
}  # fmt: skip
_AGES = {"overdue": "overdue", "today": "received within a day", "older": "older than a day"}
_MAX_VALUE = 200


@dataclass(frozen=True, slots=True)
class QueueChoice:
    """One value that a list can be filtered by, and how many messages have it."""

    value: str
    label: str
    count: int
    chosen: bool


class QueueQuery:
    """The filters of one account. A value that no message has filters nothing. With `hide_names`, none is a person."""

    def __init__(
        self, values: Mapping[str, str], user: User, directory: ConsoleDirectory, now: float, *,
        hide_names: bool = False,
    ) -> None:  # fmt: skip
        self._values = {**values, "person": ""} if hide_names else values
        self._user, self._directory, self._now, self._hide_names = user, directory, now, hide_names
        self.text = " ".join(values.get("text", "").split())[:_MAX_VALUE]

    @property
    def query(self) -> str:
        """The filters alone as a query string: what a saved view stores."""
        kept = [(name, self._values.get(name, "")) for name in NAMES]
        return urlencode([(name, value[:_MAX_VALUE]) for name, value in kept if value.strip()])

    @property
    def filter(self) -> QueueFilter:
        """The filter for the index; QueueService adds what the account may see."""
        chosen = {name: self._values.get(name, "") for name in NAMES if name != "text"}
        return QueueFilter(self._now, None, self._states, chosen, tuple(self.text.lower().split()))

    def _states(self, holder: str, second: bool) -> frozenset[str]:
        """The states of a held message for this account, from who claimed it and whether it waits for a second."""
        state = "free" if not holder else "mine" if holder == self._user.name else "taken"
        return frozenset({state, "second"} if second else {state})

    def choices(self, narrowed: NarrowedQueue) -> dict[str, list[QueueChoice]]:
        """The values that the list can be filtered by; a filter with a single value is left out."""
        return {
            name: [
                QueueChoice(value, self._label(name, value), count, narrowed.chosen.get(name) == value)
                for value, count in sorted(counts.items(), key=lambda item: (self._order(name, item[0]), item[0]))
                if name != "person" or self._directory.by_id(value) is not None  # no group
            ]
            for name, counts in narrowed.counts.items()
            if (len(counts) > 1 or name in narrowed.chosen) and not (name == "person" and self._hide_names)
        }

    def _order(self, name: str, value: str) -> str:
        return self._label(name, value) if name == "person" else value

    def _label(self, name: str, value: str) -> str:
        if name == "building":
            return self._directory.building_name(value)
        if name == "person":
            person = self._directory.by_id(value)
            return person.name if person else value
        return _AGES.get(value) or _STATES.get(value, value)


def parse_query(query: str) -> dict[str, str]:
    """The values of a query string, the last of each name; empty if it is not one."""
    try:
        return dict(parse_qsl(query[:4000], max_num_fields=50))
    except ValueError:
        return {}
