"""Stories: dated messages in JSON Lines, as people would send them, to try a policy on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

_KEYS = {"at", "channel", "from", "from_name", "to", "subject", "text", "in_reply_to"}


class StoryError(ValueError):
    """A line of a story is wrong. The text names the line and says how to fix it."""


@dataclass(frozen=True, slots=True)
class StoryMessage:
    """One line of a story. `at`: seconds since 1970. `in_reply_to`: the number of an earlier line, 0 for none."""

    line: int
    at: float
    channel: str
    sender: str
    recipients: tuple[str, ...]
    text: str
    sender_name: str = ""
    subject: str = ""
    in_reply_to: int = 0


def read_story(lines: Iterable[str], channels: Iterable[str], time_zone: tzinfo) -> list[StoryMessage]:
    """The messages of a story, in order. Empty lines count but are skipped. Raises StoryError.

    A time without an offset is local.
    """
    names = tuple(channels)
    found: list[StoryMessage] = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                found.append(_read(number, json.loads(line), names, time_zone, {message.line for message in found}))
            except ValueError as error:
                raise StoryError(f"line {number}: {error}") from None
    return found


def _read(number: int, row: object, channels: tuple[str, ...], time_zone: tzinfo, earlier: set[int]) -> StoryMessage:
    if not isinstance(row, Mapping):
        raise ValueError("a line is a JSON object")
    for key in row:
        if key not in _KEYS:
            raise ValueError(f"{key!r} is not a key of a story; the keys are {', '.join(sorted(_KEYS))}")
    to = row.get("to")
    recipients = (to,) if isinstance(to, str) else tuple(to) if isinstance(to, list) else ()
    if not recipients or not all(isinstance(address, str) and address for address in recipients):
        raise ValueError('"to" is a list of addresses or numbers')
    channel = row.get("channel", "mail")
    if channel not in channels:
        raise ValueError(f'"channel" is {" or ".join(channels)}, not {channel!r}')
    replied = row.get("in_reply_to") or 0
    if replied and (not isinstance(replied, int) or replied not in earlier):
        raise ValueError(f'"in_reply_to" is the number of an earlier line, not {replied!r}')
    return StoryMessage(
        number,
        _time(row.get("at"), time_zone),
        str(channel),
        _text(row, "from"),
        tuple(map(str, recipients)),
        _text(row, "text"),
        _text(row, "from_name", ""),
        _text(row, "subject", ""),
        int(replied),
    )


def _text(row: Mapping[object, object], key: str, default: str | None = None) -> str:
    value = row.get(key, default)
    if value is None and default is not None:
        return default
    if not isinstance(value, str):
        raise ValueError(f'"{key}" is a text')
    return value


def _time(value: object, time_zone: tzinfo) -> float:
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        raise ValueError(f'"at" is a time such as 2026-10-06T21:14:00-05:00, not {value!r}') from None
    return (at if at.tzinfo is not None else at.replace(tzinfo=time_zone)).timestamp()


def mail_of(message: StoryMessage, time_zone: tzinfo, domain: str) -> bytes:
    """A mail of a story as its sender's program would write it."""
    mail = EmailMessage(policy=SMTP)
    name = message.sender_name.replace("\\", "\\\\").replace('"', '\\"')
    mail["From"] = f'"{name}" <{message.sender}>' if name else message.sender
    mail["To"] = ", ".join(message.recipients)
    mail["Subject"] = " ".join(message.subject.split())
    mail["Date"] = format_datetime(datetime.fromtimestamp(message.at, time_zone))
    mail["Message-ID"] = f"<line-{message.line}@{domain}>"
    if message.in_reply_to:
        mail["In-Reply-To"] = mail["References"] = f"<line-{message.in_reply_to}@{domain}>"
    mail.set_content(message.text + "\n", charset="utf-8")
    return mail.as_bytes()
