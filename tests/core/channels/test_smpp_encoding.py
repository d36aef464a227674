"""Texts over SMPP: every encoding, and long texts split into parts."""

from __future__ import annotations

import random

import gsmcodecs  # noqa: F401 - registers the codecs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.channels.smpp_encoding import (
    PartReference,
    alphabet_of,
    decode_texts,
    normalize_address,
    part_reference,
    read_texts,
)
from gateway.core.channels.smpp_pdu import Command, SmppAddress, Tag, read_text
from tests.peers.smpp_ends import body, data_body, parts

UDHI = 0x40


def said(short: bytes, *, coding: int = 0, esm_class: int = 0, options=()) -> tuple[str, bool]:
    return decode_texts(
        [read_text(Command.SUBMIT_SM, body("1", "2", short, coding=coding, esm_class=esm_class, options=options))]
    )


@pytest.mark.parametrize(
    ("coding", "short", "text"),
    [
        (0, b"Costs 5\x1be @ caf\x05".replace(b"@", b"\0"), "Costs 5€ @ café"),
        (0, b"\x1b<x\x1b> \x1b(y\x1b)", "[x] {y}"),
        (1, b"plain @ ascii_$", "plain @ ascii_$"),
        (1, b"\0 is what npm smpp writes", "@ is what npm smpp writes"),
        (3, "mañana à l'école".encode("latin-1"), "mañana à l'école"),
        (8, "see you 😀 mañana".encode("utf-16-be"), "see you 😀 mañana"),
        (6, "привет".encode("iso8859-5"), "привет"),
        (0x10, b"flash", "flash"),
        (0x18, "flash 😀".encode("utf-16-be"), "flash 😀"),
        (0xF0, b"class 0", "class 0"),
        (0xE0, "waiting".encode("utf-16-be"), "waiting"),
        (0x40, b"to be deleted", "to be deleted"),
        (0x58, "to be deleted".encode("utf-16-be"), "to be deleted"),
        (0, "somebody's é".encode(), "somebody's é"),
        (0, "somebody's é".encode("latin-1"), "somebody's é"),
    ],
)
def test_each_data_coding_is_decoded(coding: int, short: bytes, text: str) -> None:
    assert said(short, coding=coding) == (text, True)


@pytest.mark.parametrize("coding", [2, 4, 0xF4, 0x14, 0x80])
def test_binary_is_unreadable_but_its_printable_text_is_kept(coding: int) -> None:
    assert alphabet_of(coding) == ""
    assert said(b"\x01\x02secret words\x00", coding=coding) == ("secret words", False)


def test_half_a_character_at_the_end_has_no_words() -> None:
    assert said(b"\0a\0", coding=8) == ("a", True)


@pytest.mark.parametrize(
    ("single", "locking", "text"),
    [(1, 0, "ışŞğ"), (2, 0, "áíóú Á"), (3, 3, "ãõÃ êÔ"), (0, 1, "ıİğ"), (6, 6, "नमस्ते"), (13, 13, "سلام")],
)
def test_national_language_tables(single: int, locking: int, text: str) -> None:
    elements = (b"\x24\x01" + bytes((single,)) if single else b"") + (
        b"\x25\x01" + bytes((locking,)) if locking else b""
    )
    header = bytes((len(elements),)) + elements
    content = text.encode(f"gsm23.038-{locking}-{single}")
    assert said(header + content, esm_class=UDHI) == (text, True)


def test_unknown_language_table_is_taken_for_the_default() -> None:
    assert said(b"\x03\x24\x01\x63hello", esm_class=UDHI) == ("hello", True)


@pytest.mark.parametrize("header", [b"\x20\x00\x03", b"\x02\x00\x09", b"\xff"])
def test_text_behind_an_invalid_user_data_header_is_read(header: bytes) -> None:
    found = read_texts([read_text(Command.SUBMIT_SM, body("1", "2", header + b"hello there", esm_class=UDHI))])
    assert "hello there" in found.whole
    assert found.is_disputed


def pieces(short: bytes, **more) -> PartReference | None:
    return part_reference(read_text(Command.SUBMIT_SM, body("1", "2", short, **more)))


def test_parts_are_identified_in_three_ways() -> None:
    assert pieces(b"\x05\x00\x03\x2a\x03\x02more", esm_class=UDHI) == PartReference("8:42", 3, 2)
    assert pieces(b"\x06\x08\x04\x01\x02\x03\x01more", esm_class=UDHI) == PartReference("16:258", 3, 1)
    sar = ((Tag.SAR_REFERENCE.value, b"\x01\x02"), (Tag.SAR_TOTAL.value, b"\x02"), (Tag.SAR_NUMBER.value, b"\x01"))
    assert pieces(b"more", options=sar) == PartReference("sar:258", 2, 1)


@pytest.mark.parametrize("ending", [b"\x2a\x01\x01", b"\x2a\x03\x00", b"\x2a\x03\x04", b"\x2a\x00\x00"])
def test_invalid_reference_means_a_text_of_one_part(ending: bytes) -> None:
    assert pieces(b"\x05\x00\x03" + ending + b"text", esm_class=UDHI) is None


@given(
    st.text(
        st.characters(exclude_categories=["Cc", "Cn", "Co", "Cs"], exclude_characters="\ufffd"),
        min_size=1,
        max_size=400,
    ),
    st.integers(2, 60),
    st.booleans(),
)
def test_text_split_anywhere_is_joined(text, size, wide) -> None:
    content = text.encode("utf-16-be", "surrogatepass")
    whole = content.decode("utf-16-be", "replace")
    cut = parts(content, size, 9, wide=wide)
    texts = [read_text(Command.SUBMIT_SM, body("1", "2", piece, coding=8, esm_class=UDHI)) for piece in cut[:255]]
    if len(cut) <= 255:
        assert decode_texts(texts)[0] == whole


def test_what_exceeds_every_real_text_is_not_read() -> None:
    texts = [read_text(Command.DATA_SM, data_body("1", "2", b"hello " * 5_000)) for _ in range(4)]
    found = read_texts(texts)
    assert (len(found.text), found.readable) == (60_000, False)


def test_escape_split_between_two_parts() -> None:
    texts = [
        read_text(Command.SUBMIT_SM, body("1", "2", piece, esm_class=UDHI)) for piece in parts(b"5 \x1be, more", 3, 1)
    ]
    assert decode_texts(texts)[0] == "5 €, more"


def test_short_message_and_payload_are_both_read() -> None:
    long = "a long text ".encode("utf-16-be") * 40
    assert decode_texts([read_text(Command.DATA_SM, data_body("1", "2", long, coding=8))]) == (
        "a long text " * 40,
        True,
    )
    both = body("1", "2", b"first ", options=((Tag.PAYLOAD.value, b"second"),))
    assert decode_texts([read_text(Command.SUBMIT_SM, both)])[0] == "first second"


@pytest.mark.parametrize(
    ("address", "one_form"),
    [
        (SmppAddress(1, 1, "15155550120"), "+15155550120"),
        (SmppAddress(2, 1, "5155550120"), "+15155550120"),
        (SmppAddress(0, 0, "+15155550120"), "+15155550120"),
        (SmppAddress(0, 0, "0015155550120"), "+15155550120"),
        (SmppAddress(0, 0, "01115155550120"), "+15155550120"),
        (SmppAddress(5, 0, "15155550120"), "+15155550120"),
        (SmppAddress(1, 1, "447700900123"), "+447700900123"),
        (SmppAddress(0, 0, "447700900123"), "+447700900123"),
        (SmppAddress(5, 0, "RIVERBEND"), "RIVERBEND"),
        (SmppAddress(3, 0, "72404"), "72404"),
        (SmppAddress(0, 0, "911"), "911"),
    ],
)
def test_normalize_address(address: SmppAddress, one_form: str) -> None:
    assert normalize_address(address) == one_form


@given(st.binary(max_size=140), st.integers(0, 255), st.integers(0, 255))
def test_no_text_raises(short, coding, esm_class) -> None:
    text, _ = said(short, coding=coding, esm_class=esm_class)
    assert isinstance(text.encode("utf-8", "replace"), bytes)


def test_parts_are_read_in_the_given_order() -> None:
    cut = parts(b"one two three four five", 5, 3)
    texts = [read_text(Command.SUBMIT_SM, body("1", "2", piece, esm_class=UDHI)) for piece in cut]
    shuffled = random.Random(1).sample(texts, len(texts))
    assert decode_texts(sorted(shuffled, key=lambda text: part_reference(text).number))[0] == "one two three four five"


@pytest.mark.parametrize(
    ("name", "flags"),
    [
        (0x0A, (False, True, False)), (0x0B, (False, True, False)), (0x10, (False, True, True)),
        (0x12, (False, True, True)), (0x16, (False, False, False)), (0x18, (False, False, False)),
        (0x05, (True, True, False)), (0x70, (True, True, False)),
    ],
)  # fmt: skip
def test_what_elements_of_the_header_show(name: int, flags: tuple[bool, bool, bool]) -> None:
    short = b"\x05" + bytes((name, 3)) + b"\1\2\3" + b"see you"
    found = read_texts([read_text(Command.SUBMIT_SM, body("1", "2", short, esm_class=UDHI))])
    assert (found.text, found.is_disputed, found.readable, found.pictured) == ("see you", *flags)


@pytest.mark.parametrize("ton", [0, 1, 2, 5])
@pytest.mark.parametrize(
    "digits", ["5155550120", "15155550120", "15155550120#", "15155550120,,1", "+15155550120;ext=1"]
)
def test_number_ignores_declared_type_and_suffix(ton: int, digits: str) -> None:
    assert normalize_address(SmppAddress(ton, 1, digits)) == "+15155550120"
