"""The start of the new text of a message: later messages of the conversation are classified with it as context."""

from __future__ import annotations

import re
from collections.abc import Iterable

from gateway.core.mime.parts import Part

EXCERPT_BYTES = 1 << 16
"""Bytes of a content that are read for its excerpt."""

_MAX_LENGTH = 2000
READABLE = ("text/plain", "text/html")
_EARLIER = (  # matched at line starts only: searching anywhere is slow on long runs of blanks
    r"(?:[ \t]*(?:On\b.{4,200}\bwrote:|El\b.{4,200}\bescribi[óo]:)[ \t]*$"
    r"|[ \t]*[-_]{2,}[ \t]*(?:Original Message|Mensaje original|Forwarded message|Mensaje reenviado)\b"
    r"|[ \t]*\*?(?:From|De):\*?[ \t].*\n[ \t]*\*?(?:Sent|Date|To|Enviado|Fecha|Para):)"
)
_EARLIER_MESSAGE = re.compile(f"^{_EARLIER}", re.IGNORECASE | re.MULTILINE)
_END_OF_TEXT = re.compile(f"^(?:{_EARLIER}|-- ?$)", re.IGNORECASE | re.MULTILINE)
"""Where an earlier message begins; the same, or a signature."""
_WRAPPED = re.compile(r"^([ \t]*(?:On|El)\b.{4,160})\n(.{0,100}(?:wrote|escribi[óo]):)", re.IGNORECASE | re.MULTILINE)


def excerpt(parts: Iterable[Part]) -> str:
    """At most 2,000 characters of the new text of the first readable part; "" if there is none.

    `parts` are those of the first EXCERPT_BYTES of a content. Quotes, forwarded messages and signatures are left out.
    """
    for part in parts:
        if part.media_type in READABLE and not part.attached and (text := new_text(part.text)):
            return text[:_MAX_LENGTH]
    return ""


def new_text(text: str, *, signature: bool = False) -> str:
    """A text without quoted lines and without everything from an earlier message or a signature on.

    `signature`: a signature is kept.
    """
    text = _WRAPPED.sub(r"\1 \2", text.replace("\r\n", "\n"))
    earlier = (_EARLIER_MESSAGE if signature else _END_OF_TEXT).search(text)
    if earlier is not None:
        text = text[: earlier.start()]
    return "\n".join(line.rstrip() for line in text.split("\n") if not line.lstrip().startswith(">")).strip()
