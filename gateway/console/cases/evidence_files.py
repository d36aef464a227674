"""The files of an evidence pack: JSON records of a message and of the case, media files, and the README."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from mimetypes import guess_extension

from gateway.console.cases.service import CaseReading
from gateway.console.messages.names import PairView, PersonView
from gateway.console.messages.view import ClauseReason, PartView
from gateway.console.policy.version import PolicyVersion
from gateway.console.web.labels import describe_entry
from gateway.core.policy.decision import AuditEntry
from gateway.core.review.json_rows import trace_row
from gateway.core.review.views import MessageDetail, RecipientTrace
from gateway.core.serialization.json_fields import rfc3339
from gateway.core.serialization.wire import encode_verdict


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One message of the pack. `file` is the path of its content, "" if the content has expired."""

    detail: MessageDetail
    file: str
    title: object
    parts: Sequence[PartView]
    clause_reasons: Sequence[ClauseReason]
    sender: PersonView
    recipients: Sequence[tuple[RecipientTrace, PersonView]]
    pairs: Sequence[PairView]
    entries: Sequence[AuditEntry]
    policy: PolicyVersion  # the policy that decided it


def json_line(value: object) -> bytes:
    """A JSON value on one line, with sorted keys."""
    return json.dumps(value, sort_keys=True).encode() + b"\n"


def media_files(detail: MessageDetail) -> Iterator[tuple[str, bytes]]:
    """The media of a text message: the end of the file name, which starts with the part's number, and the content."""
    for file in detail.media:
        if file.content and not file.failed:
            kind = file.media_type or "application/octet-stream"
            suffix = ".txt" if kind == "text/html" else guess_extension(kind)
            yield f"{file.number + 1}{suffix or '.bin'}", file.content


def message_record(exhibit: Exhibit) -> dict[str, object]:
    """One message for programs: decisions, verdict as recorded, and the people behind the addresses."""
    detail, trace = exhibit.detail, exhibit.detail.trace
    people = [exhibit.sender, *(person for _, person in exhibit.recipients)]
    return {
        **trace_row(trace),
        "file": exhibit.file or None,
        "received_at": rfc3339(trace.received_at),
        "reasons": list(trace.reasons),
        "policy": detail.policy,
        "decisions": [
            {
                "recipient": recipient.address, "state": recipient.state, "since": rfc3339(recipient.at),
                "by": recipient.decided_by,
                "at": None if recipient.decided_at is None else rfc3339(recipient.decided_at),
            }
            for recipient in trace.recipients
        ],
        "pairs": [
            {
                "staff": pair.staff, "student": pair.student, "direction": pair.direction,
                "own_child": pair.own_child, "outside": pair.outside, "claimed": pair.claimed,
                "recipient": pair.recipient,
            }
            for pair in trace.relation.pairs
        ],
        "people": {person.address: person.name for person in people},
        "verdict": json.loads(encode_verdict(detail.verdict)) if detail.verdict else None,
        "acts": [entry_record(entry) for entry in exhibit.entries],
    }  # fmt: skip


def case_record(reading: CaseReading) -> dict[str, object]:
    """The case for programs."""
    file = reading.file
    return {
        "id": file.id, "title": file.title, "severity": file.severity, "assignee": file.assignee,
        "due_at": None if file.due_at is None else rfc3339(file.due_at), "opened_by": file.opened_by,
        "opened_at": rfc3339(file.opened_at), "outcome": file.outcome, "closed_by": file.closed_by,
        "closed_at": None if file.closed_at is None else rfc3339(file.closed_at), "messages": list(file.messages),
        "legal_holds": [
            {"message": hold.message, "reason": hold.reason, "by": hold.by, "at": rfc3339(hold.at)}
            for hold in reading.holds.values()
        ],
    }  # fmt: skip


def entry_record(entry: AuditEntry) -> dict[str, object]:
    """An entry of the audit log for programs, with its text for people."""
    return {
        "at": rfc3339(entry.at), "actor": entry.actor, "act": entry.act, "subject": entry.subject,
        "detail": dict(entry.detail), "in_words": describe_entry(entry),
    }  # fmt: skip


README = """Evidence of one case, exported by Chaperone, the message gateway of a school district.

index.html        everything on one page; open it in any browser, without a network
messages/         each message byte for byte as it arrived (.eml, or .txt for a text message, with its media files),
                  and a .json file with the findings and with who decided what and why
policies/         the policy files that the decisions were based on, by hash (.toml), and the text that the
                  district had adopted at that time (.md)
case.json         the case itself; times in JSON files are UTC, times on the page are the district's
audit.jsonl       the rows of the audit log about the case and its messages; each row has the hash that
                  links it to the row before it
manifest.json     the SHA-256 of every file here, and of all of them together
verify.py         checks everything offline, with Python 3.8 or newer and nothing else:

    python3 verify.py                       in this folder
    python3 verify.py PACK.zip              the zip file as it was handed over
    python3 verify.py PACK.zip --expect H   H: the manifest's hash in the gateway's audit log ("evidence exported")

It prints "Whole" and exits with 0, or names every file that was changed, removed or added, and exits with 1. A whole
pack proves that nothing was changed after the export. --expect proves that the gateway made the export.
"""
