"""Hostile mails take time in proportion to their size: headers, addresses, boundaries, encodings, quotes, words."""

from __future__ import annotations

import pytest

from classifiers.extract.extraction import extract_message
from classifiers.pipeline.rules import build_normalizer
from tests.growth import grows_linearly

pytestmark = pytest.mark.slow

_SIZES = (40_000, 320_000)

HEADERS = (
    b"Subject: x\r\n", b"To: a@b.example,\r\n ", b'From: "', b"From: <", b"From: (", b"To: x;:", b"Date: Mon, ",
    b"Subject: =?utf-8?b?", b"Subject: =?utf-8?q?=20?= ", b"Content-Type: text/plain;", b'Content-Type: a/b; c="',
    b"X: y\r\n ", b"no colon\r\n", b" \r\n", b":\r\n", b"Content-Type: multipart/mixed; boundary=a\r\n", b"\r\r\n",
    b"Content-Type: text/plain; charset*0=", b"Comments: a.b ", b"To: a b c <a@b.c> ", b"From: a, b, ", b"List-Id: a ",
)  # fmt: skip
BODIES = (
    b"--a\r\n", b"--a--\r\n", b"--a", b"--ab\r\n", b"\r\n", b"begin 644 a\r\n", b"On Mon, x wrote:\r\n", b"> ",
    b"-----BEGIN PGP MESSAGE-----\r\n", b"&#60;", b"%41", b"a-b-c-d-", b"a b c d ", b"=41", b"QUJD\r\n", b"<a ",
    b"--a\r\nContent-Type: message/rfc822\r\n\r\n", b"--a\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n",
    b"https://a.example/", b"a@b.example ", b"a\r\nb\r\n", b".", b"!?", b"\xe2\x80\xae", b'{"a":', b"A1 ", b"AaAa ",
    b"a b\r\n", b"\x1b$B",
)  # fmt: skip


def _mail_grows_linearly(head: bytes, piece: bytes, tail: bytes) -> bool:
    return grows_linearly(extract_message, lambda size: head + piece * (size // len(piece)) + tail, *_SIZES)


@pytest.mark.parametrize("piece", HEADERS)
def test_headers(piece: bytes) -> None:
    assert _mail_grows_linearly(b"Subject: x\r\n", piece, b"\r\n\r\nHello")


@pytest.mark.parametrize("encoding", [b"8bit", b"base64", b"quoted-printable"])
@pytest.mark.parametrize("piece", BODIES)
def test_bodies(piece: bytes, encoding: bytes) -> None:
    kind = b"multipart/mixed; boundary=a" if encoding == b"8bit" else b"text/html"
    head = b"Content-Type: %s\r\nContent-Transfer-Encoding: %s\r\n\r\n--a\r\n\r\n" % (kind, encoding)
    assert _mail_grows_linearly(head, piece, b"")


@pytest.mark.parametrize("piece", BODIES)
def test_normalization(piece: bytes) -> None:
    normalizer = build_normalizer(frozenset(("secret", "tell", "nobody")))
    text = piece.decode("utf-8", "replace")
    assert grows_linearly(normalizer, lambda size: text * (size // len(text)), *_SIZES)
