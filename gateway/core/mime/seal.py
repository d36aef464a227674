"""The seal: our own header field, which shows that a returning message has already been decided.

`X-Chaperone-Id: id; HMAC` covers the id, the envelope sender, a hash of every From, Sender, Reply-To, To, Cc, Subject,
MIME-Version and Content-* field, and the content after the header section: everything that a reader sees, and where an
answer goes. Fields that servers add on the way, such as Received, do not break it. Seals of version 0.1
cover less and are not valid: such a message is new and gets a second verdict.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator

from gateway.core.mime.headers import HeaderSection, unfold

FIELD = "X-Chaperone-Id"

_SEALED = frozenset({"from", "sender", "reply-to", "to", "cc", "subject", "mime-version"})
_NAME = re.compile(r"[!-9;-~]+")
_BLANK = re.compile(rb"\n[ \t]+\r?\n")
_VALUE = re.compile(rb"([0-9a-z]{1,64});[ \t]*([0-9a-f]{64})")


def seal(key: bytes, id: str, sender: str, section: HeaderSection, content: bytes) -> bytes:
    """The whole field with its line end, to be prepended to a content that has no seal; `section` is its header."""
    return f"{FIELD}: {id}; {_signature(key, id, sender, _digest(section, content))}\r\n".encode()


def trace_and_seal(key: bytes, id: str, sender: str, trace: bytes, section: HeaderSection, content: bytes) -> bytes:
    """The bytes to prepend to a content without a seal: normally the trace field, then the seal.

    If the first line starts with a blank, readers take it for a continuation of the field before it. That field must
    then be the trace field, because a seal followed by other words is invalid; the seal covers what readers will see.
    """
    if content.startswith((b" ", b"\t")):
        return seal(key, id, sender, HeaderSection.of(trace + content), trace + content) + trace
    return trace + seal(key, id, sender, section, content)


def verify_seal(key: bytes, sender: str, section: HeaderSection, content: bytes) -> str | None:
    """The id in a valid seal of the header section; None if there is none. `sender` is the envelope sender."""
    digest = b""  # computed once, however many copies of the field there are
    for name, raw in section.fields:
        found = _VALUE.fullmatch(unfold(raw)) if name == FIELD.lower() else None
        if found is not None:
            id, digest = found[1].decode(), digest or _digest(section, content)
            if hmac.compare_digest(_signature(key, id, sender, digest).encode(), found[2]):
                return id
    return None


def remove_seals(section: HeaderSection, content: bytes) -> tuple[HeaderSection, bytes]:
    """Header section and content without any copy of the field, including folded ones; all other bytes unchanged."""
    if FIELD.lower().encode() not in section.raw.lower():
        return section, content
    clean = b"".join(raw for name, raw in section.fields if name != FIELD.lower()) + content[len(section) :]
    return HeaderSection.of(clean), clean


def _signature(key: bytes, id: str, sender: str, digest: bytes) -> str:
    local, at, domain = sender.rpartition("@")
    address = f"{local}{at}{domain.lower()}".encode("utf-8", "surrogatepass")
    return hmac.new(key, f"seal 3 {id} {len(address)}\n".encode() + address + digest, "sha256").hexdigest()


def _digest(section: HeaderSection, content: bytes) -> bytes:
    digest = hashlib.sha256()
    # Sorted by name, because some servers reorder fields; the order of fields of the same name is kept.
    sealed = sorted(_sealed(section), key=lambda field: field[0])
    for name, value in sealed:
        digest.update(f"{len(name)} {len(value)} {name} ".encode() + value)
    digest.update(f"\n{len(sealed)}\n".encode())
    digest.update(memoryview(content)[len(section) :])
    return digest.digest()


def _sealed(section: HeaderSection) -> Iterator[tuple[str, bytes]]:
    """The fields that the seal covers, and lines that are not fields.

    Lines that are not fields, or are folded over a blank line, count: some readers show everything below as text.
    """
    for name, raw in section.fields:
        if _BLANK.search(raw):
            yield name, raw
        elif name in _SEALED or name.startswith("content-") or _NAME.fullmatch(name) is None:
            yield name, unfold(raw)
