"""Values in XML and HTML files: `data:` URLs and codes of symbols."""

from __future__ import annotations

import binascii
import re
from urllib.parse import unquote_to_bytes

from classifiers.extract.readers.reading import InnerFile

_DATA_URL = re.compile(r"data:([\w.+/-]{0,100})((?:;[^;,\"']{0,100}){0,8}),", re.IGNORECASE)

_HEADER_CODE = re.compile(r"&(?:\"[^\"]{0,100}\"|K[0-9A-Fa-f]{6}|\d{1,3}|[A-Za-z&])")


def read_data_url(url: str) -> InnerFile | None:
    """The file in a `data:` URL (RFC 2397); None if it is not one."""
    found = _DATA_URL.match(url)
    if found is None:
        return None
    raw = unquote_to_bytes(url[found.end() :])
    if "base64" in found[2].lower():
        letters = re.sub(rb"[^A-Za-z0-9+/_-]", b"", raw).translate(bytes.maketrans(b"-_", b"+/"))
        try:
            raw = binascii.a2b_base64(letters[: len(letters) - (len(letters) % 4 == 1)] + b"==")
        except ValueError:
            return InnerFile("", raw, found[1].lower())
    return InnerFile("", raw, found[1].lower() or "text/plain")


def symbol_of(code: str) -> str:
    """The character of a symbol: fonts for symbols have theirs from U+F000."""
    try:
        number = int(code, 16)
    except ValueError:
        return ""
    return (
        chr(number - 0xF000 if 0xF000 <= number <= 0xF0FF else number)
        if 0 < number < 0xD800 or number >= 0xE000
        else ""
    )


def header_text(header: str) -> str:
    """A header or footer of a sheet without the codes for fonts, sizes and fields between its letters."""
    return _HEADER_CODE.sub(lambda code: "&" if code[0] == "&&" else "", header) if "&" in header else header
