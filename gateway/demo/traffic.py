"""Sample traffic: invented messages of a school week, sent over SMTP at the pace of somebody who watches."""

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

from gateway.demo.phones import Text

PASSED = "passed"
"""The expectation of a message out of scope; the others are the actions of a decision."""

_FIRST = 4  # messages that come at once, so that the first held one is seen within seconds
_QUICK = 0.6
_CALM = 5.0


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample message, still without its date. `expect` are the outcomes that a careful reader would call right."""

    sender: str
    recipients: tuple[str, ...]
    subject: str
    message_id: str
    note: str
    expect: tuple[str, ...]
    content: bytes


def samples(names: Mapping[str, str], run: str) -> list[Sample]:
    """All sample messages in order; `run` tells this run's Message-IDs from those of others.

    `names` gives the display name of an address that the traffic file writes alone.
    """
    written = tomllib.loads((files("gateway.demo") / "traffic.toml").read_text(encoding="utf-8"))["message"]
    ids = {each["subject"]: f"<{run}.{number:02d}@riverbend.example>" for number, each in enumerate(written, 1)}
    return [_sample(each, names, ids) for each in written]


def sample_texts() -> list[Text]:
    """All sample texts in order."""
    written = tomllib.loads((files("gateway.demo") / "traffic.toml").read_text(encoding="utf-8"))["text"]
    return [
        Text(
            str(each["from"]), str(each["to"]), " ".join(str(each["text"]).split()), str(each["note"]),
            tuple(_texts(each["expect"])), bool(each.get("phone", False)),
        )
        for each in written
    ]  # fmt: skip


def pauses() -> Iterator[float]:
    """Seconds from the start of one message to the start of the next: a few quick ones, then calm."""
    yield from (_QUICK for _ in range(_FIRST))
    while True:
        yield _CALM


async def send(sample: Sample, smtp: str, now: datetime, timeout: float = 30.0) -> None:
    """Hand one message, dated `now` (with a time zone), to the gateway at host:port.

    Raises aiosmtplib.SMTPException where it is not taken, also where only some recipients are, and OSError.
    """
    content = f"Date: {format_datetime(now)}\r\n".encode() + sample.content
    host, _, port = smtp.rpartition(":")
    refused, _reply = await aiosmtplib.send(
        content, sender=sample.sender, recipients=list(sample.recipients), hostname=host, port=int(port),
        start_tls=False, timeout=timeout, local_hostname="mail.riverbend.example",
    )  # fmt: skip
    for answer in refused.values():
        raise aiosmtplib.SMTPResponseException(answer.code, answer.message)


def _sample(written: Mapping[str, object], names: Mapping[str, str], ids: Mapping[str, str]) -> Sample:
    sender = _mailbox(str(written["from"]), names)
    recipients = [_mailbox(each, names) for each in _texts(written["to"])]
    title = str(written["subject"])
    message = EmailMessage(policy=email.policy.SMTP)
    message["From"] = formataddr(sender)
    message["To"] = ", ".join(formataddr(each) for each in recipients)
    message["Subject"] = title
    message["Message-ID"] = ids[title]
    if "answers" in written:
        message["In-Reply-To"] = message["References"] = ids[str(written["answers"])]
    message.set_content(str(written["text"]).strip() + "\n")
    if "html" in written:
        message.add_alternative(str(written["html"]).strip() + "\n", subtype="html")
    return Sample(
        sender=sender[1],
        recipients=tuple(address for _, address in recipients),
        subject=title,
        message_id=ids[title],
        note=str(written["note"]),
        expect=tuple(_texts(written["expect"])),
        content=message.as_bytes(),
    )


def _mailbox(written: str, names: Mapping[str, str]) -> tuple[str, str]:
    name, address = parseaddr(written)
    return name or names.get(address.lower(), ""), address


def _texts(value: object) -> Sequence[str]:
    return [str(each) for each in value] if isinstance(value, list) else []
