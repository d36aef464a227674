"""What a copy of somebody's records leaves out, and why. Every omission is in a log that goes with the copy."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum


class OmissionKind(StrEnum):
    """Why something is not in a copy."""

    ATTORNEY = "attorney"
    OTHER_STUDENTS = "other_students"
    LEGAL_HOLD = "legal_hold"
    INVESTIGATION = "ongoing_investigation"
    EXPIRED = "expired"
    SECRET = "secret"


REASONS = {
    OmissionKind.ATTORNEY: "It was written to or by the district's attorney.",
    OmissionKind.OTHER_STUDENTS: "It may show other people, and their names cannot be masked in a file.",
    OmissionKind.LEGAL_HOLD: "It is under a legal hold: the district's attorney decides about it.",
    OmissionKind.INVESTIGATION: "It belongs to a case that is still open.",
    OmissionKind.EXPIRED: "Its retention period has ended, and the content was deleted.",
    OmissionKind.SECRET: "It is a password, a key or a code, and no record about the person.",
}


@dataclass(frozen=True, slots=True)
class Omission:
    """One thing that was left out: `what` names a message, a file or a table, without content."""

    kind: OmissionKind
    what: str

    def row(self) -> dict[str, str]:
        """For the log."""
        return {"what": self.what, "category": self.kind.value, "why": REASONS[self.kind]}


def withheld(
    addresses: Collection[str], attorneys: Collection[str], *, legal_hold: bool, open_case: bool
) -> OmissionKind | None:
    """Why a redacted copy leaves a whole message out; None if it does not. Attorneys are addresses and domains."""
    for address in addresses:
        lower = address.lower()
        if lower in attorneys or lower.rpartition("@")[2] in attorneys:
            return OmissionKind.ATTORNEY
    if legal_hold:
        return OmissionKind.LEGAL_HOLD
    return OmissionKind.INVESTIGATION if open_case else None
