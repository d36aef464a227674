"""Decodes bytes as mail programs do: the declared charset if it is valid, else UTF-8, else Windows-1252."""

from __future__ import annotations

from gateway.core.mime.charsets.look_alikes import alike_text_of_east_asia, is_utf_8
from gateway.core.mime.charsets.names import ALIASES, EBCDIC, KNOWN, codec_of
from gateway.core.mime.charsets.wide import BYTE_ORDER_MARKS, detect_wide_charset
from gateway.core.mime.charsets.written import SAMPLE, without_lone_surrogates


def to_text(data: bytes, charset: str = "utf-8") -> str:
    """Decodes bytes; never raises, and the result has no lone surrogates.

    Bytes that are invalid in the charset become U+FFFD one by one, so that a stray byte affects nothing else.
    """
    if charset == "utf-8" and data.isascii() and b"\0" not in data[:64]:
        return data.decode("ascii")
    if b"\0" in data[:64] and (detected := detect_wide_charset(data)):
        charset = detected[:6] if data.startswith(BYTE_ORDER_MARKS) else detected  # without its mark
    elif charset[:5].lower() in ("utf-1", "utf-3", "utf16", "utf32") and b"\0" not in data and is_utf_8(data):
        charset = "utf-8"  # text in two or four bytes per character is never plain ASCII, nor valid UTF-8
    name = charset.strip().strip("\"'").lower().partition("*")[0]  # RFC 2231 appends a language after an asterisk
    name = ALIASES.get(name, name)
    declared = codec_of(name) or (name if KNOWN.fullmatch(name) else "utf-8")
    if codec_of(declared) in EBCDIC and data[:SAMPLE].isascii():
        declared = "utf-8"  # letters in EBCDIC are never ASCII
    is_wide = declared.startswith(("utf-16", "utf-32", "utf16", "utf32"))
    for codec in (declared,) if is_wide and b"\0" in data else (declared, "utf-8"):
        try:
            return without_lone_surrogates(data.decode(codec))
        except (LookupError, ValueError):
            continue
    try:
        text = without_lone_surrogates(data.decode(declared, "replace"))
    except (LookupError, ValueError):
        text = data.decode("utf-8", "replace")
    if is_wide and text.count("\ufffd") * 20 <= len(text):
        return text  # a line end of one byte behind it
    # Text that mostly does not fit its declared charset is likely Windows-1252, which old mail programs wrote.
    non_ascii = len(text) - len(text.encode("ascii", "ignore"))
    if text.count("\ufffd") * 4 <= non_ascii:
        return text
    return alike_text_of_east_asia(data) or data.decode("cp1252", "replace")
