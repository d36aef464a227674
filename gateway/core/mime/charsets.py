"""Decodes bytes as mail programs do: the declared charset if it is valid, else UTF-8, else Windows-1252."""

from __future__ import annotations

import re

_ALIASES = {
    # The meaning of a name to the programs that write and display it (WHATWG Encoding, section 4.2).
    "ascii": "utf-8", "us-ascii": "utf-8", "ansi_x3.4-1968": "utf-8", "iso-8859-1": "cp1252", "latin1": "cp1252",
    "latin-1": "cp1252", "iso8859-1": "cp1252", "iso_8859-1": "cp1252", "unicode-1-1-utf-8": "utf-8", "utf8": "utf-8",
    "gb2312": "gb18030", "gbk": "gb18030", "ks_c_5601-1987": "cp949", "euc-kr": "cp949", "shift_jis": "cp932",
    "shift-jis": "cp932", "sjis": "cp932", "iso-8859-9": "cp1254", "iso-8859-11": "cp874", "tis-620": "cp874",
    "windows-874": "cp874", "iso-8859-8-i": "iso-8859-8", "big5": "big5hkscs", "x-mac-roman": "mac-roman",
    "macintosh": "mac-roman",
}  # fmt: skip
_KNOWN = re.compile(
    r"utf-?(?:7|8|16|32)(?:[-_]?[lb]e)?|cp\d{3,4}|windows-?\d{3,4}|iso-?8859-\d{1,2}|iso-?2022-(?:jp|kr)(?:-\w+)?"
    r"|koi8-?[rtu]|gb18030|hz(?:-gb-2312)?|big5hkscs|euc-?(?:jp|jis-2004)|johab|mac-\w{2,12}|ibm\d{3,4}"
)
"""Only charsets that occur in mail: some other codecs of Python take quadratic time or do not decode text."""
_SURROGATES = re.compile("[\ud800-\udfff]")


def to_text(data: bytes, charset: str = "utf-8") -> str:
    """Decodes bytes; never raises, and the result has no lone surrogates.

    Bytes that are invalid in the charset become U+FFFD one by one, so that a stray byte affects nothing else.
    """
    if b"\0" in data[:64] and (detected := detect_wide_charset(data)):
        charset = detected
    elif charset[:5].lower() in ("utf-1", "utf-3", "utf16", "utf32") and b"\0" not in data and data.isascii():
        charset = "utf-8"  # text in two or four bytes per character is never plain ASCII
    name = charset.strip().strip("\"'").lower().partition("*")[0]  # RFC 2231 appends a language after an asterisk
    name = _ALIASES.get(name, name)
    declared = name if _KNOWN.fullmatch(name) else "utf-8"
    for codec in (declared, "utf-8"):
        try:
            return _SURROGATES.sub("\ufffd", data.decode(codec))
        except (LookupError, ValueError):
            continue
    try:
        text = _SURROGATES.sub("\ufffd", data.decode(declared, "replace"))
    except (LookupError, ValueError):
        text = data.decode("utf-8", "replace")
    # Text that mostly does not fit its declared charset is likely Windows-1252, which old mail programs wrote.
    non_ascii = len(text) - len(text.encode("ascii", "ignore"))
    return text if text.count("\ufffd") * 4 <= non_ascii else data.decode("cp1252", "replace")


def detect_wide_charset(data: bytes) -> str:
    """The UTF-16 or UTF-32 charset of text that does not declare it; "" if it is neither."""
    head = data[: min(len(data), 4096) & ~3]
    if len(head) < 8 or b"\0" not in head:
        return ""
    zeros = [head[at::4].count(0) * 4 / len(head) for at in range(4)]
    low, high = (zeros[0] + zeros[2]) / 2, (zeros[1] + zeros[3]) / 2
    if max(low, high) < 0.7:
        return ""
    four = min(zeros) < 0.3 and sorted(zeros)[1] > 0.7
    name = ("utf-32" if four else "utf-16") + ("-le" if high > low or (four and zeros[0] < 0.3) else "-be")
    text = head.decode(name, "replace")
    plain = sum(character.isprintable() or character in "\r\n\t" for character in text)
    return name if plain >= 0.95 * len(text) and "\ufffd" not in text[:-1] else ""
