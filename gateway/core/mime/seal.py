"""The seal: our own header field, by which a message that comes back is known to be decided already.

`X-Chaperone-Id: id; HMAC` covers the id and a hash of every From, Subject, MIME-Version and Content-* field and of the
content after the header section: all that a reader is shown. What servers add on the way (Received and the like) does
not break it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator

from gateway.core.mime.headers import fields, header_section, unfolded

FIELD = "X-Chaperone-Id"

_SEALED = frozenset({"from", "subject", "mime-version"})
_NAME = re.compile(r"[!-9;-~]+")
_BLANK = re.compile(rb"\n[ \t]+\r?\n")
_VALUE = re.compile(rb"([0-9a-z]{1,64});[ \t]*([0-9a-f]{64})")


def seal(key: bytes, id: str, content: bytes) -> bytes:
    """The whole field, line end included, to be prepended to a content that has none."""
    return f"{FIELD}: {id}; {_signature(key, id, _digest(content))}\r\n".encode()


def in_front(key: bytes, id: str, trace: bytes, content: bytes) -> bytes:
    """What is prepended to a content that has no seal: the trace field and the seal, in this order.

    Where the first line begins with a blank it is no field, and a reader takes it for the rest of the field before it:
    that is then the trace field, for a seal with words behind it is none, and the seal is taken as it will be read.
    """
    if content.startswith((b" ", b"\t")):
        return seal(key, id, trace + content) + trace
    return trace + seal(key, id, content)


def opened(key: bytes, content: bytes) -> str | None:
    """The id that a valid seal in the header section names; None where there is none."""
    digest = b""  # taken once, however many copies of the field there are
    for name, raw in fields(header_section(content)):
        found = _VALUE.fullmatch(unfolded(raw)) if name == FIELD.lower() else None
        if found is not None:
            id, digest = found[1].decode(), digest or _digest(content)
            if hmac.compare_digest(_signature(key, id, digest).encode(), found[2]):
                return id
    return None


def without_seals(content: bytes) -> bytes:
    """The content without any copy of the field in its header section, folded ones too; else byte for byte as it is."""
    section = header_section(content)
    if FIELD.lower().encode() not in section.lower():
        return content
    return b"".join(raw for name, raw in fields(section) if name != FIELD.lower()) + content[len(section) :]


def received_count(section: bytes) -> int:
    """How many servers a message has passed: its Received fields."""
    return sum(name == "received" for name, _ in fields(section))


def _signature(key: bytes, id: str, digest: bytes) -> str:
    return hmac.new(key, f"seal 2 {id}\n".encode() + digest, "sha256").hexdigest()


def _digest(content: bytes) -> bytes:
    section = header_section(content)
    digest = hashlib.sha256()
    # By name, because some servers order fields anew; the order within a name stays what it is.
    sealed = sorted(_sealed(section), key=lambda each: each[0])
    for name, value in sealed:
        digest.update(f"{len(name)} {len(value)} {name} ".encode() + value)
    digest.update(f"\n{len(sealed)}\n".encode())
    digest.update(memoryview(content)[len(section) :])
    return digest.digest()


def _sealed(section: bytes) -> Iterator[tuple[str, bytes]]:
    """Also what is no field, or is folded over a blank line: some readers take all below it for the text."""
    for name, raw in fields(section):
        if _BLANK.search(raw):
            yield name, raw
        elif name in _SEALED or name.startswith("content-") or _NAME.fullmatch(name) is None:
            yield name, unfolded(raw)
