"""Encoded words and base64 as mail programs decode them."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.mime.encoded_words import decode_base64, decode_words
from gateway.core.mime.headers import decode_value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("=?utf-8?q?Caf=C3=A9_au_lait?=", "Café au lait"),
        ("=?UTF-8?B?Q2Fmw6k=?= and =?iso-8859-1?Q?=E9t=E9?=", "Café and été"),
        ("=?utf-8?q?one?= =?utf-8?q?_word?=", "one word"),
        ("=?utf-8?q?caf=C3?= =?utf-8?q?=A9?=", "café"),  # a character split between two words
        ("=?utf-16?b?/v8AYQ==?= =?utf-16?b?/v8AYg==?=", "ab"),  # each word with its own byte order mark
        ("=?utf-8*en?q?language?=", "language"),
        ("=?utf-8?B?Q2Fmw6k?=", "Café"),  # without its padding
        ("=?utf-8?q?un closed", "=?utf-8?q?un closed"),
        ("=?no-such?q?caf=C3=A9?=", "café"),
        ("=?utf-8?q?a?=b", "ab"),
        ("日本 =?utf-8?q?x?=", "日本 x"),
        ("plain \\u0041", "plain \\u0041"),
        ("=?utf-8?x?a?=", "=?utf-8?x?a?="),
        ("=?utf-8?q??=", ""),
        ("=?utf-8?Q?ok?_see_you?= =?utf-8?Q?_then??=", "ok? see you then?"),  # a question mark that is not encoded
        ("=?utf-8?q?a?b =?utf-8?q?c?=", "=?utf-8?q?a?b c"),
        ("=?utf-8?B?Q2Fm?=?= =?utf-8?B?YQ==?=", "Caf?= a"),
        ("=?unicode_escape?q?=5Cu0041?=", "\\u0041"),  # a codec of Python that is not a charset of mail
    ],
)
def test_encoded_words_in_a_field(value, text):
    assert decode_value(value.encode()) == text


def test_japanese_without_encoded_words():
    assert decode_value("ｍｅｅｔ ｍｅ".encode("iso-2022-jp")) == "ｍｅｅｔ ｍｅ"


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])), st.sampled_from("bq"))
def test_encoding_round_trip(text, encoding):
    data = text.encode()
    coded = (
        base64.b64encode(data)
        if encoding == "b"
        else b"".join(b"_" if byte == 0x20 else b"=%02X" % byte for byte in data)
    )
    assert decode_words(f"=?utf-8?{encoding}?{coded.decode()}?=") == text


def test_base64_is_decoded_leniently():
    assert decode_base64(b"Q2Fm\r\nw6k=") == "Café".encode()
    assert decode_base64(b"Q2Fmw6k") == "Café".encode()
    assert decode_base64(b"YQ==YmM=") == b"abc"
    assert decode_base64(b"YWJj=\r\n-- \r\nthe list's footer") == b"abc"


@pytest.mark.parametrize("at", range(1, 12))
def test_words_of_base64_may_end_within_a_group(at):
    coded = base64.b64encode(b"Meet me alone tonight.").decode()
    pieces = coded[:at], coded[at : at + 7], coded[at + 7 :]
    assert decode_words(" ".join(f"=?utf-8?b?{piece}?=" for piece in pieces)) == "Meet me alone tonight."
