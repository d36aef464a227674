"""Bounces: the sender is told what became of a message (RFC 3464; RFC 6533 where addresses are not ASCII)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from textwrap import wrap

from gateway.core.messages.message import Message
from gateway.core.mime.headers import header_section
from gateway.core.notices.mail_headers import date, encoding, field, head, to_bytes

MAX_RETURNED = 1 << 20
"""Bytes of a content up to which RET=FULL gives it back whole; above it the header section must do."""

_XTEXT = re.compile(r"\+([0-9A-F]{2})")
_ORIGINAL = re.compile(r"([A-Za-z0-9-]+);([\x21-\x7e]+)")
_SAYS = {
    "failed": ("Your message could not be delivered", "It could not be delivered to:"),
    "delayed": ("Your message is delayed", "It could not yet be delivered to the following, and is still being tried:"),
    "relayed": (
        "Your message was handed on",
        "It was handed on to a mail server that sends no further confirmation, for:",
    ),
}


def bounce_content(
    body: Mapping[str, object], original: Message | None, *, reporting: str, sender: str, name: str, at: float
) -> bytes:
    """The whole bounce that a BOUNCE followup asks for, to the address `body["to"]` from the null sender.

    `reporting` is our host name, `sender` the address it is signed with, `name` an id that is made for this bounce,
    `original` the message, where its content is still there.
    """
    to = str(body["to"])
    reports = _reports(body)
    actions = [action for action in _SAYS if any(report["action"] == action for report in reports)]
    section = header_section(original.content) if original is not None else b""
    international = bool(body.get("smtputf8")) and not all(
        text.isascii() for text in (to, section.decode("latin-1"), *(str(report["address"]) for report in reports))
    )
    boundary = f"=_{name}"
    pieces = [
        _text(reports, actions, reporting, at),
        _status(body, reports, reporting, international),
        *_returned(body, original, section, actions, international),
    ]
    letter = head(
        sender=sender, shown="Mail Delivery System", to=[to], subject=_SAYS[actions[0]][0], name=name,
        hostname=reporting, at=at, replied=True,
    )  # fmt: skip
    kind = field("Content-Type", f'multipart/report; report-type=delivery-status; boundary="{boundary}"')
    edge = to_bytes(f"\r\n--{boundary}")
    inner = b"".join(edge + b"\r\n" + piece for piece in pieces) + edge + b"--\r\n"
    return letter + kind + encoding(*pieces) + inner


def _reports(body: Mapping[str, object]) -> Sequence[Mapping[str, object]]:
    recipients = body["recipients"]
    assert isinstance(recipients, list | tuple)
    return recipients


def _text(reports: Sequence[Mapping[str, object]], actions: Sequence[str], reporting: str, at: float) -> bytes:
    lines = [f"This is the mail system at {reporting}. It is about a message of yours.", ""]
    for action in actions:
        lines += [_SAYS[action][1], ""]
        for report in reports:
            if report["action"] == action:
                lines.append(f"  {report['address']}")
                lines += wrap(str(report["reply"]), 72, initial_indent="      ", subsequent_indent="      ")
                if report.get("expired"):
                    lines.append("      It was tried again and again until its time was over.")
                lines.append("")
    lines.append("The technical report and the beginning of your message are attached.")
    text = b"".join(to_bytes(line.replace("\r", " ").replace("\n", " ")) + b"\r\n" for line in lines)
    return field("Content-Type", "text/plain; charset=utf-8") + encoding(text) + b"\r\n" + text


def _status(
    body: Mapping[str, object], reports: Sequence[Mapping[str, object]], reporting: str, international: bool
) -> bytes:
    groups = [field("Reporting-MTA", f"dns; {reporting}")]
    if envid := str(body.get("envid", "")):
        groups[0] += field("Original-Envelope-Id", _unxtext(envid))
    groups[0] += field("Arrival-Date", date(_time(body["received_at"])))
    for report in reports:
        address = str(report["address"])
        group = b""
        if original := _original_recipient(str(report.get("orcpt", ""))):
            group += field("Original-Recipient", original)
        group += field("Final-Recipient", f"{'rfc822' if address.isascii() else 'utf-8'}; {address}")
        group += field("Action", str(report["action"]))
        group += field("Status", str(report["status"]))
        group += field("Diagnostic-Code", f"smtp; {report['reply']}")
        group += field("Last-Attempt-Date", date(_time(body["at"])))
        if report.get("until") is not None:
            group += field("Will-Retry-Until", date(_time(report["until"])))
        groups.append(group)
    status = b"\r\n".join(groups)
    kind = "message/global-delivery-status" if international else "message/delivery-status"
    return field("Content-Type", kind) + encoding(status) + b"\r\n" + status


def _returned(
    body: Mapping[str, object], original: Message | None, section: bytes, actions: Sequence[str], international: bool
) -> list[bytes]:
    """What of the message goes back: all of it only where it was asked for and something failed (RFC 3461 4.3)."""
    if original is None:
        return []
    whole = body.get("ret") == "FULL" and "failed" in actions and len(original.content) <= MAX_RETURNED
    if whole:
        kind, content = "message/global" if international else "message/rfc822", original.content
    else:
        kind, content = "message/global-headers" if international else "text/rfc822-headers", section
    return [field("Content-Type", kind) + encoding(content) + b"\r\n" + content]


def _time(value: object) -> float:
    assert isinstance(value, int | float)
    return float(value)


def _unxtext(text: str) -> str:
    """xtext decoded (RFC 3461 section 4), its unprintable characters left encoded."""
    return _XTEXT.sub(lambda found: chr(int(found[1], 16)) if 0x20 < int(found[1], 16) < 0x7F else found[0], text)


def _original_recipient(orcpt: str) -> str:
    found = _ORIGINAL.fullmatch(orcpt)
    return f"{found[1]}; {_unxtext(found[2])}" if found else ""
