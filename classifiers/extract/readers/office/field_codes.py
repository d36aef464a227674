"""The fields of Word's documents, RTF and OpenDocument: the text as it is once its program has updated them.

A field has a code and often a stored result. Without a result, what the code says is shown when the document is opened
or updated. What is only drawn from the code replaces the result; otherwise the result stays, and the text with what
the codes say is a second reading.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from classifiers.extract.readers.office.field_values import (
    MAX_VALUE,
    NOTHING,
    UNKNOWN,
    FieldValue,
    Names,
    field_value,
    form_value,
    is_silent,
)
from classifiers.extract.readers.words_in_values import is_address_to_somebody

_LINK = re.compile(r"\s{0,20}HYPERLINK\s", re.IGNORECASE)
_MARKS = re.compile("[\x13-\x15]")
"""Where a field of a binary Word document begins, where its result does, and where it ends."""
_BEGIN, _SEPARATE = "\x13", "\x14"
_MAX_CHARACTERS = 500_000
"""Characters of the codes of a file, and of what they show, at most: names may stand for each other."""
_MAX_BOOKMARKS, _MAX_PIECES = 500, 200
"""Texts with a name that are open at once, and pieces of one or of a stored result."""
_MAX_WHOLE = 20_000
"""Characters of a text that is read as a whole once more. Of a longer one, it is the lines with such fields."""


@dataclass(slots=True)
class _Field:
    """A field that is open: where it begins, its code so far, what it shows, and where the stored result begins."""

    begin: int
    first: int
    """The first of the replaced pieces that may stand inside of it."""
    code: list[str] = field(default_factory=list)
    form: list[tuple[str, str]] = field(default_factory=list)
    """What a field of a form shows, and its choices."""
    value: FieldValue = NOTHING
    is_silent: bool = False
    result: int = -1


@dataclass(frozen=True, slots=True)
class _Updated:
    """A piece of the text that an update replaces, by a text or by what has a name."""

    begin: int
    end: int
    text: str
    name: str = ""


class FieldCodes:
    """Collects the fields of a file whose text is in `shown`. `names` are those that the document gives to texts."""

    def __init__(self, shown: list[str], names: Names | None = None) -> None:
        self._shown = shown
        self._names: Names = {} if names is None else names
        self._open: list[_Field] = []
        self._updated: list[_Updated] = []
        self._bookmarks: dict[str, tuple[str, int]] = {}
        self._left = _MAX_CHARACTERS
        self.codes: list[str] = []
        self.links: list[str] = []

    @property
    def depth(self) -> int:
        """How many fields are open, one in another."""
        return len(self._open)

    def begin(self) -> None:
        """A field begins with its code."""
        self._open.append(_Field(len(self._shown), len(self._updated)))

    def begin_with(self, codes: Sequence[str]) -> None:
        """A field begins with its result, after fields without one. `codes`: of all of them."""
        for number, code in enumerate(codes, 1):
            self.begin()
            self.add(code)
            if number < len(codes):
                self.end()
        self.separate()

    def add(self, text: str) -> bool:
        """Add text to the code that is open. Returns whether there is one."""
        if not self._open or self._open[-1].result >= 0:
            return False
        self._open[-1].code.append(text)
        return True

    def form(self, kind: str, value: str) -> None:
        """What the open field of a form shows ("default", "result"), or one of its choices ("listEntry")."""
        if self._open and value:
            self._open[-1].form.append((kind, value))

    def separate(self) -> None:
        """The code ends, and the stored result begins."""
        if self._open and self._open[-1].result < 0:
            now = self._open[-1]
            code, now.result = "".join(now.code), len(self._shown)
            self._left -= len(code)
            if self._left >= 0:
                now.value = form_value(now.form) if now.form else field_value(code, self._names)
                now.is_silent = is_silent(code)
            if _LINK.match(code):
                self.links.append(code)
            elif not now.value.text or (self.depth == 1 and is_address_to_somebody(code)):  # else all of it is shown
                self.codes.append(code.replace(UNKNOWN, ""))

    def end(self) -> str:
        """The field ends. Returns what is shown in place of its result, which is removed; "" if the result stays."""
        self.separate()
        if not self._open:
            return ""
        ended, shown = self._open.pop(), self._shown
        value, stored = ended.value, "".join(shown[ended.result : ended.result + _MAX_PIECES])
        text = value.text.replace(UNKNOWN, "") if len(value.text) <= self._left else ""
        self._left -= len(text)
        if (value.is_partial and _has_letters_of(text, stored)) or (value.is_default and stored.strip()):
            text = ""
        outer = self._open[-1] if self._open and self._open[-1].result < 0 else None
        if outer is not None and not ended.is_silent:
            outer.code.append((text or stored).replace('"', '\\"') or UNKNOWN)
        if value.is_drawn and text:
            del shown[ended.result :]
        elif stored.strip() or outer is not None or not text:
            self._replace(ended, text)
            return ""
        del self._updated[ended.first :]
        if ended.result > ended.begin:  # results of inner fields stand in the code
            self._updated.append(_Updated(ended.begin, ended.result, ""))
        return text

    def _replace(self, ended: _Field, text: str) -> None:
        """Note what an update makes of a field whose stored result stays."""
        name = ended.value.name
        if text or name:
            del self._updated[ended.first :]
            self._updated.append(_Updated(ended.begin, len(self._shown), text, name))
        elif ended.result > ended.begin:
            self._updated = [
                piece
                for number, piece in enumerate(self._updated)
                if number < ended.first or piece.begin >= ended.result
            ]
            self._updated.append(_Updated(ended.begin, ended.result, ""))

    def end_name(self, word: str, pieces: Sequence[str]) -> None:
        """A group of RTF ends that holds the name of a bookmark, or of a variable and its text."""
        name, *text = pieces or [""]
        if word == "docvar":
            self._names.setdefault(name.lower(), "".join(text)[:MAX_VALUE])
        elif word == "bkmkstart":
            self.bookmark(name, name)
        else:
            self.end_bookmark(name)

    def bookmark(self, key: str, name: str) -> None:
        """A text that has a name begins."""
        if len(self._bookmarks) < _MAX_BOOKMARKS:
            self._bookmarks[key] = name, len(self._shown)

    def end_bookmark(self, key: str) -> None:
        """A text that has a name ends."""
        if key in self._bookmarks:
            name, begin = self._bookmarks.pop(key)
            text = "".join(self._shown[begin : begin + _MAX_PIECES]).strip()
            if len(text) <= MAX_VALUE:
                self._names.setdefault(name.lower(), text)

    def readings(self) -> Iterator[str]:
        """The text as it is once the fields are updated, if that differs from what is shown."""
        while self._open:  # a code that never ends
            self.end()
        pieces: list[str] = []
        places: list[int] = []
        at = length = 0
        for new in sorted(self._updated, key=lambda piece: piece.begin):
            text = new.text or self._names.get(new.name, "")
            stored = "".join(self._shown[new.begin : new.end])
            is_same = "".join(stored.split()) == "".join(text.split())
            if new.begin < at or is_same or (new.name and not text):
                continue
            pieces.append("".join((*self._shown[at : new.begin], text)))
            length += len(pieces[-1])
            places.append(length)
            at = new.end
        if pieces:
            whole = "".join((*pieces, *self._shown[at:]))
            yield whole if len(whole) <= _MAX_WHOLE else _lines_at(whole, places)


def _has_letters_of(text: str, stored: str) -> bool:
    """Whether a stored result has the letters of a text in their order, among others."""
    left = iter(stored)
    return all(letter in left for letter in text)


def _lines_at(text: str, places: Sequence[int]) -> str:
    """The lines of a text at some places, in order."""
    lines: list[str] = []
    end = -1
    for place in places:
        if place > end:
            begin, found = text.rfind("\n", 0, place) + 1, text.find("\n", place)
            end = found if found >= 0 else len(text)
            lines.append(text[begin:end])
    return "\n".join(lines)


def read_marked_fields(text: str) -> tuple[str, FieldCodes]:
    """A text with marked fields, as in binary Word documents, without their codes; and the fields."""
    shown: list[str] = []
    codes = FieldCodes(shown)
    at = 0
    for mark in _MARKS.finditer(text):
        if not codes.add(text[at : mark.start()]):
            shown.append(text[at : mark.start()])
        at = mark.end()
        if mark[0] == _BEGIN:
            codes.begin()
        elif mark[0] == _SEPARATE:
            codes.separate()
        elif new := codes.end():
            shown.append(new)
    shown.append(text[at:])  # also if a code never ends
    return "".join(shown), codes
