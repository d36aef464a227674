"""Whose account it is that the district's sign-in service vouches for.

An account is meant by its name or its person, where the service has verified the address, until it was used once: from
then on by the service's own subject alone, so that an address which changes hands opens nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from gateway.core.accounts.account import AccountRole, SignedInIdentity, User, account_name
from gateway.core.messages.parties import Directory, Role
from gateway.core.policy.decision import AuditEntry
from gateway.ports.accounts import AccountStore, IdentityStore


class Known(AccountStore, IdentityStore, Protocol):
    """What is asked of the store."""


async def account_of(store: Known, register: Directory, vouched: SignedInIdentity, now: float) -> User | None:
    """The account, made or changed where groups of the service say so; None where there is none."""
    found = await store.user_of(vouched.subject) or await _by_address(store, register, vouched.address)
    if found is not None and (found.disabled_at is not None or found.subject not in ("", vouched.subject)):
        return None
    if vouched.role is not None:
        name = found.name if found is not None else account_name(vouched.address)
        if name is None:
            return None
        base = found or User(name, vouched.role, person=_person(register, vouched.address))
        user = replace(base, role=vouched.role, buildings=vouched.buildings, subject=vouched.subject, by_groups=True)
    elif found is None:  # whoever works for the district may see where their own messages are
        name, person = account_name(vouched.address), _person(register, vouched.address)
        if name is None or not person:
            return None
        user = User(name, AccountRole.STAFF, person=person, subject=vouched.subject)
    elif found.by_groups:  # its groups give it no role any more; who works here still sees their own messages
        user = without_role(replace(found, subject=vouched.subject))
    else:
        user = replace(found, subject=vouched.subject)
    if user == found:
        return _usable(user)
    detail = {"role": user.role, "buildings": list(user.buildings), "person": user.person}
    act = AuditEntry(
        now, "sign-in service", "account added" if found is None else "account recognised", user.name, detail
    )
    return _usable(user) if await store.recognise(user, act) else None


def without_role(user: User) -> User:
    """An account whose groups give it nothing: it decides nothing, is told of nothing, and its tokens open nothing."""
    return replace(user, role=AccountRole.STAFF, buildings=())


def _usable(user: User) -> User | None:
    return None if user.role is AccountRole.STAFF and not user.person else user


async def _by_address(store: Known, register: Directory, address: str) -> User | None:
    name = account_name(address)
    if name is None:
        return None
    named = await store.user(name)
    if named is not None:
        return named[0]
    person = _person(register, address)
    theirs = [each for each in await store.users_of_person(person) if each.disabled_at is None] if person else []
    return theirs[0] if len(theirs) == 1 else None


def _person(register: Directory, address: str) -> str:
    """The member of staff whose own district address it is."""
    person = register.person(address) if address else None
    ours = person is not None and Role.STAFF in person.roles and register.is_internal(address)
    return person.id if person is not None and ours else ""
