"""Notices: mail to reviewers, or to a sender, about what happened. They never contain content of a message."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from textwrap import wrap
from zoneinfo import ZoneInfo

from gateway.core.messages.followup import Followup, FollowupKind
from gateway.core.notices.mail_headers import header_field, message_header, to_bytes, transfer_encoding
from gateway.core.notices.reviewer_notices import reviewer_notice
from gateway.core.notices.sender_notices import (
    SENDER_KINDS,
    own_messages_hint,
    rejection_in_spanish,
    sender_notice,
)
from gateway.core.notices.urgent_notice import urgent_mail
from gateway.core.policy.policy import Policy
from gateway.core.serialization.json_fields import from_rfc3339

_MAX_LINE = 240  # characters; a character has at most four bytes


@dataclass(frozen=True, slots=True)
class _NoticeFields:
    """The values that a notice may contain."""

    id: str
    received: str
    at: str
    recipients: Sequence[str]
    clauses: Sequence[str]
    titles: Sequence[str]
    console_url: str
    district: str
    words: str = ""
    is_text: bool = False  # a text message instead of mail
    by_staff: bool = False  # a staff member wrote it, who sees their own messages in the console

    @property
    def link(self) -> str:
        """The page of the message, which asks to sign in."""
        return f"{self.console_url}/messages/{self.id}"


def notice_content(
    followup: Followup, recipients: Sequence[str], *, sender: str, console_url: str, hostname: str, district: str,
    time_zone: str, name: str, at: float,
) -> bytes:  # fmt: skip
    """The whole notice for a follow-up: of `_WRITERS`, of SENDER_KINDS, or one that `reviewer_notice` writes.

    Links begin with `console_url`. Times are in `time_zone`. `name` is the id of this notice.
    """
    body = followup.body
    zone = ZoneInfo(time_zone)
    if followup.kind is FollowupKind.URGENT:
        subject, paragraphs = urgent_mail(followup, console_url.rstrip("/"))
    elif followup.kind in SENDER_KINDS:
        subject, paragraphs = sender_notice(followup, console_url.rstrip("/"), zone)
    elif followup.kind in _WRITERS:
        subject, paragraphs = _WRITERS[followup.kind](_fields(followup, zone, console_url.rstrip("/"), district))
    else:
        subject, paragraphs = reviewer_notice(followup.kind, body, console_url.rstrip("/"), zone)
    wrapped = (text if text.startswith("  ") else "\n".join(_wrap(text)) for text in paragraphs)
    lines = "\n\n".join(wrapped).split("\n")
    text = b"".join(to_bytes(line) + b"\r\n" for line in lines)
    header = message_header(
        sender=sender, sender_name="Chaperone", to=recipients, subject=subject, name=name, hostname=hostname, at=at,
        replied=followup.kind in (FollowupKind.REJECTION, FollowupKind.REJECTED_TEXT, *SENDER_KINDS),
    )  # fmt: skip
    return header + header_field("Content-Type", "text/plain; charset=utf-8") + transfer_encoding(text) + b"\r\n" + text


def _fields(followup: Followup, zone: ZoneInfo, console_url: str, district: str) -> _NoticeFields:
    body = followup.body
    return _NoticeFields(
        followup.message,
        _clock(str(body["received_at"]), zone),
        _clock(str(body["at"]), zone),
        _texts(body.get("recipients")),
        _texts(body.get("clauses")),
        _texts(body.get("titles")),
        console_url,
        district,
        str(body.get("words", "")),
        followup.kind is FollowupKind.REJECTED_TEXT,
        body.get("by_staff") is True,
    )


def _wrap(paragraph: str) -> list[str]:
    """The lines of a paragraph. Lines without spaces, as in Chinese, are cut well below the 998 bytes of RFC 5322."""
    lines = wrap(paragraph, 76, break_long_words=False, break_on_hyphens=False)
    return [piece for line in lines for piece in ([line] if len(line) <= _MAX_LINE else wrap(line, _MAX_LINE))]


def _clock(time: str, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(from_rfc3339(time), UTC).astimezone(zone).strftime("%Y-%m-%d %H:%M %Z")


def _texts(value: object) -> Sequence[str]:
    return [" ".join(str(item).split()) for item in value] if isinstance(value, list | tuple) else []


def _message_lines(fields: _NoticeFields, *more: str) -> str:
    return "\n".join(("  Message   " + fields.id, "  Received  " + fields.received, *more))


def _clause_titles(fields: _NoticeFields) -> str:
    titles = [*fields.titles, *[""] * len(fields.clauses)]
    return ", ".join(f"{clause} {title}".strip() for clause, title in zip(fields.clauses, titles, strict=False))


def _help_alert(fields: _NoticeFields) -> tuple[str, Sequence[str]]:
    return "A student may be asking for help", (
        "A student wrote to a staff member, and the message reads like a call for help. It was delivered unchanged; "
        "nothing was held.",
        "Please read it now, and make sure that somebody talks with the student today. If anybody may be in danger, "
        "follow your district's emergency procedure first.",
        "  " + fields.link,
        _message_lines(fields),
        "This notice intentionally contains no content and no names: the page asks you to sign in.",
    )


def _late(fields: _NoticeFields) -> tuple[str, Sequence[str]]:
    return "Delivered before it could be checked", (
        "A message was delivered because it could not be checked in time. It has been checked since then, and it would "
        "have been held for an administrator.",
        "Please read it, and decide whether anything needs to be done.",
        "  " + fields.link,
        _message_lines(
            fields, "  Checked   " + fields.at, *["  Clause    " + _clause_titles(fields)] * bool(fields.clauses)
        ),
    )


def _rejection(fields: _NoticeFields) -> tuple[str, Sequence[str]]:
    words = fields.words or rejection_text(fields.district, [(clause, "", "") for clause in fields.clauses])
    what = "text message" if fields.is_text else "message"
    return f"Your {what} was not delivered", (
        f"Your {what} of {fields.received} was not delivered to:",
        "\n".join("  " + address for address in fields.recipients),
        *(" ".join(paragraph.split()) for paragraph in words.split("\n\n") if paragraph.strip()),
        "You can read the district's policy on communication between staff and students at",
        f"  {fields.console_url}/policy",
        *own_messages_hint(fields.console_url) * fields.by_staff,
        "The message is stored under this id:",
        "  " + fields.id,
        *rejection_in_spanish(fields.received, fields.console_url, is_text=fields.is_text, by_staff=fields.by_staff),
    )


def default_rejection_text(district: str, policy: Policy, clauses: Sequence[str], *, looked_at: bool = True) -> str:
    """The default text for the sender of a rejected message, with titles and advice of the policy's clauses.

    `looked_at`: a person decided, not the policy at the due time.
    """
    known = [policy.clauses[id_] for id_ in clauses if id_ in policy.clauses]
    rows = [(clause.id, clause.title, clause.review_rules.advice) for clause in known]
    return rejection_text(district, rows, looked_at=looked_at)


def rejection_text(district: str, clauses: Sequence[tuple[str, str, str]], *, looked_at: bool = True) -> str:
    """The text for the sender of a rejected message; `clauses` as (id, title, advice).

    `looked_at`: a person decided, not the policy at the due time.
    """
    named = "; ".join(f"{clause}: {title}" if title else clause for clause, title, _ in clauses)
    under = f" (clause {named})" if named else ""
    policy = f"the district's policy on communication between staff and students{under}"
    advice = list(dict.fromkeys(text for _, _, text in clauses if text))
    return "\n\n".join(
        [
            f"An administrator of {district} has read it and decided not to deliver it, under {policy}."
            if looked_at
            else f"It was held for an administrator of {district}, under {policy}. Nobody decided within the time that "
            "the policy allows, so it is not delivered.",
            *([f"What you can do: {' '.join(advice)}"] if advice else []),
            "If you think that this is a mistake, or if you need help, please speak with an administrator of your "
            "school. You can read the message together.",
        ]
    )


_WRITERS: dict[FollowupKind, Callable[[_NoticeFields], tuple[str, Sequence[str]]]] = {
    FollowupKind.HELP_ALERT: _help_alert,
    FollowupKind.LATE: _late,
    FollowupKind.REJECTION: _rejection,
    FollowupKind.REJECTED_TEXT: _rejection,
}
