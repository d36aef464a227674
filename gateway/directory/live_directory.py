"""The live directory: keeps the last good roster and reloads it when its files change."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from pathlib import Path

from gateway.core.messages.parties import Namesakes, Person
from gateway.core.policy.legitimate_interest import Relationship
from gateway.core.relation.personal_accounts import NO_PERSONAL_ACCOUNTS, PersonalAccounts
from gateway.directory.loader_process import MappedRoster, load_in_child, map_roster
from gateway.directory.loading import RosterSources
from gateway.directory.roster import Roster
from gateway.directory.roster_image import InvalidImage
from gateway.directory.validation import LoadingFailed, RosterError, RosterWarning, unreadable
from gateway.observability.events import EventLog

POLL_INTERVAL = 5.0
"""Seconds between checks of the files."""

FIRST_RETRY, LONGEST_RETRY = 5.0, 300.0
"""Seconds until a roster that could not be read because of this machine is read again: doubled each time."""
_START_PAUSES = (0.5, 1.0, 2.0, 4.0)

_FileStamps = tuple[object, ...]
"""What the files looked like: name, modification time, size and inode of each, and the day."""


class LiveDirectory:
    """A `gateway.core.messages.parties.Directory` whose roster can be replaced."""

    def __init__(
        self,
        sources: RosterSources,
        max_removal: float,
        event_log: EventLog,
        last_good: Path | None,
        clock: Callable[[], float],
    ) -> None:
        self._sources = sources
        self._max_removal = max_removal
        self._event_log = event_log
        self._last_good = last_good
        self._clock = clock
        self._mapped: MappedRoster | None = None
        self._personal_accounts = NO_PERSONAL_ACCOUNTS
        self._loading = asyncio.Lock()
        self._loaded: _FileStamps = ()  # when the roster was last loaded, successfully or not
        self._seen: _FileStamps = ()  # at the last check
        self._failed: _FileStamps = ()  # when loading last failed because of this machine
        self._retry_at, self._retry_after = 0.0, FIRST_RETRY  # by the monotonic clock
        self.warnings: tuple[RosterWarning, ...] = ()
        self.roster: Roster
        self.roster_at = 0.0  # when the files of the roster in use were last changed

    @classmethod
    async def opened(
        cls,
        sources: RosterSources,
        event_log: EventLog,
        *,
        max_removal: float = 0.2,
        last_good: Path | None = None,
        clock: Callable[[], float] = time.time,
    ) -> LiveDirectory:
        """Load the first roster. Run `watch` to reload it. Raises RosterError.

        `last_good` is a file that keeps the current roster for the next start. When the roster is broken at the start,
        or has lost too many people, the last good one is used.
        """
        live = cls(sources, max_removal, event_log, last_good, clock)
        live._load_last_good()
        stamps = await asyncio.to_thread(live._file_stamps)
        live._seen = stamps
        try:
            await live._load_first()
        except LoadingFailed as error:
            live._note_failure(stamps, error)
            return live
        except RosterError as error:
            if live._mapped is None:
                raise
            event_log.kept_last_good("directory", str(error))
        live._loaded = stamps
        return live

    async def _load_first(self) -> None:
        """Load the first roster. What fails because of this machine is tried some more times if there is no other."""
        for pause in _START_PAUSES:
            try:
                await self._replace(None)
                return
            except LoadingFailed:
                if self._mapped is not None:
                    raise
            await asyncio.sleep(pause)
        await self._replace(None)

    def _note_failure(self, stamps: _FileStamps, error: LoadingFailed) -> None:
        """Keep the roster, and read the files again later. Raises the error if there is no roster to keep."""
        if self._mapped is None:
            raise error
        self._retry_after = min(2 * self._retry_after, LONGEST_RETRY) if stamps == self._failed else FIRST_RETRY
        self._failed, self._retry_at = stamps, time.monotonic() + self._retry_after
        self._event_log.kept_last_good("directory", str(error))

    def person(self, address: str) -> Person | None:
        """See gateway.core.messages.parties.Directory."""
        return self.roster.person(address)

    def members(self, address: str) -> tuple[Person, ...] | None:
        """See gateway.core.messages.parties.Directory."""
        return self.roster.members(address)

    def namesakes(self, display_name: str) -> tuple[Person, ...]:
        """See gateway.core.messages.parties.Directory."""
        return self.roster.namesakes(display_name)

    @property
    def reads_guardians(self) -> bool:
        """See gateway.core.messages.parties.Directory."""
        return self.roster.reads_guardians

    def is_internal(self, address: str) -> bool:
        """See gateway.core.messages.parties.Directory."""
        return self.roster.is_internal(address)

    def local_part_namesakes(self, local_part: str) -> Namesakes:
        """See gateway.core.messages.parties.Directory."""
        return self.roster.local_part_namesakes(local_part)

    def unknown_student(self, address: str) -> Person | None:
        """See gateway.core.messages.parties.Directory."""
        return self.roster.unknown_student(address)

    def is_unknown_internal(self, address: str) -> bool:
        """See gateway.directory.roster.Roster."""
        return self.roster.is_unknown_internal(address)

    def is_refused(self, address: str, person_id: str) -> bool:
        """See gateway.core.messages.parties.Directory."""
        return self.roster.is_refused(address, person_id)

    def is_organization(self, address: str) -> bool:
        """See gateway.core.messages.parties.Directory."""
        return self.roster.is_organization(address)

    def use_personal_accounts(self, accounts: PersonalAccounts) -> None:
        """Use what administrators have confirmed and refused, with this roster and every later one."""
        self._personal_accounts = accounts
        self.roster.use_personal_accounts(accounts)

    def __iter__(self) -> Iterator[Person]:
        """Every person of the roster."""
        return iter(self.roster)

    def phone(self, id_: str) -> str | None:
        """See gateway.directory.roster.Roster."""
        return self.roster.phone(id_)

    def by_id(self, id_: str) -> Person | None:
        """See gateway.directory.roster.Roster."""
        return self.roster.by_id(id_)

    def addresses_of(self, id_: str) -> tuple[str, ...]:
        """See gateway.directory.roster.Roster."""
        return self.roster.addresses_of(id_)

    def building_name(self, id_: str) -> str:
        """See gateway.directory.roster.Roster."""
        return self.roster.building_name(id_)

    def organizations(self) -> Mapping[str, str]:
        """See gateway.directory.roster.Roster."""
        return self.roster.organizations()

    def group_of_both(self, one: str, other: str) -> str:
        """See gateway.directory.roster.Roster."""
        return self.roster.group_of_both(one, other)

    def classes_of_both(self, one: str, other: str) -> tuple[str, ...]:
        """See gateway.directory.roster.Roster."""
        return self.roster.classes_of_both(one, other)

    def buildings_of(self, id_: str) -> frozenset[str]:
        """See gateway.directory.roster.Roster."""
        return self.roster.buildings_of(id_)

    def resolve_names(self, names: Collection[str], near: Collection[str]) -> Mapping[str, str]:
        """See gateway.directory.roster.Roster."""
        return self.roster.resolve_names(names, near)

    def relationships_to(self, recipient: str, about: str) -> Iterator[tuple[str, frozenset[Relationship]]]:
        """See gateway.directory.roster.Roster."""
        return self.roster.relationships_to(recipient, about)

    @property
    def image_file(self) -> int | None:
        """The open file of the image of the roster in use, for a child process to compare with."""
        return None if self._mapped is None else self._mapped.fd

    async def reload(self) -> int:
        """Load the roster from its files now. Returns how many people changed. Raises RosterError."""
        stamps = await asyncio.to_thread(self._file_stamps)
        changed = await self._replace(None)
        self._loaded = self._seen = stamps
        return changed or 0

    async def watch(self, every: float = POLL_INTERVAL, changed: Callable[[], Awaitable[None]] | None = None) -> None:
        """Check the files every `every` seconds until cancelled. `changed` is called after each new roster."""
        while True:
            self._event_log.roster_aged(self._clock() - self.roster_at)
            await asyncio.sleep(every)
            if await self.check_files() and changed is not None:
                await changed()

    async def check_files(self) -> bool:
        """Reload the roster if its files changed and have been stable since the last check.

        Returns whether a new roster is in use. A new day counts as a change, because roles begin and end.
        """
        stamps = await asyncio.to_thread(self._file_stamps)
        settled, self._seen = stamps == self._seen, stamps
        if stamps == self._loaded or not settled:
            return False
        if stamps == self._failed and time.monotonic() < self._retry_at:
            return False
        try:
            changed = await self._replace(stamps)
        except LoadingFailed as error:
            self._note_failure(stamps, error)
            return False
        except RosterError as error:
            self._loaded = stamps
            self._event_log.kept_last_good("directory", str(error))
            return False
        if changed is None:
            return False
        self._loaded = stamps
        self._event_log.reloaded("directory", changed)
        return True

    async def _replace(self, stamps: _FileStamps | None) -> int | None:
        """Load the roster and use it, unless the files changed meanwhile. Return how many people changed.

        Raises RosterError.
        """
        async with self._loading:
            return await self._replace_alone(stamps)

    async def _replace_alone(self, stamps: _FileStamps | None) -> int | None:
        target = self._last_good
        temporary = None if target is None else target.with_name(f".{target.name}.{os.getpid()}")
        try:
            if target is not None:
                os.makedirs(target.parent, exist_ok=True)
            mapped, warnings, changed = await load_in_child(
                self._sources, self._max_removal, self._clock(), self._mapped, temporary
            )
            if stamps is not None and await asyncio.to_thread(self._file_stamps) != stamps:
                if temporary is not None:
                    os.unlink(temporary)
                return None
            if temporary is not None and target is not None:
                os.replace(temporary, target)
        except OSError as error:
            where, what = str(target or self._sources.oneroster), f"the roster could not be stored ({error.strerror})"
            raise unreadable(error)(where, None, what, "check permissions and free disk space") from None
        mapped.roster.use_personal_accounts(self._personal_accounts)
        self._mapped, self.roster, self.warnings = mapped, mapped.roster, warnings
        self.roster_at = _newest(stamps if stamps is not None else await asyncio.to_thread(self._file_stamps))
        return changed

    def _load_last_good(self) -> None:
        """Use the last good roster of an earlier run, if there is one."""
        if self._last_good is None:
            return
        with contextlib.suppress(OSError):
            fd = os.open(self._last_good, os.O_RDONLY)
            try:
                self._mapped = map_roster(fd)
                self.roster = self._mapped.roster
                self.roster_at = os.fstat(fd).st_mtime
            except InvalidImage:
                os.close(fd)

    def _file_stamps(self) -> _FileStamps:
        """The stamps of all roster files, and the day."""
        sources = self._sources
        own = (sources.groups, sources.contacts, sources.special_staff)
        paths = [sources.oneroster, *(path for path in own if path is not None)]
        with contextlib.suppress(OSError):
            if sources.oneroster.is_dir():
                paths += sorted(file for file in sources.oneroster.iterdir() if file.suffix.lower() == ".csv")
        return (int(self._clock() // 86_400), *(_stamp(path) for path in paths))


def _newest(stamps: _FileStamps) -> float:
    """When the newest file was changed."""
    return max((stamp[1] / 1e9 for stamp in stamps if isinstance(stamp, tuple)), default=0.0)


def _stamp(path: Path) -> tuple[str, int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return path.name, status.st_mtime_ns, status.st_size, status.st_ino
