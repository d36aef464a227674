"""The codes of fields in Word's documents and RTF: what a program draws from the code, whatever result is stored."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from classifiers.extract.readers.xml.values import symbol_of

_FIELD = re.compile(r"\s{0,20}(EQ|SYMBOL|QUOTE|MACROBUTTON\s{1,20}\w{1,80})\s", re.IGNORECASE)
_EQUATION_CODE = re.compile(r"\\[A-Za-z]{1,3}\d{0,4}\s?|[()]")
_CHARACTER_CODES = re.compile(r"\s{0,20}((?:(?:0x[0-9A-Fa-f]{1,6}|\d{1,7})\s{1,20})*)")
"""Numbers of characters, one after another."""
_LINK = re.compile(r"\s{0,20}HYPERLINK\s", re.IGNORECASE)


@dataclass(slots=True)
class _Field:
    """A field that is open: its code so far, what it shows, and where the stored result begins."""

    code: list[str] = field(default_factory=list)
    shown: str = ""
    result: int = -1


class FieldCodes:
    """Collects the codes of the fields of a file."""

    def __init__(self) -> None:
        self._open: list[_Field] = []
        self.codes: list[str] = []
        self.links: list[str] = []

    @property
    def depth(self) -> int:
        """How many fields are open, one in another."""
        return len(self._open)

    def begin(self) -> None:
        """A field begins with its code."""
        self._open.append(_Field())

    def add(self, text: str) -> bool:
        """Add text to the code that is open. Returns whether there is one."""
        if not self._open or self._open[-1].result >= 0:
            return False
        self._open[-1].code.append(text)
        return True

    def separate(self, place: int) -> None:
        """The code ends, and the stored result begins at a place."""
        if self._open and self._open[-1].result < 0:
            now = self._open[-1]
            code, now.result = "".join(now.code), place
            now.shown = field_text(code)
            (self.links if _LINK.match(code) else self.codes).append(code)

    def end(self, place: int) -> tuple[str, int]:
        """The field ends. Returns what it shows, if it draws that from its code, and where its stored result began."""
        self.separate(place)
        ended = self._open.pop() if self._open else _Field(result=place)
        return ended.shown, ended.result


def field_text(code: str) -> str:
    """What a field shows that Word draws from its code, whatever result is stored."""
    found = _FIELD.match(code)
    if found is None:
        return ""
    kind, rest = found[1].upper(), code[found.end() :]
    if kind == "EQ":
        return _EQUATION_CODE.sub("", rest).strip()
    if kind.startswith("MACROBUTTON"):
        return rest.strip()
    codes = _CHARACTER_CODES.match(f"{rest} ")
    return "".join(map(_character, codes[1].split())) if codes else ""


def _character(code: str) -> str:
    return symbol_of(code[2:] if code[:2] in ("0x", "0X") else f"{int(code):x}")
