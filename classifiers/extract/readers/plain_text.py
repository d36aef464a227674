"""Text files in any charset. Bytes that no charset turns into text are not understood."""

from __future__ import annotations

import re
from collections import Counter

from classifiers.extract.hidden_writing.codes import is_sentence
from classifiers.extract.readers.orders.looks import TextsByLook
from classifiers.extract.readers.reading import UNREADABLE, FileContent
from gateway.core.mime.charsets.decoding import to_text
from gateway.core.mime.charsets.utf_7 import UTF_7_MARKS
from gateway.core.mime.charsets.wide import detect_wide_charset

_CHARSETS = (
    "utf-8",
    "cp1252",
    "cp1251",
    "koi8-r",
    "gb18030",
    "cp932",
    "cp949",
    "big5hkscs",
    "cp1253",
    "cp1255",
    "cp1256",
    "cp874",
)
_WITH_BLANKS = frozenset(("cp1251", "koi8-r", "cp1253", "cp1255", "cp1256"))
"""Charsets of languages that write blanks between words."""
_EBCDIC = "cp037"
_SAMPLE = 4_096
_SEVEN_BITS = bytes(byte & 0x7F for byte in range(256))
_COMMONEST = b" e"
"""What is most often in a text: the blank, or in one without blanks an e."""
_ASCII = bytes((*b"\t\n\r", *range(0x20, 0x7F)))
_END_OF_FIELD = re.compile(r"(?<=[^\0]{8})\0+(?=[^\0]{8})")
"""Zero bytes that may end a field of a record, such as the name of a file before what is in it."""
_ENRICHED_PIECE = re.compile(r"<<|</?[a-zA-Z][\w-]{0,60}>|[^<]++|<")
_ENRICHED_TAG = re.compile(r"<(/?)([a-zA-Z][\w-]{0,60})>")
_LINES_OF_RICH_TEXT = frozenset("nl np lt".split())
"""Tags of rich text that stand for a sign: a new line, a new page, the sign that begins a tag."""
_MAX_OPEN, _MAX_PARAMETER = 20, 60
"""Tags that are open at once, and the characters of what a tag is told."""
_EBCDIC_LETTERS = bytes(range(0x81, 0x8A)) + bytes(range(0x91, 0x9A)) + bytes(range(0xA2, 0xAA)) + b"\x40"
"""Lowercase letters and the space."""


def decoded(data: bytes) -> str:
    """A text without a declared charset: by its mark, its zeros, or as UTF-8 or Windows-1252."""
    if data.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        return to_text(data, "utf-32")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) and not _is_ascii(data[2:_SAMPLE]):
        return to_text(data, "utf-16")
    if detect_wide_charset(data[:_SAMPLE]):
        return to_text(data, detect_wide_charset(data[:_SAMPLE]))
    if is_ebcdic(data):
        return data.decode(_EBCDIC).replace("\x85", "\n")
    if data.startswith(UTF_7_MARKS):
        return to_text(data, "utf-7")
    if data.isascii() and b"\x1b$" in data[:_SAMPLE]:
        return data.decode("iso2022_jp_ext", "replace")
    return to_text(data.removeprefix(b"\xef\xbb\xbf"), "utf-8")


def _is_ascii(data: bytes) -> bool:
    """Whether nearly all bytes are letters and signs in ASCII, as in no text of two bytes each."""
    return len(data.translate(None, _ASCII)) * 20 < len(data)


def is_ebcdic(data: bytes) -> bool:
    """Whether a text is in EBCDIC: mostly its letters and spaces, which are no text in other charsets."""
    sample = data[:_SAMPLE]
    letters = len(sample) - len(sample.translate(None, _EBCDIC_LETTERS))
    return len(sample) > 8 and letters * 10 > 7 * len(sample) and sample.count(0x40) * 20 > len(sample)


def read_text(data: bytes) -> FileContent:
    """The content of a text file. Letters that are mostly beyond ASCII must be valid in a charset."""
    content = FileContent("text")
    text = decoded(data)
    if not is_sentence(text[:_SAMPLE]) and (plain := _without_key(data)):
        content.hidden.append(plain)
    high = sum(character > "\x7f" for character in text[:_SAMPLE])
    if high * 3 > min(len(text), _SAMPLE) and not _is_valid(data, text):
        content.hidden.append(in_seven_bits(data))
        other = next(filter(None, (_decoded_as(data, name) for name in _CHARSETS)), "")
        if not other:
            content.fail(UNREADABLE, "bytes that are no text in any known charset")
            return content
        text = other
    content.text.append(text)
    if _END_OF_FIELD.search(text):
        content.hidden.append(_END_OF_FIELD.sub("\n", text))
    return content


def in_seven_bits(data: bytes) -> str:
    """A text each byte of which has its highest bit set, as from a channel with parity; "" if it is none."""
    sample = data[:_SAMPLE].translate(None, _ASCII)
    if len(sample) * 2 < min(len(data), _SAMPLE):
        return ""
    low = data.translate(_SEVEN_BITS).decode("ascii")
    return low if is_sentence(low[:_SAMPLE]) else ""


def read_enriched(text: str) -> FileContent:
    """An enriched text (RFC 1896) or a rich text (RFC 1341) as it is shown, and what words of one look say."""
    shown: list[str] = []
    open_tags: list[str] = []
    parameter: list[str] | None = None
    looks = TextsByLook()
    for piece in _ENRICHED_PIECE.findall(text.replace("\r\n", "\n")):
        tag = _ENRICHED_TAG.fullmatch(piece)
        name = tag[2].lower() if tag else ""
        if name == "param":
            parameter = None if tag and tag[1] else []
        elif parameter is not None:
            parameter.append(piece)
            if open_tags:
                open_tags[-1] = f"{open_tags[-1].partition(' ')[0]} {''.join(parameter).strip()[:_MAX_PARAMETER]}"
        elif name in _LINES_OF_RICH_TEXT:
            shown.append("\n" * (name != "lt") + "<" * (name == "lt"))
        elif tag and tag[1]:
            names = [item.partition(" ")[0] for item in open_tags]
            if name in names:
                del open_tags[len(names) - 1 - names[::-1].index(name)]
        elif tag:
            open_tags = [*open_tags[-_MAX_OPEN:], name]
        else:
            piece = "<" if piece == "<<" else piece
            shown.append(piece)
            looks.add_piece(tuple(sorted(open_tags)), piece)
    return FileContent("enriched text", ["".join(shown)], list(looks.sentences()))


def _without_key(data: bytes) -> str:
    """A text each byte of which is mixed with the same one, which the commonest byte tells; "" if it is none."""
    for commonest, _ in Counter(data[:_SAMPLE]).most_common(1):
        for sign in _COMMONEST:
            key = bytes(byte ^ commonest ^ sign for byte in range(256))
            if is_sentence(data[:_SAMPLE].translate(key).decode("latin-1")):
                return data.translate(key).decode("latin-1")
    return ""


def _is_valid(data: bytes, text: str) -> bool:
    """Whether a text was decoded as UTF-8, UTF-16 or another charset that cannot fit by chance."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or is_ebcdic(data) or detect_wide_charset(data[:_SAMPLE]):
        return "\ufffd" not in text[:_SAMPLE]
    try:
        data.decode("utf-8")
    except ValueError:
        return False
    return True


def _decoded_as(data: bytes, charset: str) -> str:
    """The text in a charset, if it is one: mostly letters, marks and spaces."""
    try:
        text = data.decode(charset)
    except (LookupError, ValueError):
        return ""
    sample = text[:_SAMPLE]
    plain = sum(
        character.isalpha() or character.isspace() or character.isdigit() or character in ".,!?-:;'\"()"
        for character in sample
    )
    has_blanks = charset not in _WITH_BLANKS or sum(map(str.isspace, sample)) * 20 >= len(sample)
    return text if plain * 100 >= 95 * len(sample) and has_blanks else ""
