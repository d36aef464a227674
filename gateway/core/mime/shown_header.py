"""What the console shows of a header section, decoded: the subject, fields, and the people that fields name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.core.mime.headers import HeaderSection, Mailbox, decode_value, unfold

MAX_HEADER_BYTES = 64 << 10
"""Bytes of a header section that are read for the console. Hardly any is longer."""
SHOWN_ADDRESS_FIELDS = ("from", "to", "cc", "reply-to", "sender")

_SHOWN_FIELDS = (*SHOWN_ADDRESS_FIELDS, "date", "subject")
_MAX_FIELDS, _MAX_VALUE = 40, 2000


@dataclass(frozen=True, slots=True)
class ShownHeader:
    """A header section as the console shows it. `fields`: name and value; `people`: the field and the mailbox."""

    subject: str = ""
    message_id: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    people: tuple[tuple[str, Mailbox], ...] = ()

    def mailboxes(self, names: Sequence[str] = SHOWN_ADDRESS_FIELDS) -> tuple[Mailbox, ...]:
        """The mailboxes of these fields, each once."""
        return tuple(dict.fromkeys(mailbox for field, mailbox in self.people if field in names))


def shown_header(section: HeaderSection) -> ShownHeader:
    """What is shown of a header section."""
    fields = [
        (name, decode_value(unfold(raw))[:_MAX_VALUE]) for name, raw in section.fields if name in _SHOWN_FIELDS
    ]  # fmt: skip
    people = [(field, mailbox) for field in SHOWN_ADDRESS_FIELDS for mailbox in section.mailboxes((field,))]
    return ShownHeader(section.subject, section.message_id, tuple(fields[:_MAX_FIELDS]), tuple(people))
