"""Texts: known failures, media URLs and normalized numbers."""

from __future__ import annotations

import pytest

from gateway.core.channels.capabilities import SMS
from gateway.core.channels.text_routing import known_failures, media_urls, normalize_number
from gateway.core.channels.twilio import form_options
from gateway.core.messages.media import MediaFile
from gateway.core.messages.message import Envelope, Message, OutgoingMessage, Recipient, sha256_of
from gateway.core.messages.parties import Direction, Pair, Relation
from gateway.core.serialization.wire import decode_message, message_record

FORM = (("From", "+15155550199"), ("Body", "MediaUrl"), ("MediaUrl", ""))
ONE, TWO = "https://media.example/1", "https://media.example/2"
THERE, GONE = MediaFile(1, "text/vcard", 3, sha256_of(b"abc")), MediaFile(2, failed="too_large")


def outgoing(options: tuple[str, ...], *media: MediaFile) -> OutgoingMessage:
    pair = Pair("+15155550120", "T1", "S1", Direction.STAFF_TO_STUDENT)
    envelope = Envelope("+15155550199", (Recipient(pair.recipient),), options)
    message = Message("0" * 26, SMS, envelope, b"x", sha256_of(b"x"), 1.0, Relation((pair,)))
    return OutgoingMessage(message, media=media)


@pytest.mark.parametrize("kind", ["form", "json"])
@pytest.mark.parametrize(
    ("more", "media", "words"),
    [
        ((), (), ()),
        ((("MediaUrl0", ONE),), (THERE,), ()),
        ((("MediaUrl0", ONE),), (), ("unreadable",)),
        ((("MediaUrl", ONE), ("MediaUrl", TWO)), (THERE, GONE), ("too_large",)),
        ((("MediaUrl", ONE), ("MediaUrl", TWO)), (THERE,), ("unreadable",)),
        ((("ContentSid", "HX1"),), (), ("unreadable",)),
        ((("NumMedia", "1"), ("MediaUrl0", ONE)), (THERE,), ()),
        ((("NumMedia", "2"), ("MediaUrl0", ONE)), (THERE,), ("unreadable",)),
        ((("NumMedia", "many"),), (), ()),
        ((("ContentSid", "HX1"), ("MediaUrl", ONE)), (GONE,), ("unreadable", "too_large")),
    ],
)
def test_missing_media_and_templates_are_failures(kind, more, media, words):
    record = message_record(outgoing(form_options((*FORM, *more), kind), *media), max_inline=1 << 20)
    published = decode_message(record.value, record.header)
    assert (published.failed, published.media) == (words, media)


def test_record_of_a_text_without_media():
    assert b"media" not in message_record(outgoing(form_options(FORM[:2], "form")), max_inline=1 << 20).header


def test_other_envelopes_have_no_failures_or_media():
    for options in ((), ("status", "form"), ("status", "MediaUrl=x"), ("BODY=8BITMIME", "MediaUrl=x")):
        assert known_failures(options) == media_urls(options) == ()


FULLWIDTH = "\uff0b\uff11\uff15\uff11\uff15\uff15\uff15\uff15\uff10\uff11\uff12\uff10"
ARABIC = "\u0661\u0665\u0661\u0665\u0665\u0665\u0665\u0660\u0661\u0662\u0660"


@pytest.mark.parametrize("address", ["+1 (515) 555-0120", "whatsapp:+15155550120", FULLWIDTH, ARABIC])
def test_spellings_of_a_number(address: str):
    assert normalize_number(address) == "+15155550120"


def test_other_addresses_are_unchanged():
    assert [normalize_number(address) for address in ("22000", "911", "Riverbend", "MG1f", "École")] == [
        "22000", "911", "Riverbend", "MG1f", "École",
    ]  # fmt: skip
