"""Notices: mail that tells the district's people, or a sender, what happened. Never any of a message's content."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from textwrap import wrap
from zoneinfo import ZoneInfo

from gateway.core.fields import from_rfc3339
from gateway.core.followup import Follow, Followup
from gateway.core.letter import encoding, field, head, to_bytes


@dataclass(frozen=True, slots=True)
class _Case:
    """What a notice may say."""

    id: str
    received: str
    at: str
    recipients: Sequence[str]
    clauses: Sequence[str]
    titles: Sequence[str]
    console_url: str
    district: str

    @property
    def link(self) -> str:
        """The signed-in page of the message."""
        return f"{self.console_url}/messages/{self.id}"


def notice_content(
    followup: Followup, recipients: Sequence[str], *, sender: str, console_url: str, hostname: str, district: str,
    time_zone: str, name: str, at: float,
) -> bytes:  # fmt: skip
    """The whole notice that a HELP_ALERT, LATE or REJECTION followup asks for.

    `console_url` begins the links, `time_zone` names the district's clock, `name` is an id made for this notice.
    """
    body = followup.body
    zone = ZoneInfo(time_zone)
    case = _Case(
        followup.message,
        _clock(str(body["received_at"]), zone),
        _clock(str(body["at"]), zone),
        _texts(body.get("recipients")),
        _texts(body.get("clauses")),
        _texts(body.get("titles")),
        console_url.rstrip("/"),
        district,
    )
    subject, paragraphs = _WRITES[followup.kind](case)
    lines = "\n\n".join(each if each.startswith("  ") else "\n".join(_wrapped(each)) for each in paragraphs).split("\n")
    text = b"".join(to_bytes(line) + b"\r\n" for line in lines)
    letter = head(
        sender=sender, shown="Chaperone", to=recipients, subject=subject, name=name, hostname=hostname, at=at,
        replied=followup.kind is Follow.REJECTION,
    )  # fmt: skip
    return letter + field("Content-Type", "text/plain; charset=utf-8") + encoding(text) + b"\r\n" + text


def _wrapped(paragraph: str) -> list[str]:
    return wrap(paragraph, 76, break_long_words=False, break_on_hyphens=False)


def _clock(time: str, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(from_rfc3339(time), UTC).astimezone(zone).strftime("%Y-%m-%d %H:%M %Z")


def _texts(value: object) -> Sequence[str]:
    return [" ".join(str(each).split()) for each in value] if isinstance(value, list | tuple) else []


def _facts(case: _Case, *more: str) -> str:
    return "\n".join(("  Message   " + case.id, "  Received  " + case.received, *more))


def _clauses(case: _Case) -> str:
    titles = [*case.titles, *[""] * len(case.clauses)]
    return ", ".join(f"{clause} {title}".strip() for clause, title in zip(case.clauses, titles, strict=False))


def _help_alert(case: _Case) -> tuple[str, Sequence[str]]:
    return "A student may be asking for help", (
        "A student has written to a member of staff, and the message reads like a call for help. It has been "
        "delivered as it is; nothing was held back.",
        "Please look at it now, and see that somebody talks with the student today. Where anybody may be in danger, "
        "follow the emergency procedure of your district first.",
        "  " + case.link,
        _facts(case),
        "This notice says nothing of the message or of the people in it, on purpose: the page asks you to sign in.",
    )


def _late(case: _Case) -> tuple[str, Sequence[str]]:
    return "Delivered before it could be checked", (
        "A message was delivered because it could not be checked in time. It has been checked since, and would have "
        "been held for an administrator.",
        "Please look at it, and decide whether anything needs to follow.",
        "  " + case.link,
        _facts(case, "  Checked   " + case.at, *["  Clause    " + _clauses(case)] * bool(case.clauses)),
    )


def _rejection(case: _Case) -> tuple[str, Sequence[str]]:
    clause = f" (clause {_clauses(case)})" if case.clauses else ""
    return "Your message was not delivered", (
        f"Your message of {case.received} was not delivered to:",
        "\n".join("  " + address for address in case.recipients),
        f"An administrator of {case.district} has looked at it and decided not to deliver it, under the district's "
        f"policy on communication between staff and students{clause}. The policy can be read at",
        f"  {case.console_url}/policy",
        "If you think that this is a mistake, or if there is something you need to say, please speak with an "
        "administrator of your school. They can look at the message together with you; it is kept under this number:",
        "  " + case.id,
    )


_WRITES: dict[Follow, Callable[[_Case], tuple[str, Sequence[str]]]] = {
    Follow.HELP_ALERT: _help_alert,
    Follow.LATE: _late,
    Follow.REJECTION: _rejection,
}
