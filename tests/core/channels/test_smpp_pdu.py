"""SMPP PDUs: round trips, unchanged bytes, and invalid input."""

from __future__ import annotations

import contextlib
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.channels.smpp_pdu import (
    MAX_PDU,
    Command,
    MalformedPdu,
    Pdu,
    PduDecoder,
    SmppAddress,
    Status,
    Tag,
    encode_optional,
    read_bind,
    read_text,
)
from gateway.core.channels.smpp_session import BindMode, refusal_status
from tests.peers.smpp_ends import body, data_body, multi_body

TEXTS = (Command.SUBMIT_SM, Command.DELIVER_SM, Command.DATA_SM, Command.SUBMIT_MULTI)
octets = st.binary(max_size=120)
digits = st.text("0123456789", min_size=1, max_size=15)
options = st.lists(st.tuples(st.integers(0, 0xFFFF), st.binary(max_size=40)), max_size=4).map(tuple)


@given(st.lists(st.builds(Pdu, st.integers(0, 2**32 - 1), octets, st.integers(0, 999), st.integers(0, 2**31))))
def test_stream_split_anywhere_gives_the_same_pdus(pdus) -> None:
    stream = b"".join(pdu.encoded() for pdu in pdus)
    for size in (1, 7, len(stream) or 1):
        frames = PduDecoder()
        pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
        assert [pdu for piece in pieces for pdu in frames.feed(piece)] == pdus
        assert frames.pending_bytes == 0


@pytest.mark.parametrize("length", [0, 1, 15, MAX_PDU + 1, 2**32 - 1])
def test_invalid_length_ends_the_stream(length: int) -> None:
    frames, good = PduDecoder(), Pdu(Command.ENQUIRE_LINK, sequence=7)
    coming = frames.feed(good.encoded() + struct.pack("!I", length))
    assert next(coming) == good
    with pytest.raises(MalformedPdu) as refused:
        next(coming)
    assert refused.value.status is Status.INVALID_LENGTH


@given(digits, digits, octets, options, st.integers(0, 255), st.integers(0, 255))
def test_text_round_trip(source, to, short, more, coding, esm_class) -> None:
    text = read_text(
        Command.SUBMIT_SM, body(source, to, short, coding=coding, esm_class=esm_class, registered=1, options=more)
    )
    assert (text.source, text.destinations) == (SmppAddress(1, 1, source), (SmppAddress(1, 1, to),))
    assert (text.short, text.options, text.coding, text.esm_class, text.registered) == (
        short, more, coding, esm_class, 1,
    )  # fmt: skip


@given(digits, digits, octets, options)
def test_with_the_same_text_no_byte_changes(source, to, short, more) -> None:
    whole = body(source, to, short, options=more)
    text = read_text(Command.DELIVER_SM, whole)
    assert text.with_text(text.short, text.options) == whole
    assert text.addressed_to(text.destinations[0]) == whole


@given(digits, digits, octets)
def test_with_the_same_text_no_byte_of_a_data_sm_changes(source, to, payload) -> None:
    whole = data_body(source, to, payload)
    text = read_text(Command.DATA_SM, whole)
    assert text.option(Tag.PAYLOAD) == payload
    assert text.with_text(b"", text.options) == whole


def test_submit_multi_becomes_one_text_per_address() -> None:
    text = read_text(Command.SUBMIT_MULTI, multi_body("15155550199", ["15155550120", "15155550121"], b"hi"))
    assert [address.digits for address in text.destinations] == ["15155550120", "15155550121"]
    assert text.addressed_to(text.destinations[1]) == body("15155550199", "15155550121", b"hi")


def test_distribution_lists_are_separate_from_numbers() -> None:
    content = (
        b"\0"
        + SmppAddress(1, 1, "5").encoded()
        + b"\x02"
        + b"\x02class-b\0"
        + b"\x01"
        + SmppAddress(1, 1, "6").encoded()
    )
    text = read_text(Command.SUBMIT_MULTI, content + bytes((0, 0, 0)) + b"\0\0" + bytes((0, 0, 0, 0, 0)))
    assert text.lists == ("class-b",)
    assert [address.digits for address in text.destinations] == ["6"]


def readable(command: int, content: bytes) -> bool:
    """It is read, or refused with a status that says so: anything else ends the test."""
    try:
        return bool(read_text(command, content).head)
    except MalformedPdu as refused:
        return refused.status is not Status.OK


@given(st.sampled_from(TEXTS), st.binary(max_size=300))
def test_any_bytes_are_parsed_or_refused(command, content) -> None:
    assert readable(command, content)


@given(st.sampled_from(TEXTS), octets, st.integers(0, 60), st.integers(0, 255))
def test_damaged_text_is_parsed_or_refused(command, short, at, octet) -> None:
    whole = bytearray(body("15155550199", "15155550120", short, options=((Tag.PAYLOAD.value, b"more"),)))
    whole[at % len(whole)] = octet
    for content in (bytes(whole), bytes(whole[:at])):
        assert readable(command, content)


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", Status.INVALID_LENGTH),
        (b"x" * 65 + b"\0", Status.INVALID_SERVICE),
        (b"\0\x01\x01" + b"1" * 65 + b"\0", Status.INVALID_SOURCE),
        (b"\0\x01\x01" + b"1\0" + b"\x01\x01" + b"2" * 65, Status.INVALID_DESTINATION),
        (body("1", "2", b"")[:-1], Status.INVALID_LENGTH),
    ],
)
def test_status_of_invalid_pdus(content: bytes, status: Status) -> None:
    with pytest.raises(MalformedPdu) as refused:
        read_text(Command.SUBMIT_SM, content)
    assert refused.value.status is status


@settings(max_examples=40)
@given(octets, st.binary(min_size=1, max_size=40))
def test_text_before_a_damaged_end_is_read(short, rest) -> None:
    whole = body("1", "2", short)
    text = read_text(Command.SUBMIT_SM, whole + rest)
    assert text.short == short
    assert text.is_malformed or encode_optional(text.options) == rest
    cut = read_text(Command.SUBMIT_SM, whole[: len(whole) - len(short) // 2])
    assert short.startswith(cut.short)
    assert cut.is_malformed == (len(short) > 1)
    assert read_text(Command.SUBMIT_SM, whole + b"\x04\x24\x00\x2a" + rest).payloads == (rest,)


@given(st.binary(max_size=80))
def test_any_bind_is_parsed_or_refused(content) -> None:
    with contextlib.suppress(MalformedPdu):
        assert len(read_bind(content).system_id) < 65


def test_optional_parameters_keep_their_order_and_repetition() -> None:
    more = ((5, b"a"), (5, b"b"), (0x1400, b""))
    assert read_text(Command.SUBMIT_SM, body("1", "2", options=more)).options == more
    assert encode_optional(more) == b"\0\5\0\1a\0\5\0\1b\x14\0\0\0"


@pytest.mark.parametrize(
    ("bound", "command", "refused"),
    [
        (BindMode.NOT, Command.BIND_RECEIVER, None),
        (BindMode.NOT, Command.SUBMIT_SM, Status.WRONG_STATE),
        (BindMode.RECEIVER, Command.SUBMIT_SM, Status.WRONG_STATE),
        (BindMode.TRANSMITTER, Command.SUBMIT_SM, None),
        (BindMode.TRANSCEIVER, Command.QUERY_SM, None),
        (BindMode.TRANSCEIVER, Command.BIND_TRANSMITTER, Status.ALREADY_BOUND),
        (BindMode.TRANSCEIVER, Command.DELIVER_SM, Status.WRONG_STATE),
        (BindMode.TRANSCEIVER, 0x7777, Status.INVALID_COMMAND),
    ],
)
def test_refusal_status_by_bind_mode(bound, command, refused) -> None:
    assert refusal_status(bound, command) is refused
