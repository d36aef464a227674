"""The roster, the contacts and the groups, as administrators see them; and importing a new roster after its diff."""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from gateway.console.auth.authorization import Authorization
from gateway.console.auth.credentials import new_session_secret
from gateway.console.web.errors import Problem
from gateway.core.accounts.account import Right, User
from gateway.core.messages.parties import Person
from gateway.core.policy.authorization import ConsoleDirectory
from gateway.core.policy.decision import AuditEntry
from gateway.ports.audit import AuditStore
from gateway.ports.clock import StoreClock
from gateway.ports.directory_accounts import (
    ListedContact,
    ListedGroup,
    RosterAdministration,
    RosterRefused,
    RosterStatus,
)
from gateway.ports.directory_accounts import RosterChange as RosterChange

T = TypeVar("T")
MAX_UPLOAD = 48 << 20
"""Bytes of an uploaded zip."""
_KEPT_SECONDS = 3600.0
_MAX_KEPT = 4
_ONLY_DIRECTORS = "Only a technology director imports a roster."
_BUSY = "Another import is being read. Wait a moment, then try again."


@dataclass(slots=True)
class WaitingImport:
    """An import whose diff was shown. `path` is None for the configured files, read again."""

    id: str
    user: str
    at: float
    name: str
    path: Path | None
    sha256: str
    change: RosterChange


@dataclass(frozen=True, slots=True)
class KnownContact:
    """A record of the contacts. `person` is None if the roster does not have the sourcedId."""

    contact: ListedContact
    person: Person | None


@dataclass(slots=True)
class _Uploads:
    """Uploaded files in a folder of this process, until they are imported or too old."""

    folder: tempfile.TemporaryDirectory[str] | None = None
    waiting: dict[str, WaitingImport] = field(default_factory=dict)
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)


class RosterService:
    """The roster's files. `roster` is None where this process has none, as in tests."""

    def __init__(
        self, authorization: Authorization, directory: ConsoleDirectory, clock: StoreClock, audit: AuditStore,
        roster: RosterAdministration | None,
    ) -> None:  # fmt: skip
        self._authorization, self._directory = authorization, directory
        self._clock, self._audit, self._roster, self._uploads = clock, audit, roster, _Uploads()

    async def status(self, user: User) -> RosterStatus:
        """The roster in use. Raises a Problem."""
        await self._authorization.require(user, Right.DECIDE)
        return await self._refusable(self._files().status())

    async def contacts(self, user: User) -> list[KnownContact]:
        """The contacts of people of the account's buildings. The audit log records it. Raises a Problem."""
        await self._authorization.require(user, Right.DECIDE)
        listed = await self._refusable(self._files().contacts())
        await self._record(user, "contacts viewed", "", {})
        rows = [KnownContact(contact, self._directory.by_id(contact.person)) for contact in listed]
        return [row for row in rows if self._sees(user, row.person)]

    async def groups(self, user: User) -> Sequence[ListedGroup]:
        """The group addresses, those with unknown members first. Raises a Problem."""
        await self._authorization.require(user, Right.DECIDE)
        return await self._refusable(self._files().groups())

    async def members(self, user: User, address: str) -> list[tuple[str, Person | None]]:
        """The members of a group as written, with who they are. The audit log records it. Raises a Problem."""
        found = next((group for group in await self.groups(user) if group.address == address), None)
        if found is None:
            raise Problem(404, "There is no such group.")
        await self._record(user, "group viewed", address, {"members": len(found.members)})
        people = [
            (written, self._directory.by_id(written) or (self._directory.person(written) if "@" in written else None))
            for written in found.members
        ]
        return [(written, person) for written, person in people if person is None or self._sees(user, person)]

    async def waiting_counts(self, user: User) -> tuple[int, int]:
        """How many groups have unknown members, and how many warnings the roster has."""
        if self._roster is None:
            return 0, 0
        groups = await self.groups(user)
        return sum(bool(group.unknown) for group in groups), len((await self.status(user)).warnings)

    # import

    async def require_import(self, user: User) -> None:
        """Raise a Problem unless the account may import: before a file is read."""
        await self._authorization.require_director(user, "import a roster", _ONLY_DIRECTORS)

    async def preview(self, user: User, upload: bytes | None, name: str = "") -> WaitingImport:
        """The diff of an uploaded zip, or of the configured files as they are now. Raises a Problem."""
        await self.require_import(user)
        files = self._files()
        status = await self._refusable(files.status())
        if self._uploads.reading.locked():
            raise Problem(409, _BUSY)
        async with self._uploads.reading:
            now = await self._clock.now()
            self._forget_old(now)
            path = None if upload is None else await asyncio.to_thread(self._keep, upload)
            try:
                change = await self._refusable(files.preview(path, status.max_removal))
            except BaseException:
                _delete(path)
                raise
            digest = "" if upload is None else hashlib.sha256(upload).hexdigest()
            shown = status.source if upload is None else name or "an upload"
            waiting = WaitingImport(new_session_secret(), user.name, now, shown, path, digest, change)
            self._uploads.waiting[waiting.id] = waiting
        detail: dict[str, object] = {**change.counts, **({"sha256": digest} if digest else {})}
        await self._record(user, "roster import previewed", shown, detail)
        return waiting

    async def apply(self, user: User, id_: str, *, confirmed: bool) -> RosterChange:
        """Import what was previewed. `confirmed`: also if it removes more than is usually allowed. Raises a Problem."""
        await self.require_import(user)
        waiting = self._uploads.waiting.get(id_)
        if waiting is None or waiting.user != user.name:
            raise Problem(404, "This import is not waiting here any more. Upload the file again.")
        if waiting.change.refused and not confirmed:
            raise Problem(422, f"It {waiting.change.refused}: confirm this in the form, or import another file.")
        files = self._files()
        if self._uploads.reading.locked():
            raise Problem(409, _BUSY)
        async with self._uploads.reading:
            allowed = 1.0 if waiting.change.refused else (await self._refusable(files.status())).max_removal
            change = await self._refusable(files.apply(waiting.path, allowed))
            self._uploads.waiting.pop(id_, None)
            _delete(waiting.path)
        detail = {**change.counts, **({"sha256": waiting.sha256} if waiting.sha256 else {})}
        await self._record(
            user, "roster imported", waiting.name, {**detail, **({"confirmed": True} if allowed == 1.0 else {})}
        )
        return change

    def close(self) -> None:
        """Delete what was uploaded and not imported."""
        self._uploads.waiting.clear()
        if self._uploads.folder is not None:
            self._uploads.folder.cleanup()
            self._uploads.folder = None

    def _keep(self, upload: bytes) -> Path:
        """Write an upload to a file that only this process reads."""
        if self._uploads.folder is None:
            self._uploads.folder = tempfile.TemporaryDirectory(prefix="chaperone-roster-")
        handle, name = tempfile.mkstemp(suffix=".zip", dir=self._uploads.folder.name)
        with os.fdopen(handle, "wb") as file:
            file.write(upload)
        return Path(name)

    def _forget_old(self, now: float) -> None:
        waiting = self._uploads.waiting
        old = [id_ for id_, item in waiting.items() if now - item.at > _KEPT_SECONDS]
        for id_ in [*old, *list(waiting)[: max(len(waiting) - len(old) - _MAX_KEPT + 1, 0)]]:
            if (item := waiting.pop(id_, None)) is not None:
                _delete(item.path)

    def _files(self) -> RosterAdministration:
        if self._roster is None:
            raise Problem(404, "This console has no roster files.")
        return self._roster

    async def _refusable(self, work: Awaitable[T]) -> T:
        try:
            return await work
        except RosterRefused as refused:
            raise Problem(422, f"The roster is refused: {refused}") from None

    def _sees(self, user: User, person: Person | None) -> bool:
        if person is None or user.sees_every_building:
            return user.sees_every_building
        return not frozenset(user.buildings).isdisjoint(self._directory.buildings_of(person.id))

    async def _record(self, user: User, act: str, subject: str, detail: dict[str, object]) -> None:
        await self._audit.record([AuditEntry(await self._clock.now(), user.name, act, subject, detail)])


def _delete(path: Path | None) -> None:
    if path is not None:
        path.unlink(missing_ok=True)
