"""Finds, creates or updates the account of somebody who signed in with the district's sign-in service.

At the first sign-in an account is matched by name or by person, if the service has verified the address. After that it
is matched by the service's `sub` claim only, so an address that is given to somebody else opens nothing.
"""

from __future__ import annotations

from dataclasses import replace

from gateway.console.auth.stores import SignInStores
from gateway.core.accounts.account import AccountRole, SignedInIdentity, User, account_name
from gateway.core.messages.parties import Directory, Person, Role
from gateway.core.policy.decision import AuditEntry


async def find_or_create_account(
    stores: SignInStores, directory: Directory, identity: SignedInIdentity, now: float
) -> User | None:
    """The account of an identity, created or updated if its groups or the roster require it; None if there is none."""
    existing = await stores.identities.user_of_subject(identity.subject) or await _find_by_address(
        stores, directory, identity.address
    )
    if existing is not None and (existing.disabled_at is not None or existing.subject not in ("", identity.subject)):
        return None
    if identity.role is not None:
        name = existing.name if existing is not None else account_name(identity.address)
        if name is None:
            return None
        base = existing or User(name, identity.role, person=_person(directory, identity.address))
        user = replace(
            base, role=identity.role, buildings=identity.buildings, subject=identity.subject, by_groups=True
        )  # fmt: skip
    elif existing is None:  # staff of the district may see the status of their own messages
        name, person = account_name(identity.address), _person(directory, identity.address)
        if name is None or not person:
            return None
        user = User(name, AccountRole.STAFF, person=person, subject=identity.subject)
    elif existing.by_groups:  # the groups give no role any more
        user = revoke_role(replace(existing, subject=identity.subject))
    else:
        user = replace(existing, subject=identity.subject)
    if user == existing:
        return _if_usable(user)
    detail = {"role": user.role, "buildings": list(user.buildings), "person": user.person}
    act = "account added" if existing is None else "account recognised"
    entry = AuditEntry(now, "sign-in service", act, user.name, detail)
    return _if_usable(user) if await stores.identities.recognize(user, entry) else None


async def find_or_create_staff_account(stores: SignInStores, person: Person, now: float) -> User | None:
    """The account of a staff member, created if they have none; None if theirs is disabled or the name is another's."""
    known = await stores.identities.users_of_person(person.id)
    if known:
        return next((user for user in known if user.disabled_at is None), None)
    name = account_name(person.address)
    if name is None or await stores.accounts.find(name) is not None:
        return None
    user = User(name, AccountRole.STAFF, person=person.id)
    detail = {"role": user.role, "buildings": [], "person": user.person}
    entry = AuditEntry(now, "sign-in link", "account added", name, detail)
    return user if await stores.identities.recognize(user, entry) else None


def revoke_role(user: User) -> User:
    """The account without the role of its groups: it decides nothing, and its tokens give no access."""
    return replace(user, role=AccountRole.STAFF, buildings=())


def _if_usable(user: User) -> User | None:
    return None if user.role is AccountRole.STAFF and not user.person else user


async def _find_by_address(stores: SignInStores, directory: Directory, address: str) -> User | None:
    name = account_name(address)
    if name is None:
        return None
    named = await stores.accounts.find(name)
    if named is not None:
        return named[0]
    person = _person(directory, address)
    accounts = (
        [user for user in await stores.identities.users_of_person(person) if user.disabled_at is None] if person else []
    )
    return accounts[0] if len(accounts) == 1 else None


def _person(directory: Directory, address: str) -> str:
    """The sourcedId of the staff member with this district address; "" for anybody else."""
    person = directory.person(address) if address else None
    is_staff = person is not None and Role.STAFF in person.roles and directory.is_internal(address)
    return person.id if person is not None and is_staff else ""
