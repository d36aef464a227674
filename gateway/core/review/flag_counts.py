"""How many flagged messages wait for each account, counted once for all of them: there may be a hundred thousand."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from gateway.core.accounts.account import User
from gateway.core.policy.authorization import ConsoleDirectory, family_ids, is_party, person_id_of
from gateway.core.review.views import HeldMessage


class FlagCounts:
    """Counts of open messages, and of those that are overdue, by the buildings that they belong to."""

    def __init__(self, messages: Sequence[HeldMessage], directory: ConsoleDirectory, now: float) -> None:
        self._directory, self._now = directory, now
        self._open: Counter[frozenset[str]] = Counter()
        self._overdue: Counter[frozenset[str]] = Counter()
        self._of_person: dict[str, list[HeldMessage]] = defaultdict(list)
        self._to_groups: list[HeldMessage] = []
        for message in messages:
            scope = self._scope(message)
            self._open[scope] += 1
            self._overdue[scope] += self._is_overdue(message)
            people = {id_ for pair in message.relation.pairs for id_ in (pair.staff, pair.student)}
            addresses = [address for address in (message.sender, *message.recipients, *message.others) if address]
            if any(directory.members(address) is not None for address in addresses):
                self._to_groups.append(message)
            people |= {person.id for address in addresses if (person := directory.person(address)) is not None}
            for id_ in people:
                self._of_person[id_].append(message)

    def of(self, user: User | None) -> tuple[int, int]:
        """How many messages are open for an account and how many of these are overdue; without one, of all."""
        if user is None:
            return self._open.total(), self._overdue.total()
        own = frozenset(user.buildings)
        waiting, overdue = (
            sum(count for scope, count in counts.items() if user.sees_every_building or not own.isdisjoint(scope))
            for counts in (self._open, self._overdue)
        )
        for message in self._with_part(user):
            if user.sees_every_building or not own.isdisjoint(self._scope(message)):
                waiting, overdue = waiting - 1, overdue - self._is_overdue(message)
        return waiting, overdue

    def _with_part(self, user: User) -> list[HeldMessage]:
        """The messages that the account's person, or their child, sent or received."""
        family = family_ids(person_id_of(user, self._directory), self._directory)
        candidates = {message.id: message for id_ in family for message in self._of_person.get(id_, ())}
        candidates |= {message.id: message for message in self._to_groups} if family else {}
        return [
            message
            for message in candidates.values()
            if is_party(
                user, message.relation.pairs,
                [address for address in (message.sender, *message.recipients, *message.others) if address],
                self._directory,
            )
        ]  # fmt: skip

    def _scope(self, message: HeldMessage) -> frozenset[str]:
        people = {id_ for pair in message.relation.pairs for id_ in (pair.staff, pair.student)}
        return frozenset(org for id_ in people for org in self._directory.buildings_of(id_))

    def _is_overdue(self, message: HeldMessage) -> bool:
        return message.due_at is not None and message.due_at < self._now
