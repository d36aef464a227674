"""Decodes texts over SMPP: alphabets, and the parts of long texts.

Parts are identified by a user data header (8 or 16 bit reference) or by the SAR parameters. A message_payload is one
text of any length. The default alphabet (data_coding 0) is GSM 03.38, as is common practice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

import gsmcodecs  # noqa: F401 - registers the codecs gsm23.038-LOCKING-SINGLE

from gateway.core.channels.smpp_cards import decoded_card
from gateway.core.channels.smpp_pdu import SmppAddress, SmppText, Tag
from gateway.core.channels.smpp_readings import (
    better_readings,
    has_no_meaning,
    is_plain,
    looks_like_words,
    looks_misread,
    other_readings,
    sentences_in,
    with_signs_of_ascii,
    without_invalid_escapes,
    without_markup,
    words_across,
    words_among_oddities,
    words_in,
)
from gateway.core.messages.addresses import e164

Alphabet = Literal["gsm", "ascii", "latin-1", "utf-16-be", "iso8859-5", "iso8859-8", "iso2022_jp", "euc_kr", ""]
"""The codec of a text; "" is binary."""

_WIDE: Alphabet = "utf-16-be"
_UDHI = 0x40
_CONCATENATED, _CONCATENATED_16, _SINGLE_SHIFT, _LOCKING_SHIFT = 0x00, 0x08, 0x24, 0x25
_LANGUAGES = range(14)
_MAX_PARTS = 255
_MAX_READ, _MAX_ALONE = 80_000, 16
"""Bytes of all parts that are read, as many as one PDU may have, and contents of a part that are also read alone."""
_SAR_PLACE = (Tag.SAR_TOTAL, Tag.SAR_NUMBER)
_QUIET_ELEMENTS = {
    0x00: 3, 0x01: 2, 0x06: 1, 0x07: 1, 0x08: 4, 0x0A: 4, 0x0B: 3, 0x0C: 129, 0x0D: 3, 0x13: 2, 0x17: 2, 0x24: 1,
    0x25: 1,
}  # fmt: skip
"""Elements that show no words, and their bytes at most: parts, indications, formats, sounds, built-in animations,
languages (3GPP TS 23.040 section 9.2.3.24).
"""
_PICTURES = frozenset({0x0E, 0x0F, 0x10, 0x11, 0x12})
_EMS_OBJECTS = frozenset({0x14, 0x15, 0x16, *range(0x18, 0x20)})
"""Elements that hold other objects of EMS, which may show words."""
_SMPP_ALPHABETS: dict[int, Alphabet] = {
    0: "gsm", 1: "ascii", 2: "", 3: "latin-1", 4: "", 5: "iso2022_jp", 6: "iso8859-5", 7: "iso8859-8",
    8: "utf-16-be", 10: "iso2022_jp", 13: "iso2022_jp", 14: "euc_kr",
}  # fmt: skip
_CLASS_ALPHABETS: tuple[Alphabet, ...] = ("gsm", "", "utf-16-be", "")
_WAITING_ALPHABETS: dict[int, Alphabet] = {0xC: "gsm", 0xD: "gsm", 0xE: "utf-16-be"}  # message waiting indication
_GSM_ONLY = frozenset(range(32)) - {9, 10, 13}
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

    `readable`: no element holds an object that may show words. `pictured`: one holds a picture. `is_disputed`: phones
    may ignore, follow or refuse the header. `words`: words in the header.
    """

    content: bytes
    elements: tuple[tuple[int, bytes], ...] = ()
    readable: bool = True
    pictured: bool = False
    is_disputed: bool = False
    words: tuple[str, ...] = ()

    def element(self, name: int) -> bytes | None:
        return next((value for element, value in self.elements if element == name), None)

    @property
    def languages(self) -> tuple[int, int]:
        """The national language tables: locking shift and single shift; 0 is the default table."""
        locking, single = self.element(_LOCKING_SHIFT), self.element(_SINGLE_SHIFT)
        return (locking[0] if locking else 0, single[0] if single else 0)


@dataclass(frozen=True, slots=True)
class TextReading:
    """What phones may show of a text: as declared, or as what it must be, and other readings.

    `is_disputed`: phones show different things. `readable`: all of it could be decoded. `pictured`: it has a picture.
    """

    text: str
    others: tuple[str, ...]
    is_disputed: bool
    readable: bool
    pictured: bool = False

    @property
    def whole(self) -> str:
        """All readings, each a paragraph of its own."""
        return "\n\n".join(text for text in (self.text, *self.others) if text)


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
    found = _references(text, _user_data(text))
    valid = (place for place in found if 1 <= place.number <= place.total and 1 < place.total <= _MAX_PARTS)
    return next(valid, None)  # invalid references are ignored, as phones do


def _references(text: SmppText, user_data: _UserData) -> Iterator[PartReference]:
    if (long := user_data.element(_CONCATENATED_16)) is not None and len(long) == 4:
        yield PartReference(f"16:{int.from_bytes(long[:2], 'big')}", long[2], long[3])
    if (short := user_data.element(_CONCATENATED)) is not None and len(short) == 3:
        yield PartReference(f"8:{short[0]}", short[1], short[2])
    values = [text.option(tag) for tag in (Tag.SAR_REFERENCE, Tag.SAR_TOTAL, Tag.SAR_NUMBER)]
    if all(values):
        reference, total, number = (int.from_bytes(value or b"", "big") for value in values)
        yield PartReference(f"sar:{reference}", total, number)


def decode_texts(texts: Sequence[SmppText]) -> tuple[str, bool]:
    """The text of all parts in order, and whether all of it could be decoded."""
    reading = read_texts(texts)
    return reading.text, reading.readable


def read_texts(texts: Sequence[SmppText]) -> TextReading:
    """Everything that a phone may show of all parts in order.

    Adjacent parts in one alphabet are joined before decoding, because a character may be split between them.
    """
    sizes = accumulate(len(text.tail) for text in texts)
    count = sum(size <= _MAX_READ for size in sizes)
    readable, is_disputed, pictured = count == len(texts), False, False
    texts = texts[:count]
    others: dict[str, None] = {}
    for text in texts:
        user_data = _user_data(text)
        contents = _contents(text, user_data)
        has_canned = text.default_message != 0  # only the SMSC knows that text, and whether it is shown beside others
        readable = readable and user_data.readable and not (has_canned and not contents)
        pictured = pictured or user_data.pictured
        is_disputed = is_disputed or user_data.is_disputed or text.is_malformed or has_canned
        is_disputed = is_disputed or _has_two_positions(text, user_data)
        options = [value for tag, value in text.options if tag != Tag.PAYLOAD]
        beside = (*user_data.words, *map(words_in, options), words_across(options), _words_of_sender(text))
        others |= dict.fromkeys(words for words in beside if words)
        if len(contents) > 1:  # a phone may show only one of them
            is_disputed = True
            key = (alphabet_of(text.coding), user_data.languages)
            alone = (_read_run(*key, [content]) for content in contents[:_MAX_ALONE])
            others |= dict.fromkeys(reading.text for reading in alone)
    found = [_read_run(*key, contents) for key, contents in _runs(texts)]
    in_order = "".join(reading.text for reading in found)
    others |= dict.fromkeys(text for reading in found for text in reading.others)
    for order in _other_orders(texts):
        runs = _runs([texts[at] for at in order])
        others["".join(_read_run(*key, contents).text for key, contents in runs)] = None
    others.pop(in_order, None)
    return TextReading(
        in_order, tuple(others), is_disputed or any(reading.is_disputed for reading in found),
        readable and all(reading.readable for reading in found),
        pictured or any(reading.pictured for reading in found),
    )  # fmt: skip


def _words_of_sender(text: SmppText) -> str:
    """The words in the place of a sender's number or behind it: phones show a sender as it is written."""
    return words_in(text.source.digits.lstrip("+0123456789").encode("latin-1", "replace"))


def _contents(text: SmppText, user_data: _UserData) -> list[bytes]:
    """The contents of a text that are not empty, without their headers. There should be one at most."""
    more = [content for content in (text.short, *text.payloads) if content][1:]
    if text.esm_class & _UDHI:
        headed = [_split_user_data(content) for content in more]
        more = [content if data.is_disputed else data.content for content, data in zip(more, headed, strict=True)]
    return [content for content in (user_data.content, *more) if content]


def _runs(texts: Sequence[SmppText]) -> list[tuple[tuple[Alphabet, tuple[int, int]], list[bytes]]]:
    """Adjacent contents in one alphabet, with it."""
    runs: list[tuple[tuple[Alphabet, tuple[int, int]], list[bytes]]] = []
    for text in texts:
        user_data = _user_data(text)
        key = (alphabet_of(text.coding), user_data.languages)
        for content in _contents(text, user_data):
            if runs and runs[-1][0] == key:
                runs[-1][1].append(content)
            else:
                runs.append((key, [content]))
    return runs


def _read_run(alphabet: Alphabet, languages: tuple[int, int], contents: Sequence[bytes]) -> TextReading:
    """Read adjacent contents in one alphabet. A text that is no text as declared is taken for what it must be."""
    content = b"".join(contents)
    known = all(language in _LANGUAGES for language in languages)  # phones take an unknown table for the default
    text, complete = _decode(alphabet, languages if known else (0, 0), content)
    card, has_picture = decoded_card(text.encode("utf-8", "replace") if alphabet == _WIDE else content)
    if card:
        return TextReading(card, (), True, True, has_picture)
    apart = _read_apart(alphabet, languages if known else (0, 0), contents) if len(contents) > 1 else ()
    if better := better_readings(contents, text, is_text=alphabet != "", is_wide=alphabet == _WIDE):
        return TextReading(better[0], (*better[1:], *apart), True, True)
    others = (*other_readings(contents, text, is_wide=alphabet == _WIDE), *apart)
    if alphabet == _WIDE:
        others = (*others, *sentences_in(content))
    if bare := without_markup(text):
        others = (*others, bare)
    if alphabet == "":
        others = (*others, words) if (words := words_in(content)) and words not in text.splitlines() else others
        return TextReading(text, others, True, is_plain(content))
    if has_no_meaning(text):  # nobody can read it, so nobody should judge it
        likely, *rest = dict.fromkeys((*others, *words_among_oddities(text))) or (words_in(content),)
        return TextReading(likely, tuple(rest), True, False)
    complete = complete and (alphabet == _WIDE or bool(others) or not looks_misread(text))
    half = alphabet == _WIDE and len(content) % 2 == 1  # half a character at the end has no words
    return TextReading(text, others, bool(others) or half or not known, complete)


def _read_apart(alphabet: Alphabet, languages: tuple[int, int], contents: Sequence[bytes]) -> tuple[str, ...]:
    """The text if some contents are in another alphabet than the one that all declare; () if none is."""
    if alphabet == _WIDE and any(len(content) % 2 for content in contents):
        return ()  # a character may be split between two
    pieces, differs = [], False
    for content in contents:
        text, _ = _decode(alphabet, languages, content)
        likelier = () if looks_like_words(text) else other_readings([content], text, is_wide=alphabet == _WIDE)
        pieces.append(likelier[0] if likelier else text)
        differs = differs or bool(likelier)
    return ("".join(pieces),) if differs else ()


def alphabet_of(coding: int) -> Alphabet:
    """The alphabet of a data_coding: the values of SMPP below 16, the groups of GSM 03.38 above."""
    if coding < 0x10:
        return _SMPP_ALPHABETS.get(coding, "")
    group, form = coding >> 4, coding >> 2 & 3
    if group in (0x1, 0x4, 0x5):  # with a message class, such as flash messages; to be deleted after reading
        return _CLASS_ALPHABETS[form]
    if group == 0xF:
        return "" if form & 1 else "gsm"
    return _WAITING_ALPHABETS.get(group, "")


def _decode(name: Alphabet, languages: tuple[int, int], content: bytes) -> tuple[str, bool]:
    if name == "ascii":  # some senders mean GSM 03.38, whose letters are control characters in ASCII
        name = "gsm" if not _GSM_ONLY.isdisjoint(content) else "latin-1"
    if name == "latin-1":
        return _decode_unlabeled(content), True
    if name == "gsm":
        if max(content, default=0) > 0x7F:  # not septets: the declared alphabet is wrong
            return _decode_unlabeled(content), True
        codec = f"gsm23.038-{languages[0]}-{languages[1]}"
        return with_signs_of_ascii(without_invalid_escapes(content, codec).decode(codec, "replace")), True
    if name == "":
        return _printable_text(content), False
    return content[: len(content) // 2 * 2 if name == _WIDE else None].decode(name, "replace"), True


def _decode_unlabeled(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return _decode_latin(content)


def _decode_latin(content: bytes) -> str:
    """Latin-1, with the quotation marks that Windows has among its control characters."""
    try:
        return content.decode("cp1252")
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
    return _split_user_data(content) if text.esm_class & _UDHI and content else _UserData(content)


def _split_user_data(content: bytes) -> _UserData:
    end = content[0] + 1
    try:
        elements = tuple(_elements(content[1:end]))
    except IndexError:
        return _UserData(content[end:] or content[1:], is_disputed=True, words=(words_in(content[1:]),))
    names = {name for name, _ in elements}
    return _UserData(
        content[end:], elements,
        readable=names.isdisjoint(_EMS_OBJECTS),
        pictured=not names.isdisjoint(_PICTURES),
        is_disputed=end > len(content) or len(set(elements)) > len(names)  # the same element with two values
        or not names <= _QUIET_ELEMENTS.keys() | _PICTURES | _EMS_OBJECTS
        or any(len(value) > _QUIET_ELEMENTS.get(name, len(value)) for name, value in elements),
        words=tuple(words_in(value) for _, value in elements),
    )  # fmt: skip


def _has_two_positions(text: SmppText, user_data: _UserData) -> bool:
    """Whether different references put a part in different places of a long text."""
    return len(set(_positions(text, user_data))) > 1


def _positions(text: SmppText, user_data: _UserData) -> list[bytes]:
    """Total and number of a part by each of its references."""
    found = [value[-2:] for name, value in user_data.elements if name in (_CONCATENATED, _CONCATENATED_16)]
    totals, numbers = ([value[-1:] for given, value in text.options if given == tag] for tag in _SAR_PLACE)
    return [*found, *(total + number for total, number in zip(totals, numbers, strict=False))]


def _other_orders(texts: Sequence[SmppText]) -> Iterator[list[int]]:
    """The orders of the parts by the first and by the last of their references, if they differ from the given one."""
    if len(texts) < 2:
        return
    places = [_positions(text, _user_data(text)) or [b""] for text in texts]
    for which in (0, -1):
        numbers = [found[which][-1:] for found in places]
        order = sorted(range(len(texts)), key=numbers.__getitem__)
        if len(set(numbers)) == len(texts) and order != sorted(order):
            yield order


def _elements(header: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(header):
        length = header[at + 1]
        value = header[at + 2 : at + 2 + length]
        if len(value) < length:
            raise IndexError("an information element exceeds its header")
        yield header[at], value
        at += 2 + length
