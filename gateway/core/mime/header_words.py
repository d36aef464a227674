"""Words that mail programs show from header fields other than the subject: display names, comments, names of lists."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway.core.mime.headers import HeaderSection, decode_value, unfold

ADDRESS_FIELDS = frozenset({"from", "sender", "reply-to", "to", "cc", "bcc", "resent-from", "resent-to", "resent-cc"})
TEXT_FIELDS = frozenset(
    {
        "comments", "keywords", "organization", "organisation", "thread-topic", "content-description", "date",
        "summary", "list-id", "list-post", "list-help", "list-owner", "list-subscribe", "list-unsubscribe",
        "list-archive", "sensitivity", "x-label", "newsgroups",
    }
)  # fmt: skip
"""Fields that some program shows in the list of messages, above the text, or in its details."""

_MAX_FIELD = 4096
_MAX_FIELDS = 100
_MAX_WORDS = 20_000
_FIELDS = ADDRESS_FIELDS | TEXT_FIELDS
_ANGLED = re.compile(r"<[^<>]*>")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_MACHINE = re.compile(r"@|://|^mailto:|[\d_=+/%.][^\W\d_]|[^\W\d_][\d_=+/%.]")
"""A link, an address, or a word with digits or signs among its letters, such as an identifier."""
_MAX_WORD = 25
_DATE_WORDS = frozenset(
    "mon tue wed thu fri sat sun jan feb mar apr may jun jul aug sep oct nov dec gmt utc est edt cst cdt mst "
    "mdt pst pdt"
    .split()
)  # fmt: skip
_ORDINARY = frozenset(
    "mr mrs ms miss mx dr prof sir coach jr sr ii iii phd md the of and for via re fwd fw in reply to message "
    "from sent on undisclosed recipients list mailing school high middle elementary district office staff "
    "students teacher teachers class community team group support service services info no noreply admin "
    "normal high low urgent personal private bulk news".split()
)
"""Words of ordinary names of people, lists and offices. With those of its address they say nothing."""


def header_words(section: HeaderSection) -> str:
    """The words that programs show of these fields, one line each, without addresses, links and identifiers.

    A display name that only spells its own address, or the ordinary name of an office, is left out, and so is a word
    that the subject has.
    """
    lines: list[str] = []
    length = 0
    seen: set[bytes] = set()
    subject = section.subject.lower()
    for name, raw in section.fields:
        if name not in _FIELDS or raw in seen:
            continue
        if length > _MAX_WORDS or len(seen) >= _MAX_FIELDS:
            break
        seen.add(raw)
        value = decode_value(unfold(raw[:_MAX_FIELD]))
        pieces = _names(value) if name in ADDRESS_FIELDS else _phrases(value)
        for piece in pieces:
            if piece.lower() not in subject:
                lines.append(piece)
                length += len(piece)
    return "\n".join(dict.fromkeys(lines))


def _names(value: str) -> Iterator[str]:
    """Display names that say more than their address: each text between the addresses of a field."""
    addresses = " ".join(token for token in re.split(r"[\s<>,;]", value) if "@" in token).lower()
    for piece in re.split(r"[,;]", _ANGLED.sub(",", value)):
        words = [word for token in piece.split() if "@" not in token for word in _WORD.findall(token)]
        if any(len(word) > 1 and word.lower() not in addresses and word.lower() not in _ORDINARY for word in words):
            yield " ".join(piece.replace('"', " ").split())


def _phrases(value: str) -> Iterator[str]:
    """What a field says in words."""
    tokens = [token for token in _ANGLED.sub(" ", value).split() if len(token) <= _MAX_WORD]
    text = " ".join(token for token in tokens if not _MACHINE.search(token.rstrip(".,;:!?")))
    words = (word.lower() for word in _WORD.findall(text) if len(word) > 1)
    if not _DATE_WORDS.union(_ORDINARY).issuperset(words):
        yield text
