"""The mail channel: RFC 5322 messages, and bounces by mail (RFC 3461, RFC 3464)."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.core.channels.capabilities import MAIL, ChannelCapabilities, JsonObject
from gateway.core.messages.addresses import domain_of
from gateway.core.messages.message import Message, option
from gateway.core.mime.account import read_mail
from gateway.core.mime.parts import mime_parts


def _report_failure(message: Message, reports: Sequence[JsonObject], now: float) -> JsonObject:
    """All that a bounce must say, including which recipients were delivered or delayed."""
    options = message.envelope.options
    return {
        "to": message.envelope.sender,
        "envid": option(options, "ENVID"),
        "ret": option(options, "RET").upper(),
        "smtputf8": any(given.upper() == "SMTPUTF8" for given in options),
        "received_at": message.received_at,
        "at": now,
        "recipients": list(reports),
    }


MAIL_CHANNEL = ChannelCapabilities(
    name=MAIL,
    label="mail",
    untitled="(no subject)",
    file_suffix="eml",
    delivery_lifetime=5 * 86400.0,  # RFC 5321 section 4.5.4.1
    read_parts=mime_parts,
    read_fully=read_mail,
    has_header_section=True,
    quotes_earlier_messages=True,
    next_hop_key=lambda recipient: domain_of(recipient.address),
    ids_sort_by_time=True,
    report_failure=_report_failure,
)
