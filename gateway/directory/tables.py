"""OneRoster tables as they come: a folder or a zip of CSV files, read by column name and tolerantly.

Only the columns that are asked for are ever kept; passwords and demographics are asked for by nobody.
"""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import IO

from gateway.directory.validation import RosterError, RosterWarnings

COLUMNS: Mapping[str, str] = {
    "orgs": "sourcedId status dateLastModified name type identifier parentSourcedId",
    "users": "sourcedId status dateLastModified enabledUser orgSourcedIds role username userIds givenName familyName"
    " middleName identifier email sms phone agentSourcedIds grades userMasterIdentifier resourceSourcedIds"
    " preferredGivenName preferredMiddleName preferredFamilyName primaryOrgSourcedId",
    "roles": "sourcedId status dateLastModified userSourcedId roleType role beginDate endDate orgSourcedId"
    " userProfileSourcedId",
    "userProfiles": "sourcedId status dateLastModified userSourcedId profileType vendorId applicationId description"
    " credentialType username",
    "classes": "sourcedId status dateLastModified title grades courseSourcedId classCode classType location"
    " schoolSourcedId termSourcedIds subjects subjectCodes periods",
    "enrollments": "sourcedId status dateLastModified classSourcedId schoolSourcedId userSourcedId role primary"
    " beginDate endDate",
    "manifest": "propertyName value",
    "groups": "address member",
    "contacts": "person kind value",
}
"""The tables that are read, and their columns in the order of the standard. What is not here is never kept."""

SECRET = frozenset({"password", "pronouns"})
"""Columns that are there by the standard and that nothing reads."""

_ALSO_CALLED = {
    "agents": "agentSourcedIds",
    "agentSourcedId": "agentSourcedIds",
    "orgSourcedId": "orgSourcedIds",
    "orgs": "orgSourcedIds",
    "orgSourcedIds": "orgSourcedId",
    "termSourcedId": "termSourcedIds",
    "firstName": "givenName",
    "lastName": "familyName",
    "userSourceId": "userSourcedId",
}
_NULLS = frozenset({"NULL", "null", "Null", "\\N", "#N/A"})
_NAMES = frozenset({"givenName", "familyName", "preferredGivenName", "preferredFamilyName", "name", "title"})
_MOST_LINES = 50  # a record over more lines than this has a quote that is never closed
_MOST_BYTES = 8 << 30  # of one table, unpacked: beyond it a zip is a bomb


class Folder:
    """The tables of one folder or zip; `file` names a table in messages."""

    def __init__(self, path: Path, oddities: RosterWarnings) -> None:
        self.path = path
        self.oddities = oddities
        self._zip: zipfile.ZipFile | None = None
        self._found: dict[str, str] = {}
        try:
            if path.is_dir():
                names = [each.name for each in path.iterdir() if each.is_file()]
            elif path.exists():
                self._zip = zipfile.ZipFile(path)
                names = self._zip.namelist()
            else:
                raise RosterError(str(path), None, "is not there", "set directory.oneroster to the folder or zip")
        except zipfile.BadZipFile:
            mend = "export it again; directory.oneroster is a folder or a zip of CSV files"
            raise RosterError(str(path), None, "is neither a folder nor a whole zip", mend) from None
        except OSError as error:
            raise RosterError(str(path), None, f"cannot be read ({error.strerror})", "check its permissions") from None
        for name in sorted(names, key=lambda each: (each.count("/"), each)):
            stem, dot, ending = name.rpartition("/")[2].rpartition(".")
            if dot and ending.lower() == "csv" and not name.startswith("__MACOSX") and not stem.startswith("."):
                self._found.setdefault(stem.lower(), name)

    def close(self) -> None:
        """Close the zip."""
        if self._zip is not None:
            self._zip.close()

    def __enter__(self) -> Folder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def has(self, table: str) -> bool:
        """Whether there is a file of that table."""
        return table.lower() in self._found

    def file(self, table: str) -> str:
        """The name of a table's file as it is shown to people."""
        return f"{self.path}/{self._found.get(table.lower(), f'{table}.csv')}"

    def columns(self, table: str) -> list[str]:
        """The known columns that a table has, in the order of the standard."""
        known = COLUMNS[table].split()
        reading = _Reading(self.file(table), known, known, RosterWarnings(), ())
        with self._text(table, reading) as text:
            there = reading.head(text)
        return [name for name, at in zip(known, there.at, strict=True) if at < there.width]

    def rows(self, table: str, wanted: Sequence[str]) -> Iterator[tuple[int, tuple[str, ...]]]:
        """The line and the wanted cells of each record, in the order asked for; "" for what is not there."""
        needed = [name for name in wanted if name in ("sourcedId", "userSourcedId")]
        reading = _Reading(self.file(table), COLUMNS[table].split(), wanted, self.oddities, needed)
        with self._text(table, reading) as text:
            yield from reading.records(text)

    @contextmanager
    def _text(self, table: str, reading: _Reading) -> Iterator[IO[str]]:
        name = self._found.get(table.lower())
        if name is None:
            raise RosterError(self.file(table), None, "is missing", "export it, or import the whole set again")
        try:
            with self._opened(name) as binary:
                encoding = _encoding(binary, reading)
            with self._opened(name) as binary, io.TextIOWrapper(binary, encoding, "replace", newline="") as text:
                yield text
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError):  # all that zipfile raises
            what = "cannot be unpacked (damaged or encrypted)"
            raise RosterError(self.file(table), None, what, "export it again, without a password") from None
        except OSError as error:
            what = f"cannot be read ({error.strerror})"
            raise RosterError(self.file(table), None, what, "check its permissions") from None

    @contextmanager
    def _opened(self, name: str) -> Iterator[IO[bytes]]:
        if self._zip is None:
            with (self.path / name).open("rb") as file:
                yield file
            return
        if self._zip.getinfo(name).file_size > _MOST_BYTES:
            raise RosterError(f"{self.path}/{name}", None, "unpacks to more than 8 GiB", "check where it comes from")
        with self._zip.open(name) as packed:
            yield packed


def one_file(path: Path, table: str, key: str, oddities: RosterWarnings) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The records of a single CSV file that `key` of the configuration names: groups or contacts."""
    columns = COLUMNS[table].split()
    reading = _Reading(str(path), columns, columns, oddities, columns)
    try:
        with path.open("rb") as binary:
            encoding = _encoding(binary, reading)
        with path.open(encoding=encoding, errors="replace", newline="") as text:
            yield from reading.records(text)
    except OSError as error:
        what = f"cannot be read ({error.strerror})"
        raise RosterError(str(path), None, what, f"check {key} and the file's permissions") from None


@dataclass(frozen=True, slots=True)
class _Head:
    """A header row: what separates columns, how many there are, where the wanted ones are (missing: past the end)."""

    delimiter: str
    width: int
    at: list[int]


class _Reading:
    """One CSV file on its way in."""

    def __init__(
        self, file: str, known: Sequence[str], wanted: Sequence[str], oddities: RosterWarnings, needed: Sequence[str]
    ) -> None:
        self.file = file
        self._known = known
        self._wanted = wanted
        self._needed = needed
        self._oddities = oddities

    def note(self, line: int, column: str, what: str, mend: str) -> None:
        self._oddities.note(self.file, line, column, what, mend)

    def fault(self, line: int | None, what: str, mend: str) -> RosterError:
        return RosterError(self.file, line, what, mend)

    def head(self, text: IO[str]) -> _Head:
        """The header row."""
        first = text.readline()
        if not first.strip():
            raise self.fault(1, "has no header row", "the first line must name the columns")
        delimiter = self._delimiter(first)
        names = [each.strip() for each in next(csv.reader([first], delimiter=delimiter))]
        return _Head(delimiter, len(names), self._columns(names))

    def records(self, text: IO[str]) -> Iterator[tuple[int, tuple[str, ...]]]:
        """The records, header row first."""
        head = self.head(text)
        reader = csv.reader(text, delimiter=head.delimiter)
        width, last, nulls, keep = head.width, 1, _NULLS, itemgetter(*head.at)
        any_null = any(name not in _NAMES for name in self._wanted)
        while True:
            try:
                cells = next(reader, None)
            except csv.Error:
                what = "a quote is opened and never closed"
                raise self.fault(last + 1, what, "quote every field and double the quotes inside") from None
            if cells is None:
                return
            line, last = last + 1, reader.line_num + 1
            if last - line > _MOST_LINES or (len(cells) != width and _garbled(cells, last - line)):
                what = "a quote is opened and never closed"
                raise self.fault(line, what, "quote every field and double the quotes inside")
            if last > line:
                self.note(line, "", "a field goes over several lines", "fields hold no line ends (OneRoster)")
            if len(cells) != width:
                if not any(cells):
                    continue
                what = "has too few cells" if len(cells) < width else "has too many cells"
                self.note(line, "", what, "give every record as many cells as there are columns")
                cells += [""] * (width - len(cells))
            cells.append("")  # what a column that is not there points to
            kept = tuple([cell.strip() for cell in keep(cells if len(cells) == width + 1 else [*cells[:width], ""])])
            if any_null and not nulls.isdisjoint(kept):
                kept = tuple([self._without_null(line, *each) for each in zip(self._wanted, kept, strict=True)])
            yield line, kept

    def _without_null(self, line: int, column: str, cell: str) -> str:
        if cell not in _NULLS or column in _NAMES:  # there are people called Null
            return cell
        self.note(line, column, "the word NULL stands for nothing", "leave the cell empty")
        return ""

    def _delimiter(self, first: str) -> str:
        for other, name in ((";", "semicolons"), ("\t", "tabs")):
            if first.count(other) > first.count(","):
                self.note(1, "", f"columns are separated by {name}", "separate them by commas")
                return other
        return ","

    def _columns(self, head: Sequence[str]) -> list[int]:
        """Where each wanted column is; one past the last cell for a column that is not there."""
        at: dict[str, int] = {}
        folded = {name.lower(): name for name in self._known}
        folded |= {other.lower(): name for other, name in _ALSO_CALLED.items() if name in self._known}
        for position, written in enumerate(head):
            name = written if written in self._known else folded.get(written.lower(), "")
            if not name:
                if written and written not in SECRET and not written.startswith("metadata."):
                    self.note(1, written, "an unknown column is left out", "extensions are called metadata.*")
                continue
            if name != written:
                self.note(1, written, f"is taken for {name}", f"call the column {name}")
            if name in at:
                self.note(1, written, "is there twice; the first one counts", "remove one")
            at.setdefault(name, position)
        order = [name for name in self._known if name in at]
        if sorted(order, key=at.__getitem__) != order:
            self.note(1, "", "columns are in another order than the standard's", "matched by name; nothing to do")
        for name in self._needed:
            if name not in at:
                raise self.fault(1, f"has no column {name}", f"the header row must name {', '.join(self._needed)}")
        return [at.get(name, len(head)) for name in self._wanted]


def _garbled(cells: Sequence[str], lines: int) -> bool:
    """Whether a record with a wrong number of cells has swallowed what follows a quote."""
    return lines > 0 or any('"' in cell and "," in cell for cell in cells)


def _encoding(binary: IO[bytes], reading: _Reading) -> str:
    """How a file is written: UTF-8, or what it is instead."""
    start = binary.read(4)
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        reading.note(1, "", "is written in UTF-16", "write it in UTF-8")
        return "utf-16"
    line, rest = 1, b""
    block = start
    while block:
        try:
            (rest + block).decode("utf-8")
            rest = b""
        except UnicodeDecodeError as error:
            rest = (rest + block)[error.start :]
            if len(rest) > 3 or error.reason != "unexpected end of data":
                line += (block[: len(block) - len(rest)]).count(b"\n")
                reading.note(line, "", "is not written in UTF-8; read as windows-1252", "write it in UTF-8")
                return "cp1252"
        line += block.count(b"\n")
        block = binary.read(1 << 20)
    return "utf-8-sig"
