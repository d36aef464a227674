"""The files of a records request: messages as they arrived or redacted, and rows as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from typing import IO

from gateway.console.cases.evidence_files import media_files
from gateway.core.channels.registry import capabilities_of
from gateway.core.mime.headers import Mailbox
from gateway.core.records.masking import RecordMask
from gateway.core.review.json_rows import trace_row
from gateway.core.review.pseudonyms import fold
from gateway.core.review.views import MessageDetail
from gateway.core.serialization.json_fields import rfc3339
from gateway.ports.reports import Row

_TEXTS = ("text/plain", "text/html")


class LogFile:
    """Rows, one a line, in a temporary file."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file

    def add(self, row: object) -> None:
        """Add a row."""
        self.file.write(json.dumps(row, sort_keys=True, ensure_ascii=False).encode() + b"\n")


def json_file(value: object) -> bytes:
    """A value as a file that people can read too."""
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n"


def messages_row(detail: MessageDetail, file: str) -> Row:
    """One line of the list of messages."""
    trace = detail.trace
    return {
        **trace_row(trace), "received_at": rfc3339(trace.received_at), "subject": detail.header.subject, "file": file,
    }  # fmt: skip


def contact_rows(rows: Sequence[Row]) -> list[Row]:
    """The counters of contact. A pair is named by its two people."""
    return [{name: value for name, value in row.items() if name != "conversation"} for row in rows]


def message_files(detail: MessageDetail) -> dict[str, bytes]:
    """The content of a message as it arrived, and the media of a text, by file name. Empty if it was deleted."""
    if not detail.content:
        return {}
    id_ = detail.trace.id
    files = {f"{id_}.{capabilities_of(detail.channel).file_suffix}": detail.content}
    return files | {f"{id_}.{end}": data for end, data in media_files(detail)}


def redacted_message(detail: MessageDetail, mask: RecordMask) -> tuple[dict[str, bytes], list[str]]:
    """The visible text of a message with everybody else masked, by file name, and the names of what is missing.

    Files and pictures are left out: what they show cannot be masked.
    """
    if not detail.content:
        return {}, []
    trace = detail.trace
    learn_people(detail, mask)
    missing: list[str] = []
    texts: list[str] = []
    end = max(len(detail.parts()) - len(detail.media), 0)
    for part in detail.parts()[:end]:
        if part.media_type in _TEXTS and not part.attached and not part.unreadable:
            texts.append(mask.text(part.text))
        else:
            missing.append(f"part {part.number} ({part.media_type})")
    missing += [f"part {part.number} ({part.media_type})" for part in detail.parts()[end:]]
    body = "\n\n".join(dict.fromkeys(text for text in texts if text.strip()))
    suffix = capabilities_of(detail.channel).file_suffix
    name = f"{trace.id}.{suffix}"
    if suffix != "eml":
        return {name: body.encode("utf-8", "replace")}, missing
    message = EmailMessage(policy=SMTP.clone(cte_type="8bit"))
    for field in ("from", "to", "cc"):
        if shown := ", ".join(_shown(box, mask) for box in detail.header.mailboxes((field,))):
            message[field.title()] = shown
    message["Subject"] = " ".join(mask.text(detail.header.subject).split())
    message["Date"] = formatdate(trace.received_at)
    message.set_content(body.encode("utf-8", "replace").decode())
    return {name: message.as_bytes()}, missing


def learn_people(detail: MessageDetail, mask: RecordMask) -> None:
    """Give everybody who has a part in a message, or is named in its header, a label."""
    trace = detail.trace
    for pair in trace.relation.pairs:
        mask.add_id(pair.staff)
        mask.add_id(pair.student)
    for address in (trace.sender, *(recipient.address for recipient in trace.recipients)):
        mask.add_address(address)
    for box in detail.header.mailboxes():
        mask.add_address(box.address, box.name)


def _shown(box: Mailbox, mask: RecordMask) -> str:
    """A mailbox of a header; somebody else's has a label and an address that cannot exist (RFC 2606)."""
    label = mask.add_address(box.address, box.name)
    own = label == box.address
    name = re.sub(r"[^\w .'-]", " ", box.name if own else label).strip()
    address = box.address if own and box.address.isascii() else f"{fold(label).replace(' ', '-')}@masked.invalid"
    return f'"{name}" <{address}>' if name else address


def readme(*, redacted: bool) -> str:
    """What the files are, for whoever gets them."""
    return _REDACTED + _README if redacted else _FULL + _README


_FULL = """Everything that the message gateway of this district keeps about one person.

This is the full copy: it names other people. Do not give it out; make a redacted copy for that.
"""
_REDACTED = """What the message gateway of this district keeps about one person.

Other people are masked: "Staff A" or "Student B" is the same person in all of these files, [name], [address] and
[number] stand for others. What had to be left out is listed in left_out.json, with the reason.
"""
_README = """
messages/        each message (.eml, or .txt for a text message), and a .json file with what was found in it,
                 what was decided, and who read it
messages.jsonl   the list of these messages, one a line
person.json      who it is: addresses, buildings, accounts
contact.json     how often the person and each other person wrote, as the policy counts it
cases.json       cases with these messages
kept/            every other row that is kept: accounts, personal addresses, requests for tools, and so on
audit.jsonl      the entries of the audit log about the person and these messages
left_out.json    what is not in here, and why
manifest.json    the SHA-256 and the size of every file

Times are UTC.
"""
