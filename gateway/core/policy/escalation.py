"""Up the chain: who is told of a held message or a call for help, at which level."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gateway.core.accounts.account import AccountRole, Right, User
from gateway.core.messages.parties import Relation
from gateway.core.policy.authorization import ConsoleDirectory, has_part, is_theirs, may_be_told, person_of


@dataclass(frozen=True, slots=True)
class Escalation:
    """The accounts that decide, and the addresses at the end of the chain (notify.to)."""

    users: Sequence[User]
    last: Sequence[str]
    register: ConsoleDirectory

    def of(self, level: int, relation: Relation, addresses: Iterable[str], assignee: str = "") -> tuple[str, ...]:
        """Who is told of a message at a level, each once. Never somebody who has a part in it.

        0 and 1: whoever has taken it, else the administrators of its buildings; 2: these and the directors; from 3 on
        the end of the chain as well. Where a level has nobody who can be told, the next one is asked.
        """
        named = [each for each in addresses if each]
        able = [each for each in self._deciding() if self._fit(each, relation, named)]
        theirs = [each for each in able if each.role is not AccountRole.TECHNOLOGY_DIRECTOR]
        taken = [each for each in able if each.name == assignee]
        if level < 2 and (found := self.addresses(taken) or self.addresses(theirs)):
            return found
        if level < 3 and (found := self.addresses(able)):
            return found
        last = may_be_told(self.last, relation.pairs, named, self.register)
        return tuple(dict.fromkeys((*self.addresses(able), *last)))

    def of_case(
        self, level: int, assignee: str, messages: Sequence[tuple[Relation, Sequence[str]]]
    ) -> tuple[str, ...]:  # fmt: skip
        """Who is told of a case at a level, each once; never somebody who has a part in one of its messages.

        0 and 1: whoever works on it; from 2 on, and where that is nobody who can be told, the directors as well, and
        the end of the chain where there is none of these.
        """
        able = [each for each in self._deciding() if all(self._fit(each, *message) for message in messages)]
        works = [each for each in able if each.name == assignee]
        if level < 2 and (found := self.addresses(works)):
            return found
        directors = [each for each in able if each.role is AccountRole.TECHNOLOGY_DIRECTOR]
        if found := self.addresses((*works, *directors)):
            return found
        return self._end(messages)

    def of_left(
        self, messages: Sequence[tuple[Relation, Sequence[str]]], opened_by: str = ""
    ) -> tuple[str, ...]:  # fmt: skip
        """Who is told that messages, or a case with these, are nobody's any more: never who has a part in one.

        The administrators of their building, else the directors, else the end of the chain; of a case without a
        message whoever opened it, before these.
        """
        able = [each for each in self._deciding() if all(self._fit(each, *message) for message in messages)]
        theirs = [
            each
            for each in able
            if (each.role is not AccountRole.TECHNOLOGY_DIRECTOR if messages else each.name == opened_by)
        ]
        directors = [each for each in able if each.role is AccountRole.TECHNOLOGY_DIRECTOR]
        return self.addresses(theirs) or self.addresses(directors) or self._end(messages)

    def _end(self, messages: Sequence[tuple[Relation, Sequence[str]]]) -> tuple[str, ...]:
        last = tuple(self.last)
        for relation, named in messages:
            last = may_be_told(last, relation.pairs, named, self.register)
        return tuple(dict.fromkeys(last))

    def everybody(self) -> dict[str, User]:
        """Everybody who decides and can be told, by address."""
        return {self.address(each): each for each in self._deciding() if self.address(each)}

    def addresses(self, people: Iterable[User]) -> tuple[str, ...]:
        """The addresses of accounts, each once; an account without one cannot be told."""
        return tuple(dict.fromkeys(filter(None, map(self.address, people))))

    def address(self, user: User) -> str:
        """Where somebody is written to: the roster's address of the person, or the name where that is one."""
        id_ = person_of(user, self.register)
        person = self.register.by_id(id_) if id_ else None
        return person.address if person and person.address else user.name if "@" in user.name else ""

    def _deciding(self) -> list[User]:
        return [each for each in self.users if each.disabled_at is None and each.may(Right.DECIDE)]

    def _fit(self, user: User, relation: Relation, addresses: Sequence[str]) -> bool:
        pairs = relation.pairs
        return is_theirs(user, pairs, self.register) and not has_part(user, pairs, addresses, self.register)
