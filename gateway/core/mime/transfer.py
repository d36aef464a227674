"""Content transfer encodings (RFC 2045 section 6): the decoding of most mail programs, and the others that occur."""

from __future__ import annotations

import binascii
import re
from contextlib import suppress

from gateway.core.mime.charsets.wide import detect_wide_charset
from gateway.core.mime.encoded_words import decode_base64

ENCODINGS = frozenset(
    {"", "7bit", "8bit", "binary", "base64", "quoted-printable", "x-uuencode", "uuencode", "x-uue", "uue"}
)
IDENTITY = frozenset({"", "7bit", "8bit", "binary"})

_UU = frozenset({"x-uuencode", "uuencode", "x-uue", "uue"})
_NOT_ALPHABET = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"))
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_MALFORMED_QP = re.compile(rb"=(?!\r?\n|[0-9A-Fa-f]{2})")
_SOFT_BREAK = re.compile(rb"=[ \t\r]*(?:\n|\Z)")
_HEX = re.compile(rb"=\s?([0-9A-Fa-f]{2})")
_PRINTABLE_HEX = re.compile(rb"=([2-7][0-9A-Fa-f])")
_QP_SIGN = re.compile(rb"=(?:[0-9A-F]{2}|\r?\n)")
_QP_TEXT = re.compile(
    rb"(?:=[0-9A-F]{2}){4}|=(?:20|3D)\r?\n|^[^ \r\n]*+ [^\r\n]*[^\s=]=\r?\n\S"
    rb"|(?:\b\w{0,12}=[2-7][0-9A-F]\w{0,12}[ ,.]+){2}|(?:\w{0,12}=[2-7][0-9A-F]){5}",
    re.MULTILINE,
)
"""Quoted-printable in a body that does not declare it."""
_QP_TWICE = re.compile(rb"=3D[2-7][0-9A-F][^\r\n]*?=3D[2-7][0-9A-F]")
_QP_LETTERS = re.compile(
    rb"=(?<=[A-Za-z]=)(?:6[1-9A-F]|7[0-9A])(?!p[xt]|em)[A-Za-z=]"
    rb"[^\r\n]*?(?<=[A-Za-z])=(?:6[1-9A-F]|7[0-9A])(?!p[xt]|em)[A-Za-z=]"
)
"""Two signs of it in one line. Each pattern begins with a sign, so that it is looked for fast."""
_BASE64_LINE = re.compile(rb"^[^A-Za-z0-9+/_\n-]{0,9}([A-Za-z0-9+/_-]{4,}={0,2})[^A-Za-z0-9+/_\n-]{0,3}$", re.MULTILINE)
_NO_WORDS = re.compile(rb"[0-9+/=]|[a-z][A-Z]{1,9}[a-z]")
"""What base64 has in nearly every block, and lines of a single word do not have."""
_BLANK_INSIDE = re.compile(rb"[A-Za-z0-9+/][ \t]+[A-Za-z0-9+/]")
"""Words among lines of base64: they are letters of its alphabet too."""
_SAMPLE, _MIN_BLANKS = 4000, 5
_JUNK = re.compile(rb"(?<=[A-Za-z0-9+/=]{8})[^A-Za-z0-9+/=\s]{1,3}(?=[A-Za-z0-9+/]{8})")
"""What may stand in a line of base64 that some decoders pass over."""
_CODED_LETTER = re.compile(rb"[A-Za-z]=(?:6[1-9A-F]|7[0-9A])[A-Za-z]")
_MAX_LAYERS = 3
"""How often a text may be encoded."""
_MAX_LAYERED = 24
"""Decodings of a text that are tried, at most."""
_MIN_ALPHABET = 5
"""Different characters that base64 has beyond those of rules and blanks to fill in."""
_MIN_BLOCK = 24
"""Characters of base64 in a text that are worth decoding: 18 bytes."""
_UU_BEGIN = re.compile(rb"^begin(?:-base64)? [0-7]{3,4} [^\r\n]{0,200}\r?\n", re.MULTILINE)
_SMALL_LETTER = re.compile(rb"[a-z]")
_ARMOR = re.compile(rb"\s*+-----BEGIN PGP (?:SIGNATURE|PUBLIC KEY BLOCK)-----")
"""How a body begins that is a PGP key or signature."""
_UU_END = re.compile(rb"^end[ \t]*\r?$", re.MULTILINE)

FILE_MARKS = (
    b"%PDF-", b"{\\rtf", b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"7z\xbc\xaf'\x1c",
    b"Rar!\x1a", b"MSCF\0", b"\x28\xb5\x2f\xfd", b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*",
    b"RIFF", b"]\0\0",
)  # fmt: skip
"""How files begin that are no text, or text in part: they are read as files."""


def decode(encoding: str, raw: bytes) -> bytes:
    """The bytes of a body as most mail programs decode them. An unknown encoding leaves them as they are."""
    if encoding == "base64":
        return decode_base64(raw)
    if encoding == "quoted-printable":
        return binascii.a2b_qp(raw)
    return decode_uu(raw) if encoding in _UU else raw


def decode_uu(raw: bytes) -> bytes:
    """The file that is uuencoded between a "begin" and an "end" line; everything if there is no "begin"."""
    _, begin, rest = raw.partition(b"begin ")
    if not begin:
        return raw
    found = []
    for line in rest.split(b"\n")[1:]:
        line = line.rstrip(b"\r")
        if line in (b"", b"`", b"end"):
            continue
        # Some encoders write more characters than the length at the start of the line.
        with suppress(binascii.Error):
            found.append(binascii.a2b_uu(line[: 1 + (((line[0] - 32) & 63) + 2) // 3 * 4]))
    return b"".join(found)


def other_decodings(encoding: str, raw: bytes) -> list[bytes]:
    """What programs that decode a body in another way may get: nothing for a well-formed body. At most ten.

    Programs differ in what they do with bytes that do not belong to base64 or quoted-printable, with what follows a
    padding, and with a body whose encoding is not the declared one.
    """
    found: list[bytes] = []
    if encoding == "base64":
        found = _other_base64(raw)
    elif encoding == "quoted-printable":
        if _MALFORMED_QP.search(raw):
            found = [_HEX.sub(_byte, _SOFT_BREAK.sub(b"", raw))]
    elif encoding in _UU:
        found = _outside_uu(raw)
    elif _QP_SIGN.search(raw) and (_QP_TWICE.search(raw) or _QP_LETTERS.search(raw) or _QP_TEXT.search(raw)):
        found = [_undeclared_quoted(raw)]
    is_quoted = encoding == "quoted-printable" and b"=" in raw.rstrip(b"= \t\r\n")
    if encoding != "base64" and not is_quoted:
        found += decoded_blocks(raw)
    return found


def layered_decodings(encoding: str, raw: bytes) -> list[bytes]:
    """`other_decodings`, and those of what they lead to: a text may be encoded several times."""
    return _with_layers(other_decodings(encoding, raw))


def source_decodings(raw: bytes) -> list[bytes]:
    """What encoded lines or letters say in a source that no part has, which a program may show as text."""
    found = other_decodings("", raw)
    if begin := _UU_BEGIN.search(raw):
        found.append(decode_uu(raw[begin.start() :]))
    if _JUNK.search(raw):
        found += decoded_blocks(_JUNK.sub(b"", raw))
    if _CODED_LETTER.search(raw):
        found.append(_undeclared_quoted(raw))
    return _with_layers(found)


def _with_layers(found: list[bytes]) -> list[bytes]:
    layer = found
    for _ in range(1, _MAX_LAYERS):
        layer = [data for outer in layer for data in other_decodings("", outer) if data != outer]
        layer = [data for data in dict.fromkeys(layer) if data not in found][: _MAX_LAYERED - len(found)]
        if not layer:
            break
        found = found + layer
    return found


def _undeclared_quoted(raw: bytes) -> bytes:
    """Quoted-printable decoded; of a text that is not UTF-8 then, only the printable characters."""
    raw = _SOFT_BREAK.sub(b"", raw)
    data = _HEX.sub(_byte, raw)
    try:
        data.decode()
    except UnicodeDecodeError:
        if data.count(0) * 3 > len(data) or detect_wide_charset(data):  # letters of several bytes
            return data
        return _PRINTABLE_HEX.sub(_byte, raw)
    return data


def is_no_base64(raw: bytes) -> bool:
    """Whether a body that is declared as base64 is words instead."""
    return len(_BLANK_INSIDE.findall(raw[:_SAMPLE])) > _MIN_BLANKS


def decoded_blocks(raw: bytes) -> list[bytes]:
    """What blocks of base64 lines inside a body decode to: the four longest. What reads PGP keys decodes those."""
    if _ARMOR.match(raw) and raw.rstrip().endswith(b"-----"):
        return []
    long = [joined for _, _, joined in _blocks(raw) if len(set(joined[:200])) > _MIN_ALPHABET]
    return [decode_base64(block.translate(_URL_SAFE)) for block in sorted(long, key=len, reverse=True)[:4]]


def without_blocks(raw: bytes) -> bytes:
    """A body without its blocks of base64 lines. Lines of single words stay."""
    pieces, at = [], 0
    for start, end, _ in _blocks(raw):
        if _NO_WORDS.search(raw, start, end) is None:
            continue
        pieces.append(raw[at:start])
        at = end
    return b"".join((*pieces, raw[at:]))


def _blocks(raw: bytes) -> list[tuple[int, int, bytes]]:
    """Runs of base64 lines: start, end, and their letters together."""
    blocks: list[tuple[int, int, list[bytes]]] = []
    for line in _BASE64_LINE.finditer(raw):
        if blocks and line.start() - blocks[-1][1] <= 2:
            start, _, pieces = blocks.pop()
            pieces.append(line[1])
            blocks.append((start, line.end(), pieces))
        else:
            blocks.append((line.start(), line.end(), [line[1]]))
    joined = ((start, end, b"".join(pieces)) for start, end, pieces in blocks)
    return [block for block in joined if len(block[2]) >= _MIN_BLOCK]


def _other_base64(raw: bytes) -> list[bytes]:
    try:
        binascii.a2b_base64(raw.translate(None, b" \t\r\n"), strict_mode=True)
        if not _BLANK_INSIDE.search(raw):
            return []
    except binascii.Error:
        pass
    joined = raw.translate(None, _NOT_ALPHABET)
    found = [_decode_quads(joined[shift:]) for shift in range(4)]
    found.append(b"".join(_decode_quads(piece.translate(None, _NOT_ALPHABET)) for piece in raw.split(b"=")))
    found.append(b"".join(_decode_quads(line.translate(None, _NOT_ALPHABET)) for line in raw.split(b"\n")))
    if b"-" in raw or b"_" in raw:
        found.append(_decode_quads(raw.translate(_URL_SAFE).translate(None, _NOT_ALPHABET)))
    found.append(without_blocks(raw))  # a footer, or text that is not encoded at all
    return found


def _decode_quads(letters: bytes) -> bytes:
    letters = letters[: len(letters) - (len(letters) % 4 == 1)]
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))


def _byte(found: re.Match[bytes]) -> bytes:
    return bytes((int(found[1], 16),))


def _outside_uu(raw: bytes) -> list[bytes]:
    """The text before, in and after a uuencoded file, and the file if it is written in base64 (begin-base64)."""
    begin = _UU_BEGIN.search(raw)
    if begin is None:
        return [raw]
    end = _UU_END.search(raw, begin.end())
    inside = raw[begin.end() : end.start() if end else len(raw)].split(b"\n")
    lines = [line for line in inside if not _is_uu_line(line.rstrip(b"\r"))]
    return [b"\n".join([raw[: begin.start()], *lines, raw[end.end() :] if end else b""])]


def _is_uu_line(line: bytes) -> bool:
    """Whether a line has only characters of the encoding, which has no small letters."""
    return _SMALL_LETTER.search(line) is None
