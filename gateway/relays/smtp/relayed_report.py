"""The report that a passed-through message went to a server that sends no reports (RFC 3461, 5.2.2 and 6.2)."""

from __future__ import annotations

import hashlib

from gateway.core.channels.capabilities import MAIL
from gateway.core.channels.registry import capabilities_of
from gateway.core.messages.message import Envelope, Message, Recipient, option
from gateway.core.messages.parties import Relation
from gateway.core.messages.reply import Reply
from gateway.core.mime.headers import HeaderSection
from gateway.core.notices.bounce import bounce_content
from gateway.core.notices.mail_headers import mail_parameters


def wants_report(envelope: Envelope) -> bool:
    """Whether the sender asked to be told of success (NOTIFY=SUCCESS) and can be told."""
    return bool(envelope.sender) and any(map(_asks_for_success, envelope.recipients))


def relayed_report(
    envelope: Envelope, section: HeaderSection, answer: Reply, now: float, *, hostname: str, mailer: str
) -> tuple[Envelope, bytes]:
    """Envelope and content of the report. `section`: the header section of the message, which the report returns.

    `answer`: the reply of the next hop that accepted it. `mailer`: the address in From.
    """
    original = Message("", MAIL, envelope, section.raw + b"\r\n", "", now, Relation())
    reports = [
        {
            "address": recipient.address, "orcpt": option(recipient.options, "ORCPT"), "action": "relayed",
            "status": "2.1.9", "reply": answer.text, "expired": False, "until": None,
        }
        for recipient in envelope.recipients
        if _asks_for_success(recipient)
    ]  # fmt: skip
    body = capabilities_of(MAIL).report_failure(original, reports, now)
    assert body is not None
    name = hashlib.sha256(f"{now} {envelope} {answer.text}".encode()).hexdigest()[:26]
    content = bounce_content(body, original, reporting=hostname, sender=mailer, name=name, at=now)
    return Envelope("", (Recipient(envelope.sender),), mail_parameters(content, [envelope.sender])), content


def _asks_for_success(recipient: Recipient) -> bool:
    return "SUCCESS" in option(recipient.options, "NOTIFY").upper().split(",")
