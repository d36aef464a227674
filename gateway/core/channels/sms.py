"""The SMS channel: texts over SMPP and Twilio, with receipts and status callbacks to the application."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gateway.core.channels import smpp_message, twilio
from gateway.core.channels.capabilities import SMS, ChannelCapabilities, DeliveryStatus, JsonObject
from gateway.core.channels.text_routing import known_failures, media_urls, route_of
from gateway.core.messages.addresses import domain_of
from gateway.core.messages.message import Message, Recipient, option
from gateway.core.mime.headers import HeaderSection
from gateway.core.mime.parts import Part, text_part


def _read_parts(content: bytes, _: HeaderSection | None = None) -> Iterator[Part]:
    return text_part(content)


def _next_hop_key(recipient: Recipient) -> str:
    return route_of(recipient) or domain_of(recipient.address)


def _report_failure(message: Message, reports: Sequence[JsonObject], now: float) -> JsonObject | None:
    """Only failures are reported, and only to an application that asked for the status of the text."""
    failed = [report for report in reports if report["action"] == "failed"]
    options = message.envelope.options
    if not failed or not (option(options, "STATUSCALLBACK") or option(options, "RECEIPTS")):
        return None
    return {
        "channel": message.channel,
        "reply": failed[0]["reply"],
        "recipients": [report["address"] for report in failed],
    }


def _write_status(message: Message, status: DeliveryStatus) -> Message | None:
    """An SMPP receipt or a Twilio status callback, depending on how the text came in."""
    if smpp_message.is_smpp(message):
        stat = "REJECTD" if status.rejected else "UNDELIV"
        return smpp_message.receipts_message(message, stat, 0, status.at, status.recipients)
    if status.rejected:
        return twilio.status_message(message, "undelivered", twilio.FILTERED, status.at)
    return twilio.status_message(message, "failed", twilio.error_of(status.reply)[0], status.at)


SMS_CHANNEL = ChannelCapabilities(
    name=SMS,
    label="text",
    untitled="text message",
    file_suffix="txt",
    delivery_lifetime=86400.0,
    read_parts=_read_parts,
    pictures_are_content=True,
    media_urls=media_urls,
    known_failures=known_failures,
    next_hop_key=_next_hop_key,
    keeps_order=True,
    report_failure=_report_failure,
    write_status=_write_status,
    mails_rejections=True,
)
