"""Personal accounts: outside addresses that count as somebody's, to confirm or refuse, and who may write to many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.console.auth.authorization import Authorization
from gateway.console.web.errors import Problem
from gateway.core.accounts.account import Right, User
from gateway.core.messages.addresses import canonical_address
from gateway.core.messages.parties import AccountBasis, Person, Role
from gateway.core.policy.authorization import ConsoleDirectory, family_ids, person_id_of
from gateway.core.policy.decision import AuditEntry
from gateway.core.relation.account_decisions import ACTS, ORGANIZATION_REGISTERED, ORGANIZATION_REMOVED
from gateway.core.relation.personal_account import AccountStatus, Organization, StoredAccount
from gateway.ports.clock import StoreClock
from gateway.ports.directory_accounts import DirectoryAccountStore, UnknownAddress

MAX_LISTED = 500
_MAX_ADDRESS = 320


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account with the name, role and buildings of its person; the sourcedId when names are hidden."""

    account: StoredAccount
    name: str
    role: str
    buildings: tuple[str, ...]


class PersonalAccountService:
    """Personal accounts, as administrators see and decide on them: those of people of their buildings."""

    def __init__(
        self, authorization: Authorization, directory: ConsoleDirectory, clock: StoreClock,
        accounts: DirectoryAccountStore, *, hide_names: bool = False,
    ) -> None:  # fmt: skip
        self._authorization, self._directory, self._clock = authorization, directory, clock
        self._accounts, self._hide_names = accounts, hide_names

    async def accounts(self, user: User, status: AccountStatus | None) -> list[AccountView]:
        """The accounts with a status that the account of the console may see. Raises a Problem."""
        await self._authorization.require(user, Right.DECIDE)
        stored = await self._accounts.accounts(status, MAX_LISTED)
        return [view for account in stored if (view := self._view(user, account)) is not None]

    async def decide(self, user: User, address: str, person: str, status: str, reason: str) -> AccountView:
        """Confirm or refuse that an address is a person's. Raises a Problem."""
        await self._authorization.require(user, Right.DECIDE)
        if status not in (AccountStatus.CONFIRMED, AccountStatus.REFUSED):
            raise Problem(422, "Choose whether it is an account of this person or not.")
        address = canonical_address(address.strip()[:_MAX_ADDRESS])
        if "@" not in address and not address.startswith("+"):
            raise Problem(422, "Enter a mail address, or a phone number such as +15155550142.")
        if self._directory.is_internal(address):
            raise Problem(422, "This is an address of the district: only outside addresses are personal accounts.")
        found = self._directory.by_id(person) or self._directory.person(person)
        if found is None or self._directory.by_id(found.id) is None or not self._sees(user, found):
            raise Problem(404, "Nobody of your buildings has this sourcedId or address.")
        if found.id in family_ids(person_id_of(user, self._directory), self._directory):
            raise Problem(403, "This is about you or your own child: somebody else must decide.")
        now = await self._clock.now()
        account = StoredAccount(
            address, found.id, AccountStatus(status), AccountBasis.KNOWN, first_at=now, last_at=now,
            decided_by=user.name, decided_at=now, reason=reason,
        )  # fmt: skip
        detail = {"person": found.id, **({"reason": reason} if reason else {})}
        stored = await self._accounts.decide(account, AuditEntry(now, user.name, ACTS[status], address, detail))
        view = self._view(user, stored)
        assert view is not None, "the person is of the account's buildings"
        return view

    async def unknown(self, user: User) -> Sequence[UnknownAddress]:
        """District addresses that neither roster nor groups know, the most used first. Raises a Problem."""
        await self._authorization.require(user, Right.DECIDE)
        listed = await self._accounts.unknown(MAX_LISTED)
        return [seen for seen in listed if self._is_unknown(seen.address)]

    async def organizations(self, user: User) -> Sequence[Organization]:
        """The registered organizations. Raises a Problem."""
        await self._authorization.require(user, Right.DECIDE)
        return await self._accounts.organizations()

    async def register(self, user: User, name: str, label: str) -> Organization:
        """Register an organization by its address or domain. Raises a Problem."""
        await self._authorization.require(user, Right.DECIDE)
        name = _organization_name(name)
        if "." not in name:
            raise Problem(422, "Enter an address or a domain, such as scholarships.example.org.")
        if self._directory.is_internal(name if "@" in name else f"x@{name}"):
            raise Problem(422, "This is a domain of the district.")
        now = await self._clock.now()
        organization = Organization(name, label, user.name, now)
        await self._accounts.register_organization(
            organization, AuditEntry(now, user.name, ORGANIZATION_REGISTERED, name)
        )
        return organization

    async def remove(self, user: User, name: str) -> None:
        """Remove an organization. Raises a Problem if it is not registered."""
        await self._authorization.require(user, Right.DECIDE)
        name = _organization_name(name)
        entry = AuditEntry(await self._clock.now(), user.name, ORGANIZATION_REMOVED, name)
        if not await self._accounts.remove_organization(name, entry):
            raise Problem(404, "No such organization is registered.")

    def _is_unknown(self, address: str) -> bool:
        known = self._directory.person(address)
        return (known is None or not known.name) and self._directory.members(address) is None

    def _sees(self, user: User, person: Person) -> bool:
        own = frozenset(user.buildings)
        return user.sees_every_building or not own.isdisjoint(self._directory.buildings_of(person.id))

    def _view(self, user: User, account: StoredAccount) -> AccountView | None:
        person = self._directory.by_id(account.person)
        if person is None:
            return AccountView(account, account.person, "not in the roster", ()) if user.sees_every_building else None
        if not self._sees(user, person):
            return None
        role = "staff" if Role.STAFF in person.roles else "student"
        buildings = tuple(map(self._directory.building_name, person.buildings))
        return AccountView(account, person.id if self._hide_names else person.name or person.id, role, buildings)


def _organization_name(name: str) -> str:
    name = name.strip()[:_MAX_ADDRESS].lower()
    return canonical_address(name) if "@" in name else name.strip(".")
