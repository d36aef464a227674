"""Notices: mail that tells the district's people, or a sender, what happened. Never any of a message's content."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from textwrap import wrap
from zoneinfo import ZoneInfo

from gateway.core.messages.followup import Followup, FollowupKind
from gateway.core.notices.digest import desk_notice
from gateway.core.notices.mail_headers import encoding, field, head, to_bytes
from gateway.core.policy.policy import Policy
from gateway.core.serialization.json_fields import from_rfc3339

_LONG = 240  # characters, of four bytes at most


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
    words: str = ""
    text: bool = False  # a text message

    @property
    def link(self) -> str:
        """The signed-in page of the message."""
        return f"{self.console_url}/messages/{self.id}"


def notice_content(
    followup: Followup, recipients: Sequence[str], *, sender: str, console_url: str, hostname: str, district: str,
    time_zone: str, name: str, at: float,
) -> bytes:  # fmt: skip
    """The whole notice that a followup asks for which is one: of `_WRITES`, or a DUE, DIGEST, CASE, FREE or HELP_AGAIN.

    `console_url` begins the links, `time_zone` names the district's clock, `name` is an id made for this notice.
    """
    body = followup.body
    zone = ZoneInfo(time_zone)
    if followup.kind in _WRITES:
        subject, paragraphs = _WRITES[followup.kind](_case(followup, zone, console_url.rstrip("/"), district))
    else:
        subject, paragraphs = desk_notice(followup.kind, body, console_url.rstrip("/"), zone)
    lines = "\n\n".join(each if each.startswith("  ") else "\n".join(_wrapped(each)) for each in paragraphs).split("\n")
    text = b"".join(to_bytes(line) + b"\r\n" for line in lines)
    letter = head(
        sender=sender, shown="Chaperone", to=recipients, subject=subject, name=name, hostname=hostname, at=at,
        replied=followup.kind in (FollowupKind.REJECTION, FollowupKind.REJECTED_TEXT),
    )  # fmt: skip
    return letter + field("Content-Type", "text/plain; charset=utf-8") + encoding(text) + b"\r\n" + text


def _case(followup: Followup, zone: ZoneInfo, console_url: str, district: str) -> _Case:
    body = followup.body
    return _Case(
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
    )


def _wrapped(paragraph: str) -> list[str]:
    """Lines of a paragraph; where one has no blanks, as in Chinese, it ends before mail's 998 bytes do."""
    lines = wrap(paragraph, 76, break_long_words=False, break_on_hyphens=False)
    return [piece for line in lines for piece in ([line] if len(line) <= _LONG else wrap(line, _LONG))]


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
    words = case.words or rejection_words(case.district, [(clause, "", "") for clause in case.clauses])
    what = "text message" if case.text else "message"
    return f"Your {what} was not delivered", (
        f"Your {what} of {case.received} was not delivered to:",
        "\n".join("  " + address for address in case.recipients),
        *(" ".join(each.split()) for each in words.split("\n\n") if each.strip()),
        "The district's policy on communication between staff and students can be read at",
        f"  {case.console_url}/policy",
        "The message is kept under this number:",
        "  " + case.id,
    )


def usual_words(district: str, policy: Policy, clauses: Sequence[str], *, looked_at: bool = True) -> str:
    """What a sender is told as a rule: with titles and advice of those clauses that a policy knows."""
    known = [(each, policy.clauses[each]) for each in clauses if each in policy.clauses]
    told = [(each, clause.title, clause.handling.advice) for each, clause in known]
    return rejection_words(district, told, looked_at=looked_at)


def rejection_words(district: str, clauses: Sequence[tuple[str, str, str]], *, looked_at: bool = True) -> str:
    """What a sender is told unless the administrator writes something else; clauses as (id, title, advice).

    `looked_at`: a person decided it, and not the policy at the due time.
    """
    named = "; ".join(f"{clause}: {title}" if title else clause for clause, title, _ in clauses)
    under = f" (clause {named})" if named else ""
    policy = f"the district's policy on communication between staff and students{under}"
    advice = list(dict.fromkeys(each for _, _, each in clauses if each))
    return "\n\n".join(
        [
            f"An administrator of {district} has looked at it and decided not to deliver it, under {policy}."
            if looked_at
            else f"It was held for an administrator of {district}, under {policy}. Nobody decided in the time that "
            "the policy gives, so it is not delivered.",
            *([f"What you can do: {' '.join(advice)}"] if advice else []),
            "If you think that this is a mistake, or if there is something you need to say, please speak with an "
            "administrator of your school. They can look at the message together with you.",
        ]
    )


_WRITES: dict[FollowupKind, Callable[[_Case], tuple[str, Sequence[str]]]] = {
    FollowupKind.HELP_ALERT: _help_alert,
    FollowupKind.LATE: _late,
    FollowupKind.REJECTION: _rejection,
    FollowupKind.REJECTED_TEXT: _rejection,
}
