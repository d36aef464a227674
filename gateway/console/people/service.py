"""The contact of a person and of a pair, as administrators of their buildings see it. Every view is on record.

Nobody sees their own contact, or that of their own child, here: not on their pages, nor as a line of another's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from gateway.console.auth.authorization import Authorization
from gateway.console.messages.reveal_names import NameAccess
from gateway.console.people.reading import read_pair
from gateway.console.web.errors import Problem
from gateway.core.accounts.account import Right, User
from gateway.core.contact.person import (
    Bar,
    PairSummary,
    PersonContact,
    RaisedMessage,
    Told,
    all_rows,
    hour_bars,
    pair_summaries,
    week_bars,
)
from gateway.core.contact.report import ContactReport
from gateway.core.messages.parties import Person, Role
from gateway.core.policy.authorization import ConsoleDirectory
from gateway.core.policy.decision import AuditEntry
from gateway.core.policy.policy import Policy
from gateway.ports.audit import AuditStore
from gateway.ports.clock import StoreClock
from gateway.ports.contact import ContactStore

DAYS, MAX_DAYS = 90, 730
"""The period of a page in days: usually, and at most."""
MAX_FOUND = 50
"""People that a search finds, at most."""
PERSON_SEEN, PAIR_SEEN, SEARCHED = "person looked up", "pair looked up", "people searched"
"""The words of the audit log."""
_UNKNOWN = "Nobody of your buildings has this sourcedId."
_OWN = "This is about you or your own child: somebody else must look at it."


@dataclass(frozen=True, slots=True)
class OtherSide:
    """Somebody on the other side of a pair. `id` is "" if there is no page of a person for them."""

    id: str
    name: str
    role: str
    buildings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PersonPage:
    """A person's contact in a period of `days`. `as_staff`: as a staff member, else as a student."""

    person: OtherSide
    as_staff: bool
    days: int
    pairs: tuple[tuple[OtherSide, PairSummary], ...]
    contact: PersonContact
    weeks: tuple[Bar, ...]
    hours: tuple[Bar, ...]
    findings: tuple[tuple[OtherSide, Told], ...]
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PairPage:
    """The contact of a staff member and a student in a period of `days`."""

    staff: OtherSide
    student: OtherSide
    days: int
    report: ContactReport
    weeks: tuple[Bar, ...]
    hours: tuple[Bar, ...]
    raised: tuple[RaisedMessage, ...]


class PeopleService:
    """Looks people and pairs up."""

    def __init__(
        self, authorization: Authorization, names: NameAccess, directory: ConsoleDirectory, clock: StoreClock,
        contact: ContactStore, audit: AuditStore, policy: Callable[[], Policy],
    ) -> None:  # fmt: skip
        self._authorization, self._names, self._directory = authorization, names, directory
        self._clock, self._contact, self._audit, self._policy = clock, contact, audit, policy

    async def require_access(self, user: User) -> None:
        """Raise a Problem if the account may not look people up."""
        await self._authorization.require(user, Right.DECIDE)
        self._names.refuse_search(user)

    async def search(self, user: User, text: str) -> list[OtherSide]:
        """The staff and students of the account's buildings with a name, address, number or sourcedId."""
        await self.require_access(user)
        directory, text = self._directory, text.strip()
        if not text:
            return []
        by_key = (directory.by_id(text), directory.person(text))
        people = {person.id: person for person in (*by_key, *directory.namesakes(text)) if person is not None}
        family = self._authorization.family(user)
        found = [person for person in people.values() if self._sees(user, person) and person.id not in family]
        await self._record(user, SEARCHED, "", {"found": len(found)})
        return [self._shown(person.id) for person in found[:MAX_FOUND]]

    async def person(self, user: User, id_: str, days: int = DAYS, *, as_staff: bool | None = None) -> PersonPage:
        """A person's contact. `as_staff` matters for somebody who is both staff and a student. Raises a Problem."""
        person = await self._visible(user, id_)
        staff = Role.STAFF in person.roles if as_staff is None else as_staff
        if (Role.STAFF if staff else Role.STUDENT) not in person.roles:
            raise Problem(404, _UNKNOWN)
        since = await self._clock.now() - 86400.0 * days
        await self._record(user, PERSON_SEEN, person.id, {"days": days})
        contact = await self._contact.person(person.id, by_staff=staff, since=since)
        family = self._authorization.family(user)
        if not family.isdisjoint(contact.others.values()):
            contact = _without(contact, family)
        return await asyncio.to_thread(self._person_page, person, staff, days, contact)

    def _person_page(self, person: Person, staff: bool, days: int, contact: PersonContact) -> PersonPage:
        rows = all_rows(contact)
        others = {key: self._shown(id_) for key, id_ in contact.others.items()}
        told = [(others[key], finding) for key, findings in contact.findings.items() for finding in findings]
        return PersonPage(
            self._shown(person.id),
            staff,
            days,
            tuple((self._shown(pair.other), pair) for pair in pair_summaries(contact, self._policy().contact_rules)),
            contact,
            tuple(week_bars(rows)),
            tuple(hour_bars(rows)),
            tuple(sorted(told, key=lambda item: -item[1][0])),
            self._directory.addresses_of(person.id),
        )

    async def pair(self, user: User, id_: str, other: str, days: int = DAYS) -> PairPage:
        """The contact of a staff member and a student, named in any order. Raises a Problem."""
        await self.require_access(user)
        one, two = self._directory.by_id(id_), self._directory.by_id(other)
        if one is None or two is None or not (self._sees(user, one) or self._sees(user, two)):
            raise Problem(404, _UNKNOWN)
        if not self._authorization.family(user).isdisjoint((one.id, two.id)):
            raise Problem(403, _OWN)
        if not (Role.STAFF in one.roles and Role.STUDENT in two.roles):
            one, two = two, one
        if one.id == two.id or not (Role.STAFF in one.roles and Role.STUDENT in two.roles):
            raise Problem(404, _UNKNOWN)
        since = await self._clock.now() - 86400.0 * days
        await self._record(user, PAIR_SEEN, one.id, {"with": two.id, "days": days})
        report = await read_pair(self._contact, one.id, two.id, since, self._policy().contact_rules)
        raised = await self._contact.raised(one.id, two.id, since)
        return PairPage(
            self._shown(one.id), self._shown(two.id), days, report, tuple(week_bars(report.rows)),
            tuple(hour_bars(report.rows)), tuple(raised),
        )  # fmt: skip

    async def _visible(self, user: User, id_: str) -> Person:
        await self.require_access(user)
        person = self._directory.by_id(id_)
        if person is None or not self._sees(user, person):
            raise Problem(404, _UNKNOWN)
        if person.id in self._authorization.family(user):
            raise Problem(403, _OWN)
        return person

    def _sees(self, user: User, person: Person) -> bool:
        if Role.STAFF not in person.roles and Role.STUDENT not in person.roles:
            return False
        return user.sees_every_building or not self._directory.buildings_of(person.id).isdisjoint(user.buildings)

    def _shown(self, id_: str) -> OtherSide:
        person = self._directory.by_id(id_)
        if person is None:
            return OtherSide("", id_.removeprefix("outside:"), "not in the roster", ())
        role = next((role.value for role in (Role.STAFF, Role.STUDENT) if role in person.roles), "")
        buildings = tuple(map(self._directory.building_name, person.buildings))
        return OtherSide(person.id, person.name or person.id, role, buildings)

    async def _record(self, user: User, act: str, subject: str, detail: dict[str, object]) -> None:
        await self._audit.record([AuditEntry(await self._clock.now(), user.name, act, subject, detail)])


def _without(contact: PersonContact, family: frozenset[str]) -> PersonContact:
    """The contact without that with some people."""
    kept = {key: other for key, other in contact.others.items() if other not in family}
    return replace(
        contact,
        others=kept,
        rows={key: rows for key, rows in contact.rows.items() if key in kept},
        findings={key: told for key, told in contact.findings.items() if key in kept},
        raised=tuple(message for message in contact.raised if message.conversation in kept),
    )
