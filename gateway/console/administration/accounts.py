"""Accounts of the console, as a technology director changes them. Every change is in the audit log."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from gateway.console.auth.authorization import Authorization
from gateway.console.auth.credentials import hash_password
from gateway.console.auth.stores import SignInStores
from gateway.console.web.errors import Problem
from gateway.core.accounts.account import AccountRole, Right, User, account_name
from gateway.core.policy.authorization import ConsoleDirectory
from gateway.core.policy.decision import AuditEntry

_ONLY_DIRECTORS = "Only a technology director changes accounts."
_NO_ACCOUNT = "There is no such account."


@dataclass(frozen=True, slots=True)
class AccountDraft:
    """What somebody wrote about an account. `person`: a sourcedId, a district address or a full name.

    `no_person`: nobody of the roster owns it, although it decides.
    """

    role: str
    buildings: tuple[str, ...] = ()
    person: str = ""
    no_person: bool = False


@dataclass(frozen=True, slots=True)
class ConsoleAccount:
    """An account with the names of its person and buildings, and what is wrong with it."""

    user: User
    person: str
    buildings: Sequence[str]
    faults: Sequence[str]


class AccountAdministration:
    """Adds, changes and disables accounts."""

    def __init__(
        self, authorization: Authorization, stores: SignInStores, directory: ConsoleDirectory
    ) -> None:  # fmt: skip
        self._authorization, self._stores, self._directory = authorization, stores, directory

    async def all(self, user: User) -> list[ConsoleAccount]:
        """Every account, by name; the disabled ones last. Raises a Problem."""
        await self._require(user, "see accounts")
        users = await self._stores.accounts.list_all()
        return [self._row(found) for found in sorted(users, key=lambda found: found.disabled_at is not None)]

    def buildings(self) -> Mapping[str, str]:
        """The buildings of the roster, with their names."""
        return self._directory.organizations()

    async def count_faulty(self) -> int:
        """How many accounts decide without a person, or for no building that the roster has."""
        users = await self._stores.accounts.list_all()
        return sum(bool(self._faults(found)) for found in users if found.disabled_at is None)

    async def add(self, user: User, name: str, draft: AccountDraft, *, by_service: bool) -> tuple[ConsoleAccount, str]:
        """Add an account. Returns it with its first password, "" if it signs in with the district's service.

        Raises a Problem.
        """
        await self._require(user, "add an account")
        known = account_name(name)
        if known is None:
            raise Problem(422, "A name has letters, digits and . _ @ + - only, at most 64.")
        new = self._drafted(User(known, AccountRole.STAFF), draft)
        password = "" if by_service else _new_password()
        detail = {"role": new.role, "buildings": list(new.buildings), "person": new.person}
        entry = await self._entry(user, "account added", known, detail)
        if not await self._stores.accounts.add(new, await hash_password(password) if password else "", entry):
            raise Problem(409, f"There is an account {known} already.")
        return self._row(new), password

    async def change(self, user: User, name: str, draft: AccountDraft) -> ConsoleAccount:
        """Change role, buildings and person of an account. Raises a Problem."""
        await self._require(user, "change an account")
        known = await self._find(name)
        changed = self._drafted(known, draft)
        if known.by_groups and (changed.role, changed.buildings) != (known.role, known.buildings):
            raise Problem(409, "Its role comes from groups of the sign-in service: change them there.")
        if changed.role is not AccountRole.TECHNOLOGY_DIRECTOR:
            await self._keep_a_director(user, known)
        detail = {"role": changed.role, "buildings": list(changed.buildings), "person": changed.person}
        entry = await self._entry(user, "account changed", name, detail)
        if not await self._stores.accounts.change(changed, entry):
            raise Problem(404, _NO_ACCOUNT)
        return self._row(changed)

    async def disable(self, user: User, name: str) -> ConsoleAccount:
        """Disable an account: it is signed out, and its tokens end. Raises a Problem."""
        await self._require(user, "disable an account")
        known = await self._find(name)
        await self._keep_a_director(user, known)
        if not await self._stores.accounts.disable(name, await self._entry(user, "account disabled", name)):
            raise Problem(409, "This account is disabled already.")
        return self._row(await self._find(name))

    async def enable(self, user: User, name: str) -> ConsoleAccount:
        """Let a disabled account sign in again. Raises a Problem."""
        await self._require(user, "enable an account")
        await self._find(name)
        if not await self._stores.accounts.enable(name, await self._entry(user, "account enabled", name)):
            raise Problem(409, "This account is not disabled.")
        return self._row(await self._find(name))

    async def reset_password(self, user: User, name: str) -> str:
        """Set a new password, which is returned; sessions and tokens end. Raises a Problem."""
        await self._require(user, "reset a password")
        if (await self._find(name)).subject:
            raise Problem(409, "This account signs in with the district's service: it has no password here.")
        password = _new_password()
        entry = await self._entry(user, "password changed", name, {"tokens": "ended"})
        await self._stores.accounts.set_password(name, await hash_password(password), entry, tokens=True)
        return password

    async def remove_second_step(self, user: User, name: str) -> None:
        """Remove codes and passkeys of an account, whose owner has lost them; its sessions end. Raises a Problem."""
        await self._require(user, "remove a second step")
        await self._find(name)
        passkeys = await self._stores.passkeys.of_user(name)
        for passkey in passkeys:
            entry = await self._entry(user, "passkey removed", name, {"name": passkey.name})
            await self._stores.passkeys.remove(name, passkey.id, entry)
        entry = await self._entry(user, "codes no longer asked for", name)
        if not await self._stores.second_steps.remove(name, entry) and not passkeys:
            raise Problem(409, "This account has no second step.")
        await self._stores.sessions.end_all(name, await self._entry(user, "sessions ended", name))

    def _drafted(self, known: User, draft: AccountDraft) -> User:
        """An account as a draft says. Raises a Problem."""
        if draft.role not in list(AccountRole):
            raise Problem(422, "Choose a role.")
        role = AccountRole(draft.role)
        buildings = tuple(dict.fromkeys(filter(None, draft.buildings)))
        if (role is AccountRole.BUILDING_ADMINISTRATOR) != bool(buildings):
            raise Problem(422, "A building administrator, and no other role, has buildings.")
        orgs = self._directory.organizations()
        for id_ in buildings:
            if id_ not in orgs:
                near = get_close_matches(id_, orgs, cutoff=0.5) or sorted(orgs)[:3]
                raise Problem(422, f"The roster has no building {id_[:60]}; near it: {', '.join(near)}.")
        changed = replace(known, role=role, buildings=buildings, person=self._person(draft.person.strip()))
        if changed.may(Right.DECIDE) and not changed.person and not draft.no_person:
            raise Problem(
                422, "This role decides on messages: say who its person is, or that nobody of the roster owns it. "
                "Without a person, nobody can tell which messages are its own.",
            )  # fmt: skip
        return changed

    def _person(self, written: str) -> str:
        """The sourcedId of a person. Raises a Problem if the roster has none, or several."""
        if not written:
            return ""
        if self._directory.by_id(written) is not None:
            return written
        if "@" in written:
            person = self._directory.person(written)
            if person is not None and self._directory.by_id(person.id) is not None:
                return person.id
        people = self._directory.namesakes(written)
        if len(people) == 1:
            return people[0].id
        near = f" It may be {' or '.join(person.id for person in people[:3])}." if people else ""
        raise Problem(422, f"Nobody of the roster has this sourcedId, district address or full name.{near}")

    def _row(self, user: User) -> ConsoleAccount:
        person = self._directory.by_id(user.person) if user.person else None
        return ConsoleAccount(
            user, (person.name or person.id) if person is not None else user.person,
            [self._directory.building_name(id_) for id_ in user.buildings], self._faults(user),
        )  # fmt: skip

    def _faults(self, user: User) -> list[str]:
        if user.disabled_at is not None:
            return []
        faults = []
        if user.may(Right.DECIDE) and not user.person:
            faults.append("decides, and has no person")
        if user.person and self._directory.by_id(user.person) is None:
            faults.append("its person is not in the roster")
        orgs = self._directory.organizations()
        if user.buildings and not any(id_ in orgs for id_ in user.buildings):
            faults.append("none of its buildings is in the roster")
        return faults

    async def _keep_a_director(self, user: User, changed: User) -> None:
        """Raise a Problem if a change would lock out its author, or leave no technology director."""
        if changed.name == user.name:
            raise Problem(409, "This is your own account: another technology director must do this.")
        directors = [
            found.name
            for found in await self._stores.accounts.list_all()
            if found.role is AccountRole.TECHNOLOGY_DIRECTOR and found.disabled_at is None
        ]
        if directors == [changed.name]:
            raise Problem(409, "This is the only technology director: make another one first.")

    async def _find(self, name: str) -> User:
        found = await self._stores.accounts.find(name)
        if found is None:
            raise Problem(404, _NO_ACCOUNT)
        return found[0]

    async def _require(self, user: User, action: str) -> None:
        await self._authorization.require_director(user, action, _ONLY_DIRECTORS)

    async def _entry(
        self, user: User, act: str, subject: str, detail: Mapping[str, object] | None = None
    ) -> AuditEntry:  # fmt: skip
        return AuditEntry(await self._stores.clock.now(), user.name, act, subject, detail or {})


def _new_password() -> str:
    """A password that is easy to read out: five groups of four letters and digits, 100 bits."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(5))
