"""Imports a OneRoster set: merges a bulk or delta set into the configured folder or zip, completely or not at all."""

from __future__ import annotations

import contextlib
import csv
import ctypes
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gateway.directory.loading import RosterSources, load_sources
from gateway.directory.oneroster import ABSENT, BULK, DELTA, MAX_REMOVAL, TABLES, Manifest, read_manifest
from gateway.directory.roster import Roster
from gateway.directory.roster_difference import RosterDifference, check_removal, compare_rosters
from gateway.directory.tables import COLUMNS, OneRosterFiles
from gateway.directory.validation import RosterError, RosterWarning, RosterWarnings

_STANDARD_TABLES = frozenset(
    "academicsessions categories classes classresources courseresources courses demographics enrollments lineitems"
    " lineitemlearningobjectiveids lineitemscorescales manifest orgs resources results resultlearningobjectiveids"
    " resultscorescales roles scorescales userprofiles userresources users".split()
)
_RENAME_EXCHANGE = 2
_AT_FDCWD = -100


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import changed, or would change, and the warnings about the imported set."""

    difference: RosterDifference
    warnings: tuple[RosterWarning, ...]


def import_roster(
    source: Path,
    target: Path,
    *,
    max_removal: float,
    dry_run: bool = False,
    groups: Path | None = None,
    contacts: Path | None = None,
    domains: Sequence[str] = (),
    aliases: Mapping[str, str] | None = None,
    student_domains: Sequence[str] = (),
    now: float,
) -> ImportResult:
    """Merge a bulk or delta set into `target`, the configured folder or zip, and replace it in one step.

    Only tables and columns that the directory uses are kept, so no passwords and no demographics. On any error, and
    with `dry_run`, `target` is unchanged. Raises RosterError and RemovalRefused.
    """
    sources = RosterSources(target, groups, contacts, domains, aliases or {}, student_domains)
    warnings = RosterWarnings()
    with contextlib.ExitStack() as stack, _staging_folder(target) as staging:
        new_files = stack.enter_context(OneRosterFiles(source, warnings))
        new_manifest = read_manifest(new_files)
        old_files, old_roster = None, None
        old_manifest = Manifest(new_manifest.version, dict.fromkeys(TABLES, ABSENT))
        if target.exists() and (not target.is_dir() or any(target.glob("*.[cC][sS][vV]"))):
            old_files = stack.enter_context(OneRosterFiles(target, RosterWarnings()))
            with contextlib.suppress(RosterError):  # a bulk import may replace a broken roster
                old_manifest = read_manifest(old_files)
                old_roster = load_sources(sources, now).roster
        _check_order(new_manifest, None if old_roster is None else old_manifest, new_files)
        tables = _merge(new_files, new_manifest, old_files, old_manifest, staging)
        _write_manifest(staging, new_manifest.version, tables, max_removal)
        loaded = load_sources(replace(sources, oneroster=staging), now)
        difference = _compare(old_roster, loaded.roster, max_removal, str(source))
        if not dry_run:
            _copy_other_files(target, staging)
            _replace_target(staging, target, tables)
    return ImportResult(difference, (*warnings, *_renamed(loaded.warnings, staging, source)))


def _check_order(new: Manifest, old: Manifest | None, files: OneRosterFiles) -> None:
    """Raise RosterError when a delta has no matching bulk roster to change."""
    deltas = [table for table, mode in new.modes.items() if mode == DELTA]
    for table in deltas:
        if old is None or (old.modes[table] == ABSENT and table == "users"):
            what = "is a delta, and there is no bulk roster to change"
            raise RosterError(files.file(table), None, what, "import a bulk set first")
        if old.version != new.version:
            what = f"is a delta of OneRoster {new.version}, and the roster is {old.version}"
            raise RosterError(files.file(table), None, what, "import a bulk set of the new version first")
    if not deltas and new.modes["users"] == ABSENT and old is None:
        raise RosterError(files.file("users"), None, "is absent", "a roster has people: export users.csv")


def _compare(old: Roster | None, new: Roster, max_removal: float, file: str) -> RosterDifference:
    return compare_rosters(None, new) if old is None else check_removal(old, new, max_removal, file)


def _renamed(warnings: Sequence[RosterWarning], staging: Path, source: Path) -> Iterator[RosterWarning]:
    """Warnings about the merged tables, with the name of the imported set instead of the staging folder."""
    for warning in warnings:
        yield replace(warning, file=warning.file.replace(str(staging), f"{source}, merged:"))


# merging


def _merge(
    new_files: OneRosterFiles, new: Manifest, old_files: OneRosterFiles | None, old: Manifest, staging: Path
) -> list[str]:
    """Write the merged tables to the staging folder and return their names."""
    written = []
    for table in TABLES:
        mode = new.modes[table]
        has_base = old_files is not None and old.version == new.version and old.modes[table] == BULK
        if mode == ABSENT and not has_base:
            continue
        written.append(table)
        if mode == BULK:
            _write_table([new_files], table, staging)
        elif mode == ABSENT and old_files is not None:
            _write_table([old_files], table, staging)
        elif old_files is not None:
            _write_table([old_files, new_files] if has_base else [new_files], table, staging)
    return written


def _write_manifest(staging: Path, version: str, tables: Sequence[str], max_removal: float) -> None:
    """Write the manifest. Its max_removal tells a running gateway how many removals the import has allowed."""
    properties = {"manifest.version": "1.0", "oneroster.version": version, MAX_REMOVAL: f"{max_removal:g}"}
    properties |= {f"file.{table}": BULK if table in tables else ABSENT for table in TABLES}
    with (staging / "manifest.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([("propertyName", "value"), *properties.items()])


def _write_table(sources: Sequence[OneRosterFiles], table: str, staging: Path) -> None:
    """Write one table as bulk: that of the first source, with the changes of the second one, a delta."""
    present = {name for source in sources for name in source.columns(table)}
    columns = [name for name in COLUMNS[table].split() if name in present]
    blank = [columns.index(name) for name in ("status", "dateLastModified") if name in columns]
    for name in ("sourcedId", "status") if len(sources) > 1 else ():
        if name not in sources[1].columns(table):
            raise RosterError(
                sources[1].file(table), 1, f"has no column {name}", "a delta needs the status of each record"
            )
    changes: dict[str, list[list[str]]] = {}
    for _, cells in sources[1].rows(table, columns) if len(sources) > 1 else ():
        row = list(cells)
        records = changes.setdefault(row[columns.index("sourcedId")], [])
        if row[columns.index("status")].lower() not in ("tobedeleted", "inactive"):
            records.append(row)
    with (staging / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(columns)
        for _, cells in sources[0].rows(table, columns):
            row = list(cells)
            if not changes or row[columns.index("sourcedId")] not in changes:
                writer.writerow(row)
        for records in changes.values():
            for row in records:
                for at in blank:
                    row[at] = ""
                writer.writerow(row)


# replacing the target


@contextlib.contextmanager
def _staging_folder(target: Path) -> Iterator[Path]:
    """A new folder beside the target; it is removed at the end."""
    parent = target.absolute().parent
    try:
        parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=parent))
    except OSError as error:
        what = f"cannot be written ({error.strerror})"
        raise RosterError(str(parent), None, what, "check the folder's permissions and free disk space") from None
    try:
        yield folder
    except OSError as error:
        what = f"cannot be written ({error.strerror})"
        raise RosterError(str(target), None, what, "check permissions and free disk space") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _copy_other_files(target: Path, staging: Path) -> None:
    """Copy the files that are not OneRoster tables: the district's own lists may be in the folder."""
    if not target.is_dir():
        return
    for file in target.iterdir():
        if file.is_dir() and not file.is_symlink():
            what = f"holds the folder {file.name}"
            raise RosterError(str(target), None, what, "give directory.oneroster a folder of its own")
        if file.suffix.lower() != ".csv" or file.stem.lower() not in _STANDARD_TABLES:
            shutil.copy2(file, staging / file.name, follow_symlinks=False)


def _replace_target(staging: Path, target: Path, tables: Sequence[str]) -> None:
    """Replace the target in one step."""
    files = [f"{table}.csv" for table in (*tables, "manifest")]
    for name in files:
        with (staging / name).open("rb") as file:
            os.fsync(file.fileno())
    if target.is_file() or (not target.exists() and target.suffix.lower() == ".zip"):
        archive = staging / target.name
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
            for name in files:
                zipped.write(staging / name, name)
        _copy_permissions(target, archive)
        os.replace(archive, target)
    elif not target.exists():
        os.chmod(staging, 0o750)
        os.rename(staging, target)
    elif not _exchange(staging, target):
        for name in files:  # a folder that cannot be renamed (a mount): file by file, the manifest last
            shutil.copyfile(staging / name, target / f".{name}.new")
            os.replace(target / f".{name}.new", target / name)
        for path in target.iterdir():
            if path.suffix.lower() == ".csv" and path.stem.lower() in _STANDARD_TABLES and path.name not in files:
                path.unlink()


def _exchange(staging: Path, target: Path) -> bool:
    """Swap two folders atomically; returns whether the system could."""
    _copy_permissions(target, staging)
    try:
        swap = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError):
        return False
    names = os.fsencode(staging), os.fsencode(target.resolve())
    return bool(swap(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE) == 0)


def _copy_permissions(target: Path, new: Path) -> None:
    """Give the new file or folder the owner and mode of the one it replaces."""
    if target.exists():
        before = target.stat()
        os.chmod(new, before.st_mode & 0o7777)
        with contextlib.suppress(PermissionError):
            os.chown(new, before.st_uid, before.st_gid)
    else:
        os.chmod(new, 0o640)
