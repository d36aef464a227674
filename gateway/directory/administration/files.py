"""The files of the roster for the console's administration: see gateway.ports.directory_accounts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from gateway.core.messages.addresses import canonical_address
from gateway.directory.administration.import_process import ImportFailed, run_import
from gateway.directory.district_lists import read_groups
from gateway.directory.live_directory import LiveDirectory
from gateway.directory.loading import RosterSources
from gateway.directory.roster import Roster
from gateway.directory.tables import read_csv
from gateway.directory.validation import RosterError, RosterWarnings
from gateway.ports.directory_accounts import ListedContact, ListedGroup, RosterChange, RosterRefused, RosterStatus

_MAX_LISTED = 20_000


class FileRosterAdministration:
    """See gateway.ports.directory_accounts.RosterAdministration."""

    def __init__(
        self, live: LiveDirectory, sources: RosterSources, max_removal: float, clock: Callable[[], float]
    ) -> None:  # fmt: skip
        self._live, self._sources, self._max_removal, self._clock = live, sources, max_removal, clock

    async def status(self) -> RosterStatus:
        """See gateway.ports.directory_accounts.RosterAdministration."""
        changed_at = await asyncio.to_thread(_newest, self._sources.oneroster)
        folder = f"{self._sources.oneroster.parent}/"
        warnings = [str(warning).replace(folder, "") for warning in self._live.warnings]
        return RosterStatus(
            self._sources.oneroster.name, self._live.roster.counts(), changed_at, warnings[:50], self._max_removal
        )

    async def preview(self, upload: Path | None, max_removal: float) -> RosterChange:
        """See gateway.ports.directory_accounts.RosterAdministration."""
        return await self._run(upload, max_removal, dry_run=True)

    async def apply(self, upload: Path | None, max_removal: float) -> RosterChange:
        """See gateway.ports.directory_accounts.RosterAdministration.

        Files that are read again above the configured limit are imported into their own place: that writes beside them
        how much this import may remove, so that every process uses them.
        """
        if upload is None:
            change = await self._run(None, max_removal, dry_run=True)
            if change.refused:
                raise RosterRefused(change.refused)
            if max_removal > self._max_removal:
                await self._run(self._sources.oneroster, max_removal, dry_run=False)
        else:
            change = await self._run(upload, max_removal, dry_run=False)
        try:
            await self._live.reload()
        except RosterError as error:
            raise RosterRefused(f"{error.what}; {error.hint}") from None
        return change

    async def contacts(self) -> Sequence[ListedContact]:
        """See gateway.ports.directory_accounts.RosterAdministration."""
        path = self._sources.contacts
        if path is None:
            return ()

        def read() -> list[ListedContact]:
            rows = read_csv(path, "contacts", "directory.contacts", RosterWarnings())
            return [ListedContact(*cells) for _, (_, cells) in zip(range(_MAX_LISTED), rows, strict=False)]

        return await self._read(read)

    async def groups(self) -> Sequence[ListedGroup]:
        """See gateway.ports.directory_accounts.RosterAdministration."""
        path, aliases, roster = self._sources.groups, self._sources.aliases, self._live.roster
        if path is None:
            return ()

        def read() -> list[ListedGroup]:
            found = read_groups(path, aliases, RosterWarnings())
            groups = []
            for address, members in found.items():
                written = [member for _, member in members]
                unknown = [member for member in written if not _is_known(member, roster, found, aliases)]
                groups.append(ListedGroup(address, written, unknown))
            return sorted(groups, key=lambda group: (not group.unknown, group.address))

        return await self._read(read)

    async def _read(self, read: Callable[[], list[Any]]) -> list[Any]:
        try:
            return await asyncio.to_thread(read)
        except RosterError as error:
            raise RosterRefused(f"{Path(error.file).name}: {error.what}; {error.hint}") from None

    async def _run(self, upload: Path | None, max_removal: float, *, dry_run: bool) -> RosterChange:
        try:
            answer = await run_import(
                self._sources, upload, max_removal=max_removal, dry_run=dry_run, now=self._clock(),
                old=self._live.image_file,
            )  # fmt: skip
        except ImportFailed as failed:
            raise RosterRefused(str(failed)) from None
        return RosterChange(**answer)


def _newest(source: Path) -> float:
    """When the newest file of a folder, or a zip, was changed; 0 if there is none."""
    try:
        files = [file for file in source.iterdir() if file.suffix.lower() == ".csv"] if source.is_dir() else [source]
        return max((file.stat().st_mtime for file in files), default=0.0)
    except OSError:
        return 0.0


def _is_known(member: str, roster: Roster, groups: Collection[str], aliases: Mapping[str, str]) -> bool:
    """Whether a member is a person of the roster, by sourcedId or address, or a group."""
    address = canonical_address(member, aliases)
    return roster.by_id(member) is not None or address in groups or roster.row_of_address(address) is not None
