"""Ids of parts, and receipts to applications."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.channels.smpp_encoding import decode_texts
from gateway.core.channels.smpp_message import (  # fmt: skip
    id_variants,
    is_receipt,
    make_receipt,
    parse_part_id,
    part_id,
    receipt_with_id,
    receipted_id,
    receipts_message,
    text_envelope,
    text_recipient,
    wants_failure_receipt,
    wants_intermediate_receipt,
)
from gateway.core.channels.smpp_pdu import Command, PduDecoder, SmppAddress, Tag, read_text
from gateway.core.messages.message import new_id
from tests.core.samples import message
from tests.peers.smpp_ends import body

NAME = new_id(1_700_000_000.0, b"0123456789")
KANNEL = b"id:0A1B sub:001 dlvrd:001 submit date:2601011200 done date:2601011201 stat:DELIVRD err:000 text:hi there"


def delivered(short: bytes = KANNEL, options=()):
    return read_text(Command.DELIVER_SM, body("15155550120", "15155550199", short, esm_class=4, options=options))


@pytest.mark.parametrize(("number", "total"), [(1, 1), (1, 2), (10, 10), (255, 255)])
def test_part_id_round_trip(number: int, total: int) -> None:
    assert parse_part_id(part_id(NAME, number, total)) == (NAME, number)


@pytest.mark.parametrize("id_", ["", "123", "A1B2C3", NAME[:-1], NAME + "x", NAME + "zz", "i" * 26, "2684354561"])
def test_foreign_ids_are_rejected(id_: str) -> None:
    assert parse_part_id(id_) is None


@given(st.integers(1, 2**64 - 1))
def test_id_variants_of_hex_and_decimal(number) -> None:
    forms = [str(number), f"{number:x}", f"{number:08X}", f"{number:020d}"]
    for told_as in forms:
        for asked_as in forms:
            assert set(id_variants(told_as)[:1]) & set(id_variants(asked_as)), (told_as, asked_as)


def test_is_receipt() -> None:
    for esm_class in (0x04, 0x08, 0x10, 0x20, 0x44):
        assert is_receipt(read_text(Command.DELIVER_SM, body("1", "2", b"x", esm_class=esm_class)))
    for esm_class in (0x00, 0x03, 0x40, 0x80):
        assert not is_receipt(read_text(Command.DELIVER_SM, body("1", "2", b"x", esm_class=esm_class)))


def test_receipted_id_in_text_and_parameter() -> None:
    assert receipted_id(delivered()) == "0A1B"
    assert receipted_id(delivered(b"no text of the usual form", ((Tag.RECEIPTED_ID.value, b"77\0"),))) == "77"
    assert receipted_id(delivered(b"", ((Tag.PAYLOAD.value, KANNEL),))) == "0A1B"
    assert receipted_id(delivered(b"nothing said")) == ""


def test_receipt_with_id_changes_only_the_id() -> None:
    options = ((Tag.STATE.value, b"\x02"), (Tag.RECEIPTED_ID.value, b"0A1B\0"), (0x1500, b"vendor"))
    text = read_text(Command.DELIVER_SM, receipt_with_id(delivered(KANNEL, options), "OURS"))
    assert text.short == KANNEL.replace(b"0A1B", b"OURS")
    assert text.options == ((Tag.STATE.value, b"\x02"), (Tag.RECEIPTED_ID.value, b"OURS\0"), (0x1500, b"vendor"))
    assert text.destinations == (SmppAddress(1, 1, "15155550199"),)


def test_make_receipt() -> None:
    source, to = SmppAddress(1, 1, "15155550120"), SmppAddress(5, 0, "SCHOOL")
    pdu = make_receipt(NAME, source=source, to=to, stat="REJECTD", error=0, at=1_700_000_600.0, since=1_700_000_000.0)
    text = read_text(pdu.command, pdu.body)
    assert is_receipt(text)
    assert (text.source, text.destinations, receipted_id(text)) == (source, (to,), NAME)
    assert b"stat:REJECTD err:000" in text.short
    assert b"submit date:2311142213 done date:2311142223" in text.short
    assert text.option(Tag.STATE) == b"\x08"
    assert decode_texts([text])[0].endswith("text:"), "what was said is not repeated"


@pytest.mark.parametrize(
    ("registered", "failure", "between"), [(0, 0, 0), (1, 1, 0), (2, 1, 0), (3, 0, 0), (0x11, 1, 1)]
)
def test_registered_delivery(registered: int, failure: int, between: int) -> None:
    assert (wants_failure_receipt(registered), wants_intermediate_receipt(registered)) == (bool(failure), bool(between))


def test_only_parts_that_asked_get_receipts() -> None:
    first = read_text(Command.SUBMIT_SM, body("15155550199", "15155550120", b"x"))
    to = text_recipient("+15155550120", "smsc", first.destinations[0])
    enveloped = text_envelope("+15155550199", [to], first, account="texting", total=3, receipts=[1, 3])
    text = replace(message(), id=NAME, envelope=enveloped)
    made = receipts_message(text, "UNDELIV", 5, 9.0)
    assert made is not None
    pdus = list(PduDecoder().feed(made.content))
    assert [receipted_id(read_text(pdu.command, pdu.body)) for pdu in pdus] == [NAME + "01", NAME + "03"]
    assert made.envelope.options == ("receipt", "account=texting")
    other = text_recipient("+15155550121", "smsc", SmppAddress(1, 1, "15155550121"))
    many = replace(
        text, envelope=text_envelope("+15155550199", [to, other], first, account="texting", total=1, receipts=[1])
    )
    one, both = receipts_message(many, "REJECTD", 0, 9.0, ["+15155550121"]), receipts_message(many, "REJECTD", 0, 9.0)
    assert one is not None
    assert both is not None
    assert one.id != both.id
    sources = [
        [read_text(pdu.command, pdu.body).source.digits for pdu in PduDecoder().feed(made.content)]
        for made in (one, both)
    ]
    assert sources == [["15155550121"], ["15155550120", "15155550121"]], "each receipt names its copy"
    nobody = text_envelope("+15155550199", [to], first, account="texting", total=3)
    assert receipts_message(replace(text, envelope=nobody), "UNDELIV", 5, 9.0) is None
