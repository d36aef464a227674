"""Escalation: who gets notices about a held message, a help alert or a case, at which level."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gateway.core.accounts.account import AccountRole, Right, User
from gateway.core.messages.parties import Relation
from gateway.core.policy.authorization import (
    ConsoleDirectory,
    addresses_without_parties,
    family_ids,
    in_own_buildings,
    is_party,
    person_id_of,
    sender_ids,
)


@dataclass(frozen=True, slots=True)
class Escalation:
    """The accounts, and the last addresses of the chain (notify.to).

    Nobody gets a notice about a message that they, or their own child, sent or received.
    """

    users: Sequence[User]
    last: Sequence[str]
    directory: ConsoleDirectory

    def recipients_for(
        self, level: int, relation: Relation, addresses: Iterable[str], assignee: str = ""
    ) -> tuple[str, ...]:
        """The addresses for a message at a level, each once. `addresses` are those of its envelope.

        Levels 0 and 1: the assignee, or else the administrators of its buildings. Level 2: these and the directors.
        From level 3: also the last addresses. A level that has nobody falls through to the next.
        """
        envelope = [address for address in addresses if address]
        able = [user for user in self._reviewers() if self._may_review(user, relation, envelope)]
        administrators = [user for user in able if user.role is not AccountRole.TECHNOLOGY_DIRECTOR]
        assigned = [user for user in able if user.name == assignee]
        if level < 2 and (found := self.addresses(assigned) or self.addresses(administrators)):
            return found
        if level < 3 and (found := self.addresses(able)):
            return found
        last = addresses_without_parties(self.last, relation.pairs, envelope, self.directory)
        return tuple(dict.fromkeys((*self.addresses(able), *last)))

    def recipients_for_urgent(
        self, level: int, relation: Relation, addresses: Sequence[str], *, threat: bool
    ) -> tuple[str, ...]:
        """The addresses for the notice of an urgent message at a level, each once: the last addresses are among them.

        `addresses` are those of its envelope, the sender's first. With a `threat`, administrators who are a party to
        the message are told too, unless they or their own child sent it: they may read it, but not decide.
        """
        envelope = [address for address in addresses if address]
        pairs = relation.pairs
        found = [
            *self.recipients_for(level, relation, envelope),
            *addresses_without_parties(self.last, pairs, envelope, self.directory),
        ]
        if threat:
            senders = sender_ids(pairs, addresses[0] if addresses else "", self.directory)
            found += self.addresses(
                user
                for user in self._reviewers()
                if in_own_buildings(user, pairs, self.directory)
                and senders.isdisjoint(family_ids(person_id_of(user, self.directory), self.directory))
            )
            for address in self.last:
                person = self.directory.person(address)
                if person is not None and senders.isdisjoint(family_ids(person.id, self.directory)):
                    found.append(address)
        return tuple(dict.fromkeys(found))

    def recipients_for_case(
        self, level: int, assignee: str, messages: Sequence[tuple[Relation, Sequence[str]]]
    ) -> tuple[str, ...]:  # fmt: skip
        """The addresses for a case at a level, each once. `messages` are relation and envelope of its messages.

        Levels 0 and 1: the assignee. From level 2, or without an assignee: the assignee and the directors, or else the
        last addresses.
        """
        able = self._able_for_all(messages)
        assigned = [user for user in able if user.name == assignee]
        if level < 2 and (found := self.addresses(assigned)):
            return found
        directors = [user for user in able if user.role is AccountRole.TECHNOLOGY_DIRECTOR]
        if found := self.addresses((*assigned, *directors)):
            return found
        return self._last_addresses(messages)

    def recipients_for_unassigned(
        self, messages: Sequence[tuple[Relation, Sequence[str]]], opened_by: str = ""
    ) -> tuple[str, ...]:  # fmt: skip
        """The addresses for messages, or for a case with these messages, that have lost their assignee.

        The administrators of the buildings, or else the directors, or else the last addresses. For a case without
        messages: first the account that opened it.
        """
        able = self._able_for_all(messages)
        first = [
            user
            for user in able
            if (user.role is not AccountRole.TECHNOLOGY_DIRECTOR if messages else user.name == opened_by)
        ]
        directors = [user for user in able if user.role is AccountRole.TECHNOLOGY_DIRECTOR]
        return self.addresses(first) or self.addresses(directors) or self._last_addresses(messages)

    def _last_addresses(self, messages: Sequence[tuple[Relation, Sequence[str]]]) -> tuple[str, ...]:
        last = tuple(self.last)
        for relation, envelope in messages:
            last = addresses_without_parties(last, relation.pairs, envelope, self.directory)
        return tuple(dict.fromkeys(last))

    def by_address(self) -> dict[str, User]:
        """Everybody who decides and has an address, by address."""
        return {address: user for user in self._reviewers() if (address := self.address(user))}

    def addresses(self, users: Iterable[User]) -> tuple[str, ...]:
        """The addresses of accounts, each once, without those that have none."""
        return tuple(dict.fromkeys(filter(None, map(self.address, users))))

    def address(self, user: User) -> str:
        """The address of an account: that of the person in the roster, or the name if it is one; "" for none."""
        id_ = person_id_of(user, self.directory)
        person = self.directory.by_id(id_) if id_ else None
        return person.address if person and person.address else user.name if "@" in user.name else ""

    def _reviewers(self) -> list[User]:
        return [user for user in self.users if user.disabled_at is None and user.may(Right.DECIDE)]

    def _able_for_all(self, messages: Sequence[tuple[Relation, Sequence[str]]]) -> list[User]:
        return [user for user in self._reviewers() if all(self._may_review(user, *message) for message in messages)]

    def _may_review(self, user: User, relation: Relation, envelope: Sequence[str]) -> bool:
        pairs = relation.pairs
        return in_own_buildings(user, pairs, self.directory) and not is_party(user, pairs, envelope, self.directory)
