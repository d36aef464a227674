"""Header sections of real and hostile mail: fields, addresses, encoded words; nothing raises and nothing is slow."""

from __future__ import annotations

import base64
import quopri
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.mime.charsets import to_text
from gateway.core.mime.headers import (
    MOST_CLAIMED,
    Mailbox,
    addresses,
    decoded,
    fields,
    header_section,
    message_id,
    subject,
    unfolded,
)


def test_the_header_section_ends_before_the_empty_line():
    assert header_section(b"A: 1\r\nB: 2\r\n\r\nbody\r\n\r\nmore") == b"A: 1\r\nB: 2\r\n"
    assert header_section(b"\r\nbody") == b""
    assert header_section(b"A: 1\r\n") == b"A: 1\r\n"
    assert header_section(b"A: 1\nB: 2\n\nbody") == b"A: 1\nB: 2\n"
    assert header_section(b"A: 1\n\nx\r\nB: 2\r\n\r\nbody") == b"A: 1\n\nx\r\nB: 2\r\n"
    assert header_section(b"") == b""


def test_fields_keep_their_folds():
    section = b"Subject: a\r\n b\r\n\tc\r\nX : y\r\nno field\r\n:odd\r\n"
    assert list(fields(section)) == [
        ("subject", b"Subject: a\r\n b\r\n\tc\r\n"), ("x", b"X : y\r\n"),
        ("no field", b"no field\r\n"), ("", b":odd\r\n"),
    ]  # fmt: skip
    assert unfolded(b"Subject: a\r\n b\r\n\tc\r\n") == b"a b\tc"


@given(st.lists(st.sampled_from([b"A: b", b"\r\n", b"\n", b" ", b"\t", b"x", b":", b"\r", b"\xff"])).map(b"".join))
def test_fields_are_the_whole_section(section):
    found = list(fields(section))
    assert b"".join(raw for _, raw in found) == section
    assert all(raw for _, raw in found)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("=?utf-8?q?Caf=C3=A9_au_lait?=", "Café au lait"),
        ("=?UTF-8?B?Q2Fmw6k=?= and =?iso-8859-1?Q?=E9t=E9?=", "Café and été"),
        ("=?utf-8?q?one?= =?utf-8?q?_word?=", "one word"),
        ("=?utf-8?q?caf=C3?= =?utf-8?q?=A9?=", "café"),  # a character cut between two words
        ("=?utf-8*en?q?language?=", "language"),
        ("=?utf-8?B?Q2Fmw6k?=", "Café"),  # without its padding
        ("=?utf-8?q?un closed", "=?utf-8?q?un closed"),
        ("=?no-such?q?caf=C3=A9?=", "café"),
        ("=?utf-8?q?a?=b", "ab"),
        ("日本 =?utf-8?q?x?=", "日本 x"),
        ("plain \\u0041", "plain \\u0041"),
        ("=?utf-8?x?a?=", "=?utf-8?x?a?="),
        ("=?utf-8?q??=", ""),
        ("=?unicode_escape?q?=5Cu0041?=", "\\u0041"),  # a codec of Python, and none of mail
    ],
)
def test_encoded_words(value, text):
    assert decoded(value.encode()) == text


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])), st.sampled_from(["b", "q"]))
def test_encoded_words_come_back(text, kind):
    data = text.encode()
    coded = base64.b64encode(data) if kind == "b" else quopri.encodestring(data, header=True).replace(b"=\n", b"")
    coded = coded.replace(b"?", b"=3F").replace(b"\r", b"=0D").replace(b"\n", b"=0A") if kind == "q" else coded
    assert decoded(b"=?utf-8?" + kind.encode() + b"?" + coded + b"?=") == text


def test_subject_and_message_id():
    section = (
        b"Received: x\r\nSUBJECT: =?utf-8?q?Quiz?=\r\n on Thursday\r\nMessage-Id:\r\n <a@b>\r\nMessage-ID: <c@d>\r\n"
    )
    assert subject(section) == "Quiz on Thursday"
    assert message_id(section) == "<a@b>"
    assert subject(b"Subject: one\r\nSubject: two\r\n") == "one\ntwo"
    assert (subject(b""), message_id(b"")) == ("", "")


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("a@b.example", [("a@b.example", "")]),
        ('"Whitfield, Dana" <d@b.example>', [("d@b.example", "Whitfield, Dana")]),
        ("=?utf-8?q?Dana_W=C3=AD?= <d@b.example>", [("d@b.example", "Dana Wí")]),
        ("Team: a@b.example, B <c@d.example>;", [("a@b.example", ""), ("c@d.example", "B")]),
        ('"d@b.example" <x@evil.example>', [("x@evil.example", "d@b.example"), ("d@b.example", "d@b.example")]),
        ("=?utf-8?q?d=40b=2Eexample?= <x@evil.example>",
         [("x@evil.example", "d@b.example"), ("d@b.example", "d@b.example")]),
        ("x@evil.example (Dana)", [("x@evil.example", "Dana")]),
        ("Dana Whitfield", [("", "Dana Whitfield")]),
        ("<<a@b.example>>", [("a@b.example", "")]),
        ("undisclosed-recipients:;", []),
        ("Dana Whitfield, Teacher <x@evil.example>", [("x@evil.example", "Dana Whitfield, Teacher")]),
        ("Whitfield, Dana <x@evil.example>", [("x@evil.example", "Whitfield, Dana")]),
        ('"Dana Whitfield" x@evil.example', [("x@evil.example", "Dana Whitfield")]),
        ("Dana Whitfield [x@evil.example]", [("x@evil.example", "Dana Whitfield")]),
        ('"Dana Whitfield <x@evil.example>', [("x@evil.example", "Dana Whitfield")]),
        ("=?utf-8?q?Dana_=3Cd=40b.example=3E?=", [("d@b.example", "Dana")]),  # the address is in the word as well
        ("=?utf-8?q?d=40b.example?=", [("d@b.example", "")]),
        ("Dana Whitfield:;", [("", "Dana Whitfield:;")]),
        ("<d\u200b@b.exam\0ple>", [("d@b.example", "")]),  # as nobody sees it
        ("", []),
    ],
)  # fmt: skip
def test_addresses(value, found):
    boxes = addresses(b"From: " + value.encode() + b"\r\n")
    assert {(box.address, box.name) for box in boxes} >= set(found)
    seen = {box.address for box in boxes if "@" in box.address and " " not in box.address}
    assert seen == {address for address, _ in found if "@" in address}


def test_every_identity_field_counts_and_no_other():
    section = b"From: a@x.example\r\nfrom: b@x.example\r\nSender: c@x.example\r\n"
    section += b"Resent-From: d@x.example\r\nTo: e@x.example\r\n"
    assert [box.address for box in addresses(section)] == ["a@x.example", "b@x.example", "c@x.example", "d@x.example"]
    assert addresses(section, ("to",)) == (Mailbox("e@x.example"),)


@pytest.mark.parametrize(
    "section",
    [
        b"From: " + b", ".join(b"a%d@b.example" % number for number in range(9000)) + b"\r\n",
        b"".join(b"From: a%d@b.example\r\n" % number for number in range(9000)),
        b"".join(b"From: %d:;\r\n" % number for number in range(9000)),
    ],
)
def test_too_many_to_be_anybodys_are_seen_to_be_too_many(section):
    assert MOST_CLAIMED < len(addresses(section)) < 3 * MOST_CLAIMED


def test_an_address_far_behind_is_still_found():
    padded = b"From: " + b"a@b.example, " * 5000 + b"Dana <d@b.example>\r\n"
    assert "d@b.example" in {box.address for box in addresses(padded)}


HOSTILE = [
    b"a",
    b"@",
    b"a@",
    b"(",
    b'"',
    b"<",
    b"a@b.c,",
    b"\\",
    b"a:;",
    b"[@",
    b"=?",
    b"=?a?q?",
    b"=?utf-8?q?=41?= ",
    b"\r\n ",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_nothing_takes_quadratic_time(piece):
    value = piece * (300_000 // len(piece))
    section = b"From: " + value + b"\r\nSubject: " + value + b"\r\n"
    begun = time.process_time()
    addresses(section)
    subject(section)
    list(fields(section))
    assert time.process_time() - begun < 3


@given(st.binary(max_size=200) | st.lists(st.sampled_from(
    [b"From: ", b"\r\n", b'"', b"(", b")", b"<", b">", b"@", b",", b":", b";", b"\\", b"[", b"]", b"=?utf-8?q?", b"?=",
     b"=E9", b"=?utf-16?b?", b"=?a\x00?q?", b"\xe9", b" "]
)).map(b"".join))  # fmt: skip
def test_nothing_raises_whatever_the_bytes(content):
    section = header_section(content)
    for name, raw in fields(section):
        assert isinstance(name, str)
        decoded(unfolded(raw)).encode("utf-8")
    for box in addresses(section + b"\r\nFrom: " + content):
        (box.address + box.name).encode("utf-8")
    subject(section).encode("utf-8")
    message_id(section).encode("utf-8")


@given(st.binary(max_size=100), st.text(max_size=12) | st.sampled_from(
    ["utf-8", "utf-7", "utf-16", "utf-32", "punycode", "idna", "hex", "zip", "unicode_escape", "undefined", "mbcs",
     "a\0b", "gb2312", "iso-2022-jp", "ks_c_5601-1987", "big5", "windows-1252", "'utf-8'", "\udc80", "cp99999"]
))  # fmt: skip
def test_any_charset_gives_text(data, charset):
    to_text(data, charset).encode("utf-8")


def test_charsets_as_mail_programs_read_them():
    assert to_text(b"\x93smart\x94", "iso-8859-1") == "“smart”"
    assert to_text("señor".encode(), "us-ascii") == "señor"
    assert to_text(b"se\xf1or", "us-ascii") == "señor"
    assert to_text("日本".encode("shift_jis"), "Shift_JIS") == "日本"
    assert to_text("señor, ".encode() * 9 + b"\xff") == "señor, " * 9 + "\ufffd"  # one stray byte spoils nothing else
    assert to_text(b"+2AE-", "utf-7").isprintable() is True
