"""Bounces: tell the sender what happened to a message (RFC 3464; RFC 6533 when addresses are not ASCII)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from textwrap import wrap

from gateway.core.messages.message import Message
from gateway.core.mime.headers import HeaderSection
from gateway.core.notices.mail_headers import header_field, mail_date, message_header, to_bytes, transfer_encoding

MAX_RETURNED = 1 << 20
"""The largest content, in bytes, that RET=FULL returns completely. Of larger ones only the header section is."""

_XTEXT = re.compile(r"\+([0-9A-F]{2})")
_ORIGINAL = re.compile(r"([A-Za-z0-9-]+);([\x21-\x7e]+)")
_TEXTS = {
    "failed": ("Your message could not be delivered", "It could not be delivered to:"),
    "delayed": (
        "Your message is delayed",
        "It could not be delivered yet to these recipients. Delivery will be retried:",
    ),
    "relayed": (
        "Your message was relayed",
        "It was relayed to a mail server that does not confirm delivery, for:",
    ),
}


def bounce_content(
    body: Mapping[str, object], original: Message | None, *, reporting: str, sender: str, name: str, at: float
) -> bytes:
    """The whole bounce for the body of a BOUNCE follow-up, to the address `body["to"]`, from the null sender.

    `reporting` is our host name. `sender` is the address in From. `name` is the id of this bounce. `original` is the
    message, if its content is still stored.
    """
    to = str(body["to"])
    reports = _reports(body)
    actions = [action for action in _TEXTS if any(report["action"] == action for report in reports)]
    section = HeaderSection.of(original.content).raw if original is not None else b""
    international = bool(body.get("smtputf8")) and not all(
        text.isascii() for text in (to, section.decode("latin-1"), *(str(report["address"]) for report in reports))
    )
    boundary = f"=_{name}"
    pieces = [
        _text(reports, actions, reporting, at),
        _status(body, reports, reporting, international),
        *_returned(body, original, section, actions, international),
    ]
    header = message_header(
        sender=sender, sender_name="Mail Delivery System", to=[to], subject=_TEXTS[actions[0]][0], name=name,
        hostname=reporting, at=at, replied=True,
    )  # fmt: skip
    kind = header_field("Content-Type", f'multipart/report; report-type=delivery-status; boundary="{boundary}"')
    edge = to_bytes(f"\r\n--{boundary}")
    inner = b"".join(edge + b"\r\n" + piece for piece in pieces) + edge + b"--\r\n"
    return header + kind + transfer_encoding(*pieces) + inner


def _reports(body: Mapping[str, object]) -> Sequence[Mapping[str, object]]:
    recipients = body["recipients"]
    assert isinstance(recipients, list | tuple)
    return recipients


def _text(reports: Sequence[Mapping[str, object]], actions: Sequence[str], reporting: str, at: float) -> bytes:
    lines = [f"This is the mail system at {reporting}. It reports on a message that you sent.", ""]
    for action in actions:
        lines += [_TEXTS[action][1], ""]
        for report in reports:
            if report["action"] == action:
                lines.append(f"  {report['address']}")
                lines += wrap(str(report["reply"]), 72, initial_indent="      ", subsequent_indent="      ")
                if report.get("expired"):
                    lines.append("      Delivery was retried until the message expired.")
                lines.append("")
    lines.append("The technical report and the start of your message are attached.")
    text = b"".join(to_bytes(line.replace("\r", " ").replace("\n", " ")) + b"\r\n" for line in lines)
    return header_field("Content-Type", "text/plain; charset=utf-8") + transfer_encoding(text) + b"\r\n" + text


def _status(
    body: Mapping[str, object], reports: Sequence[Mapping[str, object]], reporting: str, international: bool
) -> bytes:
    groups = [header_field("Reporting-MTA", f"dns; {reporting}")]
    if envid := str(body.get("envid", "")):
        groups[0] += header_field("Original-Envelope-Id", _unxtext(envid))
    groups[0] += header_field("Arrival-Date", mail_date(_time(body["received_at"])))
    for report in reports:
        address = str(report["address"])
        group = b""
        if original := _original_recipient(str(report.get("orcpt", ""))):
            group += header_field("Original-Recipient", original)
        group += header_field("Final-Recipient", f"{'rfc822' if address.isascii() else 'utf-8'}; {address}")
        group += header_field("Action", str(report["action"]))
        group += header_field("Status", str(report["status"]))
        group += header_field("Diagnostic-Code", f"smtp; {report['reply']}")
        group += header_field("Last-Attempt-Date", mail_date(_time(body["at"])))
        if report.get("until") is not None:
            group += header_field("Will-Retry-Until", mail_date(_time(report["until"])))
        groups.append(group)
    status = b"\r\n".join(groups)
    kind = "message/global-delivery-status" if international else "message/delivery-status"
    return header_field("Content-Type", kind) + transfer_encoding(status) + b"\r\n" + status


def _returned(
    body: Mapping[str, object], original: Message | None, section: bytes, actions: Sequence[str], international: bool
) -> list[bytes]:
    """The returned part of the message: all of it only if requested and something failed (RFC 3461 section 4.3)."""
    if original is None:
        return []
    whole = body.get("ret") == "FULL" and "failed" in actions and len(original.content) <= MAX_RETURNED
    if whole:
        kind, content = "message/global" if international else "message/rfc822", original.content
    else:
        kind, content = "message/global-headers" if international else "text/rfc822-headers", section
    return [header_field("Content-Type", kind) + transfer_encoding(content) + b"\r\n" + content]


def _time(value: object) -> float:
    assert isinstance(value, int | float)
    return float(value)


def _unxtext(text: str) -> str:
    """Decode xtext (RFC 3461 section 4), except unprintable characters."""
    return _XTEXT.sub(lambda match: chr(int(match[1], 16)) if 0x20 < int(match[1], 16) < 0x7F else match[0], text)


def _original_recipient(orcpt: str) -> str:
    match = _ORIGINAL.fullmatch(orcpt)
    return f"{match[1]}; {_unxtext(match[2])}" if match else ""
