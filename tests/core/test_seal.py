"""The seal: whatever a reader is shown breaks it, whatever servers add on the way does not."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.core.mime.headers import fields, header_section
from gateway.core.mime.seal import opened, received_count, seal, without_seals

from .made import CONTENT

KEY, ID = bytes(range(32)), "01m00000000000000000000000"
SEAL = seal(KEY, ID, CONTENT)
SEALED = SEAL + CONTENT
RECEIVED = b"Received: from a.example by b.example\r\n\twith ESMTPS id 7;\r\n\tTue, 24 Nov 2026 15:30:00 +0000\r\n"

names = st.sampled_from(
    [b"From", b"SUBJECT", b"Content-Type", b"content-disposition", b"MIME-Version", b"X-Other", b"To", b"Received"]
)
values = st.binary(max_size=20).map(lambda made: re.sub(rb"[\r\n]", b"", made))
lines = st.builds(
    lambda name, value, fold: name + b": " + value + fold + b"\r\n", names, values, st.sampled_from([b"", b"\r\n more"])
)
contents = st.builds(
    lambda head, body: b"".join(head) + b"\r\n" + body, st.lists(lines, max_size=6), st.binary(max_size=40)
)


def test_the_field():
    assert re.fullmatch(rb"X-Chaperone-Id: 01m0{23}; [0-9a-f]{64}\r\n", SEAL)
    assert opened(KEY, SEALED) == ID
    assert opened(bytes(32), SEALED) is None
    assert opened(KEY, CONTENT) is None


def test_what_servers_do_on_the_way():
    assert opened(KEY, RECEIVED + RECEIVED + SEALED) == ID
    assert opened(KEY, RECEIVED + b"X-Gm-Spam: 0\r\nReturn-Path: <a@b.example>\r\n" + SEALED) == ID
    assert opened(KEY, SEALED.replace(b"; ", b";\r\n\t", 1)) == ID
    assert opened(KEY, SEALED.replace(b"X-Chaperone-Id", b"x-chaperone-id")) == ID
    assert opened(KEY, SEALED.replace(b"Subject: Quiz on", b"Subject: Quiz\r\n on")) == ID
    assert opened(KEY, b"X-Chaperone-Id: 01x; " + b"0" * 64 + b"\r\n" + SEALED) == ID  # a forged one beside ours


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"From: Dana", b"From: Dan"), (b"Subject: Quiz", b"Subject: Quit"),
        (b"MIME-Version: 1.0", b"MIME-Version: 1.1"), (b"To: ", b"X-Other: a\r\n \r\n b\r\nTo: "),
        (b"Quiz on", b"Quiz\r\n \r\n on"),
        (b"charset=utf-8", b"charset=utf-7"), (b"4.1 to", b"4.2 to"), (b"\r\n\r\nThe", b"\r\n\r\n\r\nThe"),
        (b"Subject: Quiz on Thursday\r\n", b""), (b"Subject: ", b"Subject: a\r\nSubject: "),
        (b"To: ", b"Content-Transfer-Encoding: base64\r\nTo: "), (b"To: ", b"From: <x@y.example>\r\nTo: "),
        (b"To: ", b"no field at all\r\nTo: "), (b"Content-Type: text/plain", b"Content-Type : text/html"),
        (b"Content-Type: text/plain; c", b"Content-Type: text/plain;  c"), (ID.encode(), b"01m00000000000000000000001"),
    ],
)  # fmt: skip
def test_what_a_reader_is_shown_breaks_it(old, new):
    assert old in SEALED
    assert opened(KEY, SEALED.replace(old, new, 1)) is None


def test_many_forged_fields_take_no_longer_than_the_content_is_long():
    body = b"\r\n" + b"x" * (1 << 20)
    forged = b"".join(b"X-Chaperone-Id: %d; %s\r\n" % (number, b"0" * 64) for number in range(5000))
    began = time.process_time()
    assert opened(KEY, forged + body) is None
    assert opened(KEY, forged + seal(KEY, ID, body) + body) == ID
    assert time.process_time() - began < 2.0  # a hash of the content for each of them takes ten times as long


@given(contents)
def test_a_seal_opens_with_anything_harmless_before_it(content):
    clean = without_seals(content)
    assert opened(KEY, RECEIVED + seal(KEY, ID, clean) + clean) == ID
    assert opened(KEY, seal(KEY, ID, clean) + RECEIVED + clean) == ID


@given(contents, contents)
def test_another_content_does_not_open_it(one, other):
    def shown(content):
        section = header_section(content)
        sealed = [(name, raw.split(b":", 1)[1].replace(b"\r\n", b"").strip()) for name, raw in fields(section)
                  if name not in ("to", "received", "x-other")]  # fmt: skip
        return sorted(sealed, key=lambda each: each[0]), content[len(section) :]

    assert (opened(KEY, seal(KEY, ID, one) + other) == ID) == (shown(one) == shown(other))


@given(contents, st.integers(0), st.binary(min_size=1, max_size=3))
def test_one_changed_byte_of_the_text_breaks_it(content, at, patch):
    sealed = seal(KEY, ID, content) + content
    start = len(header_section(sealed))
    body = sealed[start:]
    at %= len(body)
    changed = body[:at] + patch + body[at + len(patch) :]
    assume(changed != body and changed.startswith(b"\r\n"))
    assert opened(KEY, sealed[:start] + changed) is None


@given(contents, st.lists(st.sampled_from(
    [SEAL, b"X-CHAPERONE-ID: x\r\n", b"X-Chaperone-Id : folded\r\n\tmore\r\n and more\r\n", b"x-chaperone-id:\r\n"]
), max_size=3), st.data())  # fmt: skip
def test_every_copy_goes_and_nothing_else(content, forged, data):
    section = header_section(content)
    kept = [raw for _, raw in fields(section)]
    mixed = list(kept)
    for each in forged:
        mixed.insert(data.draw(st.integers(0, len(mixed))), each)
    assert without_seals(b"".join(mixed) + content[len(section) :]) == content


def test_the_text_keeps_what_looks_like_a_seal():
    quoted = CONTENT + SEAL
    assert without_seals(quoted) == quoted
    assert without_seals(SEAL + quoted) == quoted
    assert without_seals(b"X-Chaperone-Id: a\r\n\r\nbody") == b"\r\nbody"
    assert without_seals(b"X-Chaperone-Id: a") == b""


@given(st.binary(max_size=200))
def test_nothing_raises(content):
    assert opened(KEY, content) is None
    without_seals(content)
    assert received_count(content) >= 0


def test_received_fields_are_counted():
    assert received_count(RECEIVED * 3 + b"X-Received: no\r\nreceived : yes\r\n") == 4
    assert received_count(b"") == 0
