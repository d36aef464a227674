"""The demo's sample traffic: invented messages of a school week, and how they are sent over SMTP."""

from __future__ import annotations

import email.policy
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, formataddr, parseaddr
from importlib.resources import files

import aiosmtplib

from gateway.demo.phones import SampleText

PASSED = "passed"
"""What is expected of a message out of scope; the other expectations are actions of a decision."""

_QUICK_MESSAGES = 4  # sent at once, so that the first held message is seen within seconds
_QUICK_PAUSE = 0.6
_PAUSE = 5.0


@dataclass(frozen=True, slots=True)
class SampleMail:
    """One sample message, still without its date. `expect` lists the actions that a careful reader would accept."""

    sender: str
    recipients: tuple[str, ...]
    subject: str
    message_id: str
    note: str
    expect: tuple[str, ...]
    content: bytes


def sample_mails(names: Mapping[str, str], run: str) -> list[SampleMail]:
    """All sample mail in order. `run` makes this run's Message-IDs unique.

    `names` gives the display name of an address that the traffic file writes without one.
    """
    rows = tomllib.loads((files("gateway.demo") / "traffic.toml").read_text(encoding="utf-8"))["message"]
    ids = {row["subject"]: f"<{run}.{number:02d}@riverbend.example>" for number, row in enumerate(rows, 1)}
    return [_sample(row, names, ids) for row in rows]


def sample_texts() -> list[SampleText]:
    """All sample texts in order."""
    rows = tomllib.loads((files("gateway.demo") / "traffic.toml").read_text(encoding="utf-8"))["text"]
    return [
        SampleText(
            str(row["from"]), str(row["to"]), " ".join(str(row["text"]).split()), str(row["note"]),
            tuple(_strings(row["expect"])), bool(row.get("phone", False)),
        )
        for row in rows
    ]  # fmt: skip


def pauses() -> Iterator[float]:
    """Seconds from the start of one message to the start of the next: short at first, then longer."""
    yield from (_QUICK_PAUSE for _ in range(_QUICK_MESSAGES))
    while True:
        yield _PAUSE


async def send(sample: SampleMail, smtp: str, now: datetime, timeout: float = 30.0) -> None:
    """Send one message, dated `now` (with a time zone), to the gateway at host:port.

    Raises aiosmtplib.SMTPException if the message or any recipient is refused, and OSError.
    """
    content = f"Date: {format_datetime(now)}\r\n".encode() + sample.content
    host, _, port = smtp.rpartition(":")
    refused, _reply = await aiosmtplib.send(
        content, sender=sample.sender, recipients=list(sample.recipients), hostname=host, port=int(port),
        start_tls=False, timeout=timeout, local_hostname="mail.riverbend.example",
    )  # fmt: skip
    for answer in refused.values():
        raise aiosmtplib.SMTPResponseException(answer.code, answer.message)


def _sample(row: Mapping[str, object], names: Mapping[str, str], ids: Mapping[str, str]) -> SampleMail:
    sender = _mailbox(str(row["from"]), names)
    recipients = [_mailbox(text, names) for text in _strings(row["to"])]
    title = str(row["subject"])
    message = EmailMessage(policy=email.policy.SMTP)
    message["From"] = formataddr(sender)
    message["To"] = ", ".join(formataddr(recipient) for recipient in recipients)
    message["Subject"] = title
    message["Message-ID"] = ids[title]
    if "answers" in row:
        message["In-Reply-To"] = message["References"] = ids[str(row["answers"])]
    message.set_content(str(row["text"]).strip() + "\n")
    if "html" in row:
        message.add_alternative(str(row["html"]).strip() + "\n", subtype="html")
    return SampleMail(
        sender=sender[1],
        recipients=tuple(address for _, address in recipients),
        subject=title,
        message_id=ids[title],
        note=str(row["note"]),
        expect=tuple(_strings(row["expect"])),
        content=message.as_bytes(),
    )


def _mailbox(text: str, names: Mapping[str, str]) -> tuple[str, str]:
    name, address = parseaddr(text)
    return name or names.get(address.lower(), ""), address


def _strings(value: object) -> Sequence[str]:
    return [str(item) for item in value] if isinstance(value, list) else []
