"""The beginning of what a message newly says: what later messages of the conversation are read with as context."""

from __future__ import annotations

import re

from gateway.core.mime.parts import parts_in_turn

_LOOKED_AT = 1 << 16
_LONGEST = 2000
_READABLE = ("text/plain", "text/html")
_EARLIER = re.compile(  # at the beginning of a line only: searched for anywhere, a long run of blanks takes for ever
    r"^(?:[ \t]*(?:On\b.{4,200}\bwrote:|El\b.{4,200}\bescribi[óo]:)[ \t]*$"
    r"|[ \t]*[-_]{2,}[ \t]*(?:Original Message|Mensaje original|Forwarded message|Mensaje reenviado)\b"
    r"|[ \t]*\*?(?:From|De):\*?[ \t].*\n[ \t]*\*?(?:Sent|Date|To|Enviado|Fecha|Para):"
    r"|-- ?$)",
    re.IGNORECASE | re.MULTILINE,
)
_WRAPPED = re.compile(r"^([ \t]*(?:On|El)\b.{4,160})\n(.{0,100}(?:wrote|escribi[óo]):)", re.IGNORECASE | re.MULTILINE)


def excerpt(content: bytes, channel: str = "mail") -> str:
    """At most 2,000 characters of the newest text of the first readable part; "" where there is none.

    Only the first 64 KiB are looked at. What is quoted, forwarded or signed is left out.
    """
    for part in parts_in_turn(content[:_LOOKED_AT], channel):
        if part.media_type in _READABLE and not part.attached and (text := newest(part.text)):
            return text[:_LONGEST]
    return ""


def newest(text: str) -> str:
    """A text without its quoted lines and without what begins with an earlier message or a signature."""
    text = _WRAPPED.sub(r"\1 \2", text.replace("\r\n", "\n"))
    earlier = _EARLIER.search(text)
    if earlier is not None:
        text = text[: earlier.start()]
    return "\n".join(line.rstrip() for line in text.split("\n") if not line.lstrip().startswith(">")).strip()
