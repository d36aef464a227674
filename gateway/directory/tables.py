"""Reads OneRoster tables from a folder or a zip of CSV files, by column name, and tolerates common mistakes.

Only requested columns are kept. No code requests passwords or demographics.
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

from gateway.directory.validation import RosterError, RosterWarnings, unreadable

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
    "special_staff": "person role serves",
}
"""The tables and columns that may be kept, columns in the order of the standard."""

IGNORED_COLUMNS = frozenset({"password", "pronouns"})
"""Standard columns that are never read and cause no warning."""

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
_MOST_LINES = 50  # a record of more lines has a quote that is never closed
_MOST_BYTES = 8 << 30  # of one unpacked table; more is a zip bomb


class OneRosterFiles:
    """The tables of one folder or zip. Raises RosterError when it cannot be opened."""

    def __init__(self, path: Path, warnings: RosterWarnings) -> None:
        self.path = path
        self.warnings = warnings
        self._zip: zipfile.ZipFile | None = None
        self._found: dict[str, str] = {}
        try:
            if path.is_dir():
                names = [file.name for file in path.iterdir() if file.is_file()]
            elif path.exists():
                self._zip = zipfile.ZipFile(path)
                names = self._zip.namelist()
            else:
                raise RosterError(str(path), None, "does not exist", "set directory.oneroster to the folder or zip")
        except zipfile.BadZipFile:
            hint = "export it again; directory.oneroster is a folder or a zip of CSV files"
            raise RosterError(str(path), None, "is neither a folder nor a complete zip", hint) from None
        except OSError as error:
            raise unreadable(error)(
                str(path), None, f"cannot be read ({error.strerror})", "check its permissions"
            ) from None
        for name in sorted(names, key=lambda name: (name.count("/"), name)):
            stem, dot, ending = name.rpartition("/")[2].rpartition(".")
            if dot and ending.lower() == "csv" and not name.startswith("__MACOSX") and not stem.startswith("."):
                self._found.setdefault(stem.lower(), name)

    def close(self) -> None:
        """Close the zip."""
        if self._zip is not None:
            self._zip.close()

    def __enter__(self) -> OneRosterFiles:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def has(self, table: str) -> bool:
        """Whether the table has a file."""
        return table.lower() in self._found

    def file(self, table: str) -> str:
        """The file name of a table, for messages."""
        return f"{self.path}/{self._found.get(table.lower(), f'{table}.csv')}"

    def columns(self, table: str) -> list[str]:
        """The known columns of a table, in the order of the standard."""
        known = COLUMNS[table].split()
        reader = _CsvReader(self.file(table), known, known, RosterWarnings(), ())
        with self._text(table, reader) as text:
            header = reader.read_header(text)
        return [name for name, at in zip(known, header.positions, strict=True) if at < header.width]

    def rows(self, table: str, wanted: Sequence[str]) -> Iterator[tuple[int, tuple[str, ...]]]:
        """The line number and the wanted cells of each record, in the order of `wanted`; "" for a missing column."""
        needed = [name for name in wanted if name in ("sourcedId", "userSourcedId")]
        reader = _CsvReader(self.file(table), COLUMNS[table].split(), wanted, self.warnings, needed)
        with self._text(table, reader) as text:
            yield from reader.records(text)

    @contextmanager
    def _text(self, table: str, reader: _CsvReader) -> Iterator[IO[str]]:
        name = self._found.get(table.lower())
        if name is None:
            raise RosterError(self.file(table), None, "is missing", "export it, or import the whole set again")
        try:
            with self._open(name) as binary:
                encoding = _detect_encoding(binary, reader)
            with self._open(name) as binary, io.TextIOWrapper(binary, encoding, "replace", newline="") as text:
                yield text
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            NotImplementedError,
            RuntimeError,
        ):  # everything that zipfile raises
            what = "cannot be unpacked (damaged or encrypted)"
            raise RosterError(self.file(table), None, what, "export it again, without a password") from None
        except OSError as error:
            what = f"cannot be read ({error.strerror})"
            raise unreadable(error)(self.file(table), None, what, "check its permissions") from None

    @contextmanager
    def _open(self, name: str) -> Iterator[IO[bytes]]:
        if self._zip is None:
            with (self.path / name).open("rb") as file:
                yield file
            return
        if self._zip.getinfo(name).file_size > _MOST_BYTES:
            raise RosterError(f"{self.path}/{name}", None, "unpacks to more than 8 GiB", "check where it comes from")
        with self._zip.open(name) as packed:
            yield packed


def read_csv(path: Path, table: str, key: str, warnings: RosterWarnings) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The records of one CSV file of the district's own; `key` is its configuration key."""
    columns = COLUMNS[table].split()
    reader = _CsvReader(str(path), columns, columns, warnings, columns)
    try:
        with path.open("rb") as binary:
            encoding = _detect_encoding(binary, reader)
        with path.open(encoding=encoding, errors="replace", newline="") as text:
            yield from reader.records(text)
    except OSError as error:
        what = f"cannot be read ({error.strerror})"
        raise unreadable(error)(str(path), None, what, f"check {key} and the file's permissions") from None


@dataclass(frozen=True, slots=True)
class _HeaderRow:
    """A header row: the delimiter, the number of columns, and the positions of the wanted ones.

    The position of a missing column is one past the end.
    """

    delimiter: str
    width: int
    positions: list[int]


class _CsvReader:
    """Reads one CSV file."""

    def __init__(
        self, file: str, known: Sequence[str], wanted: Sequence[str], warnings: RosterWarnings, needed: Sequence[str]
    ) -> None:
        self.file = file
        self._known = known
        self._wanted = wanted
        self._needed = needed
        self._warnings = warnings

    def warn(self, line: int, column: str, what: str, hint: str) -> None:
        self._warnings.add(self.file, line, column, what, hint)

    def error(self, line: int | None, what: str, hint: str) -> RosterError:
        return RosterError(self.file, line, what, hint)

    def read_header(self, text: IO[str]) -> _HeaderRow:
        """Read the header row. Raises RosterError."""
        first = text.readline()
        if not first.strip():
            raise self.error(1, "has no header row", "the first line must name the columns")
        delimiter = self._delimiter(first)
        names = [name.strip() for name in next(csv.reader([first], delimiter=delimiter))]
        return _HeaderRow(delimiter, len(names), self._positions(names))

    def records(self, text: IO[str]) -> Iterator[tuple[int, tuple[str, ...]]]:
        """The line number and the wanted cells of each record. Raises RosterError."""
        header = self.read_header(text)
        rows = csv.reader(text, delimiter=header.delimiter)
        width, last, nulls, keep = header.width, 1, _NULLS, itemgetter(*header.positions)
        any_null = any(name not in _NAMES for name in self._wanted)
        while True:
            try:
                cells = next(rows, None)
            except csv.Error:
                what = "a quote is opened and never closed"
                raise self.error(last + 1, what, "quote every field and double the quotes inside") from None
            if cells is None:
                return
            line, last = last + 1, rows.line_num + 1
            if last - line > _MOST_LINES or (len(cells) != width and _garbled(cells, last - line)):
                what = "a quote is opened and never closed"
                raise self.error(line, what, "quote every field and double the quotes inside")
            if last > line:
                self.warn(line, "", "a field spans several lines", "OneRoster fields have no line breaks")
            if len(cells) != width:
                if not any(cells):
                    continue
                what = "has too few cells" if len(cells) < width else "has too many cells"
                self.warn(line, "", what, "give every record as many cells as there are columns")
                cells += [""] * (width - len(cells))
            cells.append("")  # where a missing column points
            kept = tuple([cell.strip() for cell in keep(cells if len(cells) == width + 1 else [*cells[:width], ""])])
            if any_null and not nulls.isdisjoint(kept):
                kept = tuple([self._without_null(line, *pair) for pair in zip(self._wanted, kept, strict=True)])
            yield line, kept

    def _without_null(self, line: int, column: str, cell: str) -> str:
        if cell not in _NULLS or column in _NAMES:  # some people are called Null
            return cell
        self.warn(line, column, "the word NULL is read as empty", "leave the cell empty")
        return ""

    def _delimiter(self, first: str) -> str:
        for other, name in ((";", "semicolons"), ("\t", "tabs")):
            if first.count(other) > first.count(","):
                self.warn(1, "", f"columns are separated by {name}", "separate them by commas")
                return other
        return ","

    def _positions(self, header: Sequence[str]) -> list[int]:
        """The position of each wanted column; one past the end for a missing one."""
        at: dict[str, int] = {}
        folded = {name.lower(): name for name in self._known}
        folded |= {other.lower(): name for other, name in _ALSO_CALLED.items() if name in self._known}
        for position, written in enumerate(header):
            name = written if written in self._known else folded.get(written.lower(), "")
            if not name:
                if written and written not in IGNORED_COLUMNS and not written.startswith("metadata."):
                    self.warn(1, written, "an unknown column is ignored", "name extensions metadata.*")
                continue
            if name != written:
                self.warn(1, written, f"is read as {name}", f"name the column {name}")
            if name in at:
                self.warn(1, written, "occurs twice; the first one counts", "remove one")
            at.setdefault(name, position)
        order = [name for name in self._known if name in at]
        if sorted(order, key=at.__getitem__) != order:
            self.warn(1, "", "columns are not in the order of the standard", "they are matched by name; nothing to do")
        for name in self._needed:
            if name not in at:
                raise self.error(1, f"has no column {name}", f"the header row must name {', '.join(self._needed)}")
        return [at.get(name, len(header)) for name in self._wanted]


def _garbled(cells: Sequence[str], lines: int) -> bool:
    """Whether a record with a wrong number of cells contains text that follows an unclosed quote."""
    return lines > 0 or any('"' in cell and "," in cell for cell in cells)


def _detect_encoding(binary: IO[bytes], reader: _CsvReader) -> str:
    """The encoding of a file: UTF-8, UTF-16 or windows-1252."""
    start = binary.read(4)
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        reader.warn(1, "", "is encoded in UTF-16", "encode it in UTF-8")
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
                reader.warn(line, "", "is not UTF-8; read as windows-1252", "encode it in UTF-8")
                return "cp1252"
        line += block.count(b"\n")
        block = binary.read(1 << 20)
    return "utf-8-sig"
