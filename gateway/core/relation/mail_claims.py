"""What the header section of a mail says about its parties: author, reply addresses, names, and its form."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gateway.core.mime.charsets.decoding import to_text
from gateway.core.mime.headers import HeaderSection, Mailbox, unfold

_RECIPIENT_FIELDS = ("to", "cc", "resent-to", "resent-cc")
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,990}>")
_MAX_ANSWERED = 10
_BULK = frozenset({"bulk", "list", "junk"})
_BULK_FIELDS = frozenset(
    {
        "list-id",
        "list-unsubscribe",
        "list-unsubscribe-post",
        "list-post",
        "feedback-id",
        "x-campaign-id",
        "x-mailgun-tag",
    }
)


@dataclass(frozen=True, slots=True)
class MailClaims:
    """What a header section claims.

    `authors`: the mailboxes of From, Sender and Resent-From; `answer_to`: those of Reply-To; `named`: those of To and
    Cc. `subject` is decoded. `answers`: the Message-IDs that it answers, the newest first. `is_bulk`: it says that it
    was sent to many. `is_automatic`: it says that no person wrote it.
    """

    authors: Sequence[Mailbox] = ()
    answer_to: Sequence[Mailbox] = ()
    named: Sequence[Mailbox] = ()
    subject: str = ""
    answers: Sequence[str] = ()
    is_bulk: bool = False
    is_automatic: bool = False
    names: Mapping[str, tuple[str, ...]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        names: dict[str, tuple[str, ...]] = {}
        for box in self.named:
            if box.name:
                key = box.address.lower()
                names[key] = (*names.get(key, ()), box.name)
        object.__setattr__(self, "names", names)


def read_claims(section: HeaderSection) -> MailClaims:
    """The claims of a header section."""
    fields: dict[str, list[bytes]] = {}
    for name, raw in section.fields:
        fields.setdefault(name, []).append(raw)
    precedence = {unfold(raw).strip().lower().decode("latin-1") for raw in fields.get("precedence", ())}
    automatic = [unfold(raw).strip().lower() for raw in fields.get("auto-submitted", ())]
    return MailClaims(
        section.mailboxes(),
        section.mailboxes(("reply-to",)) if "reply-to" in fields else (),
        section.mailboxes(_RECIPIENT_FIELDS),
        section.subject,
        _answers(fields),
        not _BULK_FIELDS.isdisjoint(fields) or not _BULK.isdisjoint(precedence),
        any(value != b"no" for value in automatic),
    )


def _answers(fields: Mapping[str, Sequence[bytes]]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for name in ("in-reply-to", "references"):
        for raw in fields.get(name, ())[:2]:
            found |= dict.fromkeys(reversed(_MESSAGE_ID.findall(to_text(unfold(raw)[-16384:]))))
    return tuple(found)[:_MAX_ANSWERED]
