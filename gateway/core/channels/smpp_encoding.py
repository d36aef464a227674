"""Decodes texts over SMPP: alphabets, and the parts of long texts.

Parts are identified by a user data header (8 or 16 bit reference) or by the SAR parameters. A message_payload is one
text of any length. The default alphabet (data_coding 0) is GSM 03.38, as is common practice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import gsmcodecs  # noqa: F401 - registers the codecs gsm23.038-LOCKING-SINGLE

from gateway.core.channels.smpp_pdu import SmppAddress, SmppText, Tag
from gateway.core.channels.smpp_readings import other_readings
from gateway.core.messages.addresses import e164

Alphabet = Literal["gsm", "ascii", "latin-1", "utf-16-be", "iso8859-5", "iso8859-8", "iso2022_jp", "euc_kr", ""]
"""The codec of a text; "" is binary."""

_UDHI = 0x40
_CONCATENATED, _CONCATENATED_16, _SINGLE_SHIFT, _LOCKING_SHIFT = 0x00, 0x08, 0x24, 0x25
_LANGUAGES = range(14)
_EMS_OBJECTS = frozenset({*range(0x0B, 0x17), *range(0x18, 0x20)})  # pictures, sounds and other EMS objects
_SMPP_ALPHABETS: dict[int, Alphabet] = {
    0: "gsm", 1: "ascii", 2: "", 3: "latin-1", 4: "", 5: "iso2022_jp", 6: "iso8859-5", 7: "iso8859-8",
    8: "utf-16-be", 10: "iso2022_jp", 13: "iso2022_jp", 14: "euc_kr",
}  # fmt: skip
_CLASS_ALPHABETS: tuple[Alphabet, ...] = ("gsm", "", "utf-16-be", "")
_WAITING_ALPHABETS: dict[int, Alphabet] = {0xC: "gsm", 0xD: "gsm", 0xE: "utf-16-be"}  # message waiting indication
_GSM_ONLY = frozenset(range(32)) - {9, 10, 13}
_ESCAPED = re.compile(rb"\x1b.?", re.DOTALL)
_INTERNATIONAL = 1
_NATIONAL = re.compile(r"[2-9]\d{2}[2-9]\d{6}")
_NUMBER_WITH_SUFFIX = re.compile(r"(\+?\d{10,15})[^\d\s().\-/].*")


@dataclass(frozen=True, slots=True)
class PartReference:
    """The position of a part in a long text; `reference` identifies the text between two numbers."""

    reference: str
    total: int
    number: int


@dataclass(frozen=True, slots=True)
class _UserData:
    """The user data of a text: the content after its header, and the information elements of the header.

    `readable`: the header is valid and shows nothing itself.
    """

    content: bytes
    elements: tuple[tuple[int, bytes], ...]
    readable: bool

    def element(self, name: int) -> bytes | None:
        return next((value for element, value in self.elements if element == name), None)

    @property
    def languages(self) -> tuple[int, int]:
        """The national language tables: locking shift and single shift; 0 is the default table."""
        locking, single = self.element(_LOCKING_SHIFT), self.element(_SINGLE_SHIFT)
        return (locking[0] if locking else 0, single[0] if single else 0)


@dataclass(frozen=True, slots=True)
class TextReading:
    """What phones may show of a text: as declared, and other readings.

    `is_disputed`: phones show different things. `readable`: all of it could be decoded as declared.
    """

    text: str
    others: tuple[str, ...]
    is_disputed: bool
    readable: bool

    @property
    def whole(self) -> str:
        """All readings, each on lines of its own."""
        return "\n".join((self.text, *self.others))


def normalize_address(address: SmppAddress) -> str:
    """The canonical form of an address: E.164, or unchanged for short codes and alphanumeric senders.

    The declared type of number is not trusted: a number that is declared as a name can still be dialed, and ten digits
    are taken as a national number. Anything after a number is ignored.
    """
    digits = address.digits.strip()
    if (with_suffix := _NUMBER_WITH_SUFFIX.fullmatch(digits)) is not None:
        digits = with_suffix[1]
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


def part_reference(text: SmppText) -> PartReference | None:
    """The position of a part in a long text; None if the text has one part."""
    user_data = _user_data(text)
    found = None
    if (long := user_data.element(_CONCATENATED_16)) is not None and len(long) == 4:
        found = PartReference(f"16:{int.from_bytes(long[:2], 'big')}", long[2], long[3])
    elif (short := user_data.element(_CONCATENATED)) is not None and len(short) == 3:
        found = PartReference(f"8:{short[0]}", short[1], short[2])
    else:
        values = [text.option(tag) for tag in (Tag.SAR_REFERENCE, Tag.SAR_TOTAL, Tag.SAR_NUMBER)]
        reference, total, number = (int.from_bytes(value, "big") if value else 0 for value in values)
        if all(values):
            found = PartReference(f"sar:{reference}", total, number)
    if found is None or not 1 <= found.number <= found.total or found.total == 1:
        return None  # invalid references are ignored, as phones do
    return found


def decode_texts(texts: Sequence[SmppText]) -> tuple[str, bool]:
    """The text of all parts in order, and whether all of it could be decoded."""
    reading = read_texts(texts)
    return reading.text, reading.readable


def read_texts(texts: Sequence[SmppText]) -> TextReading:
    """Everything that a phone may show of all parts in order.

    Adjacent parts in one alphabet are joined before decoding, because a character may be split between them.
    """
    runs: list[tuple[tuple[Alphabet, tuple[int, int]], list[bytes]]] = []
    readable = True
    is_disputed = False
    for text in texts:
        user_data = _user_data(text)
        readable = readable and user_data.readable
        more = [content for content in (text.short, *text.payloads) if content][1:]
        is_disputed = is_disputed or bool(more)
        for content in (user_data.content, *more):
            key = (alphabet_of(text.coding), user_data.languages)
            if not content:
                continue
            if runs and runs[-1][0] == key:
                runs[-1][1].append(content)
            else:
                runs.append((key, [content]))
    decoded = [_decode(*key, b"".join(contents)) for key, contents in runs]
    others = [
        other
        for (_, contents), (text, _) in zip(runs, decoded, strict=True)
        for other in other_readings(b"".join(contents), text)
    ]
    return TextReading(
        "".join(text for text, _ in decoded), tuple(dict.fromkeys(others)), is_disputed or bool(others),
        readable and all(complete for _, complete in decoded),
    )  # fmt: skip


def alphabet_of(coding: int) -> Alphabet:
    """The alphabet of a data_coding: the values of SMPP below 16, the groups of GSM 03.38 above."""
    if coding < 0x10:
        return _SMPP_ALPHABETS.get(coding, "")
    group, form = coding >> 4, coding >> 2 & 3
    if group == 0x1:  # with a message class, such as flash messages
        return _CLASS_ALPHABETS[form]
    if group == 0xF:
        return "" if form & 1 else "gsm"
    return _WAITING_ALPHABETS.get(group, "")


def _decode(name: Alphabet, languages: tuple[int, int], content: bytes) -> tuple[str, bool]:
    if name == "ascii":  # some senders mean GSM 03.38, whose letters are control characters in ASCII
        name = "gsm" if not _GSM_ONLY.isdisjoint(content) else "latin-1"
    if name == "gsm":
        if not all(language in _LANGUAGES for language in languages):
            return content.decode("gsm23.038", "replace"), False
        if max(content, default=0) > 0x7F:  # not septets: the declared alphabet is wrong
            return _decode_unlabeled(content), True
        codec = f"gsm23.038-{languages[0]}-{languages[1]}"
        content = _ESCAPED.sub(lambda found: _without_invalid_escape(found[0], codec), content)
        return content.decode(codec, "replace"), True
    if name == "":
        return _printable_text(content), False
    text = content.decode(name, "replace")
    return text, name != "utf-16-be" or len(content) % 2 == 0


def _without_invalid_escape(pair: bytes, codec: str) -> bytes:
    """An escape and its letter; the letter alone if the extension table has none there (3GPP TS 23.038, 6.2.1.1)."""
    try:
        pair.decode(codec)
    except UnicodeDecodeError:
        return pair[1:]
    return pair


def _decode_unlabeled(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _printable_text(content: bytes) -> str:
    """The readable characters of binary data: a partial text is better than none."""
    return "".join(
        character if character.isprintable() or character in "\r\n\t" else " "
        for character in content.decode("latin-1")
    ).strip()


def _user_data(text: SmppText) -> _UserData:
    content = next((content for content in (text.short, *text.payloads) if content), b"")
    if not text.esm_class & _UDHI or not content:
        return _UserData(content, (), True)
    end = content[0] + 1
    try:
        elements = tuple(_elements(content[1:end]))
        has_objects = any(name in _EMS_OBJECTS for name, _ in elements)
        return _UserData(content[end:], elements, end <= len(content) and not has_objects)
    except IndexError:
        return _UserData(content[end:], (), False)


def _elements(header: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(header):
        length = header[at + 1]
        value = header[at + 2 : at + 2 + length]
        if len(value) < length:
            raise IndexError("an information element exceeds its header")
        yield header[at], value
        at += 2 + length
