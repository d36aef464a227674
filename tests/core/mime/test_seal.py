"""The seal: a change of what a reader sees breaks it; fields that servers add on the way do not."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.core.mime import seal as seals
from gateway.core.mime.headers import HeaderSection
from tests.core.samples import CONTENT
from tests.growth import grows_linearly

KEY, ID = bytes(range(32)), "01m00000000000000000000000"


SENDER = "dana@riverbend.example"


def seal(key, id, content, sender=SENDER):
    return seals.seal(key, id, sender, HeaderSection.of(content), content)


def verified_id(key, content, sender=SENDER):
    return seals.verify_seal(key, sender, HeaderSection.of(content), content)


def without_seals(content):
    section, clean = seals.remove_seals(HeaderSection.of(content), content)
    assert section == HeaderSection.of(clean)
    return clean


SEAL = seal(KEY, ID, CONTENT)
SEALED = SEAL + CONTENT
RECEIVED = b"Received: from a.example by b.example\r\n\twith ESMTPS id 7;\r\n\tTue, 24 Nov 2026 15:30:00 +0000\r\n"

names = st.sampled_from(
    [
        b"From",
        b"Sender",
        b"reply-to",
        b"To",
        b"CC",
        b"SUBJECT",
        b"Content-Type",
        b"content-disposition",
        b"MIME-Version",
        b"X-Other",
        b"Received",
    ]
)
values = st.binary(max_size=20).map(lambda made: re.sub(rb"[\r\n]", b"", made))
lines = st.builds(
    lambda name, value, fold: name + b": " + value + fold + b"\r\n", names, values, st.sampled_from([b"", b"\r\n more"])
)
contents = st.builds(
    lambda head, body: b"".join(head) + b"\r\n" + body, st.lists(lines, max_size=6), st.binary(max_size=40)
)


def test_field_format():
    assert re.fullmatch(rb"X-Chaperone-Id: 01m0{23}; [0-9a-f]{64}\r\n", SEAL)
    assert verified_id(KEY, SEALED) == ID
    assert verified_id(bytes(32), SEALED) is None
    assert verified_id(KEY, CONTENT) is None


def test_changes_by_servers_keep_the_seal():
    assert verified_id(KEY, RECEIVED + RECEIVED + SEALED) == ID
    assert verified_id(KEY, RECEIVED + b"X-Gm-Spam: 0\r\nReturn-Path: <a@b.example>\r\n" + SEALED) == ID
    assert verified_id(KEY, SEALED.replace(b"; ", b";\r\n\t", 1)) == ID
    assert verified_id(KEY, SEALED.replace(b"X-Chaperone-Id", b"x-chaperone-id")) == ID
    assert verified_id(KEY, SEALED.replace(b"Subject: Quiz on", b"Subject: Quiz\r\n on")) == ID
    assert verified_id(KEY, b"X-Chaperone-Id: 01x; " + b"0" * 64 + b"\r\n" + SEALED) == ID  # a forged seal beside ours


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
def test_visible_changes_break_the_seal(old, new):
    assert old in SEALED
    assert verified_id(KEY, SEALED.replace(old, new, 1)) is None


@pytest.mark.parametrize(
    "field", ["From", "Sender", "Reply-To", "To", "Cc", "Subject", "MIME-Version", "Content-Language"]
)
def test_every_change_of_a_covered_field_breaks_the_seal(field):
    whole = f"{field}: one <one@riverbend.example>,\r\n two <two@riverbend.example>\r\n".encode() + CONTENT
    at = whole.index(b":") + 2
    end = whole.index(CONTENT) - 2
    sealed = seal(KEY, ID, whole)
    assert verified_id(KEY, sealed + whole) == ID
    for place in range(at, end):
        changed = whole[:place] + bytes((whole[place] ^ 1,)) + whole[place + 1 :]
        assert verified_id(KEY, sealed + changed) is None, changed
    added = f"{field}: mallory@elsewhere.example\r\n".encode()
    for changed in (whole[end + 2 :], added + whole, whole.replace(CONTENT, added + CONTENT)):
        assert verified_id(KEY, sealed + changed) is None


@pytest.mark.parametrize(
    "sender", ["", "mallory@elsewhere.example", "Dana@riverbend.example", SENDER + "x", SENDER + " "]
)
def test_another_envelope_sender_breaks_the_seal(sender):
    assert verified_id(KEY, SEALED, sender) is None
    assert verified_id(KEY, SEALED, "dana@RIVERBEND.example") == ID


def test_many_forged_fields_take_linear_time():
    def forged(count):
        return b"".join(b"X-Chaperone-Id: %d; %s\r\n" % (number, b"0" * 64) for number in range(count))

    def body(count):
        return b"\r\n" + b"x" * 200 * count

    assert verified_id(KEY, forged(5000) + body(5000)) is None
    assert verified_id(KEY, forged(5000) + seal(KEY, ID, body(5000)) + body(5000)) == ID
    assert grows_linearly(lambda content: verified_id(KEY, content), lambda n: forged(n) + body(n), 600, 4800)


@given(contents)
def test_fields_before_the_seal_keep_it(content):
    clean = without_seals(content)
    assert verified_id(KEY, RECEIVED + seal(KEY, ID, clean) + clean) == ID
    assert verified_id(KEY, seal(KEY, ID, clean) + RECEIVED + clean) == ID


@given(contents, contents)
def test_another_content_breaks_the_seal(one, other):
    def shown(content):
        section = HeaderSection.of(content)
        sealed = [(name, raw.split(b":", 1)[1].replace(b"\r\n", b"").strip()) for name, raw in section.fields
                  if name not in ("received", "x-other")]  # fmt: skip
        return sorted(sealed, key=lambda field: field[0]), content[len(section) :]

    assert (verified_id(KEY, seal(KEY, ID, one) + other) == ID) == (shown(one) == shown(other))


@given(contents, st.integers(0), st.binary(min_size=1, max_size=3))
def test_one_changed_byte_of_the_body_breaks_the_seal(content, at, patch):
    sealed = seal(KEY, ID, content) + content
    start = len(HeaderSection.of(sealed))
    body = sealed[start:]
    at %= len(body)
    changed = body[:at] + patch + body[at + len(patch) :]
    assume(changed != body and changed.startswith(b"\r\n"))
    assert verified_id(KEY, sealed[:start] + changed) is None


@given(contents, st.lists(st.sampled_from(
    [SEAL, b"X-CHAPERONE-ID: x\r\n", b"X-Chaperone-Id : folded\r\n\tmore\r\n and more\r\n", b"x-chaperone-id:\r\n"]
), max_size=3), st.data())  # fmt: skip
def test_every_seal_is_removed_and_nothing_else(content, forged, data):
    section = HeaderSection.of(content)
    kept = [raw for _, raw in section.fields]
    mixed = list(kept)
    for seal_field in forged:
        mixed.insert(data.draw(st.integers(0, len(mixed))), seal_field)
    assert without_seals(b"".join(mixed) + content[len(section) :]) == content


def test_seals_in_the_body_are_kept():
    quoted = CONTENT + SEAL
    assert without_seals(quoted) == quoted
    assert without_seals(SEAL + quoted) == quoted
    assert without_seals(b"X-Chaperone-Id: a\r\n\r\nbody") == b"\r\nbody"
    assert without_seals(b"X-Chaperone-Id: a") == b""


@given(st.binary(max_size=200))
def test_no_bytes_raise(content):
    assert verified_id(KEY, content) is None
    without_seals(content)


@given(st.sampled_from([b" ", b"\t", b""]), contents)
def test_a_content_that_starts_with_a_blank_is_verified_as_readers_see_it(blank, content):
    clean = without_seals(blank + content)
    prefix = seals.trace_and_seal(KEY, ID, SENDER, RECEIVED, HeaderSection.of(clean), clean)
    assert verified_id(KEY, prefix + clean) == ID
