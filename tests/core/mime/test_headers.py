"""Header sections of real and hostile mail: fields and addresses. Nothing raises and nothing is slow."""

from __future__ import annotations

from email.utils import getaddresses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.mime.headers import (
    _PLAIN_MAILBOX,
    _TOLERANT,
    MAX_IDENTITIES,
    HeaderSection,
    Mailbox,
    _parse_addresses,
    decode_value,
    split_fields,
    unfold,
)
from tests.growth import grows_linearly


def test_section_ends_before_the_empty_line():
    assert HeaderSection.of(b"A: 1\r\nB: 2\r\n\r\nbody\r\n\r\nmore").raw == b"A: 1\r\nB: 2\r\n"
    assert HeaderSection.of(b"\r\nbody").raw == b""
    assert HeaderSection.of(b"A: 1\r\n").raw == b"A: 1\r\n"
    assert HeaderSection.of(b"A: 1\nB: 2\n\nbody").raw == b"A: 1\nB: 2\n"
    assert HeaderSection.of(b"A: 1\n\nx\r\nB: 2\r\n\r\nbody").raw == b"A: 1\n\nx\r\nB: 2\r\n"
    assert HeaderSection.of(b"").raw == b""


def test_fields_keep_their_folds():
    section = b"Subject: a\r\n b\r\n\tc\r\nX : y\r\nno field\r\n:odd\r\n"
    assert list(split_fields(section)) == [
        ("subject", b"Subject: a\r\n b\r\n\tc\r\n"), ("x", b"X : y\r\n"),
        ("no field", b"no field\r\n"), ("", b":odd\r\n"),
    ]  # fmt: skip
    assert unfold(b"Subject: a\r\n b\r\n\tc\r\n") == b"a b\tc"


@given(st.lists(st.sampled_from([b"A: b", b"\r\n", b"\n", b" ", b"\t", b"x", b":", b"\r", b"\xff"])).map(b"".join))
def test_raw_fields_add_up_to_the_section(section):
    found = list(split_fields(section))
    assert b"".join(raw for _, raw in found) == section
    assert all(raw for _, raw in found)


def test_subject_and_message_id():
    section = (
        b"Received: x\r\nSUBJECT: =?utf-8?q?Quiz?=\r\n on Thursday\r\nMessage-Id:\r\n <a@b>\r\nMessage-ID: <c@d>\r\n"
    )
    assert HeaderSection(section).subject == "Quiz on Thursday"
    assert HeaderSection(section).message_id == "<a@b>"
    assert HeaderSection(b"Subject: one\r\nSubject: two\r\n").subject == "one\ntwo"
    wide = "and a question".encode("utf-16-le")
    assert "Quiz and a question" in HeaderSection(b"Subject: Quiz " + wide + b"\r\n").subject.split("\n")
    assert (HeaderSection().subject, HeaderSection().message_id) == ("", "")


def test_received_fields_are_counted():
    received = b"Received: from a.example by b.example\r\n\twith ESMTPS id 7\r\n"
    assert HeaderSection(received * 3 + b"X-Received: no\r\nreceived : yes\r\n").received_count == 4
    assert HeaderSection().received_count == 0


def test_large_sections_are_split_on_each_use():
    section = HeaderSection(b"Subject: one\r\n" + b"X: y\r\n" * 100_000)
    assert len(list(section.fields)) == len(list(section.fields)) == 100_001
    assert section.subject == "one"
    assert not isinstance(section.fields, tuple)


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
        ("=?utf-8?q?Dana_=3Cd=40b.example=3E?=", [("d@b.example", "Dana")]),  # the encoded word holds the address too
        ("=?utf-8?q?d=40b.example?=", [("d@b.example", "")]),
        ("Dana Whitfield:;", [("", "Dana Whitfield:;")]),
        ("<d\u200b@b.exam\0ple>", [("d@b.example", "")]),  # invisible characters
        ("", []),
    ],
)  # fmt: skip
def test_mailboxes(value, found):
    boxes = HeaderSection(b"From: " + value.encode() + b"\r\n").mailboxes()
    assert {(box.address, box.name) for box in boxes} >= set(found)
    seen = {box.address for box in boxes if "@" in box.address and " " not in box.address}
    assert seen == {address for address, _ in found if "@" in address}


@given(st.from_regex(_PLAIN_MAILBOX, fullmatch=True))
def test_plain_mailbox_is_read_as_by_the_standard_library(value):
    assert _parse_addresses(value) == getaddresses([value], **_TOLERANT)


def test_only_identity_fields_are_read():
    section = b"From: a@x.example\r\nfrom: b@x.example\r\nSender: c@x.example\r\n"
    section += b"Resent-From: d@x.example\r\nTo: e@x.example\r\n"
    assert [box.address for box in HeaderSection(section).mailboxes()] == [
        "a@x.example",
        "b@x.example",
        "c@x.example",
        "d@x.example",
    ]
    assert HeaderSection(section).mailboxes(("to",)) == (Mailbox("e@x.example"),)


@pytest.mark.parametrize(
    "section",
    [
        b"From: " + b", ".join(b"a%d@b.example" % number for number in range(9000)) + b"\r\n",
        b"".join(b"From: a%d@b.example\r\n" % number for number in range(9000)),
        b"".join(b"From: %d:;\r\n" % number for number in range(9000)),
    ],
)
def test_too_many_identities_are_detected(section):
    assert MAX_IDENTITIES < len(HeaderSection(section).mailboxes()) < 3 * MAX_IDENTITIES


def test_address_after_the_parsed_bytes_is_found():
    padded = b"From: " + b"a@b.example, " * 5000 + b"Dana <d@b.example>\r\n"
    assert "d@b.example" in {box.address for box in HeaderSection(padded).mailboxes()}


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
def test_hostile_fields_take_linear_time(piece):
    def section(size: int) -> bytes:
        value = piece * (size // len(piece))
        return b"From: " + value + b"\r\nSubject: " + value + b"\r\n"

    for work in (
        lambda text: HeaderSection(text).mailboxes(),
        lambda text: HeaderSection(text).subject,
        lambda text: list(split_fields(text)),
    ):
        assert grows_linearly(work, section, 40_000, 320_000)


@given(st.binary(max_size=200) | st.lists(st.sampled_from(
    [b"From: ", b"\r\n", b'"', b"(", b")", b"<", b">", b"@", b",", b":", b";", b"\\", b"[", b"]", b"=?utf-8?q?", b"?=",
     b"=E9", b"=?utf-16?b?", b"=?a\x00?q?", b"\xe9", b" "]
)).map(b"".join))  # fmt: skip
def test_no_bytes_raise(content):
    section = HeaderSection.of(content)
    for name, raw in section.fields:
        assert isinstance(name, str)
        decode_value(unfold(raw)).encode("utf-8")
    for box in HeaderSection(section.raw + b"\r\nFrom: " + content).mailboxes():
        (box.address + box.name).encode("utf-8")
    section.subject.encode("utf-8")
    section.message_id.encode("utf-8")
    assert section.received_count >= 0
