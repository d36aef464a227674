"""A OneRoster set taken in: bulk or delta merged into the district's folder or zip, whole or not at all."""

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

from gateway.directory.difference import Difference, difference, refuse_removal
from gateway.directory.loading import Sources, load_from
from gateway.directory.oneroster import ABSENT, BULK, DELTA, MAX_REMOVAL, TABLES, Manifest, manifest
from gateway.directory.roster import Roster
from gateway.directory.tables import COLUMNS, Folder
from gateway.directory.validation import RosterError, RosterWarning, RosterWarnings

_STANDARD = frozenset(
    "academicsessions categories classes classresources courseresources courses demographics enrollments lineitems"
    " lineitemlearningobjectiveids lineitemscorescales manifest orgs resources results resultlearningobjectiveids"
    " resultscorescales roles scorescales userprofiles userresources users".split()
)
_RENAME_EXCHANGE = 2
_AT_FDCWD = -100


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import changed, or would change, and the oddities of the set that was taken in."""

    difference: Difference
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
) -> Imported:
    """Merge a bulk or delta set into `target`, the configured folder or zip, which is replaced in one step.

    Only the tables and columns that the directory uses are kept; passwords and demographics are not. On any error, and
    with `dry_run`, `target` stays as it is. Raises RosterError, RemovalRefused.
    """
    sources = Sources(target, groups, contacts, domains, aliases or {}, student_domains)
    oddities = RosterWarnings()
    with contextlib.ExitStack() as open_, _beside(target) as beside:
        coming = open_.enter_context(Folder(source, oddities))
        said = manifest(coming)
        base, there, old = None, Manifest(said.version, dict.fromkeys(TABLES, ABSENT)), None
        if target.exists() and (not target.is_dir() or any(target.glob("*.[cC][sS][vV]"))):
            base = open_.enter_context(Folder(target, RosterWarnings()))
            with contextlib.suppress(RosterError):  # a broken roster is mended by a bulk import
                there = manifest(base)
                old = load_from(sources, now).roster
        _may_follow(said, None if old is None else there, coming)
        tables = _merge(coming, said, base, there, beside)
        _describe(beside, said.version, tables, max_removal)
        loaded = load_from(replace(sources, oneroster=beside), now)
        found = _compared(old, loaded.roster, max_removal, str(source))
        if not dry_run:
            _keep_others(target, beside)
            _put(beside, target, tables)
    return Imported(found, (*oddities, *_ours(loaded.warnings, beside, source)))


def _may_follow(said: Manifest, there: Manifest | None, coming: Folder) -> None:
    deltas = [table for table, mode in said.modes.items() if mode == DELTA]
    for table in deltas:
        if there is None or (there.modes[table] == ABSENT and table == "users"):
            what = "is a delta, and there is no bulk roster that it could change"
            raise RosterError(coming.file(table), None, what, "import a bulk set first")
        if there.version != said.version:
            what = f"is a delta of OneRoster {said.version}, and the roster is {there.version}"
            raise RosterError(coming.file(table), None, what, "import a bulk set of the new version first")
    if not deltas and said.modes["users"] == ABSENT and there is None:
        raise RosterError(coming.file("users"), None, "is absent", "a roster has people: export users.csv")


def _compared(old: Roster | None, new: Roster, max_removal: float, file: str) -> Difference:
    return difference(None, new) if old is None else refuse_removal(old, new, max_removal, file)


def _ours(warnings: Sequence[RosterWarning], beside: Path, source: Path) -> Iterator[RosterWarning]:
    """Oddities of the merged tables, named after what was imported; what reading it showed already comes first."""
    for each in warnings:
        yield replace(each, file=each.file.replace(str(beside), f"{source}, merged:"))


# merging


def _merge(coming: Folder, said: Manifest, base: Folder | None, there: Manifest, beside: Path) -> list[str]:
    """Write the merged tables; the names of those that there are."""
    written = []
    for table in TABLES:
        mode = said.modes[table]
        has_base = base is not None and there.version == said.version and there.modes[table] == BULK
        if mode == ABSENT and not has_base:
            continue
        written.append(table)
        if mode == BULK:
            _copy([coming], table, beside)
        elif mode == ABSENT and base is not None:
            _copy([base], table, beside)
        elif base is not None:
            _copy([base, coming] if has_base else [coming], table, beside)
    return written


def _describe(beside: Path, version: str, tables: Sequence[str], max_removal: float) -> None:
    """Write the manifest. It tells a running gateway how many people may go: an import was allowed by a person."""
    properties = {"manifest.version": "1.0", "oneroster.version": version, MAX_REMOVAL: f"{max_removal:g}"}
    properties |= {f"file.{table}": BULK if table in tables else ABSENT for table in TABLES}
    with (beside / "manifest.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([("propertyName", "value"), *properties.items()])


def _copy(folders: Sequence[Folder], table: str, beside: Path) -> None:
    """Write one table in bulk form: the first folder's, changed by the second's."""
    there = {name for folder in folders for name in folder.columns(table)}
    columns = [name for name in COLUMNS[table].split() if name in there]
    blank = [columns.index(name) for name in ("status", "dateLastModified") if name in columns]
    for name in ("sourcedId", "status") if len(folders) > 1 else ():
        if name not in folders[1].columns(table):
            raise RosterError(
                folders[1].file(table), 1, f"has no column {name}", "a delta says what became of each record"
            )
    changes: dict[str, list[list[str]]] = {}
    for _, cells in folders[1].rows(table, columns) if len(folders) > 1 else ():
        row = list(cells)
        listed = changes.setdefault(row[columns.index("sourcedId")], [])
        if row[columns.index("status")].lower() not in ("tobedeleted", "inactive"):
            listed.append(row)
    with (beside / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, quoting=csv.QUOTE_ALL)
        rows.writerow(columns)
        for _, cells in folders[0].rows(table, columns):
            row = list(cells)
            if not changes or row[columns.index("sourcedId")] not in changes:
                rows.writerow(row)
        for listed in changes.values():
            for row in listed:
                for at in blank:
                    row[at] = ""
                rows.writerow(row)


# putting in place


@contextlib.contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """A new folder beside the target, gone at the end."""
    parent = target.absolute().parent
    try:
        parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=parent))
    except OSError as error:
        what = f"cannot be written ({error.strerror})"
        raise RosterError(str(parent), None, what, "check the folder's permissions and room on the disk") from None
    try:
        yield folder
    except OSError as error:
        what = f"cannot be written ({error.strerror})"
        raise RosterError(str(target), None, what, "check permissions and room on the disk") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _keep_others(target: Path, beside: Path) -> None:
    """Take along what is in the folder and is no table of OneRoster: the district's own lists may be there."""
    if not target.is_dir():
        return
    for each in target.iterdir():
        if each.is_dir() and not each.is_symlink():
            what = f"holds the folder {each.name}"
            raise RosterError(str(target), None, what, "give directory.oneroster a folder of its own")
        if each.suffix.lower() != ".csv" or each.stem.lower() not in _STANDARD:
            shutil.copy2(each, beside / each.name, follow_symlinks=False)


def _put(beside: Path, target: Path, tables: Sequence[str]) -> None:
    """Replace the target in one step."""
    files = [f"{table}.csv" for table in (*tables, "manifest")]
    for name in files:
        with (beside / name).open("rb") as file:
            os.fsync(file.fileno())
    if target.is_file() or (not target.exists() and target.suffix.lower() == ".zip"):
        packed = beside / target.name
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as zipped:
            for name in files:
                zipped.write(beside / name, name)
        _as_before(target, packed)
        os.replace(packed, target)
    elif not target.exists():
        os.chmod(beside, 0o750)
        os.rename(beside, target)
    elif not _exchanged(beside, target):
        for name in files:  # a folder that cannot be renamed (a mount): file by file, the manifest last
            shutil.copyfile(beside / name, target / f".{name}.new")
            os.replace(target / f".{name}.new", target / name)
        for each in target.iterdir():
            if each.suffix.lower() == ".csv" and each.stem.lower() in _STANDARD and each.name not in files:
                each.unlink()


def _exchanged(beside: Path, target: Path) -> bool:
    """Let two folders change places at once."""
    _as_before(target, beside)
    try:
        swap = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError):
        return False
    names = os.fsencode(beside), os.fsencode(target.resolve())
    return bool(swap(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE) == 0)


def _as_before(target: Path, new: Path) -> None:
    """Give what is new the owner and the rights of what it replaces."""
    if target.exists():
        before = target.stat()
        os.chmod(new, before.st_mode & 0o7777)
        with contextlib.suppress(PermissionError):
            os.chown(new, before.st_uid, before.st_gid)
    else:
        os.chmod(new, 0o640)
