"""The directory in force: the last good roster, read again when its files change, while the mail goes on."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from pathlib import Path

from gateway.core.messages.parties import Person
from gateway.core.policy.legitimate_interest import Relationship
from gateway.directory.loader_process import StoredImage, read_aside, shelved
from gateway.directory.loading import Sources
from gateway.directory.packed import NotAnImage
from gateway.directory.roster import Roster
from gateway.directory.validation import RosterError, RosterWarning
from gateway.observability.events import EventLog

EVERY = 5.0
"""Seconds between two looks at the files."""

_Marks = tuple[object, ...]


class LiveDirectory:
    """A `gateway.core.messages.parties.Directory` that stays and whose roster is replaced under it."""

    def __init__(
        self,
        sources: Sources,
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
        self._shelved: StoredImage | None = None
        self._read: _Marks = ()  # what the files looked like when they were last read, well or not
        self._seen: _Marks = ()  # what they looked like at the last look
        self.warnings: tuple[RosterWarning, ...] = ()
        self.roster: Roster

    @classmethod
    async def opened(
        cls,
        sources: Sources,
        event_log: EventLog,
        *,
        max_removal: float = 0.2,
        last_good: Path | None = None,
        clock: Callable[[], float] = time.time,
    ) -> LiveDirectory:
        """The directory with its first roster; run `watch` beside it. Raises RosterError.

        `last_good` is a file in which the roster in force is kept for the next start: then a roster that is broken or
        has lost too many people at the start leaves the last good one in force as well.
        """
        live = cls(sources, max_removal, event_log, last_good, clock)
        live._remember()
        marks = await asyncio.to_thread(live._look_at_files)
        try:
            await live._take(None)
        except RosterError as error:
            if live._shelved is None:
                raise
            event_log.kept_last_good("directory", str(error))
        live._read = live._seen = marks
        return live

    def person(self, address: str) -> Person | None:
        """The person behind an address: own, known personal account, district phone; or an unknown student."""
        return self.roster.person(address)

    def members(self, address: str) -> tuple[Person, ...] | None:
        """The members of a group address, nested groups opened; None where the address is no group."""
        return self.roster.members(address)

    def namesakes(self, display_name: str) -> tuple[Person, ...]:
        """The staff and students whose name a display name shows."""
        return self.roster.namesakes(display_name)

    def is_internal(self, address: str) -> bool:
        """Whether the address belongs to one of the district's domains, aliases included, or is a district number."""
        return self.roster.is_internal(address)

    def phone(self, id_: str) -> str | None:
        """The number on which a person is reached; never a district number."""
        return self.roster.phone(id_)

    def by_id(self, id_: str) -> Person | None:
        """The person of a sourcedId."""
        return self.roster.by_id(id_)

    def addresses_of(self, id_: str) -> tuple[str, ...]:
        """Every mail address and number of the person of a sourcedId, known personal ones too."""
        return self.roster.addresses_of(id_)

    def building_name(self, id_: str) -> str:
        """The name of an org, its sourcedId where the roster has none."""
        return self.roster.building_name(id_)

    def group_of_both(self, one: str, other: str) -> str:
        """The name of the smallest group that two persons belong to, "" for none."""
        return self.roster.group_of_both(one, other)

    def classes_of_both(self, one: str, other: str) -> tuple[str, ...]:
        """The names of the classes that two persons are enrolled in."""
        return self.roster.classes_of_both(one, other)

    def buildings_of(self, id_: str) -> frozenset[str]:
        """The orgs that a person belongs to, and every org above them."""
        return self.roster.buildings_of(id_)

    def meant(self, names: Collection[str], near: Collection[str]) -> Mapping[str, str]:
        """Of names in a message between some people: the sourcedIds of those whom only one person fits."""
        return self.roster.meant(names, near)

    def standings(self, recipient: str, about: str) -> Iterator[tuple[str, frozenset[Relationship]]]:
        """Everybody behind a recipient, and how they stand to the person of a sourcedId."""
        return self.roster.standings(recipient, about)

    async def watch(self, every: float = EVERY, changed: Callable[[], Awaitable[None]] | None = None) -> None:
        """Look at the files every so many seconds, until cancelled; `changed` is told of every other roster."""
        while True:
            await asyncio.sleep(every)
            if await self.look() and changed is not None:
                await changed()

    async def look(self) -> bool:
        """Read the roster again if its files changed and have stayed the same since the last look.

        Whether another roster is in force. A new day is a change too: roles begin and end.
        """
        marks = await asyncio.to_thread(self._look_at_files)
        settled, self._seen = marks == self._seen, marks
        if marks == self._read or not settled:
            return False
        try:
            changed = await self._take(marks)
        except RosterError as error:
            self._read = marks
            self._event_log.kept_last_good("directory", str(error))
            return False
        if changed is None:
            return False
        self._read = marks
        self._event_log.reloaded("directory", changed)
        return True

    async def _take(self, marks: _Marks | None) -> int | None:
        """Put the roster of the files in force, unless they changed while they were read; how many people it changed.

        Raises RosterError.
        """
        target = self._last_good
        beside = None if target is None else target.with_name(f".{target.name}.{os.getpid()}")
        try:
            if target is not None:
                os.makedirs(target.parent, exist_ok=True)
            found, warnings, changed = await read_aside(
                self._sources, self._max_removal, self._clock(), self._shelved, beside
            )
            if marks is not None and await asyncio.to_thread(self._look_at_files) != marks:
                if beside is not None:
                    os.unlink(beside)
                return None
            if beside is not None and target is not None:
                os.replace(beside, target)
        except OSError as error:
            where, what = str(target or self._sources.oneroster), f"the roster could not be kept ({error.strerror})"
            raise RosterError(where, None, what, "check permissions and room on the disk") from None
        self._shelved, self.roster, self.warnings = found, found.roster, warnings
        return changed

    def _remember(self) -> None:
        """Put the last good roster of an earlier run in force, if there is one."""
        if self._last_good is None:
            return
        with contextlib.suppress(OSError):
            fd = os.open(self._last_good, os.O_RDONLY)
            try:
                self._shelved = shelved(fd)
                self.roster = self._shelved.roster
            except NotAnImage:
                os.close(fd)

    def _look_at_files(self) -> _Marks:
        """What the files look like from outside, and the day."""
        sources = self._sources
        paths = [sources.oneroster, *(path for path in (sources.groups, sources.contacts) if path is not None)]
        with contextlib.suppress(OSError):
            if sources.oneroster.is_dir():
                paths += sorted(each for each in sources.oneroster.iterdir() if each.suffix.lower() == ".csv")
        return (int(self._clock() // 86_400), *(_mark(path) for path in paths))


def _mark(path: Path) -> tuple[str, int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return path.name, found.st_mtime_ns, found.st_size, found.st_ino
