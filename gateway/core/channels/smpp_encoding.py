"""What a text over SMPP says: its coding undone, and the parts of a long one found and joined.

Parts are found by a user data header (8 or 16 bit reference) or by the SAR parameters; a message_payload is one text
however long. Which alphabet an unlabelled text is in is settled by practice: data_coding 0 is GSM 03.38.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import gsmcodecs  # noqa: F401 - registers the codecs gsm23.038-LOCKING-SINGLE

from gateway.core.channels.smpp_pdu import Address, SmppText, Tag
from gateway.core.messages.addresses import e164

Alphabet = Literal["gsm", "ascii", "latin-1", "utf-16-be", "iso8859-5", "iso8859-8", "iso2022_jp", "euc_kr", ""]
"""A codec of a text; "" is binary."""

_UDHI = 0x40
_CONCATENATED, _CONCATENATED_16, _SINGLE_SHIFT, _LOCKING_SHIFT = 0x00, 0x08, 0x24, 0x25
_LANGUAGES = range(14)
_DRAWN = frozenset({*range(0x0B, 0x17), *range(0x18, 0x20)})  # pictures, sounds and other objects of EMS
_SMPP: dict[int, Alphabet] = {
    0: "gsm", 1: "ascii", 2: "", 3: "latin-1", 4: "", 5: "iso2022_jp", 6: "iso8859-5", 7: "iso8859-8",
    8: "utf-16-be", 10: "iso2022_jp", 13: "iso2022_jp", 14: "euc_kr",
}  # fmt: skip
_FORMS: tuple[Alphabet, ...] = ("gsm", "", "utf-16-be", "")
_WAITING: dict[int, Alphabet] = {0xC: "gsm", 0xD: "gsm", 0xE: "utf-16-be"}  # a message is waiting
_GSM_ONLY = frozenset(range(32)) - {9, 10, 13}
_INTERNATIONAL = 1
_NATIONAL = re.compile(r"[2-9]\d{2}[2-9]\d{6}")
_BEHIND = re.compile(r"(\+?\d{10,15})[^\d\s().\-/].*")


@dataclass(frozen=True, slots=True)
class Piece:
    """Which part of which long text this is; `reference` tells one long text between two numbers from another."""

    reference: str
    total: int
    number: int


@dataclass(frozen=True, slots=True)
class _Spoken:
    """The user data without its header, and what the header says."""

    content: bytes
    elements: tuple[tuple[int, bytes], ...]
    whole: bool  # the header could be read, and shows nothing itself

    def element(self, name: int) -> bytes | None:
        return next((value for each, value in self.elements if each == name), None)

    @property
    def languages(self) -> tuple[int, int]:
        """The national tables: locking shift and single shift, 0 for the default ones."""
        locking, single = self.element(_LOCKING_SHIFT), self.element(_SINGLE_SHIFT)
        return (locking[0] if locking else 0, single[0] if single else 0)


def party(address: Address) -> str:
    """The one form of an address: E.164, or as it came for short codes and names made of letters.

    Whatever type of number it claims: one that claims to be a name may still be dialled, ten digits of this country are
    taken as such by whoever dials them, and of what stands behind a number nobody takes notice.
    """
    digits = address.digits.strip()
    if (behind := _BEHIND.fullmatch(digits)) is not None:
        digits = behind[1]
    if _NATIONAL.fullmatch(digits):
        return e164(digits) or digits
    if address.ton == _INTERNATIONAL and digits.isdigit() and (found := e164(f"+{digits}")):
        return found
    found = e164(digits)
    if found is None and digits.startswith("00"):
        found = e164(f"+{digits[2:]}")
    if found is None and len(digits) > 10 and digits.isdigit():
        found = e164(f"+{digits}")
    return found or digits


def piece_of(text: SmppText) -> Piece | None:
    """Which part of a long text this is; None where it is a text by itself."""
    spoken = _spoken(text)
    found = None
    if (long := spoken.element(_CONCATENATED_16)) is not None and len(long) == 4:
        found = Piece(f"16:{int.from_bytes(long[:2], 'big')}", long[2], long[3])
    elif (short := spoken.element(_CONCATENATED)) is not None and len(short) == 3:
        found = Piece(f"8:{short[0]}", short[1], short[2])
    else:
        values = [text.option(tag) for tag in (Tag.SAR_REFERENCE, Tag.SAR_TOTAL, Tag.SAR_NUMBER)]
        reference, total, number = (int.from_bytes(each, "big") if each else 0 for each in values)
        if all(values):
            found = Piece(f"sar:{reference}", total, number)
    if found is None or not 1 <= found.number <= found.total or found.total == 1:
        return None  # as a phone does: a reference that makes no sense is not looked at
    return found


def read(texts: Sequence[SmppText]) -> tuple[str, bool]:
    """What the parts of a text say, in their order; whether all of it could be read.

    Parts in one alphabet are joined before they are decoded: a character may lie across two of them.
    """
    runs: list[tuple[tuple[Alphabet, tuple[int, int]], list[bytes]]] = []
    readable = True
    for text in texts:
        spoken = _spoken(text)
        readable = readable and spoken.whole
        for content in (spoken.content, text.option(Tag.PAYLOAD) or b"" if text.short else b""):
            key = (alphabet(text.coding), spoken.languages)
            if not content:
                continue
            if runs and runs[-1][0] == key:
                runs[-1][1].append(content)
            else:
                runs.append((key, [content]))
    said = [_decoded(*key, b"".join(contents)) for key, contents in runs]
    return "".join(each for each, _ in said), readable and all(each for _, each in said)


def alphabet(coding: int) -> Alphabet:
    """The alphabet of a data_coding: SMPP's values, above them the groups of GSM 03.38."""
    if coding < 0x10:
        return _SMPP.get(coding, "")
    group, form = coding >> 4, coding >> 2 & 3
    if group == 0x1:  # with a message class: what is shown at once, and the like
        return _FORMS[form]
    if group == 0xF:
        return "" if form & 1 else "gsm"
    return _WAITING.get(group, "")


def _decoded(name: Alphabet, languages: tuple[int, int], content: bytes) -> tuple[str, bool]:
    if name == "ascii":  # some who write 1 mean GSM 03.38: its letters lie where ASCII has control characters
        name = "gsm" if not _GSM_ONLY.isdisjoint(content) else "latin-1"
    if name == "gsm":
        if not all(each in _LANGUAGES for each in languages):
            return content.decode("gsm23.038", "replace"), False
        if max(content, default=0) > 0x7F:  # no septets: something else under a wrong label
            return _guessed(content), True
        return content.decode(f"gsm23.038-{languages[0]}-{languages[1]}", "replace"), True
    if name == "":
        return _glimpsed(content), False
    text = content.decode(name, "replace")
    return text, name != "utf-16-be" or len(content) % 2 == 0


def _guessed(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _glimpsed(content: bytes) -> str:
    """Binary as text as far as it looks like some: what says something is better read than not."""
    return "".join(
        each if each.isprintable() or each in "\r\n\t" else " " for each in content.decode("latin-1")
    ).strip()


def _spoken(text: SmppText) -> _Spoken:
    content = text.short or text.option(Tag.PAYLOAD) or b""
    if not text.esm_class & _UDHI or not content:
        return _Spoken(content, (), True)
    end = content[0] + 1
    try:
        elements = tuple(_elements(content[1:end]))
        drawn = any(name in _DRAWN for name, _ in elements)
        return _Spoken(content[end:], elements, end <= len(content) and not drawn)
    except IndexError:
        return _Spoken(content[end:], (), False)


def _elements(header: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(header):
        length = header[at + 1]
        value = header[at + 2 : at + 2 + length]
        if len(value) < length:
            raise IndexError("an element is longer than its header")
        yield header[at], value
        at += 2 + length
