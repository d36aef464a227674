"""Transfer encodings: what else a malformed body may mean."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.mime.transfer import decode, decoded_blocks, other_decodings, without_blocks

WORDS = b"Meet me alone tonight, tell nobody."
CODED = base64.b64encode(WORDS)


@given(st.binary(max_size=300), st.sampled_from(["base64", "quoted-printable", "", "7bit", "x-uuencode", "x"]))
def test_any_body_decodes(raw, encoding):
    decode(encoding, raw)
    assert len(other_decodings(encoding, raw)) <= 14


@given(st.binary(max_size=300))
def test_well_formed_base64_has_one_decoding(data):
    assert other_decodings("base64", base64.encodebytes(data)) == []


@pytest.mark.parametrize("before", [b"aGk=", b"aGk", b"aGk=\r\n\r\n--\r\n", b"!!", b"AAAA=*", b"aGkA~"])
def test_data_behind_garbage_is_decoded(before):
    assert any(WORDS in data for data in other_decodings("base64", before + CODED))


def test_blocks_inside_a_text():
    raw = b"hello\r\n\r\n" + base64.encodebytes(WORDS * 3) + b"\r\nbye\r\n"
    assert decoded_blocks(raw) == [WORDS * 3]
    assert without_blocks(raw).split() == [b"hello", b"bye"]


def test_quoted_printable_that_is_not_declared():
    raw = b"Hi,\r\n" + b"".join(b"=%02X" % byte for byte in WORDS)
    assert other_decodings("7bit", raw) == [b"Hi,\r\n" + WORDS]
    assert other_decodings("7bit", b"see https://tools.example/a?id=2045&key=20AB\r\n") == []


@pytest.mark.parametrize("place", [b"`\r\n%s\r\nend", b"%s\r\n`\r\nend", b"`\r\nend\r\n%s"])
def test_words_among_uuencoded_lines_are_read(place):
    (text,) = other_decodings("x-uuencode", b"begin 644 a.txt\r\n#:&5Y\r\n" + place % WORDS + b"\r\n")
    assert text.split() == WORDS.split()


@pytest.mark.parametrize("length", [bytes((byte,)) for byte in range(1, 0x80) if byte not in b"\r\n"])
def test_words_among_uuencoded_lines_are_read_whatever_length_they_claim(length):
    raw = b"begin 644 a.txt\r\n#:&5Y\r\n" + length + WORDS + b"\r\n`\r\nend\r\n"
    assert any(WORDS in text for text in other_decodings("x-uuencode", raw))
